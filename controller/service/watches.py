"""What the controller notices beside the lives of its gateways: steps of the clock and how far it is trusted, gateways
and a database with another time, gateways that stay lit under a safety stop.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from controller.clock import RESTLESS, ClockReading, Trust
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.words import span
from controller.gateways.base import Report
from controller.schedule.campaign import SafetyStop
from controller.service.gateway_state import ReportedState

CLOCKS_APART_S = 5.0
"""As much as a clock may be moved without being called stepped."""
APART_FROM = 3
"""So many reports in a row by another time are an event: one or two may have been delayed."""
DATABASE_APART_S = 30.0
"""As much as the clock of a database may differ from ours: the schedule goes by minutes."""
DARK_S = 5.0
"""How soon after a safety stop a gateway that does not confirm dark is named: somebody may be standing under it."""


@dataclass(frozen=True, slots=True)
class ClockNews:
    """What one reading tells: events, whether the clock was stepped, and the event of another trust."""

    events: tuple[Event, ...]
    is_stepped: bool
    trust: Event | None


class ClockWatch:
    """The clock from reading to reading, and the clocks of gateways beside it."""

    def __init__(self) -> None:
        self._last: ClockReading | None = None
        self._unlike: Counter[str] = Counter()
        """By gateway, how many reports in a row came by another time than ours."""

    def look(self, reading: ClockReading) -> ClockNews:
        """Steps of the clock and changes of trust; also a clock that is not trusted at the start."""
        last, self._last = self._last, reading
        shows = reading.wall - timedelta(seconds=reading.ahead_s)
        events = []
        is_stepped = last is not None and last.stepped_s != reading.stepped_s
        if last is not None and is_stepped:
            moved = _clock_distance(round(reading.stepped_s - last.stepped_s, 1))
            events.append(new_event("TWL-T002", **moved, now=f"{shows:%Y-%m-%d %H:%M:%S} UTC"))
        known_before = last.known if last is not None else None
        if reading.known is not None and known_before is None:
            events.append(against_known(shows, reading.known))
        elif reading.known is None and known_before is not None:
            events.append(new_event("TWL-T004", now=f"{shows:%Y-%m-%d %H:%M} UTC"))
        if reading.trust is Trust.SUSPECT and reading.steps >= RESTLESS > (last.steps if last is not None else 0):
            events.append(new_event("TWL-T005", times=reading.steps))
        before = last.trust if last is not None else Trust.TRUSTED
        trust = None
        if before is not reading.trust:
            trust = new_event("TWL-T001", trust=reading.trust.value, before=before.value if last is not None else "–")
        return ClockNews(tuple(events), is_stepped, trust)

    def compare(self, name: str, reported: ReportedState, reading: ClockReading) -> Event | None:
        """A gateway whose clock differs from ours is an event, and so is its end."""
        if reported.clock_off_s is None and reported.clock != "anchor":
            return None
        off_s, before = reported.clock_off_s or 0.0, self._unlike[name]
        if abs(off_s) <= CLOCKS_APART_S * reading.pace:
            self._unlike[name] = 0
            return new_event("TWL-T007", gateway=name) if before >= APART_FROM else None
        self._unlike[name] += 1
        if self._unlike[name] != APART_FROM:
            return None
        return new_event("TWL-T006", gateway=name, **_clock_distance(off_s))


class DatabaseClock:
    """The clock of a database beside that of this machine: that they differ is an event, and so is the end of it."""

    def __init__(self, machine: str, tell: Callable[[Event], None]) -> None:
        self._machine = machine
        self._alarm = Alarm(tell)
        self.is_ours_doubtful = False
        """They differ, and no time server holds ours."""

    def compare(self, shown: datetime, asked: ClockReading, answered: ClockReading) -> None:
        """The database showed this between two readings of ours."""
        if asked.stepped_s != answered.stepped_s:
            return
        ahead_s = max((asked.wall - shown).total_seconds(), 0.0) or min((answered.wall - shown).total_seconds(), 0.0)
        most_s = DATABASE_APART_S if self._alarm.raised is None else DATABASE_APART_S / 2
        if abs(ahead_s) > most_s:
            self._alarm.raise_(new_event("TWL-T008", machine=self._machine, **_clock_distance(ahead_s)))
        else:
            self._alarm.clear(new_event("TWL-T009", machine=self._machine))
        self.is_ours_doubtful = self._alarm.raised is not None and answered.trust is not Trust.TRUSTED


class StopWatch:
    """Whether all is dark soon after a safety stop."""

    def __init__(self, in_order: Callable[[Collection[str]], list[str]]) -> None:
        self.due_s = inf
        """When the gateways that do not confirm dark are named; boot time."""
        self._in_order = in_order
        self._stop: SafetyStop | None = None
        self._is_reported = False

    def acknowledged(self, now_s: float) -> None:
        """A safety stop was acknowledged, or once more: whether all is dark is an event once more."""
        self.due_s = min(self.due_s, now_s + DARK_S)

    def look(self, stop: SafetyStop | None, lit: Collection[str], now_s: float) -> Event | None:
        """The gateways that do not confirm dark under a safety stop are an event, and so is that all of them do."""
        if stop is None:
            self._stop, self.due_s, self._is_reported = None, inf, False
            return None
        if self._stop is None:
            self._stop = stop
            self.acknowledged(now_s)
        if lit and self.due_s <= now_s:
            self.due_s, self._is_reported = inf, True
            return new_event("TWL-O113", owner=stop.owner, gateways=", ".join(self._in_order(lit)))
        if not lit and (self._is_reported or self.due_s < inf):
            self.due_s, self._is_reported = inf, False
            return new_event("TWL-O114", owner=stop.owner)
        return None


def clock_off_s(report: Report, reading: ClockReading) -> float | None:
    """How far the clock of a gateway is ahead of ours, where it goes by its own and ours says anything."""
    if report.at is None or report.clock != "own" or reading.trust is Trust.SUSPECT:
        return None
    return round((report.at - reading.wall).total_seconds(), 1)


def against_known(shows: datetime, known: datetime) -> Event:
    """What is told of a clock that is unlike what the site knew."""
    said = {"now": f"{shows:%Y-%m-%d %H:%M} UTC", "known": f"{known:%Y-%m-%d %H:%M} UTC"}
    return new_event("TWL-T003", **said, **_clock_distance((shows - known).total_seconds()))


def _clock_distance(ahead_s: float) -> dict[str, object]:
    count, unit = span(abs(ahead_s))
    return {"apart": count, "unit": unit, "side": "behind" if ahead_s < 0 else "ahead of"}
