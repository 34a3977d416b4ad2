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
"""

from datetime import datetime, timedelta

from controller.clock import Reading, Trust
from controller.gateways.documents import ClockKind

CONTRADICTS_S = 30.0


class Watch:
    """The time of one gateway; `clock` is by which it went last."""

    def __init__(self) -> None:
        self.clock: ClockKind = "none"
        self._anchor: tuple[datetime, Reading] | None = None
        self._own: Reading | None = None
        self._late_s: float | None = None

    def hear(self, issued_at: datetime, reading: Reading) -> None:
        """The controller said live what time it is."""
        before_s, bearable_s = self._late_s, CONTRADICTS_S * reading.pace
        self._late_s = (reading.wall - issued_at).total_seconds()
        is_late = self._late_s > bearable_s and reading.trust is not Trust.SUSPECT
        if is_late and (before_s is None or abs(self._late_s - before_s) > bearable_s):
            return
        self._anchor = (issued_at, reading)

    def error_s(self, reading: Reading) -> float:
        """How far the own clock is ahead of the controller's, as of the last word heard; 0 if none was."""
        if self._anchor is None:
            return 0.0
        issued_at, heard = self._anchor
        return heard.beat_s + reading.stepped_s - issued_at.timestamp()

    def contradicted(self, reading: Reading) -> bool:
        """Whether the controller tells quite another time than the own clock."""
        return abs(self.error_s(reading)) > CONTRADICTS_S * reading.pace

    def now(self, reading: Reading) -> datetime | None:
        """The time, or None."""
        self.clock, now = self._tell(reading)
        return now

    def _tell(self, reading: Reading) -> tuple[ClockKind, datetime | None]:
        if reading.trust is not Trust.SUSPECT:
            self._own = reading
        sure = reading.trust is Trust.TRUSTED
        if sure or (reading.trust is Trust.HOLDOVER and not self.contradicted(reading)):
            return "own", reading.wall
        if self._anchor is not None:
            issued_at, heard = self._anchor
            return "anchor", issued_at + timedelta(seconds=(reading.mono - heard.mono) * reading.pace)
        if self._own is not None:
            return "own", self._own.wall + timedelta(seconds=(reading.mono - self._own.mono) * reading.pace)
        return "none", None
