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
6. While a log-in is judged nothing more is read.
7. Packets that came in part may take `unfinished_bytes` of memory, of all clients together.
"""

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

from controller.broker.access import OWN
from controller.broker.client_session import ClientSession
from controller.broker.fairness import SLICE_S, Fairness
from controller.broker.login import Login, LoginJudge
from controller.broker.packet_handler import PacketHandler
from controller.broker.packets import LONGEST_CONNECT, Connect, Framer, ProtocolError, decode
from controller.broker.router import Router

BATCH = 100
BRAKE_S = 0.2
CROWDED = 0.1
"""A queue that is less full brakes nobody."""
BURST_BYTES = 1 << 18
"""As much as asyncio reads at once, so that what comes in can go out."""
BURST = 1000
"""So many packets are sent at a time, however small."""


PART_BYTES = 1 << 16
"""A packet in part that is smaller does not count."""


@dataclass(frozen=True)
class House:
    """What all connections share; `reserved` is how client ids begin that are let into a broker that is full."""

    exchange: Router
    door: LoginJudge
    turns: Fairness
    reserved: str
    connections: "dict[ClientConnection, None]" = field(default_factory=dict)
    """All that are open, in order."""

    def bound_strangers(self) -> None:
        """Closes the oldest connection that has not logged in of the address with most, if there are too many."""
        limits = self.exchange.limits
        strangers = [each for each in self.connections if each.is_stranger]
        if len(strangers) > limits.strangers:
            ((address, _),) = Counter(each.address for each in strangers).most_common(1)
            next(each for each in strangers if each.address == address).drop("TWL-B036")

    def bound_parts(self) -> None:
        """Ends the packet begun first, if those that have come in part take too much."""
        parts = [each for each in self.connections if each.part_bytes > PART_BYTES]
        if sum(each.part_bytes for each in parts) > self.exchange.limits.unfinished_bytes:
            min(parts, key=lambda each: each.part_since_s).drop("TWL-B047")


class ClientConnection(asyncio.Protocol):
    """A client's connection, from accept to close."""

    def __init__(self, house: House) -> None:
        self._loop = asyncio.get_running_loop()
        self.closed = self._loop.create_future()
        self.address = "?"
        self.part_since_s = 0.0
        self._house = house
        self._exchange = house.exchange
        self._turns = house.turns
        self._framer = Framer(min(LONGEST_CONNECT, self._exchange.limits.packet_bytes))
        self._judging: asyncio.Task[Login] | None = None
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
        self.address = str(address[0]) if address else "?"
        self._dialogue = PacketHandler(self._exchange, self, self.address, self._house.reserved)
        self._timer = self._loop.call_later(self._exchange.limits.connect_within_s, self.drop, "TWL-B038")
        self._house.connections[self] = None
        self._house.bound_strangers()

    def data_received(self, data: bytes) -> None:
        """Takes bytes; they are worked off from the loop."""
        if not self._dialogue.over:
            if not self._framer.size:
                self.part_since_s = self._loop.time()
            self._framer.feed(data)
            self._plan_work()
            if self._framer.size > PART_BYTES:
                self._house.bound_parts()

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
        self._house.connections.pop(self, None)
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
            self._loop.call_soon(self.drop, "TWL-B041")

    def displaced(self) -> None:
        """A newer connection has the same client id."""
        self.drop("TWL-B040")

    # what the broker calls

    @property
    def is_stranger(self) -> bool:
        """Whether it has not logged in yet."""
        return self._dialogue.is_stranger

    @property
    def part_bytes(self) -> int:
        """What has come of packets that are not worked off; of the programs of the service it does not count."""
        session = self._dialogue.session
        return self._framer.size if session is None or session.user != OWN else 0

    def drop(self, code: str, **fields: object) -> None:
        """Ends the connection for a reason; the will is published."""
        if not self._dialogue.over:
            self._dialogue.tell(code, **fields)
            self._close()

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
        if self._working or self._judging or self._dialogue.over or not (self._writable or self._hung_up):
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
            return self.drop("TWL-B037", reason=str(fault))
        if self._judging:
            return self._transport.pause_reading()
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
            self.part_since_s = self._loop.time()
            packet = decode(*frame)
            if isinstance(packet, Connect) and self._dialogue.is_stranger:
                login = self._house.door.at_once(packet)
                if login is None:
                    self._ask_the_door(packet)
                    return False
                self._greet(packet, login)
            elif answer := self._dialogue.receive(packet):
                self._answers.append(answer)
            if self._dialogue.over:
                return False
            if self._loop.time() > until:
                break
        return True

    def _ask_the_door(self, asked: Connect) -> None:
        self._timer.cancel()
        judged = self._house.door.judge(asked, self.address, self._dialogue.tell)
        self._judging = self._loop.create_task(judged, name="broker log-in")
        self._judging.add_done_callback(lambda task: self._judged(asked, task))

    def _judged(self, asked: Connect, task: "asyncio.Task[Login]") -> None:
        self._judging = None
        if task.cancelled() or self._dialogue.over:
            return
        self._greet(asked, task.result())
        if self._dialogue.over:
            self._close()
        else:
            self._plan_work()

    def _greet(self, asked: Connect, login: Login) -> None:
        self._answers.append(self._dialogue.greet(asked, *login))
        self._timer.cancel()
        if self._dialogue.over:
            return
        self._framer.largest = self._exchange.limits.packet_bytes
        self._heard = self._loop.time()
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
            self.drop("TWL-B039", keep_alive_s=self._dialogue.keep_alive_s)

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

    def _close(self, with_will: bool = True) -> None:
        if self._answers and self._writable and not self._hung_up:
            self._transport.write(b"".join(self._answers))
        self._dialogue.end(with_will)
        self._timer.cancel()
        self._framer.clear()
        if self._judging:
            self._judging.cancel()
        if self._transport.get_write_buffer_size() and with_will:
            self._transport.abort()
        else:
            self._transport.close()


def _fill(burst: list[bytes], session: ClientSession) -> bool:
    """Appends packets that may be sent now; whether there may be more."""
    size = 0
    while size < BURST_BYTES and len(burst) < BURST:
        packet = session.next_packet()
        if packet is None:
            return False
        burst.append(packet)
        size += len(packet)
    return True
