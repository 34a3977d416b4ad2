"""What is decided ahead of an instant at which the light changes, so that at the instant it is only written. Pure.

The next instant is known, and so is what every gateway will be sent then, unless something changes before: the rules,
the connection, the clock, or a report of the gateway. Then what was prepared is thrown away, and decided anew. Nothing
else decides than `reconcile`: it is asked the same question a few seconds sooner.
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
"""How long before the instant it is begun."""
LATE_S = 0.25
"""A turn that comes so much later than it was thought to decides anew, since it may have been held up, or the clock was
moved or goes slower."""
LASTS_S = 4.0
"""For so long it is sent, once it was begun in time; less than the shortest step of a sequence."""


class PreparedInstant:
    """What is prepared for one instant: `reading` is the clock as it will be then, `outlook` what will be in force,
    `event` tells of that."""

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
        """Whether nothing is left to prepare."""
        return not self._missing

    def is_for(self, outlook: Outlook, reading: ClockReading) -> bool:
        """Whether this turn is the one that it was prepared for, by both clocks."""
        known, most_s = self.reading, LASTS_S if self._is_begun else LATE_S
        late_s = (reading.wall - known.wall).total_seconds() / reading.pace
        return outlook is self.outlook and 0 <= late_s <= most_s and abs(reading.mono - known.mono) <= most_s

    def begin(self) -> bool:
        """The first of it is sent, unless that was done; the next turns follow at once."""
        is_first, self._is_begun = not self._is_begun, True
        return is_first

    def is_foreseen(self, outlook: Outlook, at: datetime, at_s: float) -> bool:
        """Whether it was prepared for this instant, which will be at `at_s` of boot time."""
        known = self.reading
        return outlook is self.outlook and at == known.wall and abs(at_s - known.mono) <= LATE_S

    def missing(self, most: int) -> Iterator[str]:
        """The next gateways to prepare, so many at most."""
        while self._missing and most > 0:
            most -= 1
            yield self._missing.next()

    def put(self, name: str, prepared: Prepared) -> None:
        """What was prepared for one gateway."""
        self._prepared[name] = prepared

    def forget(self, name: str) -> None:
        """Its state has changed: it is prepared anew."""
        if self._prepared.pop(name, None) is not None:
            self._missing.add(name)

    def take(self, name: str, state: GatewayState) -> Prepared | None:
        """What was prepared for a gateway, if it is still in the same state."""
        prepared = self._prepared.pop(name, None)
        return prepared if prepared is not None and prepared.decided.state is state else None
