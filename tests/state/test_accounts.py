"""Accounts, their passwords and roles, who gets in and who has to wait."""

import os
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import process_time

import pytest

from controller.errors import Refused
from controller.events import Event
from controller.state import passwords
from controller.state.accounts import CODE_FOR_S, AccountStore, LoginFailed
from controller.state.accounts_file import AccountsDown
from controller.state.audit import Act, Actor
from controller.state.credentials import Session
from controller.state.roles import Role, SiteRoles, Source, role_at
from tests.parts import require
from tests.postgres import only_files

PASSWORD, OTHER = "häst batteri klammer", "correct horse battery"
HERE = "192.0.2.7"
BY = Actor("root", Source.COMMAND_LINE)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
Codes = Callable[[], list[str]]


@pytest.fixture
def kim(accounts: AccountStore, now: datetime) -> str:
    """An admin, so that nobody else is the last one, and Kim, who is an operator."""
    accounts.add("Sara", Role.ADMIN, PASSWORD, BY, now)
    accounts.add("Kim", Role.OPERATOR, PASSWORD, BY, now)
    return "Kim"


def acts(accounts: AccountStore) -> list[str]:
    """What the audit holds, the oldest first."""
    return [row.act for row in accounts.audit.rows()]


def logged_in(accounts: AccountStore, now: datetime, name: str = "kim", address: str = HERE) -> Session:
    """A session, by the right password."""
    session = accounts.authenticate(name, PASSWORD, address, now)
    assert isinstance(session, Session)
    return session


def refused(accounts: AccountStore, now: datetime, name: str = "kim", address: str = HERE) -> int:
    """The seconds to wait after a wrong password."""
    answer = accounts.authenticate(name, "not the password", address, now)
    assert isinstance(answer, LoginFailed)
    return answer.wait_s


def test_who_has_the_password_gets_a_session_with_their_role(accounts: AccountStore, kim: str, now: datetime) -> None:
    """However they write their name."""
    for name in ("Kim", "kim", " KIM ", "ＫＩＭ"):
        session = logged_in(accounts, now, name)
        assert (session.name, session.role) == ("Kim", Role.OPERATOR)
        assert accounts.sessions.find(session.id, now) == session
    assert acts(accounts)[-4:] == [Act.SESSION_STARTED] * 4


def test_a_keyboard_may_compose_the_letters_of_a_password(accounts: AccountStore, kim: str, now: datetime) -> None:
    """An ä of one character or of two is the same letter to whoever types it."""
    assert isinstance(accounts.authenticate("Kim", "ha\u0308st batteri klammer", HERE, now), Session)


@pytest.mark.parametrize("name", ["kim", "nobody", "", "x" * 5000, "'; DROP TABLE accounts; --", "\0"])
def test_every_failure_looks_alike(accounts: AccountStore, kim: str, now: datetime, name: str) -> None:
    """Wrong password, no such name, and one that is disabled."""
    assert accounts.authenticate(name, OTHER, HERE, now) == LoginFailed(0)
    accounts.disable("kim", BY, now)
    assert accounts.authenticate("kim", PASSWORD, HERE, now) == LoginFailed(0)


