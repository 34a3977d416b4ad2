"""Which passwords are accepted, how they are stored, and the waiting times after wrong ones.

A password has at least LEAST characters of any kind, and is none of those that attackers try first. There are no rules
about capitals, digits or symbols: they make passwords worse.

Attempts are counted for each account and each address, in the accounts file, so that a restart forgets nothing. An
attempt counts before its password is checked, so that many at once are counted too; a right one is taken back. Attempts
during the wait are not checked and do not lengthen it.
"""

import hashlib
import ipaddress
import math
import re
import threading
from datetime import datetime, timedelta
from itertools import pairwise

from controller import scrypt
from controller.errors import Refused
from controller.normal_form import normalized
from controller.retry import backoff_s
from controller.state.sql import SqlConnection, one

LEAST, MOST = 12, 256
FEWEST_DIFFERENT = 5
LOG_N, RUNS = 16, 2
"""Cost of a hash: 64 MiB and 0.35 s on a desktop computer. One of another cost is replaced at the next login."""
AT_ONCE = 2
"""Hashes computed at the same time: the unit has 256 MiB."""
QUEUE_S = 5.0
COMMON = frozenset(
    """
    password passwort lösenord losenord lösenordet hemligt hemlighet secret welcome välkommen valkommen admin
    administrator administratör letmein iloveyou jagälskardig changeme bytlösenord bytmig login inloggning
    qwerty qwertyuiop qwertyuiopå asdfghjkl asdfghjklöä zxcvbnm qazwsxedc princess prinsessa football fotboll hockey
    sommar vinter vår höst summer winter spring autumn semester januari februari mars april maj juni juli augusti
    september oktober november december måndag tisdag onsdag torsdag fredag lördag söndag
    sverige sweden stockholm göteborg malmö kronoberg småland alvesta alvestakommun kommun kommunen växjö
    vattentorn vattentornet vattentornetalvesta alvestavattentorn alvestavattentornet watertower orange orangetheworld
    enveckafrifrånvåld belysning vaktmästare vaktmastare fastighet
    """.split()  # noqa: SIM905
)
"""Words with which people begin when they have to choose a password; compared without digits and symbols."""
ROWS = ("abcdefghijklmnopqrstuvwxyzåäö", "qwertyuiopå", "asdfghjklöä", "zxcvbnm", "01234567890", "09876543210")
IDENTITY_NUMBER = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-6]\d|7\d|8\d|9[01])[-+]?\d{4}")
"""A Swedish personal identity number, the first twelve digits that come to mind; days 61 to 91 are coordination
numbers."""
FREE_ATTEMPTS = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 300.0
FORGOTTEN_AFTER = timedelta(hours=1)
MOST_KEYS = 10_000
ATTEMPT_TABLES = (
    """CREATE TABLE attempts (
        key TEXT PRIMARY KEY, failures INTEGER NOT NULL, last REAL NOT NULL, free_at REAL NOT NULL
    )""",
)
COUNTED = """INSERT INTO attempts VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last = excluded.last, free_at = excluded.free_at"""

_slots = threading.BoundedSemaphore(AT_ONCE)


class TooBusy(Refused):
    """A password could not be hashed within QUEUE_S: others come first."""


def require_good(password: str, name: str) -> None:
    """Raises Refused for a password that the person of this name must not have: TWL-A020 too short, TWL-A021 too
    long, TWL-A022 the name, TWL-A023 easily guessed."""
    normal = _normal(password)
    if len(normal) < LEAST:
        raise Refused("TWL-A020", least=LEAST)
    if len(normal) > MOST:
        raise Refused("TWL-A021", most=MOST)
    letters, name_letters = _letters(normal), _letters(_normal(name))
    is_name_again = len(name_letters) >= 3 and letters != "" == letters.replace(name_letters, "")
    if normal.casefold() == _normal(name).casefold() or is_name_again:
        raise Refused("TWL-A022")
    if _is_easily_guessed(normal.casefold(), letters):
        raise Refused("TWL-A023")


def _is_easily_guessed(password: str, letters: str) -> bool:
    if len(set(password)) < FEWEST_DIFFERENT or IDENTITY_NUMBER.fullmatch(password):
        return True
    if letters and any(letters.replace(word, "") == "" for word in COMMON if word in letters):
        return True
    steps = sum(any(a + b in row or b + a in row for row in ROWS) for a, b in pairwise(password))
    return steps >= len(password) - 3  # for example 123456789012 or abcdefghijkl1


