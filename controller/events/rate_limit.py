"""Passes on a repeated event a few times and counts the rest, so that a flapping gateway cannot fill a log. Pure.

The events that begin and end one problem, as `silent` and `back`, are counted together: the last one passed on shows
the current state."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush, heapreplace
from math import inf, isfinite
from typing import NamedTuple

from controller.events import CATALOGUE, Event, Level, new_event
from controller.events.models import SEVERITY

WINDOW_S = 60
"""Seconds until the first summary of a repeated event."""
DAY_S = 86_400
"""Seconds between further summaries while it goes on."""
QUIET_S = 600
"""Seconds without the event after which it is over, and passed on again when it returns."""
FREE = 2
"""Number of events of one kind about one thing that are passed on before the rest is counted."""
KEYS = 1000
"""Number of things of one code that are counted separately at the same time; further ones share one window."""
ABOUT = ("gateway", "topic", "broker", "zone")
"""An event is about the first of these fields that it has."""

BEYOND = "…"
"""The thing that further ones are counted under."""

Key = tuple[str, str]


@dataclass(slots=True)
class _Window:
    """One kind of event about one thing, from `first_s` to `last_s`; `summed_s` is the time of the last summary."""

    first_s: float
    last_s: float
    quiet_s: float | None
    command: object = None
    passed: tuple[str, ...] = ()
    """Codes, each as often as it was passed on."""
    held: int = 0
    times: int = 0
    held_s: float = inf
    summed_s: float = inf
    last: Event | None = None

    @property
    def is_counting(self) -> bool:
        """Whether any event was held back."""
        return self.last is not None

    @property
    def due_s(self) -> float:
        """Time of the next summary."""
        if self.summed_s == inf:
            return self.held_s + WINDOW_S
        return min(self.summed_s + DAY_S, self.last_s + (self.quiet_s or 0))


class _Together(NamedTuple):
    """An event of many gateways that was passed on: each gateway with its command, and the time."""

    each: Mapping[str, str]
    at_s: float


class RateLimit:
    """Passes on the first `free` events of each code about the same thing; the rest is counted, with a summary after
    WINDOW_S. A problem, or one command, is counted until nothing has come for `quiet_s`, with a summary once a day and
    at the end; everything else, and everything if `quiet_s` is None, is passed on again after its summary. If
    strangers choose the names of things, `keys` keeps them from filling the log with ever new ones.

    `now_s` are seconds of any clock; a clock that was set back ends all windows. The cost of an event does not depend
    on the number of open windows."""

    def __init__(self, free: int = FREE, keys: int = KEYS, quiet_s: float | None = QUIET_S) -> None:
        self._free = free
        self._keys = keys
        self._quiet_s = quiet_s
        self._windows: OrderedDict[Key, _Window] = OrderedDict()
        """The longest quiet first."""
        self._by_code: Counter[str] = Counter()
        self._due: list[tuple[float, Key]] = []
        """The windows that count, as a heap by time: no window is due before its entry."""
        self._latest_s = -inf
        self._together = defaultdict[str, dict[str, _Together]](dict)
        """By code and gateway the last event of many that was passed on."""
        self._together_s = -inf
        """Time of the last of them."""

    def pass_on(self, event: Event, now_s: float, about: object = None) -> tuple[Event, ...]:
        """The events to emit for this event; `about` is its gateway, topic, broker or zone unless given. An event of
        many gateways is passed on as it is if it is the first of its command for each of them."""
        if event.each is None:
            return self._pass_on(event, now_s, about)
        code, each = event.code, event.each
        if self._was_passed_on(code, each, now_s):
            return tuple(each for single in event.singly() for each in self._pass_on(single, now_s))
        self._together[code].update(dict.fromkeys(each, _Together(each, now_s)))
        self._together_s = now_s
        return (event,)

    def _was_passed_on(self, code: str, each: Mapping[str, str], now_s: float) -> bool:
        """Whether an event of one of these commands may have been passed on before."""
        alone = self._windows if self._by_code[code] else {}
        together, over_s = self._together[code], now_s - (self._quiet_s or WINDOW_S)
        for gateway, command in each.items():
            before = together.get(gateway)
            if before is not None and before.each[gateway] == command and before.at_s > over_s:
                return True
            window = alone.get((code, gateway)) if alone else None
            if window is not None and (window.is_counting or window.command == command):
                return True
        return False

    def _together_with(self, code: str, gateway: str, command: object, now_s: float) -> _Together | None:
        """The event of many gateways that was passed on for this command, unless it is over."""
        together = self._together[code].get(gateway)
        is_over = (
            together is None
            or together.each[gateway] != command
            or now_s >= together.at_s + (self._quiet_s or WINDOW_S)
        )
        return None if is_over else together

    def _pass_on(self, event: Event, now_s: float, about: object = None) -> tuple[Event, ...]:
        key = self._key(event, about)
        together = self._together_with(*key, event.fields.get("command_id"), now_s)
        command = None if _is_warning(event.code) or key[1] == BEYOND else event.fields.get("command_id")
        window = self._windows.get(key)
        if window is not None and window.command != command and window.is_counting:
            key = (key[0], f"{key[1]} {command}")
            window = self._windows.get(key)
        if window is not None and (window.command != command or self._is_over(window, now_s)):
            self._close(key)  # of commands whose events were passed on and not counted, only the last is remembered
            window = None
        if window is None:
            quiet_s = self._quiet_s if _is_trouble(event) else None
            window = self._windows[key] = _Window(now_s, now_s, quiet_s, command)
            if together is not None:
                window.first_s, window.passed, window.times = together.at_s, (event.code,), 1
            self._by_code[key[0]] += 1
        if window.quiet_s is not None:
            window.last_s = now_s
            self._windows.move_to_end(key)
        window.times += 1
        if not window.is_counting and window.passed.count(event.code) < self._free:
            window.passed += (event.code,)
            return (event,)
        if not window.is_counting:
            window.held_s = now_s
            heappush(self._due, (window.due_s, key))
        window.held += 1
        window.last = event
        return ()

    def _key(self, event: Event, about: object) -> Key:
        code, fields = _trouble(event.code), event.fields
        if about is None:
            first = next((fields[name] for name in ABOUT if name in fields), "")
            about = (first, fields["problem"]) if "problem" in fields else first
        key = (code, str(about))
        return (code, BEYOND) if key not in self._windows and self._by_code[code] >= self._keys else key

    @property
    def is_counting(self) -> bool:
        """Whether a window is open."""
        return bool(self._windows)

    @property
    def due_s(self) -> float:
        """Time of the next summary; infinity if nothing was held back."""
        while self._due:
            at_s, key = self._due[0]
            due_s = self._windows[key].due_s
            if due_s <= at_s:
                return at_s
            heapreplace(self._due, (due_s, key))
        return inf

    def due(self, now_s: float) -> tuple[Event, ...]:
        """The summaries that are due; infinity ends all windows, and so does a clock that was set back."""
        ends_all = now_s < self._latest_s or not isfinite(now_s)
        self._latest_s = now_s if isfinite(now_s) else self._latest_s
        if ends_all:
            held = [window for window in self._windows.values() if window.held]
            self._windows.clear()
            self._by_code.clear()
            self._due.clear()
            self._together.clear()
            return tuple(_counted(window, WINDOW_S) for window in held)
        summaries = []
        while self.due_s <= now_s:
            summaries.append(self._sum_up(heappop(self._due)[1], now_s))
        while self._windows and self._is_over(next(iter(self._windows.values())), now_s):
            self._close(next(iter(self._windows)))
        if now_s >= self._together_s + (self._quiet_s or WINDOW_S):
            self._together.clear()
        return tuple(summaries)

    def _is_over(self, window: _Window, now_s: float) -> bool:
        return not window.is_counting and now_s >= window.last_s + (window.quiet_s or WINDOW_S)

    def _sum_up(self, key: Key, now_s: float) -> Event:
        window = self._windows[key]
        if window.summed_s < inf and now_s >= window.last_s + (window.quiet_s or 0):
            self._close(key)
            lasted_s = round(window.last_s - window.first_s)
            return new_event("TWL-C043", times=window.times, lasted_s=lasted_s, what=window.last, of=_code(window))
        summary = _counted(window, now_s - min(window.held_s, window.summed_s))
        window.summed_s, window.held, window.held_s = now_s, 0, inf
        if window.quiet_s is None:
            self._close(key)
        else:
            heappush(self._due, (window.due_s, key))
        return summary

    def _close(self, key: Key) -> None:
        del self._windows[key]
        self._by_code[key[0]] -= 1
        if not self._by_code[key[0]]:
            del self._by_code[key[0]]


def _counted(window: _Window, window_s: float) -> Event:
    return new_event("TWL-C040", times=window.held, window_s=round(window_s), what=window.last, of=_code(window))


def _code(window: _Window) -> str:
    return window.last.code if window.last is not None else ""


@cache
def _trouble(code: str) -> str:
    """One code for the events that begin and end a problem: that of the first ending event."""
    lasting = CATALOGUE[code].lasting
    return lasting.until[0] if lasting is not None and lasting.until else code


def _is_trouble(event: Event) -> bool:
    """Whether the event is a warning or an error, ends one, or repeats something about one command."""
    return _is_warning(event.code) or _is_end(event.code) or "command_id" in event.fields


@cache
def _is_warning(code: str) -> bool:
    return SEVERITY.index(CATALOGUE[code].level) >= SEVERITY.index(Level.WARNING)


@cache
def _is_end(code: str) -> bool:
    return any(_trouble(each) == code for each in CATALOGUE if each != code)
