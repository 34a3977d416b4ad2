"""A person with the page open: sets looks by hand, resumes, asks again with the same id until an answer comes.

Rules
1. What is granted holds from the instant at which it is on disk until its end, and so the oracle is told.
2. What was acknowledged (the person saw the answer) must stand until its end or a resume; what does not is lost.
3. The button of the safety stop always sends the same. It must be dark from when the controller has it until it is
   lifted, which whoever stopped it does; also once more where a copy of the press came late.
4. A request whose answer does not come is sent again every AGAIN_S with the same id, up to PATIENCE times; now and then
   an impatient finger sends it twice at once.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from controller.gateways.base import Message
from controller.lighting.color import Color
from controller.lighting.look import NO_LIGHT, Look
from controller.rfc3339 import rfc3339
from controller.service.overrides import OverrideManager
from controller.simulation.expected import ByHand, Expected
from controller.simulation.kernel import Kernel, utc
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker

AGAIN_S = 5.0
PATIENCE = 60
TWICE = 0.3
LASTS_S = (600.0, 10_800.0)
LOOKS = {"#FF0000": Look((Color("#FF0000"),)), "#0000FF": Look((Color("#0000FF"),)), "dark": NO_LIGHT}
"""What is asked for, and what that should look like."""
GRANTED, RESUMED, REFUSED = "TWL-O101", {"TWL-O102", "TWL-O109"}, "TWL-O110"
STOPPED, STOPPED_FOR_NOW, LIFTED = "TWL-O105", "TWL-O107", {"TWL-O106", "TWL-O108", "TWL-O136"}
ANSWERS = {GRANTED, REFUSED, STOPPED, STOPPED_FOR_NOW, *RESUMED, *LIFTED}
BUTTON = "button"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the person remembers it. `end` is POSIX seconds; of a resume, when it was asked for."""

    payload: bytes
    looks: dict[str, Look]
    end: float


class Operator:
    """One person; `lost` names the acknowledged requests that had no effect."""

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
        self.refused = 0
        self._world = world
        self._zones = zones
        self._expected = expected
        self._topic = f"{prefix}/override/set"
        self._asked: dict[str, Asked] = {}
        self._granted: dict[str, ByHand] = {}
        self._standing: dict[str, float] = {}
        self._waiting: dict[str, int] = {}
        self._stops: list[ByHand] = []
        self._stopped = self._stop_wanted = self._stop_kept = False
        self.door = MultiBrokerClient(
            brokers,
            Client("person", (f"{prefix}/controller/event",), None, tuple, _nothing, _nothing, self._receive),
        )

    def override(self) -> None:
        """Asks for a look on all zones, or on one."""
        random = self._world.random
        number, end = len(self._asked), self._world.now + random.uniform(*LASTS_S)
        zones = self._zones if random.random() < 0.5 else (random.choice(self._zones),)
        word = random.choice(tuple(LOOKS))
        keys: dict[str, object] = {"look": dict.fromkeys(zones, word), "until": rfc3339(utc(end), timespec="seconds")}
        self._ask(f"override-{number}", keys, dict.fromkeys(zones, LOOKS[word]), _whole(utc(end)))

    def resume(self) -> None:
        """Asks for the schedule again."""
        self._ask(f"resume-{len(self._asked)}", {"action": "resume"}, {}, self._world.now)

    def stop(self) -> None:
        """Presses the button."""
        self._stop_wanted, self._stop_kept = True, False
        self._ask(BUTTON, {"action": "stop"}, {}, self._world.now)

    def lift(self) -> None:
        """The danger is over."""
        self._stop_wanted = self._stop_kept = False
        self._waiting.pop(BUTTON, None)
        self._ask(f"lift-{len(self._asked)}", {"action": "lift"}, {}, self._world.now)

    def stops(self, is_stopped: bool) -> bool:
        """Whether a stop is in force from now on; True where that is new."""
        if is_stopped is self._stopped:
            return False
        self._stopped = is_stopped
        if is_stopped:
            self._stops.append(ByHand(dict.fromkeys(self._zones, NO_LIGHT), self._world.now, float("inf")))
        else:
            self._stops[-1] = replace(self._stops[-1], end=self._world.now)
        self._expect()
        return True

    def granted(self, name: str) -> None:
        """Rule 1; called when it is on disk."""
        asked = self._asked[name]
        self._granted[name] = ByHand(asked.looks, self._world.now, asked.end)
        self._expect()

    def ended(self, name: str) -> None:
        """Ended on disk: before its time by a resume, or after it."""
        hand = self._granted[name]
        self._granted[name] = replace(hand, end=min(hand.end, self._world.now))
        self._standing.pop(name, None)
        self._expect()

    def check(self, hand: OverrideManager | None) -> None:
        """Rule 2, where a controller runs."""
        if hand is None:
            return
        held = {override.id for override in hand.overrides if override.end > self._world.instant}
        if self._stop_kept and hand.stop is None:
            self.lost.add(BUTTON)
        self.lost |= {name for name, end in self._standing.items() if end > self._world.now and name not in held}

    def _expect(self) -> None:
        self._expected.by_hand = (*self._granted.values(), *self._stops)

    def _ask(self, name: str, keys: dict[str, object], looks: dict[str, Look], end: float) -> None:
        document = {"version": 1, "id": name, "owner": "rehearsal", "reason": "rehearsal", **keys}
        self._asked[name] = Asked(json.dumps(document).encode(), looks, end)
        self._waiting[name] = PATIENCE
        self._send(name)
        if self._world.random.random() < TWICE:
            self._send(name)

    def _send(self, name: str) -> None:
        """Rule 4."""
        if self._waiting.get(name, 0) > 0:
            self._waiting[name] -= 1
            self.door.publish(Message(self._topic, self._asked[name].payload, qos=1))
            self._world.after(AGAIN_S, lambda: self._send(name))

    def _receive(self, _topic: str, payload: bytes, _retained: bool) -> None:
        told = json.loads(payload)
        name, code = told.get("id"), told["code"]
        if code in {STOPPED, STOPPED_FOR_NOW} and not self._stop_wanted:
            self.lift()
        if code not in ANSWERS or self._waiting.pop(name, None) is None:
            return
        if code == REFUSED:
            self.refused += 1
            if name.startswith("lift"):
                self.lift()
            return
        self.acknowledged += 1
        if code in {STOPPED, STOPPED_FOR_NOW}:
            self.lost |= set() if self._stopped else {name}
            self._stop_kept = code == STOPPED and self._stop_wanted
        elif code in LIFTED:
            self.lost |= {name} if self._stopped and not self._stop_wanted else set()
        elif code in RESUMED:
            asked_s = self._asked[name].end
            stand = [hand for hand in self._granted.values() if hand.start < asked_s and hand.end > self._world.now]
            self.lost |= {name} if stand else set()
        elif name not in self._granted:
            self.lost.add(name)
        elif self._granted[name].end > self._world.now:
            self._standing[name] = self._granted[name].end


def _nothing() -> None:
    pass


def _whole(at: datetime) -> float:
    return at.replace(microsecond=0).timestamp()
