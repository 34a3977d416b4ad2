"""The dialect of each kind of gateway: desired state -> messages, message -> report. Pure.

A new kind is one file beside these, an entry in `GATEWAYS`, and a simulated device of its own.
"""

from collections.abc import Iterable

from controller.gateways.base import Gateway
from controller.gateways.dmx import Dmx
from controller.gateways.dmx_channels import DmxChannels
from controller.gateways.esphome import EspHome
from controller.gateways.home_assistant import HomeAssistant
from controller.gateways.shelly_gen1 import ShellyGen1
from controller.gateways.shelly_gen2 import ShellyGen2
from controller.gateways.tasmota import Tasmota
from controller.gateways.wled import Wled
from controller.gateways.zigbee2mqtt import Zigbee2Mqtt

GATEWAYS: dict[str, type[Gateway]] = {
    "dmx": Dmx,
    "home-assistant": HomeAssistant,
    "zigbee2mqtt": Zigbee2Mqtt,
    "esphome": EspHome,
    "wled": Wled,
    "tasmota": Tasmota,
    "shelly-gen1": ShellyGen1,
    "shelly-gen2": ShellyGen2,
    "dmx-channels": DmxChannels,
}


def own_gateways(gateways: Iterable[Gateway]) -> tuple[Dmx, ...]:
    """The gateways that our own DMX gateway program runs, here or elsewhere: they have outputs and the lamp test."""
    return tuple(gateway for gateway in gateways if isinstance(gateway, Dmx))


def lamps_of(gateway: Gateway) -> dict[str, str]:
    """The lamps that can be lit alone, by name without the gateway's, with their zones: the fixtures of one of our own
    gateways, else the zones."""
    if isinstance(gateway, Dmx):
        return {fixture.name: fixture.zone for fixture in gateway.patched_fixtures}
    return {zone: zone for zone in gateway.zone_names}


__all__ = ["GATEWAYS", "Gateway", "lamps_of", "own_gateways"]
