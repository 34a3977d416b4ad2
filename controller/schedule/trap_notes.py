"""Effects of a schedule that were most likely not meant: light cut off at midnight, by day or for minutes, a campaign
of every year limited to one year (`trap_notes`); empty windows, clock changes and an absent sun in one night
(`night_notes`). Each note gives the visible effect, and its action the cure.

A note that is usually wrong is worse than none: things that are written on purpose get none."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from controller.schedule.campaign import Lit, Rule, apart
from controller.schedule.holidays import HOLIDAYS, NAMES
from controller.schedule.hours import HORIZONS, NOTHING, Night, Place, Window, clock_change, day_of, instant
from controller.schedule.hours_grammar import NOON
from controller.schedule.occurrence import AHEAD
from controller.schedule.plan import Program
from controller.schedule.plan_notes import Note, clock_time
from controller.schedule.precedence import Claim, NightPlan, Piece
from controller.schedule.recurrence import EARLIEST, LATEST, Period, Several, Weekdays, days_of
from controller.schedule.sun import CIVIL_DEG

Stretches = Mapping[Night, Sequence[Claim | Piece]]
SHORTEST = timedelta(minutes=20)
YEARS_AHEAD = 12
"""Years within which an exception must be a day of the rule: 23 November is a Friday at least once in that time."""
DAYLIGHT = timedelta(minutes=30)
"""Light before sunset or after sunrise from which a note is given: nobody sees it. Less is twilight, or a round
hour."""
YEARLY = re.compile(
    r"vecka|week|dag(?:en|ar|arna)?\b|day\b|\bjul|lucia|nyår|valborg|halloween|christmas|new year", re.IGNORECASE
)
"""Names of things that recur every year, mostly on the same date or in the same week."""
FEAST = re.compile(
    r"påsk|midsommar|advent|pingst|helgon|långfredag|himmels|mors dag|fars dag|fettis"
    r"|easter|midsummer|whit|pentecost|saints|good friday|ascension|mother|father|shrove",
    re.IGNORECASE,
)
"""Names of things with another date every year."""
ONCE = re.compile(r"invig|jubile|premiär|inaugurat|opening|anniversary|[0-9]{4}|[0-9]+ ?(?:år|years)", re.IGNORECASE)
"""Names of things that do not recur, whatever else they contain."""


def trap_notes(program: Program, now: datetime) -> Iterator[Note]:
    """The notes for the REACH nights from an instant on, rule by rule."""
    own: dict[int, dict[Night, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    seen: dict[int, dict[Night, list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for night in program.nights(now, now + AHEAD):
        for claim in night.claims:
            if claim.lit:
                own[id(claim.rule)][night.night].append(claim)
        for piece in night.pieces:
            for rule in piece.showing if not piece.is_dimmed_out else ():
                seen[id(rule)][night.night].append(piece)
    today = now.astimezone(program.place.time_zone).date()
    for rule in program.rules:
        if isinstance(rule, Lit):
            yield from _one_year_only(rule, today)
            yield from _cut_at_midnight(rule, own[id(rule)], seen[id(rule)], program.place, "TWL-S218")
            yield from _by_day(rule, seen[id(rule)], program.place)
            yield from _for_minutes(rule, own[id(rule)], program.place)
    for rule in (*program.rules, *program.limits):
        yield from _exceptions_without_effect(rule, today)
        yield from _weekdays_of_the_whole_year(rule)
    for rule in (*program.blackouts, *program.limits):
        held = {
            each.night: [Claim(start, end, rule, False) for start, end in rule.windows(each.night, program.place)]
            for each in program.nights(now, now + AHEAD)
        }
        held = {night: claims for night, claims in held.items() if claims}
        yield from _cut_at_midnight(rule, held, held, program.place, "TWL-S248")


def _exceptions_without_effect(rule: Rule, today: date) -> Iterator[Note]:
    """Days under `except:` none of which is a day of the rule, in the years that it names or the coming ones."""
    named = {days.year for days in (*rule.listed, *rule.except_) if days.year is not None}
    first, last = min({today.year, *named}), max({today.year + YEARS_AHEAD, *named})
    for left_out in rule.except_ if rule.listed else ():
        spans = left_out.spans(date(first, 1, 1), date(last, 12, 31))
        if not any(days.contains(day) for span in spans for day in days_of(*span) for days in rule.listed):
            yield Note("TWL-S271", rule, {"name": rule.name, "days": left_out.text.strip()})


def _weekdays_of_the_whole_year(rule: Rule) -> Iterator[Note]:
    """`20–26 November, Fridays`, which is the week plus each Friday of the year."""
    for days in rule.listed:
        match days.rule:
            case Several(rules=(Period(), Weekdays(within=None))) if "," in days.text:
                period, _, weekdays = (part.strip() for part in days.text.rpartition(","))
                fields = {"days": days.text.strip(), "weekdays": weekdays, "meant": f"{weekdays} {period}"}
                yield Note("TWL-S272", rule, {"name": rule.name, **fields})


def _one_year_only(rule: Lit, today: date) -> Iterator[Note]:
    """Days with years only, of a campaign that recurs by its name or that its organiser confirms year by year; and for
    a day that is over, or has its name, the feast that it is."""
    years = sorted({days.year for days in rule.listed if days.year is not None})
    if not years or any(days.year is None for days in rule.listed):
        return
    spans = [span for days in rule.listed for span in days.spans(date(EARLIEST, 1, 1), date(LATEST, 12, 31))]
    is_over = all(last < today for _, last in spans)
    if is_over or FEAST.search(rule.name):
        feasts = [(day.year, name) for day, last in spans if day == last and (name := _moving_feast(day))]
        if feasts:
            year, feast = max(feasts)
            yield Note("TWL-S243", rule, {"name": rule.name, "year": year, "feast": NAMES[feast]})
        return
    if rule.confirmed_for or (YEARLY.search(rule.name) and not ONCE.search(rule.name)):
        yield Note("TWL-S242", rule, {"name": rule.name, "years": ", ".join(map(str, years))})


def _moving_feast(day: date) -> str | None:
    """The holiday on this day that has another date in other years."""
    for name, holiday in HOLIDAYS.items():
        dates = {(holiday(year).month, holiday(year).day) for year in range(day.year, day.year + 4)}
        if len(dates) > 1 and holiday(day.year) == day:
            return name
    return None


def _cut_at_midnight(rule: Rule, own: Stretches, seen: Stretches, place: Place, code: str) -> Iterator[Note]:
    """A window that continues into the morning by the clock, of which `dates` leave only the hours of the day itself;
    the note shows when it is `seen` that day, or if others hide it all day, when it applies."""
    if rule.dates is None:
        return
    for window in rule.hours:
        if not _goes_on_after_midnight(window):
            continue
        for night in own:
            inside = [(start, end) for start, end in window.resolve(night, place) if start < night.midnight < end]
            if inside and len(rule.frames(night)) == 1 and rule.has(night.day) and not rule.has(night.morning):
                lit = _lit_on(night.day, seen, place) or _lit_on(night.day, own, place)
                fields = {"name": rule.name, "hours": window.text.strip(), "day": night.day.isoformat(), "lit": lit}
                yield Note(code, rule, fields)
                return


def _goes_on_after_midnight(window: Window) -> bool:
    """Whether its end is written as a clock time in the morning; `sunset to sunrise` is the usual way to write that it
    is lit whenever it is dark on those dates."""
    start, end = window.start.what, window.end.what
    return isinstance(end, int) and 0 < end < NOON and (not isinstance(start, int) or start >= NOON)


def _lit_on(day: date, own: Stretches, place: Place) -> str:
    """When a rule applies on a calendar day, by the clock: `00:00–01:00, 17:00–24:00`."""
    zone = place.time_zone
    spans = sorted((each.start, each.end) for stretches in own.values() for each in stretches)
    lit = []
    for start, end in apart(spans):
        first, last = start.astimezone(zone), (end - timedelta(microseconds=1)).astimezone(zone)
        if first.date() <= day <= last.date():
            begin = f"{first:%H:%M}" if first.date() == day else "00:00"
            until = f"{end.astimezone(zone):%H:%M}" if end.astimezone(zone).date() == day else "24:00"
            lit.append(f"{begin}–{until}")
    return ", ".join(lit)


def _by_day(rule: Rule, seen: dict[Night, list[Piece]], place: Place) -> Iterator[Note]:
    """Windows by the clock that are open while the sun is up: on how many nights, and when on the worst of them."""
    if all(not isinstance(term.what, int) for window in rule.hours for term in (window.start, window.end)):
        return
    lost = {night: _daylight(pieces, night, place) for night, pieces in seen.items()}
    nights = [night for night, length in lost.items() if length >= DAYLIGHT]
    if nights:
        worst = max(nights, key=lambda night: lost[night])
        fields = {"name": rule.name, "count": len(nights), "nights": len(seen), "night": worst.day.isoformat()}
        yield Note("TWL-S219", rule, {**fields, "minutes": _minutes(lost[worst])})


def _daylight(pieces: list[Piece], night: Night, place: Place) -> timedelta:
    """How long it is lit in a night while the sun is up."""
    dark = place.dark(night)
    lit = sum((piece.end - piece.start for piece in pieces), timedelta())
    overlaps = (min(piece.end, end) - max(piece.start, start) for piece in pieces for start, end in dark)
    return lit - sum((each for each in overlaps if each > timedelta()), timedelta())


def _for_minutes(rule: Rule, own: dict[Night, list[Claim]], place: Place) -> Iterator[Note]:
    """Nights on which it is lit for less than SHORTEST in all, except for what is cut off at midnight."""
    lengths = {night: sum((c.end - c.start for c in claims), timedelta()) for night, claims in own.items()}
    is_cut = {night: any(night.midnight in (c.start, c.end) for c in claims) for night, claims in own.items()}
    short = [night for night, length in lengths.items() if length < SHORTEST and not is_cut[night]]
    if short:
        least = min(short, key=lambda night: lengths[night])
        zone = place.time_zone
        spans = ", ".join(f"{c.start.astimezone(zone):%H:%M:%S}–{c.end.astimezone(zone):%H:%M:%S}" for c in own[least])
        fields = {"name": rule.name, "count": len(short), "nights": len(own), "night": least.day.isoformat()}
        yield Note("TWL-S220", rule, {**fields, "lit": spans})


def _minutes(length: timedelta) -> int:
    return round(length / timedelta(minutes=1))


# One night


def night_notes(program: Program, plan: NightPlan) -> tuple[Note, ...]:
    """The notes of one night, in the order of the rules and limits, each once.

    Of a rule whose days begin or end at midnight, only what falls in its half of the night counts.
    """
    found = [
        note
        for rule in (*program.rules, *program.limits)
        if rule.frames(plan.night)
        for window in rule.hours
        for note in _of_window(rule, window, plan.night, program.place)
    ]
    return tuple(note for i, note in enumerate(found) if note not in found[:i])


def _of_window(rule: Rule, window: Window, night: Night, place: Place) -> Iterator[Note]:
    fields: dict[str, object] = {"name": rule.name, "hours": window.text.strip()}
    terms = (window.start.what, window.end.what)
    by_horizon = {HORIZONS[what]: what for what in terms if not isinstance(what, int)}
    start, end = window.ends(night, place)
    if start is None or end is None:
        yield Note("TWL-S212" if CIVIL_DEG in by_horizon else "TWL-S211", rule, fields)
    elif not window.resolve(night, place) and (_is_in(rule, start, night) or _is_in(rule, end, night)):
        yield Note("TWL-S210", rule, {**fields, "start": clock_time(start, place), "end": clock_time(end, place)})
    for event in by_horizon.values():
        stretches = place.dark(night, event)
        if stretches == ((night.start, night.end),):
            yield Note("TWL-S213", rule, fields)
        elif stretches and place.sun_grazes(night, event):
            yield Note("TWL-S214", rule, fields)
    for what in terms:
        if isinstance(what, int) and what != NOON:
            yield from _of_clock_change(rule, what, night, place)


def _of_clock_change(rule: Rule, minutes: int, night: Night, place: Place) -> Iterator[Note]:
    day = day_of(minutes, night)
    at, change = instant(day, minutes, place.time_zone), clock_change(day, minutes, place.time_zone)
    if not change or not _is_in(rule, at, night):
        return
    fields: dict[str, object] = {"name": rule.name, "time": f"{minutes // 60:02}:{minutes % 60:02}"}
    if change > NOTHING:
        yield Note("TWL-S215", rule, {**fields, "instead": clock_time(at, place)})
    else:
        yield Note("TWL-S216", rule, fields)


def _is_in(rule: Rule, at: datetime, night: Night) -> bool:
    return any(first <= at <= last for first, last in rule.frames(night))
