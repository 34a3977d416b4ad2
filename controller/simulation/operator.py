"""People of the simulated site: an operator with the page open, and somebody with a wrong clock who asks for
`status`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from controller.clock import ClockReading
from controller.gateways.base import Message
from controller.lighting.color import Color
from controller.lighting.look import NO_LIGHT, Look
from controller.mqtt import Item, Received
from controller.rfc3339 import rfc3339
from controller.service.health_watch import HealthWatch
from controller.service.overrides import OverrideManager
from controller.simulation.kernel import Kernel, utc
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker
from controller.simulation.reference import Expected, ExpectedOverride

AGAIN_S = 5.0
PATIENCE = 60
TWICE = 0.3
"""Probability that an impatient person sends a request twice at once."""
LASTS_S = (600.0, 10_800.0)
LOOKS = {"#FF0000": Look((Color("#FF0000"),)), "#0000FF": Look((Color("#0000FF"),)), "dark": NO_LIGHT}
"""Requested looks, and the look that each should give."""
GRANTED, RESUMED, REFUSED = "TWL-O101", {"TWL-O102", "TWL-O109"}, "TWL-O110"
STOPPED, STOPPED_FOR_NOW, LIFTED = "TWL-O105", "TWL-O107", {"TWL-O106", "TWL-O108", "TWL-O136"}
ANSWERS = {GRANTED, REFUSED, STOPPED, STOPPED_FOR_NOW, *RESUMED, *LIFTED}
BUTTON = "button"
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as the operator remembers it. `end` is POSIX seconds; for a resume the time of the request."""

    payload: bytes
    looks: dict[str, Look]
    end: float


