"""Judges log-ins. The loop never waits for it: a hashed password is worked out in a thread, one at a time.

Rules
1. No name or password where one is needed gives CONNACK 5, a wrong one 4, alike and after the same time for a name that
   exists and one that does not.
2. Too many wrong ones of one user from one address, or of one user altogether: each further one is held for HOLD_S, and
   then either tried or refused with CONNACK 3, untried. So nobody can guess faster than `Guesses` allows, however many
   connections are opened.
3. Nobody can be kept out by the guesses of others who has been let in before: a user who logs in with the same client
   id as then is judged by guesses of that pair only, and so is a gateway of ours that comes for the first time. The
   programs of the service themselves are never held.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Hashable
from functools import partial

from controller.broker.access import (
    ACCOUNT_BURST,
    ACCOUNT_COST_S,
    BURST,
    COST_S,
    KEYS,
    KNOWN_BURST,
    OWN,
    Admission,
    Guesses,
    is_password,
)
from controller.broker.packets import Answer, Connect
from controller.threads import run_blocking

HOLD_S = 3.0
NOBODY = f"$scrypt$ln=14,r=8,p=1${'A' * 22}${'A' * 43}"
"""Takes as long as the password of somebody."""

Login = tuple[str | None, Answer]
"""The user, and whether it is let in."""


class LoginJudge:
    """Knows the users and the password of the service's own programs."""

    def __init__(self, admission: Admission) -> None:
        users = self._users = admission.users
        self._reserved = admission.reserved
        self._own = admission.own.encode() if admission.own else None
        self._by_address = Guesses(BURST, COST_S)
        self._by_user = Guesses(ACCOUNT_BURST, ACCOUNT_COST_S)
        self._by_pair = Guesses(KNOWN_BURST, COST_S)
        self._one_at_a_time = asyncio.Semaphore(1)
        self._key = secrets.token_bytes(32)
        self._proven: dict[str, bytes] = {}
        self._welcome: dict[tuple[str, str], None] = {}
        self._nobody = NOBODY if any(user.is_hashed for user in (users or {}).values()) else "-"

    def at_once(self, asked: Connect) -> Login | None:
        """The judgement that needs no password of a user; None for any other."""
        if self._own and asked.password is not None and hmac.compare_digest(self._own, asked.password):
            return OWN, Answer.ACCEPTED
        if self._users is None:
            return None, Answer.ACCEPTED
        if asked.user is None or asked.password is None:
            return None, Answer.NOT_AUTHORIZED
        return None

    async def judge(self, asked: Connect, address: str, tell: Callable[..., None]) -> Login:
        """Whether name and password are right, perhaps after a while."""
        user, loop = asked.user or "", asyncio.get_running_loop()
        pair = (user, asked.client_id)
        user_key = user if user in (self._users or {}) else None
        keys: list[tuple[Guesses, Hashable]] = [(self._by_address, (_network(address), user_key))]
        if user_key is not None:
            keys.append((self._by_user, user))
        if pair in self._welcome or asked.client_id == f"{self._reserved}gateway-{user}":
            keys = [(self._by_pair, pair)]
        if not _take(keys, loop.time()):
            tell("TWL-B046", user=user)
            await asyncio.sleep(HOLD_S)
            if not _take(keys, loop.time()):
                return user, Answer.UNAVAILABLE
        if not await self._is_right(user, asked.password or b""):
            return user, Answer.BAD_CREDENTIALS
        for guesses, key in keys:
            guesses.give_back(key)
        self._welcome.pop(pair, None)
        self._welcome[pair] = None
        if len(self._welcome) > KEYS:
            del self._welcome[next(iter(self._welcome))]
        return user, Answer.ACCEPTED

    async def _is_right(self, user: str, password: bytes) -> bool:
        """One that was right before need not be worked out again."""
        known = (self._users or {}).get(user)
        digest = hmac.digest(self._key, password, hashlib.sha256)
        if user in self._proven and hmac.compare_digest(self._proven[user], digest):
            return True
        secret = known.secret if known else self._nobody
        if secret.startswith("$"):
            async with self._one_at_a_time:
                alike = await run_blocking("password", partial(is_password, secret, password))
        else:
            alike = is_password(secret, password)
        if not alike or known is None:
            return False
        self._proven[user] = digest
        return True


def _take(keys: list[tuple[Guesses, Hashable]], now_s: float) -> bool:
    """One guess of each, or of none."""
    for number, (guesses, key) in enumerate(keys):
        if not guesses.take(key, now_s):
            for taken, its_key in keys[:number]:
                taken.give_back(its_key)
            return False
    return True


def _network(address: str) -> str:
    """Of IPv6 the network: one computer has as many addresses in it as it likes."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
