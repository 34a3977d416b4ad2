"""One TCP connection: bytes to packets and back, and the limits that keep one client from hurting the others."""

import asyncio
import socket
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from controller.broker.access import OWN
from controller.broker.client_session import ClientSession
from controller.broker.login import Login, LoginCheck
from controller.broker.packet_handler import PacketHandler
from controller.broker.packets import LONGEST_CONNECT, Connect, Framer, ProtocolError, decode
from controller.broker.router import Router

SLICE_S = 0.01
BATCH = 100
BRAKE_S = 0.2
CROWDED = 0.1
"""A queue that is less full than this slows down nobody."""
BURST_BYTES = 1 << 18
"""Bytes sent at a time: as much as asyncio reads at once, so that output keeps pace with input."""
BURST = 1000
"""Packets sent at a time, however small."""
PART_BYTES = 1 << 16
"""Bytes of an unfinished packet; a smaller part does not count."""
KEEP_ALIVES = 1.5
"""Keep-alive times without a packet after which a connection is ended (3.1.2.10)."""


class Fairness:
    """Shares the loop among the connections and with the rest of the program: each piece of waiting work runs once
    until SLICE_S is over, then the loop handles sockets and timers, then the remaining work follows. No piece takes
    longer than a slice by itself."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_planned = False

    def schedule(self, work: Callable[[], None]) -> None:
        """Runs the work in its turn."""
        self._waiting.append(work)
        self._plan()

    def _plan(self) -> None:
        if self._waiting and not self._is_planned:
            self._is_planned = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        until = self._loop.time() + SLICE_S
        try:
            for _ in range(len(self._waiting)):
                self._waiting.popleft()()
                if self._loop.time() > until:
                    break
        finally:
            self._is_planned = False
            self._plan()


@dataclass(frozen=True)
class Shared:
    """What all connections share. Client ids that begin with `reserved` are admitted to a broker that is full;
    `connections` are the open ones, the oldest first."""

    router: Router
    logins: LoginCheck
    fairness: Fairness
    reserved: str
    connections: "dict[ClientConnection, None]"

    def bound_strangers(self) -> None:
        """If too many connections have not logged in, closes the oldest one of the address that has most of them."""
        strangers = [each for each in self.connections if each.is_stranger]
        if len(strangers) > self.router.limits.strangers:
            ((address, _),) = Counter(each.address for each in strangers).most_common(1)
            next(each for each in strangers if each.address == address).drop("TWL-B036")

    def bound_parts(self) -> None:
        """If unfinished packets take too much memory, ends the connection whose packet was begun first."""
        parts = [each for each in self.connections if each.part_bytes > PART_BYTES]
        if sum(each.part_bytes for each in parts) > self.router.limits.unfinished_bytes:
            min(parts, key=lambda each: each.part_since_s).drop("TWL-B047")


class ClientConnection(asyncio.Protocol):
    """A client's connection, from accept to close."""

    transport: asyncio.Transport

    def __init__(self, shared: Shared) -> None:
        self._loop = asyncio.get_running_loop()
        self.closed = self._loop.create_future()
        self.address = "?"
        self.part_since_s = 0.0
        self.is_writable = True
        self._shared = shared
        self._router = shared.router
        self._framer = Framer(min(LONGEST_CONNECT, self._router.limits.packet_bytes))
        self._judging: asyncio.Task[Login] | None = None
        self._answers: list[bytes] = []
        self._is_working = self._is_sending = False
        self._has_hung_up = self._is_overrun = False
        self._unsent = 0
        self._last_received_s = self._loop.time()

    # called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the CONNECT. asyncio itself sets TCP_NODELAY."""
        self.transport = cast(asyncio.Transport, transport)
        # detects a client without keep-alive that lost its power, after two hours with the defaults of Linux
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        address = transport.get_extra_info("peername")
        self.address = str(address[0]) if address else "?"
        self._handler = PacketHandler(self._router, self, self.address, self._shared.reserved)
        self._timer = self._loop.call_later(self._router.limits.connect_within_s, self.drop, "TWL-B038")
        self._shared.connections[self] = None
        self._shared.bound_strangers()

    def data_received(self, data: bytes) -> None:
        """Takes bytes; their packets are handled in turn."""
        if not self._handler.over:
            if not self._framer.size:
                self.part_since_s = self._loop.time()
            self._framer.feed(data)
            self._plan_work()
            if self._framer.size > PART_BYTES:
                self._shared.bound_parts()

    def pause_writing(self) -> None:
        """The client reads more slowly than we send: stop reading from it too."""
        self.is_writable = False
        self._unsent = self.transport.get_write_buffer_size()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.is_writable = True
        self._last_received_s = self._loop.time()
        self.wake()
        self._plan_work()

    def connection_lost(self, _reason: Exception | None) -> None:
        """The socket is closed; packets received before, its DISCONNECT too, are still handled."""
        self._has_hung_up = True
        self._timer.cancel()
        self._shared.connections.pop(self, None)
        self._plan_work()
        self.closed.set_result(None)

    # called by the session

    def wake(self) -> None:
        """Sends in its turn, so that many small packets are sent as one write."""
        if not self._is_sending and self.is_writable and not self._has_hung_up:
            self._is_sending = True
            self._shared.fairness.schedule(self._send)

    def overrun(self) -> None:
        """The queue is full; the connection is dropped after the delivery that filled it."""
        if not self._is_overrun:
            self._is_overrun = True
            self._loop.call_soon(self.drop, "TWL-B041")

    # called by the broker

    @property
    def is_stranger(self) -> bool:
        """Whether it has not logged in yet."""
        return self._handler.is_stranger

    @property
    def part_bytes(self) -> int:
        """Bytes received and not yet handled; 0 for the programs of the service itself, which are trusted."""
        session = self._handler.session
        return self._framer.size if session is None or session.user != OWN else 0

    def drop(self, code: str, **fields: object) -> None:
        """Ends the connection for the reason `code`; the will is published."""
        if not self._handler.over:
            self._handler.report(code, **fields)
            self._close()

    def stop(self) -> None:
        """Sends what waits and closes, without a will: the broker stops, not the client."""
        self._send()
        while self._is_sending and self.is_writable:
            self._send()
        self._close(with_will=False)

    # incoming packets

    def _plan_work(self, delay_s: float = 0) -> None:
        if self._is_working or self._judging or self._handler.over or not (self.is_writable or self._has_hung_up):
            return
        self._is_working = True
        if delay_s:
            self._loop.call_later(delay_s, self._shared.fairness.schedule, self._work_off)
        else:
            self._shared.fairness.schedule(self._work_off)

    def _work_off(self) -> None:
        """Handles a batch of packets, then other connections have their turn. Meanwhile nothing more is read, so that
        TCP holds the sender back."""
        self._is_working = False
        self._last_received_s = self._loop.time()
        self._router.crowding = 0.0
        try:
            more = self._work_batch()
        except ProtocolError as error:
            return self.drop("TWL-B037", reason=error.reason)
        if self._judging:
            return self.transport.pause_reading()
        if self._handler.over:
            return self._close()
        # a client that publishes faster than a receiver reads is slowed down, the more the fuller that queue is; so no
        # client holds up another for longer than BRAKE_S, and a receiver whose queue is full is dropped
        crowding = min(1.0, self._router.crowding)
        if more or crowding > CROWDED:
            self.transport.pause_reading()
            self._plan_work(BRAKE_S * crowding**2 if crowding > CROWDED else 0)
        elif self._has_hung_up:
            return self._close()
        elif self.is_writable:
            self.transport.resume_reading()
        return self.wake()

    def _work_batch(self) -> bool:
        """Handles packets; returns whether there may be more."""
        until = self._loop.time() + SLICE_S
        for _ in range(BATCH):
            frame = self._framer.take()
            if frame is None:
                return False
            self.part_since_s = self._loop.time()
            packet = decode(*frame)
            if isinstance(packet, Connect) and self.is_stranger:
                login = self._shared.logins.at_once(packet)
                if login is None:
                    self._judge(packet)
                    return False
                self._greet(packet, login)
            elif answer := self._handler.receive(packet):
                self._answers.append(answer)
            if self._handler.over:
                return False
            if self._loop.time() > until:
                break
        return True

    def _judge(self, connect: Connect) -> None:
        """Has the login checked; until then nothing more is read."""

        def judged(task: "asyncio.Task[Login]") -> None:
            self._judging = None
            if task.cancelled() or self._handler.over:
                return
            self._greet(connect, task.result())
            if self._handler.over:
                self._close()
            else:
                self._plan_work()

        self._timer.cancel()
        work = self._shared.logins.judge(connect, self.address, self._handler.report)
        self._judging = self._loop.create_task(work, name="broker log-in")
        self._judging.add_done_callback(judged)

    def _greet(self, connect: Connect, login: Login) -> None:
        self._answers.append(self._handler.greet(connect, *login))
        self._timer.cancel()
        if self._handler.over:
            return
        self._framer.largest = self._router.limits.packet_bytes
        self._last_received_s = self._loop.time()
        if self._handler.keep_alive_s and not self._has_hung_up:
            self._watch()

    def _watch(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        if not self.is_writable and unsent < self._unsent:
            self._last_received_s = self._loop.time()  # the client is alive: it reads what is sent
        self._unsent = unsent
        left_s = self._last_received_s + KEEP_ALIVES * self._handler.keep_alive_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._watch)
        else:
            self.drop("TWL-B039", keep_alive_s=self._handler.keep_alive_s)

    # outgoing packets

    def _send(self) -> None:
        self._is_sending = False
        if self._has_hung_up or not self.is_writable:
            return
        burst, self._answers = self._answers, []
        session = self._handler.session
        more = session is not None and _fill(burst, session)
        if burst:
            self.transport.write(b"".join(burst))
        if more:
            self.wake()

    def _close(self, with_will: bool = True) -> None:
        if self._answers and self.is_writable and not self._has_hung_up:
            self.transport.write(b"".join(self._answers))
        self._handler.end(with_will)
        self._timer.cancel()
        self._framer.clear()
        if self._judging:
            self._judging.cancel()
        if self.transport.get_write_buffer_size() and with_will:
            self.transport.abort()
        else:
            self.transport.close()


def _fill(burst: list[bytes], session: ClientSession) -> bool:
    """Appends packets that may be sent now; returns whether there may be more."""
    size = 0
    while size < BURST_BYTES and len(burst) < BURST:
        packet = session.next_packet()
        if packet is None:
            return False
        burst.append(packet)
        size += len(packet)
    return True
