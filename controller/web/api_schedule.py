"""The API for the schedule: the file as text, and drafts that are reviewed before they are saved.

Nothing is overwritten unseen: whoever saves names the file to change in `If-Match`, by the `ETag` of
`/api/v1/schedule` or by the sha256 of the file, with which that tag begins."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from controller.config.load import Setup, open_schedule
from controller.config.render import finding_value
from controller.config.schedule_draft import RuleEdit, RuleRemoval, ScheduleEdit, field_texts_of
from controller.config.source import LIMIT
from controller.errors import FilesRejected
from controller.events import new_event
from controller.rfc3339 import rfc3339
from controller.service.change_words import changes_value
from controller.service.override_request import Line
from controller.service.saving import DiskSchedule, NotWritable, SaveConflict
from controller.state.drafts import Draft
from controller.state.versions import digest
from controller.web.api_models import DraftDocument, DraftsDocument, SavedDocument, ScheduleDocument
from controller.web.api_request import V1, Body, ForDraft, ForSchedule, ForWork, answer, base_of, body_of, with_body
from controller.web.problems import ApiRefused
from controller.web.proposals import (
    Proposal,
    changes_of,
    diff_lines,
    draft_by_id,
    draft_of,
    edits_of,
    keeper_of,
    proposal,
    save_edits,
    save_text,
)
from controller.web.text_view import Number
from controller.web.visit import Visit

router = APIRouter(prefix=V1, tags=["schedule"])
MOST_BYTES = 2 * LIMIT
MOST_EDITS = 100


class ScheduleBody(Body):
    """A text for the whole file, and the reason for the change, which the history shows."""

    text: str
    why: Line = ""


class DraftBody(Body):
    """Edits of rules, or a whole text, applied in order. `fields` of a rule are texts as in the file, by the names
    that the rule has there; fields that are not given keep their value, and an empty text removes one."""

    edits: Annotated[tuple[ScheduleEdit, ...], Field(min_length=1, max_length=MOST_EDITS)]


class SaveBody(Body):
    """The reason for the change; and the value for each disputed field, by `group/rule/field`."""

    why: Line = ""
    chosen: Mapping[str, Annotated[str, StringConstraints(max_length=10_000)]] = {}


OfSchedule = Annotated[ScheduleBody, Depends(body_of(ScheduleBody, MOST_BYTES))]
OfDraft = Annotated[DraftBody, Depends(body_of(DraftBody, MOST_BYTES))]
OfSave = Annotated[SaveBody, Depends(body_of(SaveBody))]
BODIES = (ScheduleBody, DraftBody, SaveBody)


@router.get("/schedule", response_model=ScheduleDocument)
def schedule(visited: ForWork) -> Response:
    """The file on the disk, with its mistakes; a file with mistakes is not in force."""
    current, setup = keeper_of(visited).read(), visited.snapshot.setup
    value = {
        "version": 1,
        "sha256": current.sha256,
        "saved_at": rfc3339(current.saved_at, timespec="seconds") if current.saved_at else None,
        "owner": current.owner,
        "text": current.text.decode(errors="replace"),
        "is_in_force": current.setup is not None and _text_of(current.setup) == _text_of(setup),
        "findings": [finding_value(each, visited.language) for each in current.findings],
    }
    return answer(visited, value, etag=f"{current.sha256}-{digest(repr(value).encode())[:8]}")


@router.put("/schedule", response_model=SavedDocument, openapi_extra=with_body(ScheduleBody))
def save_schedule(visited: ForSchedule, body: OfSchedule) -> Response:
    """Replaces the file that `If-Match` names; a text with mistakes is refused with all of them."""
    return _save(visited, body.text.encode(), base_of(visited), body.why)


@router.get("/drafts", response_model=DraftsDocument)
def drafts(visited: ForDraft) -> Response:
    """The drafts of the caller that are not saved."""
    draft = draft_of(visited)
    return answer(visited, {"version": 1, "drafts": [_value(visited, draft)] if draft is not None else []})


@router.post("/drafts", response_model=DraftDocument, status_code=201, openapi_extra=with_body(DraftBody))
def add_draft(visited: ForSchedule, body: OfDraft) -> Response:
    """Stores edits of the file that `If-Match` names as the caller's draft, replacing the previous one. A draft
    changes nothing."""
    base, current = base_of(visited), keeper_of(visited).read()
    if base != current.sha256:
        raise _changed_meanwhile(current)
    document = open_schedule(current.text, visited.snapshot.setup.tower).document
    edits = tuple(_whole(edit, document) for edit in body.edits)
    draft = save_edits(visited, edits, base)
    return answer(visited, _value(visited, draft), 201, headers={"Location": f"{V1}/drafts/{draft.id}"})


@router.get("/drafts/{number}", response_model=DraftDocument)
def draft(visited: ForDraft, number: Number) -> Response:
    """What saving it would change: the file as it is now, and the light."""
    return answer(visited, _value(visited, draft_by_id(visited, number)))


@router.post("/drafts/{number}/save", response_model=SavedDocument, openapi_extra=with_body(SaveBody))
def save_draft(visited: ForSchedule, number: Number, body: OfSave) -> Response:
    """Writes the file, if it is still the one that `If-Match` names, and deletes the draft."""
    base, draft = base_of(visited), draft_by_id(visited, number)
    found = proposal(visited, draft)
    if base != found.current.sha256:
        raise _changed_meanwhile(found.current)
    if found.disputed:
        disputed = [f"{each.group}/{each.rule}/{each.field}" for each in found.disputed]
        if missing := [field for field in disputed if field not in body.chosen]:
            raise ApiRefused(409, new_event("TWL-W215", fields=", ".join(missing)))
        found = proposal(visited, draft, {field: body.chosen[field] for field in disputed})
    if found.after is None:
        raise FilesRejected(found.findings)
    answered = _save(visited, found.text, base, body.why)
    visited.service.accounts.drafts.discard(number, visited.visitor.owner)
    return answered


@router.delete("/drafts/{number}", status_code=204)
def discard_draft(visited: ForSchedule, number: Number) -> Response:
    """Deletes the draft."""
    draft = draft_by_id(visited, number)
    visited.service.accounts.drafts.discard(draft.id, visited.visitor.owner)
    return Response(status_code=204)


def _whole(edit: ScheduleEdit, document: Any) -> ScheduleEdit:
    """The edit with all fields of the rule: the given ones, and the current values of the others."""
    if not isinstance(edit, RuleEdit | RuleRemoval) or edit.name is None:
        return edit
    was = field_texts_of(document, RuleEdit(group=edit.group, name=edit.name, fields={}))
    if isinstance(edit, RuleRemoval):
        return edit.model_copy(update={"was": was})
    fields = {key: text for key, text in {**was, **edit.fields}.items() if text}
    return edit.model_copy(update={"was": was, "fields": fields})


def _text_of(setup: Setup) -> tuple[str, ...]:
    return setup.schedule_text.source.lines


def _value(visited: Visit, draft: Draft) -> dict[str, Any]:
    found: Proposal = proposal(visited, draft)
    before = found.current.setup or visited.snapshot.setup
    changed = changes_of(visited, before, found.after, visited.now) if found.after is not None else None
    return {
        "version": 1,
        "id": draft.id,
        "base": draft.base,
        "saved_at": rfc3339(draft.saved, timespec="seconds"),
        "sha256": found.current.sha256,
        "is_moved_on": found.is_moved_on,
        "edits": [edit.model_dump(mode="json") for edit in edits_of(draft)],
        "disputes": [asdict(each) for each in found.disputed],
        "findings": [finding_value(each, visited.language) for each in found.findings],
        "text": found.text.decode(errors="replace") if found.after is not None else None,
        "diff": diff_lines(found.current.text, found.text),
        "changes": changes_value(changed) if changed is not None else None,
    }


def _save(visited: Visit, text: bytes, base: str, why: str) -> Response:
    try:
        saved = save_text(visited, text, base, why)
    except SaveConflict as error:
        raise _changed_meanwhile(error.current) from error
    except NotWritable as error:
        raise ApiRefused(503, new_event(error.code, **error.fields)) from error
    version = saved.version
    sha256 = version.sha256 if version is not None else keeper_of(visited).read().sha256
    value = version.value if version is not None else None
    return answer(visited, {"version": 1, "sha256": sha256, "saved": value, "taken": saved.taken}, etag=sha256)


def _changed_meanwhile(current: DiskSchedule) -> ApiRefused:
    headers = {"ETag": f'"{current.sha256}"'}
    return ApiRefused(412, new_event("TWL-W210", sha256=current.sha256), headers=headers)
