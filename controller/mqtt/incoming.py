"""What `Mqtt` hands over: messages, and one value per thing that happened to a connection, each with its event.

Every item names its broker as `mqtt://host:port`, so that a consumer of several brokers can tell them apart.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from controller.events import CATALOGUE, Event, new_event
from controller.events.models import Reason

Flaw = Literal["expired", "not yet valid", "wrong name", "not trusted", "own files"]

FLAWS: dict[Flaw, str] = {
    "expired": "TWL-M008",
    "not yet valid": "TWL-M009",
    "wrong name": "TWL-M010",
    "not trusted": "TWL-M011",
    "own files": "TWL-M012",
}


class Received(NamedTuple):
    """A message of a topic subscribed to. `retain` is True for what the broker had kept from before."""

    broker: str
    topic: str
    payload: bytes
    retain: bool
    qos: int


@dataclass(frozen=True, slots=True)
class ConnectionItem:
    """Something that happened to the connection to a broker; its event has the fields of the same names."""

    CODE: ClassVar[str] = ""

    broker: str

    def event(self) -> Event:
        return new_event(self.CODE, **{name: getattr(self, name) for name in CATALOGUE[self.CODE].fields})


@dataclass(frozen=True, slots=True)
class Connected(ConnectionItem):
    """The broker has let us in, and has been sent the subscriptions and the birth messages: publish all anew.

    `attempts` counts from the first after the last connection; `certificate_until` is when the broker's certificate
    expires, UTC, None without TLS.
    """

    CODE = "TWL-M001"

    session_present: bool
    attempts: int
    certificate_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewed(ConnectionItem):
    """The broker shows another certificate than when it let us in, until `certificate_until` (UTC), and the connection
    goes on."""

    CODE = "TWL-M023"

    certificate_until: datetime

    @property
    def until(self) -> str:
        """The day."""
        return f"{self.certificate_until:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Disconnected(ConnectionItem):
    """A connection that had been made is gone; the next attempt follows."""

    CODE = "TWL-M002"

    reason: Reason


@dataclass(frozen=True, slots=True)
class LoginRefused(ConnectionItem):
    """The broker answers and does not let us in; `connack` is its return code (MQTT 3.1.1 section 3.2.2.3)."""

    CODE = "TWL-M003"

    reason: Reason
    connack: int


@dataclass(frozen=True, slots=True)
class SubscriptionRefused(ConnectionItem):
    """The broker refuses a topic filter; it is asked again from time to time."""

    CODE = "TWL-M004"

    filter: str


@dataclass(frozen=True, slots=True)
class SubscriptionGranted(ConnectionItem):
    """The broker grants a topic filter that it had refused on this connection."""

    CODE = "TWL-M016"

    filter: str


@dataclass(frozen=True, slots=True)
class Oversized(ConnectionItem):
    """A message too large to be meant for us was thrown away."""

    CODE = "TWL-M005"

    topic: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Coalesced(ConnectionItem):
    """`count` messages were overtaken by newer ones of their topic before being taken, last on `topic`."""

    CODE = "TWL-M006"

    topic: str
    count: int


@dataclass(frozen=True, slots=True)
class BrokerUnreachable(ConnectionItem):
    """No connection can be made."""

    CODE = "TWL-M007"

    reason: Reason


@dataclass(frozen=True, slots=True)
class HungUp(ConnectionItem):
    """Who listens there ended the connection before the CONNACK."""

    CODE = "TWL-M019"

    reason: Reason


@dataclass(frozen=True, slots=True)
class Untrusted(ConnectionItem):
    """The broker's certificate stands in the way, or (`own files`) a file of ours."""

    flaw: Flaw
    reason: Reason

    def event(self) -> Event:
        return new_event(FLAWS[self.flaw], broker=self.broker, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Forgot(ConnectionItem):
    """The broker has come back without the retained messages that we had published."""

    CODE = "TWL-M013"


@dataclass(frozen=True, slots=True)
class Displaced(ConnectionItem):
    """The broker lets us in at once and ends the connection soon after, again and again: most likely another client has
    our client id."""

    CODE = "TWL-M015"

    client: str


Failure = BrokerUnreachable | HungUp | LoginRefused | Untrusted
Item = Received | ConnectionItem
