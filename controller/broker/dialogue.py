"""What the broker answers to each packet of one client. Pure: packets in, bytes out, effects on the exchange.

Rules
1. The first packet is CONNECT and there is no second one; nothing is altered before the log-in is right.
2. Without users anyone is let in. With users: no name or password gives CONNACK 5, a wrong one 4, alike for a
   name that exists and one that does not.
3. An empty client id gets one made for it, with CleanSession 0 it gets CONNACK 2 (3.1.3.1).
4. MQTT 3.1.1 only; other versions are told so in their own words.
5. The will is published whenever the connection ends without DISCONNECT, whoever ends it, but not when the
   broker itself stops.
"""

import hmac
import secrets
from collections.abc import Mapping

from controller.broker import encoding
from controller.broker.exchange import Exchange
from controller.broker.packets import (
    Ack,
    Answer,
    Connect,
    Kind,
    OtherVersion,
    Packet,
    Ping,
    ProtocolError,
    Publish,
    Subscribe,
    Unsubscribe,
)
from controller.broker.session import Peer, Session

Users = Mapping[str, str] | None


class Dialogue:
    """One connection's talk; `over` says that it is to be closed once the last answer is sent."""

    def __init__(self, exchange: Exchange, users: Users, peer: Peer, address: str) -> None:
        self.session: Session | None = None
        self.keep_alive_s = 0
        self.over = False
        self._exchange = exchange
        self._users = users
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
        """Takes one packet and gives the answer to it; raises ProtocolError."""
        if isinstance(packet, Connect | OtherVersion):
            if self.session:
                raise ProtocolError("a second CONNECT")
            return self._greet(packet)
        if self.session is None:
            raise ProtocolError(f"{type(packet).__name__.upper()} before CONNECT")
        return self._answer(self.session, packet)

    def _answer(self, session: Session, packet: Packet) -> bytes:
        match packet:
            case Publish():
                return self._publish(session, packet)
            case Ack():
                self._exchange.touched(session)
                return session.acknowledge(packet)
            case Subscribe():
                return encoding.suback(packet.packet_id, self._exchange.subscribe(session, packet.filters))
            case Unsubscribe():
                self._exchange.unsubscribe(session, packet.filters)
                return encoding.unsuback(packet.packet_id)
            case Ping():
                return encoding.PINGRESP
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
            self._exchange.publish(self._will)

    def _publish(self, session: Session, message: Publish) -> bytes:
        if message.qos == 2:
            if session.hold(message.packet_id):
                self._exchange.publish(message)
            self._exchange.touched(session)
            return encoding.ack(Kind.PUBREC, message.packet_id)
        self._exchange.publish(message)
        return encoding.ack(Kind.PUBACK, message.packet_id) if message.qos else b""

    def _greet(self, packet: Connect | OtherVersion) -> bytes:
        if isinstance(packet, OtherVersion):
            self.over = True
            self.tell("TWL-B032", level=packet.level)
            return encoding.other_version(packet.level)
        answer = self._judge(packet)
        if answer is not Answer.ACCEPTED:
            self.over = True
            return encoding.connack(answer)
        client_id = packet.client_id or f"auto-{secrets.token_hex(8)}"
        user = packet.user if self._users is not None else None
        self.session, present = self._exchange.open(client_id, user, packet.clean, self._peer)
        self.keep_alive_s, self._will = packet.keep_alive_s, packet.will
        self.tell("TWL-B020")
        return encoding.connack(answer, present)

    def _judge(self, asked: Connect) -> Answer:
        """Whether a client is let in; each refusal is told with its reason."""
        answer, code = self._check(asked)
        if code:
            self.tell(code, client=asked.client_id)
        return answer

    def _check(self, asked: Connect) -> tuple[Answer, str | None]:
        if self._users is not None:
            if asked.user is None or asked.password is None:
                return Answer.NOT_AUTHORIZED, "TWL-B030"
            if not _knows(self._users, asked.user, asked.password):
                return Answer.BAD_CREDENTIALS, "TWL-B031"
        if not asked.client_id and not asked.clean:
            return Answer.IDENTIFIER_REJECTED, "TWL-B033"
        known = self._exchange.sessions.get(asked.client_id)
        if known and known.user in (self._users or ()) and known.user != asked.user:
            return Answer.IDENTIFIER_REJECTED, "TWL-B034"
        if self._exchange.is_full and not (known and known.peer):
            return Answer.UNAVAILABLE, "TWL-B035"
        return Answer.ACCEPTED, None


def _knows(users: Mapping[str, str], user: str, password: bytes) -> bool:
    """Takes as long for a name that does not exist as for one that does."""
    expected = users.get(user)
    alike = hmac.compare_digest((expected or "").encode(), password)
    return alike and expected is not None
