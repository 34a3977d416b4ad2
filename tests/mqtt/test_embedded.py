"""The door against our own broker in the same loop."""

import asyncio
from typing import Any

from controller.broker import Broker
from controller.events import Event
from controller.gateways.gateway import Message
from controller.mqtt import Address, Connected, Forgot, Lost, Mqtt, Received, Refused

ALL = (("#", 1),)


async def test_everything_works_inside_one_loop(door: Any, message: Any) -> None:
    """Birth, messages, 2,000 retained at once, will, wrong password, a restart without memory."""
    events: list[Event] = []
    status = Message("status", b"online", 1, retain=True)
    will = Message("status", b"offline", 1, retain=True)
    async with Broker(port=0, users={"me": "right"}, on_event=events.append) as broker:
        port = broker.port
        mine = Address("127.0.0.1", port, username="me", password="right")
        mqtt, ear = await door(mine, subscriptions=ALL, birth=[status], will=will)
        await ear.get(Connected)
        for number in range(2_000):
            mqtt.publish(message(f"t/{number}", b"%d" % number, retain=True))
        await ear.until(lambda: len(ear.of(Received)) == 2_001)
        _, stranger = await door(Address("127.0.0.1", port, username="me", password="wrong"))
        assert (await stranger.get(Refused)).code == 4
    await ear.get(Lost)
    async with Broker(port=port, users={"me": "right"}, on_event=events.append):
        await ear.get(Forgot)
        async with Mqtt(mine, "late", subscriptions=(("status", 0),)) as late:
            async for item in late:
                if isinstance(item, Received):
                    assert (item.payload, item.retain) == (b"online", True)
                    break
        await asyncio.sleep(0)
