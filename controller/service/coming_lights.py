"""The next lights by the schedule, for the public."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from controller.schedule.campaign import EveryNight, Rule
from controller.schedule.lit import LitStretch, lit_stretches
from controller.schedule.plan import REACH, Program

A_DAY = timedelta(days=1)
APART = timedelta(days=8)
"""Nights of a rule that are farther apart count as two lights: each Friday of a month is one light."""
MOST_LIGHTS = 6


@dataclass(frozen=True, slots=True)
class ComingLight:
    """Nights in which a rule shows, from its first light to its last; `first` and `last` are its days as people count
    them. `goes_on`: it has no known end, and shows for as long as the plan reaches."""

    rule: Rule
    start: datetime
    end: datetime
    first: date
    last: date
    goes_on: bool = False


def coming_lights(program: Program, now: datetime, most: int = MOST_LIGHTS) -> tuple[ComingLight, ...]:
    """The next lights in the order of time, without those that show now, are skipped, or are hidden by an override.
    Everyday light is one light, however often something else replaces it."""
    zone, begins = program.place.time_zone, _followed_from(program, now)
    on = {id(rule) for rule in _showing(program, now)}
    runs: dict[int, list[ComingLight]] = {}
    for plan in program.nights(now, now + REACH * A_DAY):
        for lit in lit_stretches(program, plan):
            if lit.end <= begins or _is_skipped(program, lit):
                continue
            for rule in lit.rules:
                of_rule = runs.setdefault(id(rule), [])
                last = of_rule[-1] if of_rule else None
                if last is not None and (isinstance(rule, EveryNight) or lit.start - last.end < APART):
                    first = last.start, last.first
                    of_rule.pop()
                else:
                    # of a light hidden by an override only the remaining days count
                    start = max(lit.start, begins) if begins > now else lit.start
                    first = start, _day(rule, start.astimezone(zone), plan.night.day)
                end = (lit.end - timedelta(microseconds=1)).astimezone(zone)
                of_rule.append(ComingLight(rule, first[0], lit.end, first[1], _day(rule, end, plan.night.day)))
    found = [run for of_rule in runs.values() for run in of_rule if not (id(run.rule) in on and run.start <= now)]
    horizon = now + (REACH - 2) * A_DAY  # the last nights of the plan may end sooner
    found = [replace(run, goes_on=isinstance(run.rule, EveryNight) and run.end > horizon) for run in found]
    return tuple(sorted(found, key=lambda run: run.start)[:most])


def _followed_from(program: Program, now: datetime) -> datetime:
    """When the schedule shows again: the end of an override of all zones in force, else now."""
    ends = (
        each.end for each in program.overrides if each.start <= now < each.end and set(program.zones) <= set(each.looks)
    )
    return max(ends, default=now)


def _day(rule: Rule, local: datetime, night: date) -> date:
    """The calendar day of an instant, or the night, as the rule counts its days."""
    return local.date() if rule.dates is not None else night


def _showing(program: Program, now: datetime) -> list[Rule]:
    """The rules whose looks are shown now, perhaps beside overrides."""
    cue = program.with_overrides(program.by_schedule.overrides, program.stop).look_at(now)
    whys = [cue.of(zone).why for zone in program.zones]
    return [why.by for why in whys if isinstance(why.by, Rule) and why.verdict == "lit"]


def _is_skipped(program: Program, lit: LitStretch) -> bool:
    skips = {each.skips for each in program.overrides if each.skips and each.start <= lit.start and lit.end <= each.end}
    return any(rule.name in skips for rule in lit.rules)
