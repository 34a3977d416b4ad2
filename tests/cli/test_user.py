"""`watertower user` and `watertower audit`: accounts without the page, and what was done."""

import getpass
import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.cli import group
from controller.locale import languages, phrase
from controller.state import passwords
from controller.state.accounts import AccountStore
from controller.state.audit import Act
from controller.state.credentials import Session

PASSWORD = "häst batteri klammer"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
Call = Callable[..., Result]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state directory, in which passwords cost little."""
    monkeypatch.setattr(passwords, "LOG_N", 6)
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    monkeypatch.delenv("SUDO_USER", raising=False)
    return tmp_path / "state"


@pytest.fixture
def user(call: Call, state: Path, config: Path) -> Call:
    """Calls `watertower user …`, with a password piped in."""

    def run(*words: str, password: str = PASSWORD) -> Result:
        line = ["--config", str(config), "--state", str(state), "user", *words]
        return CliRunner().invoke(group, line, input=f"{password}\n")

    return run


def test_an_account_that_was_added_can_log_in(user: Call, state: Path) -> None:
    """With the password that was piped in; the answer says in which file it is."""
    result = user("add", "Kim", "--role", "operator")
    assert (result.exit_code, result.stdout) == (0, f"Kim, operator, is now in {state / 'accounts.db'}.\n")
    store = AccountStore(state, print)
    assert isinstance(store.authenticate("kim", PASSWORD, "192.0.2.7", NOW), Session)
    store.close()


def test_a_password_is_read_from_a_file(user: Call, tmp_path: Path) -> None:
    """Its last line break is none of it."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    result = user("add", "Kim", "--role", "admin", "--password-file", str(tmp_path / "password"), password="")
    assert result.exit_code == 0
    result = user("password", "Kim", "--password-file", str(tmp_path / "nowhere"))
    assert (result.exit_code, result.stderr.split(":")[0]) == (78, "TWL-Q106")


def test_every_act_changes_what_it_says(user: Call) -> None:
    """As `list --json` shows."""

    def listed() -> list[tuple[str, str, bool]]:
        accounts = json.loads(user("list", "--json").stdout)["accounts"]
        return [(each["name"], each["role"], each["disabled"]) for each in accounts]

    assert user("add", "Sara", "--role", "admin").exit_code == 0
    assert user("add", "Kim Ek", "--role", "viewer").exit_code == 0
    assert user("role", "kim ek", "--role", "operator").exit_code == 0
    assert listed() == [("Kim Ek", "operator", False), ("Sara", "admin", False)]
    assert user("disable", "kim ek").exit_code == 0
    assert listed()[0] == ("Kim Ek", "operator", True)
    assert user("enable", "kim ek").exit_code == 0
    assert user("password", "kim ek", password="correct horse battery").exit_code == 0
    assert listed()[0] == ("Kim Ek", "operator", False)


def test_the_list_says_who_was_here_when_in_both_languages(user: Call) -> None:
    """Roles in words."""
    user("add", "Sara", "--role", "admin")
    user("add", "Kim", "--role", "operator")
    user("disable", "Kim")
    output = user("list", "--lang", "sv").stdout
    assert [line.split() for line in output.splitlines()] == [
        ["Kim", "driftansvarig,", "avstängd", "senast", "här:", "aldrig"],
        ["Sara", "tekniker", "senast", "här:", "aldrig"],
    ]


def test_an_empty_list_says_where_it_looked(user: Call, state: Path) -> None:
    """And makes no file."""
    result = user("list")
    assert (result.exit_code, result.stderr) == (0, f"There are no accounts in {state / 'accounts.db'}.\n")
    assert json.loads(user("list", "--json").stdout)["accounts"] == []
    assert not state.exists()


@pytest.mark.parametrize(
    ("words", "code", "event"),
    [
        (["add"], 2, "TWL-Q112"),
        (["add", "Kim"], 2, "TWL-Q112"),
        (["role", "Kim"], 2, "TWL-Q112"),
        (["password"], 2, "TWL-Q112"),
        (["list", "Kim"], 2, "TWL-Q115"),
        (["disable", "Kim", "--role", "admin"], 2, "TWL-Q115"),
        (["enable", "Kim", "--password-file", "x"], 2, "TWL-Q115"),
        (["add", "Kim", "--role", "boss"], 2, "TWL-Q113"),
        (["remove", "Kim"], 2, "TWL-Q113"),
        (["password", "Eve"], 1, "TWL-A011"),
        (["disable", "Eve"], 1, "TWL-A011"),
        (["add", "Sara", "--role", "viewer"], 1, "TWL-A010"),
        (["add", "", "--role", "viewer"], 1, "TWL-A012"),
        (["disable", "Sara"], 1, "TWL-A013"),
        (["role", "Sara", "--role", "viewer"], 1, "TWL-A013"),
    ],
)
def test_what_cannot_be_done_is_reported_with_its_cure(user: Call, words: list[str], code: int, event: str) -> None:
    """And nothing is done."""
    user("add", "Sara", "--role", "admin")
    before = user("list", "--json").stdout
    result = user(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert event in result.stderr
    assert "  = " in result.stderr
    assert user("list", "--json").stdout == before


@pytest.mark.parametrize(("password", "event"), [("", "TWL-A020"), ("kort", "TWL-A020"), ("Sommar202611", "TWL-A023")])
def test_a_bad_password_is_refused_with_its_cure(user: Call, password: str, event: str) -> None:
    """As on the page."""
    result = user("add", "Kim", "--role", "admin", password=password)
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, event)