def test_a_name_that_nobody_has_takes_as_long(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Else one could find out who has an account. The cheap passwords here take 0.1 ms, the rest is the same."""

    def took(name: str, number: int) -> float:
        start = process_time()
        accounts.authenticate(name, OTHER, f"10.0.{number // 256}.{number % 256}", now + number * HOUR)
        return process_time() - start

    passwords.LOG_N = 12  # the fixture puts it back
    accounts.set_password("kim", PASSWORD, BY, now)
    passwords.NOBODYS = passwords.hashed("nobody's password")
    known, unknown = zip(*((took("kim", 2 * n), took("nobody", 2 * n + 1)) for n in range(40)), strict=True)
    assert 0.5 < median(known) / median(unknown) < 2  # without the same work it would be over 20


def test_no_hash_is_worked_out_cheaper_than_others(now: datetime) -> None:
    """64 MiB and two runs, for a name that nobody has too."""
    assert passwords.NOBODYS.startswith("$scrypt$ln=16,r=8,p=2$")
    assert passwords.hashed(PASSWORD).startswith("$scrypt$ln=16,r=8,p=2$")
    assert not passwords.is_right(passwords.NOBODYS, PASSWORD)


@only_files
def test_a_hash_of_another_cost_is_made_again_at_the_next_login(
    accounts: AccountStore, kim: str, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the password stays the same."""
    monkeypatch.setattr(passwords, "LOG_N", 7)
    for _ in range(2):
        logged_in(accounts, now)
    with closing(sqlite3.connect(tmp_path / "accounts.db")) as file:
        (stored,) = file.execute("SELECT password FROM accounts WHERE key = 'kim'").fetchone()
    assert stored.startswith("$scrypt$ln=7,")


def test_five_attempts_are_free_then_each_costs_twice_the_wait(
    accounts: AccountStore, kim: str, now: datetime, codes: Codes
) -> None:
    """Up to five minutes; during the wait not even the right password is looked at."""
    assert [refused(accounts, now) for _ in range(5)] == [0, 0, 0, 0, 30]
    assert codes() == ["TWL-A030"]
    assert accounts.authenticate("kim", PASSWORD, HERE, now + 10 * SECOND) == LoginFailed(20)
    at, waits = now, []
    for _ in range(6):
        at += SECOND * (waits[-1] if waits else 30)
        waits.append(refused(accounts, at))
    assert waits == [60, 120, 240, 300, 300, 300]
    assert isinstance(accounts.authenticate("kim", PASSWORD, HERE, at + 300 * SECOND), Session)


@only_files
def test_a_restart_does_not_shorten_the_wait(
    accounts: AccountStore, kim: str, now: datetime, tmp_path: Path, emitted: list[Event]
) -> None:
    """It is in the file."""
    for _ in range(5):
        refused(accounts, now)
    again = AccountStore(tmp_path, emitted.append)
    assert again.authenticate("kim", PASSWORD, "198.51.100.1", now) == LoginFailed(30)
    again.close()


def test_many_attempts_at_once_are_all_counted(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Each before its password is worked out."""
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(accounts.authenticate("kim", OTHER, HERE, now)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert accounts.authenticate("kim", PASSWORD, "198.51.100.1", now) == LoginFailed(30)


def test_one_address_that_tries_many_names_has_to_wait(accounts: AccountStore, kim: str, now: datetime) -> None:
    """And nobody else; a login of its own does not buy it new attempts. A subscriber's IPv6 addresses are one."""
    waits = [refused(accounts, now, f"n{number}", f"2001:db8::{number}") for number in range(5)]
    assert waits == [0, 0, 0, 0, 30]
    assert isinstance(accounts.authenticate("kim", PASSWORD, HERE, now), Session)
    later = now + 30 * SECOND
    assert isinstance(accounts.authenticate("kim", PASSWORD, "2001:db8::9", later), Session)
    assert refused(accounts, later, "n9", "2001:db8::1") == 60


def test_a_login_lets_the_account_start_again(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Who mistypes four times a day is never made to wait."""
    for day in range(4):
        at = now + day * timedelta(days=1)
        assert [refused(accounts, at) for _ in range(4)] == [0] * 4
        logged_in(accounts, at)


def test_a_clock_that_is_set_back_makes_nobody_wait_longer(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Five minutes at most, or not at all."""
    for _ in range(5):
        refused(accounts, now)
    back = now - timedelta(minutes=30)
    assert accounts.authenticate("kim", PASSWORD, HERE, back) == LoginFailed(300)
    assert isinstance(accounts.authenticate("kim", PASSWORD, HERE, now - timedelta(days=365)), Session)


def test_sessions_end_with_time(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Twelve hours without use for those who may change something, thirty days for all."""
    accounts.add("Läsare", Role.VIEWER, PASSWORD, BY, now)
    operator, viewer = logged_in(accounts, now), logged_in(accounts, now, "läsare")
    assert accounts.sessions.find(operator.id, now + 11 * HOUR)
    assert accounts.sessions.find(operator.id, now + 22 * HOUR), "use does not keep it alive"
    assert accounts.sessions.find(operator.id, now + 35 * HOUR) is None
    assert accounts.sessions.find(viewer.id, now + 29 * 24 * HOUR)
    assert accounts.sessions.find(viewer.id, now + 31 * 24 * HOUR) is None


@pytest.mark.parametrize("end", ["password", "disable", "logout"])
def test_what_ends_a_session_ends_it_at_once(accounts: AccountStore, kim: str, now: datetime, end: str) -> None:
    """Another password and a disabled account end all of a person's, logging out its own."""
    one, two = logged_in(accounts, now), logged_in(accounts, now)
    match end:
        case "password":
            accounts.set_password("kim", OTHER, BY, now)
        case "disable":
            accounts.disable("kim", BY, now)
            accounts.enable("kim", BY, now)
        case "logout":
            accounts.sessions.end(one.id, BY, now)
    assert accounts.sessions.find(one.id, now) is None
    assert (accounts.sessions.find(two.id, now) is None) == (end != "logout")


def test_another_role_holds_at_once(accounts: AccountStore, kim: str, now: datetime) -> None:
    """In sessions that are open."""
    session = logged_in(accounts, now)
    accounts.set_role("kim", Role.VIEWER, BY, now)
    found = accounts.sessions.find(session.id, now)
    assert found
    assert found.role is Role.VIEWER


@only_files
def test_the_file_holds_nothing_that_lets_anybody_in(accounts: AccountStore, now: datetime, tmp_path: Path) -> None:
    """No password, cookie, code or token; and only its owner reads it."""
    code = accounts.new_setup_code(0.0)
    assert code
    session = accounts.first_account(code, "kim", PASSWORD, HERE, now, 1.0)
    assert isinstance(session, Session)
    token = accounts.tokens.add("kim", "screen", frozenset(), BY, now)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (PASSWORD, session.id, session.csrf, token, token.removeprefix("wt_"), code, code.replace("-", "")):
        assert secret.encode() not in content
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert session.id not in repr(session)


def test_each_session_has_its_own_mark_for_forms(accounts: AccountStore, kim: str, now: datetime) -> None:
    """One session's form is worth nothing in another."""
    one, two = logged_in(accounts, now), logged_in(accounts, now)
    assert one.csrf != two.csrf


def test_a_name_is_taken_once(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Whatever its capitals and blanks."""
    for name in ("KIM", " kim", "ｋｉｍ"):
        with pytest.raises(Refused) as caught:
            accounts.add(name, Role.VIEWER, PASSWORD, BY, now)
        assert caught.value.code == "TWL-A010"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\x1b[31mb", "a\u202eb", "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(accounts: AccountStore, now: datetime, name: str) -> None:
    """Each with its cure."""
    with pytest.raises(Refused) as caught:
        accounts.add(name, Role.VIEWER, PASSWORD, BY, now)
    assert caught.value.code == "TWL-A012"


def test_any_other_name_is_good(accounts: AccountStore, now: datetime) -> None:
    """What people are called is no matter of ours."""
    for name in ("Åsa-Britt O'Neil", "<img onerror=alert(1)>", "x" * 64, "李", "a b"):
        assert accounts.add(name, Role.VIEWER, PASSWORD, BY, now).name == name


def test_the_last_admin_stays(accounts: AccountStore, kim: str, now: datetime) -> None:
    """Neither disabled nor made something less; with another one it may be."""
    for act in (lambda: accounts.disable("sara", BY, now), lambda: accounts.set_role("sara", Role.VIEWER, BY, now)):
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "TWL-A013"
    accounts.set_role("kim", Role.ADMIN, BY, now)
    accounts.disable("sara", BY, now)
    assert [(each.name, each.disabled) for each in accounts.accounts()] == [("Kim", False), ("Sara", True)]


def test_an_act_on_an_unknown_account_is_refused_by_its_own_code(accounts: AccountStore, now: datetime) -> None:
    """By its own code."""
    for act in (
        lambda: accounts.set_password("kim", PASSWORD, BY, now),
        lambda: accounts.set_role("kim", Role.ADMIN, BY, now),
        lambda: accounts.disable("kim", BY, now),
        lambda: accounts.enable("kim", BY, now),
        lambda: accounts.tokens.add("kim", "screen", frozenset(), BY, now),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "TWL-A011"


def test_the_code_makes_the_first_account_once(accounts: AccountStore, now: datetime) -> None:
    """An admin, who is logged in then; written as it is shown, or as people type it."""
    code = accounts.new_setup_code(10.0)
    assert code
    typed = f" {code.lower().replace('-', ' ')} "
    session = accounts.first_account(typed, "Kim", PASSWORD, HERE, now, 20.0)
    assert isinstance(session, Session)
    assert (session.name, session.role) == ("Kim", Role.ADMIN)
    with pytest.raises(Refused) as caught:
        accounts.first_account(code, "Eve", PASSWORD, HERE, now, 30.0)
    assert caught.value.code == "TWL-A014"
    assert accounts.new_setup_code(40.0) is None
    assert acts(accounts) == [Act.ACCOUNT_ADDED, Act.SESSION_STARTED]


def test_the_code_is_new_at_each_start_and_expires(accounts: AccountStore, now: datetime) -> None:
    """After an hour of the boot-time clock, whatever the wall clock says: it is often set just after the start."""
    old, code = accounts.new_setup_code(0.0), accounts.new_setup_code(0.0)
    assert old
    assert code
    assert old != code
    assert isinstance(accounts.first_account(old, "Kim", PASSWORD, HERE, now, 1.0), LoginFailed)
    with pytest.raises(Refused) as caught:
        accounts.first_account(code, "Kim", PASSWORD, HERE, now, CODE_FOR_S + 1)
    assert caught.value.code == "TWL-A014"
    much_later = now + timedelta(days=2000)
    assert isinstance(accounts.first_account(code, "Kim", PASSWORD, HERE, much_later, CODE_FOR_S - 1), Session)


def test_whoever_guesses_the_code_has_to_wait(accounts: AccountStore, now: datetime) -> None:
    """From whichever address."""
    code = accounts.new_setup_code(0.0)
    assert code
    answers = [accounts.first_account("7KQ4-2MPD", "Eve", PASSWORD, f"10.0.0.{n}", now, 1.0) for n in range(6)]
    assert answers == [LoginFailed(0)] * 4 + [LoginFailed(30)] * 2
    assert accounts.first_account(code, "Eve", PASSWORD, "10.0.0.9", now, 1.0) == LoginFailed(30)


def test_an_account_made_by_command_ends_the_code(accounts: AccountStore, now: datetime) -> None:
    """The first account is there then."""
    code = accounts.new_setup_code(0.0)
    assert code
    accounts.add("kim", Role.VIEWER, PASSWORD, BY, now)
    with pytest.raises(Refused) as caught:
        accounts.first_account(code, "Eve", PASSWORD, HERE, now, 1.0)
    assert caught.value.code == "TWL-A014"


def test_when_somebody_was_there_last_is_known(accounts: AccountStore, kim: str, now: datetime) -> None:
    """To the minute."""
    session = logged_in(accounts, now)
    accounts.sessions.find(session.id, now + 2 * HOUR)
    accounts.sessions.find(session.id, now + 2 * HOUR + SECOND)
    assert accounts.account("kim").seen == now + 2 * HOUR


def test_a_damaged_file_is_reported_and_a_new_one_begun(tmp_path: Path, emitted: list[Event], codes: Codes) -> None:
    """With what to do then."""
    (tmp_path / "accounts.db").write_bytes(b"this is no database" * 1000)
    store = AccountStore(tmp_path, emitted.append)
    assert store.accounts() == ()
    assert codes() == ["TWL-A002"]
    store.close()


@only_files
def test_a_disk_that_can_only_be_read_is_reported_until_it_takes_something(
    accounts: AccountStore, kim: str, emitted: list[Event], codes: Codes, now: datetime
) -> None:
    """Not until something was read of it."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(AccountsDown):
            accounts.add("Eva", Role.VIEWER, PASSWORD, BY, now)
        assert len(accounts.accounts()) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert codes() == ["TWL-J003"]
    assert len(accounts.accounts()) == 2
    assert codes() == ["TWL-J003", "TWL-J004"]


@only_files
def test_a_file_of_a_newer_version_is_left_alone(accounts: AccountStore, kim: str, tmp_path: Path) -> None:
    """It holds what must not be lost."""
    accounts.close()
    with closing(sqlite3.connect(tmp_path / "accounts.db")) as file:
        file.execute("PRAGMA user_version=99")
    with pytest.raises(AccountsDown) as caught:
        accounts.accounts()
    assert caught.value.code == "TWL-A001"
    assert list(tmp_path.glob("*.newer*")) == []


def test_what_root_makes_belongs_to_the_user_of_the_service(
    now: datetime, tmp_path: Path, emitted: list[Event], cheap_passwords: None
) -> None:
    """To the owner of the directory, with its log and the mark of the audit, so that the service can write it."""
    require("root")
    directory = tmp_path / "state"
    directory.mkdir()
    os.chown(directory, 12345, 12345)
    store = AccountStore(directory, emitted.append)
    store.add("Sara", Role.ADMIN, PASSWORD, BY, now)
    assert {path.stat().st_uid for path in directory.iterdir()} == {12345}
    store.close()


@pytest.mark.parametrize(
    ("sites", "site", "role"),
    [
        (None, "north", Role.OPERATOR),
        ({"north": Role.VIEWER}, "north", Role.VIEWER),
        ({"north": Role.VIEWER}, "south", None),
        ({}, "north", None),
        ({"north": Role.VIEWER}, "", Role.OPERATOR),
    ],
)
def test_who_is_limited_to_some_sites_may_do_nothing_at_others(sites: SiteRoles, site: str, role: Role | None) -> None:
    """Of one site, which has no name, the role of the account counts."""
    assert role_at(Role.OPERATOR, sites, site) is role
