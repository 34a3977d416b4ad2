"""The preflight: the service lights each lamp some days before a campaign, and reports which did not light.

The lamps of one of our own gateways light one after another, by the steps of the walk test; a vendor's gateway is
commanded white like any other look, and must confirm it. All gateways are tested at the same time. When a test is due
is a pure function (`schedule/lamp_tests.py`); which lamps are still untested follows from the results of the lamps. So
a restart does not repeat stored results, and lamps that were missed or failed are tested again the next day at the same
time, until the campaign begins. There is no test while there is light, an override, a stop or a blackout, on a suspect
clock, or without a broker: then nobody could tell whether a lamp failed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.gateways import lamps_of, own_gateways
from controller.gateways.base import Message
from controller.gateways.wire import REFUSED
from controller.lighting.light import WHITE
from controller.lighting.look import ZoneState
from controller.schedule.lamp_tests import LampTest, LampTests, LampTestTimes, obstacle
from controller.schedule.plan import Program
from controller.service.controller import Controller
from controller.service.gateway_state import DesiredLooks
from controller.service.lamp_walk import AGAIN_S, LampWalks, Step, walk_end, walk_steps
from controller.state.lamp_results import LampFindings, LampResult

IN_TIME = timedelta(seconds=60)
"""How late a test may begin; after that it waits for the next day, when people expect it."""
LOOK_AHEAD = timedelta(days=1)
STALLED_S = 30.0
"""Seconds without a turn after which a test is broken off: nothing is known of the lamps that were lit meanwhile."""
METER_S = 5.0
"""Seconds after a lamp was lit in which a meter's value may still be that of the previous lamp."""
INSTANT = timedelta(microseconds=1)
NONE = "–"


@dataclass(slots=True)
class _LampRow:
    """The lamps of one of our own gateways, which light one after another; `sent_s` is when the current step was last
    sent (boot time)."""

    steps: tuple[Step, ...]
    position: int = 0
    sent_s: float = -inf

    @property
    def step(self) -> Step | None:
        """The step that is lit; None once all were."""
        return self.steps[self.position] if self.position < len(self.steps) else None


@dataclass(slots=True)
class _RunningTest:
    """A test in progress. `began_s` and `turned_s` (the last turn) are boot time, `stepped_s` is by how much the clock
    has been set, `looks` are the commands to vendors' gateways."""

    test: LampTest
    began_s: float
    turned_s: float
    stepped_s: float
    brightness: float
    rows: tuple[_LampRow, ...]
    looks: Mapping[str, DesiredLooks]
    program: Program
    """The rules under which it was allowed."""
    found: dict[str, LampResult] = field(default_factory=dict)


