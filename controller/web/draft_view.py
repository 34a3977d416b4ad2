"""Vad ändras?: what happens if I save? Every edit of the schedule passes this page, a removal too."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import HTMLResponse, RedirectResponse

from controller.config.load import open_schedule
from controller.config.schedule_draft import RuleEdit, RuleMove, RuleRemoval, WholeText
from controller.config.schedule_edit import NotPatchable
from controller.errors import FilesRejected
from controller.schedule.plan import Program
from controller.service.saving import NotWritable, SaveConflict, Saved
from controller.state.drafts import Draft
from controller.state.versions import digest
from controller.web.bars import night_bar
from controller.web.forms import Form, FormOf, whole_number
from controller.web.nights import night_bars
from controller.web.proposals import (
    Proposal,
    add_edit,
    changes_of,
    diff_lines,
    draft_by_id,
    draft_of,
    edits_of,
    keeper_of,
    notes_on,
    proposal,
    save_edits,
    save_text,
    summary,
    typed_of,
    version_line,
    words_of,
)
from controller.web.rule_paths import WORDS, form_path
from controller.web.visit import ForOperator, Visit

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**53)]
LOSES = "TWL-S204"
"""Note on a rule that never shows because others always win. A rule that is over would not show at the top either."""
MAY_NOT = frozenset({"EACCES", "EPERM", "EROFS"})
"""Reasons for an unwritable file that more rights would solve; a full disk is not one of them."""
CHOICE = "choice/"
LONGEST_WHY = 200
MOST_BARS = 20
MOST_PLACES = 100_000


@router.post("/schedule/move", include_in_schema=False)
def move(visited: ForOperator, form: FormOf) -> RedirectResponse:
    """Moves a rule to another place in its list, as a draft; `to` counts from 1."""
    group, name, to = form.get("group"), form.get("name"), whole_number(form.get("to"), MOST_PLACES)
    if group not in WORDS or not to:
        raise HTTPException(400)
    count = len(getattr(visited.snapshot.setup.schedule, group))
    edit = RuleMove.model_validate({"group": group, "name": name, "to": to - 1})
    draft = add_edit(visited, edit)
    if form.get("then") == "draft":
        return visited.to(f"/schedule/draft/{draft.id}")
    if _is_as_before(visited, draft):
        visited.service.accounts.drafts.discard(draft.id, visited.visitor.owner)
    return visited.to(f"/schedule#{WORDS[group]}-{to}", visited.text("draft.moved", name=name, place=to, count=count))


def _is_as_before(visited: Visit, draft: Draft) -> bool:
    """Whether a draft of moves only ends with everything in its old place."""
    edits = edits_of(draft)
    if typed_of(draft) is not None or not all(isinstance(each, RuleMove) for each in edits):
        return False
    found = proposal(visited, draft)
    return found.text == found.current.text and found.after is not None


@router.post("/schedule/remove", include_in_schema=False)
def remove(visited: ForOperator, form: FormOf) -> RedirectResponse:
    """Removes a rule from its list, as a draft."""
    group, name = form.get("group"), form.get("name")
    if group not in WORDS:
        raise HTTPException(400)
    draft = add_edit(visited, RuleRemoval.model_validate({"group": group, "name": name}))
    if not edits_of(draft):
        return discard(visited, draft.id, form)
    return visited.to(f"/schedule/draft/{draft.id}")


@router.get("/schedule/draft/{number}", include_in_schema=False, response_model=None)
def show(visited: ForOperator, number: Number) -> HTMLResponse | RedirectResponse:
    """What saving would change: first the light now, then days, then nights. Redirects to an unfinished form."""
    draft = draft_of(visited)
    if draft is None or draft.id != number:  # as after a step back in the browser
        return visited.to("/schedule", visited.text("draft.none"))
    typed = typed_of(draft)
    if typed is not None and not edits_of(draft):
        return visited.to(form_path(visited.snapshot.setup, typed.group, typed.name))
    found = proposal(visited, draft)
    return _broken_file(visited, found) or _page(visited, number, found)


@router.post("/schedule/draft/{number}/choose", include_in_schema=False, response_model=None)
def choose(visited: ForOperator, number: Number, form: FormOf) -> HTMLResponse | RedirectResponse:
    """Stores the values chosen for disputed fields; a field without a choice is asked about again. The draft then has
    the chosen values, as if it had been started from the current file."""
    draft = draft_by_id(visited, number)
    before = proposal(visited, draft)
    chosen = _chosen(form)
    missing = [each for each in before.disputed if f"{each.group}/{each.rule}/{each.field}" not in chosen]
    if missing:
        return _page(visited, number, before, status=422, chosen=chosen)
    found = proposal(visited, draft, chosen)
    save_edits(visited, found.edits, found.current.sha256, typed_of(draft))
    return visited.to(f"/schedule/draft/{number}")


@router.post("/schedule/draft/{number}/save", include_in_schema=False, response_model=None)
def save(visited: ForOperator, number: Number, form: FormOf) -> HTMLResponse | RedirectResponse:
    """Writes the file, if both it and the draft are still those that were shown (`base`, `seen`): nothing unseen is
    overwritten or saved. A second press of the same button finds the draft saved."""
    draft, seen = draft_of(visited), form.get("seen")
    if keeper_of(visited).read().sha256 == seen != form.get("base"):
        return visited.to("/schedule", visited.text("draft.saved"))
    if draft is None or draft.id != number:
        return visited.to("/schedule", visited.text("draft.none"))
    found = proposal(visited, draft)
    if (broken := _broken_file(visited, found)) is not None:
        return broken
    if found.after is None or found.disputed or form.get("base") != found.current.sha256:
        return _page(visited, number, found, status=409 if found.after is not None else 422)
    if seen != digest(found.text):
        return _page(visited, number, found, status=409, refused=[visited.text("draft.grown")])
    return _written(visited, number, found, " ".join(form.get("why").split())[:LONGEST_WHY])


def _broken_file(visited: Visit, found: Proposal) -> RedirectResponse | None:
    """A redirect if the file on the disk has mistakes: then only a whole text can be saved. The draft is kept."""
    tower = visited.snapshot.setup.tower
    is_sound = found.current.setup is not None or open_schedule(found.current.text, tower).schedule is not None
    if is_sound or any(isinstance(each, WholeText) for each in found.edits):
        return None
    return visited.to("/schedule/file", visited.text("draft.broken"))


def _written(visited: Visit, number: int, found: Proposal, why: str) -> HTMLResponse | RedirectResponse:
    """The result of writing the file."""
    try:
        saved = save_text(visited, found.text, found.current.sha256, why)
    except SaveConflict:
        return visited.to(f"/schedule/draft/{number}")
    except FilesRejected as rejected:
        texts = [each.event.text(visited.language) for each in rejected.findings]
        return _page(visited, number, found, status=422, why=why, refused=texts)
    except NotWritable as error:
        key = "not_writable" if error.reason.code in MAY_NOT else "not_written"
        text = visited.text(f"draft.{key}", **{**error.fields, "reason": error.reason.text(visited.language)})
        return _page(visited, number, found, status=500, why=why, refused=[text])
    return _saved(visited, number, saved)


def _saved(visited: Visit, number: int, outcome: Saved) -> RedirectResponse:
    visited.service.accounts.drafts.discard(number, visited.visitor.owner)
    key = "saved" if outcome.taken else "saved_not_taken"
    result = visited.text(f"draft.{key}")
    if outcome.not_kept is not None:
        result += " " + visited.text("draft.not_kept", reason=outcome.not_kept.text(visited.language))
    return visited.to("/schedule", result)


@router.post("/schedule/draft/{number}/discard", include_in_schema=False)
def discard(visited: ForOperator, number: Number, form: FormOf) -> RedirectResponse:  # noqa: ARG001  checks the form
    """Deletes the draft."""
    visited.service.accounts.drafts.discard(number, visited.visitor.owner)
    return visited.to("/schedule", visited.text("draft.discarded"))


def _chosen(form: Form) -> dict[str, str]:
    """The chosen values by `group/rule/field`."""
    return {key.removeprefix(CHOICE): value for key, value in form.fields if key.startswith(CHOICE)}


def _page(visited: Visit, number: int, found: Proposal, *, status: int = 200, **values: Any) -> HTMLResponse:
    """`values` are the choices for disputed fields, the reasons why saving was refused, and the typed reason."""
    common = {
        "number": number,
        "found": found,
        "chosen": {},
        "refused": [],
        "why": "",
        "back": _back(visited),
        **values,
    }
    if found.disputed:
        return visited.page("dispute", status, newest=_newest(visited), **common)
    before = found.current.setup or visited.snapshot.setup
    words = changed = None
    bars: list[tuple[str, ...]] = []
    if found.after is not None:
        changed = changes_of(visited, before, found.after, visited.now)
        words = words_of(visited, found.after, changed)
        programs = before.program(), found.after.program()
        bars = [_bars(group.first.day, programs) for group in changed.groups[:MOST_BARS]]
    losers = [each.rule for each in changed.rules if each.never and each.never.code == LOSES] if changed else []
    return visited.page(
        "draft",
        status,
        seen=digest(found.text),
        words=words,
        changed=changed,
        bars=bars,
        summary=summary(visited, changed) if changed is not None else "",
        never=[each for each in losers if found.after is not None and each in found.after.schedule.campaigns],
        notes=list(notes_on(visited, found.current.setup, found.after)) if found.after is not None else [],
        findings=[each.event.text(visited.language) for each in found.findings],
        is_only_text=isinstance(found.outcome, NotPatchable),
        diff=diff_lines(found.current.text, found.text),
        newest=_newest(visited) if found.is_moved_on else None,
        is_stopped=visited.snapshot.stop is not None,
        is_clock_in_doubt=visited.snapshot.health.clock == "suspect",
        **common,
    )


def _bars(day: date, programs: tuple[Program, Program]) -> tuple[str, ...]:
    """The night of a day, as it is and as it would be."""
    place = programs[0].place
    evening = datetime(day.year, day.month, day.day, 18, tzinfo=place.time_zone)
    nights = (night_bars(program, evening, evening + timedelta(minutes=1))[0] for program in programs)
    return tuple(night_bar(bar, place, prefix=f"{day:%y%m%d}{at}") for at, bar in enumerate(nights))


def _back(visited: Visit) -> str:
    """Address of the form of the edited rule; the schedule if there are several edits."""
    edits = [edit for edit in edits_of(draft_of(visited)) if isinstance(edit, RuleEdit)]
    if len(edits) != 1:
        return "/schedule"
    return form_path(visited.snapshot.setup, edits[0].group, edits[0].name)


def _newest(visited: Visit) -> dict[str, str] | None:
    """Who saved last, when, and what."""
    newest = keeper_of(visited).versions.latest()
    return version_line(visited, newest) if newest is not None else None
