"""A client's lines to all brokers of the site as one, as `controller.mqtt.Mqtt` is.

Rules
1. It publishes on every line and hears from every line, the same message as often as it comes.
2. Each connection is told to the client as one begun; as lost is told only the last.
"""

from dataclasses import replace

from controller.gateways.base import Message
from controller.simulation.network import Client, Line, SimulatedBroker


class MultiBrokerClient:
    """One client; `lines` are its ways to the brokers, in their order."""

    def __init__(self, brokers: tuple[SimulatedBroker, ...], client: Client) -> None:
        self.client = client
        one = replace(client, on_lost=self._lost)
        self.lines = tuple(Line(broker, one) for broker in brokers)

    @property
    def connected(self) -> bool:
        """As far as the client knows, to any broker."""
        return any(line.connected for line in self.lines)

    def start(self) -> None:
        """The process runs."""
        for line in self.lines:
            line.start()

    def stop(self, *, power_lost: bool = False) -> None:
        """The process is gone."""
        for line in self.lines:
            line.stop(power_lost=power_lost)

    def shake(self) -> None:
        """Every connection breaks, and both ends know it."""
        for line in self.lines:
            line.shake()

    def publish(self, message: Message) -> None:
        """Rule 1."""
        for line in self.lines:
            line.publish(message)

    def _lost(self) -> None:
        """Rule 2."""
        if not self.connected:
            self.client.on_lost()
