"""One catalogue of everything that can happen: codes, levels, fields, texts in English and Swedish, and the cure.

Rules
1. Nothing is logged, refused or answered that is not an entry of CATALOGUE.
2. A code is for ever: it is never given another meaning; a text may be bettered at any time.
3. The placeholders of a text are the fields of the event; a figure's field ends in its unit (`latency_s`).
4. ERROR: a lamp is or will be wrong and a person must act. WARNING: degraded, heals itself.
   INFO: a change of light or a human act. DEBUG: traffic.

Letters: S files and schedule · F fixtures and patch · C controller · M MQTT · B embedded broker · G gateways ·
D the DMX gateway itself · X its output · O overrides · T time · J journal and state directory · Q command line.
"""

from controller.events.models import Event, EventKind, Level, Text
from controller.events.of_broker import KINDS as BROKER
from controller.events.of_colors import KINDS as COLORS
from controller.events.of_commands import KINDS as COMMANDS
from controller.events.of_days import KINDS as DAYS
from controller.events.of_dialects import KINDS as DIALECTS
from controller.events.of_files import KINDS as FILES
from controller.events.of_gateways import KINDS as GATEWAYS
from controller.events.of_hand import KINDS as HAND
from controller.events.of_mqtt import KINDS as MQTT
from controller.events.of_output import KINDS as OUTPUT
from controller.events.of_patch import KINDS as PATCH
from controller.events.of_plan import KINDS as PLAN
from controller.events.of_profiles import KINDS as PROFILES
from controller.events.of_service import KINDS as SERVICE
from controller.events.of_store import KINDS as STORE

ALL = (
    *FILES,
    *DAYS,
    *PLAN,
    *COLORS,
    *PATCH,
    *PROFILES,
    *SERVICE,
    *HAND,
    *MQTT,
    *BROKER,
    *GATEWAYS,
    *DIALECTS,
    *OUTPUT,
    *STORE,
    *COMMANDS,
)
CATALOGUE: dict[str, EventKind] = {kind.code: kind for kind in ALL}


def new_event(code: str, **fields: object) -> Event:
    """One thing that happened; raises KeyError for a code or field that the catalogue does not know."""
    kind = CATALOGUE[code]
    if set(fields) != set(kind.fields):
        raise KeyError(f"{code} has the fields {sorted(kind.fields)}, not {sorted(fields)}")
    return Event(kind, fields)


__all__ = ["CATALOGUE", "Event", "EventKind", "Level", "Text", "new_event"]
