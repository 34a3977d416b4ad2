"""What a report costs from the wire to the decision, with few and many gateways, beside bare JSON of the same bytes.

The ratios are printed (`pytest -s`); only the outcome is asserted.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import load
from controller.gateways.base import Rejected
from controller.gateways.dmx import Dmx
from controller.gateways.wire import ReportedDocument, ZoneReport, parse_desired
from controller.service.controller import Controller
from tests.bench.turns import all_decided

NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)
ROUNDS, REPEATS = 100, 5
SETUP = load(Path(__file__).parents[2] / "config")


def at(seconds: float) -> ClockReading:
    """So long after the start."""
    return ClockReading(NIGHT + timedelta(seconds=seconds), 1000.0 + seconds)


def per_call(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Microseconds of one call: the best of several runs."""
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(rounds):
            work()
        runs.append(time.perf_counter() - start)
    return 1e6 * min(runs) / rounds


@pytest.mark.parametrize("count", [1, 100, 1000])
def test_a_report_and_a_turn(count: int) -> None:
    """One of so many gateways reports; then all of them are sent another plan."""
    (mast,) = (gateway for gateway in SETUP.tower.gateways if isinstance(gateway, Dmx))
    gateways = tuple(mast.model_copy(update={"name": f"mast-{number}"}) for number in range(count))
    engine = Controller(gateways, "w", SETUP.program())
    engine.connected(at(0))
    documents = {message.topic: message.payload for message in all_decided(engine, at(0.6))}
    told = parse_desired(documents["w/gateway/mast-0/desired"])
    assert not isinstance(told, Rejected)
    shown = ZoneReport(on=True, color="#FF6A00", brightness=1.0)
    report = ReportedDocument(
        version=1,
        epoch=told.epoch,
        revision=told.revision,
        at=at(1).wall,
        zones={"bowl": shown, "shaft": shown},
        by="desired",
        clock="own",
    )
    payload = report.model_dump_json(exclude_none=True).encode()

    def heard() -> None:
        engine.receive("w/gateway/mast-0/reported", payload, False, at(1))
        all_decided(engine, at(1))

    def planned() -> None:
        engine.follow(SETUP.program())
        assert len(all_decided(engine, at(1))) == count

    heard()
    assert set(engine.states["mast-0"].status.values()) == {"confirmed"}
    floor = per_call(lambda: json.dumps(json.loads(payload)))
    all_floor = per_call(lambda: [json.dumps(json.loads(each)) for each in documents.values()], 1)
    hearing, planning = per_call(heard), per_call(planned, 1)
    print(
        f"\n{count} gateways: a report and its turn {hearing:.0f} us, {hearing / floor:.1f} x bare JSON; "
        f"another plan for all {planning / 1000:.1f} ms, {planning / all_floor:.1f} x bare JSON"
    )
