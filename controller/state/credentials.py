"""Sessions of the page, and tokens with which other programs use the API on behalf of an account. Cookie and token hold
256 random bits, the file only their SHA-256: a person who reads the file cannot use them. A token is shown once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from controller.errors import Refused
from controller.state.accounts_file import AccountsFile, instant
from controller.state.audit import Act, Actor, Audit, AuditEntry
from controller.state.roles import Role, Scope, SiteRoles, read_sites
from controller.state.sql import SqlConnection, one

IDLE = timedelta(hours=12)
"""For people who may change something; a viewer stays logged in for ABSOLUTE."""
ABSOLUTE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)
"""How often the use of a session or token is written: every write is synced."""

SESSION_TABLES = (
    """CREATE TABLE sessions (
        digest TEXT PRIMARY KEY, key TEXT NOT NULL REFERENCES accounts, created REAL NOT NULL, seen REAL NOT NULL
    )""",
    "CREATE INDEX sessions_key ON sessions (key)",
)
BEGINNING = "wt_"
"""Prefix of a token, so that secret scanners and people recognise it."""
LONGEST_NAME = 64
TOKEN_TABLES = (
    """CREATE TABLE tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        key TEXT NOT NULL REFERENCES accounts, scopes TEXT NOT NULL, created REAL NOT NULL, expires REAL, used REAL,
        revoked REAL
    )""",
)
SELECT = (
    "SELECT id, tokens.name, accounts.name, role, scopes, tokens.created, expires, used, revoked, disabled, sites"
    " FROM tokens JOIN accounts USING (key)"
)
NEEDS = {Scope.READ: Role.VIEWER, Scope.OVERRIDE: Role.OPERATOR, Scope.SCHEDULE: Role.OPERATOR}


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in; `id` is the value of the cookie. `role` and `sites` are those of the account."""

    id: str = field(repr=False)
    name: str
    role: Role
    created: datetime
    sites: SiteRoles = None

    @property
    def csrf(self) -> str:
        """The token in every form of this session: only our own pages know it."""
        return hmac.new(self.id.encode(), b"csrf", "sha256").hexdigest()


class Sessions:
    """The sessions in an open accounts file."""

    def __init__(self, file: AccountsFile, audit: Audit) -> None:
        self._file = file
        self._audit = audit

    def start(self, connection: SqlConnection, key: str, by: Actor, now: datetime) -> Session:
        """Starts a session for the account with this key, within a transaction; `by` is its owner."""
        session_id, at = secrets.token_urlsafe(32), now.timestamp()
        connection.execute("DELETE FROM sessions WHERE created < ?", (at - ABSOLUTE.total_seconds(),))
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (digest(session_id), key, at, at))
        connection.execute("UPDATE accounts SET seen = ? WHERE key = ?", (at, key))
        self._audit.note(connection, AuditEntry(Act.SESSION_STARTED, by), now)
        row = connection.execute("SELECT role, sites FROM accounts WHERE key = ?", (key,)).fetchone()
        return Session(session_id, by.name, Role(row[0]), now, read_sites(row[1]))

    def find(self, session_id: str, now: datetime) -> Session | None:
        """The session with this id, with the current role of its account; None if it has ended. Raises AccountsDown."""
        statement = (
            "SELECT accounts.name, role, sessions.created, sessions.seen, sites FROM sessions JOIN accounts USING (key)"
            " WHERE digest = ? AND disabled = 0"
        )
        found = self._file.read(lambda it: it.execute(statement, (digest(session_id),)).fetchone())
        if found is None:
            return None
        name, role, created, seen = found[0], Role(found[1]), instant(found[2]), instant(found[3])
        if now - created > ABSOLUTE or (role is not Role.VIEWER and now - seen > IDLE):
            return None
        if abs(now - seen) > SEEN_EVERY:
            self._file.write(lambda it: _touch(it, digest(session_id), now.timestamp()))
        return Session(session_id, name, role, created, read_sites(found[4]))

    def end(self, session_id: str, by: Actor, now: datetime) -> None:
        """Ends a session; does nothing if it has ended already. Raises AccountsDown."""

        def work(connection: SqlConnection) -> None:
            if connection.execute("DELETE FROM sessions WHERE digest = ?", (digest(session_id),)).rowcount:
                self._audit.note(connection, AuditEntry(Act.SESSION_ENDED, by), now)

        self._audit.act(work)

    def end_all(self, connection: SqlConnection, key: str) -> None:
        """Ends all sessions of the account with this key, within a transaction."""
        connection.execute("DELETE FROM sessions WHERE key = ?", (key,))


