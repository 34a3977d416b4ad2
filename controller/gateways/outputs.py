"""`output:` of a DMX gateway in `tower.yaml`: how its levels are sent. The drivers are in `dmx`.

    output: simulated
    output: {kind: sacn, to: multicast, priority: 100, interface: eth0}
    output: {kind: artnet, to: 10.0.0.20, net: 0, sub_net: 0}
    output: {kind: enttec-usb-pro, port: /dev/ttyUSB0}

A destination is an IPv4 address or a host name; sACN may also go to `multicast`, alone or beside hosts.
"""

import ipaddress
import re
from abc import abstractmethod
from collections.abc import Hashable, Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema

from controller.errors import Mistake

MULTICAST = "multicast"
SACN_UNIVERSES = range(1, 64_000)
ARTNET_UNIVERSES = range(16)

HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


def _whole(least: int, most: int) -> BeforeValidator:
    """Plain decimal digits within a range; raises Mistake TWL-X151."""

    def read(value: object) -> object:
        if isinstance(value, str):
            if not NUMBER.fullmatch(value):
                raise Mistake("TWL-X151", value=value, least=least, most=most)
            value = int(value)
        if isinstance(value, int) and not least <= value <= most:
            raise Mistake("TWL-X151", value=str(value), least=least, most=most)
        return value

    return BeforeValidator(read)


def is_ipv4(text: str) -> bool:
    """Whether it is an IPv4 address, in four plain decimal parts."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _host(text: str) -> str:
    """An IPv4 address of one machine or of a subnet's broadcast, or a host name; raises Mistake TWL-X152."""
    if is_ipv4(text):
        address = ipaddress.IPv4Address(text)
        if address.is_multicast or address.is_unspecified:
            raise Mistake("TWL-X152", value=text)
        return text
    # a last part of digits only is a mistyped address, never a name (RFC 1123, 2.1)
    last = text.rstrip(".").rpartition(".")[2]
    if len(text) > 253 or not HOST_NAME.fullmatch(text) or last.isdigit() or text.lower() in {MULTICAST, "broadcast"}:
        raise Mistake("TWL-X152", value=text)
    return text


def _destination(text: str) -> str:
    return MULTICAST if text.lower() == MULTICAST else _host(text)


def _as_list(value: object) -> object:
    return (_destination(value),) if isinstance(value, str) else value


def _some(destinations: tuple[str, ...]) -> tuple[str, ...]:
    """At least one destination, none of them twice; raises Mistake TWL-X153 or TWL-X154."""
    if not destinations:
        raise Mistake("TWL-X153")
    for number, destination in enumerate(destinations):
        if destination in destinations[:number]:
            raise Mistake("TWL-X154", value=destination)
    return destinations


def _interface(text: str) -> str:
    """An IPv4 address or the name of a network card; raises Mistake TWL-X155."""
    # Linux: at most 15 bytes, no slash or space (net/core/dev.c, dev_valid_name)
    if not is_ipv4(text) and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.@:-]{0,14}", text):
        raise Mistake("TWL-X155", value=text)
    return text


def _port(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise Mistake("TWL-X156", value=text)
    return text


Host = Annotated[str, AfterValidator(_host)]
Destinations = Annotated[
    tuple[Annotated[str, AfterValidator(_destination)], ...],
    AfterValidator(_some),
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class _Settings(BaseModel):
    """What each kind of output must declare."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @abstractmethod
    def check_universes(self, universes: Iterable[int]) -> None:
        """Refuse a universe that this output cannot carry: raises Mistake TWL-X157, -X158 or -X159."""

    @abstractmethod
    def places(self, *, here: bool) -> tuple[Hashable, ...]:
        """Where the levels of a universe arrive: no two gateways may send a universe to the same place. `here` is
        whether the gateway runs on this machine."""


class SimulatedOutput(_Settings):
    """Lamps that exist only in memory, and belong to their gateway."""

    kind: Literal["simulated"] = "simulated"

    def check_universes(self, universes: Iterable[int]) -> None:
        """Accepts any universe."""

    def places(self, *, here: bool) -> tuple[Hashable, ...]:
        """None: no other gateway could reach them."""
        return ()


class SacnOutput(_Settings):
    """Streaming ACN (ANSI E1.31). `interface` is the network card for packets; None lets the routes decide."""

    kind: Literal["sacn"]
    to: Destinations
    priority: Annotated[int, Field(ge=0, le=200), _whole(0, 200)] = 100
    interface: Annotated[str, AfterValidator(_interface)] | None = None

    def check_universes(self, universes: Iterable[int]) -> None:
        """E1.31 9.1.1: 1 to 63999."""
        for universe in universes:
            if universe not in SACN_UNIVERSES:
                raise Mistake("TWL-X157", universe=universe)

    def places(self, *, here: bool) -> tuple[Hashable, ...]:
        """Each destination."""
        return tuple((self.kind, to) for to in self.to)


class ArtnetOutput(_Settings):
    """Art-Net 4; `to` is a node, or the broadcast address of its network."""

    kind: Literal["artnet"]
    to: Host
    net: Annotated[int, Field(ge=0, le=127), _whole(0, 127)] = 0
    sub_net: Annotated[int, Field(ge=0, le=15), _whole(0, 15)] = 0

    def check_universes(self, universes: Iterable[int]) -> None:
        """The low four bits of a Port-Address, 0 to 15; a larger universe is refused instead of carried over into the
        next sub-net."""
        for universe in universes:
            if universe not in ARTNET_UNIVERSES:
                raise Mistake("TWL-X158", universe=universe)

    def places(self, *, here: bool) -> tuple[Hashable, ...]:
        """The sub-net of the node."""
        return ((self.kind, self.to, self.net, self.sub_net),)


class EnttecOutput(_Settings):
    """An ENTTEC DMX USB Pro, or a compatible widget."""

    kind: Literal["enttec-usb-pro"]
    port: Annotated[str, AfterValidator(_port)]

    def check_universes(self, universes: Iterable[int]) -> None:
        """One universe, of any number."""
        several = sorted(set(universes))
        if len(several) > 1:
            raise Mistake("TWL-X159", count=len(several), universes=", ".join(map(str, several)))

    def places(self, *, here: bool) -> tuple[Hashable, ...]:
        """The port on this machine; other gateways run on machines of their own."""
        return ((self.kind, self.port),) if here else ()


class _ShortForm:
    """`simulated` is short for `{kind: simulated}`."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"const": "simulated"}, handler(core)]}

    @staticmethod
    def spelt_out(value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value


OutputSettings = SimulatedOutput | SacnOutput | ArtnetOutput | EnttecOutput
OutputField = Annotated[
    Annotated[OutputSettings, Field(discriminator="kind")],
    BeforeValidator(_ShortForm.spelt_out),
    _ShortForm(),
]
