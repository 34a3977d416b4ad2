"""Proof of glow: minute by minute and zone by zone, whether light was planned and for how long it was confirmed."""

from datetime import datetime

from controller.clock import ClockReading
from controller.schedule.hours import night_at
from controller.service.controller import Controller
from controller.service.desired import desired_looks
from controller.state import Minute


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
        told = [(zone, standing) for track in engine.tracks.values() for zone, standing in track.standing.items()]
        return {zone for zone, _ in told} - {zone for zone, standing in told if standing != "confirmed"}
