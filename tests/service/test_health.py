"""The health document from anyone on the broker: the controller's own is read, anything else has a reason."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.gateways.base import Rejected
from controller.service.health import Health, parse_health
from controller.service.health_report import health_of
from tests.service.conftest import begun
from tests.service.world import World

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
    assert told.gateways[0].said("bowl", "sv", told.at) == "visar släckt, ska visa släckt"


@pytest.mark.parametrize(
    ("zone", "gateway", "english", "swedish"),
    [
        ({}, {}, "shows dark, wanted dark", "visar släckt, ska visa släckt"),
        (
            {"standing": "silent", "is_old": True, "shown_at": "2026-11-20T15:14:00Z"},
            {},
            "showed dark 16:14, wanted dark",
            "visade släckt 16:14, ska visa släckt",
        ),
        (
            {"standing": "silent", "is_old": True, "shown_at": "2026-11-19T15:14:00Z"},
            {},
            "showed dark 2026-11-19 16:14, wanted dark",
            "visade släckt 2026-11-19 16:14, ska visa släckt",
        ),
        (
            {"standing": "silent", "is_old": True},
            {},
            "last known dark, wanted dark",
            "senast känt släckt, ska visa släckt",
        ),
        (
            {"standing": "unknown", "is_old": True, "shown": "?"},
            {"heard_s": None},
            "wanted dark; never heard",
            "ska visa släckt; har aldrig hörts",
        ),
        (
            {"standing": "unknown", "is_old": True, "shown": "?"},
            {"askable": False},
            "wanted dark; this lamp cannot be asked",
            "ska visa släckt; den här lampan kan inte tillfrågas",
        ),
        (
            {
                "standing": "unknown",
                "is_old": True,
                "shown_at": "2026-11-20T15:14:00Z",
                "confirmed_at": "2026-11-20T15:14:00Z",
            },
            {"askable": False},
            "showed dark 16:14, wanted dark; last confirmed 16:14; this lamp cannot be asked",
            "visade släckt 16:14, ska visa släckt; senast bekräftad 16:14; den här lampan kan inte tillfrågas",
        ),
        (
            {"standing": "differs"},
            {},
            "shows dark as wanted, but has not taken the newest order",
            "visar släckt som den ska, men har inte tagit emot den senaste ordern",
        ),
        (
            {"standing": "differs"},
            {"kind": "wled"},
            "shows dark, but not exactly, wanted dark",
            "visar släckt, men inte precis, ska visa släckt",
        ),
    ],
)
def test_what_is_old_is_told_in_the_past_tense(
    zone: dict[str, Any], gateway: dict[str, Any], english: str, swedish: str
) -> None:
    """What a lamp shows, or showed and when, and why nobody knows; never that it shows what it no longer tells."""
    whole = {"standing": "confirmed", "wanted": "dark", "shown": "dark", **zone}
    keys = {"name": "mast", "kind": "dmx", "online": True, "heard_s": 1.0, "zones": {"bowl": whole}, **gateway}
    told = parse_health(document(gateways=[keys]))
    assert isinstance(told, Health)
    now = told.at.astimezone(ZoneInfo("Europe/Stockholm"))
    assert told.gateways[0].said("bowl", "en", now) == english
    assert told.gateways[0].said("bowl", "sv", now) == swedish


def test_a_fade_out_is_told_as_one(world_of: Callable[..., World]) -> None:
    """For two minutes the lamps are lit and the plan says dark: pending, all well, and until when."""
    world = begun(world_of(datetime(2026, 11, 21, 6, 40, tzinfo=UTC)))
    engine = world.controller.engine
    following = engine.following
    assert following is not None
    world.run((following.at - world.controller.reading().wall).total_seconds() + 30)
    health = health_of(engine, "T", world.controller.reading())
    zone = ZoneInfo("Europe/Stockholm")
    end = (following.at + timedelta(minutes=2)).astimezone(zone)
    assert health.now.said("en", zone) == f"fading until {end:%H:%M:%S} to bowl dark, shaft dark"
    assert health.is_well
    assert {shown.standing for gateway in health.gateways for shown in gateway.zones.values()} == {"pending"}
    world.run(120)
    later = health_of(engine, "T", world.controller.reading())
    assert later.now.said("en", zone).startswith("bowl dark, shaft dark – nothing applies: dark; the hours of En vecka")
    assert later.confirmed == len(later.gateways)


def test_why_it_is_dark_speaks_of_this_night_and_no_other(world_of: Callable[..., World]) -> None:
    """Days after a campaign it is no news that its hours ended; before it begins, when it begins tonight is."""
    after = begun(world_of(datetime(2026, 11, 29, 19, tzinfo=UTC)))
    health = health_of(after.controller.engine, "T", after.controller.reading())
    assert health.now.why == "nothing applies: dark"
    noon = begun(world_of(datetime(2026, 11, 21, 10, 59, tzinfo=UTC)))
    assert "ended at" in health_of(noon.controller.engine, "T", noon.controller.reading()).now.why
    noon.run(120)
    told = health_of(noon.controller.engine, "T", noon.controller.reading()).now.why
    assert told.startswith("nothing applies: dark; the hours of En vecka fri från våld begin at 15:39")
