"""Säkerhetsstopp: everything dark at once until somebody lifts it; and lifting it, with what is lit then."""

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from controller.events import Event
from controller.events.words import dated
from controller.service.clauses import clause, names_of
from controller.service.override_preview import after_stop
from controller.service.override_request import StoredOverride
from controller.state.audit import Act
from controller.web.forms import FieldFault, FormOf, fault_in
from controller.web.override_view import LONGEST_REASON, NotGranted, ask
from controller.web.visit import ForOperator, Visit

router = APIRouter()
NONE_HELD = "TWL-O136"
NOT_STORED = frozenset({"TWL-O107", "TWL-O108"})
"""The stop, or its end, is in force, but a restart would undo it."""


@router.get("/stop", include_in_schema=False)
def stop_form(visited: ForOperator) -> Response:
    """What a stop does, and the button; who set the one in force."""
    return _stop_page(visited)


@router.post("/stop", include_in_schema=False)
async def stop(visited: ForOperator, form: FormOf) -> Response:
    """Turns everything dark at once. The reason may be empty: nobody should have to look for words first."""
    reason = form.get("reason")
    shortened = " ".join(reason.split())[:LONGEST_REASON]
    try:
        request = {"action": "stop", "reason": shortened or "–"}
        answer = await ask(visited, request, Act.STOP_SET, after={"reason": shortened})
    except NotGranted as refused:
        return await run_in_threadpool(_stop_page, visited, reason, (refused.fault,), refused.status)
    return visited.to("/", _answer(visited, answer, visited.text("stop.stopped")))


@router.get("/stop/lift", include_in_schema=False)
def lift_form(visited: ForOperator) -> Response:
    """Who set the stop and why, and what is lit once it is lifted."""
    return _lift_page(visited)


@router.post("/stop/lift", include_in_schema=False)
async def lift(visited: ForOperator, form: FormOf) -> Response:
    """Lifts the stop, for a reason."""
    reason = form.get("reason")
    if not reason or len(reason) > LONGEST_REASON:
        key = "reason_long" if reason else "lift_reason"
        fault = FieldFault("reason", visited.text(f"stop.fault.{key}", most=LONGEST_REASON))
        return await run_in_threadpool(_lift_page, visited, reason, (fault,), 422)
    held = visited.snapshot.stop
    before = {"reason": held.reason} if held is not None else None
    try:
        request = {"action": "lift", "reason": " ".join(reason.split())}
        answer = await ask(visited, request, Act.STOP_LIFTED, before, {"reason": reason})
    except NotGranted as refused:
        return await run_in_threadpool(_lift_page, visited, reason, (refused.fault,), refused.status)
    return visited.to("/", _answer(visited, answer, visited.text("stop.lifted")))


def _answer(visited: Visit, answer: Event, usual: str) -> str:
    """The text for a granted request: the usual one, or that of the event if it could not be stored."""
    if answer.code in NOT_STORED:
        return fault_in(answer, "form", visited.language).text.replace("`", "")
    return visited.text("stop.none") if answer.code == NONE_HELD else usual


def _stop_page(
    visited: Visit, reason: str = "", faults: tuple[FieldFault, ...] = (), status_code: int = 200
) -> Response:
    held = visited.snapshot.stop
    return visited.page(
        "stop",
        status_code,
        reason=reason,
        faults=faults,
        held=_held(visited, held) if held is not None else "",
    )


def _lift_page(
    visited: Visit, reason: str = "", faults: tuple[FieldFault, ...] = (), status_code: int = 200
) -> Response:
    snapshot = visited.snapshot
    names = names_of(snapshot.setup.tower)
    looks = after_stop(snapshot.program, snapshot.now)
    return visited.page(
        "stop_lift",
        status_code,
        reason=reason,
        faults=faults,
        held=_held(visited, snapshot.stop) if snapshot.stop is not None else "",
        then=names.started(clause(looks, "is", names, visited.language), visited.language),
    )


def _held(visited: Visit, stop: StoredOverride) -> str:
    """Who set the stop, since when, and why."""
    since = dated(stop.start.astimezone(visited.snapshot.zone), visited.snapshot.now, visited.language)
    return visited.text("stop.held", owner=stop.owner, since=since, reason=stop.reason or "–")