class Operator:
    """Sets overrides, resumes, stops and lifts; repeats a request with the same id until an answer comes.

    `lost` names the acknowledged requests that had no effect: an acknowledged override must be in force until its end
    or a resume.
    """

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        prefix: str,
        zones: tuple[str, ...],
        expected: Expected,
    ) -> None:
        self.lost: set[str] = set()
        self.acknowledged = 0
        self._world = world
        self._zones = zones
        self._expected = expected
        self._topic = f"{prefix}/override/set"
        self._requests: dict[str, SentRequest] = {}
        self._granted: dict[str, ExpectedOverride] = {}
        self._acknowledged_until: dict[str, float] = {}
        self._tries_left: dict[str, int] = {}
        self._stops: list[ExpectedOverride] = []
        self._stopped = self._stop_desired = self._stop_stored = False
        self.client = MultiBrokerClient(
            brokers, Client("operator", (f"{prefix}/controller/event",), None, tuple, self._take)
        )

    def override(self) -> None:
        """Request a look for all zones, or for one."""
        random = self._world.random
        number, end = len(self._requests), self._world.now + random.uniform(*LASTS_S)
        zones = self._zones if random.random() < 0.5 else (random.choice(self._zones),)
        word = random.choice(tuple(LOOKS))
        keys: dict[str, object] = {"look": dict.fromkeys(zones, word), "until": rfc3339(utc(end), timespec="seconds")}
        whole_end_s = utc(end).replace(microsecond=0).timestamp()
        self._ask(f"override-{number}", keys, dict.fromkeys(zones, LOOKS[word]), whole_end_s)

    def resume(self) -> None:
        """Request the schedule again."""
        self._ask(f"resume-{len(self._requests)}", {"action": "resume"}, {}, self._world.now)

    def stop(self) -> None:
        """Press the button of the safety stop, which always sends the same request."""
        self._stop_desired, self._stop_stored = True, False
        self._ask(BUTTON, {"action": "stop"}, {}, self._world.now)

    def lift(self) -> None:
        """Lift the stop: the danger is over."""
        self._stop_desired = self._stop_stored = False
        self._tries_left.pop(BUTTON, None)
        self._ask(f"lift-{len(self._requests)}", {"action": "lift"}, {}, self._world.now)

    def stops(self, is_stopped: bool) -> bool:
        """Record whether the controller has a stop from now on; returns whether that changed. It must be dark until the
        stop is lifted."""
        if is_stopped is self._stopped:
            return False
        self._stopped = is_stopped
        if is_stopped:
            self._stops.append(ExpectedOverride(dict.fromkeys(self._zones, NO_LIGHT), self._world.now, float("inf")))
        else:
            self._stops[-1] = replace(self._stops[-1], end=self._world.now)
        self._expect()
        return True

    def granted(self, name: str) -> None:
        """Record that an override is on disk: it is in force from now on."""
        request = self._requests[name]
        self._granted[name] = ExpectedOverride(request.looks, self._world.now, request.end)
        self._expect()

    def ended(self, name: str) -> None:
        """Record that an override has ended on disk: early by a resume, or at its end."""
        override = self._granted[name]
        self._granted[name] = replace(override, end=min(override.end, self._world.now))
        self._acknowledged_until.pop(name, None)
        self._expect()

    def check(self, overrides: OverrideManager | None) -> None:
        """Check that every acknowledged override is in force, where a controller runs."""
        if overrides is None:
            return
        in_force = {override.id for override in overrides.overrides if override.end > self._world.instant}
        if self._stop_stored and overrides.stop is None:
            self.lost.add(BUTTON)
        ends = self._acknowledged_until.items()
        self.lost |= {name for name, end in ends if end > self._world.now and name not in in_force}

    def _expect(self) -> None:
        self._expected.overrides = (*self._granted.values(), *self._stops)

    def _ask(self, name: str, keys: dict[str, object], looks: dict[str, Look], end: float) -> None:
        document = {"version": 1, "id": name, "owner": "rehearsal", "reason": "rehearsal", **keys}
        self._requests[name] = SentRequest(json.dumps(document).encode(), looks, end)
        self._tries_left[name] = PATIENCE
        self._send(name)
        if self._world.random.random() < TWICE:
            self._send(name)

    def _send(self, name: str) -> None:
        if self._tries_left.get(name, 0) > 0:
            self._tries_left[name] -= 1
            self.client.publish(Message(self._topic, self._requests[name].payload, qos=1))
            self._world.after(AGAIN_S, lambda: self._send(name))

    def _take(self, item: Item) -> None:
        if not isinstance(item, Received):
            return
        event = json.loads(item.payload)
        name, code = event.get("id"), event["code"]
        if code in {STOPPED, STOPPED_FOR_NOW} and not self._stop_desired:
            self.lift()  # a copy of the request came late
        if code not in ANSWERS or self._tries_left.pop(name, None) is None:
            return
        if code != REFUSED:
            self._acknowledged(name, code)
        elif name.startswith("lift"):
            self.lift()

    def _acknowledged(self, name: str, code: str) -> None:
        self.acknowledged += 1
        if code in {STOPPED, STOPPED_FOR_NOW}:
            self.lost |= set() if self._stopped else {name}
            self._stop_stored = code == STOPPED and self._stop_desired
        elif code in LIFTED:
            self.lost |= {name} if self._stopped and not self._stop_desired else set()
        elif code in RESUMED:
            asked_s, now = self._requests[name].end, self._world.now
            if any(override.start < asked_s and override.end > now for override in self._granted.values()):
                self.lost.add(name)
        elif name not in self._granted:
            self.lost.add(name)
        elif self._granted[name].end > self._world.now:
            self._acknowledged_until[name] = self._granted[name].end


class StatusAsker:
    """Somebody who asks all brokers once, on a computer whose clock is `ahead_s` ahead; `on_answer` is called with
    whether the controller lives. Uses the same `HealthWatch` as the command."""

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        prefix: str,
        ahead_s: float,
        on_answer: Callable[[bool], None],
    ) -> None:
        self._world = world
        self._ahead = timedelta(seconds=ahead_s)
        self._on_answer = on_answer
        self._watch = HealthWatch(prefix, world.now)
        self._count = len(brokers)
        self._client = MultiBrokerClient(brokers, Client("asker", self._watch.topics, None, tuple, self._take))
        self._client.start()
        self._look()

    def _take(self, item: Item) -> None:
        if isinstance(item, Received):
            self._watch.take(item, self._read())

    def _look(self) -> None:
        if not self._watch.is_over(self._read(), self._count):
            self._world.after(LOOK_S, self._look)
            return
        self._client.stop()
        self._on_answer(self._watch.lives(self._read()))

    def _read(self) -> ClockReading:
        return ClockReading(self._world.instant + self._ahead, self._world.now)
