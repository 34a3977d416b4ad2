"""The controller's disk in memory: what is on it outlives the process. It fills up, and the process dies over it.

The same promises as `controller.state`: what is acknowledged is kept, an id counts once, a full disk refuses.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from enum import Enum, auto

from controller.gateways.base import Order
from controller.state import NotStored, OverrideRecord
from controller.state.state_store import latest

FULL = "no space left on device"


class Accident(Enum):
    """When the process dies that is about to keep something."""

    BEFORE_WRITING = auto()
    AFTER_WRITING = auto()


class PowerCutError(Exception):
    """The process ends in the middle of its work."""


class SimulatedDisk:
    """What the controller keeps; `on_granted` and `on_ended` are told of an override by its id."""

    def __init__(self, on_granted: Callable[[str], None], on_ended: Callable[[str], None]) -> None:
        self.order = Order()
        self.wall: datetime | None = None
        self.full = False
        self.accident: Accident | None = None
        self._on_granted = on_granted
        self._on_ended = on_ended
        self._held: dict[str, OverrideRecord] = {}
        self._stop: str | None = None
        self._done: dict[str, None] = {}

    @property
    def overrides(self) -> tuple[OverrideRecord, ...]:
        """Those that stand."""
        return tuple(held for held in self._held.values() if held.ended_at is None)

    @property
    def ended(self) -> tuple[OverrideRecord, ...]:
        """Those that have ended."""
        return tuple(held for held in self._held.values() if held.ended_at is not None)

    @property
    def stop(self) -> str | None:
        """The safety stop in force."""
        return self._stop

    @property
    def done(self) -> tuple[str, ...]:
        """The requests that are done."""
        return tuple(self._done)

    async def store_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Keep it, unless its id is known. Raises NotStored or PowerCutError."""
        if override_id in self._held:
            return False
        self._write(Accident.BEFORE_WRITING)
        held = OverrideRecord(
            id=override_id, kind="override", document=document, started_at=started_at, ends_at=ends_at
        )
        self._held[override_id] = held
        self._on_granted(override_id)
        self._die(Accident.AFTER_WRITING)
        return True

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """End those that stand and remember the request, all or none. Raises NotStored or PowerCutError."""
        ending = [held for held in self.overrides if held.id in ids]
        if not ending and done is None:
            return
        self._write(Accident.BEFORE_WRITING)
        self._remember(done)
        for held in ending:
            self._held[held.id] = held.model_copy(update={"ended_at": at})
            self._on_ended(held.id)
        self._die(Accident.AFTER_WRITING)

    async def set_stop(
        self,
        document: str | None,
        at: datetime,  # noqa: ARG002  as the store has it
        done: str | None = None,
    ) -> None:
        """Keep the safety stop, or its end and the request. Raises NotStored or PowerCutError."""
        self._write(Accident.BEFORE_WRITING)
        self._remember(done)
        self._stop = document

    def know(self, order: Order, wall: datetime, *, vouched: bool) -> None:
        """The order issued last and the time, if there is room."""
        if not self.full:
            self.order, self.wall = order, latest(self.wall, wall, vouched)

    def _remember(self, done: str | None) -> None:
        if done is not None:
            self._done[done] = None

    def _write(self, accident: Accident) -> None:
        self._die(accident)
        if self.full:
            raise NotStored("TWL-J007", reason=FULL)

    def _die(self, accident: Accident) -> None:
        if self.accident is accident:
            self.accident = None
            raise PowerCutError
