"""What the broker answers to each packet of one client. Pure: packets in, bytes out, effects on the exchange.

Rules
1. The first packet is CONNECT and there is no second one; nothing is altered before the log-in is right.
2. Whether the log-in is right is judged outside (`door`).
3. An empty client id gets one made for it, with CleanSession 0 it gets CONNACK 2 (3.1.3.1).
4. MQTT 3.1.1 only; other versions are told so in their own words.
5. The will is published whenever the connection ends without DISCONNECT, whoever ends it, but not when the
   broker itself stops.
"""

import secrets

from controller.broker import packets
from controller.broker.access import OWN
from controller.broker.client_session import ClientSession, Peer
from controller.broker.packets import (
    Ack,
    Answer,
    Connect,
    OtherVersion,
    Packet,
    PacketType,
    Ping,
    ProtocolError,
    Publish,
    Subscribe,
    Unsubscribe,
)
from controller.broker.router import Router

REFUSALS = {Answer.NOT_AUTHORIZED: "TWL-B030", Answer.BAD_CREDENTIALS: "TWL-B031"}
"""What is told of a log-in that was judged to be wrong."""


class PacketHandler:
    """One connection's talk; `over` says that it is to be closed once the last answer is sent. `reserved` is how client
    ids begin that are let into a broker that is full."""

    def __init__(self, exchange: Router, peer: Peer, address: str, reserved: str) -> None:
        self.session: ClientSession | None = None
        self.keep_alive_s = 0
        self.over = False
        self._exchange = exchange
        self._reserved = reserved
        self._peer = peer
        self._address = address
        self._will: Publish | None = None

    def tell(self, code: str, **fields: object) -> None:
        """Tells an event of this client, who is known by the address until the session is open."""
        about = self.session.client_id if self.session else self._address
        self._exchange.tell(code, about, **{"client": about, "address": self._address} | fields)

    @property
    def is_stranger(self) -> bool:
        """Whether the client has not logged in yet."""
        return self.session is None and not self.over

    def receive(self, packet: Packet) -> bytes:
        """Takes one packet and gives the answer to it, but for a first CONNECT, see `greet`; raises ProtocolError."""
        if isinstance(packet, Connect | OtherVersion):
            if self.session:
                raise ProtocolError("a second CONNECT")
            return self._refuse_version(packet)
        if self.session is None:
            raise ProtocolError(f"{type(packet).__name__.upper()} before CONNECT")
        return self._answer(self.session, packet)

    def _answer(self, session: ClientSession, packet: Packet) -> bytes:
        match packet:
            case Publish():
                return self._publish(session, packet)
            case Ack():
                return session.acknowledge(packet)
            case Subscribe():
                return packets.suback(packet.packet_id, self._exchange.subscribe(session, packet.filters))
            case Unsubscribe():
                self._exchange.unsubscribe(session, packet.filters)
                return packets.unsuback(packet.packet_id)
            case Ping():
                return packets.PINGRESP
        self.over = True
        self._will = None
        self.tell("TWL-B021")
        return b""

    def end(self, with_will: bool = True) -> None:
        """The connection is over, however that came; a second call does nothing."""
        if self.session and not self.over:
            self.tell("TWL-B022")
        self.over = True
        session, self.session = self.session, None
        if session is None:
            return
        self._exchange.close(session)
        if self._will and with_will:
            self._exchange.publish(self._will, session)

    def _publish(self, session: ClientSession, message: Publish) -> bytes:
        if message.qos == 2:
            if session.hold(message.packet_id):
                self._exchange.publish(message, session)
            return packets.ack(PacketType.PUBREC, message.packet_id)
        self._exchange.publish(message, session)
        return packets.ack(PacketType.PUBACK, message.packet_id) if message.qos else b""

    def greet(self, asked: Connect, user: str | None, answer: Answer) -> bytes:
        """The answer to the first CONNECT, once it was judged; each refusal is told with its reason."""
        code = REFUSALS.get(answer)
        if answer is Answer.ACCEPTED:
            answer, code = self._check(asked, user)
        if answer is not Answer.ACCEPTED:
            self.over = True
            if code:
                self.tell(code, client=asked.client_id)
            return packets.connack(answer)
        client_id = asked.client_id or f"auto-{secrets.token_hex(8)}"
        self.session, present = self._exchange.open(client_id, user, asked.clean, self._peer)
        self.keep_alive_s, self._will = asked.keep_alive_s, asked.will
        self.tell("TWL-B020")
        return packets.connack(answer, present)

    def _check(self, asked: Connect, user: str | None) -> tuple[Answer, str | None]:
        """Whether there is a place for a client whose log-in is right."""
        if not asked.client_id and not asked.clean:
            return Answer.IDENTIFIER_REJECTED, "TWL-B033"
        known = self._exchange.sessions.get(asked.client_id)
        if known and known.user != user:
            is_at_work = known.user == OWN and known.peer is not None
            if user != OWN and (is_at_work or known.user in (self._exchange.rights.users or ())):
                return Answer.IDENTIFIER_REJECTED, "TWL-B034"
        has_place = user == OWN or (known is not None and known.peer is not None)
        if not has_place and self._exchange.is_full(asked.client_id, self._reserved):
            return Answer.UNAVAILABLE, "TWL-B035"
        return Answer.ACCEPTED, None

    def _refuse_version(self, packet: Connect | OtherVersion) -> bytes:
        level = packet.level if isinstance(packet, OtherVersion) else 4
        self.over = True
        self.tell("TWL-B032", level=level)
        return packets.other_version(level)
