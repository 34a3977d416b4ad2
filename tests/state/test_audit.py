"""The audit: rows that are only added, and whatever is done to them beside the program is noticed."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import Refused
from controller.events import Event
from controller.state.accounts import AccountStore
from controller.state.audit import Act, Actor, AuditEntry, AuditVerdict
from controller.state.roles import Source
from tests.postgres import only_files

KIM = Actor("Kim", Source.PAGE, "192.0.2.7")
NAMES_FOR = timedelta(days=730)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
UNGUARD = "DROP TRIGGER audit_is_never_changed", "DROP TRIGGER audit_is_never_deleted"
"""What somebody with a tool for SQLite would do first."""
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from controller.state.accounts import AccountStore
from controller.state.audit import Act, Actor, AuditEntry
from controller.state.roles import Source
store = AccountStore(Path(sys.argv[1]), print)
for number in range(int(sys.argv[3])):
    actor = Actor(sys.argv[2], Source.COMMAND_LINE)
    store.audit.append(AuditEntry(Act.OVERRIDE_SET, actor, after=number), datetime(2026, 11, 20, tzinfo=UTC))
"""
Tamper = Callable[..., None]


@pytest.fixture
def tamper(accounts: AccountStore, tmp_path: Path) -> Tamper:
    """Changes the file beside the program."""

    def change(*statements: str) -> None:
        accounts.close()
        with closing(sqlite3.connect(tmp_path / "accounts.db")) as file, file:
            for statement in (*UNGUARD, *statements):
                file.execute(statement)

    return change


@pytest.fixture
def five(accounts: AccountStore, now: datetime) -> AccountStore:
    """Five rows, a second apart."""
    for number in range(5):
        accounts.audit.append(
            AuditEntry(Act.OVERRIDE_SET, KIM, after={"look": "blue", "n": number}), now + number * SECOND
        )
    return accounts


def test_a_row_says_who_did_what_when_and_from_where(accounts: AccountStore, now: datetime) -> None:
    """With what was before and after."""
    accounts.audit.append(AuditEntry(Act.ACCOUNT_ROLE, KIM, "Sara", "viewer", "operator"), now)
    (row,) = accounts.audit.rows()
    assert (row.number, row.at, row.act, row.actor, row.whom) == (1, now, "account.role", KIM, "Sara")
    assert (row.before, row.after, row.is_pseudonymous) == ("viewer", "operator", False)


def test_rows_come_oldest_first_page_by_page_and_since_an_instant(five: AccountStore, now: datetime) -> None:
    """None twice, none left out."""
    audit = five.audit
    assert [row.number for row in audit.rows(most=2)] == [1, 2]
    assert [row.number for row in audit.rows(after=2, most=2)] == [3, 4]
    assert [row.number for row in audit.rows(since=now + 3 * SECOND)] == [4, 5]


def test_an_intact_audit_is_found_intact(five: AccountStore) -> None:
    """From the first row to the last."""
    assert five.audit.verify() == AuditVerdict(5)


def test_an_empty_audit_is_intact(accounts: AccountStore) -> None:
    """Nothing was done yet."""
    assert accounts.audit.verify() == AuditVerdict(0)


@only_files
def test_the_file_itself_refuses_to_change_or_delete_rows(five: AccountStore, tmp_path: Path) -> None:
    """Whoever does it by mistake."""
    five.close()
    for statement in ("UPDATE audit SET act = 'x'", "DELETE FROM audit"):
        with closing(sqlite3.connect(tmp_path / "accounts.db")) as file, pytest.raises(sqlite3.IntegrityError):
            file.execute(statement)


@pytest.mark.parametrize("column", ["at", "act", "before", "after", "source", "people"])
@only_files
def test_a_changed_row_is_found(five: AccountStore, tamper: Tamper, column: str) -> None:
    """Whatever of it was changed."""
    tamper(f"UPDATE audit SET {column} = '\"2026-11-20T15:00:09.000Z\"' WHERE number = 3")  # noqa: S608
    assert five.audit.verify() == AuditVerdict(2, 3, "content")


