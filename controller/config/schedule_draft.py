"""Unsaved changes: edits of the schedule as values, applied to the current file.

A draft holds no text of the file but the edits: if somebody else has saved in between, they are applied to the new
text. An edit of a rule remembers the previous fields of the rule (`was`), so that a rule that both changed is found:
then each field to which both gave a different value is asked about (`disputes`), and nothing is preselected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from controller.config.load import open_schedule
from controller.config.rule_form import Group, field_texts, form_from, form_of
from controller.config.schedule_edit import Edited, Outcome, RuleKey, move_rule, remove_rule, save_form
from controller.config.tower import Tower

Fields = Mapping[str, str]
"""The fields of a form, as in `rule_form.field_texts`."""


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RuleEdit(_Edit):
    """A rule with these fields; `name` is its previous name, None for a new one. `was` are its previous fields, empty
    for a new one."""

    edit: Literal["rule"] = "rule"
    group: Group
    name: str | None
    fields: Fields
    was: Fields = {}

    @property
    def called(self) -> str:
        """The new name of the rule."""
        return self.fields.get("name", "")


class RuleMove(_Edit):
    """Moves a rule to another place in its list, counted from 0."""

    edit: Literal["move"] = "move"
    group: Group
    name: str
    to: int


class RuleRemoval(_Edit):
    """Removes a rule from a list; `was` are its fields."""

    edit: Literal["remove"] = "remove"
    group: Group
    name: str
    was: Fields = {}


class WholeText(_Edit):
    """Replaces the whole file: with a typed text, or with an earlier version."""

    edit: Literal["text"] = "text"
    text: str


ScheduleEdit = Annotated[RuleEdit | RuleMove | RuleRemoval | WholeText, Field(discriminator="edit")]
EDITS: TypeAdapter[tuple[ScheduleEdit, ...]] = TypeAdapter(tuple[ScheduleEdit, ...])


@dataclass(frozen=True, slots=True)
class FieldDispute:
    """A field to which two people gave different values: the previous one, the current one, and the one of this
    draft."""

    group: Group
    rule: str
    field: str
    was: str
    now: str
    mine: str


def read_edits(content: object) -> tuple[ScheduleEdit, ...]:
    """The edits of a stored draft; raises ValidationError."""
    return EDITS.validate_python(content)


def dumped(edits: Sequence[ScheduleEdit]) -> list[dict[str, Any]]:
    """The edits in their stored form."""
    return [edit.model_dump(mode="json") for edit in edits]


def with_edit(edits: Sequence[ScheduleEdit], edit: ScheduleEdit) -> tuple[ScheduleEdit, ...]:
    """The edits and one more. An edit of the same rule replaces the previous one, and a whole text replaces all."""
    if isinstance(edit, WholeText):
        return (edit,)
    before = next((one for one in edits if _is_same_rule(one, edit)), None)
    if not isinstance(before, RuleEdit):
        return (*edits, edit)
    if isinstance(edit, RuleRemoval):
        rest = tuple(one for one in edits if one is not before and not _is_of(one, before))
        # a new rule that is removed again never existed
        return rest if before.name is None else (*rest, RuleRemoval(group=edit.group, name=before.name, was=before.was))
    if isinstance(edit, RuleEdit):
        meant = edit.model_copy(update={"name": before.name})
        return tuple(meant if one is before else _renamed(one, before, edit.called) for one in edits)
    return (*edits, edit)


def _is_same_rule(one: ScheduleEdit, other: ScheduleEdit) -> bool:
    if not isinstance(one, RuleEdit) or isinstance(other, WholeText) or one.group != other.group:
        return False
    return other.name == one.name if other.name is None else other.name in {one.name, one.called}


def _is_of(one: ScheduleEdit, rule: RuleEdit) -> bool:
    return isinstance(one, RuleMove) and one.group == rule.group and one.name in {rule.name, rule.called}


def _renamed(one: ScheduleEdit, rule: RuleEdit, name: str) -> ScheduleEdit:
    return one.model_copy(update={"name": name}) if _is_of(one, rule) else one


def applied(text: bytes, edits: Sequence[ScheduleEdit], tower: Tower) -> Outcome:
    """The file with all edits, one after another; stops at the first that is impossible."""
    for edit in edits:
        outcome = _after(text, edit, tower)
        if not isinstance(outcome, Edited):
            return outcome
        text = outcome.text
    return Edited(text)


def _after(text: bytes, edit: ScheduleEdit, tower: Tower) -> Outcome:
    match edit:
        case WholeText():
            return Edited(edit.text.encode())
        case RuleEdit():
            key = RuleKey(edit.group, edit.name) if edit.name is not None else None
            return save_form(text, key, form_from(edit.group, edit.fields), tower)
        case RuleMove():
            return move_rule(text, RuleKey(edit.group, edit.name), edit.to, tower)
        case RuleRemoval():
            return remove_rule(text, RuleKey(edit.group, edit.name), tower)


def disputes(text: bytes, edits: Sequence[ScheduleEdit], tower: Tower) -> tuple[FieldDispute, ...]:
    """The fields of rules that somebody else has also changed since the draft was started, with different values."""
    document = open_schedule(text, tower).document
    found = (edit for edit in edits if isinstance(edit, RuleEdit) and edit.name is not None)
    return tuple(one for edit in found for one in _disputes_of(edit, field_texts_of(document, edit)))


def gone(text: bytes, edits: Sequence[ScheduleEdit], tower: Tower) -> tuple[str, ...]:
    """The names of edited rules that somebody else has removed, or renamed, meanwhile."""
    document = open_schedule(text, tower).document
    named = (edit for edit in edits if isinstance(edit, RuleEdit | RuleRemoval) and edit.name is not None)
    return tuple(edit.name or "" for edit in named if form_of(document, edit.group, edit.name or "") is None)


def field_texts_of(document: Any, edit: RuleEdit) -> Fields:
    """The fields of the edited rule in a document; empty if it no longer exists."""
    form = form_of(document, edit.group, edit.name or "")
    return field_texts(form) if form is not None else {}


def _disputes_of(edit: RuleEdit, now: Fields) -> Iterator[FieldDispute]:
    for field in dict.fromkeys((*edit.was, *now, *edit.fields)) if now else ():
        was, theirs, mine = (fields.get(field, "") for fields in (edit.was, now, edit.fields))
        if theirs not in {was, mine} and mine != was:
            yield FieldDispute(edit.group, edit.name or "", field, was, theirs, mine)


def rebased(
    text: bytes, edits: Sequence[ScheduleEdit], tower: Tower, chosen: Mapping[str, str]
) -> tuple[ScheduleEdit, ...]:
    """The edits as if started on this text: what only others changed is kept, and each disputed field has its `chosen`
    value, by `group/rule/field`."""
    if not edits:
        return ()
    document = open_schedule(text, tower).document
    return tuple(_rebased(edit, document, chosen) for edit in edits)


def _rebased(edit: ScheduleEdit, document: Any, chosen: Mapping[str, str]) -> ScheduleEdit:
    if not isinstance(edit, RuleEdit) or edit.name is None:
        return edit
    now = field_texts_of(document, edit)
    if not now:
        return edit
    fields: dict[str, str] = {}
    for field in dict.fromkeys((*edit.was, *now, *edit.fields)):
        was, theirs, mine = (texts.get(field, "") for texts in (edit.was, now, edit.fields))
        value = theirs if mine == was else mine
        fields[field] = chosen.get(f"{edit.group}/{edit.name}/{field}", value)
    return edit.model_copy(update={"fields": {key: value for key, value in fields.items() if value}, "was": now})
