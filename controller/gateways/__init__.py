"""How it is said: want -> messages, message -> report, for every kind of gateway. Pure."""

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

__all__ = ["GATEWAYS", "Gateway"]
