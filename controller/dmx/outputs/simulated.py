"""Simulated lamps, which keep in memory the levels that they are sent and can be given faults; and the same lamps as an
output.

`SimulatedLamps` has no clock: every call takes the instant in seconds of the caller's clock, so that a rehearsal runs
through a week in a second.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from random import Random
from typing import NoReturn

from controller.dmx.output import KEEP_ALIVE_S, OnEvent, Output, OutputSource, OutputStatus, now
from controller.events import new_event
from controller.events.models import Reason
from controller.gateways.outputs import SimulatedOutput


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of simulated lamps.

    `drop` is the share of frames that is lost. `stick`: new frames are accepted and not shown. `dead`: nothing can be
    sent. `flap_s`: working and dead alternate, each for this many seconds. `wrong`: channels (1..512) that show another
    level.
    """

    drop: float = 0.0
    delay_s: float = 0.0
    stick: bool = False
    dead: bool = False
    flap_s: float = 0.0
    wrong: tuple[tuple[int, int], ...] = ()

    def dead_at(self, at: float) -> bool:
        """Whether nothing can be sent at this instant."""
        return self.dead or (self.flap_s > 0 and at // self.flap_s % 2 == 1)

    def spoil(self, levels: bytes) -> bytes:
        """The levels as the lamps receive them."""
        spoilt = bytearray(levels)
        for channel, level in self.wrong:
            if 1 <= channel <= len(spoilt):
                spoilt[channel - 1] = level
        return bytes(spoilt)


NONE = Faults()
FAULTS: Mapping[str, Faults] = {
    "drop": Faults(drop=0.9),
    "delay": Faults(delay_s=3.0),
    "stick": Faults(stick=True),
    "dead": Faults(dead=True),
    "flap": Faults(flap_s=4.0),
    "wrong": Faults(wrong=((1, 0), (2, 255))),
}
"""The faults that a demonstration can ask for, by name."""


class Misbehaving(SimulatedOutput):
    """Simulated lamps that work for `rest_s`, then have these `faults` for `spell_s`, and so on. No file can ask for
    that: only a demonstration does."""

    faults: str
    rest_s: float
    spell_s: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Levels that the lamps of a universe show from `at` on."""

    at: float
    universe: int
    levels: bytes


class SimulatedLamps:
    """The lamps; `random` decides which frames are dropped."""

    def __init__(self, random: Random) -> None:
        self.faults = NONE
        self._random = random
        self._newest: dict[int, bytes] = {}
        self._tried_at: dict[int, float] = {}
        self._under_way: list[Frame] = []
        self._shown: dict[int, bytes] = {}

    def send(self, universe: int, levels: bytes, at: float) -> bool:
        """Sends one frame, which takes effect after the delay; False if the output notices that it fails."""
        self._newest[universe] = levels
        self._tried_at[universe] = at
        dead = self.faults.dead_at(at)
        if not dead and not self.faults.stick and self._random.random() >= self.faults.drop:
            self._under_way.append(Frame(at + self.faults.delay_s, universe, self.faults.spoil(levels)))
        self._arrive(at)
        return not dead

    def shown(self, universe: int, at: float) -> bytes | None:
        """The levels that the lamps of a universe show at this instant, which they keep through every fault; None
        before their first frame. As with real outputs the newest frame is sent again after KEEP_ALIVE_S."""
        for known, tried_at in tuple(self._tried_at.items()):
            if at - tried_at >= KEEP_ALIVE_S:
                self.send(known, self._newest[known], at)
        self._arrive(at)
        return self._shown.get(universe)

    def sent(self, universe: int, at: float) -> bytes | None:
        """The levels that the output reports: None while it is dead."""
        return None if self.faults.dead_at(at) else self.shown(universe, at)

    def _arrive(self, at: float) -> None:
        arrived = [frame for frame in self._under_way if frame.at <= at]
        self._under_way = [frame for frame in self._under_way if frame.at > at]
        for frame in sorted(arrived, key=lambda frame: frame.at):
            self._shown[frame.universe] = frame.levels


class Simulated(Output):
    """Simulated lamps as an output; `lamps` may be read, and their `faults` changed, at any time."""

    def __init__(self, settings: SimulatedOutput, source: OutputSource, on_event: OnEvent) -> None:
        super().__init__(source)
        self._settings = settings
        self._on_event = on_event
        self.lamps = SimulatedLamps(Random())  # noqa: S311  dice, not secrets
        self._status = OutputStatus(source.gateway, "simulated", on_event)

    @property
    def problems(self) -> tuple[str, ...]:
        """The code of the fault, if an output would notice it."""
        return self._status.problems

    def sent(self, universe: int) -> bytes | None:
        """The levels that the lamps show; None while the output is dead."""
        return self.lamps.sent(universe, now())

    def _transmit(self, universe: int, levels: bytes) -> bool:
        taken = self.lamps.send(universe, levels, now())
        if taken:
            self._status.works(now())
        else:
            self._status.fails("TWL-X121", Reason("told_to_fail"), now())
        return taken

    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        settings = self._settings
        return {"misbehave": self._misbehave(settings)} if isinstance(settings, Misbehaving) else {}

    async def _misbehave(self, settings: Misbehaving) -> NoReturn:
        about = {"gateway": self._source.gateway, "faults": settings.faults}
        while True:
            await asyncio.sleep(settings.rest_s)
            self.lamps.faults = FAULTS[settings.faults]
            self._on_event(new_event("TWL-X122", **about))
            await asyncio.sleep(settings.spell_s)
            self.lamps.faults = NONE
            self._on_event(new_event("TWL-X123", **about))
