"""Compares what is shown with what should be, over every stretch of time, and counts the seconds.

A light is wrong if it is dark where it should be lit ("dark"), lit where it should be dark ("lit"), or visibly
different from what these lamps can show of the desired look ("hue", CIEDE2000 above VISIBLE). It is not wrong while it
may be changing. It is undetected while the controller nevertheless calls it confirmed. A gateway is wrong while any of
its zones is, the tower while any gateway is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from controller.lighting.light import Light
from controller.lighting.look import DARK, ZoneState
from controller.lighting.patch import VISIBLE
from controller.schedule.hours import Place, night_at
from controller.simulation.kernel import AgendaEntry, Kernel
from controller.simulation.reference import Expected

Wrong = Literal["hue", "dark", "lit"]
Showable = Callable[[str, ZoneState], ZoneState]
"""What the lamps of a zone can show of a desired state."""


class LampRecord(NamedTuple):
    """One zone of one gateway."""

    gateway: str
    zone: str


@dataclass(slots=True)
class LightCount:
    """Seconds in which there should be light, of these the confirmed ones, and seconds of wrong and undetected light.

    `stray_s` is the part of the wrong seconds in which there should be no light.
    """

    lit_s: float = 0.0
    confirmed_s: float = 0.0
    wrong_s: float = 0.0
    undetected_s: float = 0.0
    stray_s: float = 0.0
    by_kind_s: dict[Wrong, float] = field(default_factory=lambda: {"hue": 0.0, "dark": 0.0, "lit": 0.0})

    @property
    def availability(self) -> float:
        """The share of right light in the time in which there was or should have been light; 1 where there was none."""
        whole_s = self.lit_s + self.stray_s
        return 1.0 - self.wrong_s / whole_s if whole_s else 1.0

    def pass_time(self, seconds: float, status: "MeterStatus") -> None:
        """Count these seconds with a status."""
        self.lit_s += seconds * status.lit
        self.confirmed_s += seconds * (status.lit and status.confirmed)
        self.undetected_s += seconds * status.undetected
        if status.wrong is not None:
            self.wrong_s += seconds
            self.stray_s += seconds * (not status.lit)
            self.by_kind_s[status.wrong] += seconds


class MeterStatus(NamedTuple):
    """The state of a gateway or the tower; of several wrongs the first of hue, dark, lit."""

    lit: bool
    confirmed: bool
    undetected: bool
    wrong: Wrong | None


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which one light is wrong in one way (POSIX seconds), with the faults that were active at its begin."""

    lamp: LampRecord
    wrong: Wrong
    start: float
    end: float
    causes: tuple[str, ...]

    @property
    def length_s(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(slots=True)
class _Lamp:
    """The present state of one lamp."""

    showable: Showable
    shown: ZoneState = DARK
    desired: ZoneState = DARK
    confirmed: bool = False
    wrong: Wrong | None = None
    began: float = 0.0
    causes: tuple[str, ...] = ()
    undetected_since: float | None = None


class Meter:
    """Counts by gateway, and for the tower by night and in total. `is_changing` is whether light may be changing;
    `causes` returns the active faults."""

    def __init__(
        self,
        world: Kernel,
        place: Place,
        expected: Expected,
        lamps: Mapping[LampRecord, Showable],
        causes: Callable[[], tuple[str, ...]],
    ) -> None:
        self.nights: dict[date, LightCount] = {}
        self.total = LightCount()
        self.gateways = {lamp.gateway: LightCount() for lamp in lamps}
        self.spells: list[Spell] = []
        self._world = world
        self._zone = place.time_zone
        self.expected = expected
        self._lamps = {lamp: _Lamp(showable) for lamp, showable in lamps.items()}
        self._causes = causes
        self.is_changing = True
        self._statuses: dict[str, MeterStatus] = {}
        self._tower = MeterStatus(lit=False, confirmed=False, undetected=False, wrong=None)
        self._counted: float | None = None
        self._next: AgendaEntry | None = None
        self._night = LightCount()
        self._longest_undetected_s = 0.0

    @property
    def longest_undetected_s(self) -> float:
        """The longest time without a break in which one light was wrong and called confirmed, in seconds."""
        now = self._world.now
        lasting = (now - light.undetected_since for light in self._lamps.values() if light.undetected_since is not None)
        return max(self._longest_undetected_s, *lasting, 0.0)

    @property
    def is_well(self) -> bool:
        """Whether every light is right and confirmed, and none may be changing."""
        return not self.is_changing and all(light.wrong is None and light.confirmed for light in self._lamps.values())

    def begin(self) -> None:
        """Start counting."""
        self._counted = self._world.now
        self._next_night()
        self.expect()

    def shows(self, gateway: str, zones: Mapping[str, ZoneState]) -> None:
        """Set what the lamps of a gateway show from now on."""
        changed = [(self._lamps[LampRecord(gateway, zone)], state) for zone, state in zones.items()]
        if any(light.shown != state for light, state in changed):
            self.count()
            for light, state in changed:
                light.shown = state
            self._judge()

    def confirms(self, confirmed: Mapping[LampRecord, bool]) -> None:
        """Set what the controller calls confirmed from now on."""
        if any(self._lamps[lamp].confirmed != is_so for lamp, is_so in confirmed.items()):
            self.count()
            for lamp, is_so in confirmed.items():
                self._lamps[lamp].confirmed = is_so
            self._judge()

    def expect(self) -> None:
        """Look up what should be shown from now on; repeated when it next may change."""
        self.count()
        if self._counted is None:
            return
        now = self._world.now
        desired, self.is_changing = self.expected.desired(now), self.expected.is_changing(now)
        for lamp, light in self._lamps.items():
            light.desired = desired[lamp.zone]
        self._judge()
        if self._next is not None:
            self._next.cancel()
        self._next = self._world.at(self.expected.next_mark(now), self.expect)

    def count(self) -> None:
        """Count all seconds up to now."""
        if self._counted is None:
            return
        seconds, self._counted = self._world.now - self._counted, self._world.now
        if seconds > 0:
            for count in (self._night, self.total):
                count.pass_time(seconds, self._tower)
            for name, status in self._statuses.items():
                self.gateways[name].pass_time(seconds, status)

    def end(self) -> None:
        """Stop counting; spells that still last end here."""
        self.count()
        self._counted = None
        for lamp, light in self._lamps.items():
            self._spell(lamp, light, None)

    def _next_night(self) -> None:
        self.count()
        night = night_at(self._world.instant, self._zone)
        self._night = self.nights.setdefault(night.day, LightCount())
        self._world.at(night.end.timestamp(), self._next_night)

    def _judge(self) -> None:
        for lamp, light in self._lamps.items():
            wrong = None if self.is_changing else _wrong(light.showable(lamp.zone, light.desired), light.shown)
            if wrong != light.wrong:
                self._spell(lamp, light, wrong)
            self._watch(light)
        for name in self.gateways:
            self._statuses[name] = _status_of([light for lamp, light in self._lamps.items() if lamp.gateway == name])
        self._tower = _status_of(list(self._lamps.values()))

    def _watch(self, light: _Lamp) -> None:
        """Update how long a light has been wrong and called confirmed."""
        if light.wrong is None or not light.confirmed:
            if light.undetected_since is not None:
                self._longest_undetected_s = max(self._longest_undetected_s, self._world.now - light.undetected_since)
            light.undetected_since = None
        elif light.undetected_since is None:
            light.undetected_since = self._world.now

    def _spell(self, lamp: LampRecord, light: _Lamp, wrong: Wrong | None) -> None:
        """End the present spell of a light, and perhaps begin another."""
        now = self._world.now
        if light.wrong is not None and self.nights and now > light.began:
            self.spells.append(Spell(lamp, light.wrong, light.began, now, light.causes))
        light.wrong, light.began, light.causes = wrong, now, self._causes()


def _status_of(light: list[_Lamp]) -> MeterStatus:
    wrongs = {one.wrong for one in light}
    kinds: tuple[Wrong, ...] = ("hue", "dark", "lit")
    return MeterStatus(
        lit=any(one.desired.on for one in light),
        confirmed=all(one.confirmed for one in light),
        undetected=any(one.wrong is not None and one.confirmed for one in light),
        wrong=next((kind for kind in kinds if kind in wrongs), None),
    )


@lru_cache(maxsize=4096)
def _wrong(desired: ZoneState, shown: ZoneState) -> Wrong | None:
    """How a light is wrong, if it is."""
    if desired.on != shown.on:
        return "dark" if desired.on else "lit"
    return "hue" if Light.of(desired).difference(Light.of(shown)) > VISIBLE else None
