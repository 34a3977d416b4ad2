"""Händelser: past events, the newest first; and what a code means, in place and on a page of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from controller.errors import WatertowerError
from controller.events import CATALOGUE, Event, EventKind, Level
from controller.events.models import SEVERITY
from controller.events.words import day_words
from controller.service.period import read_instant
from controller.state import EventFilter, History
from controller.web.forms import FieldFault, fault_of, whole_number
from controller.web.live import SharedRoute
from controller.web.visit import ForViewer, Visit

router = APIRouter(route_class=SharedRoute)
PER_PAGE = 100
LAST_OF_CODE = 5
MOST_NEW = 99
LATEST = 2**62
"""A number above the number of every event."""
DAYS = (1, 7, 30)
LEVELS = {"info": SEVERITY[1:], "warning": SEVERITY[2:], "error": SEVERITY[3:]}
"""The levels shown from a level on; debug events are in `watertower logs` only."""
OF_ONE_ACT = frozenset({"id", "command_id"})
_FIELD = re.compile(r"{\w+}|{{|}}")


@dataclass(frozen=True, slots=True)
class CodeHelp:
    """The meaning of a code: what it is, whether it passes by itself, and what to do."""

    meaning: str
    passes: str
    action: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event, or several equal ones in a row: `count` of them since `since`."""

    number: int
    at: datetime
    level: Level
    code: str
    text: str
    help: CodeHelp
    count: int = 1
    since: str = ""

    @property
    def day(self) -> date:
        """By the clock of the site."""
        return self.at.date()


@router.get("/events", include_in_schema=False)
def events(  # noqa: PLR0913, PLR0917  the filters in the address
    visited: ForViewer,
    level: str = "info",
    code: str = "",
    gateway: str = "",
    days: str = "",
    since: str = "",
    until: str = "",
    before: int = LATEST,
) -> Response:
    """The events that match the filters, each day under its heading."""
    chosen = {"level": level, "code": code, "gateway": gateway, "days": days, "since": since, "until": until}
    wanted, fault = _filter(visited, **chosen)
    try:
        lines, oldest = event_lines(visited, wanted, min(max(before, 0), LATEST), PER_PAGE)
        new = _new(visited, wanted)
    except WatertowerError as error:
        fault, lines, oldest, new = fault_of(error, "history", visited.language), [], None, 0
    address = urlencode({key: value for key, value in chosen.items() if value})
    return visited.page(
        "events",
        days_of_lines=[*by_day(visited, lines)],
        newest=_last_number(visited) if before == LATEST else None,
        new=new,
        older=f"/events?{address}&before={oldest}" if oldest is not None else "",
        first=f"/events?{address}",
        is_first=before == LATEST,
        chosen=chosen,
        fault=fault,
        day_choices=DAYS,
        levels=LEVELS,
    )


@router.get("/code/{code}", include_in_schema=False)
def code_page(visited: ForViewer, code: str) -> Response:
    """The meaning of a code, and its last event."""
    kind = CATALOGUE.get(code.upper())
    if kind is None:
        raise HTTPException(404)
    try:
        lines = event_lines(visited, EventFilter(code=kind.code), LATEST, LAST_OF_CODE)[0]
    except WatertowerError:
        lines = []
    return visited.page(
        "code",
        kind=kind,
        level=kind.level.value,
        text=without_fields(kind.text.template(visited.language)),
        help=code_help(visited, kind, without_fields(kind.action.template(visited.language))),
        days_of_lines=[*by_day(visited, lines)],
    )


