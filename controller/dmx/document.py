"""The desired document that a gateway follows: which one is accepted, at what time it is read, which part holds.
Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import Field

from controller.clock import ClockReading, ForwardTime, Trust
from controller.events import Event, new_event
from controller.events.models import Reason
from controller.events.rate_limit import RateLimit
from controller.gateways import wire
from controller.gateways.base import Order, Rejected

REFUSED_S = 60.0
"""Seconds for which reports mention a refused document, unless another is accepted earlier."""
AHEAD = timedelta(seconds=30)
"""How far a document may be dated ahead: two clocks may differ by this much."""
ACCEPTED = 16
"""Number of recently accepted documents that are recognised."""
CONTRADICTS_S = 30.0


class StoredDocument(wire.DesiredDocument):
    """What a gateway stores over restarts: the document accepted last, and what was shown `before` it, by zone; empty
    for dark. `accepted_at` is when a trusted clock accepted it, if the document was dated ahead of that."""

    before: wire.Zones = Field(default_factory=dict)
    accepted_at: wire.Instant | None = None


class DocumentAcceptance:
    """Decides which document the gateway follows: the `document` accepted last, and what was shown `before` it.

    `controller.gateways.wire` checks order, form and conflicts.
    """

    def __init__(self, name: str, stored: StoredDocument | None) -> None:
        self.document: wire.DesiredDocument | None = stored
        self.before: Mapping[str, wire.ZoneLook] = stored.before if stored is not None else {}
        self._accepted_at = stored.accepted_at if stored is not None else None
        self._accepted_s: float | None = None
        self._name = name
        self._accepted = deque([] if stored is None else [stored.command_id], ACCEPTED)
        self._to_store: StoredDocument | None = None
        self._rejected: Reason | None = None
        self._rejected_s = float("-inf")
        self._limit = RateLimit(free=1)

    @property
    def order(self) -> Order:
        """The highest order accepted."""
        return self.document.order if self.document is not None else Order()

    @property
    def command_id(self) -> str:
        """The command id of the document; empty if there is none."""
        return self.document.command_id if self.document is not None else ""

    def rejected(self, now_s: float) -> Reason | None:
        """Why the last document was refused, while the reports mention it."""
        return self._rejected if now_s < self._rejected_s + REFUSED_S else None

    def take_stored(self) -> StoredDocument | None:
        """The document that has to be stored, None if nothing has changed since the last call."""
        stored, self._to_store = self._to_store, None
        return stored

    def time(self, now: datetime | None, reading: ClockReading) -> datetime:
        """The instant at which to read the document; `now` is the gateway's time.

        It is never less than the issue time plus the time since acceptance: if the document was dated ahead, the clock
        was set back, or there is no clock, no look lasts longer than it should.
        """
        if self.document is None:
            return now or reading.wall
        if self._accepted_s is None:  # stored before this start
            was_s = (now - self._accepted_at).total_seconds() if now and self._accepted_at else 0.0
            self._accepted_s = reading.mono - max(0.0, was_s) / reading.pace
        lasted = self.document.issued_at + timedelta(seconds=(reading.mono - self._accepted_s) * reading.pace)
        return max(now, lasted) if now is not None else lasted

    def receive(
        self, payload: bytes, shown: Mapping[str, wire.ZoneLook], now: datetime | None, reading: ClockReading
    ) -> tuple[Event, ...]:
        """Accepts or refuses a document that arrives while `shown` is shown. Returns events."""
        document = wire.parse_desired(payload)
        reason = document.reason if isinstance(document, Rejected) else wire.refusal(document, self.document)
        self._rejected, self._rejected_s = reason, reading.mono
        if isinstance(document, wire.DesiredDocument):
            if reason is None:
                self._accept(document, shown, now, reading)
                return ()
            if document.command_id in self._accepted:  # one of two brokers lags; the report shows the newer order
                return ()
        command_id = document.command_id if isinstance(document, wire.DesiredDocument) else "–"
        refused = new_event(wire.REFUSED, gateway=self._name, reason=reason, command_id=command_id)
        return self._limit.pass_on(refused, reading.mono)

    def repeated(self, reading: ClockReading) -> tuple[Event, ...]:
        """Summaries of refusals that were only counted."""
        return self._limit.due(reading.mono)

    def _accept(
        self,
        document: wire.DesiredDocument,
        shown: Mapping[str, wire.ZoneLook],
        now: datetime | None,
        reading: ClockReading,
    ) -> None:
        """Accepts a document. One with the same order counts if it was issued later; an older one is only answered with
        a report."""
        current = self.document
        if current is None or document.order != current.order:
            is_ahead = reading.trust is Trust.TRUSTED and now is not None and document.issued_at > now + AHEAD
            self.before = shown
            self._to_store = StoredDocument(**dict(document), before=shown, accepted_at=now if is_ahead else None)
            self._accepted.append(document.command_id)
        elif document.issued_at <= current.issued_at:
            return
        self.document, self._accepted_s = document, reading.mono


class TimeSource:
    """The time of one gateway; `clock` is the clock it was last taken from. The first available of:

    1. own: the own clock, if it is synchronised now, whatever the controller's clock shows, since that may be the wrong
       one; or if it was synchronised and the controller's clock does not contradict it
    2. anchor: the controller's clock, from the `issued_at` of a live document, carried on by the boot-time clock
    3. own: the own clock, if it is plausible; or its time before it became suspect, carried on in the same way
    4. none
    """

    def __init__(self) -> None:
        self.clock: wire.ClockKind = "none"
        self._anchor: tuple[datetime, ClockReading] | None = None
        self._own: ClockReading | None = None
        self._late_s: float | None = None
        self._forward = ForwardTime()

    def receive(self, issued_at: datetime, reading: ClockReading) -> None:
        """A live document arrived, neither retained nor overtaken: the age of such a one would be unknown."""
        before_s, tolerated_s = self._late_s, CONTRADICTS_S * reading.pace
        self._late_s = (reading.wall - issued_at).total_seconds()
        # the document may have been delayed this long; if the next is equally late, the own clock is ahead
        is_late = self._late_s > tolerated_s and reading.trust is not Trust.SUSPECT
        if is_late and (before_s is None or abs(self._late_s - before_s) > tolerated_s):
            return
        self._anchor = (issued_at, reading)

    def error_s(self, reading: ClockReading) -> float:
        """Seconds by which the own clock is ahead of the controller's, from the last document; 0 without one."""
        return (reading.wall - _carried(*self._anchor, reading)).total_seconds() if self._anchor is not None else 0.0

    def contradicted(self, reading: ClockReading) -> bool:
        """Whether the own clock differs from the controller's by more than CONTRADICTS_S."""
        return abs(self.error_s(reading)) > CONTRADICTS_S * reading.pace

    def now(self, reading: ClockReading) -> datetime | None:
        """The time, or None. Small steps back are smoothed, such as after a document that was delayed for seconds."""
        self.clock, now = self._best(reading)
        return self._forward.at(now, reading.mono, reading.pace) if now is not None else None

    def _best(self, reading: ClockReading) -> tuple[wire.ClockKind, datetime | None]:
        if reading.trust is not Trust.SUSPECT:
            self._own = reading
        sure = reading.trust is Trust.TRUSTED
        if sure or (reading.trust is Trust.HOLDOVER and not self.contradicted(reading)):
            return "own", reading.wall
        if self._anchor is not None:
            return "anchor", _carried(*self._anchor, reading)
        if self._own is not None:
            return "own", _carried(self._own.wall, self._own, reading)
        return "none", None


