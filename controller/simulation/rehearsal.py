"""A rehearsal: one period, one set of faults, one seed; its figures as JSON, and the targets that they must reach.

The same seed gives the same bytes. Seconds are rounded to a thousandth.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from controller.config.load import Setup
from controller.rfc3339 import rfc3339
from controller.simulation.faults import FAULTS, plan
from controller.simulation.kernel import utc
from controller.simulation.meter import LightCount, Spell, local_night
from controller.simulation.reference import Expected
from controller.simulation.scenario import RecordedAlarm, Scenario

MOST = 10
"""So many of the longest spells are given, and of the first false alarms."""
OURS_MEDIAN, OURS_WORST, VENDORS_MEDIAN = 0.9999, 0.999, 0.999
"""Availability in a storm. Our gateway keeps the plan; a vendor's keeps none."""
UNDETECTED_S = 60.0
"""So long in all a gateway may be wrong and called confirmed, under any faults."""
AROUND = {
    "controller",
    "broker",
    "gateway",
    "partition",
    "garbage",
    "flood",
    "reload",
    "disk",
    "flap",
    "replay",
    "epoch",
    "asker",
}
"""The other sets make lamps or clocks go wrong themselves, or are a matter of seconds by hand."""

Json = dict[str, Any]


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


class Rehearsal:
    """Everything but the seed; the reference is worked out once for all seeds."""

    def __init__(self, setup: Setup, start: datetime, end: datetime, faults: str) -> None:
        self.setup = setup
        self.start = start
        self.end = end
        self.faults = faults
        self._expected = Expected(setup, start, end)

    def hold(self, seed: int) -> Result:
        """One world from switching on to the end."""
        scenario = Scenario(self.setup, self._expected.without_overrides(), self.start, seed)
        plan(scenario, FAULTS[self.faults], self.end.timestamp())
        scenario.play(self.end)
        return self._result(scenario, seed)

    def _result(self, scenario: Scenario, seed: int) -> Result:
        meter, begun = scenario.meter, scenario.faults.begun
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
            alarms=tuple(scenario.alarms),
            recoveries_s=tuple(scenario.recoveries_s),
            acknowledged=scenario.operator.acknowledged,
            acknowledged_lost=len(scenario.operator.lost),
            regressions=sum(host.regressions for host in scenario.ours),
            misjudged=scenario.misjudged,
            longest_undetected_s=meter.longest_undetected_s,
        )


def of_one(rehearsal: Rehearsal, result: Result) -> Json:
    """One seed with its nights."""
    nights = [
        {"night": night.day.isoformat(), **_count(night.count), "faults": dict(night.faults)} for night in result.nights
    ]
    told = figures(rehearsal, result)
    return {"version": 1, **_period(rehearsal), "nights": nights, **told, "missed": list(missed([told]))}


def of_several(rehearsal: Rehearsal, seeds: Sequence[Json]) -> Json:
    """Several seeds: the median and the worst of each figure, and all of them."""
    names = (
        "wrong_colour_s",
        "undetected_s",
        "longest_undetected_s",
        "availability",
        "acknowledged_lost",
        "false_alarms",
        "regressions",
        "misjudged",
    )
    worst = {name: (min if name == "availability" else max)(one[name] for one in seeds) for name in names}
    return {
        "version": 1,
        **_period(rehearsal),
        "faults": rehearsal.faults,
        "count": len(seeds),
        "median": {name: median(one[name] for one in seeds) for name in names},
        "worst": worst,
        "gateways": [
            _of_gateway(name, [each for one in seeds for each in one["gateways"] if each["name"] == name])
            for name in (gateway["name"] for gateway in seeds[0]["gateways"])
        ],
        "recovery_s": {
            "median": median(one["recovery_s"]["median"] for one in seeds),
            "worst": max(one["recovery_s"]["worst"] for one in seeds),
        },
        "missed": list(missed(seeds)),
        "seeds": list(seeds),
    }


