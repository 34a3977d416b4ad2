"""Every vendor's gateway of the list beside its simulated device, wired together in memory."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.gateways import GATEWAYS
from controller.gateways.base import DesiredState, Gateway, Message, Rejected, Report, ReportedLook
from controller.lighting.look import ZoneState
from controller.simulation.devices import DEVICES, Device

VENDORS = json.loads((Path(__file__).parents[2] / "vectors" / "vendors.json").read_text(encoding="utf-8"))
PREFIX = "watertower"


@dataclass
class Pair:
    """A dialect and its device, and what the dialect has read so far."""

    gateway: Gateway
    device: Device[Gateway]
    now: datetime = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    shown: dict[str, ReportedLook] = field(default_factory=dict)
    online: bool | None = None
    sent: list[Message] = field(default_factory=list)

    def boot(self) -> None:
        """The device gets power."""
        self.receive(self.device.boot(self.now))

    def receive(self, messages: Iterable[Message]) -> None:
        """The dialect decodes the messages on its topics."""
        for message in messages:
            self.sent.append(message)
            if message.topic not in self.gateway.topics(PREFIX):
                continue
            report = self.gateway.decode(message.topic, message.payload, PREFIX)
            assert not isinstance(report, Rejected), (message, report)
            if isinstance(report, Report):
                self.online = self.online if report.online is None else report.online
                for zone, part in report.zones.items():
                    self.shown[zone] = part.over(self.shown.get(zone, ReportedLook()))

    def ask(self, state: ZoneState, fade_s: float = 0.0) -> None:
        """Send the desired state to the device, the same in every zone."""
        want = DesiredState(now=self.now, zones=dict.fromkeys(self.gateway.zone_names, state), fade_s=fade_s)
        self.send(self.gateway.encode(want, PREFIX))

    def send(self, messages: Iterable[Message]) -> None:
        """Send messages to the device."""
        for message in messages:
            assert any(matches(each, message.topic) for each in self.device.subscriptions), message
            self.receive(self.device.receive(message.topic, message.payload, self.now))

    def wait(self, seconds: float) -> None:
        """Time passes; the device turns when it asked to."""
        end = self.now + timedelta(seconds=seconds)
        messages, due = self.device.turn(self.now)
        self.receive(messages)
        while due is not None and due <= end:
            assert due > self.now, "a device must name a later instant"
            self.now = due
            messages, due = self.device.turn(self.now)
            self.receive(messages)
        self.now = end

    def agrees(self, state: ZoneState) -> bool:
        """Whether all reports agree with the desired state."""
        return all(
            self.gateway.agrees(zone, self.gateway.reduce(zone, state), self.shown.get(zone, ReportedLook()))
            for zone in self.gateway.zone_names
        )


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT 5.0 section 4.7."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        return levels[: len(wanted) - 1] == wanted[:-1]
    return wanted == levels


def paired(name: str) -> Pair:
    """A fresh pair, switched on."""
    (keys,) = (each for each in VENDORS if each["name"] == name)
    gateway = GATEWAYS[keys["kind"]].model_validate(keys)
    pair = Pair(gateway, DEVICES[keys["kind"]](gateway))
    pair.boot()
    return pair


@pytest.fixture(scope="session")
def pair_of() -> Callable[[str], Pair]:
    """Makes a fresh pair by name."""
    return paired


@pytest.fixture(params=[each["name"] for each in VENDORS])
def pair(request: pytest.FixtureRequest) -> Pair:
    """A fresh pair of every gateway of the list."""
    return paired(request.param)


@pytest.fixture(scope="session", params=[each["name"] for each in VENDORS])
def pair_name(request: pytest.FixtureRequest) -> str:
    """The name of every pair, for laws that need a fresh one for each example."""
    return str(request.param)
