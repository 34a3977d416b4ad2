"""The outputs: one file for each `kind` of `output:` in tower.yaml, and the registry of them.

An output is added by a file here, an entry in OUTPUTS, its settings in `controller/gateways/outputs.py`, and a test
`tests/dmx/test_<file>.py`; `tests/dmx/test_every_output.py` names whatever is missing.
"""

from collections.abc import Callable
from typing import Any

from controller.dmx.output import OnEvent, Output, OutputSource
from controller.dmx.outputs.artnet import Artnet
from controller.dmx.outputs.enttec import Enttec
from controller.dmx.outputs.sacn import Sacn
from controller.dmx.outputs.simulated import Simulated

OUTPUTS: dict[str, Callable[[Any, OutputSource, OnEvent], Output]] = {
    "simulated": Simulated,
    "sacn": Sacn,
    "artnet": Artnet,
    "enttec-usb-pro": Enttec,
}
"""By `kind`: the constructor of the output, called with the settings of that kind."""
