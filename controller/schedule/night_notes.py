"""What a person should be told of one night: windows that are empty, clocks that are changed, a sun that stays away.

Every note has a code of the catalogue, TWL-S210 to TWL-S216; its times are the clock's at the place. Of a rule whose
days begin or end at midnight, only what falls in its half of the night is told.
"""

from collections.abc import Iterator
from datetime import datetime

from controller.schedule.campaign import Rule
from controller.schedule.hours import HORIZONS, NOTHING, Night, Place, Window, clock_change, day_of, instant
from controller.schedule.hours_grammar import NOON, Term
from controller.schedule.plan import Program
from controller.schedule.plan_notes import Note
from controller.schedule.precedence import NightPlan
from controller.schedule.sun import CIVIL_DEG, below, grazes


def night_notes(program: Program, plan: NightPlan) -> tuple[Note, ...]:
    """The notes of one night, in the order of the rules, each once."""
    night, place = plan.night, program.place
    found = [
        note
        for rule in program.rules
        if rule.frames(night)
        for window in rule.hours
        for note in _of_window(rule, window, night, place)
    ]
    return tuple(note for i, note in enumerate(found) if note not in found[:i])


def _of_window(rule: Rule, window: Window, night: Night, place: Place) -> Iterator[Note]:
    told: dict[str, object] = {"name": rule.name, "hours": window.text.strip()}
    start, end = window.ends(night, place)
    if start is None or end is None:
        yield Note("TWL-S212" if _needs_twilight(window) else "TWL-S211", rule, told)
    elif not window.resolve(night, place) and (_is_in(rule, start, night) or _is_in(rule, end, night)):
        times = {"start": _clock(start, place), "end": _clock(end, place)}
        yield Note("TWL-S210", rule, {**told, **times})
    for horizon_deg in {HORIZONS[term.what]: None for term in _terms(window) if not isinstance(term.what, int)}:
        yield from _of_sun(rule, told, horizon_deg, night, place)
    for term in _terms(window):
        if isinstance(term.what, int) and term.what != NOON:
            yield from _of_clock(rule, term.what, night, place)


def _is_in(rule: Rule, at: datetime, night: Night) -> bool:
    return any(first <= at <= last for first, last in rule.frames(night))


def _terms(window: Window) -> tuple[Term, Term]:
    return window.start, window.end


def _needs_twilight(window: Window) -> bool:
    return any(HORIZONS[term.what] == CIVIL_DEG for term in _terms(window) if not isinstance(term.what, int))


def _of_sun(rule: Rule, told: dict[str, object], horizon_deg: float, night: Night, place: Place) -> Iterator[Note]:
    seen = (place.latitude, place.longitude, night.start, night.end, horizon_deg)
    stretches = below(*seen)
    if stretches == ((night.start, night.end),):
        yield Note("TWL-S213", rule, told)
    elif stretches and grazes(*seen):
        yield Note("TWL-S214", rule, told)


def _of_clock(rule: Rule, minutes: int, night: Night, place: Place) -> Iterator[Note]:
    day = day_of(minutes, night)
    at, change = instant(day, minutes, place.time_zone), clock_change(day, minutes, place.time_zone)
    if not change or not _is_in(rule, at, night):
        return
    told: dict[str, object] = {"name": rule.name, "time": f"{minutes // 60:02}:{minutes % 60:02}"}
    if change > NOTHING:
        yield Note("TWL-S215", rule, {**told, "instead": _clock(at, place)})
    else:
        yield Note("TWL-S216", rule, told)


def _clock(at: datetime, place: Place) -> str:
    return f"{at.astimezone(place.time_zone):%H:%M}"
