"""The desired document that a gateway obeys: which one counts, at what time it is read, what of it holds then. Pure."""

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
"""The reports mention a refused document for so long, or until another is accepted."""
AHEAD = timedelta(seconds=30)
"""As much as two clocks may differ."""
ACCEPTED = 16
"""So many of the documents accepted last are recognised."""
CONTRADICTS_S = 30.0


class StoredDocument(wire.DesiredDocument):
    """What a gateway keeps over restarts: the document that it accepted last, and by zone what was shown `before` it;
    nothing for dark. `accepted_at` is when it was accepted by a trusted clock, where it was dated ahead of that."""

    before: wire.Zones = Field(default_factory=dict)
    accepted_at: wire.Instant | None = None


class DocumentAcceptance:
    """Decides which document the gateway obeys: the `document` accepted last, and what was shown `before` it.

    Order, malformed documents and conflicts are judged by `controller.gateways.wire`.
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
        """That of the document; empty where there is none."""
        return self.document.command_id if self.document is not None else ""

    def rejected(self, now_s: float) -> Reason | None:
        """Why the last document was refused, as long as the reports mention it."""
        return self._rejected if now_s < self._rejected_s + REFUSED_S else None

    def take_stored(self) -> StoredDocument | None:
        """What has to be stored since this was last asked."""
        stored, self._to_store = self._to_store, None
        return stored

    def time(self, now: datetime | None, reading: ClockReading) -> datetime:
        """The instant at which to read the document; `now` is the gateway's time.

        Never less than the document has lasted since it was accepted: where it was dated ahead, the clock was set back,
        or there is none, no look outlives its end.
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
        """A document came while this is `shown`: accept or refuse it. Returns events."""
        document = wire.parse_desired(payload)
        reason = document.reason if isinstance(document, Rejected) else wire.refusal(document, self.document)
        self._rejected, self._rejected_s = reason, reading.mono
        if isinstance(document, wire.DesiredDocument):
            if reason is None:
                self._accept(document, shown, now, reading)
                return ()
            if document.command_id in self._accepted:  # one of two brokers lags; the report says that it is stale
                return ()
        command_id = document.command_id if isinstance(document, wire.DesiredDocument) else "–"
        refused = new_event(wire.REFUSED, gateway=self._name, reason=reason, command_id=command_id)
        return self._limit.pass_on(refused, reading.mono)

    def repeated(self, reading: ClockReading) -> tuple[Event, ...]:
        """The summaries of refusals that were counted."""
        return self._limit.due(reading.mono)

    def _accept(
        self,
        document: wire.DesiredDocument,
        shown: Mapping[str, wire.ZoneLook],
        now: datetime | None,
        reading: ClockReading,
    ) -> None:
        """One that repeats the order counts if it was issued later; else it was overtaken, and is only answered."""
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
    """The time of one gateway; `clock` is which clock it last took it from. The first that can be had:

    1. own: the own clock, if it is synchronised now, whatever the controller says, whose clock may be the wrong one; or
       if it was, and the controller does not contradict it
    2. anchor: the controller's, the `issued_at` of a document that came live, carried on by the boot-time clock
    3. own: the own clock, if it is plausible; or what it was before it became suspect, carried on likewise
    4. none
    """

    def __init__(self) -> None:
        self.clock: wire.ClockKind = "none"
        self._anchor: tuple[datetime, ClockReading] | None = None
        self._own: ClockReading | None = None
        self._late_s: float | None = None
        self._forward = ForwardTime()

    def hear(self, issued_at: datetime, reading: ClockReading) -> None:
        """A document came live, that is neither retained nor overtaken: nobody knows how old such a one is."""
        before_s, bearable_s = self._late_s, CONTRADICTS_S * reading.pace
        self._late_s = (reading.wall - issued_at).total_seconds()
        # one that is so late may have been under way so long; where the next is as late, the own clock is ahead
        is_late = self._late_s > bearable_s and reading.trust is not Trust.SUSPECT
        if is_late and (before_s is None or abs(self._late_s - before_s) > bearable_s):
            return
        self._anchor = (issued_at, reading)

    def error_s(self, reading: ClockReading) -> float:
        """How far the own clock is ahead of the controller's, by the last document; 0 if there was none."""
        return (reading.wall - _carried(*self._anchor, reading)).total_seconds() if self._anchor is not None else 0.0

    def contradicted(self, reading: ClockReading) -> bool:
        """Whether the controller's clock shows quite another time than the own one."""
        return abs(self.error_s(reading)) > CONTRADICTS_S * reading.pace

    def now(self, reading: ClockReading) -> datetime | None:
        """The time, or None. It is not turned back by little, as where a document was under way for some seconds."""
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
    """What holds, since when (None: from the moment it is first known), and by what."""

    by: wire.By
    since: datetime | None
    zones: Mapping[str, wire.ZoneLook] = field(default_factory=dict)


def playback(document: wire.DesiredDocument | None, now: datetime) -> Playback:
    """What of the document holds: `boot` without one; `desired`, then the last cue begun (`plan`) until `valid_until`;
    the last look for `hold_s`, then the zones of `after`."""
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
    """When something else begins to hold; None where nothing is ahead."""
    if document is None:
        return None
    ends = document.valid_until + timedelta(seconds=document.after.hold_s)
    ahead = (*(cue.at for cue in document.cues), document.valid_until, ends)
    return min((at for at in ahead if at > now), default=None)
