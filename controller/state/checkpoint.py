"""Two facts that must outlive the process: the order of the last document, and the latest time that was trusted."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from controller.state.json_file import Content, JsonFile

EVERY = timedelta(minutes=10)
"""How old the time on disk may grow; each write wears the card."""


class Checkpointed(Content):
    """The content of `known.json`: (epoch, revision) as SPEC section 4 orders documents; no `wall` before the first."""

    version: Literal[1] = 1
    epoch: int = Field(default=0, ge=0)
    revision: int = Field(default=0, ge=0)
    wall: AwareDatetime | None = None


def latest(kept: datetime | None, now: datetime, vouched: bool) -> datetime:
    """The time to keep. It goes back only where a time server vouches for the clock; any other clock that is behind it
    is taken to be the wrong one."""
    return now if kept is None or vouched else max(kept, now)


class Checkpoint:
    """The known facts: `known` in memory, and on disk when they are worth a write."""

    def __init__(self, file: JsonFile[Checkpointed]) -> None:
        self.known = Checkpointed()
        self._file = file
        self._written = self.known

    def load(self) -> None:
        """Read them; defaults where there are none."""
        self.known = self._written = self._file.load() or Checkpointed()

    @property
    def due(self) -> bool:
        """Whether they should be written: another epoch, or the time on disk is old, or ahead of a clock set back."""
        now, then = self.known.wall, self._written.wall
        if self.known.epoch != self._written.epoch or now is None or then is None:
            return self.known != self._written
        return abs(now - then) >= EVERY

    def flush(self, always: bool = False) -> None:
        """Write them where they are due; raises Unusable."""
        known = self.known
        if self.due or (always and known != self._written):
            self._file.save(known)
            self._written = known
