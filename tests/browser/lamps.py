"""Lamps on the broker of a service, which obey until a test makes them misbehave."""

import json
import os
import threading
from datetime import UTC, datetime

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from controller.config.load import load
from controller.gateways.base import Message
from controller.gateways.home_assistant import HomeAssistant
from controller.simulation.devices.home_assistant import HomeAssistantLight
from tests.nights.programs import Site
from tests.nights.waiting import GENEROUS_S

BLUE = {"state": "ON", "brightness": 255, "color": {"r": 0, "g": 0, "b": 255}}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Fades are over when they begin: a device whose time stands still shows its goal, which is all that it reports."""


class Lamps:
    """One simulated light of each gateway of a site, by its name, all on one connection."""

    def __init__(self, site: Site) -> None:
        gateways = load(site.config).tower.gateways
        self.devices = {each.name: HomeAssistantLight(each) for each in gateways if isinstance(each, HomeAssistant)}
        self.heard: dict[str, list[dict[str, object]]] = {name: [] for name in self.devices}
        self.deaf: set[str] = set()
        self._by_topic = {each.gateway.command_topic: name for name, each in self.devices.items()}
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"lamps-{os.getpid()}-{id(self)}")
        self._client.reconnect_delay_set(0.1, 0.1)  # type: ignore[arg-type]  # it waits as long, also when it is closed
        self._client.on_connect = lambda *_: self._boot()
        self._client.on_message = lambda _, __, told: self._receive(told.topic, told.payload)
        self._client.connect_async("127.0.0.1", site.port, keepalive=30)
        self._client.loop_start()
        assert self._ready.wait(GENEROUS_S), "the lamps do not reach the broker"

    def close(self) -> None:
        """Takes leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def shows(self, name: str, command: dict[str, object]) -> None:
        """Somebody else gives this command, and from then on the lamp obeys nobody."""
        self.deaf.add(name)
        device = self.devices[name]
        self._publish(device.receive(device.gateway.command_topic, json.dumps(command).encode(), LONG_AGO))

    def unplug(self, name: str) -> None:
        """The broker publishes the will of the lamp."""
        self.deaf.add(name)
        will = self.devices[name].will
        assert will is not None
        self._publish((will,))

    def deafen(self, *names: str) -> None:
        """They neither obey nor answer."""
        self.deaf.update(names)

    def mend(self) -> None:
        """All obey again, and come back as after a power cut."""
        names, self.deaf = self.deaf, set()
        for name in names:
            self._publish(self.devices[name].boot(LONG_AGO))

    def _boot(self) -> None:
        for topic in self._by_topic:
            self._client.subscribe(topic, 1)
        for device in self.devices.values():
            self._publish(device.boot(LONG_AGO))
        self._ready.set()

    def _receive(self, topic: str, payload: bytes) -> None:
        name = self._by_topic[topic]
        self.heard[name].append(json.loads(payload))
        if name not in self.deaf:
            self._publish(self.devices[name].receive(topic, payload, LONG_AGO))

    def _publish(self, messages: tuple[Message, ...]) -> None:
        for each in messages:
            self._client.publish(each.topic, each.payload, each.qos, each.retain)