def test_a_command_reports_that_there_is_no_account_yet(user: Call, state: Path) -> None:
    """And makes no file."""
    result = user("password", "Kim")
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, "TWL-A011")
    assert not state.exists()


def test_accounts_that_cannot_be_used_are_reported_with_what_to_do(user: Call, state: Path) -> None:
    """Here of a newer version; of another user's directory it is said in the same way."""
    user("add", "Sara", "--role", "admin")
    with closing(sqlite3.connect(state / "accounts.db")) as file:
        file.execute("PRAGMA user_version=99")
    result = user("list")
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, "TWL-A001")
    assert "sudo watertower --config /etc/watertower" in result.stderr


@pytest.mark.real
def test_a_terminal_asks_twice_and_shows_nothing(state: Path, config: Path) -> None:
    """Two different passwords are refused."""

    def typed(*lines: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        words = ["--config", config, "--state", state, "--lang", "sv", "user", "add", "Kim", "--role", "admin"]
        process = subprocess.Popen(
            [sys.executable, "-m", "controller", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        told = b""
        for line in lines:
            while told.count(b": ") + told.count(b"TWL") <= lines.index(line) and b"TWL" not in told:
                told += os.read(ours, 1000)
            os.write(ours, f"{line}\n".encode())
        try:
            while more := os.read(ours, 1000):
                told += more
        except OSError:  # the other side has closed
            pass
        os.close(ours)
        return process.wait(), told.decode()

    code, told = typed(PASSWORD, "another one here")
    assert code == 1
    assert "TWL-A024" in told
    code, told = typed(PASSWORD, PASSWORD + " ")
    assert code == 1
    assert PASSWORD not in told
    assert "Lösenord (minst 12 tecken): " in told


def test_the_audit_shows_who_did_what(user: Call, call: Call) -> None:
    """The oldest first, in both languages and as JSON; only what is asked for."""
    user("add", "Sara", "--role", "admin")
    user("add", "Kim", "--role", "viewer")
    user("role", "Kim", "--role", "operator")
    lines = call("audit", "--lang", "sv").stdout.splitlines()
    assert [line[20:] for line in lines] == [
        "root (på kommandoraden): kontot Sara lades till: admin",
        "root (på kommandoraden): kontot Kim lades till: viewer",
        "root (på kommandoraden): ny roll för Kim: viewer → operator",
    ]
    documents = [json.loads(line) for line in call("audit", "--json").stdout.splitlines()]
    assert [(each["number"], each["act"], each["name"], each["account"]) for each in documents] == [
        (1, "account.added", "root", "Sara"),
        (2, "account.added", "root", "Kim"),
        (3, "account.role", "root", "Kim"),
    ]
    assert len(call("audit", "--since", "1 h").stdout.splitlines()) == 3
    assert call("audit", "--since", "2099-01-01T00:00").stdout == ""
    assert call("audit", "--since", "soon").exit_code == 2


def test_every_act_has_words() -> None:
    """In each language."""
    for language in languages():
        for act in Act:
            assert phrase(language, f"audit.act.{act.value.replace('.', '_')}", whom="Kim")


def test_an_intact_audit_ends_with_0_and_a_changed_one_with_1(user: Call, call: Call, state: Path) -> None:
    """With the number of the first row that is not right."""
    for name in ("Sara", "Kim", "Eva"):
        user("add", name, "--role", "admin")
    result = call("audit", "verify")
    assert (result.exit_code, result.stdout) == (0, "The audit is intact: 3 rows, none changed and none missing.\n")
    with closing(sqlite3.connect(state / "accounts.db")) as file, file:
        file.execute("DROP TRIGGER audit_is_never_changed")
        file.execute("UPDATE audit SET after = '\"viewer\"' WHERE number = 2")
    result = call("audit", "verify")
    assert result.exit_code == 1
    assert "row 2 was changed" in result.stdout
    found = call("audit", "verify", "--json")
    assert (found.exit_code, json.loads(found.stdout)) == (
        1,
        {"version": 1, "rows": 1, "broken": 2, "reason": "content"},
    )


def test_an_audit_that_is_not_there_is_not_called_intact(call: Call) -> None:
    """As with a wrong --state."""
    result = call("audit", "verify")
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, "TWL-A001")
    result = call("audit")
    assert (result.exit_code, result.stderr) == (0, "The audit contains nothing of this kind.\n")
