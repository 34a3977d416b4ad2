"""paho's one door: brokers in, items out.

    async with Mqtt(Address.parse("mqtt://localhost"), "controller", subscriptions=(("wled/#", 1),)) as mqtt:
        async for item in mqtt:
            match item:
                case Connected(): ...  # publish all that should hold, as if for the first time
                case Received(topic=topic, payload=payload): ...
                case other: log(other.event())

Rules
1. Entering never waits for a broker, and leaving never waits longer than a second, whatever state the broker is in.
   It is sought for ever, in the background; see `link`.
2. `publish` never waits and never complains of the line. Not connected, a message is dropped: what should hold is told
   anew on `Connected`, and a value kept over an outage would be a second truth. Connected, the newest value of a topic
   waits while the socket takes no more or the one before is unacknowledged; see `outbox`.
3. What comes in waits in a bounded inbox: the newest of each topic, of `partial` the newest few, of `streams` every
   message; see `inbox`.
4. A connection is dead after 1.7 keepalives without a byte, whatever TCP thinks; see `connection`.
5. Clean sessions of MQTT 3.1.1, which MQTT 5 brokers speak too. The will is the broker's to say: leaving properly, we
   publish nothing ourselves and no will is sent.
6. All of it is called from the loop's thread.

paho runs on the loop and not in a thread of its own (`loop_start`). 10 000 retained QoS 1 publishes to mosquitto 2.0
were acknowledged in 0.7 of the time on a quiet machine and in the same on a busy one, for the same CPU; there is
nothing to lock, and no thread that dies unseen. A bare socket with packets encoded beforehand needs a fifth to a tenth
of that: the rest is paho's work for each packet, about 40 µs (`tests/bench/test_mqtt.py`).

paho reads a packet whole before anyone sees its size, so what bounds the memory for one message is the broker's
`max_packet_size`, not MAX_PAYLOAD_BYTES.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from controller.gateways.base import Message
from controller.mqtt.address import Address, Tls
from controller.mqtt.client_settings import MAX_PAYLOAD_BYTES, ClientSettings, check
from controller.mqtt.inbox import Inbox
from controller.mqtt.incoming import (
    BrokerUnreachable,
    Coalesced,
    Connected,
    Disconnected,
    Displaced,
    Failure,
    Forgot,
    Item,
    LoginRefused,
    Oversized,
    Received,
    SubscriptionGranted,
    SubscriptionRefused,
    Untrusted,
)
from controller.mqtt.reconnect import Reconnecting

__all__ = [
    "MAX_PAYLOAD_BYTES",
    "Address",
    "BrokerUnreachable",
    "Coalesced",
    "Connected",
    "Disconnected",
    "Displaced",
    "Failure",
    "Forgot",
    "Item",
    "LoginRefused",
    "Mqtt",
    "Oversized",
    "Received",
    "SubscriptionGranted",
    "SubscriptionRefused",
    "Tls",
    "Untrusted",
]


class Mqtt:
    """The door to one broker, or to several as one: connects to all, publishes to all, merges what comes in.

    From several the same message may come several times, each item names its broker; who takes the items
    decides which is newest. Raises ValueError for no broker, one twice, or a session that none could accept.
    """

    def __init__(  # noqa: PLR0913  what a session is made of
        self,
        brokers: Address | Sequence[Address],
        client_id: str,
        *,
        subscriptions: Sequence[tuple[str, int]] = (),
        will: Message | None = None,
        birth: Sequence[Message] = (),
        keepalive_s: int = 10,
        streams: Sequence[str] = (),
        partial: Sequence[str] = (),
    ) -> None:
        addresses = (brokers,) if isinstance(brokers, Address) else tuple(brokers)
        if not addresses or len({(a.host, a.port) for a in addresses}) < len(addresses):
            raise ValueError("at least one broker, and each once: a client id can be connected once")
        topics = frozenset(streams), frozenset(partial)
        session = ClientSettings(client_id, tuple(subscriptions), will, tuple(birth), keepalive_s, *topics)
        self._inbox = Inbox()
        self._links = tuple(Reconnecting(address, session, self._inbox) for address in addresses)
        self._tasks = asyncio.TaskGroup()
        self._keepers: tuple[asyncio.Task[None], ...] = ()

    @property
    def connected(self) -> bool:
        """Whether any broker is connected."""
        return any(link.connected for link in self._links)

    @property
    def reach(self) -> dict[str, bool]:
        """Broker -> whether it is connected."""
        return {link.broker: link.connected for link in self._links}

    def publish(self, message: Message) -> None:
        """Rule 2. Raises ValueError or TypeError for a message that could never be sent."""
        check(message)
        for link in self._links:
            link.publish(message)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._keepers = tuple(self._tasks.create_task(link.keep(), name=f"mqtt {link.broker}") for link in self._links)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await self._tasks.__aexit__(None, None, None)
        self._inbox.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        return await self._inbox.take()
