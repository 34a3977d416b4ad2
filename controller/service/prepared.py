"""Commands decided ahead of a change of light, so that at the instant itself they are only sent. Pure.

The next instant is known, and so is what every gateway will be sent then, unless something changes before: the rules,
the connection, the clock, or a report of the gateway. In that case the prepared commands are dropped and decided again.
`reconcile` decides as always, only a few seconds earlier.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from controller.clock import ClockReading
from controller.events import Event
from controller.service.alike import AlikeDecisions
from controller.service.deciding import Prepared
from controller.service.desired import Outlook
from controller.service.gateway_state import GatewayState
from controller.service.waiting_line import WaitingLine

AHEAD_S = 10.0
"""Seconds before the instant at which preparing begins."""
LATE_S = 0.25
"""A turn this many seconds late decides again: it may have been held up, or the clock was moved or runs slower."""
LASTS_S = 4.0
"""Seconds for which prepared commands are sent once sending began in time; less than the shortest sequence step."""


class PreparedInstant:
    """Commands prepared for one instant: the expected clock `reading`, the `outlook` in force then, and its `event`."""

    def __init__(self, reading: ClockReading, outlook: Outlook, event: Event, gateways: Collection[str]) -> None:
        self.reading = reading
        self.outlook = outlook
        self.event = event
        self.decisions = AlikeDecisions()
        self._missing = WaitingLine(gateways)
        self._prepared: dict[str, Prepared] = {}
        self._is_begun = False

    @property
    def is_complete(self) -> bool:
        """Whether every gateway is prepared."""
        return not self._missing

    def is_for(self, outlook: Outlook, reading: ClockReading) -> bool:
        """Whether a turn at this reading is the one that was prepared for, by both clocks."""
        known, most_s = self.reading, LASTS_S if self._is_begun else LATE_S
        late_s = (reading.wall - known.wall).total_seconds() / reading.pace
        return outlook is self.outlook and 0 <= late_s <= most_s and abs(reading.mono - known.mono) <= most_s

    def begin(self) -> bool:
        """Begin to send. True the first time; the next turns follow at once."""
        is_first, self._is_begun = not self._is_begun, True
        return is_first

    def is_foreseen(self, outlook: Outlook, at: datetime, at_s: float) -> bool:
        """Whether it was prepared for this instant, at boot time `at_s`."""
        known = self.reading
        return outlook is self.outlook and at == known.wall and abs(at_s - known.mono) <= LATE_S

    def missing(self, most: int) -> Iterator[str]:
        """The next gateways to prepare, at most this many."""
        while self._missing and most > 0:
            most -= 1
            yield self._missing.next()

    def put(self, name: str, prepared: Prepared) -> None:
        """Keep what was prepared for one gateway."""
        self._prepared[name] = prepared

    def forget(self, name: str) -> None:
        """Prepare a gateway again, because its state has changed."""
        if self._prepared.pop(name, None) is not None:
            self._missing.add(name)

    def take(self, name: str, state: GatewayState) -> Prepared | None:
        """Remove and return what was prepared for a gateway, if its state is still the same."""
        prepared = self._prepared.pop(name, None)
        return prepared if prepared is not None and prepared.decided.state is state else None