@only_files
def test_a_row_that_was_hashed_again_is_found_at_the_next_one(five: AccountStore, tamper: Tamper) -> None:
    """Its successor holds the hash that it had."""
    tamper("UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 1), previous = 'x' WHERE number = 4")
    assert five.audit.verify() == AuditVerdict(3, 4, "predecessor")


@pytest.mark.parametrize(("which", "first"), [("= 1", 1), ("= 3", 3), ("= 5", 5), (">= 3", 3), ("> 0", 1)])
@only_files
def test_missing_rows_are_found_also_at_the_end(five: AccountStore, tamper: Tamper, which: str, first: int) -> None:
    """By the number of the first that is missing."""
    tamper(f"DELETE FROM audit WHERE number {which}")  # noqa: S608
    assert five.audit.verify() == AuditVerdict(first - 1, first, "missing")


@only_files
def test_rows_that_were_missing_at_the_end_stay_missing(five: AccountStore, tamper: Tamper, now: datetime) -> None:
    """Later rows do not take their numbers."""
    tamper("DELETE FROM audit WHERE number >= 4")
    five.audit.append(AuditEntry(Act.STOP_SET, KIM), now)
    assert [row.number for row in five.audit.rows()] == [1, 2, 3, 6]
    assert five.audit.verify() == AuditVerdict(3, 4, "missing")


@only_files
def test_an_older_copy_of_the_file_is_noticed(five: AccountStore, tmp_path: Path, now: datetime) -> None:
    """The head beside it knows of later rows."""
    five.close()
    copy = (tmp_path / "accounts.db").read_bytes()
    five.audit.append(AuditEntry(Act.STOP_SET, KIM), now)
    five.close()
    (tmp_path / "accounts.db").write_bytes(copy)
    assert five.audit.verify() == AuditVerdict(5, 6, "missing")


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "no_head"), ("", "no_head"), ("5 abc\n", "head"), ("99 abc", "missing")]
)
@only_files
def test_a_head_that_does_not_fit_is_noticed(
    five: AccountStore, tmp_path: Path, content: str | None, reason: str
) -> None:
    """Deleted, emptied or another one."""
    head = tmp_path / "audit.head"
    head.unlink() if content is None else head.write_text(content)
    assert five.audit.verify().reason == reason


@only_files
def test_a_crash_between_a_row_and_the_head_is_no_break(five: AccountStore, tmp_path: Path, now: datetime) -> None:
    """The head may be behind, never ahead."""
    behind = (tmp_path / "audit.head").read_text()
    five.audit.append(AuditEntry(Act.STOP_SET, KIM), now)
    (tmp_path / "audit.head").write_text(behind)
    assert five.audit.verify() == AuditVerdict(6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_names SET names = replace(names, 'Kim', 'Eve') WHERE number = 2",
        "DELETE FROM audit_names WHERE number = 2",
        "UPDATE audit_names SET salt = '' WHERE number = 2",
    ],
)
@only_files
def test_a_name_that_was_changed_or_deleted_is_found(five: AccountStore, tamper: Tamper, statement: str) -> None:
    """Though the names are beside the chain."""
    tamper(statement)
    assert five.audit.verify() == AuditVerdict(1, 2, "names")


