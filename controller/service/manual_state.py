"""Overrides and stop beside a plan of the files, which alone would not give what the tower shows. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from controller.events.models import Phrase, Text
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Override, SafetyStop
from controller.service.override_request import StoredOverride

_STOP, _OVERRIDE, _SKIP, _UNKNOWN, _PAST = (
    Text("why", f"by_hand.{key}") for key in ("stop", "override", "skip", "unknown", "past")
)


def override_value(stored: StoredOverride) -> dict[str, object]:
    """An override, or a skip, for programs; with its public text where it has one."""
    public = {"about": dict(stored.about), "link": stored.link, "skips": stored.skips}
    return {
        "id": stored.id,
        "owner": stored.owner,
        "reason": stored.reason,
        "looks": {zone: look.at(0.0).value for zone, look in stored.override.looks.items()},
        "from": rfc3339(stored.start),
        "until": rfc3339(stored.override.end),
        **{key: value for key, value in public.items() if value},
    }


def stop_value(stored: StoredOverride) -> dict[str, object]:
    """A safety stop, for programs."""
    return {"owner": stored.owner, "reason": stored.reason, "since": rfc3339(stored.start)}


@dataclass(frozen=True, slots=True)
class ManualState:
    """Overrides and stop; not `known` where no service keeps its state here, or it cannot be read."""

    known: bool = False
    overrides: tuple[StoredOverride, ...] = ()
    stored_stop: StoredOverride | None = None

    @property
    def stop(self) -> SafetyStop | None:
        """The stop for a plan: from when it was given, because the tower was lit before that."""
        stop = self.stored_stop
        return SafetyStop(stop.start, stop.owner, stop.reason, stop.start) if stop else None

    def in_force(self) -> tuple[Override, ...]:
        """The overrides for a plan."""
        return tuple(stored.override for stored in self.overrides)

    def document(self, start: datetime, now: datetime) -> dict[str, object]:
        """For programs: overrides and stop, and whether the answer begins in the past."""
        stop = stop_value(self.stored_stop) if self.stored_stop is not None else None
        overrides = [override_value(stored) for stored in self.overrides]
        return {"of_the_past": start < now, "by_hand": {"known": self.known, "stop": stop, "overrides": overrides}}

    def notices(self, start: datetime, end: datetime, now: datetime, zone: tzinfo) -> Iterator[Phrase]:
        """What people must know beside an answer about the time from `start` to `end`."""
        if start < now:
            yield Phrase(_PAST)
        if end <= now:
            return
        if not self.known:
            yield Phrase(_UNKNOWN)
        if self.stop is not None:
            yield Phrase(_STOP, {"owner": self.stop.owner, "reason": self.stop.reason})
        for stored in self.overrides:
            override = stored.override
            if override.start < end and start < override.end:
                until = f"{override.end.astimezone(zone):%Y-%m-%d %H:%M:%S}"
                fields = {"owner": stored.owner, "reason": stored.reason, "look": stored.said, "until": until}
                yield Phrase(_SKIP if stored.skips else _OVERRIDE, fields)
