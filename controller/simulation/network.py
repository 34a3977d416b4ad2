"""A broker and the lines to it, in memory.

Rules
1. Retained messages, last wills, clean sessions and wildcards as in MQTT 3.1.1; a message takes LATENCY_S on its way,
   and overtakes none on the same line unless the network is told to `reorder`.
2. A line that is cut looks whole to both ends for a while: the broker misses the next ping and says the will (1.5
   keepalives), the client misses the answer (1.7, rule 4 of `controller.mqtt`). What was sent over it meanwhile arrives
   if it is mended before, as TCP would have it; else it is lost.
3. A process that dies closes its line, and its will is said at once; a machine that loses power does not.
4. A broker that dies says nothing. It comes back with its retained messages or without, and without any session.
5. Clients seek the broker with the pauses of `controller.mqtt.reconnect`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from controller.gateways.base import Message
from controller.mqtt.reconnect import STABLE_S, pause_s
from controller.simulation.kernel import AgendaEntry, Kernel
from controller.topics import matches

KEEPALIVE_S = 10.0
BROKER_WAITS, CLIENT_WAITS = 1.5, 1.7
LATENCY_S = (0.002, 0.02)
REFUSED_S = 0.05
DIAL_S = 5.0
LATE_S = 3.0


@dataclass(frozen=True, slots=True)
class Weather:
    """How the network treats messages: the shares that are lost, that come twice, and that come up to LATE_S late."""

    lose: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0


CALM = Weather()


@dataclass(frozen=True, slots=True)
class Client:
    """Who connects: name, what to hear, what to say first, what the broker says if it dies; and whom to tell."""

    name: str
    subscriptions: tuple[str, ...]
    will: Message | None
    birth: Callable[[], Iterable[Message]]
    on_connected: Callable[[], None]
    on_lost: Callable[[], None]
    on_message: Callable[[str, bytes, bool], None]


class SimulatedSession:
    """One connection as both ends see it; `heard` and `alive` are the broker's view and the client's."""

    def __init__(self, line: "Line") -> None:
        self.line = line
        self.heard = True
        self.alive = True
        self.last_arrival = 0.0
        self.held: list[Callable[[], None]] = []


class SimulatedBroker:
    """One broker of the site."""

    def __init__(self, world: Kernel) -> None:
        self.world = world
        self.up = True
        self.weather = CALM
        self._retained: dict[str, Message] = {}
        self._sessions: list[SimulatedSession] = []
        self._routes: dict[str, list[SimulatedSession]] = {}

    def die(self) -> None:
        """Rule 4; every line ends at once, as the operating system closes the sockets."""
        self.up = False
        sessions, self._sessions = self._sessions, []
        self._routes.clear()
        for session in sessions:
            session.heard = False
            if not session.line.cut:
                session.line.end(session)

    def rise(self, *, remembers: bool) -> None:
        """It is there again; one that another fault's end has brought back already loses nothing under its clients."""
        if not self.up and not remembers:
            self._retained.clear()
        self.up = True

    def retained(self, topic: str) -> bytes:
        """What is kept of a topic; empty where nothing is."""
        return self._retained[topic].payload if topic in self._retained else b""

    def accept(self, session: SimulatedSession) -> None:
        """A client is let in; one of the same name is thrown out."""
        for older in [each for each in self._sessions if each.line is session.line]:
            self.drop(older)
        self._sessions.append(session)
        self._routes.clear()

    def subscribe(self, session: SimulatedSession) -> None:
        """What is retained comes first."""
        for topic, message in tuple(self._retained.items()):
            if wants(session.line.client.subscriptions, topic):
                self._send(session, message, retained=True)

    def drop(self, session: SimulatedSession, *, say_will: bool = True) -> None:
        """A session ends here; its will is said."""
        if not session.heard:
            return
        session.heard = False
        self._sessions.remove(session)
        self._routes.clear()
        will = session.line.client.will
        if say_will and will is not None:
            self.publish(will)

    def publish(self, message: Message) -> None:
        """To everyone who wants it, and kept where it is to be."""
        if not self.up:
            return
        if message.retain and message.payload:
            self._retained[message.topic] = message
        elif message.retain:
            self._retained.pop(message.topic, None)
        routes = self._routes.get(message.topic)
        if routes is None:
            routes = [each for each in self._sessions if wants(each.line.client.subscriptions, message.topic)]
            self._routes[message.topic] = routes
        for session in tuple(routes):
            self._send(session, message, retained=False)

    def _send(self, session: SimulatedSession, message: Message, *, retained: bool) -> None:
        random, weather = self.world.random, self.weather
        arrival = max(session.last_arrival, self.world.now + random.uniform(*LATENCY_S))
        if weather is not CALM and not retained:
            if random.random() < weather.lose:
                return
            if random.random() < weather.repeat:
                self._arrive(session, message, retained, arrival + random.uniform(0, LATE_S))
            if random.random() < weather.delay:
                self._arrive(session, message, retained, arrival + random.uniform(0, LATE_S))
                return
        session.last_arrival = arrival
        self._arrive(session, message, retained, arrival)

    def _arrive(self, session: SimulatedSession, message: Message, retained: bool, when: float) -> None:
        self.world.at(when, lambda: session.line.hear(session, message, retained))


