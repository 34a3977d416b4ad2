"""What both ends of a simulated line see of its end, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.gateways.base import Message
from controller.mqtt import Connected, Disconnected, Item, Received
from controller.simulation.kernel import Kernel
from controller.simulation.network import CLIENT_WAITS, KEEPALIVE_S, Client, Line, SimulatedBroker

START = datetime(2026, 11, 20, 15, tzinfo=UTC)
SEED = 2
"""With which the broker gives a cut line up before the client does."""
WILL = Message("lamp/online", b"gone")


class Ends:
    """A broker, a client whose line may be cut, and another that listens to everything."""

    def __init__(self) -> None:
        self.kernel = Kernel(START, SEED)
        self.broker = SimulatedBroker(self.kernel)
        self.told: list[Item] = []
        self.heard: list[Item] = []
        self.line = Line(self.broker, Client("lamp", ("lamp/set",), WILL, lambda: (), self.told.append))
        self.other = Line(self.broker, Client("other", ("#",), None, lambda: (), self.heard.append))
        for line in (self.line, self.other):
            line.start()
        self.wait(5)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.kernel.run(self.kernel.instant + timedelta(seconds=seconds))

    def say(self, payload: bytes) -> None:
        """The client publishes."""
        self.line.publish(Message("lamp", payload))

    @property
    def payloads(self) -> list[bytes]:
        """What the other client was sent."""
        return [item.payload for item in self.heard if isinstance(item, Received)]

    @property
    def ends(self) -> int:
        """How often the client noticed that its connection ended."""
        return sum(isinstance(item, Disconnected) for item in self.told)


@pytest.fixture
def ends() -> Ends:
    """Both connected."""
    made = Ends()
    assert isinstance(made.told[0], Connected)
    return made


def test_a_broker_that_is_killed_is_noticed_at_once_and_says_no_will(ends: Ends) -> None:
    """The operating system closes its sockets."""
    ends.broker.die()
    assert ends.ends == 1
    assert ends.payloads == []


def test_behind_a_cut_line_a_killed_broker_is_missed_only_after_a_while(ends: Ends) -> None:
    """No word comes through; the client goes by its keepalive."""
    ends.line.part()
    ends.broker.die()
    assert ends.ends == 0
    ends.wait(CLIENT_WAITS * KEEPALIVE_S)
    assert ends.ends == 1


def test_what_is_sent_into_a_cut_line_arrives_when_it_is_mended_in_time(ends: Ends) -> None:
    """As with TCP."""
    ends.line.part()
    ends.say(b"1")
    ends.wait(1)
    assert ends.payloads == []
    ends.line.mend()
    ends.say(b"2")
    ends.wait(1)
    assert ends.payloads == [b"1", b"2"]
    assert ends.ends == 0


def test_the_broker_takes_nothing_over_a_session_that_it_has_given_up(ends: Ends) -> None:
    """The will is published; the client does not know yet, and sends without effect."""
    ends.line.part()
    while not ends.payloads:
        ends.wait(0.1)
    assert ends.line.connected
    ends.line.mend()
    ends.say(b"in vain")
    ends.wait(0.5)
    assert ends.payloads == [WILL.payload]
    ends.wait(KEEPALIVE_S + 30)
    assert ends.ends == 1
    ends.say(b"anew")
    ends.wait(1)
    assert ends.payloads == [WILL.payload, b"anew"]
