"""The audit: who did what, when and from where, as rows that are only ever added.

Each row hashes its content and the hash of the row before it, so that a changed, exchanged or missing row is noticed.
Names and addresses are stored outside the chain: a row holds only the hash of a random salt with them. After some years
pseudonyms replace the names, the salt and the addresses are deleted, and the chain stays intact. A pseudonym is a keyed
hash of the name: the same person keeps the same one, and only somebody who can read this file and guesses the name can
find out who it is.

`audit.head` beside the database holds number and hash of the last row, so that rows missing at the end are noticed,
also after an older copy of the database was restored. It is in the state directory even if the rows are in a shared
database: each machine notes there which row it has seen last. What cannot be noticed: that somebody who may write in
the state directory has rewritten both. Compare with `watertower audit` on paper or with a backup where that matters.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from controller import plain_file
from controller.errors import Refused
from controller.rfc3339 import parse_rfc3339, rfc3339
from controller.state import atomic
from controller.state.accounts_file import AccountsFile, own_key
from controller.state.roles import Source
from controller.state.sql import EachDialect, SqlConnection
from controller.state.storage import Storage

T = TypeVar("T")

HEAD = "audit.head"
MOST_HEAD = 1000
BEFORE_THE_FIRST = (0, "0" * 64)
"""Number and hash before the first row."""
LARGEST = 2**53
PAGE = 500

AUDIT_TABLES = (
    """CREATE TABLE audit (
        number INTEGER PRIMARY KEY, at TEXT NOT NULL, act TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
        source TEXT NOT NULL, people TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
    )""",
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE TABLE audit_names (number INTEGER PRIMARY KEY, names TEXT NOT NULL, salt TEXT NOT NULL)",
    EachDialect(
        sqlite=(
            """CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
                BEGIN SELECT RAISE(ABORT, 'rows of the audit are only added'); END""",
            """CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
                BEGIN SELECT RAISE(ABORT, 'rows of the audit are only added'); END""",
        ),
        postgresql=(
            """CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION ''rows of the audit are only added''; END'""",
            """CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE ON audit
                FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to()""",
            """CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON audit
                FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to()""",
        ),
    ),
)
ROWS = (
    "SELECT number, at, act, before, after, source, people, previous, hash, names, salt"
    " FROM audit LEFT JOIN audit_names USING (number)"
)


class Act(StrEnum):
    """Actions that are audited; each has its text in `audit.act`."""

    ACCOUNT_ADDED = "account.added"
    ACCOUNT_PASSWORD = "account.password"  # noqa: S105
    ACCOUNT_ROLE = "account.role"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    TOKEN_ADDED = "token.added"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    OVERRIDE_SET = "override.set"
    OVERRIDE_ENDED = "override.ended"
    STOP_SET = "stop.set"
    STOP_LIFTED = "stop.lifted"
    SCHEDULE_SAVED = "schedule.saved"
    WALK_TEST = "gateway.walk_test"
    BACKUP_RESTORED = "backup.restored"
    NAMES_REMOVED = "audit.names_removed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the name of the account, or the name given over MQTT or on the command line; `address` is the network
    address, if there is one."""

    name: str
    source: Source
    address: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One audited action. `whom` is the account that it was done to; `before` and `after` are JSON values without
    names. `is_pseudonymous`: names were replaced by pseudonyms, and the address removed."""

    number: int
    at: datetime
    act: str
    actor: Actor
    whom: str
    before: object
    after: object
    is_pseudonymous: bool
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Result of a check: `rows` are intact before the first bad one, `broken` is its number, `reason` a code of
    `audit.broken` in the texts."""

    rows: int
    broken: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An action that is to be added."""

    act: Act
    actor: Actor
    whom: str = ""
    before: object = None
    after: object = None


