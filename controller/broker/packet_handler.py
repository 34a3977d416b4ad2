"""The broker's answer to each packet of one client. Pure: packets in, bytes out, effects on the router. Whether a login
is right is decided in `login`."""

import secrets

from controller.broker import packets
from controller.broker.access import OWN
from controller.broker.client_session import ClientSession, Peer
from controller.broker.packets import Answer, OtherVersion, Packet, PacketType, ProtocolError, Publish
from controller.broker.router import Router

REFUSALS = {Answer.NOT_AUTHORIZED: "TWL-B030", Answer.BAD_CREDENTIALS: "TWL-B031"}
"""Answers to a refused login, and their events."""


class PacketHandler:
    """The dialogue of one connection; `over`: to be closed once the last answer is sent. Client ids that begin with
    `reserved` are admitted to a broker that is full."""

    def __init__(self, router: Router, peer: Peer, address: str, reserved: str) -> None:
        self.session: ClientSession | None = None
        self.keep_alive_s = 0
        self.over = False
        self._router = router
        self._reserved = reserved
        self._peer = peer
        self._address = address
        self._will: Publish | None = None

    def report(self, code: str, **fields: object) -> None:
        """Reports an event of this client, identified by its address until the session is open."""
        about = self.session.client_id if self.session else self._address
        self._router.report(code, about, **{"client": about, "address": self._address} | fields)

    @property
    def is_stranger(self) -> bool:
        """Whether the client has not logged in yet."""
        return self.session is None and not self.over

    def receive(self, packet: Packet) -> bytes:
        """Handles one packet, except a first CONNECT (see `greet`), and returns the answer; raises ProtocolError."""
        if isinstance(packet, OtherVersion) and self.session is None:
            self.over = True
            self.report("TWL-B032", level=packet.level)
            return packets.other_version(packet.level)
        if isinstance(packet, packets.Connect | OtherVersion):
            raise ProtocolError("second_connect")
        if self.session is None:
            raise ProtocolError("before_connect", packet=type(packet).__name__.upper())
        return self._answer(self.session, packet)

    def _answer(self, session: ClientSession, packet: Packet) -> bytes:
        match packet:
            case Publish():
                return self._publish(session, packet)
            case packets.Ack():
                return session.acknowledge(packet)
            case packets.Subscribe():
                return packets.suback(packet.packet_id, self._router.subscribe(session, packet.filters))
            case packets.Unsubscribe():
                self._router.unsubscribe(session, packet.filters)
                return packets.unsuback(packet.packet_id)
            case packets.Ping():
                return packets.PINGRESP
        self.over = True
        self._will = None
        self.report("TWL-B021")
        return b""

    def end(self, with_will: bool = True) -> None:
        """The connection ended. The will is published unless the client sent DISCONNECT (3.1.2.5) or the broker itself
        stops. A second call does nothing."""
        if self.session and not self.over:
            self.report("TWL-B022")
        self.over = True
        session, self.session = self.session, None
        if session is None:
            return
        self._router.close(session)
        if self._will and with_will:
            self._router.publish(self._will, session)

    def _publish(self, session: ClientSession, message: Publish) -> bytes:
        if message.qos == 2:
            if session.hold(message.packet_id):
                self._router.publish(message, session)
            return packets.ack(PacketType.PUBREC, message.packet_id)
        self._router.publish(message, session)
        return packets.ack(PacketType.PUBACK, message.packet_id) if message.qos else b""

    def greet(self, connect: packets.Connect, user: str | None, answer: Answer) -> bytes:
        """The answer to the first CONNECT, after its login was checked; a refusal changes nothing."""
        code = REFUSALS.get(answer)
        if answer is Answer.ACCEPTED:
            answer, code = self._check(connect, user)
        if answer is not Answer.ACCEPTED:
            self.over = True
            if code:
                self.report(code, client=connect.client_id)
            return packets.connack(answer)
        client_id = connect.client_id or f"auto-{secrets.token_hex(8)}"
        self.session, present = self._router.open(client_id, user, connect.clean, self._peer)
        self.keep_alive_s, self._will = connect.keep_alive_s, connect.will
        self.report("TWL-B020")
        return packets.connack(answer, present)

    def _check(self, connect: packets.Connect, user: str | None) -> tuple[Answer, str | None]:
        """Whether there is a place for a client whose login is right; the event if not."""
        if not connect.client_id and not connect.clean:  # 3.1.3.1
            return Answer.IDENTIFIER_REJECTED, "TWL-B033"
        known = self._router.sessions.get(connect.client_id)
        if known and known.user != user:
            is_at_work = known.user == OWN and known.peer is not None
            if user != OWN and (is_at_work or known.user in (self._router.rights.users or ())):
                return Answer.IDENTIFIER_REJECTED, "TWL-B034"
        has_place = user == OWN or (known is not None and known.peer is not None)
        if not has_place and self._router.is_full(connect.client_id, self._reserved):
            return Answer.UNAVAILABLE, "TWL-B035"
        return Answer.ACCEPTED, None
