"""Light by hand. Ändra ljuset nu: another light until an end, or a campaign left out; and back to the schedule. What a
request would do is read back before it is made.

Säkerhetsstopp: everything dark at once until somebody lifts it; and lifting it, with what is lit then.
"""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from controller.events import Event
from controller.events.words import dated
from controller.service.clauses import clause, color_word, names_of
from controller.service.override_preview import after_stop, offered_ends
from controller.service.override_request import StoredOverride
from controller.state.audit import Act
from controller.web.color_choices import color_choices
from controller.web.forms import FieldFault, FormOf, fault_in
from controller.web.override_form import (
    LONGEST_REASON,
    OTHER,
    NotGranted,
    OverrideForm,
    ask,
    faults_of_typed,
    judge,
    policy_of,
    read_back,
    waits,
)
from controller.web.visit import ForOperator, Visit

router = APIRouter()
SKIPPED_AHEAD = timedelta(hours=24)
"""A campaign that begins within this can be left out."""
MOST_NAMED = 5
NONE_HELD = "TWL-O136"
NOT_STORED = frozenset({"TWL-O107", "TWL-O108"})
"""It holds, and a restart would undo it."""


@router.get("/override", include_in_schema=False)
def override(visited: ForOperator) -> Response:
    """The form; the end that is meant most often is chosen."""
    ends = offered_ends(policy_of(visited), visited.snapshot.now)
    return _page(visited, OverrideForm(until=next(iter(ends), OTHER)))


@router.post("/fragment/override", include_in_schema=False)
def read(visited: ForOperator, form: FormOf) -> Response:
    """The form with what it would do. Nothing is done."""
    given = OverrideForm.of(form)
    return _page(visited, given, faults_of_typed(visited, given))


@router.post("/override", include_in_schema=False)
async def act(visited: ForOperator, form: FormOf) -> Response:
    """Does it; where it is refused, the form with the reasons."""
    given = OverrideForm.of(form)
    if form.get("apply"):
        return await run_in_threadpool(read, visited, form)
    faults, told = await run_in_threadpool(judge, visited, given)
    if not faults:
        try:
            await ask(visited, given.request, Act.OVERRIDE_SET, after=given.request)
        except NotGranted as refused:
            faults = (refused.fault,)
    if faults or told is None:
        return await run_in_threadpool(_page, visited, given, faults, 422)
    return visited.to("/", told.answer)


@router.post("/override/end", include_in_schema=False)
async def resume(visited: ForOperator, form: FormOf) -> Response:
    """Ends what was set by hand."""
    reason = " ".join(form.get("reason").split())[:LONGEST_REASON] or visited.text("override.resumed_on_page")
    before = [each.said for each in visited.snapshot.overrides]
    try:
        await ask(visited, {"action": "resume", "reason": reason}, Act.OVERRIDE_ENDED, before, {"reason": reason})
    except NotGranted as refused:
        return await run_in_threadpool(_page, visited, OverrideForm(), (refused.fault,), refused.status)
    return visited.to("/", visited.text("override.resumed"))


def _page(visited: Visit, given: OverrideForm, faults: tuple[FieldFault, ...] = (), status: int = 200) -> Response:
    tower = visited.snapshot.setup.tower
    ends = offered_ends(policy_of(visited), visited.snapshot.now)
    now, zone = visited.snapshot.now, visited.snapshot.zone
    return visited.page(
        "override",
        status,
        form=given,
        faults=faults,
        colors=color_choices(tower, visited.language),
        skips=_skippable(visited),
        zones={each: tower.landmark.zone_names(visited.language).get(each, each) for each in tower.zones},
        ends={name: dated(at.astimezone(zone), now, visited.language) for name, at in ends.items()},
        read=read_back(visited, given) if not faults else None,
        waits=waits(visited),
        not_reached=_not_reached(visited),
        overrides=[_in_force(visited, each) for each in reversed(visited.snapshot.overrides)],
    )


def _skippable(visited: Visit) -> tuple[str, ...]:
    """The campaigns that show now or soon, and are not left out already."""
    health, now = visited.snapshot.health, visited.snapshot.now
    soon = health.next is not None and health.next.at - now <= SKIPPED_AHEAD
    looks = [*health.now.looks.values(), *(health.next.looks.values() if soon and health.next is not None else ())]
    rules = [look.rule for look in looks if look.rule is not None]
    names = dict.fromkeys(rule.name for rule in rules if rule.kind in {"campaign", "every_night"} and rule.name)
    return tuple(name for name in names if name not in {each.skips for each in visited.snapshot.overrides})


def _not_reached(visited: Visit) -> str:
    """Whom a change does not reach now; empty where all answer."""
    statuses = visited.snapshot.statuses
    names = [name for name, status in statuses.items() if status in {"silent", "differs"}]
    if not names:
        return ""
    if len(names) > MOST_NAMED:
        return visited.text("override.not_reached_count", count=len(names))
    return visited.text("override.not_reached", gateways=", ".join(names))


def _in_force(visited: Visit, stored: StoredOverride) -> str:
    """`Kim: blå till ons 25 nov 08:02 (sorg)`."""
    until = dated(stored.override.end.astimezone(visited.snapshot.zone), visited.snapshot.now, visited.language)
    fields = {
        "owner": stored.owner,
        "until": until,
        "look": color_word(stored.said, visited.language) or stored.said,
        "reason": stored.reason or "–",
    }
    return visited.text(f"override.held_by.{'skip' if stored.skips else 'look'}", **fields)


# The safety stop


@router.get("/stop", include_in_schema=False)
def stop_form(visited: ForOperator) -> Response:
    """What a stop does, and the button; who set the one in force."""
    return _stop_page(visited)


@router.post("/stop", include_in_schema=False)
async def stop(visited: ForOperator, form: FormOf) -> Response:
    """All dark now. A reason may be missing: nobody is to look for words first."""
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
    """Lifts it, for a reason."""
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
    """In the product's words where it could not be stored."""
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
    """Who set it, since when, and why."""
    since = dated(stop.start.astimezone(visited.snapshot.zone), visited.snapshot.now, visited.language)
    return visited.text("stop.held", owner=stop.owner, since=since, reason=stop.reason or "–")
