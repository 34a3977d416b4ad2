"""One TCP connection: bytes to packets and back, and the bounds that keep one client from hurting the others.

Rules
1. At most BATCH packets of one client are worked off at a time, then the others have their turn (`turns`); meanwhile
   nothing more is read from it, so that TCP holds its sender back.
2. A client that does not read its answers is not read either.
3. Who publishes faster than a receiver takes it is slowed, the more the fuller that queue is, at most to one
   batch in BRAKE_S; when it is full the receiver is dropped. So no client holds up another for longer than that.
4. Nothing received for 1.5 × keep alive (3.1.2.10) ends the connection, unless it is taking what is sent. Where it is
   0, TCP's own keepalive finds a client that lost its power, after two hours as Linux comes.
5. What a client sent before it hung up is still worked off, its DISCONNECT too.
"""

import asyncio
import socket
from typing import cast

from controller.broker.decoding import LONGEST_CONNECT, Framer, decode
from controller.broker.dialogue import Dialogue, Users
from controller.broker.exchange import Exchange
from controller.broker.packets import ProtocolError
from controller.broker.session import Session
from controller.broker.turns import SLICE_S, Turns

BATCH = 100
BRAKE_S = 0.2
CROWDED = 0.1
"""A queue that is less full brakes nobody."""
BURST_BYTES = 1 << 18
"""As much as asyncio reads at once, so that what comes in can go out."""
BURST = 1000
"""So many packets are sent at a time, however small."""


class Connection(asyncio.Protocol):
    """A client's connection, from accept to close; `connections` are all that are open, in order."""

    def __init__(self, exchange: Exchange, users: Users, turns: Turns, connections: "dict[Connection, None]") -> None:
        self._loop = asyncio.get_running_loop()
        self.closed = self._loop.create_future()
        self._exchange = exchange
        self._users = users
        self._turns = turns
        self._connections = connections
        self._framer = Framer(min(LONGEST_CONNECT, exchange.limits.packet_bytes))
        self._answers: list[bytes] = []
        self._working = False
        self._sending = False
        self._hung_up = False
        self._overrun = False
        self._writable = True
        self._unsent = 0
        self._heard = self._loop.time()

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the CONNECT. TCP_NODELAY is set by asyncio itself."""
        self._transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        address = transport.get_extra_info("peername")
        self._dialogue = Dialogue(self._exchange, self._users, self, str(address[0]) if address else "?")
        limits = self._exchange.limits
        self._timer = self._loop.call_later(limits.connect_within_s, self._drop, "TWL-B038")
        self._connections[self] = None
        strangers = [each for each in self._connections if each._dialogue.is_stranger]
        if len(strangers) > limits.strangers:
            strangers[0]._drop("TWL-B036")

    def data_received(self, data: bytes) -> None:
        """Takes bytes; they are worked off from the loop."""
        if not self._dialogue.over:
            self._framer.feed(data)
            self._plan_work()

    def pause_writing(self) -> None:
        """The client reads more slowly than it is sent to: rule 2."""
        self._writable = False
        self._unsent = self._transport.get_write_buffer_size()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable = True
        self._heard = self._loop.time()
        self.wake()
        self._plan_work()

    def connection_lost(self, _reason: Exception | None) -> None:
        """The socket is gone; what came before is worked off first: rule 5."""
        self._hung_up = True
        self._timer.cancel()
        self._connections.pop(self, None)
        self._plan_work()
        self.closed.set_result(None)

    # what the session calls

    def wake(self) -> None:
        """Sends in its turn, so that many small packets leave as one."""
        if not self._sending and self._writable and not self._hung_up:
            self._sending = True
            self._turns.give(self._send)

    def overrun(self) -> None:
        """The queue is full; the connection is dropped when the delivery that filled it is done."""
        if not self._overrun:
            self._overrun = True
            self._loop.call_soon(self._drop, "TWL-B041")

    def displaced(self) -> None:
        """A newer connection has the same client id."""
        self._drop("TWL-B040")

    # what the broker calls

    def stop(self) -> None:
        """Sends what waits and closes, without a will: it is the broker that goes, not the client."""
        self._send()
        while self._sending and self._writable:
            self._send()
        self._close(with_will=False)

    def abort(self) -> None:
        """Closes at once."""
        self._transport.abort()

    # the work

    def _plan_work(self, delay_s: float = 0) -> None:
        if self._working or self._dialogue.over or not (self._writable or self._hung_up):
            return
        self._working = True
        if delay_s:
            self._loop.call_later(delay_s, self._turns.give, self._work_off)
        else:
            self._turns.give(self._work_off)

    def _work_off(self) -> None:
        self._working = False
        self._heard = self._loop.time()
        self._exchange.crowding = 0.0
        try:
            more = self._work_batch()
        except ProtocolError as fault:
            return self._drop("TWL-B037", reason=str(fault))
        if self._dialogue.over:
            return self._close()
        crowding = min(1.0, self._exchange.crowding)
        if more or crowding > CROWDED:
            self._transport.pause_reading()
            self._plan_work(BRAKE_S * crowding**2 if crowding > CROWDED else 0)
        elif self._hung_up:
            return self._close()
        elif self._writable:
            self._transport.resume_reading()
        return self.wake()

    def _work_batch(self) -> bool:
        """Works off packets; whether there may be more."""
        until = self._loop.time() + SLICE_S
        for _ in range(BATCH):
            frame = self._framer.take()
            if frame is None:
                return False
            stranger = self._dialogue.is_stranger
            answer = self._dialogue.receive(decode(*frame))
            if answer:
                self._answers.append(answer)
            if self._dialogue.over:
                return False
            if stranger:
                self._let_in()
            if self._loop.time() > until:
                break
        return True

    def _let_in(self) -> None:
        self._framer.largest = self._exchange.limits.packet_bytes
        self._timer.cancel()
        if self._dialogue.keep_alive_s and not self._hung_up:
            self._watch()

    def _watch(self) -> None:
        unsent = self._transport.get_write_buffer_size()
        if not self._writable and unsent < self._unsent:
            self._heard = self._loop.time()
        self._unsent = unsent
        left_s = self._heard + 1.5 * self._dialogue.keep_alive_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._watch)
        else:
            self._drop("TWL-B039", keep_alive_s=self._dialogue.keep_alive_s)

    def _send(self) -> None:
        self._sending = False
        if self._hung_up or not self._writable:
            return
        burst, self._answers = self._answers, []
        session = self._dialogue.session
        more = session is not None and _fill(burst, session)
        if burst:
            self._transport.write(b"".join(burst))
        if more:
            self.wake()

    # the end

    def _drop(self, code: str, **fields: object) -> None:
        """Ends the connection for a reason; the will is published."""
        if not self._dialogue.over:
            self._dialogue.tell(code, **fields)
            self._close()

    def _close(self, with_will: bool = True) -> None:
        if self._answers and self._writable and not self._hung_up:
            self._transport.write(b"".join(self._answers))
        self._dialogue.end(with_will)
        self._timer.cancel()
        if self._transport.get_write_buffer_size() and with_will:
            self._transport.abort()
        else:
            self._transport.close()


def _fill(burst: list[bytes], session: Session) -> bool:
    """Appends packets that may be sent now; whether there may be more."""
    size = 0
    while size < BURST_BYTES and len(burst) < BURST:
        packet = session.next_packet()
        if packet is None:
            return False
        burst.append(packet)
        size += len(packet)
    return True
