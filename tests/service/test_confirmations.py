"""Confirmations of many gateways are logged as one event, and each is in the history."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.events import Event, Level, new_event
from controller.service.alike import GATHER_S, MANY_CONFIRMED, SINGLY, Confirmations

AT = datetime(2026, 11, 20, 18, tzinfo=UTC)
ORANGE = {"bowl": {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}}
DARK = {"bowl": {"on": False, "color": None, "color_name": None, "brightness": 0.0}}


def confirmed(number: int, shows: object = ORANGE) -> Event:
    """By one gateway, the later the higher its number."""
    fields = {"gateway": f"post-{number}", "command_id": f"1.{number}", "attempts": 1}
    return new_event("TWL-G101", **fields, shows=shows, latency_s=number / 1000)


def gathered(confirmations: Confirmations, events: list[Event], now_s: float = 0.0) -> list[Event]:
    """The events once the first has waited."""
    assert all(confirmations.gather(event, AT, now_s) for event in events)
    assert confirmations.due(now_s) == []
    return [event for event, _ in confirmations.due(now_s + GATHER_S)]


def test_many_that_show_the_same_are_one_event_and_each_is_in_the_history() -> None:
    """With the latency of the last."""
    events = gathered(Confirmations(250), [confirmed(number) for number in range(250)])
    many = [event for event in events if event.level is not Level.DEBUG]
    assert [event.code for event in many] == [MANY_CONFIRMED]
    assert many[0].fields == {"count": 250, "shows": ORANGE, "latency_s": 0.249}
    assert many[0].text("en") == "250 gateways confirm bowl orange 100 %, the last after 0.249 s"
    assert {event.fields["command_id"] for event in events[:-1]} == {f"1.{number}" for number in range(250)}


def test_those_that_confirmed_at_one_instant_count_each() -> None:
    """As one event already, beside others."""
    each = {f"post-{number}": f"1.{number}" for number in range(100, 200)}
    events = gathered(Confirmations(250), [confirmed(1), replace(confirmed(100), each=each), confirmed(2)])
    assert [event.level for event in events] == [Level.DEBUG] * 3 + [Level.INFO]
    assert events[-1].fields == {"count": 102, "shows": ORANGE, "latency_s": 0.1}


@pytest.mark.parametrize("count", [1, SINGLY])
def test_few_are_reported_one_by_one(count: int) -> None:
    """Even at a site with many."""
    events = gathered(Confirmations(250), [confirmed(number) for number in range(count)])
    assert [(event.code, event.level) for event in events] == [("TWL-G101", Level.INFO)] * count


def test_few_that_confirmed_at_one_instant_are_reported_one_by_one_too() -> None:
    """Each with its own command."""
    event = replace(confirmed(0), each={f"post-{number}": f"1.{number}" for number in range(SINGLY)})
    events = gathered(Confirmations(250), [event])
    assert events == list(event.singly())
    assert {(each.code, each.level) for each in events} == {("TWL-G101", Level.INFO)}


def test_those_that_show_something_else_are_distinguished() -> None:
    """Two lights, two events."""
    events = [confirmed(number, shows) for number in range(SINGLY + 1) for shows in (ORANGE, DARK)]
    many = [event for event in gathered(Confirmations(250), events) if event.code == MANY_CONFIRMED]
    assert [event.fields["shows"] for event in many] == [ORANGE, DARK]


def test_at_a_small_site_none_waits_and_nothing_else_ever_does() -> None:
    """A confirmation is emitted at once."""
    assert not Confirmations(SINGLY).gather(confirmed(1), AT, 0.0)
    assert not Confirmations(250).gather(new_event("TWL-G105", gateway="post-1"), AT, 0.0)


def test_it_wakes_when_the_first_has_waited_and_not_before_there_is_one() -> None:
    """And sleeps again afterwards."""
    confirmations = Confirmations(250)
    assert confirmations.due_s == float("inf")
    gathered(confirmations, [confirmed(1)], 100.0)
    assert confirmations.gather(confirmed(2), AT, 200.0)
    assert confirmations.gather(confirmed(3), AT, 200.5)
    assert confirmations.due_s == 200.0 + GATHER_S