class Audit:
    """The audit in an open accounts file."""

    def __init__(self, file: AccountsFile, storage: Storage) -> None:
        self._file = file
        self._head = storage.directory / HEAD
        self._is_shared = storage.is_shared

    def append(self, entry: AuditEntry, now: datetime) -> None:
        """Adds an action; it is on the disk when this returns. Raises AccountsDown."""
        self.act(lambda connection: self.note(connection, entry, now))

    def act(self, work: Callable[[SqlConnection], T]) -> T:
        """Runs `work`, which also calls `note`, in one transaction. Raises AccountsDown."""
        done = self._file.write(work)
        self._note_head()
        return done

    def note(self, connection: SqlConnection, entry: AuditEntry, now: datetime) -> None:
        """Adds an action within the transaction that does it."""
        number, previous = self._latest(connection)
        names = _json({"name": entry.actor.name, "address": entry.actor.address, "whom": entry.whom})
        salt = secrets.token_hex(16)
        content = (number + 1, _stamp(now), entry.act.value, _json(entry.before), _json(entry.after))
        chained = (*content, entry.actor.source.value, _sha256(salt + names), previous)
        row = (*chained, _sha256(_json(chained)))
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO audit_names VALUES (?, ?, ?)", (number + 1, names, salt))

    def _note_head(self) -> None:
        """Writes number and hash of the last row to `audit.head`. If that fails, the next action writes it."""

        def write(connection: SqlConnection) -> None:
            number, last = self._latest(connection)
            with suppress(OSError):
                atomic.write(self._head, f"{number} {last}\n".encode(), 0o600)
                atomic.hand_over(self._head)

        self._file.write(write)

    def rows(self, since: datetime | None = None, after: int = 0, most: int = PAGE) -> tuple[AuditRow, ...]:
        """At most `most` rows, the oldest first, from the one after the row `after`. Raises AccountsDown, and Refused
        TWL-A003 for a row that somebody made unreadable."""
        start = _stamp(since) if since is not None else ""
        statement = f"{ROWS} WHERE at >= ? AND number > ? ORDER BY number LIMIT ?"
        found = self._file.read(lambda it: it.execute(statement, (start, after, most)).fetchall())
        return tuple(map(_row, found))

    def verify(self) -> AuditVerdict:
        """Whether every row is as it was written, and none is missing. Raises AccountsDown."""
        return self._file.write(self._verify)

    def remove_names(self, now: datetime, names_for: timedelta) -> int:
        """Replaces names older than `names_for` with pseudonyms; returns the number of rows. Raises AccountsDown."""

        def remove(connection: SqlConnection) -> int:
            found = connection.execute(f"{ROWS} WHERE at < ? AND salt <> ''", (_stamp(now - names_for),)).fetchall()
            key = own_key(connection, "pseudonyms")
            for row in found:
                hidden = {part: _pseudonym(name, key) for part, name in json.loads(row[9]).items() if part != "address"}
                changed = (_json(hidden), row[0])
                connection.execute("UPDATE audit_names SET names = ?, salt = '' WHERE number = ?", changed)
            if found:
                after = {"up_to": max(row[0] for row in found), "rows": len(found)}
                self.note(connection, AuditEntry(Act.NAMES_REMOVED, Actor("", Source.SERVICE), after=after), now)
            return len(found)

        return self.act(remove)

    def _latest(self, connection: SqlConnection) -> tuple[int, str]:
        """Number and hash of the last row, even if it is missing now: the gap stays visible for ever."""
        found = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
        return max(tuple(found) if found else BEFORE_THE_FIRST, self._noted(), key=lambda row: row[0])

    def _noted(self) -> tuple[int, str]:
        try:
            number, last = plain_file.read(self._head, MOST_HEAD).decode("ascii").split()
            return (int(number), last) if int(number) < LARGEST else BEFORE_THE_FIRST
        except (OSError, ValueError):
            return BEFORE_THE_FIRST

    def _verify(self, connection: SqlConnection) -> AuditVerdict:
        named_from, noted = _named_from(connection), self._noted()
        number, previous = BEFORE_THE_FIRST
        for row in connection.execute(f"{ROWS} ORDER BY number"):
            reason = _fault(row, number, previous, named_from)
            if not reason and row[0] == noted[0] and row[8] != noted[1]:
                reason = "head"
            if reason:
                return AuditVerdict(number, number + 1 if reason == "missing" else row[0], reason)
            number, previous = row[0], row[8]
        if number < noted[0]:
            return AuditVerdict(number, number + 1, "missing")
        return AuditVerdict(number, *((number, "no_head") if number and not noted[0] and not self._is_shared else ()))


def _fault(row: tuple[Any, ...], number: int, previous: str, named_from: int) -> str:
    """What is wrong with the row after `number`; empty if nothing is."""
    chained, own, names, salt = row[:8], row[8], row[9], row[10]
    if chained[0] != number + 1:
        return "missing"
    if chained[7] != previous:
        return "predecessor"
    if _sha256(_json(chained)) != own:
        return "content"
    has_names = names is not None and (_sha256(salt + names) == chained[6] or (salt == "" and number + 1 < named_from))
    return "" if has_names else "names"


def _named_from(connection: SqlConnection) -> int:
    """The first row that must still have its names, according to the audited removals."""
    found = connection.execute("SELECT after FROM audit WHERE act = ?", (Act.NAMES_REMOVED.value,))
    return 1 + max((_up_to(after) for (after,) in found), default=0)


def _up_to(after: str) -> int:
    with suppress(ValueError, TypeError, KeyError):  # the row may be forged
        return int(json.loads(after)["up_to"])
    return 0


def _row(values: tuple[Any, ...]) -> AuditRow:
    number, at, act, before, after, source, _, _, own, names, salt = values
    try:
        people = {"name": "", "address": "", "whom": ""} | json.loads(names or "{}")
        actor = Actor(people["name"], Source(source), people["address"])
        states = json.loads(before), json.loads(after)
        return AuditRow(number, parse_rfc3339(at), act, actor, people["whom"], *states, not salt, own)
    except (ValueError, TypeError) as error:
        raise Refused("TWL-A003", number=number) from error


def _pseudonym(name: str, key: str) -> str:
    return f"person-{hmac.new(key.encode(), name.casefold().encode(), 'sha256').hexdigest()[:8]}" if name else ""


def _stamp(at: datetime) -> str:
    return rfc3339(at, timespec="milliseconds")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
