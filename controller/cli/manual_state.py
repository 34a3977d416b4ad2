"""Overrides and the safety stop, read from the state directory for `plan`: a plan of the files alone would not say what
the tower shows.

The file may be another program's, and be written while it is read; it is only read here.
"""

from datetime import UTC, datetime, tzinfo

from pydantic import ValidationError

from controller import plain_file
from controller.app.last_good import LAST_GOOD
from controller.cli.options import Options
from controller.errors import WatertowerError
from controller.events.models import printable
from controller.locale import Language
from controller.service.manual_state import ManualState
from controller.service.override_request import StoredOverride
from controller.state.json_file import MOST_BYTES
from controller.state.override_file import OverrideContent, by_id, in_force

LONGEST = 600


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
