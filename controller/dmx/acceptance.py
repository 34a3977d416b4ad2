"""Which document a gateway acts by: what comes is accepted, or refused and said so. Pure.

Rules
1. Order, poison and conflict are the rules of `controller.gateways.wire`.
2. A document that repeats the order held counts if it was issued later; else it was overtaken, and is only answered.
3. So is one that was accepted before, as happens when one of two brokers lags: the report says that it is stale, and
   nobody is warned.
4. The highest order accepted and its document are handed out to be kept, so that a restart knows them.
5. A document goes by the clock, and never by less than it has lasted since it was accepted: where it was dated ahead,
   the clock was set back, or there is none, no look outlives its end.
6. A flood of documents that are refused is told every REFUSALS_S at most. The reports tell of one for REMINDED_S, or
   until one is accepted.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from controller.clock import ClockReading, Trust
from controller.dmx.gateway_file import GatewayFile
from controller.events import Event, new_event
from controller.gateways.base import Order, Rejected
from controller.gateways.wire import REFUSED, DesiredDocument, ZoneLook, parse_desired, refusal
from controller.retry import TokenBucket

REFUSALS_S = 10.0
REMINDED_S = 60.0
AHEAD = timedelta(seconds=30)
"""As much as two clocks may differ."""
ACCEPTED = 16
"""So many of the documents accepted last are known again."""


class DocumentAcceptance:
    """The `document` accepted last, and what was shown `before` it; of the gateway with this name."""

    def __init__(self, name: str, memory: GatewayFile | None) -> None:
        self.document: DesiredDocument | None = memory
        self.before: Mapping[str, ZoneLook] = memory.before if memory is not None else {}
        self._accepted_at = memory.accepted_at if memory is not None else None
        self._accepted_s: float | None = None
        self._name = name
        self._accepted = deque([] if memory is None else [memory.command_id], ACCEPTED)
        self._unkept: GatewayFile | None = None
        self._rejected: str | None = None
        self._rejected_s = float("-inf")
        self._refusals = TokenBucket(1, REFUSALS_S)

    @property
    def order(self) -> Order:
        """The highest order accepted."""
        return self.document.order if self.document is not None else Order()

    @property
    def command_id(self) -> str:
        """That of the document; empty where there is none."""
        return self.document.command_id if self.document is not None else ""

    def rejected(self, now_s: float) -> str | None:
        """Why the last document was refused, as long as the reports tell of it."""
        return self._rejected if now_s < self._rejected_s + REMINDED_S else None

    def to_keep(self) -> GatewayFile | None:
        """What is to be kept since it was last asked for."""
        unkept, self._unkept = self._unkept, None
        return unkept

    def time(self, now: datetime | None, reading: ClockReading) -> datetime:
        """By which to act on the document, by rule 5; `now` is what the gateway's clock tells."""
        if self.document is None:
            return now or reading.wall
        if self._accepted_s is None:  # found in the memory
            was_s = (
                (now - self._accepted_at).total_seconds() if now is not None and self._accepted_at is not None else 0.0
            )
            self._accepted_s = reading.mono - max(0.0, was_s) / reading.pace
        lasted = self.document.issued_at + timedelta(seconds=(reading.mono - self._accepted_s) * reading.pace)
        return max(now, lasted) if now is not None else lasted

    def take(
        self, payload: bytes, shown: Mapping[str, ZoneLook], now: datetime | None, reading: ClockReading
    ) -> tuple[Event, ...]:
        """A document has come, or what somebody wrote in its place, while this is `shown`; what is to be told of it."""
        now_s = reading.mono
        told = parse_desired(payload)
        reason = told.reason if isinstance(told, Rejected) else refusal(told, self.document)
        self._rejected, self._rejected_s = reason, now_s
        if isinstance(told, DesiredDocument):
            if reason is None:
                self._accept(told, shown, now, reading)
                return ()
            if told.command_id in self._accepted:
                return ()
        if not self._refusals.allows(now_s):
            return ()
        self._refusals = self._refusals.spend(now_s)
        return (new_event(REFUSED, gateway=self._name, reason=reason),)

    def _accept(
        self, told: DesiredDocument, shown: Mapping[str, ZoneLook], now: datetime | None, reading: ClockReading
    ) -> None:
        """By rule 2."""
        is_ahead = reading.trust is Trust.TRUSTED and now is not None and told.issued_at > now + AHEAD
        accepted_at = now if is_ahead else None
        held = self.document
        if held is None or told.order != held.order:
            self.before = shown
            self._unkept = GatewayFile(**dict(told), before=shown, accepted_at=accepted_at)
            self._accepted.append(told.command_id)
        elif told.issued_at <= held.issued_at:
            return
        self.document, self._accepted_s = told, reading.mono
