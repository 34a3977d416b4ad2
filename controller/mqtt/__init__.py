"""The only package that imports paho: brokers in, items out.

    async with Mqtt(Address.parse("mqtt://localhost"), "controller", subscriptions=(("wled/#", 1),)) as mqtt:
        async for item in mqtt:
            match item:
                case Connected(): ...  # publish all that should hold, as if for the first time
                case Received(topic=topic, payload=payload): ...
                case other: log(other.event())

Incoming items wait in a bounded inbox, outgoing messages in an outbox that keeps the newest value of each topic (see
`queues`). Sessions are clean sessions of MQTT 3.1.1, which MQTT 5 brokers speak too. Call everything from the loop's
thread.

paho runs on the loop and not in a thread of its own (`loop_start`): there is nothing to lock, and no thread that dies
unnoticed. paho handles the protocol; messages and their acknowledgements bypass it over the same socket, many in one
write (`packet_socket`). 10 000 retained QoS 1 publishes to mosquitto 2.0 are acknowledged in 0.35 to 0.45 of the time
of paho's own thread, and in 1.5 to 2.7 times that of a bare socket with packets encoded beforehand, on two cores that
other programs use too (`tests/bench/test_mqtt.py`).
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self

from controller.gateways.base import Message
from controller.mqtt.client_settings import Address, ClientSettings, Tls, check
from controller.mqtt.incoming import Connected, ConnectionItem, Disconnected, Failure, Item, Received
from controller.mqtt.queues import Inbox
from controller.mqtt.reconnect import Reconnecting

__all__ = ["Address", "Connected", "ConnectionItem", "Disconnected", "Failure", "Item", "Mqtt", "Received", "Tls"]


class Mqtt:
    """Connects to one broker, or to several as if they were one: publishes to all, merges what arrives.

    Entering never waits for a broker, and leaving never takes longer than a second, whatever state the broker is in.
    With several brokers the same message may arrive several times; the consumer decides which is newest. The inbox
    keeps the newest few messages of each topic in `partial`, and every message of the topics in `streams`. While
    `may_publish` returns False, published messages are dropped. Leaving sends no will. Raises ValueError if no broker
    is given, if one is given twice, or for settings that no broker could accept.
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
        may_publish: Callable[[], bool] = lambda: True,
    ) -> None:
        addresses = (brokers,) if isinstance(brokers, Address) else tuple(brokers)
        if not addresses or len({(a.host, a.port) for a in addresses}) < len(addresses):
            raise ValueError("at least one broker, and each once: a client id can be connected once")
        topics = frozenset(streams), frozenset(partial)
        settings = ClientSettings(client_id, tuple(subscriptions), will, tuple(birth), keepalive_s, *topics)
        self._may_publish = may_publish
        self._inbox = Inbox()
        self._brokers = tuple(Reconnecting(address, settings, self._inbox) for address in addresses)
        self._group = asyncio.TaskGroup()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def connected(self) -> bool:
        """Whether any broker is connected."""
        return any(self.reach.values())

    @property
    def reach(self) -> dict[str, bool]:
        """Broker -> whether it is connected."""
        return {each.broker: each.connected for each in self._brokers}

    @property
    def may_publish(self) -> bool:
        """Whether messages published now are sent."""
        return self._may_publish()

    def publish(self, *messages: Message) -> None:
        """Sends messages to every connected broker, without waiting. Messages to a broker that is not connected are
        dropped: the caller publishes the current values again on `Connected`, and a value kept over an outage would be
        a second truth. Raises ValueError or TypeError, before any is sent, for a message that could never be sent."""
        if not self._may_publish():
            return
        for message in messages:
            check(message)
        for each in self._brokers:
            each.publish(messages)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tasks = tuple(self._group.create_task(each.keep(), name=f"mqtt {each.broker}") for each in self._brokers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)
        self._inbox.close()

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, Item]:
        return self._inbox.take()
