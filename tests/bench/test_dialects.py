"""What a wish and its report cost in each dialect, beside bare `json.dumps` and `json.loads` of the same payloads.

The ratios are printed (`pytest -s`); only the agreement is asserted.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.gateways import GATEWAYS
from controller.gateways.base import DesiredState, Report, ReportedLook
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.simulation.devices import DEVICES

VENDORS = json.loads((Path(__file__).parents[1] / "vectors" / "vendors.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ORANGE = ZoneState(on=True, color=Color("#FF6A00"), brightness=0.8)
ROUNDS, REPEATS = 200, 5


def per_call(work: Callable[[], object]) -> float:
    """Microseconds of one call: the best of several runs."""
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(ROUNDS):
            work()
        runs.append(time.perf_counter() - start)
    return 1e6 * min(runs) / ROUNDS


@pytest.mark.parametrize("keys", [pytest.param(keys, id=keys["name"]) for keys in VENDORS])
def test_a_wish_and_its_report(keys: dict[str, str]) -> None:
    """Encoded, sent to the simulated device, and its last reports decoded and agreed to."""
    gateway = GATEWAYS[keys["kind"]].model_validate(keys)
    device = DEVICES[keys["kind"]](gateway)
    want = DesiredState(now=NOW, zones=dict.fromkeys(gateway.zone_names, ORANGE))
    commands = gateway.encode(want, "watertower")
    answers = [each for sent in commands for each in device.receive(sent.topic, sent.payload, NOW)]
    read = [each for each in answers if each.topic in gateway.topics("watertower")]
    shown: dict[str, ReportedLook] = {}
    for answer in read:
        told = gateway.decode(answer.topic, answer.payload, "watertower")
        for zone, part in told.zones.items() if isinstance(told, Report) else ():
            shown[zone] = part.over(shown.get(zone, ReportedLook()))
    assert all(gateway.agrees(zone, ORANGE, shown[zone]) for zone in gateway.zone_names)

    bare = [json.dumps(each.payload.decode()) for each in (*commands, *read)]
    floor = per_call(lambda: [json.dumps(json.loads(each)) for each in bare])
    encode = per_call(lambda: gateway.encode(want, "watertower"))
    decode = per_call(lambda: [gateway.decode(each.topic, each.payload, "watertower") for each in read])
    print(
        f"\n{gateway.name}: encode {encode:.0f} us ({len(commands)} messages), decode {decode:.0f} us ({len(read)}), "
        f"{(encode + decode) / floor:.1f} x bare JSON"
    )
