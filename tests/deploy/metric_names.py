"""The metrics that the page really has, and whether an expression asks for others."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from controller.clock import ClockReading
from controller.config.load import load
from controller.events import Level, new_event
from controller.service.health import WORST_FIRST
from controller.web.event_counts import RESULTS, EventCounts
from controller.web.metrics import metrics_text
from tests.web.turned import snapshot_of

EVENING = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
SCRAPED = frozenset({"job", "instance", "site"})
"""Labels that Prometheus adds, and the one that tells several sites apart."""
VALUES = {"status": set(WORST_FIRST), "level": {str(level) for level in Level}, "result": set(RESULTS.values())}
"""Labels with a few values that are known beforehand."""


@cache
def metrics() -> dict[str, frozenset[str]]:
    """Sample -> its labels, of the shipped site after a command."""
    counts = EventCounts(EVENING)
    fields = {"gateway": "mast", "attempts": 1, "command_id": "1", "shows": {}, "latency_s": 0.2}
    counts.take(new_event("TWL-G101", **fields), EVENING)
    snapshot = snapshot_of(load(Path(__file__).parents[2] / "config"), ClockReading(EVENING, 1000.0))
    states = {
        name: state._replace(reported=state.reported._replace(alive_s=999.0)) for name, state in snapshot.states.items()
    }
    text = metrics_text(replace(snapshot, states=states), counts).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: frozenset(sample.labels) for sample in samples} | {"up": frozenset()}


def complaints(expression: str) -> list[str]:
    """What an expression of PromQL asks for that is nowhere: metrics, labels, values of labels."""
    found = [f"no metric {name}" for name in re.findall(r"\bwatertower_\w+", expression) if name not in metrics()]
    for name, selector in re.findall(r"\b(watertower_\w+|up)\{([^}]*)\}", expression):
        for label, _, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
            if label not in metrics().get(name, frozenset()) | SCRAPED:
                found.append(f"{name} has no label {label}")
            wrong = set(value.split("|")) - VALUES[label] if label in VALUES else set()
            found += [f"{label} is never {each}" for each in sorted(wrong)]
    known = frozenset().union(*metrics().values()) | SCRAPED
    grouped = ",".join(re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expression))
    return found + [f"no label {each}" for each in re.findall(r"\w+", grouped) if each not in known]
