"""Watches beside the state of single gateways: clock steps and trust, gateways and a database with another time, and
gateways that stay lit during a safety stop.
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
"""Largest difference in seconds between a gateway's clock and ours that is no event."""
APART_FROM = 3
"""Number of reports in a row with another time that are an event: one or two may have been delayed."""
DATABASE_APART_S = 30.0
"""Largest difference in seconds between a database's clock and ours that is no event: the schedule has minutes."""
DARK_S = 5.0
"""Seconds after a safety stop until gateways that do not confirm dark are named: somebody may be standing below."""


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What changed with one reading: events, whether the clock was stepped, and the event where the trust changed."""

    events: tuple[Event, ...]
    is_stepped: bool
    trust: Event | None


class ClockWatch:
    """Compares clock readings with one another, and the clocks of gateways with ours."""

    def __init__(self) -> None:
        self._last: ClockReading | None = None
        self._unlike: Counter[str] = Counter()
        """By gateway, the number of reports in a row with another time than ours."""

    def look(self, reading: ClockReading) -> ClockChange:
        """Compare a reading with the last one: clock steps and changes of trust, also an untrusted clock at the
        start."""
        last, self._last = self._last, reading
        wall = reading.wall - timedelta(seconds=reading.ahead_s)
        events = []
        is_stepped = last is not None and last.stepped_s != reading.stepped_s
        if last is not None and is_stepped:
            moved = _clock_distance(round(reading.stepped_s - last.stepped_s, 1))
            events.append(new_event("TWL-T002", **moved, now=f"{wall:%Y-%m-%d %H:%M:%S} UTC"))
        known_before = last.known if last is not None else None
        if reading.known is not None and known_before is None:
            events.append(against_known(wall, reading.known))
        elif reading.known is None and known_before is not None:
            events.append(new_event("TWL-T004", now=f"{wall:%Y-%m-%d %H:%M} UTC"))
        if reading.trust is Trust.SUSPECT and reading.steps >= RESTLESS > (last.steps if last is not None else 0):
            events.append(new_event("TWL-T005", times=reading.steps))
        before = last.trust if last is not None else Trust.TRUSTED
        trust = None
        if before is not reading.trust:
            trust = new_event("TWL-T001", trust=reading.trust.value, before=before.value if last is not None else "–")
        return ClockChange(tuple(events), is_stepped, trust)

    def compare(self, name: str, reported: ReportedState, reading: ClockReading) -> Event | None:
        """The event where a gateway's clock begins to differ from ours, or agrees again."""
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
    """Compares the clock of a database with that of this machine; events where they begin and cease to differ."""

    def __init__(self, machine: str, emit: Callable[[Event], None]) -> None:
        self._machine = machine
        self._alarm = Alarm(emit)
        self.is_ours_doubtful = False
        """The clocks differ, and no time server keeps ours."""

    def compare(self, database: datetime, asked: ClockReading, answered: ClockReading) -> None:
        """Compare the time that the database gave between two readings of ours."""
        if asked.stepped_s != answered.stepped_s:
            return
        ahead_s = max((asked.wall - database).total_seconds(), 0.0)
        ahead_s = ahead_s or min((answered.wall - database).total_seconds(), 0.0)
        most_s = DATABASE_APART_S if self._alarm.raised is None else DATABASE_APART_S / 2
        if abs(ahead_s) > most_s:
            self._alarm.raise_(new_event("TWL-T008", machine=self._machine, **_clock_distance(ahead_s)))
        else:
            self._alarm.clear(new_event("TWL-T009", machine=self._machine))
        self.is_ours_doubtful = self._alarm.raised is not None and answered.trust is not Trust.TRUSTED


class StopWatch:
    """Watches whether all gateways are dark soon after a safety stop."""

    def __init__(self, in_order: Callable[[Collection[str]], list[str]]) -> None:
        self.due_s = inf
        """Boot time at which gateways that do not confirm dark are named."""
        self._in_order = in_order
        self._stop: SafetyStop | None = None
        self._is_reported = False

    def acknowledged(self, now_s: float) -> None:
        """A safety stop was acknowledged (again): check again whether all gateways are dark."""
        self.due_s = min(self.due_s, now_s + DARK_S)

    def look(self, stop: SafetyStop | None, lit: Collection[str], now_s: float) -> Event | None:
        """The event that names gateways still lit during a safety stop, or that reports all of them dark."""
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
    """Seconds that a gateway's clock is ahead of ours; None where it has no own clock or ours is suspect."""
    if report.at is None or report.clock != "own" or reading.trust is Trust.SUSPECT:
        return None
    return round((report.at - reading.wall).total_seconds(), 1)


def against_known(wall: datetime, known: datetime) -> Event:
    """The event for a clock that contradicts the last known time of the site."""
    times = {"now": f"{wall:%Y-%m-%d %H:%M} UTC", "known": f"{known:%Y-%m-%d %H:%M} UTC"}
    return new_event("TWL-T003", **times, **_clock_distance((wall - known).total_seconds()))


def _clock_distance(ahead_s: float) -> dict[str, object]:
    count, unit = span(abs(ahead_s))
    return {"apart": count, "unit": unit, "side": "behind" if ahead_s < 0 else "ahead of"}
