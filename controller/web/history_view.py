"""Historik: who changed what, and how do I go back? Every version of the schedule, however it was saved."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from controller.config.schedule_draft import WholeText
from controller.schedule.changes import changes
from controller.state.versions import ScheduleVersion
from controller.web.forms import FormOf
from controller.web.proposals import add_edit, diff_lines, draft_of, keeper_of, version_line, words_of
from controller.web.visit import ForOperator, ForViewer, Visit

router = APIRouter()
PAGE = 50
Number = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/history", include_in_schema=False)
def history(visited: ForViewer, page: Annotated[int, Query(ge=1)] = 1) -> HTMLResponse:
    """The versions, the newest first; above them the file on the disk if it is none of them."""
    if visited.service.keeper is None:
        return visited.page(
            "history", versions=[], current=None, is_new=False, draft=None, page=1, pages=1, may_undo=False
        )
    keeper = keeper_of(visited)
    current, versions = keeper.read(), keeper.versions.versions()
    pages = max(1, -(-len(versions) // PAGE))
    shown = versions[(page - 1) * PAGE : page * PAGE]
    in_force = versions[0].sha256 if versions and versions[0].sha256 == current.sha256 else None
    return visited.page(
        "history",
        versions=[version_line(visited, each) | {"in_force": each is versions[0] and bool(in_force)} for each in shown],
        current=current,
        is_new=in_force is None,
        draft=draft_of(visited) if visited.visitor.name is not None else None,
        page=page,
        pages=pages,
        may_undo=len(versions) > 1 or (bool(versions) and in_force is None),
    )


@router.get("/history/{number}", include_in_schema=False)
def version(visited: ForViewer, number: Number) -> HTMLResponse:
    """One version: its changes when it was saved, and its text."""
    keeper = keeper_of(visited)
    found = version_of(visited, number)
    before, text = keeper.changed_by(found)
    old, new = (None if each is None else keeper.parsed(each) for each in (before, text))
    words = None
    if old is not None and new is not None:
        changed = changes(old.program(), new.program(), found.at)
        words = words_of(visited, new, changed)
    return visited.page(
        "version",
        version=version_line(visited, found),
        words=words,
        diff=diff_lines(before or b"", text),
        text=text.decode(errors="replace"),
        is_current=keeper.read().sha256 == found.sha256,
    )


@router.post("/history/{number}/restore", include_in_schema=False)
def restore(visited: ForOperator, number: Number, form: FormOf) -> RedirectResponse:  # noqa: ARG001  checks the form
    """A draft equal to a version: its changes are shown before it is saved."""
    text = keeper_of(visited).versions.text(version_of(visited, number))
    return _drafted(visited, text)


@router.post("/history/undo", include_in_schema=False)
def undo(visited: ForOperator, form: FormOf) -> RedirectResponse:  # noqa: ARG001  checks the form
    """A draft equal to the version before the one in force."""
    keeper = keeper_of(visited)
    target = keeper.undo(keeper.read())
    if target is None:
        return visited.to("/history", visited.text("history.nothing_to_undo"))
    return _drafted(visited, keeper.versions.text(target))


def _drafted(visited: Visit, text: bytes) -> RedirectResponse:
    draft = add_edit(visited, WholeText(text=text.decode()))
    return visited.to(f"/schedule/draft/{draft.id}")


def version_of(visited: Visit, number: int) -> ScheduleVersion:
    """The version with this number. Raises HTTPException 404 if there is none."""
    found = keeper_of(visited).versions.version(number)
    if found is None:
        raise HTTPException(404)
    return found
