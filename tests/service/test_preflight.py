"""The preflight: lamps lit by the service itself some days before a campaign."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import Trust
from controller.config.load import Setup, parse
from controller.events import Level
from controller.gateways.wire import Walk
from controller.lighting.color import Color
from controller.lighting.light import Light
from controller.lighting.look import Look
from controller.schedule.campaign import Override, SafetyStop
from controller.simulation.reference import Expected
from controller.state.lamp_results import LampFindings, LampResult
from tests.service.simulated import World

CONFIG = Path(__file__).parents[2] / "config"
NOON = datetime(2026, 11, 13, 11, tzinfo=UTC)
LAMPS = ["bowl-north", "bowl-south", "shaft-north", "shaft-south"]
WALK = "watertower/gateway/mast/walk"
ENTRANCE = """  - {name: entrance, kind: zigbee2mqtt, topic: zigbee2mqtt/entrance, zone: shaft}
"""
WEEK = "campaigns:\n  - {name: week, dates: 20-26 November, color: orange}\n"
Worlds = Callable[..., World]


def setup_of(schedule: str = WEEK, vendors: str = "", preflight: str = "{}") -> Setup:
    """The shipped tower with a preflight."""
    tower = (CONFIG / "tower.yaml").read_text("utf-8") + vendors + f"preflight: {preflight}\n"
    return parse(tower.encode(), f"version: 1\n{schedule}".encode(), CONFIG)


@pytest.fixture(scope="module")
def world_before() -> Worlds:
    """A world in which all runs and has found each other, a minute before an instant."""
    known: dict[Setup, Expected] = {}

    def make(setup: Setup | None = None, *, at: datetime = NOON) -> World:
        setup, start = setup or setup_of(), at - timedelta(minutes=1)
        text = str(setup.schedule_text.source.lines)
        if text not in known:
            known[text] = Expected(setup, NOON, NOON + timedelta(hours=1))
        world = World(setup, known[text].without_overrides(), start)
        for host in world.gateways:
            host.start()
        world.controller.start()
        world.run(30)
        return world

    return make


def at(world: World, instant: datetime) -> None:
    """Time passes until then."""
    world.until(instant)


def next_noon(world: World, minutes: float) -> None:
    """The controller finds itself at the next noon, and so many minutes pass."""
    world.controller.clock.step((NOON + timedelta(days=1, seconds=-5) - world.wall).total_seconds())
    world.run(5 + minutes * 60)


def lit(world: World) -> list[str]:
    """The fixtures that give light."""
    levels = {number: world.mast.lamps.shown(number, world.mono) or bytes(512) for number in world.mast.patch.universes}
    placed = world.mast.patch.placed
    return [
        each.fixture.name for each in placed if any(levels[each.universe][each.channels.start : each.channels.stop])
    ]


def events(world: World) -> list[str]:
    """The codes of the test."""
    tested = {f"TWL-G{number}" for number in range(150, 160)}
    return [event.code for _, event in world.controller.events if event.code in tested]


def last(world: World, code: str) -> dict[str, object]:
    """The fields of the last event of a code."""
    return dict(next(event for _, event in reversed(world.controller.events) if event.code == code).fields)


def results(world: World) -> dict[str, tuple[bool, str]]:
    """What was kept."""
    return {lamp: (each.lit, each.by) for lamp, each in world.controller.disk.lamps.by_itself.items()}


def steps(world: World) -> list[str | None]:
    """The fixtures of the steps that went out, each once; None for an end."""
    sent = [Walk.model_validate_json(each.payload).fixture for _, _, each in world.sent if each.topic == WALK]
    return [name for number, name in enumerate(sent) if number == 0 or sent[number - 1] != name]


def test_each_lamp_lights_for_a_minute_and_then_the_planned_light_is_back(world_before: Worlds) -> None:
    """At noon, a week before; each alone."""
    world = world_before()
    at(world, NOON - timedelta(seconds=1))
    assert not lit(world)
    for number, lamp in enumerate(LAMPS):
        at(world, NOON + timedelta(seconds=60 * number + 2))
        assert lit(world) == [lamp]
        at(world, NOON + timedelta(seconds=60 * number + 58))
        assert lit(world) == [lamp]
    at(world, NOON + timedelta(minutes=4, seconds=2))
    assert not lit(world)
    assert world.controller.status() == {"confirmed"}
    assert events(world) == ["TWL-G150", "TWL-G151"]
    assert last(world, "TWL-G151") == {"campaign": "week", "begins": "2026-11-20 00:00", "lamps": 4}
    assert results(world) == {f"mast/{lamp}": (True, "report") for lamp in LAMPS}
    assert steps(world) == [*LAMPS, None]
    assert world.meter.total.wrong_s == 0


def test_what_passed_is_not_tested_again(world_before: Worlds) -> None:
    """Neither the next day, nor after a restart."""
    world = world_before()
    at(world, NOON + timedelta(minutes=5))
    world.controller.stop()
    world.controller.start()
    next_noon(world, 5)
    assert events(world) == ["TWL-G150", "TWL-G151"]


def test_nothing_is_tested_without_the_key(world_before: Worlds) -> None:
    """Lamps are only lit where somebody asked for it."""
    tower = (CONFIG / "tower.yaml").read_bytes()
    world = world_before(parse(tower, f"version: 1\n{WEEK}".encode(), CONFIG))
    at(world, NOON + timedelta(minutes=5))
    assert not steps(world)


@pytest.mark.parametrize("vendor", [ENTRANCE])
def test_a_gateway_of_a_vendor_is_commanded_white_and_must_confirm_it(world_before: Worlds, vendor: str) -> None:
    """Each of its zones for a minute, while the lamps of ours light one after another."""
    world = world_before(setup_of(vendors=vendor))
    wrong_s = world.meter.total.wrong_s  # while it starts
    at(world, NOON + timedelta(seconds=30))
    assert world.controller.status("entrance") == {"confirmed"}
    [shown] = world.controller.engine.states["entrance"].reported.zones.values()
    assert shown.on
    at(world, NOON + timedelta(minutes=4, seconds=5))
    assert results(world)["entrance/shaft"] == (True, "report")
    [shown] = world.controller.engine.states["entrance"].reported.zones.values()
    assert not shown.on
    assert events(world) == ["TWL-G150", "TWL-G151"]
    assert world.meter.total.wrong_s == wrong_s


def test_a_vendor_that_is_away_fails_and_is_tried_alone_the_next_day(world_before: Worlds) -> None:
    """Until it passes."""
    world = world_before(setup_of(vendors=ENTRANCE))
    world.vendor.stop()
    at(world, NOON + timedelta(minutes=5))
    assert results(world)["entrance/shaft"] == (False, "report")
    assert last(world, "TWL-G159")["failed"] == "entrance/shaft"
    assert last(world, "TWL-G159")["next"] == "2026-11-14 12:00"
    sent = len(steps(world))
    world.vendor.start()
    next_noon(world, 2)
    assert results(world)["entrance/shaft"] == (True, "report")
    assert len(steps(world)) == sent
    assert events(world) == ["TWL-G150", "TWL-G159", "TWL-G150", "TWL-G151"]


def test_lamps_of_a_gateway_of_ours_that_does_not_follow_fail(world_before: Worlds) -> None:
    """It never reports, so nobody knows that they lit."""
    world = world_before()
    world.mast.stop()
    at(world, NOON + timedelta(minutes=5))
    assert results(world) == {f"mast/{lamp}": (False, "report") for lamp in LAMPS}
    assert str(last(world, "TWL-G159")["failed"]).split(", ") == [f"mast/{lamp}" for lamp in LAMPS]


def test_a_test_that_was_missed_is_made_the_next_day(world_before: Worlds) -> None:
    """And why it was not is reported when the service runs again."""
    world = world_before()
    world.controller.stop()
    at(world, NOON + timedelta(minutes=2))
    world.controller.start()
    at(world, NOON + timedelta(minutes=2, seconds=10))
    assert events(world) == ["TWL-G153"]
    fields = last(world, "TWL-G153")
    assert [event.level for _, event in world.controller.events if event.code == "TWL-G153"] == [Level.INFO]
    assert (str(fields["reason"]), fields["next"]) == (
        "the service was not running then, or its clock was in doubt",
        "2026-11-14 12:00",
    )
    next_noon(world, 5)
    assert events(world) == ["TWL-G153", "TWL-G150", "TWL-G151", "TWL-G154"]


def test_what_begins_within_the_week_is_tested_at_the_next_noon(world_before: Worlds) -> None:
    """A campaign that was written today."""
    world = world_before(setup_of("campaigns:\n  - {name: soon, dates: 15 November, color: red}\n"))
    at(world, NOON + timedelta(minutes=5))
    assert last(world, "TWL-G151")["campaign"] == "soon"


def test_where_no_noon_is_left_that_is_said_until_the_campaign_begins(world_before: Worlds) -> None:
    """Then its own light decides."""
    schedule = "campaigns:\n  - {name: soon, dates: 13 November, hours: 13:05 to 16:00, color: red}\n"
    world = world_before(setup_of(schedule), at=NOON + timedelta(hours=1))
    assert events(world) == ["TWL-G153"]
    assert last(world, "TWL-G153")["next"] == "–"
    assert [event.level for _, event in world.controller.events if event.code == "TWL-G153"] == [Level.WARNING]
    at(world, NOON + timedelta(minutes=65, seconds=5))
    assert events(world) == ["TWL-G153", "TWL-G154"]


def test_a_restart_in_the_middle_repeats_nothing_that_was_kept(world_before: Worlds) -> None:
    """It is too late to begin again; what is left waits for the next day."""
    world = world_before()
    at(world, NOON + timedelta(seconds=90))
    world.controller.stop()
    at(world, NOON + timedelta(seconds=95))
    world.controller.start()
    at(world, NOON + timedelta(seconds=95 + 40))
    assert not lit(world)
    sent = len(steps(world))
    at(world, NOON + timedelta(minutes=10))
    assert len(steps(world)) == sent
    next_noon(world, 5)
    assert {lamp for lamp, (is_lit, _) in results(world).items() if is_lit} == {f"mast/{lamp}" for lamp in LAMPS}


def by_hand(hours: float) -> Override:
    """An override from the beginning of the world."""
    start = NOON - timedelta(hours=1)
    return Override("a", {"bowl": Look((Color("#FF0000"),))}, start, NOON + timedelta(hours=hours), "sara", "")


@pytest.mark.parametrize(
    ("overrides", "stop", "reason"),
    [
        ((by_hand(0.01),), None, "light is set by hand"),
        ((), SafetyStop(NOON - timedelta(hours=1), "sara", ""), "a safety stop is in force"),
    ],
)
def test_nothing_is_tested_over_what_was_set_by_hand(
    world_before: Worlds, overrides: tuple[Override, ...], stop: SafetyStop | None, reason: str
) -> None:
    """It is tried the next day, and not again on the same one."""
    world = world_before()
    engine = world.controller.engine
    engine.follow(engine.program.with_overrides(overrides, stop))
    at(world, NOON + timedelta(seconds=5))
    engine.follow(engine.program.with_overrides((), None))
    at(world, NOON + timedelta(minutes=10))
    assert not [step for step in steps(world) if step is not None]
    assert events(world) == ["TWL-G153"]
    assert str(last(world, "TWL-G153")["reason"]) == reason
    next_noon(world, 5)
    assert events(world) == ["TWL-G153", "TWL-G150", "TWL-G151", "TWL-G154"]


def test_where_nothing_was_tested_the_next_look_is_later(world_before: Worlds) -> None:
    """Never at the same instant again, which would be a turn after another."""
    world = world_before()
    engine = world.controller.engine
    engine.follow(engine.program.with_overrides((), SafetyStop(NOON - timedelta(hours=1), "sara", "")))
    for minutes in (0, 1):
        at(world, NOON + timedelta(minutes=minutes))
        world.controller.turn()
        assert world.controller.loop is not None
        assert world.controller.loop.preflight is not None
        wake_at = world.controller.loop.preflight.wake_at
        assert wake_at is not None
        assert wake_at > world.controller.read().wall


def test_a_stop_in_the_middle_ends_it_at_once(world_before: Worlds) -> None:
    """All lamps, those of vendors too."""
    world = world_before(setup_of(vendors=ENTRANCE))
    at(world, NOON + timedelta(seconds=20))
    engine = world.controller.engine
    engine.follow(engine.program.with_overrides((), SafetyStop(NOON, "sara", "")))
    world.controller.turn()
    world.run(3)
    assert not lit(world)
    [shown] = engine.states["entrance"].reported.zones.values()
    assert not shown.on
    assert events(world)[:2] == ["TWL-G150", "TWL-G152"]
    assert str(last(world, "TWL-G152")["reason"]) == "a safety stop is in force"
    assert not results(world)


def test_a_doubtful_clock_ends_it(world_before: Worlds) -> None:
    """Nobody knows whether it is noon."""
    world = world_before()
    at(world, NOON + timedelta(seconds=70))
    world.controller.clock.trust = Trust.SUSPECT
    at(world, NOON + timedelta(seconds=75))
    assert not lit(world)
    assert results(world) == {"mast/bowl-north": (True, "report")}
    world.controller.clock.trust = Trust.TRUSTED
    next_noon(world, 4)
    assert {lamp for lamp, (is_lit, _) in results(world).items() if is_lit} == {f"mast/{lamp}" for lamp in LAMPS}


def test_without_a_broker_no_lamp_is_blamed(world_before: Worlds) -> None:
    """What was tested before counts; the rest waits for the next day, and none begins without a broker either."""
    world = world_before(setup_of(vendors=ENTRANCE))
    at(world, NOON + timedelta(seconds=70))
    world.controller.disconnect()
    at(world, NOON + timedelta(minutes=6))
    assert results(world) == {"mast/bowl-north": (True, "report"), "entrance/shaft": (True, "report")}
    assert events(world)[:2] == ["TWL-G150", "TWL-G152"]
    assert str(last(world, "TWL-G152")["reason"]) == "no broker could be reached"
    next_noon(world, 1)
    world.controller.turn()
    assert events(world).count("TWL-G150") == 1
    assert str(last(world, "TWL-G153")["reason"]) == "no broker could be reached"
    world.controller.connect()
    world.controller.clock.step((NOON + timedelta(days=2, seconds=-5) - world.wall).total_seconds())
    world.run(5 + 4 * 60)
    assert set(results(world).values()) == {(True, "report")}


def test_what_was_lit_while_the_machine_slept_is_not_judged(world_before: Worlds) -> None:
    """Boot time, which never stops, shows that nobody looked."""
    world = world_before()
    at(world, NOON + timedelta(seconds=10))
    loop, reading = world.controller.loop, world.controller.read()
    assert loop is not None
    loop.turn(replace(reading, mono=reading.mono + 600, wall=reading.wall + timedelta(seconds=600)))
    assert not results(world)
    assert events(world)[:2] == ["TWL-G150", "TWL-G152"]


@pytest.mark.parametrize(("percent", "level"), [("10 %", 0.1), ("0 %", 0.0)])
def test_a_limit_that_is_written_in_the_middle_holds_at_once(world_before: Worlds, percent: str, level: float) -> None:
    """The lamps go on with less light, or not at all."""
    world = world_before(setup_of(vendors=ENTRANCE))
    at(world, NOON + timedelta(seconds=20))
    limited = f"version: 1\n{WEEK}limits:\n  - {{name: x, brightness: {percent}}}\n"
    world.controller.reload(limited.encode())
    at(world, NOON + timedelta(seconds=25))
    shown = max(world.mast.lamps.shown(1, world.mono) or b"")
    assert shown == max(world.mast.patch.placed[0].lamp.levels(_white(level)))
    at(world, NOON + timedelta(seconds=35))
    [reported] = world.controller.engine.states["entrance"].reported.zones.values()
    assert reported.on is (level > 0)
    at(world, NOON + timedelta(minutes=5))
    assert ("TWL-G151" in events(world)) is (level > 0)


def test_a_clock_that_is_set_into_a_blackout_ends_it(world_before: Worlds) -> None:
    """It goes on for minutes, not until some hour."""
    schedule = f"{WEEK}blackouts:\n  - {{name: quiet, dates: 13 November, hours: 18:00 to 20:00}}\n"
    world = world_before(setup_of(schedule))
    at(world, NOON + timedelta(seconds=20))
    world.controller.clock.step(6.5 * 3600)
    world.run(5)
    assert not lit(world)
    assert str(last(world, "TWL-G152")["reason"]) == "a blackout says that it is always dark then"


def test_noon_that_comes_again_is_noon(world_before: Worlds) -> None:
    """The clock was an hour ahead, and was set right in the test: the lamps are tested again, and nobody says that they
    were not."""
    world = world_before()
    at(world, NOON + timedelta(seconds=20))
    world.controller.clock.step(-3600)
    world.run(3600 + 5 * 60)
    assert events(world) == ["TWL-G150", "TWL-G151"] * 2


def test_a_stop_of_the_service_puts_the_planned_light_back(world_before: Worlds) -> None:
    """Not half a minute later."""
    world = world_before(setup_of(vendors=ENTRANCE))
    at(world, NOON + timedelta(seconds=20))
    loop = world.controller.loop
    assert loop is not None
    loop.end(world.controller.read())
    world.run(3)
    assert not lit(world)
    [shown] = world.controller.engine.states["entrance"].reported.zones.values()
    assert not shown.on


def test_a_blackout_is_always_dark(world_before: Worlds) -> None:
    """Every noon of the week: so an event reports that no lamp was tested."""
    schedule = f"{WEEK}blackouts:\n  - {{name: quiet, dates: 10-19 November}}\n"
    world = world_before(setup_of(schedule))
    at(world, NOON + timedelta(minutes=5))
    assert not steps(world)
    assert str(last(world, "TWL-G153")["reason"]) == "a blackout says that it is always dark then"


@pytest.mark.parametrize(("percent", "level"), [("40 %", 0.4), ("100 %", 1.0)])
def test_a_limit_holds_in_the_test_too(world_before: Worlds, percent: str, level: float) -> None:
    """Nothing is brighter."""
    world = world_before(setup_of(f"{WEEK}limits:\n  - {{name: x, brightness: {percent}}}\n", vendors=ENTRANCE))
    at(world, NOON + timedelta(seconds=10))
    [walk] = [Walk.model_validate_json(each.payload) for _, _, each in world.sent if each.topic == WALK][:1]
    assert walk.brightness == level
    full = max(world.mast.patch.placed[0].lamp.levels(_white(1.0)))
    shown = max(world.mast.lamps.shown(1, world.mono) or b"")
    assert shown == max(world.mast.patch.placed[0].lamp.levels(_white(level)))
    assert shown <= full
    [reported] = world.controller.engine.states["entrance"].reported.zones.values()
    assert reported.brightness == pytest.approx(level, abs=0.02)


def _white(brightness: float) -> Light:
    return Light(1.0, 1.0, 1.0).times(brightness)


def test_a_limit_of_nothing_leaves_no_test(world_before: Worlds) -> None:
    """To light a lamp at 0 % proves nothing."""
    world = world_before(setup_of(f"{WEEK}limits:\n  - {{name: x, brightness: 0 %}}\n"))
    at(world, NOON + timedelta(minutes=1))
    assert not steps(world)


def test_somebody_who_tests_the_lamps_is_not_disturbed(world_before: Worlds) -> None:
    """And nobody can begin while the service does."""
    world = world_before()
    world.publish(WALK, Walk(fixture="shaft-north", for_s=300).model_dump_json().encode())
    at(world, NOON + timedelta(seconds=30))
    assert lit(world) == ["shaft-north"]
    assert events(world) == ["TWL-G153"]
    assert str(last(world, "TWL-G153")["reason"]) == "somebody tests the lamps"


def test_a_walk_test_by_a_person_counts(world_before: Worlds) -> None:
    """A lamp that somebody saw since the test was planned is not lit again for it."""
    world = world_before()
    seen = {f"mast/{lamp}": LampResult(at=NOON, lit=True) for lamp in LAMPS[:3]}
    world.controller.disk.lamps = LampFindings(seen)
    world.controller.stop()
    world.controller.start()
    at(world, NOON + timedelta(minutes=5))
    assert steps(world) == [LAMPS[3], None]
    assert last(world, "TWL-G150")["lamps"] == 1


def test_the_schedule_goes_on_exactly_after_it(world_before: Worlds) -> None:
    """Light that begins when the last lamp is done is not late."""
    schedule = (
        f"{WEEK}  - {{name: noon, nights: 13 November, hours: 12:05 to 12:10, color: red}}\n"
        "every_night:\n  - {name: z, dates: 1 January, color: red}\n"
    )
    world = world_before(setup_of(schedule))
    at(world, NOON + timedelta(minutes=5, seconds=3))
    assert set(lit(world)) == set(LAMPS)
    assert events(world) == ["TWL-G153", "TWL-G150", "TWL-G151", "TWL-G154"]
    assert world.meter.total.wrong_s == 0
