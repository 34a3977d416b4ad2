"""When the light of a night is on, by the rules: what zones show then, and by which rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from controller.schedule.campaign import Rule
from controller.schedule.plan import Looks, Program
from controller.schedule.precedence import NightPlan


@dataclass(frozen=True, slots=True)
class LitStretch:
    """A stretch of time, UTC, with the look of each lit zone, and the rules behind them, the deciding one first; empty
    if the rules do not matter."""

    start: datetime
    end: datetime
    looks: Looks
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class NightLight:
    """The light of one night, named after its evening: from the first to the last, and the rules shown, in order of
    time."""

    night: date
    start: datetime
    end: datetime
    rules: tuple[Rule, ...]


def lit_stretches(program: Program, plan: NightPlan, *, by_rule: bool = True) -> tuple[LitStretch, ...]:
    """The light of one of the program's nights; neighbours with the same looks are joined, with `by_rule` only if the
    same rules show them. A campaign may be dark on purpose, and a limit may take all light away."""
    found: list[LitStretch] = []
    for piece in plan.pieces:
        looks = {zone: look for zone, look in program.looks_of(piece).items() if not look.is_dark}
        rules = piece.showing if by_rule else ()
        last = found[-1] if found else None
        if looks and last is not None and (last.end, last.looks, last.rules) == (piece.start, looks, rules):
            found[-1] = LitStretch(last.start, piece.end, looks, rules)
        elif looks:
            found.append(LitStretch(piece.start, piece.end, looks, rules))
    return tuple(found)


def lit_nights(program: Program, start: datetime, end: datetime, rule: str | None = None) -> Iterator[NightLight]:
    """The nights of a period with light; of one rule, by its name, if given."""
    for plan in program.nights(start, end):
        lit = lit_stretches(program, plan)
        if rule is not None:
            lit = tuple(each for each in lit if any(one.name == rule for one in each.rules))
        if lit:
            rules = tuple({id(one): one for each in lit for one in each.rules}.values())
            yield NightLight(plan.night.day, lit[0].start, lit[-1].end, rules)