def hashed(password: str) -> str:
    """The hash to store. Raises TooBusy."""
    with _Slot():
        return scrypt.hashed(_normal(password), LOG_N, RUNS)


def is_right(stored: str, password: str) -> bool:
    """Whether the password is the stored one. Raises TooBusy."""
    with _Slot():
        return scrypt.is_password(stored, _normal(password[: MOST + 1]).encode())


def is_outdated(stored: str) -> bool:
    """Whether a hash has another cost than today's."""
    return not stored.startswith(f"{scrypt.cost(LOG_N, RUNS)}$")


class _Slot:
    """One of AT_ONCE places in which a password may be hashed."""

    def __enter__(self) -> None:
        if not _slots.acquire(timeout=QUEUE_S):
            raise TooBusy("TWL-A018")

    def __exit__(self, *_: object) -> None:
        _slots.release()


def _normal(password: str) -> str:
    """The normal form: the same however a keyboard composes å, ä and ö."""
    return normalized("NFKC", password)


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalpha())


NOBODYS = f"{scrypt.cost(LOG_N, RUNS)}${'A' * 22}${'A' * 43}"
"""A hash of no password, checked for a name that nobody has, so that it takes as long as for an existing name."""


# Attempts


def account_key(name: str) -> str:
    """Key of the name as it was typed, which may be nobody's, or a password in the wrong field."""
    return f"account:{hashlib.sha256(name.encode()).hexdigest()}"


def address_key(address: str) -> str:
    """Key of a network address; all addresses of an IPv6 subscriber (a /64) share one."""
    try:
        found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return f"address:{hashlib.sha256(address.encode()).hexdigest()}"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return f"address:{found.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((found, 64), strict=False)}"
    return f"address:{found}"


def count_attempt(connection: SqlConnection, keys: tuple[str, ...], now: datetime) -> int:
    """Counts one attempt for each of these keys and returns 0; or returns the seconds to wait before the next, and
    counts nothing."""
    at = now.timestamp()
    _forget(connection, at)
    waits = [_wait_s(connection, key, at) for key in keys]
    if max(waits) > 0:
        return math.ceil(max(waits))
    for key in keys:
        found = one(connection, "SELECT failures FROM attempts WHERE key = ?", key)
        failures = (int(found[0]) if found else 0) + 1
        wait_s = (
            backoff_s(failures - FREE_ATTEMPTS + 1, FIRST_WAIT_S, LONGEST_WAIT_S) if failures >= FREE_ATTEMPTS else 0.0
        )
        row = (key, failures, at, at + wait_s)
        connection.execute(COUNTED, row)
    return 0


def wait_s(connection: SqlConnection, keys: tuple[str, ...], now: datetime) -> int:
    """Seconds until the next attempt is checked; 0 for now."""
    return max(0, *(math.ceil(_wait_s(connection, key, now.timestamp())) for key in keys))


def forgive_attempts(connection: SqlConnection, account: str, address: str) -> None:
    """The attempt that was counted last was right: the count of the account is reset, that of the address reduced by
    one. It is not reset, or anybody with an account could guess the passwords of others for ever."""
    connection.execute("DELETE FROM attempts WHERE key = ?", (account,))
    statement = "UPDATE attempts SET failures = failures - 1, free_at = last WHERE key = ? AND failures > 0"
    connection.execute(statement, (address,))


def _wait_s(connection: SqlConnection, key: str, at: float) -> float:
    found = one(connection, "SELECT free_at FROM attempts WHERE key = ?", key)
    return min(float(found[0]) - at, LONGEST_WAIT_S) if found else 0.0


def _forget(connection: SqlConnection, at: float) -> None:
    """Deletes old attempts, those dated ahead because the clock was set back since, and the oldest of too many."""
    span = FORGOTTEN_AFTER.total_seconds()
    connection.execute("DELETE FROM attempts WHERE last < ? OR last > ?", (at - span, at + span))
    connection.execute(
        "DELETE FROM attempts WHERE key NOT IN (SELECT key FROM attempts ORDER BY last DESC LIMIT ?)",
        (MOST_KEYS,),
    )
