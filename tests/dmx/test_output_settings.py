"""`output:` in tower.yaml: what is understood, what is refused, and where the mistake is."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from controller.dmx.outputs import OUTPUTS
from controller.errors import Mistake
from controller.events import CATALOGUE
from controller.gateways.outputs import (
    ArtnetOutput,
    EnttecOutput,
    OutputField,
    OutputSettings,
    SacnOutput,
    SimulatedOutput,
)

READ: TypeAdapter[OutputSettings] = TypeAdapter(OutputField)


def mistake(value: Any) -> tuple[Any, Mistake]:
    """Where the only mistake is, and which."""
    with pytest.raises(ValidationError) as caught:
        READ.validate_python(value)
    (found,) = caught.value.errors()
    return found["loc"], found["ctx"]["error"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("simulated", SimulatedOutput()),
        ({"kind": "simulated"}, SimulatedOutput()),
        ({"kind": "sacn", "to": "multicast"}, SacnOutput(kind="sacn", to=("multicast",))),
        (
            {"kind": "sacn", "to": ["10.0.0.1", "node-2.lan"], "priority": "0", "interface": "eth0.12"},
            SacnOutput(kind="sacn", to=("10.0.0.1", "node-2.lan"), priority=0, interface="eth0.12"),
        ),
        (
            {"kind": "sacn", "to": "Multicast", "interface": "10.0.0.5"},
            SacnOutput(kind="sacn", to=("multicast",), interface="10.0.0.5"),
        ),
        (
            {"kind": "artnet", "to": "10.255.255.255", "net": "127", "sub_net": "15"},
            ArtnetOutput(kind="artnet", to="10.255.255.255", net=127, sub_net=15),
        ),
        (
            {"kind": "enttec-usb-pro", "port": "/dev/ttyUSB0"},
            EnttecOutput(kind="enttec-usb-pro", port="/dev/ttyUSB0"),
        ),
    ],
)
def test_what_is_written_is_what_is_meant(written: Any, meant: OutputSettings) -> None:
    """Text in, values out; `simulated` alone is short for its kind."""
    assert READ.validate_python(written) == meant


def test_the_default_priority_is_that_of_the_standard() -> None:
    """E1.31 6.2.3: 100."""
    assert SacnOutput(kind="sacn", to=("multicast",)).priority == 100


@pytest.mark.parametrize("value", ["201", "-1", "1_0", "١٠", " 7", "7.0", "0x10", "007", "", "many"])
def test_numbers_are_plain_and_in_range(value: str) -> None:
    """Nothing that a language would read as a number by its own rules."""
    where, why = mistake({"kind": "sacn", "to": "multicast", "priority": value})
    assert where == ("sacn", "priority")
    assert (why.code, why.fields) == ("TWL-X151", {"value": value, "least": 0, "most": 200})


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.256",
        "10.0.0",
        "7",
        "10.0.0.020",
        "239.255.0.1",
        "0.0.0.0",
        "fe80::1",
        "node:5568",
        "udp://node",
        "a b",
        "-node",
        "node-",
        "a..b",
        "x" * 64,
        "",
        "nöd",
        "broadcast",
        ".".join(["abcdefgh"] * 40),
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    """Addresses mistyped, groups, ports, schemes: what would be misunderstood or looked up for ever."""
    where, why = mistake({"kind": "sacn", "to": host})
    assert where == ("sacn", "to")
    assert (why.code, why.fields) == ("TWL-X152", {"value": host})
    where, why = mistake({"kind": "sacn", "to": ["10.0.0.1", host]})
    assert where == ("sacn", "to", 1)


def test_art_net_has_no_multicast() -> None:
    """The word would otherwise be looked up as a name."""
    assert mistake({"kind": "artnet", "to": "multicast"})[1].code == "TWL-X152"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"kind": "sacn", "to": []}, "TWL-X153"),
        ({"kind": "sacn", "to": ["node", "other", "node"]}, "TWL-X154"),
        ({"kind": "sacn", "to": "multicast", "interface": "a card with a long name"}, "TWL-X155"),
        ({"kind": "enttec-usb-pro", "port": " "}, "TWL-X156"),
        ({"kind": "enttec-usb-pro", "port": "/dev/\0"}, "TWL-X156"),
    ],
)
def test_other_mistakes_have_a_code_of_their_own(value: Any, code: str) -> None:
    """With exactly the fields that its text needs."""
    _, why = mistake(value)
    assert why.code == code
    assert why.fields.keys() == CATALOGUE[code].fields


@pytest.mark.parametrize("value", [None, 7, [], {}, {"kind": "dmxking"}, {"kind": "sacn"}, "sacn", "artnet"])
def test_what_is_no_output_is_refused(value: Any) -> None:
    """Never an exception of another kind."""
    with pytest.raises(ValidationError):
        READ.validate_python(value)


def test_unknown_keys_are_refused() -> None:
    """A key misspelt would otherwise be a setting lost."""
    with pytest.raises(ValidationError):
        READ.validate_python({"kind": "sacn", "to": "multicast", "prio": "90"})


SACN = SacnOutput(kind="sacn", to=("multicast",))
ARTNET = ArtnetOutput(kind="artnet", to="10.0.0.20")
ENTTEC = EnttecOutput(kind="enttec-usb-pro", port="/dev/ttyUSB0")


@pytest.mark.parametrize(
    ("settings", "universes"),
    [(SimulatedOutput(), [0, 70_000]), (SACN, [1, 63_999]), (ARTNET, [0, 15]), (ENTTEC, [9, 9])],
)
def test_universes_that_an_output_carries(settings: OutputSettings, universes: list[int]) -> None:
    """The ends of each range."""
    settings.check_universes(universes)


@pytest.mark.parametrize(
    ("settings", "universes", "code"),
    [
        (SACN, [1, 0], "TWL-X157"),
        (SACN, [64_000], "TWL-X157"),
        (ARTNET, [16], "TWL-X158"),
        (ARTNET, [-1], "TWL-X158"),
        (ENTTEC, [1, 2, 1], "TWL-X159"),
    ],
)
def test_universes_that_it_does_not_carry(settings: OutputSettings, universes: list[int], code: str) -> None:
    """Art-Net does not carry over into the next sub-net; a widget has one universe."""
    with pytest.raises(Mistake) as caught:
        settings.check_universes(universes)
    assert caught.value.code == code
    assert caught.value.fields.keys() == CATALOGUE[code].fields


def test_every_kind_has_a_driver() -> None:
    """No setting without the code that obeys it, and the reverse."""
    kinds = READ.json_schema()["anyOf"][1]["discriminator"]["mapping"].keys()
    assert kinds == OUTPUTS.keys()


def test_the_schema_knows_the_short_form_and_the_ranges() -> None:
    """An editor must not mark as wrong what the reader takes."""
    schema = READ.json_schema()
    assert {"const": "simulated"} in schema["anyOf"]
    priority = schema["$defs"]["SacnOutput"]["properties"]["priority"]
    assert (priority["minimum"], priority["maximum"], priority["type"]) == (0, 200, "integer")
    assert {"type": "string"} in schema["$defs"]["SacnOutput"]["properties"]["to"]["anyOf"]
