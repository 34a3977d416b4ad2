"""Clocks that are wrong, step, or give no time, at either end."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.clock import ClockJudge, ClockReading, Trust
from controller.config.load import Setup
from controller.events import Level
from controller.events.rate_limit import RateLimit
from controller.gateways.wire import ALWAYS
from controller.schedule.campaign import SafetyStop
from controller.service.watches import ClockWatch
from tests.service.simulated import World

EVENING = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SUNSET = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)


@pytest.mark.parametrize("trust", [Trust.PLAUSIBLE, Trust.HOLDOVER])
def test_a_gateway_whose_clock_is_an_hour_ahead(world_of: Callable[..., World], trust: Trust) -> None:
    """A live message of the controller had the time: the gateway uses it, and reports that."""
    world = world_of(EVENING)
    world.mast.clock.offset_s, world.mast.clock.trust = 3600.0, trust
    world.mast.start()
    world.controller.start()
    world.until(SUNSET - timedelta(minutes=5))
    assert world.right
    world.controller.stop()
    world.mast.disconnect()
    world.until(SUNSET + timedelta(minutes=5))
    assert world.right
    assert world.wrong_s < 2.5  # until its clock was told apart, and a network's delay
    assert [event.code for _, event in world.mast.events].count("TWL-D013") == 1


@pytest.mark.parametrize("trust", list(Trust))
def test_a_clock_that_is_not_sure_is_reported_at_the_start_and_at_each_change(trust: Trust) -> None:
    """A sure one at the start is nothing new; the same again is not either."""
    watch = ClockWatch()

    def told(trust: Trust) -> dict[str, object] | None:
        event = watch.look(ClockReading(EVENING, 100.0, trust)).trust
        return {"code": event.code, **event.fields} if event is not None else None

    begun = {"code": "TWL-T001", "trust": trust.value, "before": "–"}
    assert told(trust) == (begun if trust is not Trust.TRUSTED else None)
    assert told(trust) is None
    for other in (each for each in Trust if each is not trust):
        assert told(other) == {"code": "TWL-T001", "trust": other.value, "before": trust.value}
        assert told(trust) == {"code": "TWL-T001", "trust": trust.value, "before": other.value}


def test_a_gateway_without_any_time_holds_what_was_right_when_it_was_written(night: World) -> None:
    """It starts with a clock of 1970 and only a retained document: orange, and no word about the time."""
    night.controller.stop()
    night.mast.stop()
    night.mast.clock.offset_s, night.mast.clock.trust = -1.8e9, Trust.SUSPECT
    night.mast.start(forget=True)
    night.run(2)
    assert night.right
    assert night.reported.clock == "none"
    night.controller.start()
    night.run(2)
    assert night.reported.clock == "anchor"
    night.run(600)
    assert night.right
    assert night.wrong_s < 2


def test_a_step_of_the_gateways_clock_darkens_nothing(night: World) -> None:
    """Suspect for a while, and nobody to ask: it goes on by what it was."""
    night.controller.stop()
    night.mast.disconnect()
    night.mast.clock.step(-12 * 3600)
    night.mast.clock.trust = Trust.SUSPECT
    night.mast.turn()
    night.run(60)
    assert night.wrong_s == 0


def test_a_gateway_whose_clock_is_set_back_is_heard_again(night: World) -> None:
    """A little back: for so long its reports count as overtaken, but no longer."""
    night.mast.clock.step(-20)
    night.run(60)
    assert night.controller.status() == {"confirmed"}
    assert night.wrong_s == 0


@pytest.mark.parametrize("ahead_s", [1.5, -1.5])
def test_clocks_a_little_apart_raise_no_alarm(evening: World, ahead_s: float) -> None:
    """The gateway passes the cue by its own clock, before or after us: the change is the only event."""
    evening.mast.clock.offset_s += ahead_s
    evening.run(30)
    since = evening.mono
    evening.until(SUNSET + timedelta(minutes=5))
    assert evening.controller.status() == {"confirmed"}
    assert evening.controller.codes(since) == ["TWL-C020", "TWL-G101"]


def test_while_the_clock_is_suspect_nothing_is_sent(night: World) -> None:
    """A step of an hour: no message is sent, nothing counts as confirmed, an event is emitted; afterwards all is as
    before."""
    controller = night.controller
    controller.clock.step(3600)
    controller.clock.trust = Trust.SUSPECT
    controller.wake()
    since, count = night.mono, len(night.sent)
    night.run(9)
    assert not [m for _, who, m in night.sent[count:] if who == "controller"]
    assert controller.status() == {"unknown"}
    assert {"TWL-T001", "TWL-T002"} <= set(controller.codes(since))
    controller.clock.trust = Trust.HOLDOVER
    night.run(3)
    assert controller.status() == {"confirmed"}
    assert "TWL-C010" in controller.codes(since)
    assert night.wrong_s == 0


@pytest.mark.parametrize("years", [1, -1, -56])
def test_a_clock_that_is_years_off_and_is_set_right(night: World, years: int) -> None:
    """It is suspect, then NTP sets it: at no time was anything shown that was wrong."""
    controller = night.controller
    controller.clock.step(years * 365 * 86400)
    controller.clock.trust = Trust.SUSPECT
    controller.wake()
    night.run(60)
    controller.clock.step(-years * 365 * 86400)
    controller.clock.trust = Trust.TRUSTED
    night.run(3)
    assert controller.status() == {"confirmed"}
    assert night.wrong_s == 0


def test_a_clock_that_was_wrong_and_believed_is_followed_when_it_steps_back(evening: World) -> None:
    """Believed to be an hour ahead it lights too early; set right it goes dark again, and the plan is as it should."""
    evening.controller.clock.step(3600)
    evening.run(60)
    assert not evening.right
    evening.controller.clock.step(-3600)
    evening.run(45)
    assert evening.right
    evening.until(SUNSET + timedelta(minutes=5))
    assert evening.right
    assert evening.controller.status() == {"confirmed"}


@pytest.mark.parametrize("night_of", [datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)])
def test_nights_on_which_the_clocks_change(
    world_of: Callable[..., World], setup_of: Callable[[str], Setup], night_of: datetime
) -> None:
    """Cues between two and three in the morning, at both ends of summer time: on time, both ends."""
    rule = "{name: x, dates: every day, color: red, hours: ['02:15 to 02:45', '20:00 to 21:00']}"
    setup = setup_of(f"campaigns:\n  - {rule}\n")
    world = world_of(night_of, setup=setup, days=2, report_every=timedelta(minutes=10))
    world.mast.start()
    world.controller.start()
    world.run(5)
    world.clear()
    world.until(night_of + timedelta(days=1))
    assert world.wrong_s < 2
    assert world.undetected_s < 1


@pytest.mark.parametrize("off_s", [3600.0, -3600.0, -1.8e9])
def test_a_safety_stop_needs_no_clock(night: World, off_s: float) -> None:
    """Given while the clock is suspect it goes out at once and is confirmed; lifted, nothing is sent by that clock."""
    controller = night.controller
    controller.clock.offset_s, controller.clock.trust = off_s, Trust.SUSPECT
    controller.wake()
    night.run(5)
    under = controller.engine.program
    controller.engine.follow(under.with_overrides((), SafetyStop(ALWAYS, "Eva", "arbete i masten")))
    controller.wake()
    night.run(3)
    assert not any(state.on for state in night.mast.shown().values())
    assert controller.status() == {"confirmed"}
    controller.engine.follow(under)
    count = len(night.sent)
    controller.wake()
    night.run(5)
    assert not [m for _, who, m in night.sent[count:] if who == "controller"]
    assert controller.status() == {"unknown"}
    controller.clock.offset_s, controller.clock.trust = 0.0, Trust.HOLDOVER
    controller.wake()
    night.run(5)
    assert night.right


class Watched:
    """The levels of a gateway's channels over the time that it passes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: list[list[int]] = []

    def run(self, seconds: float) -> None:
        """Time passes."""
        world = self._world
        for _ in range(round(seconds / 0.25)):
            world.run(0.25)
            shown = (world.mast.lamps.shown(each, world.mono) or bytes(512) for each in world.mast.patch.universes)
            self._rows.append([level for levels in shown for level in levels])

    @property
    def turned(self) -> int:
        """How often a channel turned round, at the most."""
        return max(_turns(levels) for levels in zip(*self._rows, strict=True))


