"""The DMX gateway: one process that obeys the controller and drives lamps.

desired over MQTT -> what the levels are now -> Output -> wire
                                reported <- sent <-
"""

from collections.abc import Callable
from typing import Any

from controller.dmx.artnet import Artnet
from controller.dmx.enttec import Enttec
from controller.dmx.output import OnEvent, Output, SacnSource
from controller.dmx.sacn import Sacn
from controller.dmx.simulated import Simulated

OUTPUTS: dict[str, Callable[[Any, SacnSource, OnEvent], Output]] = {
    "simulated": Simulated,
    "sacn": Sacn,
    "artnet": Artnet,
    "enttec-usb-pro": Enttec,
}
"""The driver of each kind of `output:`, called with the settings of that kind."""
