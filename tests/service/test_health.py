"""The health document from anyone on the broker: the controller's own is read, anything else has a reason."""

import json
from typing import Any

import pytest

from controller.gateways.gateway import Rejected
from controller.service.health import Health, parse_health

NOW = "2026-11-20T16:00:00Z"


def document(**changed: Any) -> bytes:
    """That of a tower with one gateway."""
    zone = {"standing": changed.pop("standing", "confirmed"), "wanted": "dark", "shown": "dark"}
    gateway = {"name": "mast", "kind": "dmx", "online": True, "heard_s": 1.0, "zones": {"bowl": zone}}
    now = {"at": NOW, "looks": "dark", "campaign": None, "why": "nothing"}
    whole = {"at": NOW, "site": "T", "clock": "trusted", "now": now, "next": None, "gateways": [gateway]}
    return json.dumps({**whole, **changed}).encode()


@pytest.mark.parametrize("at", [NOW, "1970-01-01T00:00:07Z", "1968-11-27T00:00:00Z"])
def test_the_document_of_the_controller_is_read(at: str) -> None:
    """With how many gateways confirm; also where its clock has begun anew."""
    told = parse_health(document(at=at))
    assert isinstance(told, Health)
    assert told.confirmed == 1


@pytest.mark.parametrize(
    "changed",
    [{"at": "2026-11-20T16:00:00"}, {"at": "0001-01-01T00:00:00Z"}, {"clock": "sundial"}, {"standing": "asleep"}],
    ids=lambda changed: next(iter(changed)),
)
def test_what_nobody_could_tell_in_words_is_refused(changed: dict[str, str]) -> None:
    """An instant without its offset or of another age, and states that there are not."""
    assert isinstance(parse_health(document(**changed)), Rejected)


def test_it_speaks_swedish_to_people() -> None:
    """The words for dark and for the reason; programs are told in English."""
    now = {"at": NOW, "looks": "bowl dark, shaft #FF6A00 100%", "campaign": None, "why": "nothing applies: dark"}
    told = parse_health(document(now=now))
    assert isinstance(told, Health)
    assert told.now.said("sv") == "bowl släckt, shaft #FF6A00 100% – inget gäller: släckt"
    assert told.now.said("en") == "bowl dark, shaft #FF6A00 100% – nothing applies: dark"
    assert told.gateways[0].zones["bowl"].said("sv") == "visar släckt, ska visa släckt"
