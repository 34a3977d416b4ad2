"""A rehearsal: one period, one set of faults, one seed; its figures as JSON, and their targets.

The same seed gives the same bytes. Seconds are rounded to a thousandth.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from controller.config.load import Setup
from controller.rfc3339 import rfc3339
from controller.schedule.hours import night_at
from controller.simulation.faults import FAULTS, OF_SEVERAL, plan
from controller.simulation.kernel import utc
from controller.simulation.meter import LightCount, Spell
from controller.simulation.reference import Expected
from controller.simulation.scenario import RecordedAlarm, Scenario

MOST = 10
"""Number of the longest spells, and of the first false alarms, in the figures."""
OURS_MEDIAN, OURS_WORST, VENDORS_MEDIAN = 0.9999, 0.999, 0.999
"""Least availability in a storm. Our gateways keep the plan; vendors' do not."""
UNDETECTED_S = 60.0
"""Most seconds in total that a gateway may be wrong and called confirmed, under any faults."""
AROUND = {
    *("controller", "broker", "gateway", "partition", "garbage", "flood"),
    *("reload", "disk", "flap", "replay", "epoch", "asker"),
}
"""Like a storm, these sets have the target OURS_WORST. The others make lamps or clocks themselves go wrong, or last
seconds only."""

Json = dict[str, Any]


class Rehearsal:
    """Everything but the seed; the reference is computed once for all seeds."""

    def __init__(self, setup: Setup, start: datetime, end: datetime, faults: str, controllers: int = 1) -> None:
        self.setup = setup
        self.start = start
        self.end = end
        self.faults = faults
        self.controllers = controllers
        self._expected = Expected(setup, start, end)

    def hold(self, seed: int) -> Scenario:
        """Run one world, from switching on to the end."""
        scenario = Scenario(self.setup, self._expected.without_overrides(), self.start, seed, self.controllers)
        plan(scenario, (OF_SEVERAL if self.controllers > 1 else FAULTS)[self.faults], self.end.timestamp())
        scenario.play(self.end)
        return scenario


def of_one(rehearsal: Rehearsal, scenario: Scenario) -> Json:
    """One seed with its nights, and the faults that began in each by name."""
    zone = rehearsal.setup.tower.site.place.time_zone
    begun = [(night_at(utc(at), zone).day, name) for at, name in scenario.faults.begun]
    nights = []
    for day, count in scenario.meter.nights.items():
        faults = Counter(name for night, name in sorted(begun) if night == day)
        nights.append({"night": day.isoformat(), **_count(count), "faults": dict(faults)})
    of_seed = figures(rehearsal, scenario)
    return {"version": 1, **_period(rehearsal), "nights": nights, **of_seed, "missed": list(missed([of_seed]))}


def of_several(rehearsal: Rehearsal, seeds: Sequence[Json]) -> Json:
    """Several seeds: the median and the worst of each figure, and all of them."""
    names = (
        *("wrong_colour_s", "undetected_s", "longest_undetected_s", "availability"),
        *("acknowledged_lost", "false_alarms", "regressions", "misjudged"),
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


def figures(rehearsal: Rehearsal, scenario: Scenario) -> Json:
    """One seed without its nights."""
    kinds = {gateway.name: gateway.kind for gateway in rehearsal.setup.tower.gateways}
    meter, false_alarms = scenario.meter, [alarm for alarm in scenario.alarms if alarm.is_false]
    longest = sorted(meter.spells, key=lambda spell: spell.start - spell.end)[:MOST]
    return {
        "seed": scenario.seed,
        "faults": rehearsal.faults,
        **_count(meter.total),
        "longest_undetected_s": round(meter.longest_undetected_s, 3),
        "acknowledged": scenario.operator.acknowledged,
        "acknowledged_lost": len(scenario.operator.lost),
        "alarms": len(scenario.alarms),
        "false_alarms": len(false_alarms),
        "false_alarms_told": [_alarm(alarm) for alarm in false_alarms[:MOST]],
        "regressions": sum(host.regressions for host in scenario.ours),
        "misjudged": scenario.misjudged,
        "recovery_s": _spread(scenario.recoveries_s),
        "gateways": [{"name": name, "kind": kinds[name], **_count(count)} for name, count in meter.gateways.items()],
        "spells": [_spell(spell) for spell in longest],
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


def _spread(values: Sequence[float]) -> Json:
    return {"median": round(median(values or [0.0]), 3), "worst": round(max(values, default=0.0), 3)}


def missed(seeds: Iterable[Json]) -> tuple[str, ...]:
    """The names of the figures that missed their target in any seed, or in the median; in a fixed order."""
    each_seed = tuple(seeds)
    names = [name for one in each_seed for name in _missed_alone(one)]
    for kind, target in ((True, OURS_MEDIAN), (False, VENDORS_MEDIAN)):
        shares = [_availability(one, ours=kind) for one in each_seed]
        known = [share for share in shares if share is not None]
        if known and each_seed[0]["faults"] == "storm" and median(known) < target:
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
