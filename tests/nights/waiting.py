"""Waiting for what is to come, however slow the machine."""

import time
from collections.abc import Callable
from typing import Any

GENEROUS_S = 150.0
"""How long a test waits before it gives up; what is promised is asserted on the instants in the documents."""


def until(condition: Callable[[], Any], what: str, within_s: float = GENEROUS_S) -> Any:
    """The first truth that the condition gives."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {within_s:.0f} s in vain: {what}")
