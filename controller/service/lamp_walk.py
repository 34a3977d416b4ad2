"""The walk test: one lamp after another lights alone, and somebody who watches records whether it was the right one.

Each step is sent again every AGAIN_S and ends by itself in the gateway after STEP_S. So the planned light is back by
then even if the tester, the page, the service or the broker is gone. `test-lamps` sends the same steps from a terminal.
Lamps that failed their last test are a lasting alarm, whether a person, a report or a meter found it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Literal

from controller.clock import ClockReading
from controller.config.load import Setup
from controller.errors import Refused
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.gateways import lamps_of, own_gateways
from controller.gateways.base import Gateway, Message
from controller.gateways.dmx import Dmx
from controller.gateways.wire import Walk
from controller.lighting.patch import Fixture
from controller.locale import Language, phrase
from controller.service.controller import Controller
from controller.state.lamp_results import LampFindings, LampResult, Proof

STEP_S = 30.0
AGAIN_S = 10.0
FOLLOWS_S = 3.0
"""Seconds within which a gateway that follows the test reports it."""
AWAY_S = 300.0
"""Seconds without a key press after which a test on the page ends."""
DARKEN_S = 1.0
"""Seconds between messages that end a test to a gateway that is tested under a safety stop."""

FAILED_LAMPS: Mapping[Proof, tuple[str, str]] = {
    "person": ("TWL-G136", "TWL-G137"),
    "report": ("TWL-G155", "TWL-G157"),
    "power": ("TWL-G156", "TWL-G158"),
}
"""By the proof that lamps failed: the event that begins the alarm, and the one that ends it."""

Answer = Literal["yes", "no", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One lamp, or one of its channels, to look at."""

    gateway: Dmx
    fixture: Fixture
    channel: int | None = None
    role: str = ""

    @property
    def lamp(self) -> str:
        """`mast/north`."""
        return f"{self.gateway.name}/{self.fixture.name}"

    def name(self, language: Language) -> str:
        """`mast/north`, or `mast/north channel 2 (green)`."""
        if self.channel is None:
            return self.lamp
        return phrase(language, "test-lamps.channel", lamp=self.lamp, channel=self.channel, role=self.role)

    def message(self, prefix: str, brightness: float = 1.0) -> Message:
        """The message that lights it."""
        walk = Walk(fixture=self.fixture.name, channel=self.channel, brightness=brightness, for_s=STEP_S)
        return _message(self.gateway, walk, prefix)


def walk_steps(setup: Setup, gateway: Dmx, *, channels: bool) -> Iterator[Step]:
    """The lamps of a gateway in the order of tower.yaml; with `channels` each channel that lights something alone."""
    for placed in setup.patch(gateway).placed:
        if not channels:
            yield Step(gateway, placed.fixture)
            continue
        profile = placed.lamp.profile
        for number, channel in enumerate(profile.channels, start=1):
            # a dimmer by itself, or the fine half of a level, gives no light that could be seen
            if not channel.fine and channel.role in (profile.kinds or ("dimmer",)):
                yield Step(gateway, placed.fixture, number, channel.role)


def walk_end(gateway: Dmx, prefix: str) -> Message:
    """The message that ends a test at once."""
    return _message(gateway, Walk(fixture=None), prefix)


def lit_lamps(answers: Iterable[tuple[Step, str]]) -> dict[str, bool]:
    """By lamp whether it lit in every answered step; without lamps that have no answer."""
    lit: dict[str, bool] = {}
    for step, answer in answers:
        if answer in {"yes", "no"}:
            lit[step.lamp] = lit.get(step.lamp, True) and answer == "yes"
    return lit


def _message(gateway: Dmx, walk: Walk, prefix: str) -> Message:
    return Message(gateway.topic("walk", prefix), walk.model_dump_json(exclude_none=True).encode(), qos=1)


@dataclass(frozen=True, slots=True)
class LampWalk:
    """A walk test of one gateway on the page. `answers` are by the number of the step, `position` is the step that is
    lit. `began` is UTC, `began_s` and `pressed_s` (the last key press) are boot time. `ended` is the event emitted at
    its end, None while it is in progress."""

    gateway: Dmx
    steps: tuple[Step, ...]
    owner: str
    began: datetime
    began_s: float
    pressed_s: float
    channels: bool = False
    position: int = 0
    answers: Mapping[int, Answer] = field(default_factory=lambda: MappingProxyType({}))
    ended: Event | None = None

    @property
    def step(self) -> Step | None:
        """The step that is lit; None once the test has ended."""
        return self.steps[self.position] if self.ended is None else None

    @property
    def lit(self) -> dict[str, bool]:
        """By lamp whether it lit, as far as answered."""
        return lit_lamps((self.steps[number], answer) for number, answer in self.answers.items())