class Preflight:
    """Called by the control loop before each turn of the controller. Tests nothing before it has the results of the
    lamps."""

    def __init__(  # noqa: PLR0913, PLR0917  what a test is made with
        self,
        controller: Controller,
        setup: Setup,
        times: LampTestTimes,
        publish: Callable[[Message], None],
        emit: Callable[[Event, datetime], None],
        walks: LampWalks,
        draws: Callable[[str, float, ClockReading], bool | None],
        is_connected: Callable[[], bool],
    ) -> None:
        self._is_connected = is_connected
        self._controller = controller
        self._setup = setup
        self._times = times
        self._prefix = setup.tower.mqtt.topic_prefix
        self._publish = publish
        self._emit = emit
        self._walks = walks
        self._draws = draws
        self._lamps = tuple(f"{each.name}/{lamp}" for each in setup.tower.gateways for lamp in lamps_of(each))
        self._findings: LampFindings | None = None
        self._unstored: dict[str, LampResult] = {}
        self._running: _RunningTest | None = None
        self._program = controller.program
        self._tests = LampTests(self._program, times)
        self._tried: tuple[datetime, Reason] | None = None
        """The last time at which a test was possible, and why none was made then, or not completed."""
        self._looked_at: datetime | None = None
        self._look_at: datetime | None = None
        """When to check again whether a test is due; None for now."""
        self._events: list[Event] = []
        self._untested = Alarm(self._events.append)

    def know(self, findings: LampFindings) -> None:
        """Set the stored results of the lamps."""
        self._findings = findings.and_found(self._unstored)
        self._look_at = None

    @property
    def unstored(self) -> Mapping[str, LampResult]:
        """The results that are not yet stored."""
        return dict(self._unstored)

    def stored(self, found: Mapping[str, LampResult]) -> None:
        """These results are stored."""
        self._unstored = {lamp: result for lamp, result in self._unstored.items() if found.get(lamp) != result}

    @property
    def wake_at(self) -> datetime | None:
        """The next instant at which a test may begin (wall time)."""
        return self._look_at if self._running is None else None

    @property
    def wake_s(self) -> float:
        """When the test in progress needs a turn (boot time); infinity without one."""
        running = self._running
        if running is None:
            return inf
        lit = [row for row in running.rows if row.step is not None]
        first_s = running.began_s + self._times.each.total_seconds() if running.looks else inf
        steps = (min(row.sent_s + AGAIN_S, self._row_s(running, row)) for row in lit)
        return min((running.turned_s + AGAIN_S, first_s, self._ends_s(running), *steps))

    def turn(self, reading: ClockReading) -> None:
        """Begin a test if one is due, or continue the one in progress."""
        if self._running is not None:
            self._continue(self._running, reading)
        elif reading.trust is not Trust.SUSPECT and self._findings is not None:
            self._look(reading, self._findings)
        for event in self._events:
            self._emit(event, reading.wall)
        self._events.clear()

    @property
    def is_running(self) -> bool:
        """Whether a test is in progress."""
        return self._running is not None

    def end(self, reading: ClockReading) -> None:
        """Break off the test, since the service stops: the next turn restores the planned light."""
        if self._running is not None:
            self._break_off(self._running, Reason("test_ended"), reading)

    # Whether a test is due

    def _look(self, reading: ClockReading, findings: LampFindings) -> None:
        now = reading.wall
        if self._program is not self._controller.program:
            self._program = self._controller.program
            self._tests, self._look_at = LampTests(self._program, self._times), None
        is_stepped_back = self._looked_at is not None and now < self._looked_at
        self._looked_at = now
        if self._tried is not None and now < self._tried[0]:
            self._tried = None  # the clock was set back: that time is still to come
        if self._look_at is not None and now < self._look_at and not is_stepped_back:
            return
        test = self._tests.due(now)
        if test is not None and (left := self._untried(test, now, findings)):
            self._begin(test, left, reading)
        if self._running is None:
            self._watch(test, now, findings)
            self._look_at = self._next_look(test, now)

    def _untried(self, test: LampTest, now: datetime, findings: LampFindings) -> tuple[str, ...]:
        """The lamps that have not passed since the test was planned; none outside the test time, or if it was already
        tried."""
        at = self._tests.try_at(now)
        is_time = test.at <= at <= now < at + IN_TIME
        if not is_time or (self._tried is not None and self._tried[0] == at):
            return ()
        return tuple(lamp for lamp in self._lamps if not findings.has_since(lamp, test.at, lit=True))

    def _next_look(self, test: LampTest | None, now: datetime) -> datetime:
        planned = [each.at for each in self._tests.between(now + INSTANT, now + LOOK_AHEAD)]
        of_due = (self._tests.next_try(test, now), test.at + IN_TIME, test.begins) if test is not None else ()
        return min((at for at in (*planned, *of_due) if at is not None and at > now), default=now + LOOK_AHEAD)

    def _watch(self, test: LampTest | None, now: datetime, findings: LampFindings) -> None:
        """Raise an alarm while lamps are untested though a test was due, until they are tested or the campaign
        begins."""
        is_late = test is not None and now >= test.at + IN_TIME
        if test is None or not (is_late or (self._tried is not None and self._tried[0] >= test.at)):
            self._untested.clear(new_event("TWL-G154"))
            return
        if all(findings.has_since(lamp, test.at, lit=False) for lamp in self._lamps):
            self._untested.clear(new_event("TWL-G154"))
            return
        is_known = self._tried is not None and self._tried[0] >= test.at
        reason = self._tried[1] if self._tried is not None and is_known else Reason("test_not_running")
        following = self._next(test, now)
        fields = {"reason": reason, "next": following, "is_tried_again": "no" if following == NONE else "yes"}
        event = new_event("TWL-G153", **self._about(test), **fields)
        self._untested.raise_(event, again=event != self._untested.raised)

    def _about(self, test: LampTest) -> dict[str, Any]:
        return {"campaign": test.campaign, "begins": self._local(test.begins)}

    def _next(self, test: LampTest, now: datetime) -> str:
        following = self._tests.next_try(test, now)
        return self._local(following) if following is not None else NONE

    def _local(self, at: datetime) -> str:
        return f"{at.astimezone(self._program.place.time_zone):%Y-%m-%d %H:%M}"

    def _obstacle(self, start: datetime, until: datetime, brightness: float, reading: ClockReading) -> Reason | None:
        """Why no lamp may be lit; None where lamps may."""
        if reading.trust is Trust.SUSPECT:
            return Reason("test_clock")
        if not self._is_connected():
            return Reason("test_broker")
        code = obstacle(self._controller.program, start, until) or ("test_limit" if brightness <= 0 else None)
        return Reason(code) if code is not None else None

    # The test

    def _begin(self, test: LampTest, left: tuple[str, ...], reading: ClockReading) -> None:
        running = self._prepared(test, frozenset(left), reading)
        reason = self._obstacle(reading.wall, self._until(running, reading), running.brightness, reading)
        if reason is None and any(self._walks.is_tested(row.steps[0].gateway.name) for row in running.rows):
            reason = Reason("test_walk")
        self._tried = self._tests.try_at(reading.wall), reason or Reason("test_not_running")
        if reason is None:
            self._running = running
            self._controller.show_alone(running.looks)
            self._events.append(new_event("TWL-G150", **self._about(test), lamps=len(left)))
            self._light(running, reading)

    def _prepared(self, test: LampTest, lamps: frozenset[str], reading: ClockReading) -> _RunningTest:
        ours = own_gateways(self._setup.tower.gateways)
        vendors = [each for each in self._setup.tower.gateways if each not in ours]
        by_gateway = (tuple(walk_steps(self._setup, each, channels=False)) for each in ours)
        left = [tuple(step for step in steps if step.lamp in lamps) for steps in by_gateway]
        rows = tuple(_LampRow(steps) for steps in left if steps)
        until = reading.wall + self._times.each * max((len(row.steps) for row in rows), default=1)
        brightness = self._controller.program.highest(reading.wall, until)
        white = _white(brightness)
        looks = {
            each.name: dict.fromkeys(each.zone_names, white)
            for each in vendors
            if any(f"{each.name}/{zone}" in lamps for zone in each.zone_names)
        }
        now_s, program = reading.mono, self._controller.program
        return _RunningTest(test, now_s, now_s, reading.stepped_s, brightness, rows, looks, program)

    def _continue(self, running: _RunningTest, reading: ClockReading) -> None:
        reason = self._interruption(running, reading)
        if reason is not None:
            self._break_off(running, reason, reading)
            return
        running.turned_s = reading.mono
        for row in running.rows:
            while row.step is not None and reading.mono >= self._row_s(running, row):
                self._judge(running, row, row.step, reading)
        if running.looks and reading.mono >= running.began_s + self._times.each.total_seconds():
            self._judge_vendors(running, reading)
        if reading.mono >= self._ends_s(running):
            self._finish(running, reading)
        else:
            self._light(running, reading)

    def _interruption(self, running: _RunningTest, reading: ClockReading) -> Reason | None:
        """Why a test must be broken off; None where it may continue. Where less light is allowed than before, the
        brightness is reduced from now on."""
        if reading.mono - running.turned_s > STALLED_S:
            return Reason("test_not_running")
        program, until = self._controller.program, self._until(running, reading)
        has_changed = program is not running.program or reading.stepped_s != running.stepped_s
        if not has_changed and reading.trust is not Trust.SUSPECT and self._is_connected():
            return None
        running.program, running.stepped_s = program, reading.stepped_s
        brightness = min(running.brightness, program.highest(reading.wall, until))
        if brightness < running.brightness:
            running.brightness = brightness
            running.looks = {name: dict.fromkeys(looks, _white(brightness)) for name, looks in running.looks.items()}
            self._controller.show_alone(running.looks)
            for row in running.rows:
                row.sent_s = -inf
        return self._obstacle(reading.wall, until, brightness, reading)

    def _until(self, running: _RunningTest, reading: ClockReading) -> datetime:
        """When the test is over, by the clock as it is set now."""
        return reading.wall + timedelta(seconds=max(0.0, self._ends_s(running) - reading.mono))

    def _row_s(self, running: _RunningTest, row: _LampRow) -> float:
        """When the lit lamp of a row is done (boot time)."""
        return running.began_s + (row.position + 1) * self._times.each.total_seconds()

    def _ends_s(self, running: _RunningTest) -> float:
        steps = max((len(row.steps) for row in running.rows), default=1)
        return running.began_s + steps * self._times.each.total_seconds()

    def _light(self, running: _RunningTest, reading: ClockReading) -> None:
        """Send each step that was not sent in the last AGAIN_S."""
        for row in running.rows:
            if row.step is not None and reading.mono >= row.sent_s + AGAIN_S:
                row.sent_s = reading.mono
                self._publish(row.step.message(self._prefix, running.brightness))

    def _judge(self, running: _RunningTest, row: _LampRow, step: Step, reading: ClockReading) -> None:
        """Judge a lamp that is done: meanwhile the gateway must have reported that it follows, and no problem."""
        reported = self._controller.states[step.gateway.name].reported
        began_s = self._row_s(running, row) - self._times.each.total_seconds()
        came_s = reported.uptime[1] if reported.uptime is not None else -inf
        is_lit = came_s >= began_s and reported.by == "local" and not set(reported.problems) - {REFUSED}
        running.found[step.lamp] = self._result(step.fixture.zone, is_lit, began_s, reading)
        row.position, row.sent_s = row.position + 1, -inf
        if row.step is None:
            self._publish(walk_end(step.gateway, self._prefix))

    def _judge_vendors(self, running: _RunningTest, reading: ClockReading) -> None:
        """Vendors' zones must be confirmed as commanded; a zone whose gateway never reports counts as lit, without
        proof."""
        for name, looks in running.looks.items():
            state = self._controller.states[name]
            for zone in looks:
                is_confirmed = state.desired_looks == looks and state.status.get(zone) == "confirmed"
                is_lit = is_confirmed if self._controller.gateways[name].confirms else None
                running.found[f"{name}/{zone}"] = self._result(zone, is_lit, running.began_s, reading)
        running.looks = {}
        self._controller.show_alone({})

    def _result(self, zone: str, is_lit: bool | None, began_s: float, reading: ClockReading) -> LampResult:
        """The result by the report (None: the gateway never reports), or by the meter, where it has a value recent
        enough."""
        draws = self._draws(zone, began_s + METER_S, reading)
        if draws is not None and is_lit is not False:
            return LampResult(at=reading.wall, lit=draws, by="power")
        if is_lit is None:
            return LampResult(at=reading.wall, lit=True, by="none")
        return LampResult(at=reading.wall, lit=is_lit, by="report")

    def _finish(self, running: _RunningTest, reading: ClockReading) -> None:
        failed = [lamp for lamp, result in running.found.items() if not result.lit]
        self._put_back(running)
        about = self._about(running.test)
        if failed:
            following = self._next(running.test, reading.wall)
            self._events.append(new_event("TWL-G159", **about, failed=", ".join(failed), next=following))
        else:
            self._events.append(new_event("TWL-G151", **about, lamps=len(running.found)))

    def _break_off(self, running: _RunningTest, reason: Reason, reading: ClockReading) -> None:
        for row in running.rows:
            if row.step is not None:
                self._publish(walk_end(row.step.gateway, self._prefix))
        self._tried = self._tests.try_at(reading.wall), reason
        self._put_back(running)
        following = self._next(running.test, reading.wall)
        self._events.append(new_event("TWL-G152", **self._about(running.test), reason=reason, next=following))

    def _put_back(self, running: _RunningTest) -> None:
        """Restore the planned light; remember the results, to be stored."""
        self._controller.show_alone({})
        self._running, self._look_at = None, None
        self._unstored.update(running.found)
        self._findings = (self._findings or LampFindings()).and_found(running.found)


def _white(brightness: float) -> ZoneState:
    return ZoneState(on=brightness > 0, color=WHITE, brightness=brightness)
