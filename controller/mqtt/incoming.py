"""What comes out of the door: one value per thing that happened to a connection, each with its event.

Every item names its broker as `mqtt://host:port`, so that a consumer of several brokers knows who spoke.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from controller.events import Event, new_event

Flaw = Literal["expired", "not yet valid", "wrong name", "not trusted", "own files"]

FLAWS: dict[Flaw, str] = {
    "expired": "TWL-M008",
    "not yet valid": "TWL-M009",
    "wrong name": "TWL-M010",
    "not trusted": "TWL-M011",
    "own files": "TWL-M012",
}


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a topic subscribed to. `retain` is True for what the broker had kept from before."""

    broker: str
    topic: str
    payload: bytes
    retain: bool
    qos: int


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has let us in, and is told the subscriptions and the birth messages: assert all anew.

    `attempts` counts from the first after the last connection; `certificate_until` is when the broker's
    certificate expires, UTC, None without TLS.
    """

    broker: str
    session_present: bool
    attempts: int
    certificate_until: datetime | None = None

    def event(self) -> Event:
        return new_event("TWL-M001", broker=self.broker, attempts=self.attempts)


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A connection that had been made is gone; it is sought again."""

    broker: str
    reason: str

    def event(self) -> Event:
        return new_event("TWL-M002", broker=self.broker, reason=self.reason)


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """The broker answers and does not let us in; `code` as in CONNACK (MQTT 3.1.1 section 3.2.2.3)."""

    broker: str
    reason: str
    code: int

    def event(self) -> Event:
        return new_event("TWL-M003", broker=self.broker, reason=self.reason, connack=self.code)


@dataclass(frozen=True, slots=True)
class SubscriptionRefused:
    """The broker does not let us listen to a topic filter; it is asked again from time to time."""

    broker: str
    filter: str

    def event(self) -> Event:
        return new_event("TWL-M004", broker=self.broker, filter=self.filter)


@dataclass(frozen=True, slots=True)
class SubscriptionGranted:
    """The broker lets us listen to a topic filter that it had refused on this connection."""

    broker: str
    filter: str

    def event(self) -> Event:
        return new_event("TWL-M016", broker=self.broker, filter=self.filter)


@dataclass(frozen=True, slots=True)
class Oversized:
    """A message too large to be meant for us was thrown away; `size` in bytes."""

    broker: str
    topic: str
    size: int

    def event(self) -> Event:
        return new_event("TWL-M005", broker=self.broker, topic=self.topic, size_bytes=self.size)


@dataclass(frozen=True, slots=True)
class Coalesced:
    """`count` messages were overtaken by newer ones of their topic before being taken, last on `topic`."""

    broker: str
    topic: str
    count: int

    def event(self) -> Event:
        return new_event("TWL-M006", broker=self.broker, topic=self.topic, count=self.count)


@dataclass(frozen=True, slots=True)
class BrokerUnreachable:
    """No connection can be made; told once per reason until one is made."""

    broker: str
    reason: str

    def event(self) -> Event:
        return new_event("TWL-M007", broker=self.broker, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Untrusted:
    """What stands in the way is the broker's certificate, or (`own files`) a file of ours."""

    broker: str
    flaw: Flaw
    reason: str

    def event(self) -> Event:
        return new_event(FLAWS[self.flaw], broker=self.broker, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Forgot:
    """The broker has come back without the retained messages that we had given it."""

    broker: str

    def event(self) -> Event:
        return new_event("TWL-M013", broker=self.broker)


@dataclass(frozen=True, slots=True)
class Displaced:
    """The broker lets us in at once and ends the connection soon after, again and again."""

    broker: str
    client: str

    def event(self) -> Event:
        return new_event("TWL-M015", broker=self.broker, client=self.client)


Failure = BrokerUnreachable | LoginRefused | Untrusted
Item = (
    Received
    | Connected
    | Disconnected
    | SubscriptionRefused
    | SubscriptionGranted
    | Oversized
    | Coalesced
    | Forgot
    | Displaced
    | Failure
)
