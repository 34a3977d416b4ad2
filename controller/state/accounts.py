"""Who may use the page: accounts with a role, their sessions and API tokens, the code for the first account, drafts and
the audit, in `accounts.db`.

Used by many threads and processes at once. Every method may wait for the disk, those that hash a password also for half
a second of computing; none belongs in an event loop. All raise AccountsDown if the file cannot be used.
Every change of an account adds a row to the audit, in the same transaction.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from controller.errors import Refused
from controller.events import new_event
from controller.normal_form import normalized
from controller.state import passwords
from controller.state.accounts_file import KEY_TABLES, AccountsDown, AccountsFile, instant, own_key
from controller.state.audit import AUDIT_TABLES, Act, Actor, Audit, AuditEntry
from controller.state.credentials import SESSION_TABLES, TOKEN_TABLES, ApiTokens, Session, Sessions, digest
from controller.state.drafts import DRAFT_TABLES, Drafts
from controller.state.json_file import OnEvent
from controller.state.passwords import ATTEMPT_TABLES, account_key, address_key
from controller.state.roles import Role, SiteRoles, Source, highest, read_sites, written_sites
from controller.state.sql import SqlConnection, one
from controller.state.storage import Storage

Change = tuple[object, object]
"""Before and after, for the audit."""

LONGEST_NAME = 64
CODE_FOR_S = 3600.0
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O, which people confuse."""
CODE_LENGTH = 8
SETUP = "setup"

