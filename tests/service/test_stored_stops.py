"""A safety stop that nobody has acted on is kept for the next leader, and no other."""

import json

import pytest

from controller.service.leadership import MOST_STOPS, SURE_S, StoredStops
from controller.service.override_request import Request, parse_request


def _request(action: str, name: str = "a") -> bytes:
    return json.dumps({"version": 1, "id": name, "action": action, "owner": "x", "reason": "x"}).encode()


def _event(code: str, owner: str = "anna") -> bytes:
    return json.dumps({"code": code, "id": "a", "owner": owner}).encode()


STOP = _request("stop")


def test_a_stop_is_kept_until_a_leader_has_surely_heard_it() -> None:
    """A sign of life that was on its way already proves nothing."""
    kept = StoredStops()
    kept.receive("north", STOP, 10.0)
    kept.receive("north", STOP, 10.1)  # over the other broker
    kept.received_from_leader("north", 10.0 + SURE_S / 2)
    kept.received_from_leader("south", 99.0)
    assert kept.of("north") == (STOP,)
    kept.received_from_leader("north", 10.0 + SURE_S)
    assert kept.of("north") == ()


def test_a_stop_that_was_lifted_is_not_kept() -> None:
    """One after that is."""
    kept = StoredStops()
    kept.receive("north", STOP, 10.0)
    kept.receive("north", _request("lift", "b"), 11.0)
    assert kept.of("north") == ()
    kept.receive("north", _request("stop", "c"), 12.0)
    assert kept.of("north") == (_request("stop", "c"),)


@pytest.mark.parametrize("code", ["TWL-O106", "TWL-O108"])
def test_a_stop_that_was_lifted_on_the_page_is_not_kept(code: str) -> None:
    """The others receive only the event of the lift; no other event lifts it."""
    kept = StoredStops()
    kept.receive("north", STOP, 10.0)
    for payload in (b"", b"[]", b"7", b"[" * 9_999, b"{}", _event("TWL-O101", owner=code)):
        kept.receive_event("north", payload, 11.0)
    kept.receive_event("south", _event(code), 11.0)
    assert kept.of("north") == (STOP,)
    kept.receive_event("north", _event(code), 11.0)
    assert kept.of("north") == ()


@pytest.mark.parametrize("code", ["TWL-O105", "TWL-O107"])
def test_a_stop_that_was_set_on_the_page_is_kept(code: str) -> None:
    """Once, until its leader gives signs of life while the database keeps it."""
    kept = StoredStops()
    for _ in range(2):
        kept.receive_event("north", _event(code), 10.0)
    (payload,) = kept.of("north")
    request = parse_request(payload)
    assert isinstance(request, Request)
    assert (request.action, request.owner) == ("stop", "anna")
    kept.received_from_leader("north", 10.0 + SURE_S)
    assert kept.of("north") == ()


def test_nothing_else_is_kept() -> None:
    """Whoever asks for it asks again; nor without end."""
    kept = StoredStops()
    for payload in (_request("resume"), b"stop", b"{}", b""):
        kept.receive("north", payload, 10.0)
    assert kept.of("north") == ()
    for number in range(2 * MOST_STOPS):
        kept.receive("north", _request("stop", str(number)), 10.0)
    assert len(kept.of("north")) == MOST_STOPS
