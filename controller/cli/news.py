"""What the brokers tell of the controller: its health document, and whether it lives.

Rules
1. Of several brokers the newest document counts, and the word `online` of one is enough.
2. A controller lives if its document came within STALE_S while somebody listened; or if a broker says `online`, and by
   the clock of this computer the document is no older. It does not where all that is said is `offline`.
3. A broker that is lost says nothing any more.
"""

from dataclasses import dataclass, field

from controller.clock import Reading
from controller.mqtt import Failure, Item, Lost, Received
from controller.service.health import Health, parse_health

STALE_S = 30.0


@dataclass(slots=True)
class News:
    """All that was told under a prefix of topics so far; `came_s` is when a document came that was not retained."""

    prefix: str
    health: Health | None = None
    came_s: float = float("-inf")
    online: dict[str, bool] = field(default_factory=dict)

    @property
    def topics(self) -> tuple[str, str]:
        """Where the document comes, and the word `online` or `offline`."""
        return f"{self.prefix}/controller/health", f"{self.prefix}/controller/status"

    @property
    def is_gone(self) -> bool:
        """Whether all that is said of the controller is `offline`."""
        return bool(self.online) and not any(self.online.values())

    def take(self, item: Item, now: Reading) -> None:
        """One thing that happened to a connection."""
        if isinstance(item, Failure | Lost):
            self.online.pop(item.broker, None)
        elif isinstance(item, Received) and item.topic == self.topics[1]:
            self.online[item.broker] = item.payload == b"online"
        elif isinstance(item, Received):
            told = parse_health(item.payload)
            if isinstance(told, Health) and (self.health is None or told.at >= self.health.at or not item.retain):
                self.health = told
                self.came_s = self.came_s if item.retain else now.mono

    def silent_s(self, now: Reading) -> float | None:
        """How long the controller has been silent, None while it lives."""
        came_s = now.mono - self.came_s
        written_s = (now.wall - self.health.at).total_seconds() if self.health is not None else float("inf")
        said = any(self.online.values()) if self.online else came_s <= STALE_S
        age_s = min(written_s, came_s)
        return None if said and age_s <= STALE_S else age_s
