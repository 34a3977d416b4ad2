"""Degradations: what is wrong for longer than a moment, each from its begin to its end.

Whoever notices something emits an event; the catalogue states which events last and which end them (`Kind.lasting`). So
there is one place that knows the state of the service itself, and nothing that was logged can be missing there. An
event that ends a degradation states how long it lasted; of those that still last there is a reminder a day.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import cache
from math import inf

from controller.clock import Clock, ClockReading
from controller.events import CATALOGUE, Event, EventKind, Level, new_event
from controller.events.models import SEVERITY, EndedTrouble, Lasting, plain_value
from controller.locale import DEFAULT
from controller.service.health import Degradation

DAY_S = 86_400.0
"""Seconds between two reminders of a degradation."""
OUTLIVES = "JO"
"""The letters of events about disk, files and requests. All other parts are rebuilt when tower.yaml has changed, and
emit their event again if the fault is still there."""


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Degraded:
    """A degradation: its latest event, since when, the clock reading then, and when the latest event came (boot time).

    `first` is what the trouble began with, where one degradation has replaced another, as *unreachable* replaces
    *lost*. `reminded_s` is when it was last logged (boot time).
    """

    event: Event
    since: datetime
    began: ClockReading
    last_s: float
    reminded_s: float
    first: "_Degraded | None" = None

    @property
    def begin(self) -> "_Degraded":
        """What the trouble began with."""
        return self.first or self


class Degradations:
    """The degradations that last now. `take` is called with every event, whether logged or only counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._degraded: dict[Key, _Degraded] = {}
        self._of_gateways: defaultdict[str, dict[Key, _Degraded]] = defaultdict(dict)
        """By code; a thousand gateways may be silent at the same time."""
        self._remind_s = inf

    def take(self, event: Event, at: datetime) -> Event:
        """Begin, update or end degradations by an event. Returns the event, with the duration of what it ended."""
        lasting = event.kind.lasting
        if lasting is None and not _ended_by(event.kind.code):
            return event
        ended = [one.begin for one in self._take_ended(event)]
        if lasting is None and not ended:
            return event
        reading = self._clock.read()
        is_fine = lasting is not None and any(event.fields.get(name) == value for name, value in lasting.fine)
        if is_fine:
            ended += [one.begin for one in (self._of(event).pop(_own_key(event), None),) if one is not None]
        first = min(ended, key=lambda one: one.began.mono, default=None)
        if lasting is not None and not is_fine:
            self._record(event, at, reading, first)
        elif first is not None and event.ended is None and "down_s" not in event.fields:
            return replace(event, ended=EndedTrouble(first.event.code, round(reading.mono - first.began.mono, 1)))
        return event

    def apart(self, event: Event) -> Iterator[Event]:
        """Split an event of many gateways for `take`: one event for each gateway of which it ends something, one for
        the rest."""
        if event.each is None:
            yield event
            return
        current = [self._of_gateways[kind.code] for kind in _ended_by(event.code)]
        ended = {key[1] for each in current for key in each} & event.each.keys()
        if others := {name: command_id for name, command_id in event.each.items() if name not in ended}:
            yield event.only(others)
        yield from (event.only({name: event.each[name]}) for name in sorted(ended))

    def _record(self, event: Event, at: datetime, reading: ClockReading, first: _Degraded | None) -> None:
        current, key = self._of(event), _own_key(event)
        new = _Degraded(event, at, reading, reading.mono, reading.mono, first)
        before = current.get(key, new)
        if before.event.level is not event.level or _is_quiet(before, reading):
            before = new
        current[key] = replace(before, event=event, last_s=reading.mono)
        self._remind_s = min(self._remind_s, before.reminded_s + DAY_S)

    def _take_ended(self, event: Event) -> Iterator[_Degraded]:
        for kind in _ended_by(event.code):
            current = self._of_gateways[kind.code] if _is_of_gateway(kind) else self._degraded
            if not current:
                continue
            about = (kind.lasting or Lasting()).about
            if all(name in event.fields for name in about):
                keys = [_own_key(event, kind)]
            else:  # it ends all degradations of a broker, or of the whole service
                keys = [key for key, one in current.items() if ends(event, one.event)]
            yield from (current.pop(key) for key in keys if key in current)

    def _of(self, event: Event) -> dict[Key, _Degraded]:
        return self._of_gateways[event.code] if _is_of_gateway(event.kind) else self._degraded

    def rebuilt(self) -> None:
        """Everything but store and files was rebuilt: degradations of the old parts are dropped."""
        self._of_gateways.clear()
        self._degraded = {
            key: one for key, one in self._degraded.items() if one.event.code.removeprefix("TWL-")[0] in OUTLIVES
        }

    def lasting_event(self, code: str) -> Event | None:
        """The latest event of the degradation with this code; None where there is none."""
        return next((one.event for one in self._degraded.values() if one.event.code == code), None)

    def now(self) -> tuple[Degradation, ...]:
        """The degradations in the order in which they began; `since` by the clock as it is set now. Without those of
        gateways, which are shown with the gateway; one entry where several parts of the program report the same."""
        if not self._degraded:
            return ()
        reading = self._clock.read()
        self._degraded = {key: one for key, one in self._degraded.items() if not _is_quiet(one, reading)}
        first = {key_of(one.event): one for one in reversed(self._degraded.values())}
        return tuple(
            Degradation(
                code=one.event.code,
                since=_since(one, reading),
                fields={name: plain_value(value) for name, value in one.event.fields.items()},
            )
            for one in reversed(first.values())
        )

    def reminders(self, reading: ClockReading, zone: tzinfo) -> tuple[Event, ...]:
        """One event for each code with a degradation that has lasted for a day, or another day; `zone` is that of the
        site. Events that repeat are summed up by the rate limit."""
        if reading.mono < self._remind_s:
            return ()
        self._remind_s, events = inf, []
        for current in (self._degraded, *self._of_gateways.values()):
            by_code: defaultdict[str, list[Key]] = defaultdict(list)
            for key, one in current.items():
                if _needs_reminder(one.event):
                    by_code[one.event.code].append(key)
            for keys in by_code.values():
                due_s = current[keys[0]].reminded_s + DAY_S
                if due_s <= reading.mono:
                    due_s = reading.mono + DAY_S
                    events.append(_reminder([current[key] for key in keys], reading, zone))
                    current.update({key: replace(current[key], reminded_s=reading.mono) for key in keys})
                self._remind_s = min(self._remind_s, due_s)
        return tuple(events)


