"""One broker, for as long as the program runs: connection after connection.

Rules
1. It tries for ever, each time from the name on: addresses change, and a broker may come minutes late. Only where we
   ourselves have no room left it gives up, and with it the program.
2. Between attempts it waits a random time from 0 to 1, 2, 4 … CAP_S ("full jitter"), so that many clients
   do not storm a broker that comes back. What counts is the failures since the last connection,
   and the connections in a row that did not last STABLE_S: two clients of one client id throw each other out.
3. Where a person must act first (login refused, certificate), it waits BARRED_S longer.
4. Why it cannot connect is told once per cause, until it has been connected again.
5. THROWN_OUT connections in a row that did not last, each made at the first attempt, are told: the broker is well, and
   it is most likely another client of our client id that it lets in in our place.
"""

import asyncio
import random
from typing import NoReturn

from controller.gateways.base import Message
from controller.mqtt.address import Address
from controller.mqtt.client_settings import ClientSettings
from controller.mqtt.connect import failure
from controller.mqtt.connection import Connection
from controller.mqtt.inbox import Inbox
from controller.mqtt.incoming import BrokerUnreachable, Displaced, Failure
from controller.retry import backoff_s

ATTEMPT_S = 15.0
"""For the whole way from the name to the CONNACK."""
CAP_S = 30.0
STABLE_S = 10.0
BARRED_S = 30.0
THROWN_OUT = 3

CHANCE = random.SystemRandom()


def pause_s(failures: int, chance: float, *, barred: bool) -> float:
    """Seconds to wait after so many failures in a row; `chance` is 0 to 1."""
    return chance * backoff_s(failures, 1.0, CAP_S) + (BARRED_S if barred else 0.0)


class Reconnecting:
    """See the head of the module."""

    def __init__(self, address: Address, session: ClientSettings, inbox: Inbox) -> None:
        self.broker = str(address)
        self._address = address
        self._session = session
        self._inbox = inbox
        self._connection: Connection | None = None
        self._known = False
        self._attempts = 0
        self._failures = 0
        self._brief = 0
        self._thrown_out = 0
        self._barred = False
        self._told: set[Failure] = set()

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.connected

    def publish(self, message: Message) -> None:
        if self._connection is not None:
            self._connection.publish(message)

    async def keep(self) -> NoReturn:
        """Connects, stays, and begins anew; cancelled, it takes its leave from the broker."""
        while True:
            self._connection = self._next()
            try:
                if await self._open(self._connection):
                    opened = asyncio.get_running_loop().time()
                    await self._connection.stay()
                    self._judge(asyncio.get_running_loop().time() - opened)
            finally:
                await self._connection.leave()
                self._connection = None
            failures = self._failures + self._brief
            await asyncio.sleep(pause_s(failures, CHANCE.random(), barred=self._barred))

    def _next(self) -> Connection:
        self._attempts += 1
        return Connection(self._address, self._session, self._inbox, attempts=self._attempts, known=self._known)

    def _judge(self, lasted_s: float) -> None:
        """A connection is over: rules 2 and 5."""
        is_brief = lasted_s < STABLE_S
        self._brief = self._brief + 1 if is_brief else 0
        self._thrown_out = self._thrown_out + 1 if is_brief else 0
        if self._thrown_out == THROWN_OUT:
            self._inbox.put(Displaced(self.broker, self._session.client_id))

    async def _open(self, connection: Connection) -> bool:
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await connection.open()
        except Exception as error:
            if is_exhausted(error):
                raise
            told = failure(self.broker, error)
            if told not in self._told:
                self._told.add(told)
                self._inbox.put(told)
            self._failures += 1
            self._thrown_out = 0
            self._barred = not isinstance(told, BrokerUnreachable)
            return False
        self._known, self._barred = True, False
        self._attempts = self._failures = 0
        self._told.clear()
        return True


def is_exhausted(error: Exception) -> bool:
    """Whether it is we who have no room left, for memory or for a thread: no later attempt would do better, but a
    program begun anew."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "new thread" in str(error))
