"""What a proof of glow is about, a campaign in one of its years or a period, and the proof of it from the history."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.config.load import Setup
from controller.errors import WatertowerError
from controller.schedule.campaign import Lit, Rule
from controller.schedule.hours import Night, instant, night_at, night_of
from controller.schedule.plan import Program
from controller.service.past_schedules import PastSchedules
from controller.service.past_spans import BY_HAND, FAULT_EVENTS, STARTED, by_hand_spans, fault_spans
from controller.service.period import DAY_MIN, read_period
from controller.service.proof import NightProof, NightRecord, Proof, prove_night
from controller.state import History, LightChange
from controller.state.history import MINUTES_EVERY_S

LONGEST = timedelta(days=3 * 366)
"""A proof goes through each night of its period."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = date(1970, 1, 1), date(2100, 12, 31)
REACH = timedelta(days=35)
"""So far before the period a fault may have begun."""
WRITTEN_LATE = timedelta(seconds=MINUTES_EVERY_S + 120)
"""So late the minutes are written."""
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
_NAME_AND_YEAR = re.compile(r"(?P<name>.+?)\s+(?P<year>[0-9]{4})")


@dataclass(frozen=True, slots=True)
class ProofPeriod:
    """From `start` to `end`, UTC; of one campaign or of all light."""

    start: datetime
    end: datetime
    campaign: str | None = None


def read_proof_period(text: str, setup: Setup, now: datetime) -> ProofPeriod:
    """A campaign by its name, with a year or as it was last; else a period, as it was last. An empty text means the
    campaign that was on last. Raises WatertowerError: TWL-Q150 for what is neither, TWL-Q151 for a campaign that has
    not been on yet, or not in that year, TWL-Q152 for days that have not begun, TWL-Q153 for more than LONGEST."""
    rules = (*setup.schedule.campaigns, *setup.schedule.every_night)
    if not text.strip():
        return _last_of_all(setup, now)
    found = _NAME_AND_YEAR.fullmatch(text.strip())
    for name, year in ((text.strip(), None), (found["name"], int(found["year"])) if found else (None, None)):
        rule = next((each for each in rules if name and each.name.casefold() == name.casefold()), None)
        if rule is not None:
            return _of_campaign(rule, year, setup, now)
    try:
        period = ProofPeriod(*read_period(text, setup, now, past=True))
    except WatertowerError as error:
        if error.code != "TWL-Q105":
            raise
        campaigns = ", ".join(each.name for each in rules) or "–"
        raise WatertowerError("TWL-Q150", value=text, campaigns=campaigns) from error
    if period.start >= now:
        raise WatertowerError("TWL-Q152", value=text)
    if min(period.end, now) - period.start > LONGEST:
        raise WatertowerError("TWL-Q153", value=text)
    return period


def _last_of_all(setup: Setup, now: datetime) -> ProofPeriod:
    """The campaign that began last; the last week where there was none."""
    begun = [(period.start, each) for each in setup.schedule.campaigns for period in _occurrences(each, setup, now)]
    if not begun:
        return ProofPeriod(now - 7 * A_DAY, now)
    _, last = max(begun, key=lambda pair: pair[0])
    return _of_campaign(last, None, setup, now)


def _of_campaign(rule: Lit, year: int | None, setup: Setup, now: datetime) -> ProofPeriod:
    """All its days of one year, by default of the last in which it has begun."""
    zone = setup.tower.site.place.time_zone
    by_year: dict[int, list[ProofPeriod]] = {}
    for period in _occurrences(rule, setup, now):
        by_year.setdefault(period.start.astimezone(zone).year, []).append(period)
    chosen = year if year is not None else max(by_year, default=now.astimezone(zone).year)
    if chosen not in by_year:
        raise WatertowerError("TWL-Q151", campaign=rule.name, year=chosen)
    found = by_year[chosen]
    return ProofPeriod(found[0].start, max(period.end for period in found), rule.name)


def _occurrences(rule: Lit, setup: Setup, now: datetime) -> Iterator[ProofPeriod]:
    """Those that have begun, in order; a rule of every night has one in each year."""
    zone = setup.tower.site.place.time_zone
    today = now.astimezone(zone).date()
    listed = rule.dates or rule.nights
    if not listed:
        for year in range(FIRST.year, today.year + 1):
            yield ProofPeriod(instant(date(year, 1, 1), 0, zone), instant(date(year, 12, 31), DAY_MIN, zone), rule.name)
        return
    for first, last in sorted(span for days in listed for span in days.spans(FIRST, today)):
        start, end = bounds(rule, first, last, zone)
        if start <= now:
            yield ProofPeriod(start, end, rule.name)


def bounds(rule: Rule, first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When days of a rule begin and end, as it counts them: calendar days or nights."""
    if rule.dates is not None:
        return instant(first, 0, zone), instant(last, DAY_MIN, zone)
    return night_of(first, zone).start, night_of(last, zone).end


def prove(
    history: History, setup: Setup, period: ProofPeriod, now: datetime, schedules: PastSchedules | None = None
) -> Proof:
    """The proof of a period, counted up to now, or to the last minute that is written of the night under way.

    `schedules` tells which rules were in force then, else those of `setup` are taken for them. Raises NotRead."""
    program = setup.program()
    place = program.place.time_zone
    until = min(period.end, _counted_until(history, now))
    events = history.events_between(LONG_AGO, now, BY_HAND)
    by_hand = tuple(
        one for one in by_hand_spans(events, place, now) if one.overlaps(period.start, min(period.end, now))
    )
    told = history.events_between(period.start - REACH, min(now, until + A_DAY), FAULT_EVENTS)
    faults = fault_spans(told)
    starts = tuple(recorded.at for recorded in told if recorded.code == STARTED)
    zones_of = {gateway.name: gateway.zone_names for gateway in setup.tower.gateways}
    nights: list[NightProof] = []
    for night in _nights(period.start, until, program):
        start, end = max(night.start, period.start), min(night.end, until)
        found = prove_night(
            NightRecord(
                night=night,
                start=start,
                end=end,
                program=schedules.program_at(start) if schedules is not None else program,
                minutes=history.minutes(start, end),
                changes=_changes(history, start, end),
                faults=[each for each in faults if each.overlaps(start, end + A_DAY)],
                starts=starts,
                zones_of=zones_of,
                campaign=period.campaign,
            )
        )
        if found is not None:
            nights.append(found)
    versions = schedules.within(period.start, until) if schedules is not None else ()
    return Proof(period.start, period.end, until, period.campaign, tuple(nights), by_hand, versions)


def _nights(start: datetime, end: datetime, program: Program) -> Iterator[Night]:
    zone = program.place.time_zone
    day = night_at(start, zone).day
    while (night := night_of(day, zone)).start < end:
        yield night
        day += A_DAY


def _changes(history: History, start: datetime, end: datetime) -> list[LightChange]:
    """What held at the start, and what followed."""
    return [*history.light_at(start).values(), *history.light_between(start, end)]


def _counted_until(history: History, now: datetime) -> datetime:
    """Now, in whole minutes; while the minutes of late may still be written, the end of the last one that is."""
    this_minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    recent = this_minute - WRITTEN_LATE
    rows = history.minutes(recent, this_minute)
    starts = history.events_between(recent, now, (STARTED,))
    known = [row.at + A_MINUTE for row in rows[-1:]] + [recorded.at for recorded in starts[-1:]]
    return max(known) if known else this_minute