class Line:
    """A client and its way to the broker, through all its connections."""

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
        """As far as the client knows."""
        return self._session is not None

    def start(self) -> None:
        """The process runs: it seeks the broker."""
        self._failures = self._brief = 0
        self._again(0.0)

    def stop(self, *, power_lost: bool = False) -> None:
        """The process is gone (rule 3)."""
        if self._next is not None:
            self._next.cancel()
        session, self._session = self._session, None
        if session is None:
            return
        session.alive = False
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
        """Sent if connected, else dropped (rule 2 of `controller.mqtt`)."""
        session = self._session
        if session is None:
            return
        if self.cut:
            session.held.append(lambda: self._broker.publish(message))
        elif session.heard:
            self._broker.publish(message)

    def hear(self, session: SimulatedSession, message: Message, retained: bool) -> None:
        """A message comes in."""
        if not session.alive:
            return
        if self.cut:
            session.held.append(lambda: self.hear(session, message, retained))
        else:
            self.client.on_message(message.topic, message.payload, retained)

    def part(self) -> None:
        """Rule 2: the way is cut."""
        self.cut = True
        session = self._session
        if session is not None:
            self._world.after(self._patience(BROKER_WAITS), lambda: self._missed(session, by_broker=True))
            self._world.after(self._patience(CLIENT_WAITS), lambda: self._missed(session, by_broker=False))

    def mend(self) -> None:
        """The way is whole again."""
        self.cut = False
        session = self._session
        if session is None:
            return
        if not session.heard:
            self._world.after(self._world.random.uniform(0, KEEPALIVE_S), lambda: self.end(session))
            return
        held, session.held = session.held, []
        for deed in held:
            deed()

    def end(self, session: SimulatedSession) -> None:
        """The client notices that its connection is over."""
        if not session.alive:
            return
        session.alive = False
        self._session = None
        self._brief = self._brief + 1 if self._world.now - self._opened < STABLE_S else 0
        self.client.on_lost()
        self._again(pause_s(self._failures + self._brief, self._world.random.random(), barred=False))

    def _missed(self, session: SimulatedSession, *, by_broker: bool) -> None:
        if not self.cut:
            return
        if by_broker:
            self._broker.drop(session)
        else:
            self.end(session)

    def _patience(self, keepalives: float) -> float:
        """The last byte came up to a keepalive ago."""
        return keepalives * KEEPALIVE_S - self._world.random.uniform(0, KEEPALIVE_S)

    def _again(self, pause: float) -> None:
        takes_s = DIAL_S if self.cut else REFUSED_S
        self._next = self._world.after(pause + takes_s, self._try)

    def _try(self) -> None:
        if self.cut or not self._broker.up:
            self._failures += 1
            self._again(pause_s(self._failures, self._world.random.random(), barred=False))
            return
        self._failures, self._opened = 0, self._world.now
        session = self._session = SimulatedSession(self)
        self._broker.accept(session)
        self.client.on_connected()
        self._broker.subscribe(session)
        for message in self.client.birth():
            self.publish(message)


def wants(filters: Iterable[str], topic: str) -> bool:
    """Whether any topic filter matches."""
    return any(matches(each, topic) for each in filters)


class MultiBrokerClient:
    """A client's lines to all brokers of the site as one, as `controller.mqtt.Mqtt` is: it publishes on every line, and
    hears the same message as often as it comes. `lines` are in the order of the brokers."""

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
        """On every line."""
        for line in self.lines:
            line.publish(message)

    def _lost(self) -> None:
        """Tell the client only when the last line is lost."""
        if not self.connected:
            self.client.on_lost()