@only_files
def test_names_become_pseudonyms_after_their_time_and_the_chain_stays_whole(
    accounts: AccountStore, now: datetime, tmp_path: Path
) -> None:
    """The same person keeps the same one; name, address and salt are gone from the file."""
    audit = accounts.audit
    sara = Actor("Sara", Source.API, "198.51.100.4")
    for number, actor in enumerate((KIM, sara, KIM)):
        audit.append(AuditEntry(Act.ACCOUNT_ROLE, actor, "Zoë", after=number), now + number * SECOND)
    later = now + NAMES_FOR + DAY
    audit.append(AuditEntry(Act.STOP_SET, sara), later)
    assert audit.remove_names(later, NAMES_FOR) == 3
    assert audit.remove_names(later, NAMES_FOR) == 0
    assert audit.verify() == AuditVerdict(5)
    first, second, third, stop, newest = audit.rows()
    assert (newest.act, newest.after) == (Act.NAMES_REMOVED, {"up_to": 3, "rows": 3})
    assert stop.actor == sara
    assert first.actor == third.actor != second.actor
    assert first.actor.name.startswith("person-")
    assert [row.is_pseudonymous for row in (stop, second)] == [False, True]
    accounts.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Kim" not in content
    assert b"192.0.2.7" not in content
    assert "Zoë".encode() not in content


@only_files
def test_a_name_that_went_before_its_time_is_found_after_others_went_in_theirs(
    accounts: AccountStore, now: datetime, tamper: Tamper
) -> None:
    """The audit says up to which row names were removed."""
    for at in (now, now + NAMES_FOR):
        accounts.audit.append(AuditEntry(Act.STOP_SET, KIM), at)
    accounts.audit.remove_names(now + NAMES_FOR + DAY, NAMES_FOR)
    tamper("UPDATE audit_names SET salt = '', names = '{}' WHERE number = 2")
    assert accounts.audit.verify() == AuditVerdict(1, 2, "names")


@only_files
def test_a_row_that_cannot_be_read_is_reported(five: AccountStore, tamper: Tamper) -> None:
    """Without a traceback."""
    tamper("UPDATE audit SET source = 'nowhere', after = '{' WHERE number = 2")
    with pytest.raises(Refused) as caught:
        five.audit.rows()
    assert (caught.value.code, caught.value.fields) == ("TWL-A003", {"number": 2})


@pytest.mark.real
@only_files
def test_processes_that_act_at_once_make_one_chain(accounts: AccountStore, tmp_path: Path) -> None:
    """Every act of each of them is there, and the head is that of the last."""
    assert accounts.accounts() == ()
    call = [sys.executable, "-c", SCRIPT, tmp_path]
    running = [subprocess.Popen([*call, name, "15"]) for name in ("Kim", "Sara", "Åsa")]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert accounts.audit.verify() == AuditVerdict(45)
    rows = accounts.audit.rows()
    assert [row.number for row in rows] == list(range(1, 46))
    for name in ("Kim", "Sara", "Åsa"):
        assert [row.after for row in rows if row.actor.name == name] == list(range(15))
    assert (tmp_path / "audit.head").read_text().split()[0] == "45"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ENTRIES = st.builds(
    AuditEntry, st.sampled_from(Act), st.builds(Actor, TEXT, st.sampled_from(Source), TEXT), TEXT, JSON, JSON
)
COLUMNS = ("at", "act", "before", "after", "source", "people", "previous", "hash")


@settings(max_examples=25, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=6), st.data())
def test_any_acts_are_read_back_and_any_change_of_one_is_found(entries: list[AuditEntry], data: st.DataObject) -> None:
    """At that row, or at the one after it."""
    with TemporaryDirectory() as folder:
        events: list[Event] = []
        with closing(AccountStore(Path(folder), events.append)) as store:
            for entry in entries:
                store.audit.append(entry, datetime(2026, 11, 20, tzinfo=UTC))
            found = [(row.act, row.actor, row.whom, row.before, row.after) for row in store.audit.rows()]
            assert found == [(each.act, each.actor, each.whom, each.before, each.after) for each in entries]
            assert store.audit.verify() == AuditVerdict(len(entries))
            number = data.draw(st.integers(1, len(entries)))
            column = data.draw(st.sampled_from(COLUMNS))
            store.close()
            with closing(sqlite3.connect(Path(folder) / "accounts.db")) as file, file:
                file.execute(UNGUARD[0])
                file.execute(f"UPDATE audit SET {column} = {column} || 'x' WHERE number = ?", (number,))  # noqa: S608
            assert store.audit.verify().broken == number
        assert events == []
