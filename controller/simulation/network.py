"""Simulated brokers and the lines to them.

Retained messages, last wills, clean sessions and wildcards work as in MQTT 3.1.1. Clients reconnect with the pauses of
`controller.mqtt.reconnect`, and get the items of `controller.mqtt`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from controller.events.models import Reason
from controller.gateways.base import Message
from controller.mqtt import Connected, Disconnected, Item, Received
from controller.mqtt.reconnect import STABLE_S
from controller.mqtt.reconnect import pause_s as reconnect_pause_s
from controller.simulation.kernel import AgendaEntry, Kernel
from controller.topics import matches

KEEPALIVE_S = 10.0
BROKER_WAITS, CLIENT_WAITS = 1.5, 1.7
"""In keepalives: MQTT 3.1.1 section 3.1.2.10, and `controller.mqtt`."""
LATENCY_S = (0.002, 0.02)
REFUSED_S = 0.05
DIAL_S = 5.0
LATE_S = 3.0


@dataclass(frozen=True, slots=True)
class Weather:
    """How the network treats messages: the shares that are lost, that arrive twice, and that arrive up to LATE_S
    late."""

    lose: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0


CALM = Weather()


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its topic filters, will and birth messages, and the function that takes all items of a connection."""

    name: str
    subscriptions: tuple[str, ...]
    will: Message | None
    birth: Callable[[], Iterable[Message]]
    on_item: Callable[[Item], None]


class SimulatedSession:
    """One connection as both ends see it; `in_transit` holds messages in a line that is cut."""

    def __init__(self, line: "Line") -> None:
        self.line = line
        self.open_for_broker = True
        self.open_for_client = True
        self.last_arrival = 0.0
        self.in_transit: list[Callable[[], None]] = []


class SimulatedBroker:
    """One broker with its retained messages by topic."""

    def __init__(self, world: Kernel, name: str = "mqtt://broker") -> None:
        self.world = world
        self.name = name
        self.up = True
        self.weather = CALM
        self.retained: dict[str, bytes] = {}
        self._sessions: list[SimulatedSession] = []
        self._routes: dict[str, list[SimulatedSession]] = {}

    def die(self) -> None:
        """Kill -9: no will is published, and every line ends at once, as the operating system closes the sockets."""
        self.up = False
        sessions, self._sessions = self._sessions, []
        self._routes.clear()
        for session in sessions:
            session.open_for_broker = False
            if not session.line.cut:
                session.line.end(session)

    def rise(self, *, remembers: bool) -> None:
        """Restart, without any session; nothing changes for a broker that is up already."""
        if not self.up and not remembers:
            self.retained.clear()
        self.up = True

    def accept(self, session: SimulatedSession) -> None:
        """Accept a client; an older session of the same client ends (MQTT 3.1.1 section 3.1.4)."""
        for older in [each for each in self._sessions if each.line is session.line]:
            self.drop(older)
        self._sessions.append(session)
        self._routes.clear()

    def subscribe(self, session: SimulatedSession) -> None:
        """Send the retained messages of the subscriptions."""
        for topic, payload in tuple(self.retained.items()):
            if matches_any(session.line.client.subscriptions, topic):
                self._send(session, Received(self.name, topic, payload, retain=True, qos=1))

    def drop(self, session: SimulatedSession) -> None:
        """End a session on the broker's side; its will is published."""
        if not session.open_for_broker:
            return
        session.open_for_broker = False
        self._sessions.remove(session)
        self._routes.clear()
        will = session.line.client.will
        if will is not None:
            self.publish(will)

    def publish(self, message: Message) -> None:
        """Send to all subscribers, and store if retained."""
        if not self.up:
            return
        if message.retain and message.payload:
            self.retained[message.topic] = message.payload
        elif message.retain:
            self.retained.pop(message.topic, None)
        routes = self._routes.get(message.topic)
        if routes is None:
            routes = [each for each in self._sessions if matches_any(each.line.client.subscriptions, message.topic)]
            self._routes[message.topic] = routes
        for session in tuple(routes):
            self._send(session, Received(self.name, message.topic, message.payload, retain=False, qos=message.qos))

    def _send(self, session: SimulatedSession, item: Received) -> None:
        """Deliver after LATENCY_S and in the order of the line, unless the weather decides otherwise."""
        random, weather = self.world.random, self.weather
        arrival = max(session.last_arrival, self.world.now + random.uniform(*LATENCY_S))

        def arrive(when: float) -> None:
            self.world.at(when, lambda: session.line.receive(session, item))

        if weather is not CALM and not item.retain:
            if random.random() < weather.lose:
                return
            if random.random() < weather.repeat:
                arrive(arrival + random.uniform(0, LATE_S))
            if random.random() < weather.delay:
                arrive(arrival + random.uniform(0, LATE_S))
                return
        session.last_arrival = arrival
        arrive(arrival)