def digest(secret: str) -> str:
    """The form in which a random secret is stored: the secret is long enough that nobody finds it by trying."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _touch(connection: SqlConnection, found: str, at: float) -> None:
    connection.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (at, found))
    connection.execute(
        "UPDATE accounts SET seen = ? WHERE key = (SELECT key FROM sessions WHERE digest = ?)", (at, found)
    )


# API tokens


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token without its secret. `scopes` are those that its owner's role allows now: none if the owner is
    disabled."""

    id: int
    name: str
    owner: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime | None
    used: datetime | None
    revoked: datetime | None
    sites: SiteRoles = None

    def scopes_at(self, site: str) -> frozenset[Scope]:
        """The scopes that the owner's role allows at one of several sites."""
        if self.sites is None or not site:
            return self.scopes
        role = self.sites.get(site)
        return frozenset(scope for scope in self.scopes if role is not None and role.includes(NEEDS[scope]))


class ApiTokens:
    """The tokens in an open accounts file."""

    def __init__(self, file: AccountsFile, audit: Audit) -> None:
        self._file = file
        self._audit = audit

    def add(
        self,
        owner: str,
        name: str,
        scopes: frozenset[Scope],
        by: Actor,
        now: datetime,
        expires: datetime | None = None,
    ) -> str:
        """Adds a token to the account `owner` and returns its secret, which is shown only this once. It can always
        read. Raises Refused: TWL-A011 no such account, TWL-A015 for a name that cannot be used; AccountsDown."""
        shown = " ".join(name.split())
        if not 1 <= len(shown) <= LONGEST_NAME or not shown.isprintable():
            raise Refused("TWL-A015", most=LONGEST_NAME)
        secret = BEGINNING + secrets.token_urlsafe(32)
        words = sorted(scope.value for scope in scopes | {Scope.READ})

        def work(connection: SqlConnection) -> None:
            account = one(connection, "SELECT key, name FROM accounts WHERE name = ?", owner)
            if account is None:
                raise Refused("TWL-A011", name=owner)
            until = expires.timestamp() if expires else None
            connection.execute(
                "INSERT INTO tokens (digest, name, key, scopes, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
                (digest(secret), shown, account[0], " ".join(words), now.timestamp(), until),
            )
            after = {"token": shown, "scopes": words}
            self._audit.note(connection, AuditEntry(Act.TOKEN_ADDED, by, owner, after=after), now)

        self._audit.act(work)
        return secret

    def find(self, secret: str, now: datetime) -> ApiToken | None:
        """The token with this secret, if it is valid. Raises AccountsDown."""
        found = self._file.read(lambda it: one(it, f"{SELECT} WHERE digest = ?", digest(secret)))
        token = _token(found) if found else None
        if token is None or not token.scopes or token.revoked or (token.expires and now >= token.expires):
            return None
        if token.used is None or abs(now - token.used) > SEEN_EVERY:
            used = (now.timestamp(), token.id)
            self._file.write(lambda it: it.execute("UPDATE tokens SET used = ? WHERE id = ?", used))
        return token

    def all(self) -> tuple[ApiToken, ...]:
        """All tokens, the newest first, revoked ones too. Raises AccountsDown."""
        return tuple(map(_token, self._file.read(lambda it: it.execute(f"{SELECT} ORDER BY id DESC").fetchall())))

    def revoke(self, number: int, by: Actor, now: datetime) -> None:
        """Revokes the token with this id. Raises Refused TWL-A016 if there is no valid one; AccountsDown."""

        def work(connection: SqlConnection) -> None:
            found = one(connection, f"{SELECT} WHERE id = ? AND revoked IS NULL", number)
            if found is None:
                raise Refused("TWL-A016")
            connection.execute("UPDATE tokens SET revoked = ? WHERE id = ?", (now.timestamp(), number))
            token = _token(found)
            entry = AuditEntry(Act.TOKEN_REVOKED, by, token.owner, before={"token": token.name})
            self._audit.note(connection, entry, now)

        self._audit.act(work)


def _token(row: tuple[Any, ...]) -> ApiToken:
    number, name, owner, role, scopes, created, expires, used, revoked, disabled, sites = row
    known = () if disabled else (Scope(word) for word in scopes.split())
    allowed = frozenset(scope for scope in known if Role(role).includes(NEEDS[scope]))
    until, last, ended = map(_maybe, (expires, used, revoked))
    return ApiToken(number, name, owner, allowed, instant(created), until, last, ended, read_sites(sites))


def _maybe(seconds: float | None) -> datetime | None:
    return instant(seconds) if seconds is not None else None
