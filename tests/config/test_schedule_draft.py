"""Edits that are not saved yet: kept as values, and applied to whatever the file says by then."""

from pathlib import Path

import pytest

from controller.config.load import Setup, open_schedule
from controller.config.rule_form import field_texts, form_of
from controller.config.schedule_draft import (
    RuleEdit,
    RuleMove,
    RuleRemoval,
    ScheduleEdit,
    WholeText,
    applied,
    disputes,
    dumped,
    read_edits,
    rebased,
    with_edit,
)
from controller.config.schedule_edit import Edited, NotPatchable
from controller.config.tower import Tower

SHIPPED = (Path(__file__).parents[2] / "config" / "schedule.yaml").read_bytes()
WEEK = "En vecka fri från våld"
NEW = {"name": "Orange the World", "days": "25 november till 10 december", "kind": "nights", "color": "orange"}


@pytest.fixture(scope="module")
def tower(shipped: Setup) -> Tower:
    """The shipped one."""
    return shipped.tower


def fields_of(text: bytes, tower: Tower, name: str = WEEK) -> dict[str, str]:
    """The fields of a campaign; none where there is no such campaign."""
    form = form_of(open_schedule(text, tower).document, "campaigns", name)
    return field_texts(form) if form is not None else {}


def edit_of(tower: Tower, text: bytes = SHIPPED, **changed: str) -> RuleEdit:
    """The week with other values."""
    was = fields_of(text, tower)
    return RuleEdit(group="campaigns", name=WEEK, fields={**was, **changed}, was=was)


def text_of(tower: Tower, *edits: ScheduleEdit, text: bytes = SHIPPED) -> bytes:
    """The file with these edits."""
    outcome = applied(text, edits, tower)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def names(text: bytes, tower: Tower) -> list[str]:
    """Of the campaigns, the highest first."""
    schedule = open_schedule(text, tower).schedule
    assert schedule is not None
    return [campaign.name for campaign in schedule.campaigns]


def test_edits_are_applied_one_after_another(tower: Tower) -> None:
    """A new rule may be moved to the top in the same draft."""
    new = RuleEdit(group="campaigns", name=None, fields=NEW)
    text = text_of(tower, edit_of(tower, brightness="60 %"), new, RuleMove(group="campaigns", name=NEW["name"], to=0))
    assert names(text, tower) == [NEW["name"], WEEK]
    assert fields_of(text, tower)["brightness"] == "60 %"


def test_edits_are_stored_as_json_and_read_back(tower: Tower) -> None:
    """Of every kind."""
    edits = (
        edit_of(tower, color="blue"),
        RuleMove(group="campaigns", name=WEEK, to=0),
        RuleRemoval(group="blackouts", name="Fåglar"),
        WholeText(text="version: 1\n"),
    )
    assert read_edits(dumped(edits)) == edits


def test_an_edit_of_the_same_rule_takes_the_place_of_the_one_before(tower: Tower) -> None:
    """However often a form is sent."""
    first, second = edit_of(tower, color="blue"), edit_of(tower, color="red")
    edits = with_edit(with_edit((), first), second)
    assert len(edits) == 1
    assert fields_of(text_of(tower, *edits), tower)["color"] == "red"


def test_a_rule_that_got_another_name_in_the_draft_is_found_by_both(tower: Tower) -> None:
    """By the name of the file and by the new one; a move of it goes along."""
    edits = with_edit((), edit_of(tower, name="Veckan"))
    edits = with_edit(edits, RuleMove(group="campaigns", name="Veckan", to=0))
    again = RuleEdit(group="campaigns", name="Veckan", fields={**fields_of(SHIPPED, tower), "name": "Vecka 47"})
    edits = with_edit(edits, again)
    assert names(text_of(tower, *edits), tower) == ["Vecka 47"]


def test_a_new_rule_that_is_removed_again_was_never_there(tower: Tower) -> None:
    """Nothing is left of it."""
    edits = with_edit((), RuleEdit(group="campaigns", name=None, fields=NEW))
    edits = with_edit(edits, RuleMove(group="campaigns", name=NEW["name"], to=0))
    assert with_edit(edits, RuleRemoval(group="campaigns", name=NEW["name"])) == ()


def test_an_edited_rule_that_is_removed_goes_by_its_name_in_the_file(tower: Tower) -> None:
    """Its edit is dropped."""
    edits = with_edit((), edit_of(tower, name="Veckan"))
    edits = with_edit(edits, RuleRemoval(group="campaigns", name="Veckan"))
    assert names(text_of(tower, *edits), tower) == []


def test_a_whole_text_takes_the_place_of_all(tower: Tower) -> None:
    """And a form may change it further."""
    edits = with_edit(with_edit((), edit_of(tower, color="blue")), WholeText(text=SHIPPED.decode()))
    assert text_of(tower, *edits) == SHIPPED
    assert fields_of(text_of(tower, *with_edit(edits, edit_of(tower, color="red"))), tower)["color"] == "red"


def test_a_change_of_another_rule_keeps_both(tower: Tower) -> None:
    """Somebody saved a new campaign meanwhile."""
    mine = edit_of(tower, brightness="60 %")
    theirs = text_of(tower, RuleEdit(group="campaigns", name=None, fields=NEW))
    assert disputes(theirs, (mine,), tower) == ()
    text = text_of(tower, *rebased(theirs, (mine,), tower, {}), text=theirs)
    assert names(text, tower) == [WEEK, NEW["name"]]
    assert fields_of(text, tower)["brightness"] == "60 %"


def test_other_fields_of_the_same_rule_keep_both(tower: Tower) -> None:
    """What only the other has changed stays as the other has it."""
    mine, theirs = edit_of(tower, brightness="60 %"), text_of(tower, edit_of(tower, color="blue"))
    assert disputes(theirs, (mine,), tower) == ()
    fields = fields_of(text_of(tower, *rebased(theirs, (mine,), tower, {}), text=theirs), tower)
    assert (fields["brightness"], fields["color"]) == ("60 %", "blue")


@pytest.mark.parametrize("chosen", ["blue", "red"])
def test_the_same_field_is_asked_about(tower: Tower, chosen: str) -> None:
    """As it was, as the other has it, as the draft has it; and what is chosen holds."""
    mine, theirs = edit_of(tower, color="red"), text_of(tower, edit_of(tower, color="blue"))
    (dispute,) = disputes(theirs, (mine,), tower)
    assert (dispute.field, dispute.was, dispute.now, dispute.mine) == ("color", "orange", "blue", "red")
    edits = rebased(theirs, (mine,), tower, {f"campaigns/{WEEK}/color": chosen})
    assert disputes(theirs, edits, tower) == ()
    assert fields_of(text_of(tower, *edits, text=theirs), tower)["color"] == chosen


def test_the_same_change_by_both_is_no_dispute(tower: Tower) -> None:
    """They agree."""
    both = edit_of(tower, color="blue")
    assert disputes(text_of(tower, both), (both,), tower) == ()


def test_a_rule_that_is_gone_cannot_be_changed(tower: Tower) -> None:
    """It is shown, and nothing is written."""
    theirs = text_of(tower, RuleRemoval(group="campaigns", name=WEEK))
    assert isinstance(applied(theirs, (edit_of(tower, color="red"),), tower), NotPatchable)
