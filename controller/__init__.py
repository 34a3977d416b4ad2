"""Lights a landmark as its calendar says, over MQTT, and knows that every lamp obeyed.

The rooms in the order of the data: `config` reads two files, `schedule` says when, `lighting` says what,
`gateways` says how it is said, `service` keeps it so and `dmx` is one gateway that obeys.
"""

__version__ = "0.1.0"
