"""Where requests by hand come in: one after another is answered, beside the turns, which never wait for the disk.

Rules
1. A safety stop acts at once, before it has its answer and whatever else waits.
2. What waits already is asked once, as it comes over each of several brokers.
3. At most WAITING requests wait; one too many is told to come again. A stop takes the place of the last: one that is
   in force without waiting to be kept could never be lifted.
4. Of refusals, REFUSALS a minute are told one by one; of a flood the rest is counted.
5. While the clock is suspect nothing is set and nothing ends by it.
"""

from collections import deque

from controller.clock import Reading, Trust
from controller.events import Event
from controller.events.damper import Damper
from controller.service.hand import REFUSED, Hand

WAITING = 100
REFUSALS = 240
"""Whoever asks waits for the answer; four a second fill no log."""


class Desk:
    """The requests to one `Hand`; what is returned is to be told."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._waiting: deque[bytes] = deque()
        self._refusals = Damper(REFUSALS)

    @property
    def has_work(self) -> bool:
        """Whether a request waits for its answer."""
        return bool(self._waiting)

    def receive(self, payload: bytes, reading: Reading) -> tuple[Event, ...]:
        """A request joins those that wait."""
        is_stop = self._hand.halt(payload, reading.wall)
        if payload in self._waiting:
            return ()
        if len(self._waiting) < WAITING:
            self._waiting.append(payload)
            return ()
        if is_stop:
            payload, self._waiting[-1] = self._waiting[-1], payload
        return self._damped(self._hand.turn_away(payload), reading)

    async def work(self, reading: Reading) -> tuple[Event, ...]:
        """Answers the one that has waited longest, and forgets what has ended."""
        suspect = reading.trust is Trust.SUSPECT
        events: tuple[Event, ...] = ()
        if self._waiting:
            answer = await self._hand.take(self._waiting[0], reading.wall, suspect)
            self._waiting.popleft()
            events = self._damped(answer, reading)
        ended = () if suspect else await self._hand.expire(reading.wall)
        return (*events, *ended, *self._refusals.due(reading.mono))

    def _damped(self, answer: Event, reading: Reading) -> tuple[Event, ...]:
        return self._refusals.pass_on(answer, reading.mono) if answer.code == REFUSED else (answer,)
