"""What is wrong for longer than a moment, each from its begin to its end.

Whoever notices something tells an event, as of anything else; the catalogue says which events last and which end them
(`Kind.lasting`). So there is one place to ask how the service itself stands, and nothing that is told in the log once
can be missing there. What ends something says how long that lasted, and of what still lasts there is a reminder a day.
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
"""Between two reminders of what lasts."""
OUTLIVES = "JO"
"""The letters of events about disk, files and requests. Whatever else can be wrong is told anew, if it still is, by the
parts that are made anew when tower.yaml has changed."""


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Degraded:
    """One that stands: the event that told of it last, since when, what the clock was then, and when it was told.

    `first` is what the trouble began with, where one has taken the place of another, as *unreachable* of *lost*.
    `reminded_s` is when the log spoke of it last.
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
    """Those that stand now. `take` is handed every event, told or counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._degraded: dict[Key, _Degraded] = {}
        self._of_gateways: defaultdict[str, dict[Key, _Degraded]] = defaultdict(dict)
        """By code; a thousand gateways may be silent at the same time."""
        self._remind_s = inf

    def take(self, event: Event, at: datetime) -> Event:
        """An event: it may begin one, say anew how one stands, or end some. Returns it with how long that lasted."""
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
            self._stand(event, at, reading, first)
        elif first is not None and event.ended is None and "down_s" not in event.fields:
            return replace(event, ended=EndedTrouble(first.event.code, round(reading.mono - first.began.mono, 1)))
        return event

    def apart(self, event: Event) -> Iterator[Event]:
        """An event as it is to be taken: of many gateways those by themselves for which it ends something."""
        if event.each is None:
            yield event
            return
        standing = [self._of_gateways[kind.code] for kind in _ended_by(event.code)]
        ended = {key[1] for each in standing for key in each} & event.each.keys()
        if others := {name: command_id for name, command_id in event.each.items() if name not in ended}:
            yield event.only(others)
        yield from (event.only({name: event.each[name]}) for name in sorted(ended))

    def _stand(self, event: Event, at: datetime, reading: ClockReading, first: _Degraded | None) -> None:
        standing, key = self._of(event), _own_key(event)
        new = _Degraded(event, at, reading, reading.mono, reading.mono, first)
        before = standing.get(key, new)
        if before.event.level is not event.level or _is_quiet(before, reading):
            before = new
        standing[key] = replace(before, event=event, last_s=reading.mono)
        self._remind_s = min(self._remind_s, before.reminded_s + DAY_S)

    def _take_ended(self, event: Event) -> Iterator[_Degraded]:
        for kind in _ended_by(event.code):
            standing = self._of_gateways[kind.code] if _is_of_gateway(kind) else self._degraded
            if not standing:
                continue
            about = (kind.lasting or Lasting()).about
            if all(name in event.fields for name in about):
                keys = [_own_key(event, kind)]
            else:  # it ends all of a broker, or of the whole service
                keys = [key for key, one in standing.items() if ends(event, one.event)]
            yield from (standing.pop(key) for key in keys if key in standing)

    def _of(self, event: Event) -> dict[Key, _Degraded]:
        return self._of_gateways[event.code] if _is_of_gateway(event.kind) else self._degraded

    def rebuilt(self) -> None:
        """Everything but store and files is made anew: what was wrong with the old parts is no more."""
        self._of_gateways.clear()
        self._degraded = {
            key: one for key, one in self._degraded.items() if one.event.code.removeprefix("TWL-")[0] in OUTLIVES
        }

    def stands(self, code: str) -> Event | None:
        """What told last of the one of this code; None where none stands."""
        return next((one.event for one in self._degraded.values() if one.event.code == code), None)

    def now(self) -> tuple[Degradation, ...]:
        """All that stand, in the order in which they began; `since` by the clock as it is set now. What is wrong with a
        gateway is shown with that, and what several parts of this program tell of one thing once."""
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
        """One for each code of which something has lasted for a day, or another day; `zone` is that of the site. What
        happens again and again is summed up by the rate limit."""
        if reading.mono < self._remind_s:
            return ()
        self._remind_s, events = inf, []
        for standing in (self._degraded, *self._of_gateways.values()):
            by_code: defaultdict[str, list[Key]] = defaultdict(list)
            for key, one in standing.items():
                if _is_to_be_remembered(one.event):
                    by_code[one.event.code].append(key)
            for keys in by_code.values():
                due_s = standing[keys[0]].reminded_s + DAY_S
                if due_s <= reading.mono:
                    due_s = reading.mono + DAY_S
                    events.append(_reminder([standing[key] for key in keys], reading, zone))
                    standing.update({key: replace(standing[key], reminded_s=reading.mono) for key in keys})
                self._remind_s = min(self._remind_s, due_s)
        return tuple(events)


def _reminder(standing: list[_Degraded], reading: ClockReading, zone: tzinfo) -> Event:
    first = min(standing, key=lambda one: one.began.mono)
    since = f"{_since(first, reading).astimezone(zone):%Y-%m-%d %H:%M}"
    return new_event("TWL-C042", what=first.event, of=first.event.code, since=since, count=len(standing))


def _since(one: _Degraded, reading: ClockReading) -> datetime:
    return one.since + timedelta(seconds=reading.stepped_s - one.began.stepped_s)


def _is_to_be_remembered(event: Event) -> bool:
    lasting = event.kind.lasting or Lasting()
    is_mild = lasting.harmless or SEVERITY.index(event.level) < SEVERITY.index(Level.WARNING)
    return not is_mild and lasting.quiet_s is None


def _is_of_gateway(kind: EventKind) -> bool:
    return kind.lasting is not None and kind.lasting.of_gateway


@cache
def _ended_by(code: str) -> tuple[EventKind, ...]:
    """What an event of this code may put an end to."""
    return tuple(kind for kind in CATALOGUE.values() if kind.lasting is not None and code in kind.lasting.until)


def ends(event: Event, begun: Event) -> bool:
    """Whether the event ends what the other began; it may speak of more than one, as of all of a broker. Of parts of
    one program, which have a connection each, each ends its own."""
    lasting = begun.kind.lasting or Lasting()
    return (
        event.code in lasting.until
        and event.whose == begun.whose
        and all(event.fields[name] == begun.fields[name] for name in lasting.about if name in event.fields)
    )


def key_of(event: Event) -> Key:
    """What tells one from another."""
    return _about(event, event.kind)


def _own_key(event: Event, kind: EventKind | None = None) -> Key:
    """That of what one part of the program tells; `kind` is what the event ends."""
    whose = (event.whose.said(DEFAULT),) if event.whose is not None else ()
    return (*_about(event, kind or event.kind), *whose)


def _about(event: Event, kind: EventKind) -> Key:
    return (kind.code, *(str(event.fields[name]) for name in (kind.lasting or Lasting()).about))


def _is_quiet(one: _Degraded, reading: ClockReading) -> bool:
    quiet_s = (one.event.kind.lasting or Lasting()).quiet_s
    return quiet_s is not None and reading.mono - one.last_s > quiet_s
