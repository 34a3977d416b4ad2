"""Who we are to a broker, and what may be said to it at all."""

from dataclasses import dataclass

from controller.gateways.base import Message
from controller.topics import is_filter, is_name

MAX_TOPIC_BYTES = 65535
MAX_PAYLOAD_BYTES = 1 << 20
"""Nothing comes near it: a plan of 48 h is a few kB, the health of a thousand gateways 200."""
PARTS = 64
"""More than any device tells at once; fewer than would hold up the others."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The same towards every broker: name, what to hear, what to say first and what the broker says if we
    die. Of the topics in `streams` every message counts, of those in `partial` the newest PARTS, of all others
    the newest.
    """

    client_id: str
    subscriptions: tuple[tuple[str, int], ...]
    will: Message | None
    birth: tuple[Message, ...]
    keepalive_s: int
    streams: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.client_id or self.keepalive_s < 1:
            raise ValueError("a client id and a keepalive of at least 1 s are needed")
        for topic_filter, qos in self.subscriptions:
            if not is_filter(topic_filter) or qos not in (0, 1, 2):
                raise ValueError(f"no topic filter: {topic_filter!r} with QoS {qos!r}")
        for message in (*self.birth, *filter(None, [self.will])):
            check(message)

    @property
    def status_topic(self) -> str | None:
        """The retained topic on which we say that we live, and the broker that we died; None without one."""
        if self.will is None or not self.will.retain:
            return None
        told = (message.topic for message in self.birth if message.retain)
        return self.will.topic if self.will.topic in told else None


def check(message: Message) -> None:
    """Raises ValueError or TypeError for a message that can never be sent: the program is wrong."""
    if not is_name(message.topic) or len(message.topic.encode()) > MAX_TOPIC_BYTES:
        raise ValueError(f"no topic to publish to: {message.topic[:200]!r}")
    if not isinstance(message.payload, bytes):
        raise TypeError(f"a payload is bytes, not {type(message.payload).__name__}")
    if message.qos not in (0, 1, 2) or len(message.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{message.topic!r}: QoS {message.qos!r}, {len(message.payload)} bytes")
