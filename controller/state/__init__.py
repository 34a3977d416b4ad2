"""What must outlive the process, and the history that people ask for.

Rules
1. All access to the disk is in one thread of the store's own; the event loop never waits for it.
2. An override or a stop that is acknowledged is durable in `watertower.db` or in `overrides.json`, as a rule in both.
   Where neither can be written it is refused with NotKept.
3. History never stands in the way: events and minutes wait in memory, and the oldest are let go. The journal has a file
   of its own; when the disk is full that file is deleted and started anew, since a full disk refuses DELETE too.
4. A bad disk is an event and a degraded store, never an exception out of `async with`: what is damaged is set aside and
   started anew, what is newer is left alone, what cannot be written is tried again.
5. There is no clock in here: instants are handed in, aware, and kept in UTC.

Files of the state directory: `watertower.db` (what is held, minutes), `overrides.json` (what is held), `journal.db`
(events), `known.json` (order and time known last), and `….corrupt-N` beside them.
"""

from controller.state.checkpoint import Checkpointed
from controller.state.event_history import Noted, NotRead, read_journal
from controller.state.minutes import Minute
from controller.state.state_store import StateStore
from controller.state.stored_overrides import NotKept, OverrideRecord

__all__ = ["Checkpointed", "Minute", "NotKept", "NotRead", "Noted", "OverrideRecord", "StateStore", "read_journal"]
