"""A bridge from MQTT to DMX with channels and values only: all at 0 after a power cut, nothing retained."""

import re
from collections.abc import Mapping
from datetime import datetime

from controller.gateways.base import Message
from controller.gateways.dmx_channels import PLACE, DmxChannels
from controller.lighting.look import ZoneState
from controller.simulation.devices.device import Device, Messages, document, keys_of, text_of

LEVEL = re.compile(r"[0-9]{1,5}")
SLOTS = 512


class DmxBridge(Device[DmxChannels]):
    """A bridge and the fixtures on its cable; `scale` is its value for full."""

    def __init__(self, gateway: DmxChannels) -> None:
        topic, channels = gateway.channel_topic, range(gateway.base, gateway.base + SLOTS)
        each = tuple(topic.replace(PLACE, str(channel)) for channel in channels) if topic is not None else ()
        super().__init__(gateway, each or (gateway.map_topic or "",), will=None)
        self.scale = gateway.level_scale
        self.slots = bytearray(SLOTS)

    def boot(self, now: datetime) -> Messages:  # noqa: ARG002
        """Everything at 0; publishes nothing."""
        self.slots = bytearray(SLOTS)
        return ()

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:  # noqa: ARG002
        """One value, or a map of values."""
        if topic == self.gateway.map_topic:
            return self._take({str(key): str(value) for key, value in keys_of(payload).items()})
        before, _, after = (self.gateway.channel_topic or "").partition(PLACE)
        number = topic.removeprefix(before).removesuffix(after)
        return self._take({number: text_of(payload)}) if topic == before + number + after else ()

    def _take(self, values: Mapping[str, str]) -> Messages:
        taken: dict[str, int] = {}
        for number, value in values.items():
            slot = int(number) - self.gateway.base if LEVEL.fullmatch(number) else -1
            if 0 <= slot < SLOTS and LEVEL.fullmatch(value) and int(value) <= self.scale:
                before, self.slots[slot] = self.slots[slot], round(int(value) * 255 / self.scale)
                if self.gateway.answers_repeats or self.slots[slot] != before:
                    taken[number] = int(value)
        return self._report(taken)

    def _report(self, taken: Mapping[str, int]) -> Messages:
        topic = self.gateway.state_topic
        if topic is None or not taken:
            return ()
        if PLACE not in topic:
            return (Message(topic, document(**taken)),)
        return tuple(Message(topic.replace(PLACE, number), str(level).encode()) for number, level in taken.items())

    def shows(self, now: datetime) -> Mapping[str, ZoneState]:  # noqa: ARG002
        """The light of the fixtures at these levels."""
        (universe,) = self.gateway.patch.universes
        return self.gateway.patch.shown({universe: bytes(self.slots)})
