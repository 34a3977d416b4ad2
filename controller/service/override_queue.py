"""Where requests by hand come in: one after another is answered, beside the turns, which never wait for the disk.

Rules
1. A safety stop acts at once, before it has its answer and whatever else waits.
2. What waits already is asked once, as it comes over each of several brokers; a stop only where nothing waits behind
   it, since a lift may, and whoever stops again after that means it.
3. At most WAITING requests wait; one too many is told to come again. A stop takes the place of the last: one that is
   in force without waiting to be kept could never be lifted.
4. Of each action, GRANTED a minute are granted, for each is written to the disk, to the log and to the lamps. A stop is
   never refused; it is written once while it stands.
5. Answers are told one by one, ANSWERS a minute of each code; of a flood the rest is counted.
6. While the clock is suspect nothing is set and nothing ends by it.
"""

from collections import deque

from controller.clock import ClockReading, Trust
from controller.events import Event
from controller.events.rate_limit import RateLimit
from controller.service.override_request import action_of
from controller.service.overrides import REFUSED, OverrideManager

WAITING = 100
GRANTED = 60
"""No person presses more often than each second for a minute."""
WINDOW_S = 60.0
ANSWERS = 240
"""Whoever asks waits for the answer; four a second fill no log."""


class OverrideQueue:
    """The requests to one `OverrideManager`; what is returned is to be told."""

    def __init__(self, hand: OverrideManager) -> None:
        self._hand = hand
        self._waiting: deque[bytes] = deque()
        self._answers = RateLimit(ANSWERS)
        self._latest_s = 0.0
        self._paid_s: dict[str, float] = {}
        """By action: until when those that were granted are paid for."""

    @property
    def has_work(self) -> bool:
        """Whether a request waits for its answer."""
        return bool(self._waiting)

    def receive(self, payload: bytes, reading: ClockReading) -> tuple[Event, ...]:
        """A request joins those that wait."""
        if self._waiting and self._waiting[-1] == payload:
            return ()
        is_stop = self._hand.halt(payload, reading.wall)
        if payload in self._waiting and not is_stop:
            return ()
        if len(self._waiting) < WAITING:
            self._waiting.append(payload)
            return ()
        if is_stop:
            payload, self._waiting[-1] = self._waiting[-1], payload
        return self._damped(self._hand.turn_away(payload, "TWL-O128"), reading)

    async def work(self, reading: ClockReading) -> tuple[Event, ...]:
        """Answers the one that has waited longest, and forgets what has ended."""
        suspect = reading.trust is Trust.SUSPECT
        events: tuple[Event, ...] = ()
        if self._waiting:
            events = self._damped(await self._answer(self._waiting[0], reading, suspect), reading)
            self._waiting.popleft()
        ended = () if suspect else await self._hand.expire(reading.wall)
        return (*events, *ended, *self._answers.due(self._seen_s(reading)))

    async def _answer(self, payload: bytes, reading: ClockReading, suspect: bool) -> Event:
        """By rule 4."""
        action = action_of(payload)
        paid_s = max(self._paid_s.get(action, 0.0), reading.mono) + WINDOW_S / GRANTED
        if action != "stop" and paid_s > reading.mono + WINDOW_S:
            return self._hand.turn_away(payload, "TWL-O112")
        answer = await self._hand.take(payload, reading.wall, suspect)
        if answer.code != REFUSED:
            self._paid_s[action] = paid_s
        return answer

    def _damped(self, answer: Event, reading: ClockReading) -> tuple[Event, ...]:
        return self._answers.pass_on(answer, self._seen_s(reading))

    def _seen_s(self, reading: ClockReading) -> float:
        """Boot time. What came while an answer waited for the disk was read later than the work was begun."""
        self._latest_s = max(self._latest_s, reading.mono)
        return self._latest_s
