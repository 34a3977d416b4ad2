"""A new kind of gateway that forgets a part fails here, with the name of the part."""

import ast
import inspect
import json
import re
from pathlib import Path
from typing import ClassVar, get_origin, get_type_hints

import pytest

from controller.gateways import GATEWAYS, own_gateways
from controller.gateways.base import Gateway, WithFixtures
from controller.gateways.vendor import Vendor
from controller.simulation.devices import DEVICES
from tests.source import nodes_by_file

CONTROLLER = Path(inspect.getfile(Gateway)).parents[1]
SHARED = {"__init__", "base", "capabilities", "light_json", "outputs", "payloads", "vendor", "wire"}
"""Modules of `controller/gateways` that are no kind; the import contract in pyproject.toml names them too."""


def declared(kind: type[Gateway]) -> set[str]:
    """The class constants that a kind must have a value for."""
    return {name for name, hint in get_type_hints(kind).items() if get_origin(hint) is ClassVar and name.isupper()}


@pytest.mark.parametrize("kind", sorted(GATEWAYS))
def test_a_kind_declares_all_that_the_protocol_asks_for(kind: str) -> None:
    """Methods without a body and constants without a value are named."""
    gateway = GATEWAYS[kind]
    missing = {*gateway.__abstractmethods__, *(name for name in declared(gateway) if not hasattr(gateway, name))}
    assert not missing, f"{gateway.__name__} does not declare {', '.join(sorted(missing))}"
    assert gateway.model_fields["kind"].default == kind


@pytest.mark.parametrize("kind", sorted(GATEWAYS))
def test_a_kind_declares_what_its_keys_imply(kind: str) -> None:
    """Fixtures have a patch, an output has destinations, a plan has a length, `query` has messages."""
    gateway = GATEWAYS[kind]
    keys, own = gateway.model_fields.keys(), vars(gateway).keys()
    assert issubclass(gateway, WithFixtures) == ("fixtures" in keys), "fixtures come from WithFixtures"
    assert ("output" in keys) == ("destinations" in own), "an output has destinations"
    assert ("runs" in keys) == ("runs_here" in own), "who runs it decides whether it runs here"
    assert ("plan_bytes" in own) == gateway.KEEPS_PLAN, "a plan ahead has a length"
    if issubclass(gateway, Vendor) and gateway.DEVICE_KEY:
        assert gateway.DEVICE_KEY in keys, "DEVICE_KEY is a key of the kind"


def test_every_module_of_a_kind_is_registered() -> None:
    """A file beside the shared ones holds one kind."""
    modules = {path.stem for path in (CONTROLLER / "gateways").glob("*.py")} - SHARED
    assert modules == {gateway.__module__.rpartition(".")[2] for gateway in GATEWAYS.values()}


def test_every_kind_of_a_vendor_has_a_simulated_device() -> None:
    """So that the rehearsal and the storm include it."""
    vendors = {kind for kind, gateway in GATEWAYS.items() if issubclass(gateway, Vendor)}
    assert vendors == DEVICES.keys()


@pytest.mark.parametrize("kind", sorted(GATEWAYS))
def test_a_kind_is_described_and_has_examples(kind: str) -> None:
    """Its keys for a technician, and gateways for the tests of every dialect and of the broker's rights."""
    root = CONTROLLER.parent
    examples = {keys["kind"] for keys in json.loads((root / "tests" / "vectors" / "vendors.json").read_text("utf-8"))}
    assert re.search(rf"`{kind}`", (root / "deploy" / "README.md").read_text("utf-8")), "no line in deploy/README.md"
    assert kind in examples or not issubclass(GATEWAYS[kind], Vendor), "no example in tests/vectors/vendors.json"


def test_nobody_outside_asks_for_a_kind() -> None:
    """What differs between kinds is declared by them; `own_gateways` finds those with an output of ours."""
    kinds = {gateway.__name__ for gateway in GATEWAYS.values()} | {"Vendor", "WithFixtures"}
    asked = [
        f"{path.relative_to(CONTROLLER)}:{call.lineno}"
        for path, nodes in nodes_by_file().items()
        if path.parent.name != "gateways"
        for call in nodes
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"isinstance", "issubclass"}
        if kinds & {name.id for name in ast.walk(call.args[1]) if isinstance(name, ast.Name)}
    ]
    assert asked == []


def test_own_gateways_are_those_that_obey_documents_of_ours() -> None:
    """The others obey their vendor's commands."""
    lamps = [
        {"name": "a", "zone": "bowl", "profile": "rgb", "address": 1},
        {"name": "b", "zone": "bowl", "profile": "rgb", "address": 4, "universe": 0},
    ]
    mast = GATEWAYS["dmx"].model_validate(
        {"name": "mast", "kind": "dmx", "output": "simulated", "universe": 7, "runs": "here", "fixtures": lamps}
    )
    bridge = GATEWAYS["dmx-channels"].model_validate(
        {"name": "bridge", "kind": "dmx-channels", "channel_topic": "dmx/{channel}", "fixtures": lamps[:1]}
    )
    strip = GATEWAYS["wled"].model_validate({"name": "strip", "kind": "wled", "topic": "wled/strip", "zone": "bowl"})
    assert own_gateways((strip, mast, bridge)) == (mast,)
    assert [gateway.runs_here for gateway in (strip, mast, bridge)] == [False, True, False]
    assert [[each.universe for each in gateway.patched_fixtures] for gateway in (strip, mast, bridge)] == [
        [],
        [7, 0],
        [1],
    ]


@pytest.mark.parametrize(
    ("output", "runs", "destinations"),
    [
        (
            {"kind": "sacn", "to": ["multicast", "10.0.0.9"]},
            "here",
            [(("sacn", "multicast"), 3), (("sacn", "10.0.0.9"), 3)],
        ),
        ({"kind": "artnet", "to": "10.0.0.9", "net": 2}, "elsewhere", [(("artnet", "10.0.0.9", 2, 0), 3)]),
        ({"kind": "enttec-usb-pro", "port": "/dev/ttyUSB0"}, "here", [(("enttec-usb-pro", "/dev/ttyUSB0"), 3)]),
        ({"kind": "enttec-usb-pro", "port": "/dev/ttyUSB0"}, "elsewhere", []),
        ("simulated", "here", []),
    ],
)
def test_a_gateway_names_where_its_levels_go(output: object, runs: str, destinations: list[object]) -> None:
    """So that two gateways that would fight over a universe are found."""
    lamp = {"name": "a", "zone": "bowl", "profile": "rgb", "address": 1}
    keys = {"name": "mast", "kind": "dmx", "output": output, "universe": 3, "runs": runs, "fixtures": [lamp]}
    assert list(GATEWAYS["dmx"].model_validate(keys).destinations) == destinations
