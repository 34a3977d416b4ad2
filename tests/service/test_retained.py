"""What a broker has kept is the past: it confirms nothing, and nobody asks for anything by it."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.app.assembly import Context, running
from controller.broker.server import Broker
from controller.clock import VirtualClock
from controller.config.load import parse
from controller.events import Event
from controller.gateways.base import Message
from controller.mqtt import Address, Mqtt, Received
from controller.service.degradations import Degradations
from controller.state import StateStore
from tests.service.simulated import World

CONFIG = Path(__file__).parents[2] / "config"
TOWER = (CONFIG / "tower.yaml").read_text(encoding="utf-8")
REQUESTS = "watertower/override/set"
EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
REPORTED = "watertower/gateway/mast/reported"


@pytest.mark.parametrize("how", ["restart", "reconnection"])
def test_a_retained_report_of_a_gateway_that_is_gone_never_confirms(night: World, how: str) -> None:
    """The broker keeps its last report, which agrees, and that it is online; nothing has arrived from it since."""
    night.mast.stop(with_will=False)
    assert json.loads(night.retained[REPORTED])["zones"]["bowl"]["on"]
    if how == "restart":
        night.controller.stop()
        night.controller.start()
    else:
        night.controller.disconnect()
        night.controller.connect()
    seen = set()
    for _ in range(120):
        night.run(1)
        seen |= night.controller.status()
    assert "confirmed" not in seen
    night.mast.start()
    night.run(5)
    assert night.controller.status() == {"confirmed"}


def request(name: str) -> bytes:
    """A request that is granted where it is taken."""
    asked = {"version": 1, "id": name, "look": "red", "until": "1 h", "owner": "Eva", "reason": "test"}
    return json.dumps(asked).encode()


async def test_a_retained_request_is_not_obeyed_and_a_live_one_is(tmp_path: Path) -> None:
    """It would be made again at each start and each connection; it is not even answered."""
    events: list[Event] = []
    answered = asyncio.Event()

    def emit(event: Event, _at: datetime) -> None:
        events.append(event)
        if event.fields.get("id") == "live":
            answered.set()

    clock = VirtualClock(EVENING, 1.0)
    kept = Message(REQUESTS, request("kept"), qos=1, retain=True)
    async with asyncio.timeout(30), AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker("127.0.0.1", 0, on_event=lambda _event: None))
        person = await stack.enter_async_context(Mqtt(Address("127.0.0.1", broker.port), "person", birth=(kept,)))
        probe = await stack.enter_async_context(
            Mqtt(Address("127.0.0.1", broker.port), "probe", subscriptions=((REQUESTS, 1),))
        )
        async for item in probe:  # the broker has it
            if isinstance(item, Received):
                break
        outside = TOWER.replace("broker: embedded", f"broker: mqtt://127.0.0.1:{broker.port}")
        setup = parse(outside.encode(), (CONFIG / "schedule.yaml").read_bytes(), CONFIG)
        store = await stack.enter_async_context(StateStore(tmp_path, lambda _event: None))
        context = Context(setup, clock, store, tmp_path, emit, Degradations(clock), "en", port=0)
        service = await stack.enter_async_context(running(context))
        while not service.mqtt.connected:
            await asyncio.sleep(0.01)
        person.publish(Message(REQUESTS, request("live"), qos=1))
        await answered.wait()
        assert [override.id for override in service.controller.program.overrides] == ["live"]
    assert {event.fields["id"] for event in events if "id" in event.fields} == {"live"}
