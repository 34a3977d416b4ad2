"""What came in and has not been taken yet. One consumer; any number of connections.

Rules
1. Items are taken in the order in which their places were made.
2. An item with a slot takes the place of the one that waits in the same slot: a topic that floods holds one
   place, and the others wait no longer for it. A slot for several holds the newest so many, in their order.
3. It holds at most LIMIT_BYTES and one item more: who fills it asks `full` and is called back when half is
   taken.
4. A consumer that never waits still lets the loop turn every SLICE_S.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable

from controller.mqtt.incoming import Item, Received

LIMIT_BYTES = 8 * 1024 * 1024
ITEM_BYTES = 500
SLICE_S = 0.005


class _InboxPart:
    """One place in a slot for several."""

    def __init__(self, slot: Hashable) -> None:
        self.slot = slot


class Inbox:
    """See the head of the module."""

    def __init__(self) -> None:
        self._items: OrderedDict[Hashable, Item] = OrderedDict()
        self._parts: dict[Hashable, deque[_InboxPart]] = {}
        self._bytes = 0
        self._resume: list[Callable[[], None]] = []
        self._stirred = asyncio.Event()
        self._closed = False
        self._turned = 0.0

    @property
    def full(self) -> bool:
        return self._bytes >= LIMIT_BYTES

    def when_half_empty(self, resume: Callable[[], None]) -> None:
        """Calls `resume` once, when there is room again."""
        self._resume.append(resume)

    def put(self, item: Item, slot: Hashable | None = None, most: int = 1) -> Item | None:
        """Puts the item at the end or, where its slot is taken, in the place of the older one, which it returns.

        Of a slot for `most` items the oldest gives way, and the newest goes to the end.
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
        self._stirred.set()
        return older

    def _make_room(self, part: _InboxPart, most: int) -> Item | None:
        """Makes a last place for this part; returns the item of the first if it had to go."""
        parts, oldest = self._parts.setdefault(part.slot, deque()), None
        if len(parts) >= most:
            oldest = self._items.pop(parts.popleft())
            self._bytes -= _weight(oldest)
        parts.append(part)
        return oldest

    async def take(self) -> Item:
        """The next item, as soon as there is one; StopAsyncIteration when closed and empty."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._turned > SLICE_S:
            await asyncio.sleep(0)
            self._turned = loop.time()
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._stirred.clear()
            await self._stirred.wait()
            self._turned = loop.time()
        place, item = self._items.popitem(last=False)
        if isinstance(place, _InboxPart):
            self._leave(place)
        self._bytes -= _weight(item)
        if self._resume and self._bytes <= LIMIT_BYTES // 2:
            waiting, self._resume = self._resume, []
            for resume in waiting:
                resume()
        return item

    def _leave(self, part: _InboxPart) -> None:
        """It was the first of its slot."""
        parts = self._parts[part.slot]
        parts.popleft()
        if not parts:
            del self._parts[part.slot]

    def close(self) -> None:
        """Nothing more will come; what waits can still be taken."""
        self._closed = True
        self._stirred.set()


def _weight(item: Item) -> int:
    return ITEM_BYTES + (len(item.topic) + len(item.payload) if isinstance(item, Received) else 0)
