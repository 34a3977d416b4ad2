"""Checks logins. The loop never waits for it: a hashed password is checked in a thread, one at a time."""

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable, Hashable
from functools import partial

from controller.broker.access import OWN, Admission, is_password
from controller.broker.packets import Answer, Connect
from controller.retry import TokenBucket
from controller.threads import run_blocking

HOLD_S = 3.0
BY_ADDRESS = TokenBucket(20, 2.0)
"""Wrong passwords of one user from one address: the number allowed at once, then seconds for one more."""
BY_PAIR = TokenBucket(60, 2.0)
"""The same for a user and client id that were admitted before."""
BY_USER = TokenBucket(100, 0.5)
"""The same for one user from all addresses; all may log in at the same time after a power cut."""
KEYS = 5000
NOBODY = f"$scrypt$ln=14,r=8,p=1${'A' * 22}${'A' * 43}"
"""Takes as long to check as a real user's password, so that the time does not reveal which users exist."""

Login = tuple[str | None, Answer]
"""The user, and the answer."""


class PasswordTries:
    """How many passwords may still be tried under each key. Right ones are given back and so cost nothing."""

    def __init__(self, bucket: TokenBucket) -> None:
        self._new = bucket
        self._buckets: dict[Hashable, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, key: Hashable, now_s: float) -> bool:
        """Whether one more may be tried now."""
        return self._buckets.get(key, self._new).allows(now_s)

    def spend(self, key: Hashable, now_s: float) -> None:
        """Counts one attempt."""
        if key not in self._buckets and len(self._buckets) >= KEYS:
            idle = [each for each, bucket in self._buckets.items() if bucket.full_s <= now_s]
            for each in idle or list(self._buckets)[: KEYS // 10]:
                del self._buckets[each]
        self._buckets[key] = self._buckets.get(key, self._new).spend(now_s)

    def give_back(self, key: Hashable) -> None:
        """The password was right."""
        if key in self._buckets:
            self._buckets[key] = self._buckets[key].give_back()


class LoginCheck:
    """Decides about logins by the users and the password of the service's own programs."""

    def __init__(self, admission: Admission) -> None:
        self._users = admission.users
        self._reserved = admission.reserved
        self._own = admission.own.encode() if admission.own else None
        self._by_address, self._by_user, self._by_pair = (
            PasswordTries(BY_ADDRESS),
            PasswordTries(BY_USER),
            PasswordTries(BY_PAIR),
        )
        self._one_at_a_time = asyncio.Semaphore(1)
        self._key = secrets.token_bytes(32)
        self._proven: dict[str, bytes] = {}
        self._let_in: dict[tuple[str, str], None] = {}
        is_hashed = any(user.is_hashed for user in (self._users or {}).values())
        self._nobody = NOBODY if is_hashed else "-"

    def at_once(self, connect: Connect) -> Login | None:
        """The decision if no user's password has to be checked; None if one has. The programs of the service are
        admitted however many passwords others try."""
        if self._own and connect.password is not None and hmac.compare_digest(self._own, connect.password):
            return OWN, Answer.ACCEPTED
        if self._users is None:
            return None, Answer.ACCEPTED
        if connect.user is None or connect.password is None:
            return None, Answer.NOT_AUTHORIZED
        return None

    async def judge(self, connect: Connect, address: str, report: Callable[..., None]) -> Login:
        """Whether name and password are right. After too many wrong ones a login waits HOLD_S and is then either tried
        or refused untried, so that nobody guesses faster than the buckets allow, however many connections are open."""
        user, loop = connect.user or "", asyncio.get_running_loop()
        keys = self._keys(user, connect.client_id, address)
        if not _spend(keys, loop.time()):
            report("TWL-B046", user=user)
            await asyncio.sleep(HOLD_S)
            if not _spend(keys, loop.time()):
                return user, Answer.UNAVAILABLE
        if not await self._is_right(user, connect.password or b""):
            return user, Answer.BAD_CREDENTIALS
        for guesses, key in keys:
            guesses.give_back(key)
        self._let_in.pop((user, connect.client_id), None)
        self._let_in[user, connect.client_id] = None
        if len(self._let_in) > KEYS:
            del self._let_in[next(iter(self._let_in))]
        return user, Answer.ACCEPTED

    def _keys(self, user: str, client_id: str, address: str) -> list[tuple[PasswordTries, Hashable]]:
        """The buckets that count against this login. Others cannot keep out a client that was admitted before with the
        same client id, nor a gateway of ours that connects for the first time: only guesses for that pair count."""
        if (user, client_id) in self._let_in or client_id == f"{self._reserved}gateway-{user}":
            return [(self._by_pair, (user, client_id))]
        if user not in (self._users or {}):
            return [(self._by_address, (_network(address), None))]
        return [(self._by_address, (_network(address), user)), (self._by_user, user)]

    async def _is_right(self, user: str, password: bytes) -> bool:
        """Whether the password is right; one that was right before is not hashed again."""
        known = (self._users or {}).get(user)
        digest = hmac.digest(self._key, password, hashlib.sha256)
        if user in self._proven and hmac.compare_digest(self._proven[user], digest):
            return True
        secret = known.secret if known else self._nobody
        if secret.startswith("$"):
            async with self._one_at_a_time:
                is_alike = await run_blocking("password", partial(is_password, secret, password))
        else:
            is_alike = is_password(secret, password)
        if not is_alike or known is None:
            return False
        self._proven[user] = digest
        return True


def _spend(keys: list[tuple[PasswordTries, Hashable]], now_s: float) -> bool:
    """Spends one guess of each key, or none if one of them allows no more."""
    if not all(guesses.allows(key, now_s) for guesses, key in keys):
        return False
    for guesses, key in keys:
        guesses.spend(key, now_s)
    return True


def _network(address: str) -> str:
    """The address; for IPv6 its network, in which one computer may have any number of addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
