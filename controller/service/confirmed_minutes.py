"""What the history records about the light: each change with its look and its rule, and for each minute and zone
whether light was planned, for how long the plan was confirmed, and for how long light was measured."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from controller.clock import ClockReading
from controller.lighting.look import NO_LIGHT, Look
from controller.rfc3339 import rfc3339
from controller.schedule.hours import night_at
from controller.schedule.plan import Cue, Program
from controller.service.controller import Controller
from controller.service.desired import desired_looks
from controller.service.values import rules_value
from controller.state import LightChange, Minute


class ConfirmedMinutes:
    """Counts the time between two samples by the later one; returns the rows of a minute when it is over.

    Samples farther apart than LONGEST_S prove nothing about the time between them.
    """

    LONGEST_S = 5.0

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._last_s: float | None = None
        self._planned: dict[str, bool] = {}
        self._confirmed_s: dict[str, float] = {}
        self._measured_s: dict[str, float] = {}

    def sample(
        self,
        program: Program,
        confirmed: Iterable[str],
        reading: ClockReading,
        measured: Mapping[str, bool] = MappingProxyType({}),
    ) -> tuple[Minute, ...]:
        """Take a sample: the rules, the `confirmed` zones, and whether light was `measured`, by zone. Returns the rows
        of the minute that has just ended, if one has."""
        minute = reading.wall.replace(second=0, microsecond=0)
        rows = self._rows(program) if self._minute is not None and minute != self._minute else ()
        if minute != self._minute:
            desired = desired_looks(program.zones, program.look_at(reading.wall), reading.wall)
            self._minute, self._confirmed_s, self._measured_s = minute, {}, {}
            self._planned = {zone: state.on for zone, state in desired.items()}
        passed_s = reading.mono - self._last_s if self._last_s is not None else 0.0
        self._last_s = reading.mono
        if 0 < passed_s <= self.LONGEST_S:
            for zone in confirmed:
                self._confirmed_s[zone] = min(60.0, self._confirmed_s.get(zone, 0.0) + passed_s)
            for zone, is_lit in measured.items():
                self._measured_s[zone] = min(60.0, self._measured_s.get(zone, 0.0) + is_lit * passed_s)
        return rows

    def _rows(self, program: Program) -> tuple[Minute, ...]:
        if self._minute is None:
            return ()
        night = night_at(self._minute, program.place.time_zone).day
        return tuple(
            Minute(night, zone, self._minute, planned, round(self._confirmed_s.get(zone, 0.0), 1), self._measured(zone))
            for zone, planned in self._planned.items()
        )

    def _measured(self, zone: str) -> float | None:
        """Seconds; None where no meter reported."""
        return round(self._measured_s[zone], 1) if zone in self._measured_s else None


class LightChanges:
    """What each zone should show and by which rule, recorded whenever either changes."""

    def __init__(self) -> None:
        self._seen: tuple[Cue, Program] | None = None
        self._recorded: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {}

    def sample(self, controller: Controller, reading: ClockReading) -> tuple[LightChange, ...]:
        """The changes since the last sample; at first all zones."""
        cue, program = controller.cue, controller.program
        if cue is None or self._seen == (cue, program):
            return ()
        self._seen = cue, program
        rules = rules_value(program, cue, reading.wall)
        changes = []
        for zone in program.zones:
            meant = (look_document(cue.looks.get(zone, NO_LIGHT), cue.of(zone).since), rules[zone])
            if self._recorded.get(zone) != meant:
                self._recorded[zone] = meant
                changes.append(LightChange(reading.wall, zone, *meant))
        return tuple(changes)


def look_document(look: Look, since: datetime) -> dict[str, object]:
    """A look as a document; a sequence also with its start and the seconds that each colour lasts."""
    document: dict[str, object] = {
        "colors": [color.hex for color in look.colors],
        "names": [color.name for color in look.colors],
        "brightness": look.brightness,
    }
    if len(look.colors) > 1:
        document |= {"change_every_s": look.change_every_s, "since": rfc3339(since)}
    return document
