"""What it costs until all of many gateways confirm: in proportion to their number, since a turn costs what changed.

Run with `-s` to see the figures. Only their ratio is asserted, which does not depend on the machine.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import Setup, load
from controller.gateways.base import Gateway
from controller.gateways.home_assistant import HomeAssistant
from controller.gateways.wire import ReportedDocument, ZoneReport
from controller.service.controller import Controller, TurnResult
from tests.bench.turns import all_decided

NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)
FEW, TIMES, MOST = 1_000, 10, 25.0
"""In proportion it is 10 to 11 times; on a machine whose caches others use up to 15 were seen, and a square would be
100."""


@pytest.fixture(scope="module")
def setup() -> Setup:
    """The shipped files."""
    return load(Path(__file__).parents[2] / "config")


def at(seconds: float) -> ClockReading:
    """So long after the start."""
    return ClockReading(NIGHT + timedelta(seconds=seconds), 1000.0 + seconds)


def gateways_of(kind: str, count: int, setup: Setup) -> tuple[Gateway, ...]:
    """So many gateways of a kind."""
    (mast,) = setup.tower.gateways
    if kind == "dmx":
        return tuple(mast.model_copy(update={"name": f"mast-{number}"}) for number in range(count))
    return tuple(
        HomeAssistant(
            name=f"lamp-{number}",
            kind="home-assistant",
            zone="bowl",
            command_topic=f"lamp/{number}/set",
            state_topic=f"lamp/{number}",
        )
        for number in range(count)
    )


def obeyed(topic: str, payload: bytes) -> tuple[str, bytes]:
    """What the gateway that got this command reports, and where."""
    if not topic.endswith("/desired"):
        return topic.removesuffix("/set"), payload
    desired = json.loads(payload)
    report = ReportedDocument(
        version=1,
        epoch=desired["epoch"],
        revision=desired["revision"],
        command_id=desired["command_id"],
        at=at(1).wall,
        zones={zone: ZoneReport(on=True, color="#FF6A00", brightness=1.0) for zone in desired["zones"]},
        by="desired",
        clock="own",
    )
    return topic.replace("/desired", "/reported"), report.model_dump_json(exclude_none=True).encode()


def cpu_until_confirmed_s(gateways: tuple[Gateway, ...], setup: Setup) -> float:
    """CPU from the first connection until all confirm, with a turn for each report and each second of an hour."""
    start_s = time.process_time()
    controller = Controller(gateways, "w", setup.program())
    controller.connected(at(0))
    commands = all_decided(controller, at(0.6))
    results: list[TurnResult] = []
    for message in commands:
        topic, payload = obeyed(message.topic, message.payload)
        controller.receive(topic, payload, False, at(1))
        results.append(controller.turn(at(1)))
    for second in range(2, 30):
        all_decided(controller, at(second))
    cpu_s = time.process_time() - start_s
    assert {status for state in controller.states.values() for status in state.status.values()} == {"confirmed"}
    assert all(len(result.changed) == 1 for result in results)
    return cpu_s


@pytest.mark.parametrize("kind", ["home-assistant", "dmx"])
def test_all_confirm_at_a_cost_in_proportion_to_their_number(kind: str, setup: Setup) -> None:
    """Ten times as many gateways."""
    few, many = (gateways_of(kind, count, setup) for count in (FEW, FEW * TIMES))
    few_s, many_s = min(cpu_until_confirmed_s(few, setup) for _ in range(3)), cpu_until_confirmed_s(many, setup)
    print(f"\n{kind}: {FEW} gateways {few_s:.2f} s of CPU, {FEW * TIMES} {many_s:.2f} s, {many_s / few_s:.1f} times")
    assert many_s / few_s <= MOST