def _turns(levels: tuple[int, ...]) -> int:
    moves = [after - before for before, after in pairwise(levels) if after != before]
    return sum(one * other < 0 for one, other in pairwise(moves))


@settings(max_examples=12)
@given(
    who=st.sampled_from(["controller", "mast", "both"]),
    ahead_s=st.floats(0.5, 59),  # with the way of a document below the 60 s that are slowed and not followed
    after_s=st.floats(0, 30),
    trust=st.sampled_from([Trust.TRUSTED, Trust.HOLDOVER, Trust.PLAUSIBLE]),
)
def test_a_step_back_just_after_a_cue_changes_no_lamp_twice(
    world_of: Callable[..., World], who: str, ahead_s: float, after_s: float, trust: Trust
) -> None:
    """A clock is ahead, takes the cue, and is set right: at the controller, at the gateway, or at both."""
    world = world_of(EVENING)
    cue = world.controller.engine.program.next_cue(EVENING).at
    world = world_of(cue - timedelta(seconds=100))
    parties = [world.controller, world.mast] if who == "both" else [getattr(world, who)]
    for party in parties:
        party.clock.offset_s, party.clock.trust = ahead_s, trust
    world.mast.start()
    world.controller.start()
    world.until(cue - timedelta(seconds=ahead_s + 5))
    watched = Watched(world)
    watched.run(5.25 + after_s)
    for party in parties:
        party.clock.step(-ahead_s)
        party.turn()
    watched.run(150)
    assert watched.turned == 0
    assert world.right
    assert world.controller.status() == {"confirmed"}


