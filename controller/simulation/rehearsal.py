"""A rehearsal: one period, one set of faults, one seed; the same every time it is held."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from controller.config.load import Setup
from controller.simulation.expected import Expected
from controller.simulation.faults import FAULTS, plan
from controller.simulation.meter import LightCount, Spell, local_night
from controller.simulation.scenario import RecordedAlarm, Scenario


@dataclass(frozen=True, slots=True)
class RehearsedNight:
    """One night of the tower: its seconds, and the faults that began in it by name."""

    day: date
    count: LightCount
    faults: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a rehearsal; times in seconds, spells from the longest on."""

    seed: int
    faults: str
    nights: tuple[RehearsedNight, ...]
    total: LightCount
    gateways: Mapping[str, LightCount]
    spells: tuple[Spell, ...]
    alarms: tuple[RecordedAlarm, ...]
    recoveries_s: tuple[float, ...]
    acknowledged: int
    acknowledged_lost: int
    regressions: int
    misjudged: int
    longest_undetected_s: float

    @property
    def false_alarms(self) -> int:
        """Warnings and errors told while nothing was the matter."""
        return sum(alarm.is_false for alarm in self.alarms)


@dataclass(frozen=True)
class Rehearsal:
    """Everything but the seed; the reference is worked out once for all seeds."""

    setup: Setup
    start: datetime
    end: datetime
    faults: str
    _expected: Expected = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_expected", Expected(self.setup, self.start, self.end))

    def hold(self, seed: int) -> Result:
        """One world from switching on to the end."""
        site = Scenario(self.setup, self._expected.without_hand(), self.start, seed)
        plan(site, FAULTS[self.faults], self.end.timestamp())
        site.run(self.end)
        return self._result(site, seed)

    def _result(self, site: Scenario, seed: int) -> Result:
        meter, begun = site.meter, site.troubles.begun
        place = self.setup.tower.site.place
        nights = []
        for day, count in meter.nights.items():
            names = [name for at, name in begun if local_night(at, place) == day]
            nights.append(RehearsedNight(day, count, {name: names.count(name) for name in sorted(set(names))}))
        return Result(
            seed=seed,
            faults=self.faults,
            nights=tuple(nights),
            total=meter.total,
            gateways=meter.gateways,
            spells=tuple(sorted(meter.spells, key=lambda spell: spell.start - spell.end)),
            alarms=tuple(site.alarms),
            recoveries_s=tuple(site.recoveries_s),
            acknowledged=site.person.acknowledged,
            acknowledged_lost=len(site.person.lost),
            regressions=sum(box.regressions for box in site.ours),
            misjudged=site.misjudged,
            longest_undetected_s=meter.longest_undetected_s,
        )
