"""`watertower check-gateway`: our own gateway keeps every promise, and each one that is broken is found."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.cli.check_gateway import PROMISES, GatewayCheck
from controller.clock import ClockReading, Trust
from controller.config.load import load
from controller.dmx.gateway import DmxGateway
from controller.gateways import own_gateways
from controller.gateways.base import Message
from controller.mqtt import Received

SETUP = load(Path(__file__).parents[2] / "config")
(MAST,) = own_gateways(SETUP.tower.gateways)
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
TICK_S = 0.1
BY_HAND = {"restart", "last_will"}
Tamper = Callable[[Message, float], Message | None]


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that leaps over every pause."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        select = self._selector.select

        def leap(timeout: float | None = None) -> Any:
            self.now_s += timeout or 0.0
            return select(0)

        self._selector.select = leap  # type: ignore[method-assign]

    def time(self) -> float:
        return self.now_s


class LoopClock:
    """The time of the loop."""

    def read(self) -> ClockReading:
        mono = asyncio.get_running_loop().time()
        return ClockReading(START + timedelta(seconds=mono), mono, Trust.TRUSTED)

    def real_s(self, wall_s: float) -> float:
        return wall_s


class Levels:
    """An output that sends what it is given."""

    problems: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.frames: Mapping[int, bytes] = {}

    def sent(self, universe: int) -> bytes | None:
        return self.frames.get(universe)


class OwnGateway:
    """Our own gateway; `tamper` changes or drops what it sends."""

    def __init__(self, tamper: Tamper) -> None:
        self._levels = Levels()
        self._gateway = DmxGateway(MAST, "w", SETUP.patch(MAST), self._levels, None)
        self._tamper = tamper

    def receive(self, payload: bytes, clock: LoopClock) -> None:
        self._gateway.receive(payload, False, clock.read())

    def turn(self, clock: LoopClock) -> list[Message]:
        reading = clock.read()
        turn = self._gateway.turn(reading)
        self._levels.frames = turn.frames
        told = (self._tamper(message, reading.mono) for message in turn.messages)
        return [message for message in told if message is not None]


class NaiveGateway:
    """One that shows the last document that it could read, in any order, and does nothing alone."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = {"epoch": 1, "revision": 1, "command_id": "", "zones": {}}
        self._due_s = 0.0

    def receive(self, payload: bytes, clock: LoopClock) -> None:
        try:
            self._document = json.loads(payload)
        except ValueError:
            return
        self._due_s = clock.read().mono

    def turn(self, clock: LoopClock) -> list[Message]:
        reading = clock.read()
        if reading.mono < self._due_s:
            return []
        self._due_s = reading.mono + 10.0
        dark = {"on": False, "color": "#000000", "brightness": 0.0}
        looks = {zone: self._document["zones"].get(zone, dark) for zone in MAST.zone_names}
        zones = {zone: {key: look[key] for key in ("on", "color", "brightness")} for zone, look in looks.items()}
        order = {key: self._document[key] for key in ("epoch", "revision", "command_id")}
        report = {"version": 1, **order, "at": reading.wall.isoformat(), "zones": zones, "by": "desired"}
        report |= {"clock": "own", "uptime_s": reading.mono}
        return [Message("w/gateway/mast/reported", json.dumps(report).encode())]


def checked(
    gateway: OwnGateway | NaiveGateway,
    *,
    availability: bytes | None = b"online",
    controller: bool = False,
    retained: tuple[Message, ...] = (),
) -> GatewayCheck:
    """The check of a gateway, in virtual time."""

    async def check() -> GatewayCheck:
        clock, received = LoopClock(), asyncio.Queue[Received]()

        async def items() -> AsyncIterator[Received]:
            while True:
                yield await received.get()

        async def live() -> None:
            if availability is not None:
                received.put_nowait(Received("b", "w/gateway/mast/availability", availability, True, 1))
            for message in retained:
                received.put_nowait(Received("b", message.topic, message.payload, True, 1))
            while True:
                if controller:
                    received.put_nowait(Received("b", "w/controller/status", b"online", False, 0))
                for message in gateway.turn(clock):
                    received.put_nowait(Received("b", message.topic, message.payload, False, 1))
                await asyncio.sleep(TICK_S)

        lives = asyncio.create_task(live())
        tested = GatewayCheck(MAST, "w", lambda message: gateway.receive(message.payload, clock), clock)
        await tested.run(items())
        lives.cancel()
        return tested

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(check())


def broken(check: GatewayCheck) -> set[str]:
    """The promises that are not kept."""
    return {promise for promise, verdict in check.verdicts.items() if verdict == "broken"}


def untouched(message: Message, now_s: float) -> Message:
    """As the gateway sends it."""
    return message


