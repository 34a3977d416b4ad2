"""Where a broker is, how we log in, and what is subscribed to and published first."""

from dataclasses import dataclass, field
from pathlib import Path

from controller.config.broker_urls import ADDRESS, MAX_PORT, PORTS
from controller.errors import Mistake
from controller.gateways.base import Message
from controller.topics import is_filter, is_name

MAX_TOPIC_BYTES = 65535
MAX_PAYLOAD_BYTES = 1 << 20
"""Far more than any of our messages: a plan of 48 h is a few kB."""
QOS = (0, 1)
"""A message that arrives twice does no harm; QoS 2 would cost two more packets."""
PARTS = 64
"""Messages of one topic that may wait: more than any device reports at once, few enough not to hold up the others."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption of the connection to the broker, whose certificate and name are always verified.

    Without `ca_file` the certificate must come from an authority that this machine trusts. `cert_file` and `key_file`
    are our own certificate, for brokers that ask for one. The files are read again at each attempt.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """One broker; `is_embedded` if the service runs it. A password in a file is read again at each attempt, so that it
    may be changed.

    Raises ValueError if no connection could be tried.
    """

    host: str
    port: int = PORTS["mqtt"]
    tls: Tls | None = None
    username: str | None = None
    password: str | Path | None = field(default=None, repr=False)
    is_embedded: bool = False

    def __post_init__(self) -> None:
        if not self.host or not 1 <= self.port <= MAX_PORT:
            raise ValueError(f"no host and port: {self.host!r}, {self.port!r}")
        if self.password is not None and self.username is None:
            raise ValueError("a password without a user name: MQTT 3.1.1 section 3.1.2.9 does not know it")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @classmethod
    def parse(
        cls, text: str, *, tls: Tls | None = None, username: str | None = None, password: str | Path | None = None
    ) -> "Address":
        """`mqtt://host[:port]` or `mqtts://host[:port]`; `tls` names the files for the latter, if there are any.

        Raises Mistake TWL-M020 for anything else, TWL-M021 where credentials are in the address, TWL-M022 for files
        without encryption.
        """
        if "@" in text:
            raise Mistake("TWL-M021", end=text.rindex("@") + 1, address=text[text.rindex("@") + 1 :])
        parts = ADDRESS.fullmatch(text)
        if parts is None:
            raise Mistake("TWL-M020", value=text)
        scheme = parts["scheme"].lower()
        port = int(parts["port"] or PORTS[scheme])
        if not 1 <= port <= MAX_PORT:
            raise Mistake("TWL-M020", value=text)
        if tls and scheme == "mqtt":
            raise Mistake("TWL-M022", end=len("mqtt"), value=text, suggestion=f"mqtts{text[len('mqtt') :]}")
        encrypted = (tls or Tls()) if scheme == "mqtts" else None
        return cls((parts["host"] or parts["ipv6"]).lower(), port, encrypted, username, password)


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Settings that are the same for every broker: client id, filters with their QoS, the will, and the messages
    published first. The inbox keeps every message of the topics in `streams`, the newest PARTS of each topic in
    `partial`, and the newest one of all other topics."""

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
            if not is_filter(topic_filter) or qos not in QOS:
                raise ValueError(f"no topic filter: {topic_filter!r} with QoS {qos!r}")
        for message in (*self.birth, *filter(None, [self.will])):
            check(message)

    @property
    def status_topic(self) -> str | None:
        """The retained topic of both birth and will, which says whether we are online; None without one."""
        if self.will is None or not self.will.retain:
            return None
        return self.will.topic if any(each.retain and each.topic == self.will.topic for each in self.birth) else None


def check(message: Message) -> None:
    """Raises ValueError or TypeError for a message that can never be sent: a mistake in our program."""
    if not is_name(message.topic) or len(message.topic.encode()) > MAX_TOPIC_BYTES:
        raise ValueError(f"no topic to publish to: {message.topic[:200]!r}")
    if not isinstance(message.payload, bytes):
        raise TypeError(f"a payload is bytes, not {type(message.payload).__name__}")
    if message.qos not in QOS or len(message.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{message.topic!r}: QoS {message.qos!r}, {len(message.payload)} bytes")
