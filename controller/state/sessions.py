"""Sessions of the page. The cookie holds 256 random bits, the file only their SHA-256: who reads the file cannot use
them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.state.accounts_file import AccountsFile, instant
from controller.state.audit import Act, Actor, Audit, AuditEntry
from controller.state.roles import Role, SiteRoles, read_sites
from controller.state.sql import SqlConnection

IDLE = timedelta(hours=12)
"""For those who may change something; who only reads stays logged in for ABSOLUTE."""
ABSOLUTE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)
"""So seldom is it written that somebody is there: every write is synced."""

SESSION_TABLES = (
    """CREATE TABLE sessions (
        digest TEXT PRIMARY KEY, key TEXT NOT NULL REFERENCES accounts, created REAL NOT NULL, seen REAL NOT NULL
    )""",
    "CREATE INDEX sessions_key ON sessions (key)",
)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in; `id` is the value of the cookie. `role` and `sites` are those of the account."""

    id: str = field(repr=False)
    name: str
    role: Role
    created: datetime
    sites: SiteRoles = None

    @property
    def csrf(self) -> str:
        """What every form of this session carries: only pages of ours know it."""
        return hmac.new(self.id.encode(), b"csrf", "sha256").hexdigest()


class Sessions:
    """The sessions in an open accounts file."""

    def __init__(self, file: AccountsFile, audit: Audit) -> None:
        self._file = file
        self._audit = audit

    def start(self, connection: SqlConnection, key: str, by: Actor, now: datetime) -> Session:
        """A new one for the account with this key, within a transaction; `by` is its owner."""
        given, at = secrets.token_urlsafe(32), now.timestamp()
        connection.execute("DELETE FROM sessions WHERE created < ?", (at - ABSOLUTE.total_seconds(),))
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (digest(given), key, at, at))
        connection.execute("UPDATE accounts SET seen = ? WHERE key = ?", (at, key))
        self._audit.note(connection, AuditEntry(Act.SESSION_STARTED, by), now)
        row = connection.execute("SELECT role, sites FROM accounts WHERE key = ?", (key,)).fetchone()
        return Session(given, by.name, Role(row[0]), now, read_sites(row[1]))

    def find(self, given: str, now: datetime) -> Session | None:
        """The one with this id, with the role that its account has now; None where it has ended. Raises NotKept."""
        statement = (
            "SELECT accounts.name, role, sessions.created, sessions.seen, sites FROM sessions JOIN accounts USING (key)"
            " WHERE digest = ? AND disabled = 0"
        )
        found = self._file.read(lambda it: it.execute(statement, (digest(given),)).fetchone())
        if found is None:
            return None
        name, role, created, seen = found[0], Role(found[1]), instant(found[2]), instant(found[3])
        if now - created > ABSOLUTE or (role is not Role.VIEWER and now - seen > IDLE):
            return None
        if abs(now - seen) > SEEN_EVERY:
            self._file.write(lambda it: _touch(it, digest(given), now.timestamp()))
        return Session(given, name, role, created, read_sites(found[4]))

    def end(self, given: str, by: Actor, now: datetime) -> None:
        """Log out; nothing happens where the session has ended already. Raises NotKept."""

        def work(connection: SqlConnection) -> None:
            if connection.execute("DELETE FROM sessions WHERE digest = ?", (digest(given),)).rowcount:
                self._audit.note(connection, AuditEntry(Act.SESSION_ENDED, by), now)

        self._audit.act(work)

    def end_all(self, connection: SqlConnection, key: str) -> None:
        """All of the account with this key, within a transaction."""
        connection.execute("DELETE FROM sessions WHERE key = ?", (key,))


def digest(secret: str) -> str:
    """The form in which something random is kept: long enough that nobody finds it again by trying."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _touch(connection: SqlConnection, found: str, at: float) -> None:
    connection.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (at, found))
    connection.execute(
        "UPDATE accounts SET seen = ? WHERE key = (SELECT key FROM sessions WHERE digest = ?)", (at, found)
    )