def test_our_own_gateway_keeps_every_promise() -> None:
    """But those that nobody can try from outside."""
    check = checked(OwnGateway(untouched))
    assert {promise: check.verdicts[promise] for promise in PROMISES} == {
        promise: "not_tried" if promise in BY_HAND else "kept" for promise in PROMISES
    }


def test_a_gateway_that_takes_any_document_and_does_nothing_alone_is_found_out() -> None:
    """It keeps what needs no memory and no plan."""
    check = checked(NaiveGateway())
    assert broken(check) == {"stale", "poison", "garbage", "plan", "sequence", "after"}
    assert check.verdicts["obeys"] == check.verdicts["dark"] == check.verdicts["unknown_keys"] == "kept"
    assert check.reported["plan"]["bowl"]["on"] is False


def changed(**keys: Any) -> Tamper:
    """Reports in which keys say something else."""

    def tamper(message: Message, now_s: float) -> Message:
        report = json.loads(message.payload) | keys
        return Message(message.topic, json.dumps(report).encode())

    return tamper


def nothing(message: Message, now_s: float) -> None:
    """As if it were not there."""


def once(message: Message, now_s: float) -> Message | None:
    """Nothing after the first five seconds."""
    return message if now_s < 1005 else None


@pytest.mark.parametrize(
    ("tamper", "promises"),
    [
        (changed(uptime_s=7.0), {"uptime"}),
        (changed(at="2026-11-20T11:00:00Z"), {"clock"}),
        (changed(zones={"bowl": {"on": False}}), {"zones", "obeys"}),
        (changed(by="boot"), {"obeys", "dark"}),
        (changed(problems=[]), {"stale", "poison", "garbage"}),
        (changed(command_id="x"), {"obeys", "replaces"}),
        (once, {"pace", "obeys", "dark"}),
        (changed(by="myself"), {"report"}),
    ],
)
def test_each_broken_promise_is_found(tamper: Tamper, promises: set[str]) -> None:
    """By what the gateway reports."""
    assert promises <= broken(checked(OwnGateway(tamper)))


def test_what_the_broker_has_retained_is_no_report_of_now() -> None:
    """A gateway that reports once, beside an earlier report, does not report as often as it promised."""
    zones = {zone: {"on": False, "color": "#000000", "brightness": 0.0} for zone in MAST.zone_names}
    report = {"version": 1, "epoch": 1, "revision": 1, "command_id": "", "at": "2026-11-20T12:00:00Z", "zones": zones}
    report |= {"by": "desired", "clock": "own", "uptime_s": 5.0}
    kept = Message("w/gateway/mast/reported", json.dumps(report).encode())
    check = checked(OwnGateway(lambda message, now_s: message if 1003 < now_s < 1015 else None), retained=(kept,))
    assert check.verdicts["report"] == "kept"
    assert "pace" in broken(check)


def test_a_controller_that_the_broker_remembers_does_not_live() -> None:
    """Its retained status may be left from an earlier day."""
    left = Message("w/controller/status", b"online")
    check = checked(OwnGateway(untouched), retained=(left,))
    assert (check.controller_lives, check.verdicts["obeys"]) == (False, "kept")


@pytest.mark.parametrize("availability", [None, b"offline"])
def test_a_gateway_that_does_not_say_that_it_is_there_is_found(availability: bytes | None) -> None:
    """Or says that it is not."""
    assert broken(checked(OwnGateway(untouched), availability=availability)) == {"availability"}


def test_a_silent_gateway_keeps_no_promise_and_is_sent_nothing() -> None:
    """It may not be there at all."""
    check = checked(OwnGateway(nothing), availability=None)
    assert broken(check) == {"availability", "report"}
    assert check.verdicts["obeys"] == "not_tried"


def test_beside_a_living_controller_it_only_listens() -> None:
    """Whose orders it would overwrite."""
    check = checked(OwnGateway(untouched), controller=True)
    assert check.controller_lives
    assert broken(check) == set()
    assert {promise for promise, verdict in check.verdicts.items() if verdict == "kept"} == {
        "availability", "report", "pace", "zones", "uptime", "clock",
    }  # fmt: skip


def test_an_unknown_gateway_is_a_mistake_of_the_caller(call: Any) -> None:
    """The known ones are named."""
    result = call("check-gateway", "mats")
    assert result.exit_code == 2
    assert "mast" in result.stderr


def test_where_no_broker_answers_that_is_what_it_says(call: Any, config: Path) -> None:
    """Not that the gateway breaks its promises."""
    tower = (config / "tower.yaml").read_text(encoding="utf-8")
    (config / "tower.yaml").write_text(
        tower.replace("broker: embedded", "broker: mqtt://127.0.0.1:1"), encoding="utf-8"
    )
    result = call("check-gateway", "mast")
    assert result.exit_code == 69
    assert "TWL-M007" in result.stderr
