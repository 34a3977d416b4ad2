"""What time it is, as far as a gateway knows.

The first that can be had is taken
1. own      the own clock, if it is synchronised now, whatever the controller says: that may be the one set wrong; or
            if it was, and the controller did not contradict it by more than CONTRADICTS_S
2. anchor   the controller's: the `issued_at` of a document that came live, carried on by the boot-time clock
3. own      the own clock, if it is plausible; or what it was before it became suspect, carried on likewise
4. none

A retained document sets no time, for nobody knows how old it is; nor does one that another has overtaken. One that
comes more than CONTRADICTS_S late by a clock that is not suspect may have been under way so long, and sets none
either; where the next one is as late, the own clock is ahead, and it counts.

From one of these to another time may differ by seconds, as where a document was under way for some: it is not turned
back by so little.
"""

from datetime import datetime, timedelta

from controller.clock import ClockReading, ForwardTime, Trust
from controller.gateways.wire import ClockKind

CONTRADICTS_S = 30.0


class TimeSource:
    """The time of one gateway; `clock` is by which it went last."""

    def __init__(self) -> None:
        self.clock: ClockKind = "none"
        self._anchor: tuple[datetime, ClockReading] | None = None
        self._own: ClockReading | None = None
        self._late_s: float | None = None
        self._forward = ForwardTime()

    def hear(self, issued_at: datetime, reading: ClockReading) -> None:
        """The controller said live what time it is."""
        before_s, bearable_s = self._late_s, CONTRADICTS_S * reading.pace
        self._late_s = (reading.wall - issued_at).total_seconds()
        is_late = self._late_s > bearable_s and reading.trust is not Trust.SUSPECT
        if is_late and (before_s is None or abs(self._late_s - before_s) > bearable_s):
            return
        self._anchor = (issued_at, reading)

    def error_s(self, reading: ClockReading) -> float:
        """How far the own clock is ahead of the controller's, as of the last word heard; 0 if none was."""
        return (reading.wall - _carried(*self._anchor, reading)).total_seconds() if self._anchor is not None else 0.0

    def contradicted(self, reading: ClockReading) -> bool:
        """Whether the controller tells quite another time than the own clock."""
        return abs(self.error_s(reading)) > CONTRADICTS_S * reading.pace

    def now(self, reading: ClockReading) -> datetime | None:
        """The time, or None."""
        self.clock, now = self._tell(reading)
        return self._forward.at(now, reading.mono, reading.pace) if now is not None else None

    def _tell(self, reading: ClockReading) -> tuple[ClockKind, datetime | None]:
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


def _carried(at: datetime, heard: ClockReading, reading: ClockReading) -> datetime:
    """What was so when `heard` was read, carried on by the boot-time clock."""
    return at + timedelta(seconds=(reading.mono - heard.mono) * reading.pace)
