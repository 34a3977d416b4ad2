"""What is to be sent: never a queue of stale values. Pure.

Rules
1. A topic has at most one message waiting: the newest. It keeps the place in the order of the one that it
   replaces.
2. A message waits while a QoS 1 or 2 message of its topic is unacknowledged, so that a slow broker is sent
   the newest value next and none between.
3. At most WINDOW messages are unacknowledged.
4. A QoS 0 message is one of a stream (an event) and no value: none takes another's place, and while nothing can
   be sent the oldest beyond STREAM are dropped.
5. Order holds within a topic, and between topics while nothing has to wait.
"""

from collections import OrderedDict, deque
from collections.abc import MutableMapping
from typing import Any

from controller.gateways.gateway import Message

Key = str | tuple[str, int]
STREAM = 1_000
WINDOW = 200
"""20 to 20 000 differ little with paho's own window off; 200 keeps one read of
acknowledgements under 5 ms and still fills a line of 10 ms with 20 000 messages a second."""


class Outbox:
    """See the head of the module."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Key, Message] = OrderedDict()
        self._stream: deque[Key] = deque()
        self._count = 0
        self._held: dict[str, Message] = {}
        self._unacknowledged: dict[int, tuple[str, float]] = {}
        self._in_flight: set[str] = set()

    @property
    def idle(self) -> bool:
        """Nothing waits and everything is acknowledged."""
        return not self._waiting and not self._unacknowledged

    @property
    def ready(self) -> bool:
        """Something waits that may go now."""
        return bool(self._waiting) and len(self._unacknowledged) < WINDOW

    def unacknowledged_s(self, now: float) -> float:
        """For how long the oldest unacknowledged message has been so at `now` (seconds, monotonic)."""
        return max((now - since for _, since in self._unacknowledged.values()), default=0.0)

    def put(self, message: Message) -> None:
        """Accepts a message; an older one of its topic that has not been sent is dropped."""
        if message.qos == 0:
            self._append(message)
            return
        where: MutableMapping[Any, Message] = self._held if message.topic in self._in_flight else self._waiting
        where[message.topic] = message

    def _append(self, message: Message) -> None:
        """Rule 4."""
        self._count += 1
        key = message.topic, self._count
        self._waiting[key] = message
        self._stream.append(key)
        if len(self._stream) > STREAM:
            self._waiting.pop(self._stream.popleft(), None)

    def take(self) -> Message | None:
        """The next message to be sent now, or None."""
        if not self.ready:
            return None
        key, message = self._waiting.popitem(last=False)
        if self._stream and self._stream[0] == key:
            self._stream.popleft()
        return message

    def sent(self, message: Message, mid: int, now: float) -> None:
        """The message went out under this packet identifier."""
        if message.qos:
            self._unacknowledged[mid] = message.topic, now
            self._in_flight.add(message.topic)

    def acknowledged(self, mid: int) -> None:
        """The broker has confirmed this packet identifier; unknown ones are ignored."""
        if mid not in self._unacknowledged:
            return
        topic, _ = self._unacknowledged.pop(mid)
        self._in_flight.discard(topic)
        if newer := self._held.pop(topic, None):
            self._waiting[topic] = newer
