"""What `Mqtt` hands over: messages, and one value per change of a connection, each with its event.

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
    """A message of a subscribed topic. `retain` is True for a message that the broker had kept from before."""

    broker: str
    topic: str
    payload: bytes
    retain: bool
    qos: int


@dataclass(frozen=True, slots=True)
class ConnectionItem:
    """A change of the connection to a broker; its event has fields of the same names."""

    CODE: ClassVar[str] = ""

    broker: str

    def event(self) -> Event:
        return new_event(self.CODE, **{name: getattr(self, name) for name in CATALOGUE[self.CODE].fields})


@dataclass(frozen=True, slots=True)
class Connected(ConnectionItem):
    """The broker has accepted us and has been sent subscriptions and birth messages: publish all current values again.

    `attempts` counts since the last connection; `certificate_until` is when the broker's certificate
    expires, UTC, None without TLS.
    """

    CODE = "TWL-M001"

    session_present: bool
    attempts: int
    certificate_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewed(ConnectionItem):
    """The broker shows another certificate than when it accepted us, valid until `certificate_until` (UTC); the
    connection goes on."""

    CODE = "TWL-M023"

    certificate_until: datetime

    @property
    def until(self) -> str:
        """The last day of the certificate, as YYYY-MM-DD."""
        return f"{self.certificate_until:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Disconnected(ConnectionItem):
    """An established connection is lost; the next attempt follows."""

    CODE = "TWL-M002"

    reason: Reason


@dataclass(frozen=True, slots=True)
class LoginRefused(ConnectionItem):
    """The broker answers and refuses us; `connack` is its return code (MQTT 3.1.1 section 3.2.2.3)."""

    CODE = "TWL-M003"

    reason: Reason
    connack: int


@dataclass(frozen=True, slots=True)
class SubscriptionRefused(ConnectionItem):
    """The broker refuses a topic filter; we request it again from time to time."""

    CODE = "TWL-M004"

    filter: str


@dataclass(frozen=True, slots=True)
class SubscriptionGranted(ConnectionItem):
    """The broker grants a topic filter that it had refused on this connection."""

    CODE = "TWL-M016"

    filter: str


@dataclass(frozen=True, slots=True)
class Oversized(ConnectionItem):
    """A message too large to be meant for us was dropped."""

    CODE = "TWL-M005"

    topic: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Coalesced(ConnectionItem):
    """`count` messages were replaced by newer ones of their topic before they were read, the last one on `topic`."""

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
    """The server at that address ended the connection before the CONNACK."""

    CODE = "TWL-M019"

    reason: Reason


@dataclass(frozen=True, slots=True)
class Untrusted(ConnectionItem):
    """The broker's certificate cannot be trusted or, for `own files`, a file of ours cannot be used."""

    flaw: Flaw
    reason: Reason

    def event(self) -> Event:
        return new_event(FLAWS[self.flaw], broker=self.broker, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Forgot(ConnectionItem):
    """The broker is back without the retained messages that we had published."""

    CODE = "TWL-M013"


@dataclass(frozen=True, slots=True)
class Displaced(ConnectionItem):
    """The broker repeatedly accepts us at the first attempt and ends the connection soon after: most likely another
    client has our client id."""

    CODE = "TWL-M015"

    client: str


Failure = BrokerUnreachable | HungUp | LoginRefused | Untrusted
Item = Received | ConnectionItem