def event_lines(visited: Visit, wanted: EventFilter, before: int, limit: int) -> tuple[list[EventLine], int | None]:
    """The newest events that match, equal ones together, and the number before which the next page begins; None at the
    end. Raises WatertowerError if the history cannot be read."""
    found = History(visited.service.state).newest(wanted, before, limit)
    zone = visited.snapshot.zone
    lines: list[EventLine] = []
    last: object = None
    for number, recorded in found:
        event, at = recorded.event, recorded.at.astimezone(zone)
        alike = (recorded.code, _essence(event), at.date())
        if lines and alike == last:
            lines[-1] = replace(lines[-1], count=lines[-1].count + 1, since=f"{at:%H:%M}")
        else:
            help_ = code_help(visited, event.kind, event.action(visited.language))
            text = visited.event_text(event)
            lines.append(EventLine(number, at, recorded.level, recorded.code, text, help_))
        last = alike
    return lines, found[-1][0] if len(found) == limit else None


def _essence(event: Event) -> tuple[tuple[str, str], ...]:
    """What equal events have in common: names and words, no figures."""
    return tuple(
        (name, str(value))
        for name, value in sorted(event.fields.items())
        if name not in OF_ONE_ACT and not isinstance(value, int | float)
    )


def code_help(visited: Visit, kind: EventKind, action: str) -> CodeHelp:
    """The meaning of a code; `action` is what to do, with the fields of one event or without."""
    known = CATALOGUE.get(kind.code)
    if known is None:
        return CodeHelp(visited.text("events.unknown"), "", "")
    passes = [visited.text(f"events.passes.{known.level.value}")]
    if known.lasting is not None and known.lasting.until:
        passes.append(visited.text("events.lasts_until", codes=", ".join(known.lasting.until)))
    if known.lasting is not None and known.lasting.quiet_s is not None:
        passes.append(visited.text("events.lasts_quiet", minutes=round(known.lasting.quiet_s / 60)))
    return CodeHelp(without_fields(known.meaning.template(visited.language)), " ".join(passes), action)


def without_fields(template: str) -> str:
    """A text without an event: dots in place of its fields. A literal brace is doubled in it."""
    return _FIELD.sub(lambda found: found[0][0] if found[0] in {"{{", "}}"} else "…", template)


def _filter(  # noqa: PLR0913  the filters in the address
    visited: Visit, *, level: str, code: str, gateway: str, days: str, since: str, until: str
) -> tuple[EventFilter, FieldFault | None]:
    """The filter, and the fault of what could not be read of it."""
    fault = None
    span = whole_number(days, max(DAYS))
    start = visited.snapshot.now - timedelta(days=span) if span is not None and span in DAYS else None
    ends: list[datetime | None] = []
    for name, text in (("since", since), ("until", until)):
        try:
            ends.append(read_instant(text, visited.snapshot.setup, visited.snapshot.now) if text else None)
        except WatertowerError as error:
            ends.append(None)
            fault = fault_of(error, name, visited.language)
    code = code.strip().upper()
    code = code if not code or code.startswith("TWL-") else f"TWL-{code}"
    wanted = EventFilter(
        levels=LEVELS.get(level, LEVELS["info"]),
        code=code or None,
        gateway=gateway.strip() or None,
        since=ends[0] or start,
        until=ends[1],
    )
    return wanted, fault


def by_day(visited: Visit, lines: list[EventLine]) -> Iterator[tuple[str, list[EventLine]]]:
    """Each day with its events."""
    days: dict[date, list[EventLine]] = {}
    for line in lines:
        days.setdefault(line.day, []).append(line)
    today = visited.snapshot.now.astimezone(visited.snapshot.zone).date()
    for day, found in days.items():
        words = day_words(day, visited.language, year=day.year != today.year)
        yield visited.text("events.today", day=words) if day == today else words[:1].upper() + words[1:], found


def _last_number(visited: Visit) -> int:
    try:
        return History(visited.service.state).last_number()
    except WatertowerError:
        return 0


def _new(visited: Visit, wanted: EventFilter) -> int:
    """Number of events since the page that reloads itself was opened. They are announced, not inserted, so that the
    list does not move."""
    seen = whole_number(visited.request.headers.get("x-seen", ""), LATEST)
    if seen is None:
        return 0
    found = History(visited.service.state).newest(wanted, LATEST, MOST_NEW)
    return sum(number > seen for number, _ in found)
