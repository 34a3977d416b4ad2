"""Drafts of the schedule: edits made on the page and not saved, applied to the current file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff

from fastapi import HTTPException
from pydantic import TypeAdapter, ValidationError

from controller.config import setup_notes
from controller.config.findings import Finding
from controller.config.load import Setup, open_schedule
from controller.config.rule_form import Group
from controller.config.schedule_draft import (
    FieldDispute,
    RuleEdit,
    RuleRemoval,
    ScheduleEdit,
    WholeText,
    applied,
    disputes,
    dumped,
    gone,
    read_edits,
    rebased,
    with_edit,
)
from controller.config.schedule_edit import Edited, Faulty, NotPatchable, Outcome
from controller.errors import Refused
from controller.events.words import day_words
from controller.schedule.changes import Changes, changes
from controller.service.change_words import ChangeWords, summary_value, summary_words
from controller.service.saving import DiskSchedule, Saved, ScheduleKeeper
from controller.state.audit import Act
from controller.state.drafts import Draft
from controller.state.versions import ScheduleVersion
from controller.web.rule_words import in_labels
from controller.web.visit import Visit

MOST_LINES = 400
"""Lines of the difference between two texts that are shown."""
NOTHING: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What saving a draft would do to the current file (`current`).

    `outcome` is the new text, or why there is none; `after` is the setup with it, None if it has `findings`.
    `is_moved_on`: somebody else has saved since the draft was started, and its edits are applied to the new file.
    `disputed` are fields that both changed: a value must be chosen first. `gone` are edited rules that no longer
    exist."""

    current: DiskSchedule
    edits: tuple[ScheduleEdit, ...]
    outcome: Outcome
    after: Setup | None
    findings: tuple[Finding, ...] = ()
    is_moved_on: bool = False
    disputed: tuple[FieldDispute, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The new text of the file; the current one if there is none."""
        return self.outcome.text if isinstance(self.outcome, Edited) else self.current.text


def keeper_of(visited: Visit) -> ScheduleKeeper:
    """The object that reads and saves the schedule. Raises Refused TWL-W110 if no file can be changed, as in a demo."""
    if visited.service.keeper is None:
        raise Refused("TWL-W110")
    return visited.service.keeper


def draft_of(visited: Visit) -> Draft | None:
    """The visitor's changes that are not saved."""
    if visited.visitor.name is None:
        return None
    return visited.service.accounts.drafts.of(visited.visitor.owner, visited.service.site)


def draft_by_id(visited: Visit, number: int) -> Draft:
    """The visitor's own draft with this number. Raises HTTPException 404 for any other."""
    draft = draft_of(visited)
    if draft is None or draft.id != number:
        raise HTTPException(404)
    return draft


def edits_of(draft: Draft | None) -> tuple[ScheduleEdit, ...]:
    """The edits of a draft; none if it cannot be read, as one of a later version."""
    try:
        return read_edits(draft.content["edits"]) if draft is not None else ()
    except (ValidationError, KeyError, TypeError):
        return ()


@dataclass(frozen=True, slots=True)
class TypedForm:
    """An unfinished form of a rule: its fields as they were typed. `name` is the name of the rule in the file, None
    for a new one; `base` is the sha256 of the file that the form was made from."""

    group: Group
    name: str | None
    fields: tuple[tuple[str, str], ...]
    base: str

    def is_of(self, group: str, name: str | None) -> bool:
        """Whether it is the form of this rule."""
        return (self.group, self.name) == (group, name)


TYPED: TypeAdapter[TypedForm] = TypeAdapter(TypedForm)


def typed_of(draft: Draft | None) -> TypedForm | None:
    """The unfinished form of a draft."""
    try:
        return TYPED.validate_python(draft.content["typed"]) if draft is not None else None
    except (ValidationError, KeyError, TypeError):
        return None


def keep_typed(visited: Visit, typed: TypedForm) -> Draft:
    """Stores an unfinished form beside the edits of the visitor's draft, replacing the previous one."""
    draft = draft_of(visited)
    return save_edits(visited, edits_of(draft), draft.base if draft is not None else typed.base, typed)


def add_edit(visited: Visit, edit: ScheduleEdit, base: str = "") -> Draft:
    """Adds an edit to the visitor's draft, which is created if there is none. `base` is the sha256 of the file that
    was edited, by default the one on the disk. A finished form is no longer stored as an unfinished one."""
    draft, typed = draft_of(visited), None
    before = edits_of(draft)
    edits, base = with_edit(before, edit), base or keeper_of(visited).read().sha256
    if draft is not None and len(edits) > 1:
        base = (
            draft.base
        )  # each edit of a rule has the fields it started from: what others have saved since is not lost
    if not isinstance(edit, WholeText) and (typed := typed_of(draft)) is not None:
        is_same = isinstance(edit, RuleEdit | RuleRemoval) and typed.is_of(edit.group, edit.name)
        typed = None if is_same else typed
    return save_edits(visited, edits, base, typed)


def save_edits(visited: Visit, edits: tuple[ScheduleEdit, ...], base: str, typed: TypedForm | None = None) -> Draft:
    """Stores these edits, and an unfinished form, as the visitor's draft."""
    content: dict[str, object] = {"edits": dumped(edits)}
    if typed is not None:
        content["typed"] = TYPED.dump_python(typed, mode="json")
    return visited.service.accounts.drafts.save(visited.visitor.owner, visited.service.site, content, base, visited.now)


def save_text(visited: Visit, text: bytes, base: str, why: str) -> Saved:
    """Replaces the file whose sha256 is `base` with a text, as the visitor. Raises as `ScheduleKeeper.save`."""
    actor = visited.actor
    saved = keeper_of(visited).save(text, base, who=actor.name, source=actor.source, why=why)
    version = saved.version
    after = {"sha256": version.sha256, "version": version.number} if version is not None else None
    visited.audit(Act.SCHEDULE_SAVED, before={"sha256": base}, after=after)
    return saved


def proposal(visited: Visit, draft: Draft, chosen: Mapping[str, str] | None = None) -> Proposal:
    """What saving a draft would do; `chosen` are the values of disputed fields, by `group/rule/field`."""
    current, edits = keeper_of(visited).read(), edits_of(draft)
    tower, is_moved_on = visited.snapshot.setup.tower, draft.base != current.sha256
    disputed: tuple[FieldDispute, ...] = ()
    if is_moved_on and not _is_whole(edits):
        disputed = () if chosen is not None else disputes(current.text, edits, tower)
        edits = rebased(current.text, edits, tower, chosen or {})
    outcome, after, findings = applied(current.text, edits, tower), None, NOTHING
    if isinstance(outcome, Edited):
        after = keeper_of(visited).parsed(outcome.text)
        if after is None:
            findings = open_schedule(outcome.text, tower).findings
    elif isinstance(outcome, Faulty):
        findings = outcome.findings
    elif isinstance(outcome, NotPatchable):
        findings = (outcome.finding, *outcome.findings)
    missing: tuple[str, ...] = ()
    if not isinstance(outcome, Edited) and not _is_whole(edits):
        missing = gone(current.text, edits, tower)
    return Proposal(current, edits, outcome, after, findings, is_moved_on, disputed, missing)


def _is_whole(edits: tuple[ScheduleEdit, ...]) -> bool:
    return bool(edits) and isinstance(edits[0], WholeText)


def changes_of(visited: Visit, before: Setup, after: Setup, now: datetime) -> Changes:
    """What changes from now on, below the overrides and the safety stop."""
    program = visited.snapshot.program
    first, second = (setup.program().with_overrides(program.overrides, program.stop) for setup in (before, after))
    return changes(first, second, now)


def words_of(visited: Visit, setup: Setup, changed: Changes) -> ChangeWords:
    """Changes as texts in the language of the visitor."""
    names = setup.tower.landmark.zone_names(visited.language)
    return ChangeWords(visited.language, visited.snapshot.zone, names, changed)


def summary(visited: Visit, changed: Changes) -> str:
    """The edits, in one line."""
    return summary_words(summary_value(changed), visited.language)


def notes_on(visited: Visit, before: Setup | None, after: Setup) -> Iterator[str]:
    """Notes on the new schedule that did not apply to the old one."""
    known = {_essence(each) for each in setup_notes.notes(before, visited.now)} if before is not None else set()
    for finding in setup_notes.notes(after, visited.now):
        if finding.file == after.schedule_text.source.file and _essence(finding) not in known:
            yield in_labels(visited, visited.event_text(finding.event))


def _essence(finding: Finding) -> tuple[str, str]:
    return finding.code, str(sorted(finding.event.fields.items(), key=str))


def diff_lines(before: bytes, after: bytes) -> list[str]:
    """The difference of two texts, as `diff -u` shows it; cut after MOST_LINES."""
    old, new = (each.decode(errors="replace").splitlines() for each in (before, after))
    lines = [line for line in unified_diff(old, new, lineterm="", n=2) if not line.startswith(("---", "+++"))]
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], "…"]


def version_line(visited: Visit, version: ScheduleVersion) -> dict[str, str]:
    """A version in the list: `number`, `who`, `when`, `source`, `what`, `why`."""
    at = version.at.astimezone(visited.snapshot.zone)
    is_this_year = at.year == visited.now.year
    unknown = visited.text("history.unknown_person")
    what = summary_words(version.summary, visited.language) if version.summary is not None else ""
    return {
        "number": str(version.number),
        "who": version.who or unknown,
        "when": f"{day_words(at.date(), visited.language, year=not is_this_year)} {at:%H:%M}",
        "source": visited.text(f"history.source.{version.source}"),
        "what": what or visited.text("history.first" if version.is_first else "history.other"),
        "why": version.why,
    }
