"""Simulated devices that behave as the vendors' firmware does, one for each kind of vendor's gateway."""

from collections.abc import Callable
from typing import Any

from controller.simulation.devices.device import Device, Messages, SimulatedLamp
from controller.simulation.devices.dmx_channels import DmxBridge
from controller.simulation.devices.esphome import EspHomeNode
from controller.simulation.devices.home_assistant import HomeAssistantLight
from controller.simulation.devices.shelly_gen1 import ShellyRgbw2
from controller.simulation.devices.shelly_gen2 import ShellyPlus
from controller.simulation.devices.tasmota import TasmotaLight
from controller.simulation.devices.wled import WledStrip
from controller.simulation.devices.zigbee2mqtt import ZigbeeLamp

DEVICES: dict[str, Callable[[Any], Device[Any]]] = {
    "home-assistant": HomeAssistantLight,
    "zigbee2mqtt": ZigbeeLamp,
    "esphome": EspHomeNode,
    "wled": WledStrip,
    "tasmota": TasmotaLight,
    "shelly-gen1": ShellyRgbw2,
    "shelly-gen2": ShellyPlus,
    "dmx-channels": DmxBridge,
}

__all__ = ["DEVICES", "Device", "Messages", "SimulatedLamp"]
