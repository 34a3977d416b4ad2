"""The period of a proof of light: a campaign in one of its years, or a period."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from controller.config.load import Setup
from controller.errors import WatertowerError
from controller.schedule.campaign import Lit, Rule
from controller.schedule.hours import instant, night_of
from controller.service.period import DAY_MIN, read_period

LONGEST = timedelta(days=3 * 366)
"""Longest period, since a proof examines each night of it."""
FIRST, LAST = date(1970, 1, 1), date(2100, 12, 31)
A_DAY = timedelta(days=1)
_NAME_AND_YEAR = re.compile(r"(?P<name>.+?)\s+(?P<year>[0-9]{4})")


@dataclass(frozen=True, slots=True)
class ProofPeriod:
    """A period in UTC; of one campaign or of all light."""

    start: datetime
    end: datetime
    campaign: str | None = None


def read_proof_period(text: str, setup: Setup, now: datetime) -> ProofPeriod:
    """Read a campaign by its name, with a year or in its latest one; else a period, in its latest occurrence. An empty
    text means the latest campaign. Raises WatertowerError: TWL-Q150 for a text that is neither, TWL-Q151 for a campaign
    that has not begun yet, or not in that year, TWL-Q152 for days that have not begun, TWL-Q153 for more than
    LONGEST."""
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
    """The campaign that began last; the last week where there is none."""
    begun = [(period.start, each) for each in setup.schedule.campaigns for period in _occurrences(each, setup, now)]
    if not begun:
        return ProofPeriod(now - 7 * A_DAY, now)
    _, last = max(begun, key=lambda pair: pair[0])
    return _of_campaign(last, None, setup, now)


def _of_campaign(rule: Lit, year: int | None, setup: Setup, now: datetime) -> ProofPeriod:
    """All days of a campaign in one year, by default in the last year in which it has begun."""
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
    """The occurrences of a rule that have begun, in order; a rule of every night has one in each year."""
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
    """Begin and end of days of a rule, which counts calendar days or nights."""
    if rule.dates is not None:
        return instant(first, 0, zone), instant(last, DAY_MIN, zone)
    return night_of(first, zone).start, night_of(last, zone).end