@pytest.mark.parametrize("back_s", [1.5, 2.0, 30.0])
def test_a_step_back_just_after_a_cue_sends_a_vendors_lamp_nothing(
    world_of: Callable[..., World], back_s: float
) -> None:
    """A device without plan and clock: it is commanded once, and stays as it is."""
    program = world_of(EVENING).controller.engine.program
    cue = program.next_cue(EVENING).at
    world = world_of(cue - timedelta(seconds=10), vendors=("wled",))
    world.vendor.start()
    world.controller.start()
    world.until(cue + timedelta(seconds=1))
    count = len(world.sent)
    world.controller.clock.step(-back_s)
    world.controller.wake()
    world.run(25)
    assert not [m for _, who, m in world.sent[count:] if who == "controller" and m.topic.endswith("/api") and m.payload]
    world.run(60)
    assert world.controller.status(world.vendor.name) == {"confirmed"}


@pytest.mark.parametrize("seconds", [-8.0, -20.0, -29.0, 8.0, 29.0, -70.0, 70.0])
@pytest.mark.parametrize("who", ["controller", "mast", "both"])
def test_a_time_servers_step_makes_nobody_deaf(night: World, who: str, seconds: float) -> None:
    """In the middle of the night: no alarm, and what the gateway reports counts at once. So is it when the step is
    taken back."""
    parties = [night.controller, night.mast] if who == "both" else [getattr(night, who)]
    for step_s in (seconds, -seconds):
        since = night.mono
        for party in parties:
            party.clock.step(step_s)
            party.turn()
        for _ in range(12):
            night.run(10)
            reported = night.controller.engine.states["mast"].reported
            assert night.mono - reported.alive_s <= 10.2
            assert night.controller.status() == {"confirmed"}
        assert not {code for code in night.controller.codes(since) if code.startswith("TWL-G")}
    assert night.wrong_s == 0


