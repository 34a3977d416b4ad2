"""A rehearsal as JSON: the same seed gives the same bytes. Seconds are rounded to a thousandth."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from controller.rfc3339 import rfc3339
from controller.simulation.kernel import utc
from controller.simulation.meter import LightCount, Spell
from controller.simulation.rehearsal import Rehearsal, Result
from controller.simulation.scenario import RecordedAlarm
from controller.simulation.targets import missed

MOST = 10
"""So many of the longest spells are told, and of the first false alarms."""

Json = dict[str, Any]


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
