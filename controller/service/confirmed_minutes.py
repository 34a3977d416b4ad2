"""What the history holds of the light: each change with its look and its rule, and minute by minute and zone by zone
whether light was planned and for how long what was planned was confirmed."""

from collections.abc import Mapping
from datetime import datetime

from controller.clock import ClockReading
from controller.lighting.look import NO_LIGHT, Look
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Blackout, EveryNight, Override, Rule, SafetyStop
from controller.schedule.hours import night_at
from controller.schedule.plan import Cue, Program
from controller.service.controller import Controller
from controller.service.desired import desired_looks
from controller.state import LightChange, Minute


class ConfirmedMinutes:
    """Counts between two samples what held at the later one; a minute is told when it is over.

    Samples farther apart than LONGEST_S prove nothing of the time between them.
    """

    LONGEST_S = 5.0

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._last_s: float | None = None
        self._planned: dict[str, bool] = {}
        self._confirmed_s: dict[str, float] = {}

    def sample(self, engine: Controller, reading: ClockReading) -> tuple[Minute, ...]:
        """Takes one look; the rows of the minute that has just ended, if one has."""
        minute = reading.wall.replace(second=0, microsecond=0)
        rows = self._rows(engine) if self._minute is not None and minute != self._minute else ()
        if minute != self._minute:
            desired = desired_looks(engine.program.zones, engine.program.look_at(reading.wall), reading.wall)
            self._minute, self._confirmed_s = minute, {}
            self._planned = {zone: state.on for zone, state in desired.items()}
        passed_s = reading.mono - self._last_s if self._last_s is not None else 0.0
        self._last_s = reading.mono
        if 0 < passed_s <= self.LONGEST_S:
            for zone in self._confirmed(engine):
                self._confirmed_s[zone] = min(60.0, self._confirmed_s.get(zone, 0.0) + passed_s)
        return rows

    def _rows(self, engine: Controller) -> tuple[Minute, ...]:
        if self._minute is None:
            return ()
        night = night_at(self._minute, engine.program.place.time_zone).day
        return tuple(
            Minute(night, zone, self._minute, planned, round(self._confirmed_s.get(zone, 0.0), 1))
            for zone, planned in self._planned.items()
        )

    @staticmethod
    def _confirmed(engine: Controller) -> set[str]:
        """The zones of which every gateway that drives them confirms its part."""
        told = [(zone, standing) for track in engine.states.values() for zone, standing in track.status.items()]
        return {zone for zone, _ in told} - {zone for zone, standing in told if standing != "confirmed"}


class LightChanges:
    """What each zone is meant to show and on whose behalf, whenever either changes."""

    def __init__(self) -> None:
        self._seen: tuple[Cue, Program] | None = None
        self._recorded: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {}

    def sample(self, engine: Controller, reading: ClockReading) -> tuple[LightChange, ...]:
        """Takes one look; the changes since the last one, and at first all zones."""
        cue, program = engine.cue, engine.program
        if cue is None or self._seen == (cue, program):
            return ()
        self._seen = cue, program
        changes = []
        for zone in program.zones:
            look: Look = cue.looks.get(zone, NO_LIGHT)
            meant = (look_document(look, cue.since), rule_document(rule_of(program, cue, zone, reading.wall)))
            if self._recorded.get(zone) != meant:
                self._recorded[zone] = meant
                changes.append(LightChange(reading.wall, zone, *meant))
        return tuple(changes)


def look_document(look: Look, since: datetime) -> dict[str, object]:
    """A look; of a sequence with when it began and how long each colour holds."""
    document: dict[str, object] = {"colors": [color.hex for color in look.colors], "brightness": look.brightness}
    if len(look.colors) > 1:
        document |= {"change_every_s": look.change_every_s, "since": rfc3339(since)}
    return document


def rule_of(program: Program, cue: Cue, zone: str, now: datetime) -> Rule | Override | SafetyStop | None:
    """On whose behalf a zone shows what it shows: an override may cover some zones only."""
    if program.stop is not None and program.stop.start <= now:
        return program.stop
    overrides = [each for each in program.overrides if each.start <= now < each.end and zone in each.looks]
    if overrides:
        return overrides[-1]
    return cue.why.by if isinstance(cue.why.by, Rule) else next(iter(cue.why.losers), None)


def rule_document(rule: Rule | Override | SafetyStop | None) -> dict[str, object]:
    """`kind` with the name and line of a rule of the files, or the owner and reason of what was set by hand."""
    match rule:
        case None:
            return {"kind": None}
        case Override() | SafetyStop():
            kind = "override" if isinstance(rule, Override) else "stop"
            return {"kind": kind, "owner": rule.owner, "reason": rule.reason}
    kind = "blackout" if isinstance(rule, Blackout) else "every_night" if isinstance(rule, EveryNight) else "campaign"
    return {"kind": kind, "name": rule.name, "line": rule.line}
