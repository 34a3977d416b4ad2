"""The state directory: data that must outlive the process, and the history that people ask for.

The event loop never waits for the disk. An override or a stop is durable before it is acknowledged, or it is refused.
The history never blocks anything: it waits in memory, and may be lost. A bad disk is an event and never an exception
out of `async with`: a damaged file is set aside and replaced by an empty one, a failed write is tried again. Instants
are passed in, timezone-aware, and stored in UTC.

Files: `overrides.json` (overrides, stop, completed requests) and its copy, `known.json` (last known order and time),
`lamps.json` (results of lamp tests), `notices.json` (waiting and delivered notices), `history.db` (events, changes of
light, confirmed minutes), the folder `versions` (each text of the schedule), `accounts.db` with `audit.head` (who may
use the page, and what they did), `in-use` (a lock), and `….corrupt-N` beside them. All but the locks and `known.json`
are stored through a `Storage`, which decides on the engine.
Accounts are imported by the code that needs them (`controller.state.accounts`): a service without the page loads none
of it.
"""

from controller.state.history import History, NotRead
from controller.state.history_rows import EventFilter, LightChange, Minute, RecordedEvent
from controller.state.override_file import NotStored, OverrideRecord
from controller.state.state_store import LastKnown, StateStore

__all__ = [
    "EventFilter",
    "History",
    "LastKnown",
    "LightChange",
    "Minute",
    "NotRead",
    "NotStored",
    "OverrideRecord",
    "RecordedEvent",
    "StateStore",
]