def figures(rehearsal: Rehearsal, result: Result) -> Json:
    """One seed without its nights."""
    kinds = {gateway.name: gateway.kind for gateway in rehearsal.setup.tower.gateways}
    return {
        "seed": result.seed,
        "faults": result.faults,
        **_count(result.total),
        "longest_undetected_s": round(result.longest_undetected_s, 3),
        "acknowledged": result.acknowledged,
        "acknowledged_lost": result.acknowledged_lost,
        "alarms": len(result.alarms),
        "false_alarms": result.false_alarms,
        "false_alarms_told": [_alarm(alarm) for alarm in result.alarms if alarm.is_false][:MOST],
        "regressions": result.regressions,
        "misjudged": result.misjudged,
        "recovery_s": _spread(result.recoveries_s),
        "gateways": [{"name": name, "kind": kinds[name], **_count(count)} for name, count in result.gateways.items()],
        "spells": [_spell(spell) for spell in result.spells[:MOST]],
    }


def _period(rehearsal: Rehearsal) -> Json:
    return {
        "site": rehearsal.setup.tower.site.name,
        "from": rfc3339(rehearsal.start),
        "until": rfc3339(rehearsal.end),
    }


def _count(count: LightCount) -> Json:
    return {
        "lit_s": round(count.lit_s, 3),
        "confirmed_s": round(count.confirmed_s, 3),
        "wrong_colour_s": round(count.wrong_s, 3),
        "wrong_by_kind_s": {kind: round(seconds, 3) for kind, seconds in count.by_kind_s.items()},
        "undetected_s": round(count.undetected_s, 3),
        "availability": round(count.availability, 9),
    }


def _spell(spell: Spell) -> Json:
    return {
        "at": rfc3339(utc(spell.start), timespec="milliseconds"),
        "gateway": spell.lamp.gateway,
        "zone": spell.lamp.zone,
        "wrong": spell.wrong,
        "length_s": round(spell.length_s, 3),
        "causes": list(spell.causes),
    }


def _alarm(alarm: RecordedAlarm) -> Json:
    at = rfc3339(utc(alarm.at), timespec="milliseconds")
    return {"at": at, "code": alarm.event.code, "text": alarm.event.text("en")}


def _of_gateway(name: str, seeds: Sequence[Json]) -> Json:
    shares = [one["availability"] for one in seeds]
    return {"name": name, "kind": seeds[0]["kind"], "median": median(shares), "worst": min(shares)}


def _spread(values: Iterable[float]) -> Json:
    told = tuple(values)
    return {"median": round(median(told), 3), "worst": round(max(told), 3)} if told else {"median": 0.0, "worst": 0.0}


def missed(seeds: Iterable[Json]) -> tuple[str, ...]:
    """The names of the figures that missed their target in any seed, or in the median; in a fixed order."""
    told = tuple(seeds)
    names = [name for one in told for name in _missed_alone(one)]
    for kind, target in ((True, OURS_MEDIAN), (False, VENDORS_MEDIAN)):
        shares = [_availability(one, ours=kind) for one in told]
        known = [share for share in shares if share is not None]
        if known and told[0]["faults"] == "storm" and median(known) < target:
            names.append("availability")
    return tuple(dict.fromkeys(names))


def _missed_alone(one: Json) -> list[str]:
    sound = ("wrong_colour_s", "alarms") if one["faults"] == "none" else ()
    zeros = ("acknowledged_lost", "regressions", "misjudged", *sound)
    names = [name for name in zeros if one[name] > 0]
    if any(gateway["undetected_s"] > UNDETECTED_S for gateway in one["gateways"]):
        names.append("undetected_s")
    share = _availability(one, ours=True)
    if one["faults"] in {"storm", *AROUND} and share is not None and share < OURS_WORST:
        names.append("availability")
    return names


def _availability(one: Json, *, ours: bool) -> float | None:
    """The worst of our gateways, or of the vendors'; None where there are none."""
    shares = (gateway["availability"] for gateway in one["gateways"] if (gateway["kind"] == "dmx") is ours)
    return min(shares, default=None)
