"""Drafts: what was typed is there again, for whoever typed it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.errors import Refused
from controller.events import Event
from controller.state.accounts import AccountStore
from tests.postgres import only_files

FORM = {"name": "En vecka fri från våld", "dates": "21–27 november", "bad": "31 novembr <img onerror>"}
MINUTE = timedelta(minutes=1)


@only_files
def test_a_draft_outlives_the_process(
    accounts: AccountStore, now: datetime, tmp_path: Path, emitted: list[Event]
) -> None:
    """Everything that was typed, mistakes too."""
    saved = accounts.drafts.save("Kim", "alvesta", FORM, "9f3c", now)
    accounts.close()
    again = AccountStore(tmp_path, emitted.append)
    assert again.drafts.of("Kim", "alvesta") == saved
    assert (saved.content, saved.base, saved.saved) == (FORM, "9f3c", now)
    again.close()


def test_each_person_has_one_for_each_site(accounts: AccountStore, now: datetime) -> None:
    """A later one takes its place and keeps its id; others see that there is one."""
    first = accounts.drafts.save("Kim", "alvesta", FORM, "9f3c", now)
    second = accounts.drafts.save("Kim", "alvesta", {"name": "x"}, "77aa", now + MINUTE)
    accounts.drafts.save("Sara", "alvesta", FORM, "9f3c", now)
    accounts.drafts.save("Kim", "moheda", FORM, "9f3c", now)
    assert first.id == second.id
    assert [draft.person for draft in accounts.drafts.all("alvesta")] == ["Kim", "Sara"]
    assert accounts.drafts.of("Kim", "alvesta") == second


def test_only_its_owner_discards_a_draft(accounts: AccountStore, now: datetime) -> None:
    """Nobody drops the work of another."""
    draft = accounts.drafts.save("Kim", "alvesta", FORM, "9f3c", now)
    assert accounts.drafts.discard(draft.id, "Sara") is None
    assert accounts.drafts.of("Kim", "alvesta") == draft
    assert accounts.drafts.discard(draft.id, "Kim") == draft
    assert accounts.drafts.of("Kim", "alvesta") is None


def test_an_endless_draft_is_refused_and_the_one_before_stays(accounts: AccountStore, now: datetime) -> None:
    """It would fill the disk."""
    draft = accounts.drafts.save("Kim", "alvesta", FORM, "9f3c", now)
    with pytest.raises(Refused) as caught:
        accounts.drafts.save("Kim", "alvesta", "x" * 3_000_000, "9f3c", now)
    assert caught.value.code == "TWL-A017"
    assert accounts.drafts.of("Kim", "alvesta") == draft