def _reminder(current: list[_Degraded], reading: ClockReading, zone: tzinfo) -> Event:
    first = min(current, key=lambda one: one.began.mono)
    since = f"{_since(first, reading).astimezone(zone):%Y-%m-%d %H:%M}"
    return new_event("TWL-C042", what=first.event, of=first.event.code, since=since, count=len(current))


def _since(one: _Degraded, reading: ClockReading) -> datetime:
    return one.since + timedelta(seconds=reading.stepped_s - one.began.stepped_s)


def _needs_reminder(event: Event) -> bool:
    lasting = event.kind.lasting or Lasting()
    is_mild = lasting.harmless or SEVERITY.index(event.level) < SEVERITY.index(Level.WARNING)
    return not is_mild and lasting.quiet_s is None


def _is_of_gateway(kind: EventKind) -> bool:
    return kind.lasting is not None and kind.lasting.of_gateway


@cache
def _ended_by(code: str) -> tuple[EventKind, ...]:
    """The kinds of degradation that an event of this code may end."""
    return tuple(kind for kind in CATALOGUE.values() if kind.lasting is not None and code in kind.lasting.until)


def ends(event: Event, begun: Event) -> bool:
    """Whether the event ends what the other began; it may end more than one, as all of a broker. Parts of one program
    have a connection each, and each ends its own only."""
    lasting = begun.kind.lasting or Lasting()
    return (
        event.code in lasting.until
        and event.part == begun.part
        and all(event.fields[name] == begun.fields[name] for name in lasting.about if name in event.fields)
    )


def key_of(event: Event) -> Key:
    """The key of a degradation: its code and the fields that identify it."""
    return _about(event, event.kind)


def _own_key(event: Event, kind: EventKind | None = None) -> Key:
    """The key with the part of the program that emitted the event; `kind` is what the event ends."""
    part = (event.part.text(DEFAULT),) if event.part is not None else ()
    return (*_about(event, kind or event.kind), *part)


def _about(event: Event, kind: EventKind) -> Key:
    return (kind.code, *(str(event.fields[name]) for name in (kind.lasting or Lasting()).about))


def _is_quiet(one: _Degraded, reading: ClockReading) -> bool:
    quiet_s = (one.event.kind.lasting or Lasting()).quiet_s
    return quiet_s is not None and reading.mono - one.last_s > quiet_s
