"""What somebody has changed and not saved: edits of the schedule as values, applied to whatever the file says now.

A draft holds no text of the file but the edits: where somebody else saved in between, they are applied anew to the new
text. An edit of a rule remembers the fields of the rule as it was (`was`), so that a rule that both changed is found:
then each field that both gave another value is asked about (`disputes`), and nothing is chosen beforehand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from controller.config.load import open_schedule
from controller.config.rule_form import Group, field_texts, form_from, form_of
from controller.config.schedule_edit import Edited, Outcome, RuleKey, move_rule, remove_rule, save_form
from controller.config.tower import Tower

Fields = Mapping[str, str]
"""The fields of a form, as `rule_form.field_texts` has them."""


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RuleEdit(_Edit):
    """A rule with these fields; `name` is what it was called before, None for a new one. `was` are its fields then,
    empty for a new one."""

    edit: Literal["rule"] = "rule"
    group: Group
    name: str | None
    fields: Fields
    was: Fields = {}

    @property
    def called(self) -> str:
        """What the rule is called afterwards."""
        return self.fields.get("name", "")


class RuleMove(_Edit):
    """A rule at another place of its list, counted from 0."""

    edit: Literal["move"] = "move"
    group: Group
    name: str
    to: int


class RuleRemoval(_Edit):
    """A list without a rule; `was` are its fields."""

    edit: Literal["remove"] = "remove"
    group: Group
    name: str
    was: Fields = {}


class WholeText(_Edit):
    """Another text in place of the file: typed as a file, or an earlier version."""

    edit: Literal["text"] = "text"
    text: str


ScheduleEdit = Annotated[RuleEdit | RuleMove | RuleRemoval | WholeText, Field(discriminator="edit")]
EDITS: TypeAdapter[tuple[ScheduleEdit, ...]] = TypeAdapter(tuple[ScheduleEdit, ...])


@dataclass(frozen=True, slots=True)
class FieldDispute:
    """A field to which two people gave other values: as it was, as it is now, and as this draft has it."""

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
    """As they are stored."""
    return [edit.model_dump(mode="json") for edit in edits]


def with_edit(edits: Sequence[ScheduleEdit], edit: ScheduleEdit) -> tuple[ScheduleEdit, ...]:
    """The edits and one more. An edit of the same rule takes the place of the one before, and a whole text that of
    all."""
    if isinstance(edit, WholeText):
        return (edit,)
    before = next((one for one in edits if _is_same_rule(one, edit)), None)
    if not isinstance(before, RuleEdit):
        return (*edits, edit)
    if isinstance(edit, RuleRemoval):
        rest = tuple(one for one in edits if one is not before and not _is_of(one, before))
        # a new rule that is removed again was never there
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
    """The file with all edits, one after another; the first that cannot be made ends it."""
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
    """The fields of rules that somebody else has changed too since the draft began, where both are not the same."""
    document = open_schedule(text, tower).document
    found = (edit for edit in edits if isinstance(edit, RuleEdit) and edit.name is not None)
    return tuple(one for edit in found for one in _disputes_of(edit, field_texts_of(document, edit)))


def gone(text: bytes, edits: Sequence[ScheduleEdit], tower: Tower) -> tuple[str, ...]:
    """The names of rules that are edited and that somebody else has taken out, or called otherwise, meanwhile."""
    document = open_schedule(text, tower).document
    named = (edit for edit in edits if isinstance(edit, RuleEdit | RuleRemoval) and edit.name is not None)
    return tuple(edit.name or "" for edit in named if form_of(document, edit.group, edit.name or "") is None)


def field_texts_of(document: Any, edit: RuleEdit) -> Fields:
    """The fields of the rule that is edited, as a document has them; none where it is gone."""
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
    """The edits as if they had been begun on this text: what only others changed is as they have it, and of each field
    that is disputed what was `chosen`, by `group/rule/field`."""
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