@pytest.mark.parametrize("lived_s", [0.0, 7.0, 60.0])
@pytest.mark.parametrize("seconds", [-8.0, -20.0, -29.0])
def test_a_gateway_that_starts_again_with_a_clock_that_is_behind_is_heard_at_once(
    night: World, seconds: float, lived_s: float
) -> None:
    """As one without a battery does, which goes on from when it was switched off."""
    night.run(lived_s)
    night.mast.stop()
    night.run(2)
    night.mast.clock.offset_s = seconds
    night.mast.start()
    began_s = night.mono
    night.run(3)
    assert min(night.controller.engine.states["mast"].reported.reported_s.values()) > began_s
    assert night.controller.status() == {"confirmed"}


def test_an_absurd_count_of_seconds_makes_nobody_deaf(night: World) -> None:
    """Somebody wrote a report in the gateway's name."""
    night.run(60)
    topic = night.mast.gateway.topic("reported", "watertower")
    night.publish(topic, re.sub(rb'"uptime_s":[0-9.]+', b'"uptime_s":1e12', night.retained[topic]), True)
    night.run(11)
    assert night.controller.engine.states["mast"].reported.uptime[0] < 1000


@pytest.mark.parametrize("off_s", [-3600.0, -6.0, 6.0, 3600.0])
def test_a_gateway_that_uses_another_time_is_reported(night: World, off_s: float) -> None:
    """Once, by how much, and when it agrees again; a report or two that are late are not enough."""
    since = night.mono
    night.mast.clock.step(off_s)
    night.run(1)
    assert not {"TWL-T006", "TWL-T007"} & set(night.controller.codes(since))
    night.run(120)
    assert night.controller.engine.states["mast"].reported.clock_off_s == pytest.approx(off_s, abs=0.2)
    events = [event for at_s, event in night.controller.events if event.code == "TWL-T006" and at_s >= since]
    (text,) = (event.text("en") for event in events)
    apart = "6 seconds" if abs(off_s) < 60 else "60 minutes"
    assert text == f"mast: uses a clock of its own, {apart} {'behind' if off_s < 0 else 'ahead of'} ours"
    night.mast.clock.step(-off_s)
    night.run(130)
    assert night.controller.codes(since).count("TWL-T006") == 1
    assert night.controller.codes(since).count("TWL-T007") == 1


@pytest.mark.parametrize(("pace", "is_emitted"), [(1.0, True), (7200.0, False)])
def test_in_time_lapse_a_report_under_way_is_no_other_time(
    world_of: Callable[..., World], pace: float, is_emitted: bool
) -> None:
    """A report that took 10 ms is 72 s old by a wall on which two hours pass in a second."""
    engine, late = world_of(EVENING).controller.engine, timedelta(seconds=72)
    (mast,) = engine.gateways.values()
    for second in range(1, 6):
        reading = ClockReading(EVENING + timedelta(seconds=pace * second), 100.0 + second, pace=pace)
        report = {"version": 1, "epoch": 1, "revision": 1, "at": (reading.wall - late).isoformat(), "zones": {}}
        report |= {"by": "desired", "clock": "own", "uptime_s": second}
        engine.receive(mast.topic("reported", "watertower"), json.dumps(report).encode(), False, reading)
    assert ("TWL-T006" in [event.code for event in engine.turn(reading).events]) is is_emitted


def test_a_gateway_that_goes_by_our_time_has_no_clock_to_compare(night: World) -> None:
    """Its own is an hour off and not synchronised: what it reports is our own time come back."""
    night.mast.clock.trust = Trust.PLAUSIBLE
    night.mast.clock.step(3600)
    night.run(60)
    assert night.controller.engine.states["mast"].reported.clock_off_s is None
    assert "TWL-T006" not in night.controller.codes()