def _carried(at: datetime, then: ClockReading, reading: ClockReading) -> datetime:
    """The instant that was `at` when `then` was read, carried on by the boot-time clock."""
    return at + timedelta(seconds=(reading.mono - then.mono) * reading.pace)


@dataclass(frozen=True, slots=True)
class Playback:
    """The looks that hold, since when (None: from when they are first known), and from which part of the document."""

    by: wire.By
    since: datetime | None
    zones: Mapping[str, wire.ZoneLook] = field(default_factory=dict)


def playback(document: wire.DesiredDocument | None, now: datetime) -> Playback:
    """The part of the document that holds: `boot` without one; `desired`, then the last cue begun (`plan`) until
    `valid_until`; the last look for `hold_s`, then the zones of `after`."""
    if document is None:
        return Playback("boot", None)
    if now < document.valid_until:
        return _planned(document, now)
    ends = document.valid_until + timedelta(seconds=document.after.hold_s)
    if now < ends:
        last = _planned(document, document.valid_until)
        return Playback("after", last.since, last.zones)
    return Playback("after", ends, document.after.zones)


def _planned(document: wire.DesiredDocument, now: datetime) -> Playback:
    begun = [cue for cue in document.cues if document.issued_at < cue.at <= now]
    if not begun:
        return Playback("desired", document.issued_at, document.zones)
    cue = max(begun, key=lambda cue: cue.at)
    return Playback("plan", cue.at, cue.zones)


def next_instant(document: wire.DesiredDocument | None, now: datetime) -> datetime | None:
    """When something else begins to hold; None if nothing does."""
    if document is None:
        return None
    ends = document.valid_until + timedelta(seconds=document.after.hold_s)
    ahead = (*(cue.at for cue in document.cues), document.valid_until, ends)
    return min((at for at in ahead if at > now), default=None)
