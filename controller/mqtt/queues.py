"""The inbox of items that have been received, and the outbox of messages that are to be sent."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable

from controller.gateways.base import Message
from controller.mqtt.incoming import Item, Received

LIMIT_BYTES = 8 * 1024 * 1024
ITEM_BYTES = 500
SLICE_S = 0.005
WINDOW, WIDEST = 200, 20_000
"""Messages that may be unacknowledged, at first and at most. Few at first, so that a slow broker is sent the newest
values next; a broker that acknowledges promptly is soon sent all that becomes due at an instant in one go."""
PROMPT_S = 0.25
STREAM = 1_000
Slot = tuple[str, str]
"""A topic and the part of it that the message is about."""


class _InboxPart:
    """One place in a slot for several items."""

    def __init__(self, slot: Hashable) -> None:
        self.slot = slot


class Inbox:
    """Items in the order in which their places were made. One consumer; any number of connections.

    It holds at most LIMIT_BYTES and one item more: a connection checks `full` and is called back when half is taken.
    """

    def __init__(self) -> None:
        self._items: OrderedDict[Hashable, Item] = OrderedDict()
        self._parts: dict[Hashable, deque[_InboxPart]] = {}
        self._bytes = 0
        self._resume: list[Callable[[], None]] = []
        self._has_changed = asyncio.Event()
        self._is_closed = False
        self._turned_s = 0.0

    @property
    def full(self) -> bool:
        return self._bytes >= LIMIT_BYTES

    def when_half_empty(self, resume: Callable[[], None]) -> None:
        """Calls `resume` once, when there is room again."""
        self._resume.append(resume)

    def put(self, item: Item, slot: Hashable | None = None, most: int = 1) -> Item | None:
        """Puts the item at the end or, if its slot is taken, in the place of the older item, which is returned: a topic
        that floods holds one place and does not delay the others.

        In a slot for `most` items the oldest is dropped, and the newest goes to the end.
        """
        if most > 1:
            part = _InboxPart(slot)
            oldest = self._make_room(part, most)
            self.put(item, part)
            return oldest
        place = object() if slot is None else slot
        older = self._items.get(place)
        self._items[place] = item
        self._bytes += _weight(item) - (_weight(older) if older else 0)
        self._has_changed.set()
        return older

    def _make_room(self, part: _InboxPart, most: int) -> Item | None:
        """Adds a last place for this part; returns the oldest item of the slot if it was dropped."""
        parts, oldest = self._parts.setdefault(part.slot, deque()), None
        if len(parts) >= most:
            oldest = self._items.pop(parts.popleft())
            self._bytes -= _weight(oldest)
        parts.append(part)
        return oldest

    async def take(self) -> Item:
        """The next item, as soon as there is one. Yields to the loop every SLICE_S, also for a consumer that never
        waits. Raises StopAsyncIteration when closed and empty."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._turned_s > SLICE_S:
            await asyncio.sleep(0)
            self._turned_s = loop.time()
        while not self._items:
            if self._is_closed:
                raise StopAsyncIteration
            self._has_changed.clear()
            await self._has_changed.wait()
            self._turned_s = loop.time()
        place, item = self._items.popitem(last=False)
        if isinstance(place, _InboxPart):
            parts = self._parts[place.slot]
            parts.popleft()
            if not parts:
                del self._parts[place.slot]
        self._bytes -= _weight(item)
        if self._resume and self._bytes <= LIMIT_BYTES // 2:
            waiting, self._resume = self._resume, []
            for resume in waiting:
                resume()
        return item

    def close(self) -> None:
        """No more items will come; those that wait can still be taken."""
        self._is_closed = True
        self._has_changed.set()


def _weight(item: Item) -> int:
    return ITEM_BYTES + (len(item.topic) + len(item.payload) if isinstance(item, Received) else 0)


class Outbox:
    """Messages to be sent on one connection: the newest value of each topic, never a queue of stale ones. Pure.

    A message with QoS 1 or 2, or retained, is a value: at most one per slot waits, the newest, in the place of the one
    that it replaces. It waits while one of its slot is unacknowledged, so that a slow broker is sent the newest value
    next and none in between. Other messages form a stream, as events do: they wait behind the values, in order, and
    when there are more than STREAM the oldest are dropped.

    At first WINDOW messages may be unacknowledged: one more for each that is acknowledged within PROMPT_S, up to
    WIDEST; half as many after one that takes longer, but never less than WINDOW, and only once for all that were in
    flight at that time.
    """

    def __init__(self) -> None:
        self._values: OrderedDict[Slot, Message] = OrderedDict()
        self._blocked: dict[Slot, Message] = {}
        self._stream: deque[Message] = deque(maxlen=STREAM)
        self._unacknowledged: dict[int, tuple[Slot, float]] = {}
        self._in_flight: set[Slot] = set()
        self._window = WINDOW
        self._narrowed_s = float("-inf")

    @property
    def idle(self) -> bool:
        """Whether nothing waits and everything is acknowledged."""
        return not (self._values or self._stream or self._unacknowledged)

    @property
    def ready(self) -> bool:
        """Whether a message waits that may be sent now."""
        return bool(self._stream) or self._may_send_value

    @property
    def _may_send_value(self) -> bool:
        return bool(self._values) and len(self._unacknowledged) < self._window

    def awaits(self, mid: int) -> bool:
        """Whether this packet identifier is in use."""
        return mid in self._unacknowledged

    def unacknowledged_s(self, now_s: float) -> float:
        """Seconds for which the oldest unacknowledged message has been unacknowledged at `now_s` (monotonic)."""
        _, since_s = next(iter(self._unacknowledged.values()), (None, now_s))
        return now_s - since_s

    def put(self, message: Message) -> None:
        """Queues a message."""
        slot = message.topic, message.part
        if message.qos == 0 and not message.retain:
            self._stream.append(message)
        elif slot in self._in_flight:
            self._blocked[slot] = message
        else:
            self._values[slot] = message

    def take(self) -> Message | None:
        """The next message to be sent now, or None."""
        if self._may_send_value:
            return self._values.popitem(last=False)[1]
        return self._stream.popleft() if self._stream else None

    def sent(self, message: Message, mid: int, now_s: float) -> None:
        """The message was sent with this packet identifier, at `now_s` (monotonic)."""
        if message.qos:
            slot = message.topic, message.part
            self._unacknowledged[mid] = slot, now_s
            self._in_flight.add(slot)

    def acknowledged(self, mid: int, now_s: float) -> None:
        """The broker has confirmed this packet identifier, at `now_s`; unknown ones are ignored."""
        if mid not in self._unacknowledged:
            return
        slot, since_s = self._unacknowledged.pop(mid)
        if now_s - since_s <= PROMPT_S:
            self._window = min(self._window + 1, WIDEST)
        elif since_s > self._narrowed_s:
            self._window, self._narrowed_s = max(self._window // 2, WINDOW), now_s
        self._in_flight.discard(slot)
        if newer := self._blocked.pop(slot, None):
            self._values[slot] = newer
