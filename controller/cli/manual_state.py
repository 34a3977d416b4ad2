"""Overrides and the safety stop, read from the state directory for `plan`: a plan of the files alone would not say what
the tower shows.

The file may be another program's, and be written while it is read; it is only read here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from pydantic import ValidationError

from controller import plain_file
from controller.app.last_good import LAST_GOOD
from controller.cli.options import Options
from controller.errors import WatertowerError
from controller.events.models import Phrase, Text, printable
from controller.locale import Language
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Override, SafetyStop
from controller.service.override_request import StoredOverride
from controller.state.json_file import MOST_BYTES
from controller.state.override_file import OverrideContent, by_id, in_force

LONGEST = 600
_STOP, _OVERRIDE, _SKIP, _UNKNOWN, _PAST = (
    Text("why", f"by_hand.{key}") for key in ("stop", "override", "skip", "unknown", "past")
)


@dataclass(frozen=True, slots=True)
class ManualState:
    """What is set by hand; it is not `known` where no service keeps its state here, or it cannot be read."""

    known: bool = False
    overrides: tuple[StoredOverride, ...] = ()
    stored_stop: StoredOverride | None = None

    @property
    def stop(self) -> SafetyStop | None:
        """The stop as a plan takes it: from when it was given, for before that the tower was lit."""
        stop = self.stored_stop
        return SafetyStop(stop.start, stop.owner, stop.reason) if stop else None

    def standing(self) -> tuple[Override, ...]:
        """The overrides as a plan takes them."""
        return tuple(stored.override for stored in self.overrides)

    def document(self, start: datetime, now: datetime) -> dict[str, object]:
        """For programs: what is set by hand, and whether the answer begins in the past."""
        stop = {"owner": self.stop.owner, "reason": self.stop.reason} if self.stop else None
        overrides = [
            {
                "owner": stored.owner,
                "reason": stored.reason,
                "looks": {zone: look.at(0.0).value for zone, look in stored.override.looks.items()},
                "from": rfc3339(stored.start),
                "until": rfc3339(stored.override.end),
                **({"skips": stored.skips} if stored.skips else {}),
            }
            for stored in self.overrides
        ]
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


def read_by_hand(options: Options, now: datetime) -> ManualState:
    """What is set by hand now, by the state directory."""
    try:
        state = options.state_dir
        content = OverrideContent.model_validate_json(plain_file.read(state / "overrides.json", MOST_BYTES))
        rows = by_id(content.held)
        overrides = [StoredOverride.model_validate_json(row.document) for row in in_force(rows, "override")]
        stops = [StoredOverride.model_validate_json(row.document) for row in in_force(rows, "stop")]
    except FileNotFoundError:
        return ManualState(known=(state / LAST_GOOD).is_dir())  # a service runs here, and nothing was ever set
    except (OSError, ValidationError, WatertowerError):
        return ManualState()
    current = tuple(stored for stored in overrides if stored.override.end > now)
    return ManualState(True, current, stops[-1] if stops else None)


def notices(
    by_hand: ManualState, span: tuple[datetime, datetime], now: datetime, zone: tzinfo, language: Language
) -> list[str]:
    """The notices as lines for people."""
    found = by_hand.notices(*span, now.astimezone(UTC), zone)
    return [f"! {printable(phrase.said(language), LONGEST)}" for phrase in found]
