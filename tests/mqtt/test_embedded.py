"""The connect against our own broker in the same loop."""

import asyncio
import contextlib
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from controller.broker.access import Admission, User
from controller.broker.server import Broker
from controller.events import Event
from controller.events.models import Reason
from controller.gateways.base import Message
from controller.mqtt import Address, Connected, Disconnected, Mqtt, Received
from controller.mqtt.incoming import BrokerUnreachable, Forgot, LoginRefused, Untrusted

ALL = (("#", 1),)
ME = Admission({"me": User("right")})


async def test_everything_works_inside_one_loop(connect: Any, message: Any) -> None:
    """Birth, messages, 2,000 retained at once, will, wrong password, a restart without memory."""
    events: list[Event] = []
    status = Message("status", b"online", 1, retain=True)
    will = Message("status", b"offline", 1, retain=True)
    async with Broker(port=0, admission=ME, on_event=events.append) as broker:
        port = broker.port
        mine = Address("127.0.0.1", port, username="me", password="right")
        mqtt, items = await connect(mine, subscriptions=ALL, birth=[status], will=will)
        await items.get(Connected)
        for number in range(2_000):
            mqtt.publish(message(f"t/{number}", b"%d" % number, retain=True))
        await items.until(lambda: len(items.of(Received)) == 2_001)
        _, stranger = await connect(Address("127.0.0.1", port, username="me", password="wrong"))
        assert (await stranger.get(LoginRefused)).connack == 4
    await items.get(Disconnected)
    async with Broker(port=port, admission=ME, on_event=events.append):
        await items.get(Forgot)
        async with Mqtt(mine, "late", subscriptions=(("status", 0),)) as late:
            async for item in late:
                if isinstance(item, Received):
                    assert (item.payload, item.retain) == (b"online", True)
                    break


async def test_a_password_that_is_changed_counts_from_the_next_attempt(
    connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is read again; one that is gone meanwhile is reported."""
    monkeypatch.setattr("controller.mqtt.reconnect.BARRED_S", 0.05)
    monkeypatch.setattr("controller.mqtt.reconnect.LONGEST_S", 0.05)
    file = tmp_path / "password"
    file.write_text("wrong\n", encoding="utf-8")
    async with Broker(port=0, admission=ME, on_event=list[Event]().append) as broker:
        _, items = await connect(Address("127.0.0.1", broker.port, username="me", password=file))
        await items.get(LoginRefused)
        file.unlink()
        assert str(file) in str((await items.get(Untrusted)).reason)
        file.write_text("right\n", encoding="utf-8")
        await items.get(Connected)


async def test_a_broker_whose_name_fails_and_then_changes_its_address_is_found(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up again at each attempt; a slow name server does not hold up the loop."""
    known: list[str] = []
    meanwhile: list[int] = []
    beats = 0
    real = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **rest: Any) -> Any:
        if host != "tower-broker.example":
            return real(host, *more, **rest)
        before = beats
        time.sleep(0.5)
        meanwhile.append(beats - before)
        if not known:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(known[-1], *more, **rest)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    ticking = asyncio.create_task(beat())
    async with contextlib.AsyncExitStack() as first:
        broker = await first.enter_async_context(Broker("127.0.0.2", 0, on_event=list[Event]().append))
        _, items = await connect(Address("tower-broker.example", broker.port))
        assert (await items.get(BrokerUnreachable)).reason == Reason("EAI_AGAIN")
        known.append("127.0.0.2")
        await items.get(Connected)
        async with Broker("127.0.0.3", broker.port, on_event=list[Event]().append):
            known.append("127.0.0.3")
            await first.aclose()
            await items.until(lambda: len(items.of(Connected)) == 2)
    ticking.cancel()
    assert min(meanwhile) > 0
