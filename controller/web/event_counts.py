"""Counts of events since the start, for `/metrics`."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from controller.events import Event, Level

LATENCIES_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of the histogram."""
RESULTS = {
    "TWL-G101": "confirmed",
    "TWL-G107": "confirmed_late",
    "TWL-G102": "no_answer",
    "TWL-G108": "not_obeyed",
    "TWL-G117": "not_taken",
}
"""Results of a command, by event."""
FILES_TAKEN = "TWL-O130"


class EventCounts:
    """Counts of events since the start; `take` is called on the control loop, `metrics` on any thread."""

    def __init__(self, started: datetime) -> None:
        self._lock = threading.Lock()
        self._commands: Counter[tuple[str, str]] = Counter()
        self._latencies: Counter[int] = Counter()
        self._latency_sum_s = 0.0
        self._levels: Counter[Level] = Counter()
        self.files_taken_at = started

    def take(self, event: Event, at: datetime) -> None:
        """Counts an event that was emitted at an instant."""
        with self._lock:
            self._levels[event.level] += event.count
            if event.code == FILES_TAKEN:
                self.files_taken_at = at
            result = RESULTS.get(event.code)
            if result is None:
                return
            for gateway in event.each or (str(event.fields.get("gateway", "")),):
                self._commands[gateway, result] += 1
            latency_s = event.fields.get("latency_s")
            if isinstance(latency_s, int | float):
                self._latencies[bisect_left(LATENCIES_S, latency_s)] += event.count
                self._latency_sum_s += latency_s * event.count

    def metrics(self, *, by_gateway: bool) -> Iterator[Metric]:
        """The counts as metrics."""
        with self._lock:
            commands, levels = Counter(self._commands), Counter(self._levels)
            latencies, sum_s = Counter(self._latencies), self._latency_sum_s
        events = CounterMetricFamily("watertower_events", "Events emitted since the start.", labels=["level"])
        for level in Level:
            events.add_metric([level.value], levels[level])
        yield events
        results = CounterMetricFamily(
            "watertower_commands",
            "Commands by how they ended; without the gateway where there are many.",
            labels=["gateway", "result"],
        )
        summed: Counter[tuple[str, str]] = Counter()
        for (gateway, result), count in commands.items():
            summed[gateway if by_gateway else "", result] += count
        for (gateway, result), count in sorted(summed.items()):
            results.add_metric([gateway, result], count)
        yield results
        total, buckets = 0, []
        for number, bound in enumerate((*LATENCIES_S, float("inf"))):
            total += latencies[number]
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
        about = "Seconds from a command to its confirmation."
        histogram = HistogramMetricFamily("watertower_ack_latency_seconds", about)
        histogram.add_metric([], buckets, sum_s)
        yield histogram
