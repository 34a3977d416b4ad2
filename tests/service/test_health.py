"""The health documents from anyone on the broker: the controller's own are read, anything else has a reason."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.config.load import load
from controller.gateways.base import Rejected
from controller.lighting.color import Color
from controller.lighting.look import Look
from controller.schedule.campaign import Override
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health, parse_gateway_health, parse_health, worst
from controller.service.health_report import health_of
from controller.service.health_watch import gateways_of
from controller.service.values import rules_value
from tests.service.conftest import begun
from tests.service.simulated import World

NOW = "2026-11-20T16:00:00Z"


def look(on: bool = False, **more: Any) -> dict[str, Any]:
    """Dark, or as the keys say."""
    return {"on": on, "color": None, "color_name": None, "brightness": 0.0, **more}


RULE = {"kind": "campaign", "name": "K", "line": 3}
ORANGE = look(True, color="#FF6A00", color_name="orange", brightness=0.8)


def document(**changed: Any) -> bytes:
    """The summary of a tower with one gateway."""
    now = {"at": NOW, "looks": {"bowl": look(rule={"kind": None, "name": None, "line": None})}}
    whole = {"version": 2, "at": NOW, "site": "T", "clock": "trusted", "now": now, "next": None}
    return json.dumps({**whole, "counts": {changed.pop("status", "confirmed"): 1}, "amiss": 0, **changed}).encode()


def summary(**changed: Any) -> Health:
    """The same as a value."""
    parsed = parse_health(document(**changed))
    assert isinstance(parsed, Health)
    return parsed


def gateway(zone: dict[str, Any] | None = None, **keys: Any) -> GatewayHealth:
    """That of the gateway."""
    zones = {"bowl": {"status": "confirmed", "desired": look(), "reported": look(), **(zone or {})}}
    whole = {
        "version": 1,
        "at": NOW,
        "name": "mast",
        "kind": "dmx",
        "status": "confirmed",
        "online": True,
        "heard": NOW,
    }
    parsed = parse_gateway_health(json.dumps({**whole, "zones": zones, **keys}).encode())
    assert isinstance(parsed, GatewayHealth)
    return parsed


@pytest.mark.parametrize("at", [NOW, "1970-01-01T00:00:07Z", "1968-11-27T00:00:00Z"])
def test_the_summary_of_the_controller_is_read(at: str) -> None:
    """With how many gateways confirm; even where its clock restarted."""
    assert summary(at=at).confirmed == summary(at=at).total == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 1},
        {"at": "2026-11-20T16:00:00"},
        {"at": "0001-01-01T00:00:00Z"},
        {"clock": "sundial"},
        {"status": "asleep"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_summary_that_no_words_could_be_made_of_is_refused(changed: dict[str, Any]) -> None:
    """Of another version, an instant without its offset or of another age, and states that there are not."""
    assert isinstance(parse_health(document(**changed)), Rejected)


def test_colours_are_shown_by_the_name_of_the_file_and_exactly_to_a_technician() -> None:
    """In the language of the reader; with the rule on whose behalf."""
    now = {"at": NOW, "looks": {"bowl": {**ORANGE, "rule": RULE}, "shaft": look(rule=RULE)}}
    parsed = summary(now=now).now
    assert parsed.text("sv") == "bowl orange 80 %, shaft släckt – K"
    assert parsed.text("en") == "bowl orange 80 %, shaft dark – K"
    assert parsed.text("en", exact=True) == "bowl orange #FF6A00 80 %, shaft dark – K"
    unnamed = {"at": NOW, "looks": {"bowl": {**ORANGE, "color_name": None, "rule": RULE}}}
    assert summary(now=unnamed).now.text("sv") == "bowl #FF6A00 80 % – K"


@pytest.mark.parametrize(
    ("rule", "english", "swedish"),
    [
        ({"kind": None, "name": None, "line": None}, "nothing applies: dark", "inget gäller: släckt"),
        (
            {"kind": None, "name": None, "line": None, "idle": {"name": "K", "ended": None, "begins": "15:41"}},
            "nothing applies: dark; the hours of K begin at 15:41",
            "inget gäller: släckt; tiden för K börjar 15:41",
        ),
        ({"kind": "blackout", "name": "K", "line": 3}, "blackout: K", "släckning: K"),
        ({"kind": "otherwise", "name": "K", "line": 3}, "otherwise dark: K", "släckt i övrigt: K"),
        ({"kind": "every_night", "name": "K", "line": 3}, "K", "K"),
        (
            {"kind": "override", "name": None, "line": None, "owner": "Eva", "reason": "prov"},
            "override by Eva: prov",
            "överstyrt av Eva: prov",
        ),
        (
            {"kind": "stop", "name": None, "line": None, "owner": "Eva", "reason": "prov"},
            "safety stop by Eva until `watertower resume --lift`: prov",
            "säkerhetsstopp av Eva tills `watertower resume --lift`: prov",
        ),
    ],
)
def test_the_rule_behind_the_light_is_named_in_the_language_of_the_reader(
    rule: dict[str, Any], english: str, swedish: str
) -> None:
    """From a code; what people wrote stays as it is."""
    parsed = summary(now={"at": NOW, "looks": {"bowl": look(rule=rule)}}).now
    assert parsed.text("en") == f"bowl dark – {english}"
    assert parsed.text("sv") == f"bowl släckt – {swedish}"


def test_zones_that_are_shown_on_different_behalf_are_distinguished() -> None:
    """An override may cover one zone only."""
    by_eva = {"kind": "override", "name": None, "line": None, "owner": "Eva", "reason": "prov"}
    parsed = summary(now={"at": NOW, "looks": {"bowl": look(rule=by_eva), "shaft": {**ORANGE, "rule": RULE}}}).now
    assert parsed.text("en") == "bowl dark, shaft orange 80 %; bowl: override by Eva: prov; shaft: K"


UNKNOWN = {"on": None, "color": None, "color_name": None, "brightness": None}


@pytest.mark.parametrize(
    ("zone", "keys", "english", "swedish"),
    [
        ({}, {}, "shows dark, wanted dark", "visar släckt, ska visa släckt"),
        (
            {"desired": ORANGE, "reported": {**ORANGE, "color": "#FF6B00", "color_name": None}},
            {},
            "shows orange 80 %, wanted orange 80 %",
            "visar orange 80 %, ska visa orange 80 %",
        ),
        (
            {
                "is_old": True,
                "reported_at": "2026-11-20T15:14:00Z",
                "desired": ORANGE,
                "reported": {**ORANGE, "color": "#FF6B00", "color_name": None},
            },
            {},
            "showed #FF6B00 80 % 16:14, wanted orange 80 %",
            "visade #FF6B00 80 % 16:14, ska visa orange 80 %",
        ),
        (
            {"status": "differs", "desired": ORANGE, "reported": {**ORANGE, "color": "#0000FF", "color_name": None}},
            {},
            "shows #0000FF 80 %, wanted orange 80 %",
            "visar #0000FF 80 %, ska visa orange 80 %",
        ),
        (
            {"status": "differs", "desired": ORANGE, "reported": {**UNKNOWN, "levels": [[1, 255], [2, 0]]}},
            {},
            "shows 1=255 2=0, wanted orange 80 %",
            "visar 1=255 2=0, ska visa orange 80 %",
        ),
        (
            {"status": "differs", "desired": ORANGE, "reported": {**ORANGE, "unsteady": True}},
            {"kind": "wled"},
            "shows orange 80 % (own effect or mode), wanted orange 80 %",
            "visar orange 80 % (egen effekt eller eget läge), ska visa orange 80 %",
        ),
        (
            {"status": "silent", "is_old": True, "reported_at": "2026-11-20T15:14:00Z"},
            {},
            "showed dark 16:14, wanted dark",
            "visade släckt 16:14, ska visa släckt",
        ),
        (
            {"status": "silent", "is_old": True, "reported_at": "2026-11-19T15:14:00Z"},
            {},
            "showed dark 2026-11-19 16:14, wanted dark",
            "visade släckt 2026-11-19 16:14, ska visa släckt",
        ),
        (
            {"status": "silent", "is_old": True, "reported_at": "2026-10-20T15:14:00Z"},
            {},
            "showed dark 2026-10-20 17:14, wanted dark",
            "visade släckt 2026-10-20 17:14, ska visa släckt",
        ),
        (
            {"status": "silent", "is_old": True},
            {},
            "last known dark, wanted dark",
            "senast känt släckt, ska visa släckt",
        ),
        (
            {"status": "unknown", "is_old": True, "reported": UNKNOWN},
            {"heard": None},
            "wanted dark; never heard",
            "ska visa släckt; har aldrig hörts",
        ),
        (
            {"status": "unknown", "is_old": True, "reported": UNKNOWN},
            {"askable": False},
            "wanted dark; this lamp cannot be asked",
            "ska visa släckt; den här lampan kan inte tillfrågas",
        ),
        (
            {
                "status": "unknown",
                "is_old": True,
                "reported_at": "2026-11-20T15:14:00Z",
                "confirmed_at": "2026-11-20T15:14:00Z",
            },
            {"askable": False},
            "showed dark 16:14, wanted dark; last confirmed 16:14; this lamp cannot be asked",
            "visade släckt 16:14, ska visa släckt; senast bekräftad 16:14; den här lampan kan inte tillfrågas",
        ),
        (
            {"status": "differs"},
            {},
            "shows dark as wanted, but has not accepted the newest order",
            "visar släckt som den ska, men har inte tagit emot den senaste ordern",
        ),
        (
            {"status": "differs"},
            {"kind": "wled"},
            "shows dark, but not exactly, wanted dark",
            "visar släckt, men inte precis, ska visa släckt",
        ),
    ],
)
def test_what_a_lamp_shows_or_showed_is_in_the_right_tense(
    zone: dict[str, Any], keys: dict[str, Any], english: str, swedish: str
) -> None:
    """And when, and why it is not known; never as the present light of a gateway that no longer reports."""
    parsed = gateway(zone, **keys)
    now = parsed.at.astimezone(ZoneInfo("Europe/Stockholm"))
    assert parsed.zone_text("bowl", "en", now) == english
    assert parsed.zone_text("bowl", "sv", now) == swedish


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        ({"confirmed", "pending", "unknown", "differs", "silent"}, "silent"),
        ({"confirmed", "pending", "unknown", "differs"}, "differs"),
        ({"confirmed", "pending", "unknown"}, "unknown"),
        ({"confirmed", "pending"}, "pending"),
        ({"confirmed"}, "confirmed"),
        (set(), "unknown"),
    ],
)
def test_a_gateway_has_the_worst_status_of_its_zones(statuses: set[Status], found: Status) -> None:
    """Of one that is silent nothing is known at all; without zones neither."""
    assert worst(statuses) == found


def test_a_technician_sees_the_exact_value_that_a_lamp_reports() -> None:
    """Also where it is confirmed, and differs from the desired one within the tolerance."""
    reported = {**ORANGE, "color": "#FF6B00", "color_name": None, "brightness": 0.79}
    parsed = gateway({"desired": ORANGE, "reported": reported})
    assert parsed.zone_text("bowl", "en", parsed.at, exact=True) == "shows #FF6B00 79 %, wanted orange #FF6A00 80 %"
    assert parsed.zone_text("bowl", "en", parsed.at) == "shows orange 80 %, wanted orange 80 %"


def test_json_of_a_look_has_its_four_keys_and_nothing_that_says_nothing() -> None:
    """Of a rule the three that the contract names."""
    parsed = json.loads(
        gateway({"desired": look(rule=RULE), "reported": {**UNKNOWN, "kelvin": 2700}}).model_dump_json()
    )
    assert parsed["zones"]["bowl"]["desired"] == look(rule=RULE)
    assert parsed["zones"]["bowl"]["reported"] == {**UNKNOWN, "kelvin": 2700}
    assert parsed["version"] == 1


UNCONFIRMED = {"name": "mast", "kind": "dmx", "status": "silent", "code": "TWL-G104", "zones": {"bowl": "silent"}}


def test_the_summary_goes_before_the_document_of_a_gateway() -> None:
    """That is not written for a short pending; one whose document has not come is known in few words."""
    pending = {**UNCONFIRMED, "status": "pending", "code": None, "zones": {"bowl": "pending"}}
    now = {"at": NOW, "looks": {"bowl": {**ORANGE, "rule": RULE}}}
    parsed = summary(now=now, counts={"pending": 1}, unconfirmed=[pending], heard_s={"mast": 1.0})
    (mast,) = gateways_of(parsed, {"mast": gateway()})
    assert (mast.status, mast.zones["bowl"].status, mast.zones["bowl"].desired.color_name) == (
        "pending", "pending", "orange",
    )  # fmt: skip
    (unseen,) = gateways_of(summary(unconfirmed=[UNCONFIRMED], heard_s={"mast": 60.0}), {})
    assert (unseen.status, unseen.code, unseen.zones["bowl"].is_old) == ("silent", "TWL-G104", True)
    assert gateways_of(summary(heard_s={"mast": 1.0}), {"mast": gateway(), "gone": gateway(name="gone")}) == (
        gateway(),
    )


def test_a_fade_out_is_shown_as_one(world_of: Callable[..., World]) -> None:
    """For two minutes the lamps are lit though the plan has dark: pending, all well, with the end of the fade."""
    world = begun(world_of(datetime(2026, 11, 21, 6, 40, tzinfo=UTC)))
    engine = world.controller.engine
    following = engine.following
    assert following is not None
    world.run((following.at - world.controller.read().wall).total_seconds() + 30)
    health = health_of(engine, "T", world.controller.read())
    zone = ZoneInfo("Europe/Stockholm")
    end = (following.at + timedelta(minutes=2)).astimezone(zone)
    assert health.now.text("en", zone) == f"fading until {end:%H:%M:%S} to bowl dark, shaft dark"
    assert health.is_well
    assert health.counts == {"pending": 1}
    world.run(120)
    later = health_of(engine, "T", world.controller.read())
    assert later.now.text("en", zone).startswith("bowl dark, shaft dark – nothing applies: dark; the hours of En vecka")
    assert later.confirmed == later.total == 1


def test_why_it_is_dark_speaks_of_this_night_and_no_other(world_of: Callable[..., World]) -> None:
    """Days after a campaign it is no news that its hours ended; before it begins, when it begins tonight is."""

    def idle(world: World) -> object:
        rule = health_of(world.controller.engine, "T", world.controller.read()).now.looks["bowl"].rule
        assert rule is not None
        assert rule.kind is None
        return rule.idle

    assert idle(begun(world_of(datetime(2026, 11, 29, 19, tzinfo=UTC)))) is None
    noon = begun(world_of(datetime(2026, 11, 21, 10, 59, tzinfo=UTC)))
    assert idle(noon) == {"name": "En vecka fri från våld", "ended": "07:55", "begins": None}
    noon.run(120)
    assert idle(noon) == {"name": "En vecka fri från våld", "ended": None, "begins": "15:39"}


def test_beside_an_override_of_one_zone_the_dark_speaks_of_this_night_too() -> None:
    """The plan that it lies over knows only the night in which its dark began."""
    now = datetime(2026, 11, 29, 19, tzinfo=UTC)
    setup = load(Path(__file__).parents[2] / "config")
    blue = Look((Color.from_hex("#0000FF"),))
    override = Override("a", {"bowl": blue}, now, now + timedelta(hours=1), "Eva", "fest")
    program = setup.program((override,))
    rules = rules_value(program, program.look_at(now), now)
    assert rules["bowl"]["kind"] == "override"
    assert rules["shaft"] == {"kind": None, "name": None, "line": None}
