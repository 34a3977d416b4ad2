"""What is wrong for longer than a moment, each from its begin to its end.

Whoever notices something tells an event, as of anything else; the catalogue says which events last and which end them
(`Kind.lasting`). So there is one place to ask how the service itself stands, and nothing that is told in the log once
can be missing there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.clock import Clock, ClockReading
from controller.events import Event
from controller.events.models import Lasting, plain_value
from controller.service.health import Degradation

OUTLIVES = "JO"
"""The letters of events about disk, files and requests. Whatever else can be wrong is told anew, if it still is, by the
parts that are made anew when tower.yaml has changed."""


@dataclass(frozen=True, slots=True)
class _Degraded:
    """One that stands: the event that told of it last, since when, what the clock was then, and when it was told."""

    event: Event
    since: datetime
    began: ClockReading
    last_s: float


class Degradations:
    """Those that stand now. `take` is handed every event that is told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._degraded: dict[tuple[str, ...], _Degraded] = {}

    def take(self, event: Event, at: datetime) -> None:
        """An event: it may begin one, say anew how one stands, or end some."""
        reading = self._clock.read()
        ended = [key for key, one in self._degraded.items() if ends(event, one.event)]
        for key in ended:
            del self._degraded[key]
        counted = event.fields.get("what")
        if isinstance(counted, Event) and counted.kind.lasting and counted.kind.lasting.quiet_s:
            event = counted  # of many that were counted instead of told, the last one tells
        lasting = event.kind.lasting
        if lasting is None:
            return
        if any(event.fields.get(name) == value for name, value in lasting.fine):
            self._degraded.pop(key_of(event), None)
            return
        new = _Degraded(event, at, reading, reading.mono)
        before = self._degraded.get(key_of(event), new)
        if before.event.level is not event.level or _is_quiet(before, reading):
            before = new
        self._degraded[key_of(event)] = _Degraded(event, before.since, before.began, reading.mono)

    def rebuilt(self) -> None:
        """Everything but store and files is made anew: what was wrong with the old parts is no more."""
        self._degraded = {
            key: one for key, one in self._degraded.items() if one.event.code.removeprefix("TWL-")[0] in OUTLIVES
        }

    def stands(self, code: str) -> Event | None:
        """What told last of the one of this code; None where none stands."""
        return next((one.event for one in self._degraded.values() if one.event.code == code), None)

    def now(self) -> tuple[Degradation, ...]:
        """All that stand, in the order in which they began; `since` by the clock as it is set now."""
        if not self._degraded:
            return ()
        reading = self._clock.read()
        self._degraded = {key: one for key, one in self._degraded.items() if not _is_quiet(one, reading)}
        return tuple(
            Degradation(
                code=one.event.code,
                since=one.since + timedelta(seconds=reading.stepped_s - one.began.stepped_s),
                fields={name: plain_value(value) for name, value in one.event.fields.items()},
            )
            for one in self._degraded.values()
        )


def ends(event: Event, begun: Event) -> bool:
    """Whether the event ends what the other began; it may speak of more than one, as of all of a broker."""
    lasting = begun.kind.lasting or Lasting()
    return event.code in lasting.until and all(
        event.fields[name] == begun.fields[name] for name in lasting.about if name in event.fields
    )


def key_of(event: Event) -> tuple[str, ...]:
    """What tells one from another."""
    return (event.code, *(str(event.fields[name]) for name in (event.kind.lasting or Lasting()).about))


def _is_quiet(one: _Degraded, reading: ClockReading) -> bool:
    quiet_s = (one.event.kind.lasting or Lasting()).quiet_s
    return quiet_s is not None and reading.mono - one.last_s > quiet_s