class LampWalks:
    """The latest walk test on the page for each gateway. All methods but `of` are for the control loop only."""

    def __init__(
        self,
        controller: Controller,
        prefix: str,
        publish: Callable[[Message], None],
        emit: Callable[[Event, datetime], None],
    ) -> None:
        self._controller = controller
        self._prefix = prefix
        self._publish = publish
        self._emit = emit
        self._walks: dict[str, LampWalk] = {}
        self._sent_s: dict[str, float] = {}
        """By gateway, when a message was last sent to it (boot time)."""

    def of(self, name: str) -> LampWalk | None:
        """The last test of a gateway since the service started; from any thread."""
        return self._walks.get(name)

    def start(self, setup: Setup, gateway: Dmx, channels: bool, owner: str, reading: ClockReading) -> LampWalk:
        """Light the first lamp; a test already in progress is returned unchanged. Raises Refused: TWL-G134 under a
        safety stop, TWL-G135 while somebody else tests its lamps."""
        name, running = gateway.name, self._walks.get(gateway.name)
        if running is not None and running.ended is None:
            return running
        self._check_free(name, reading)
        steps = tuple(walk_steps(setup, gateway, channels=channels))
        walk = LampWalk(gateway, steps, owner, reading.wall, reading.mono, reading.mono, channels)
        self._emit(new_event("TWL-G130", gateway=name, lamps=len({step.lamp for step in steps})), reading.wall)
        return self._light(walk, reading)

    def identify(self, name: str, reading: ClockReading) -> None:
        """Light the first lamp of a gateway for AGAIN_S, so that people find the gateway; does nothing while it is
        still lit. Raises Refused as `start`, and TWL-G135 during a test on the page."""
        running = self._walks.get(name)
        if running is not None and running.ended is None:
            raise Refused("TWL-G135", gateway=name)
        self._check_free(name, reading)
        if reading.mono - self._sent_s.get(name, float("-inf")) < AGAIN_S:
            return
        for gateway in own_gateways((self._controller.gateways[name],)):
            lamp = gateway.fixtures[0].name
            self._send(name, _message(gateway, Walk(fixture=lamp, for_s=AGAIN_S), self._prefix), reading)
            self._emit(new_event("TWL-G140", gateway=name, lamp=lamp, seconds=AGAIN_S), reading.wall)

    def _check_free(self, name: str, reading: ClockReading) -> None:
        if self._controller.program.stop is not None:
            raise Refused("TWL-G134")
        # right after our own test the gateway may still report it
        if self.is_tested(name) and reading.mono - self._sent_s.get(name, float("-inf")) >= AGAIN_S:
            raise Refused("TWL-G135", gateway=name)

    def answer(self, name: str, number: int, answer: Answer, reading: ClockReading) -> LampWalk | None:
        """Record the answer to step `number`: the next lamp lights, or the test is over. Ignored if another step is lit
        by now, as when a button is pressed twice."""
        walk = self._at(name, number)
        if walk is None:
            return self._walks.get(name)
        walk = replace(walk, answers={**walk.answers, number: answer}, pressed_s=reading.mono)
        if number + 1 == len(walk.steps):
            return self._end(walk, "TWL-G131", reading)
        return self._light(replace(walk, position=number + 1), reading)

    def back(self, name: str, number: int, reading: ClockReading) -> LampWalk | None:
        """Go back from step `number` to the one before, to answer it again."""
        walk = self._at(name, number)
        if walk is None or number == 0:
            return self._walks.get(name)
        return self._light(replace(walk, position=number - 1, pressed_s=reading.mono), reading)

    def end(self, name: str, reading: ClockReading) -> LampWalk | None:
        """End a test before all lamps were lit."""
        walk = self._walks.get(name)
        if walk is None or walk.ended is not None:
            return walk
        return self._end(walk, "TWL-G131", reading)

    def end_all(self, reading: ClockReading) -> None:
        """End all tests, since the service stops: the planned light is back at once."""
        for name in self._walks:
            self.end(name, reading)

    def turn(self, reading: ClockReading) -> None:
        """With each turn of the controller: repeat what is lit, and end the tests that must end."""
        is_stopped = self._controller.program.stop is not None
        for name, walk in self._walks.items():
            if walk.ended is not None:
                continue
            if is_stopped:
                self._end(walk, "TWL-G133", reading)
            elif reading.mono - walk.pressed_s >= AWAY_S:
                self._end(walk, "TWL-G132", reading)
            elif reading.mono - self._sent_s[name] >= AGAIN_S:
                self._light(walk, reading)
        if is_stopped:
            self._end_those_of_others(reading)

    def _end_those_of_others(self, reading: ClockReading) -> None:
        """Under a safety stop, end tests that `test-lamps` runs, too."""
        for gateway in own_gateways(self._controller.gateways.values()):
            is_due = reading.mono - self._sent_s.get(gateway.name, float("-inf")) >= DARKEN_S
            if is_due and self.is_tested(gateway.name):
                self._send(gateway.name, walk_end(gateway, self._prefix), reading)

    def is_tested(self, name: str) -> bool:
        """Whether a gateway that is not silent reports that its lamps are tested."""
        state = self._controller.states[name]
        return state.reported.by == "local" and "silent" not in state.status.values()

    def _at(self, name: str, number: int) -> LampWalk | None:
        walk = self._walks.get(name)
        return walk if walk is not None and walk.ended is None and walk.position == number else None

    def _light(self, walk: LampWalk, reading: ClockReading) -> LampWalk:
        name = walk.gateway.name
        self._walks[name] = walk
        self._send(name, walk.steps[walk.position].message(self._prefix), reading)
        return walk

    def _end(self, walk: LampWalk, code: str, reading: ClockReading) -> LampWalk:
        name, answers = walk.gateway.name, list(walk.answers.values())
        fields = {"right": answers.count("yes"), "wrong": answers.count("no"), "steps": len(walk.steps)}
        event = new_event(code, gateway=name, **fields)
        self._walks[name] = walk = replace(walk, ended=event)
        self._send(name, walk_end(walk.gateway, self._prefix), reading)
        self._emit(event, reading.wall)
        return walk

    def _send(self, name: str, message: Message, reading: ClockReading) -> None:
        self._sent_s[name] = reading.mono
        self._publish(message)


