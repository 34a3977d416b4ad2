"""What stands by hand beside a plan, as far as the state directory can be read: a plan of the files alone is no answer
to whoever asks what the tower shows.

The file of the service is only read: it may be another program's, and is written while it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from pydantic import ValidationError

from controller import plain_file
from controller.app.reload import LAST_GOOD
from controller.cli.options import Options
from controller.errors import WatertowerError
from controller.events.models import Text, printable
from controller.locale import Language
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Override, SafetyStop
from controller.service.override_request import StoredOverride
from controller.state.json_file import MOST_BYTES
from controller.state.override_file import OverrideContent, by_id, standing

LONGEST = 600
_STOP, _OVERRIDE, _UNKNOWN, _PAST = (Text("why", f"by_hand.{key}") for key in ("stop", "override", "unknown", "past"))


@dataclass(frozen=True, slots=True)
class ManualState:
    """What stands; nothing is `known` where no service keeps its state here, or it cannot be read."""

    known: bool = False
    overrides: tuple[StoredOverride, ...] = ()
    halted: StoredOverride | None = None

    @property
    def stop(self) -> SafetyStop | None:
        """From when it was given: before that the tower was lit."""
        return SafetyStop(self.halted.start, self.halted.owner, self.halted.reason) if self.halted else None

    def standing(self) -> tuple[Override, ...]:
        """The overrides as a plan takes them."""
        return tuple(kept.override for kept in self.overrides)

    def document(self, start: datetime, now: datetime) -> dict[str, object]:
        """For programs: what stands, and whether a part of the answer lies in the past."""
        stop = {"owner": self.halted.owner, "reason": self.halted.reason} if self.halted else None
        overrides = [
            {
                "owner": kept.owner,
                "reason": kept.reason,
                "look": kept.said,
                "from": rfc3339(kept.start),
                "until": rfc3339(kept.override.end),
            }
            for kept in self.overrides
        ]
        return {"of_the_past": start < now, "by_hand": {"known": self.known, "stop": stop, "overrides": overrides}}

    def lines(
        self, start: datetime, end: datetime, now: datetime, zone: tzinfo
    ) -> Iterator[tuple[Text, dict[str, str]]]:
        """What is to be known beside an answer about the time from `start` to `end`."""
        if start < now:
            yield _PAST, {}
        if end <= now:
            return
        if not self.known:
            yield _UNKNOWN, {}
        if self.halted is not None:
            yield _STOP, {"owner": self.halted.owner, "reason": self.halted.reason}
        for kept in self.overrides:
            override = kept.override
            if override.start < end and start < override.end:
                until = f"{override.end.astimezone(zone):%Y-%m-%d %H:%M:%S}"
                yield _OVERRIDE, {"owner": kept.owner, "reason": kept.reason, "look": kept.said, "until": until}


def read_by_hand(options: Options, now: datetime) -> ManualState:
    """What stands now in the state directory."""
    try:
        state = options.state_dir
        held = OverrideContent.model_validate_json(plain_file.read(state / "overrides.json", MOST_BYTES))
        rows = by_id(held.held)
        overrides = [StoredOverride.model_validate_json(one.document) for one in standing(rows, "override")]
        stops = [StoredOverride.model_validate_json(one.document) for one in standing(rows, "stop")]
    except FileNotFoundError:
        return ManualState(known=(state / LAST_GOOD).is_dir())  # a service runs here, and nothing was ever set
    except (OSError, ValidationError, WatertowerError):
        return ManualState()
    current = tuple(kept for kept in overrides if kept.override.end > now)
    return ManualState(True, current, stops[-1] if stops else None)


def notices(
    by_hand: ManualState, span: tuple[datetime, datetime], now: datetime, zone: tzinfo, language: Language
) -> list[str]:
    """The lines for people."""
    found = by_hand.lines(*span, now.astimezone(UTC), zone)
    return [f"! {printable(text.say(language, fields), LONGEST)}" for text, fields in found]