def test_a_gateway_that_takes_our_time_goes_by_another_no_more(night: World) -> None:
    """Its clock lost the time server: it uses ours, and the alarm about it is cleared."""
    night.mast.clock.step(3600)
    night.run(60)
    since = night.mono
    night.mast.clock.trust = Trust.PLAUSIBLE
    night.run(60)
    assert night.controller.codes(since).count("TWL-T007") == 1


VENDORS = ("z2m", "tasmota-5", "shelly-2", "wled", "ha-rgb")


@pytest.mark.parametrize("blind_s", [130, 610])
@pytest.mark.parametrize("name", VENDORS)
def test_a_lamp_that_was_not_asked_while_the_clock_was_suspect_is_not_silent(
    world_of: Callable[..., World], name: str, blind_s: float
) -> None:
    """It had nothing to answer; asked again it is confirmed, and nobody is alarmed."""
    world = world_of(datetime(2026, 11, 20, 18, 0, tzinfo=UTC), vendors=(name,))
    world.vendor.start()
    world.controller.start()
    world.run(60)
    since = world.mono
    for trust, seconds in ((Trust.SUSPECT, blind_s), (Trust.PLAUSIBLE, 60)):
        world.controller.clock.trust = trust
        world.controller.wake()
        world.run(seconds)
    assert world.controller.status(world.vendor.name) == {"confirmed"}
    assert not [event for at_s, event in world.controller.events if at_s > since and event.kind.level is Level.ERROR]


def readings(night: World, *, known: datetime | None = None, drift: float = 0.0) -> Iterator[ClockReading]:
    """Readings of a judged clock, second by second from now on."""
    judge = ClockJudge(known)
    for second in range(10_000):
        wall = night.controller.read().wall + timedelta(seconds=second * (1 + drift))
        yield judge.judge(wall, night.mono + second, None)


def test_a_clock_behind_what_the_site_knew_says_by_how_much_and_against_what(night: World) -> None:
    """In words, in both languages; and when it fits again."""
    known = night.wall + timedelta(days=3)
    engine = night.controller.engine
    events = [event for reading in islice(readings(night, known=known), 300) for event in engine.turn(reading).events]
    (event,) = (event for event in events if event.code == "TWL-T003")
    assert event.text("en").endswith("3 days behind the last known time of this site, 2026-11-23 18:00 UTC")
    assert "den går 3 dygn efter den tid som anläggningen senast kände till, 2026-11-23 18:00 UTC" in event.text("sv")
    passed = ClockReading(known + timedelta(hours=1), night.mono + 10_000, Trust.PLAUSIBLE)
    assert "TWL-T004" in [event.code for event in engine.turn(passed).events]


def test_a_clock_more_than_a_year_ahead_is_reported_too(night: World) -> None:
    """500 days, of which nobody knows."""
    known = night.wall - timedelta(days=500)
    events = night.controller.engine.turn(next(readings(night, known=known))).events
    (event,) = (event for event in events if event.code == "TWL-T003")
    assert "500 days ahead of the last known time of this site" in event.text("en")


@pytest.mark.parametrize("drift", [4.0, 0.1, -0.5])
def test_a_clock_that_runs_wrong_is_reported_and_sends_nothing(night: World, drift: float) -> None:
    """As an error, once; and the log is not filled with its steps."""
    engine, codes, sent, limit = night.controller.engine, Counter[str](), 0, RateLimit()
    for reading in islice(readings(night, drift=drift), 1200):
        output = engine.turn(reading)
        codes.update(passed.code for event in output.events for passed in limit.pass_on(event, reading.mono))
        codes.update(passed.code for passed in limit.due(reading.mono))
        sent += len(output.messages) if reading.mono > night.mono + 600 else 0
    assert codes["TWL-T005"] == 1
    assert (codes["TWL-T002"], codes["TWL-C040"]) == (2, 1)
    assert sent == 0
    assert set(engine.states["mast"].status.values()) == {"unknown"}
