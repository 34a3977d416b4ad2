"""Which topic filters the broker has granted, and which to ask for (again). Pure.

A refusal is told once per connection and asked again every RETRY_S: access rules get mended while we run,
and some brokers refuse for a while what they grant later, which is told too.
"""

from collections.abc import Iterator

Filters = tuple[tuple[str, int], ...]

RETRY_S = 30.0
BATCH = 100
"""Filters in one SUBSCRIBE, so that it stays far below a `max_packet_size` of 64 kB."""


class Subscriptions:
    """The subscriptions of one connection."""

    def __init__(self, filters: Filters) -> None:
        self._missing: dict[str, int] = dict(filters)
        self._refused: set[str] = set()
        self._asked: dict[int, Filters] = {}
        self._due = 0.0

    def due(self, now: float) -> Iterator[Filters]:
        """What to ask for at `now` (seconds, monotonic), in batches; each is asked for once per RETRY_S."""
        if not self._missing or now < self._due:
            return
        self._due = now + RETRY_S
        missing = tuple(self._missing.items())
        for start in range(0, len(missing), BATCH):
            yield missing[start : start + BATCH]

    def asked(self, mid: int, batch: Filters) -> None:
        """The batch went out under this packet identifier."""
        self._asked[mid] = batch

    def answered(self, mid: int, refused: list[bool]) -> Iterator[tuple[str, bool]]:
        """What the SUBACK says, in the order asked; gives the filters refused for the first time, and those granted
        that had been refused, each with whether it is refused."""
        for (topic_filter, _), is_refused in zip(self._asked.pop(mid, ()), refused, strict=False):
            if not is_refused:
                self._missing.pop(topic_filter, None)
            if is_refused != (topic_filter in self._refused):
                self._refused ^= {topic_filter}
                yield topic_filter, is_refused
