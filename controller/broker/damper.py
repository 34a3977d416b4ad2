"""Keeps a repeated fault from filling the log: the first is told at once, the rest by number each minute."""

import asyncio
from collections.abc import Callable

from controller.events import CATALOGUE, Event, happened

QUIET_S = 60.0
KEYS = 1000
"""Subjects that are told apart at the same time; those beyond share one."""


class Damper:
    """Tells events; those of a kind with the field `count` are damped for each code and subject."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._quiet: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._untold: dict[tuple[str, str], tuple[int, dict[str, object]]] = {}

    def __call__(self, code: str, about: str, **fields: object) -> None:
        """Tells it now, or later with all others of the same minute."""
        if "count" not in CATALOGUE[code].fields:
            return self._on_event(happened(code, **fields))
        key = (code, about if len(self._quiet) < KEYS or (code, about) in self._quiet else "")
        if key in self._quiet:
            self._untold[key] = (self._untold.get(key, (0, {}))[0] + 1, fields)
            return None
        self._quiet[key] = asyncio.get_running_loop().call_later(QUIET_S, self._sum_up, key)
        return self._on_event(happened(code, count=1, **fields))

    def _sum_up(self, key: tuple[str, str]) -> None:
        del self._quiet[key]
        if key in self._untold:
            count, fields = self._untold.pop(key)
            self._quiet[key] = asyncio.get_running_loop().call_later(QUIET_S, self._sum_up, key)
            self._on_event(happened(key[0], count=count, **fields))

    def close(self) -> None:
        """Tells what was still to be told."""
        for timer in self._quiet.values():
            timer.cancel()
        for (code, _), (count, fields) in self._untold.items():
            self._on_event(happened(code, count=count, **fields))
        self._quiet.clear()
        self._untold.clear()
