"""The schedule as a whole text. Filen: schedule.yaml with its mistakes at their lines and their cures; for what no form
can show, and for a file that was broken in an editor.

Historik: who changed what, and how do I go back? Every version of the schedule, however it was saved.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from controller.config.cure_place import text_in
from controller.config.cures import followed
from controller.config.findings import Finding
from controller.config.load import open_schedule
from controller.config.schedule_draft import WholeText
from controller.config.schedule_text import FileText
from controller.config.source import LIMIT
from controller.schedule.changes import changes
from controller.state.versions import ScheduleVersion
from controller.web.forms import Form, FormOf, checked_form
from controller.web.proposals import add_edit, diff_lines, draft_of, edits_of, keeper_of, version_line, words_of
from controller.web.visit import ForOperator, ForViewer, Visit

router = APIRouter()
VERSIONS_PER_PAGE = 50
Number = Annotated[int, Path(ge=1, le=2**53)]
AROUND = 2
MOST_SHOWN = 20
MOST_ENCODED = 3 * LIMIT
"""Bytes of an encoded form with a file of the largest size."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding on the page: its line with the lines around it, and a mark below the place."""

    code: str
    text: str
    cure: str
    line: int
    lines: tuple[tuple[int, str], ...]
    mark: str
    is_error: bool
    cures: tuple[tuple[str, str], ...] = ()
    """Key of each suggestion, and its text."""


@router.get("/schedule/file", include_in_schema=False)
def file(visited: ForViewer) -> HTMLResponse:
    """The file on the disk with its findings; the text in force may be older. A draft of the whole text is shown
    instead."""
    if visited.service.keeper is None:
        return _page(visited, visited.snapshot.setup.schedule_text.source.lines, ())
    current = keeper_of(visited).read()
    text = current.text.decode(errors="replace")
    draft = draft_of(visited) if visited.visitor.name is not None else None
    whole = next((each for each in edits_of(draft) if isinstance(each, WholeText)), None)
    if whole is not None:
        text = whole.text
    return _shown(visited, text, base=draft.base if draft is not None and whole is not None else current.sha256)


@router.post("/schedule/file", include_in_schema=False, response_model=None)
async def change(visited: ForOperator, request: Request) -> HTMLResponse | RedirectResponse:
    """Stores the text as a draft: with mistakes it is shown again, else its changes are shown."""
    form = await checked_form(request, visited, MOST_ENCODED)
    return await run_in_threadpool(_change, visited, form)


def _change(visited: Visit, form: Form) -> HTMLResponse | RedirectResponse:
    # browsers use one kind of line end, the file may have another
    text = form.raw("text").replace("\n", FileText.of(_current(visited)).newline)
    draft = add_edit(visited, WholeText(text=text), form.get("base"))
    opened = open_schedule(text.encode(), visited.snapshot.setup.tower)
    cured = _cured(text, form.get("apply"), opened.findings, visited) if form.get("apply") else None
    if cured is not None:
        return _shown(visited, cured, base=draft.base)
    if opened.schedule is None or form.get("then") == "check":
        return _shown(visited, text, base=draft.base, status=422 if opened.schedule is None else 200)
    return visited.to(f"/schedule/draft/{draft.id}")


def _cured(text: str, key: str, findings: tuple[Finding, ...], visited: Visit) -> str | None:
    """The text with a suggestion applied, which is stored as the draft; None if there is no such suggestion."""
    for finding in findings:
        for cure in finding.suggestions:
            if _cure_key(finding, text_in(cure.shown, visited.language)) == key:
                new = followed(text.encode(), cure, visited.language).decode()
                add_edit(visited, WholeText(text=new), draft.base if (draft := draft_of(visited)) is not None else "")
                return new
    return None


def _cure_key(finding: Finding, shown: str) -> str:
    line = finding.place.line if finding.place is not None else 0
    return f"{finding.code}/{line}/{shown}"


def _current(visited: Visit) -> bytes:
    return keeper_of(visited).read().text.decode(errors="replace").encode()


def _shown(visited: Visit, text: str, *, base: str, status: int = 200) -> HTMLResponse:
    findings = open_schedule(text.encode(), visited.snapshot.setup.tower).findings
    return _page(visited, tuple(text.splitlines()), findings, text=text, base=base, status=status)


def _page(
    visited: Visit,
    lines: tuple[str, ...],
    findings: tuple[Finding, ...],
    *,
    text: str | None = None,
    base: str = "",
    status: int = 200,
) -> HTMLResponse:
    errors = sum(finding.is_error for finding in findings)
    latest = visited.service.keeper.versions.latest() if visited.service.keeper is not None else None
    return visited.page(
        "file",
        status,
        text="\n".join(lines) + "\n" if text is None else text,
        base=base,
        errors=errors,
        findings=[_finding(each, lines, visited) for each in findings[:MOST_SHOWN]],
        number=latest.number if latest is not None else None,
        may_edit=visited.service.keeper is not None,
        may_drop=latest is not None and base == keeper_of(visited).read().sha256 and errors > 0,
    )


def _finding(finding: Finding, lines: tuple[str, ...], visited: Visit) -> ShownFinding:
    event, place = finding.event, finding.place
    if place is None:
        shown: tuple[tuple[int, str], ...] = ()
    else:
        first = max(1, place.line - AROUND)
        shown = tuple((number, lines[number - 1]) for number in range(first, place.line + 1) if number <= len(lines))
    shown_cures = [text_in(cure.shown, visited.language) for cure in finding.suggestions]
    return ShownFinding(
        code=event.code,
        text=event.text(visited.language),
        cure=event.action(visited.language),
        line=place.line if place is not None else 0,
        lines=shown,
        mark=" " * (place.column - 1) + "^" * max(1, place.end - place.column) if place is not None else "",
        is_error=finding.is_error,
        cures=tuple((_cure_key(finding, each), each) for each in shown_cures),
    )


# Historik


@router.get("/history", include_in_schema=False)
def history(visited: ForViewer, page: Annotated[int, Query(ge=1)] = 1) -> HTMLResponse:
    """The versions, the newest first; above them the file on the disk if it is none of them."""
    if visited.service.keeper is None:
        return visited.page(
            "history", versions=[], current=None, is_new=False, draft=None, page=1, pages=1, may_undo=False
        )
    keeper = keeper_of(visited)
    current, versions = keeper.read(), keeper.versions.versions()
    pages = max(1, -(-len(versions) // VERSIONS_PER_PAGE))
    shown = versions[(page - 1) * VERSIONS_PER_PAGE : page * VERSIONS_PER_PAGE]
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
