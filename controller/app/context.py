"""What a running service is built of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.clock import Clock
from controller.config.load import Setup
from controller.events import Event
from controller.locale import Language
from controller.service.degradations import Degradations
from controller.state import StateStore

Tell = Callable[[Event, datetime], None]


@dataclass(frozen=True)
class Context:
    """The files, the clock, where state is kept, who is told, and what is wrong with the service by all that was told.

    `config` is the folder to follow, None for files that never change; `unbuilt` tells that the folder's own files
    could be read and not built, so that something else is in force until they change. `asked` is the language asked
    for at the start, None leaves it to tower.yaml. `closed` lets nobody but ourselves use the embedded broker, whose
    users cannot be read. `port` 0 takes a free one for it.
    """

    setup: Setup
    clock: Clock
    store: StateStore
    state: Path
    tell: Tell
    degradations: Degradations
    asked: Language | None
    config: Path | None = None
    unbuilt: bool = False
    closed: bool = False
    port: int | None = None

    @property
    def language(self) -> Language:
        """That of all that is told."""
        return self.asked or self.setup.tower.site.language

    @property
    def prefix(self) -> str:
        """The prefix of the site's topics."""
        return self.setup.tower.mqtt.topic_prefix
