"""Lights a landmark as its calendar says, over MQTT, and knows that every lamp obeyed.

The rooms in the order of the data: `config` reads two files, `schedule` says when, `lighting` says what,
`gateways` says how it is said, `service` keeps it so and `dmx` is one gateway that obeys.
"""

import os

# pydantic would look through every installed package for plugins of its own at each start, which takes 25 ms
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

__version__ = "0.1.0"