MIGRATIONS = (
    (
        """CREATE TABLE accounts (
            key TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, password TEXT NOT NULL,
            disabled INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, seen REAL
        )""",
        *KEY_TABLES,
        *SESSION_TABLES,
        *TOKEN_TABLES,
        *DRAFT_TABLES,
        *ATTEMPT_TABLES,
        *AUDIT_TABLES,
    ),
    ("ALTER TABLE accounts ADD COLUMN sites TEXT",),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account. `seen` is when they last used the page, to the minute. If the role differs between several
    sites, `sites` has the role at each, and `role` is the highest of them."""

    name: str
    role: Role
    disabled: bool
    created: datetime
    seen: datetime | None
    sites: SiteRoles = None


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """Name, password or code are wrong, or the attempt came too early and was not checked: the next is checked after
    `wait_s` seconds. Which of these is never revealed."""

    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class _Proof:
    """Proof that somebody knew the password of an account: `old_hash` is stored, `new_hash` is the same password hashed
    at today's cost."""

    key: str
    name: str
    old_hash: str
    new_hash: str
    attempts: tuple[str, str]

    def replace_hash(self, connection: SqlConnection, new_hash: str) -> bool:
        """Stores another hash in its place; False if the account has another one by now, or is disabled."""
        statement = "UPDATE accounts SET password = ? WHERE key = ? AND password = ? AND disabled = 0"
        return connection.execute(statement, (new_hash, self.key, self.old_hash)).rowcount > 0


@dataclass(frozen=True, slots=True)
class _SetupCode:
    digest: str
    until_s: float


class AccountStore:
    """The accounts of one state directory."""

    def __init__(self, place: Path | Storage, on_event: OnEvent) -> None:
        self._file = AccountsFile(place, MIGRATIONS, on_event)
        self._on_event = on_event
        self._setup_code: _SetupCode | None = None
        self.audit = Audit(self._file, Storage.of(place))
        self.sessions = Sessions(self._file, self.audit)
        self.tokens = ApiTokens(self._file, self.audit)
        self.drafts = Drafts(self._file)

    @property
    def place(self) -> str:
        """Name of the file or database in events."""
        return self._file.place

    @property
    def was_refused(self) -> bool:
        """Whether any write has ever been refused; does not wait for the disk."""
        return self._file.was_refused

    def recheck(self) -> None:
        """Reads once, so that the end of a failure is reported even if nobody uses the page. Raises AccountsDown."""
        self._file.read(lambda it: one(it, "SELECT 1"))

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        self._file.close()

    @cached_property
    def form_key(self) -> bytes:
        """Key that signs the forms of people without a session, stored so that a form that was open during a restart
        stays valid; a key of this process if it cannot be stored."""
        try:
            return self._file.write(lambda it: own_key(it, "forms")).encode()
        except AccountsDown:
            return secrets.token_bytes(32)

    @property
    def is_empty(self) -> bool:
        """Whether there has never been an account, so that nobody can log in."""
        return self._file.read(lambda it: one(it, "SELECT 1 FROM accounts")) is None

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, by name."""
        found = self._file.read(lambda it: it.execute(f"{SELECT} ORDER BY accounts.key").fetchall())
        return tuple(map(_account, found))

    def account(self, name: str) -> Account:
        """The account of this name; raises Refused TWL-A011."""
        return self._file.read(lambda it: _find(it, name))

    def role_of(self, name: str) -> tuple[Role | None, SiteRoles]:
        """The role of a person whom another program has logged in: that of their account, None if it is disabled; a
        person without an account may read."""
        statement = "SELECT role, disabled, sites FROM accounts WHERE key = ?"
        found = self._file.read(lambda it: one(it, statement, name_key(name)))
        if found is None:
            return Role.VIEWER, None
        return (None if found[1] else Role(found[0])), read_sites(found[2])

    def add(self, name: str, role: Role, password: str, by: Actor, now: datetime, site: str | None = None) -> Account:
        """Adds an account, for one of several sites if `site` is given. Raises Refused: TWL-A010 the name is taken,
        TWL-A012 or TWL-A02… for a name or password that cannot be used, TWL-A019 an admin of one site; TooBusy."""
        shown = shown_name(name)
        passwords.require_good(password, shown)
        _require_may_be_of_site(role, site)
        stored = passwords.hashed(password)
        sites = None if site is None else {site: role}
        return self.audit.act(lambda it: self._insert(it, (shown, role, stored), by, now, sites))

    def set_password(self, name: str, password: str, by: Actor, now: datetime) -> None:
        """Gives an account another password and ends all its sessions. Raises Refused as `add`, TooBusy."""
        account = self.account(name)
        passwords.require_good(password, account.name)
        stored = passwords.hashed(password)

        def change(connection: SqlConnection, _: Account) -> None:
            connection.execute("UPDATE accounts SET password = ? WHERE key = ?", (stored, name_key(name)))
            self.sessions.end_all(connection, name_key(name))
            connection.execute("DELETE FROM attempts WHERE key = ?", (account_key(name_key(name)),))

        self._change(name, change, Act.ACCOUNT_PASSWORD, by, now)

    def set_role(self, name: str, role: Role, by: Actor, now: datetime, site: str | None = None) -> None:
        """Sets the role at all sites or, with `site`, at one more site beside those it already has. Raises Refused:
        TWL-A011 no such account, TWL-A013 no other admin would be left, TWL-A019 an admin of one site."""
        _require_may_be_of_site(role, site)

        def change(connection: SqlConnection, account: Account) -> Change:
            if role is not Role.ADMIN:
                _require_another_admin(connection, account)
            sites = None if site is None else {**(account.sites or {}), site: role}
            row = (role if sites is None else highest(sites)).value, written_sites(sites), name_key(name)
            connection.execute("UPDATE accounts SET role = ?, sites = ? WHERE key = ?", row)
            return _audited(account.role, account.sites), _audited(role, sites)

        self._change(name, change, Act.ACCOUNT_ROLE, by, now)

    def disable(self, name: str, by: Actor, now: datetime) -> None:
        """Ends the sessions of an account and refuses its logins; its API tokens stop working. Raises Refused: TWL-A011
        no such account, TWL-A013 no other admin would be left."""

        def change(connection: SqlConnection, account: Account) -> None:
            _require_another_admin(connection, account)
            connection.execute("UPDATE accounts SET disabled = 1 WHERE key = ?", (name_key(name),))
            self.sessions.end_all(connection, name_key(name))

        self._change(name, change, Act.ACCOUNT_DISABLED, by, now)

    def enable(self, name: str, by: Actor, now: datetime) -> None:
        """Allows an account to log in again. Raises Refused TWL-A011."""

        def change(connection: SqlConnection, _: Account) -> None:
            connection.execute("UPDATE accounts SET disabled = 0 WHERE key = ?", (name_key(name),))

        self._change(name, change, Act.ACCOUNT_ENABLED, by, now)

    def _change(
        self, name: str, change: Callable[[SqlConnection, Account], Change | None], act: Act, by: Actor, now: datetime
    ) -> None:
        def work(connection: SqlConnection) -> None:
            found = _find(connection, name)
            before, after = change(connection, found) or (None, None)
            self.audit.note(connection, AuditEntry(act, by, found.name, before, after), now)

        self.audit.act(work)

    def authenticate(self, name: str, password: str, address: str, now: datetime) -> Session | LoginFailed:
        """A new session, if name and password are right and the account is not disabled."""
        proof = self._proof(name, password, address, now)
        if isinstance(proof, LoginFailed):
            return proof

        def work(connection: SqlConnection) -> Session | LoginFailed:
            if not proof.replace_hash(connection, proof.new_hash):  # it has changed during hashing
                return LoginFailed()
            passwords.forgive_attempts(connection, *proof.attempts)
            return self.sessions.start(connection, proof.key, Actor(proof.name, Source.PAGE, address), now)

        return self.audit.act(work)

    def change_password(
        self, session: Session, current: str, new: str, address: str, now: datetime
    ) -> Session | LoginFailed:
        """Changes the password and replaces all sessions of the person with a new one. Raises Refused as `add`,
        TooBusy."""
        passwords.require_good(new, session.name)
        proof = self._proof(session.name, current, address, now)
        if isinstance(proof, LoginFailed):
            return proof
        new_hash, by = passwords.hashed(new), Actor(proof.name, Source.PAGE, address)

        def work(connection: SqlConnection) -> Session | LoginFailed:
            if not proof.replace_hash(connection, new_hash):
                return LoginFailed()
            passwords.forgive_attempts(connection, *proof.attempts)
            self.sessions.end_all(connection, proof.key)
            self.audit.note(connection, AuditEntry(Act.ACCOUNT_PASSWORD, by, proof.name), now)
            return self.sessions.start(connection, proof.key, by, now)

        return self.audit.act(work)

    def _proof(self, name: str, password: str, address: str, now: datetime) -> "_Proof | LoginFailed":
        """Checks the password of an account."""
        key = name_key(name)
        attempts = account_key(key), address_key(address)
        wait_s = self._count(attempts, key, address, now)
        if wait_s:
            return LoginFailed(wait_s)
        statement = "SELECT password, name FROM accounts WHERE key = ? AND disabled = 0"
        found = self._file.read(lambda it: one(it, statement, key))
        old_hash, shown = found or (passwords.NOBODYS, "")
        try:
            is_right = passwords.is_right(old_hash, password) and found is not None
            is_renewed = is_right and passwords.is_outdated(old_hash)
            new_hash = passwords.hashed(password) if is_renewed else old_hash
        except passwords.TooBusy:
            return LoginFailed(int(passwords.QUEUE_S))
        if not is_right:
            return LoginFailed(self._file.read(lambda it: passwords.wait_s(it, attempts, now)))
        return _Proof(key, shown, old_hash, new_hash, attempts)

    def new_setup_code(self, now_s: float) -> str | None:
        """A code such as `7KQ4-2MPD` for the person who makes the first account, replacing the previous one; None if
        there is an account. It is valid for CODE_FOR_S in this process and can be used once; only its hash is
        remembered. `now_s` is boot-time clock seconds: the wall clock is often set just after the start."""
        if not self.is_empty:
            return None
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        self._setup_code = _SetupCode(digest(code), now_s + CODE_FOR_S)
        return f"{code[:4]}-{code[4:]}"

    def first_account(
        self, code: str, name: str, password: str, address: str, now: datetime, now_s: float
    ) -> Session | LoginFailed:
        """The first account, an admin, and its session, for the person who has the code. Raises Refused as `add`:
        TWL-A014 if there is an account already or the code has expired; TooBusy."""
        shown = shown_name(name)
        passwords.require_good(password, shown)
        setup = self._setup_code
        if setup is None or now_s > setup.until_s:
            raise Refused("TWL-A014")
        keys = SETUP, address_key(address)
        wait_s = self._count(keys, "", address, now)
        if wait_s:
            return LoginFailed(wait_s)
        typed = "".join(each for each in code.upper() if each.isalnum())
        if not secrets.compare_digest(digest(typed), setup.digest):
            return LoginFailed(self._file.read(lambda it: passwords.wait_s(it, keys, now)))
        stored = passwords.hashed(password)
        actor = Actor(shown, Source.PAGE, address)

        def work(connection: SqlConnection) -> Session:
            if one(connection, "SELECT 1 FROM accounts"):
                raise Refused("TWL-A014")
            self._insert(connection, (shown, Role.ADMIN, stored), actor, now)
            passwords.forgive_attempts(connection, *keys)
            return self.sessions.start(connection, name_key(shown), actor, now)

        session = self.audit.act(work)
        self._setup_code = None
        return session

    def _insert(
        self, connection: SqlConnection, row: tuple[str, Role, str], by: Actor, now: datetime, sites: SiteRoles = None
    ) -> Account:
        shown, role, stored = row
        if one(connection, "SELECT 1 FROM accounts WHERE key = ?", name_key(shown)):
            raise Refused("TWL-A010", name=shown)
        connection.execute(
            "INSERT INTO accounts (key, name, role, password, created, sites) VALUES (?, ?, ?, ?, ?, ?)",
            (name_key(shown), shown, role.value, stored, now.timestamp(), written_sites(sites)),
        )
        self.audit.note(connection, AuditEntry(Act.ACCOUNT_ADDED, by, shown, after=_audited(role, sites)), now)
        return _find(connection, shown)

    def _count(self, keys: tuple[str, str], key: str, address: str, now: datetime) -> int:
        """Counts an attempt; returns the seconds to wait if it comes too early."""
        wait_s, begins, known = self._file.write(
            lambda it: (
                passwords.count_attempt(it, keys, now),
                passwords.wait_s(it, keys, now),
                one(it, "SELECT name FROM accounts WHERE key = ?", key),
            )
        )
        if begins and not wait_s:
            self._on_event(new_event("TWL-A030", address=address, name=known[0] if known else "–", wait_s=begins))
        return wait_s


SELECT = "SELECT name, role, disabled, created, accounts.seen, sites FROM accounts"


def shown_name(name: str) -> str:
    """A name in the form that is shown; raises Refused TWL-A012 for one that cannot be used."""
    shown = " ".join(normalized("NFC", name).split())
    if not 1 <= len(shown) <= LONGEST_NAME or not shown.isprintable():
        raise Refused("TWL-A012", most=LONGEST_NAME)
    return shown


def name_key(name: str) -> str:
    """A key that is the same for all spellings of a name."""
    return normalized("NFKC", " ".join(name.split())).casefold()[:LONGEST_NAME]


def _find(connection: SqlConnection, name: str) -> Account:
    found = connection.execute(f"{SELECT} WHERE key = ?", (name_key(name),)).fetchone()
    if found is None:
        raise Refused("TWL-A011", name=name)
    return _account(found)


def _account(row: tuple[str, str, int, float, float | None, str | None]) -> Account:
    name, role, disabled, created, seen, sites = row
    last = instant(seen) if seen is not None else None
    return Account(name, Role(role), bool(disabled), instant(created), last, read_sites(sites))


def _audited(role: Role, sites: SiteRoles) -> object:
    """A role as the audit records it: by site if it differs between them."""
    return role.value if sites is None else {site: each.value for site, each in sites.items()}


def _require_may_be_of_site(role: Role, site: str | None) -> None:
    """Raises Refused TWL-A019: an admin manages the accounts and could give themselves any other site."""
    if role is Role.ADMIN and site is not None:
        raise Refused("TWL-A019", site=site)


def _require_another_admin(connection: SqlConnection, account: Account) -> None:
    """Raises Refused TWL-A013 if this is the last admin."""
    others = "SELECT 1 FROM accounts WHERE role = ? AND disabled = 0 AND key <> ?"
    is_last = account.role is Role.ADMIN and not account.disabled
    if is_last and not one(connection, others, Role.ADMIN.value, name_key(account.name)):
        raise Refused("TWL-A013", name=account.name)