def tested_lamps(gateway: Gateway, results: Mapping[str, LampResult]) -> dict[str, LampResult]:
    """By lamp name the result of its last test; without lamps that were never tested."""
    named = {lamp: results.get(f"{gateway.name}/{lamp}") for lamp in lamps_of(gateway)}
    return {name: result for name, result in named.items() if result is not None}


def failed_lamps(gateway: Gateway, findings: LampFindings) -> dict[str, LampResult]:
    """By lamp name the result because of which it counts as failed."""
    named = {lamp: findings.failed(f"{gateway.name}/{lamp}") for lamp in lamps_of(gateway)}
    return {name: result for name, result in named.items() if result is not None}


class LampAlarms:
    """Raises an alarm for each gateway with lamps that failed their last test, until they pass one or leave
    tower.yaml."""

    def __init__(self, gateways: Iterable[Gateway], on_event: Callable[[Event], None]) -> None:
        self._gateways = tuple(gateways)
        self._alarms: defaultdict[tuple[str, Proof], Alarm] = defaultdict(partial(Alarm, on_event))

    def look(self, findings: LampFindings) -> None:
        """Raise and clear the alarms by these results."""
        for gateway in self._gateways:
            failed = failed_lamps(gateway, findings)
            for by in FAILED_LAMPS:
                self._look_at(gateway, by, {lamp: result for lamp, result in failed.items() if result.by == by})

    def _look_at(self, gateway: Gateway, by: Proof, failed: Mapping[str, LampResult]) -> None:
        key, (begins, ends) = (gateway.name, by), FAILED_LAMPS[by]
        if not failed:
            if key in self._alarms:  # no alarm object for thousands of gateways whose lamps never failed
                self._alarms.pop(key).clear(new_event(ends, gateway=gateway.name))
            return
        alarm = self._alarms[key]
        at = max(result.at for result in failed.values())
        event = new_event(begins, gateway=gateway.name, lamps=", ".join(failed), tested=f"{at:%Y-%m-%d}")
        alarm.raise_(event, again=event != alarm.raised)
