"""How long whoever guessed wrong has to wait: counted for each account and for each address, in the accounts file, so
that a restart forgets nothing.

An attempt counts before its password is worked out, so that many at once are counted too; one that was right is taken
back. Attempts during the wait are not looked at and do not lengthen it.
"""

import hashlib
import ipaddress
import math
from datetime import datetime, timedelta

from controller.retry import backoff_s
from controller.state.sql import SqlConnection, one

FREE = 5
FIRST_S, LONGEST_S = 30.0, 300.0
FORGOTTEN_AFTER = timedelta(hours=1)
MOST_KEYS = 10_000

ATTEMPT_TABLES = (
    """CREATE TABLE attempts (
        key TEXT PRIMARY KEY, failures INTEGER NOT NULL, last REAL NOT NULL, free_at REAL NOT NULL
    )""",
)
COUNTED = """INSERT INTO attempts VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last = excluded.last, free_at = excluded.free_at"""


def account_key(name: str) -> str:
    """Of the name as it was typed, which may be of nobody, and may be a password in the wrong field."""
    return f"account:{hashlib.sha256(name.encode()).hexdigest()}"


def address_key(address: str) -> str:
    """Of a network address; all addresses of an IPv6 subscriber (a /64) are one."""
    try:
        found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return f"address:{hashlib.sha256(address.encode()).hexdigest()}"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return f"address:{found.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((found, 64), strict=False)}"
    return f"address:{found}"


def count(connection: SqlConnection, keys: tuple[str, ...], now: datetime) -> int:
    """Count one attempt for each of these keys and return 0; or return the seconds to wait before the next, and then
    nothing is counted."""
    at = now.timestamp()
    _forget(connection, at)
    waits = [_wait_s(connection, key, at) for key in keys]
    if max(waits) > 0:
        return math.ceil(max(waits))
    for key in keys:
        found = one(connection, "SELECT failures FROM attempts WHERE key = ?", key)
        failures = (int(found[0]) if found else 0) + 1
        wait_s = backoff_s(failures - FREE + 1, FIRST_S, LONGEST_S) if failures >= FREE else 0.0
        row = (key, failures, at, at + wait_s)
        connection.execute(COUNTED, row)
    return 0


def wait_s(connection: SqlConnection, keys: tuple[str, ...], now: datetime) -> int:
    """The seconds until the next attempt is looked at; 0 for at once."""
    return max(0, *(math.ceil(_wait_s(connection, key, now.timestamp())) for key in keys))


def succeed(connection: SqlConnection, account: str, address: str) -> None:
    """The attempt that was counted last was right: the account starts anew, the address gets this one back. It does not
    start anew itself, else whoever has an account could guess the passwords of others for ever."""
    connection.execute("DELETE FROM attempts WHERE key = ?", (account,))
    statement = "UPDATE attempts SET failures = failures - 1, free_at = last WHERE key = ? AND failures > 0"
    connection.execute(statement, (address,))


def _wait_s(connection: SqlConnection, key: str, at: float) -> float:
    found = one(connection, "SELECT free_at FROM attempts WHERE key = ?", key)
    return min(float(found[0]) - at, LONGEST_S) if found else 0.0


def _forget(connection: SqlConnection, at: float) -> None:
    """Those of long ago, those of a clock that was set back since, and the oldest of too many."""
    span = FORGOTTEN_AFTER.total_seconds()
    connection.execute("DELETE FROM attempts WHERE last < ? OR last > ?", (at - span, at + span))
    connection.execute(
        "DELETE FROM attempts WHERE key NOT IN (SELECT key FROM attempts ORDER BY last DESC LIMIT ?)",
        (MOST_KEYS,),
    )