class Line:
    """A client's line to one broker, through all its connections."""

    def __init__(self, broker: SimulatedBroker, client: Client) -> None:
        self.client = client
        self.cut = False
        self._broker = broker
        self._world = broker.world
        self._session: SimulatedSession | None = None
        self._next: AgendaEntry | None = None
        self._failures = 0
        self._brief = 0
        self._opened = 0.0

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as the client knows."""
        return self._session is not None

    @property
    def is_open(self) -> bool:
        """Whether a connection is possible."""
        return self._broker.up and not self.cut

    def start(self) -> None:
        """The process starts: it connects to the broker."""
        self._failures = self._brief = 0
        self._retry(0.0)

    def stop(self, *, power_lost: bool = False) -> None:
        """The process is gone: the system closes its line and the will is published; the broker notices a machine
        without power only by its silence."""
        if self._next is not None:
            self._next.cancel()
        session, self._session = self._session, None
        if session is None:
            return
        session.open_for_client = False
        if power_lost or self.cut:
            self._world.after(self._patience(BROKER_WAITS), lambda: self._broker.drop(session))
        else:
            self._broker.drop(session)

    def shake(self) -> None:
        """The connection breaks, and both ends know it."""
        if self._session is not None and not self.cut:
            session = self._session
            self._broker.drop(session)
            self.end(session)

    def publish(self, message: Message) -> None:
        """Sent if connected, else dropped, as `controller.mqtt` does."""
        session = self._session
        if session is None:
            return
        if self.cut:
            session.in_transit.append(lambda: self._broker.publish(message))
        elif session.open_for_broker:
            self._broker.publish(message)

    def receive(self, session: SimulatedSession, item: Received) -> None:
        """A message arrives."""
        if not session.open_for_client:
            return
        if self.cut:
            session.in_transit.append(lambda: self.receive(session, item))
        else:
            self.client.on_item(item)

    def part(self) -> None:
        """Cut the line: both ends still think it whole until one misses the other. What was sent meanwhile arrives if
        the line is mended before that, as with TCP."""
        self.cut = True
        session = self._session
        if session is not None:
            for keepalives, give_up in ((BROKER_WAITS, self._broker.drop), (CLIENT_WAITS, self.end)):
                self._world.after(self._patience(keepalives), partial(self._if_cut, give_up, session))

    def mend(self) -> None:
        """Mend the line."""
        self.cut = False
        session = self._session
        if session is None:
            return
        if not session.open_for_broker:
            self._world.after(self._world.random.uniform(0, KEEPALIVE_S), lambda: self.end(session))
            return
        in_transit, session.in_transit = session.in_transit, []
        for arrive in in_transit:
            arrive()

    def end(self, session: SimulatedSession) -> None:
        """The client notices that its connection has ended."""
        if not session.open_for_client:
            return
        session.open_for_client = False
        self._session = None
        self._brief = self._brief + 1 if self._world.now - self._opened < STABLE_S else 0
        self.client.on_item(Disconnected(self._broker.name, Reason("broker_closed")))
        self._retry(reconnect_pause_s(self._failures + self._brief, self._world.random.random(), barred=False))

    def _if_cut(self, give_up: Callable[[SimulatedSession], None], session: SimulatedSession) -> None:
        if self.cut:
            give_up(session)

    def _patience(self, keepalives: float) -> float:
        """Seconds until an end gives up; the last byte came up to a keepalive ago."""
        return keepalives * KEEPALIVE_S - self._world.random.uniform(0, KEEPALIVE_S)

    def _retry(self, pause_s: float) -> None:
        if self._next is not None:
            self._next.cancel()
        takes_s = DIAL_S if self.cut else REFUSED_S
        self._next = self._world.after(pause_s + takes_s, self._try)

    def _try(self) -> None:
        if self.cut or not self._broker.up:
            self._failures += 1
            self._retry(reconnect_pause_s(self._failures, self._world.random.random(), barred=False))
            return
        attempts, self._failures, self._opened = self._failures + 1, 0, self._world.now
        session = self._session = SimulatedSession(self)
        self._broker.accept(session)
        self.client.on_item(Connected(self._broker.name, session_present=False, attempts=attempts))
        self._broker.subscribe(session)
        for message in self.client.birth():
            self.publish(message)


def matches_any(filters: Iterable[str], topic: str) -> bool:
    """Whether any topic filter matches."""
    return any(matches(each, topic) for each in filters)


class MultiBrokerClient:
    """A client's lines to all brokers, in their order, like `controller.mqtt.Mqtt`: it publishes on every line, and
    gets a message once per line."""

    def __init__(self, brokers: tuple[SimulatedBroker, ...], client: Client) -> None:
        self.lines = tuple(Line(broker, client) for broker in brokers)

    @property
    def connected(self) -> bool:
        """Whether any broker is connected, as far as the client knows."""
        return any(line.connected for line in self.lines)

    def start(self) -> None:
        """The process starts."""
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
        """Publish on every line."""
        for line in self.lines:
            line.publish(message)
