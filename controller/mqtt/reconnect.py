"""The connection to one broker while the program runs: reconnects for ever."""

import asyncio
import random
import ssl
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import NoReturn

from controller.events.models import Reason
from controller.gateways.base import Message
from controller.mqtt.client_settings import Address, ClientSettings
from controller.mqtt.connection import Connection, NotLetInError
from controller.mqtt.incoming import (
    BrokerUnreachable,
    Displaced,
    Failure,
    Flaw,
    HungUp,
    LoginRefused,
    Renewed,
    Untrusted,
)
from controller.mqtt.paho_loop import BrokenOffError, OwnFilesError, description, served_certificate_until
from controller.mqtt.queues import Inbox
from controller.retry import backoff_s
from controller.threads import run_blocking

ATTEMPT_S = 15.0
"""Seconds for one attempt, from resolving the name to the CONNACK."""
LONGEST_S = 30.0
LOOK_AGAIN_S = 6 * 3600.0
CHANGE_BACK_S = 3600.0
"""Seconds. A cause that alternates with another is reported at most once in this time."""
STABLE_S = 10.0
BARRED_S = 30.0
"""Additional seconds to wait when a person must act first (login refused, certificate)."""
DISPLACED_FROM = 3
"""Number of connections in a row, each made at the first attempt, that did not last STABLE_S: the broker is well, and
most likely another client with our client id takes our place."""
UNAVAILABLE = 3
"""CONNACK return code of a broker that is still starting, MQTT 3.1.1 section 3.2.2.3."""
VERIFY_FLAWS: dict[int, Flaw] = {9: "not yet valid", 10: "expired", 62: "wrong name", 64: "wrong name"}
"""X509_V_ERR_… of OpenSSL's x509_vfy.h; all others are `not trusted`."""

CHANCE = random.SystemRandom()


def pause_s(failures: int, chance: float, *, barred: bool) -> float:
    """Seconds to wait after this many failures in a row: `chance`, 0 to 1, of 1, 2, 4 … LONGEST_S ("full jitter"), so
    that many clients do not storm a broker that comes back."""
    return chance * backoff_s(failures, 1.0, LONGEST_S) + (BARRED_S if barred else 0.0)


class Reconnecting:
    """Tries for ever and resolves the name each time: addresses change, and a broker may start minutes late.

    The cause of a failure goes to the inbox when it changes, the same cause at most once in CHANGE_BACK_S.
    """

    def __init__(self, address: Address, settings: ClientSettings, inbox: Inbox) -> None:
        self.broker = str(address)
        self._address = address
        self._settings = settings
        self._inbox = inbox
        self._connection: Connection | None = None
        self._is_known = False
        self._is_barred = False
        self._attempts = 0
        self._failures = 0
        self._brief = 0
        """Number of connections in a row that did not last: two clients with one client id displace each other."""
        self._brief_without_failure = 0
        """The same, without a failed attempt between them."""
        self._cause: Failure | None = None
        """The cause reported last."""
        self._reported: list[tuple[Failure, float]] = []
        """Causes reported within CHANGE_BACK_S, and when."""

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.connected

    def publish(self, messages: Iterable[Message]) -> None:
        if self._connection is not None:
            self._connection.publish(messages)

    async def keep(self) -> NoReturn:
        """Connects, stays connected, and reconnects; on cancellation it sends DISCONNECT."""
        loop = asyncio.get_running_loop()
        while True:
            self._attempts += 1
            self._connection = Connection(
                self._address, self._settings, self._inbox, attempts=self._attempts, known=self._is_known
            )
            try:
                if await self._open(self._connection):
                    opened_s = loop.time()
                    await self._stay(self._connection)
                    self._note_lasted(loop.time() - opened_s)
            finally:
                await self._connection.leave()
                self._connection = None
            failures = self._failures + self._brief
            await asyncio.sleep(pause_s(failures, CHANCE.random(), barred=self._is_barred))

    async def _stay(self, connection: Connection) -> None:
        looking = asyncio.create_task(self._look_again(connection), name=f"mqtt certificate {self.broker}")
        try:
            await connection.stay()
        finally:
            looking.cancel()

    async def _look_again(self, connection: Connection) -> None:
        """Checks from time to time whether the broker has a new certificate: a broker can load one without ending a
        connection, and a warning about the old one would then be wrong."""
        known = connection.certificate_until
        while known is not None:
            await asyncio.sleep(LOOK_AGAIN_S)
            with suppress(OSError, OwnFilesError):  # a lost connection reports its own cause
                shown = await run_blocking("mqtt certificate", partial(served_certificate_until, self._address))
                if shown is not None and shown != known:
                    known = shown
                    self._inbox.put(Renewed(self.broker, shown))

    def _note_lasted(self, lasted_s: float) -> None:
        is_brief = lasted_s < STABLE_S
        self._brief = self._brief + 1 if is_brief else 0
        self._brief_without_failure = self._brief_without_failure + 1 if is_brief else 0
        if self._brief_without_failure >= DISPLACED_FROM:
            self._inbox.put(Displaced(self.broker, self._settings.client_id))

    async def _open(self, connection: Connection) -> bool:
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await connection.open()
        except Exception as error:
            if is_exhausted(error):
                raise
            cause = failure(self.broker, error)
            self._report(cause, asyncio.get_running_loop().time())
            self._failures += 1
            self._brief_without_failure = 0
            self._is_barred = isinstance(cause, LoginRefused | Untrusted)
            return False
        self._is_known, self._is_barred = True, False
        self._attempts = self._failures = 0
        self._cause = None
        self._reported.clear()
        return True

    def _report(self, cause: Failure, now_s: float) -> None:
        self._reported = [(reported, at_s) for reported, at_s in self._reported if now_s - at_s < CHANGE_BACK_S]
        if cause != self._cause and all(cause != reported for reported, _ in self._reported):
            self._cause = cause
            self._reported.append((cause, now_s))
            self._inbox.put(cause)


def failure(broker: str, error: Exception) -> Failure:
    """Why there is no connection, as an item."""
    match error:
        case NotLetInError(code=code, reason=reason) if code != UNAVAILABLE:
            return LoginRefused(broker, reason, code)
        case ssl.SSLCertVerificationError():
            why = Reason("other", {"text": error.verify_message})
            return Untrusted(broker, VERIFY_FLAWS.get(error.verify_code, "not trusted"), why)
        case OwnFilesError(reason=reason):
            return Untrusted(broker, "own files", reason)
        case NotLetInError(reason=reason):
            return BrokerUnreachable(broker, reason)
        case BrokenOffError() | ConnectionResetError() | BrokenPipeError() | ssl.SSLError():
            return HungUp(broker, description(error))
    return BrokerUnreachable(broker, description(error))


def is_exhausted(error: Exception) -> bool:
    """Whether we ourselves have no room left, for memory or for a thread: no later attempt would do better, only a
    restart of the program."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "new thread" in str(error))
