"""Ändra ljuset nu: another light until an end, or a campaign left out; and back to the schedule.

What a request would do is read back before it is made.
"""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from controller.service.instant_words import dated
from controller.service.look_clauses import color_word
from controller.service.override_preview import offered_ends
from controller.service.override_request import StoredOverride
from controller.state.audit import Act
from controller.web.color_choices import color_choices
from controller.web.forms import FieldFault, FormOf
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
    reason = " ".join(form.get("reason").split())[:LONGEST_REASON] or visited.say("override.resumed_on_page")
    before = [each.said for each in visited.snapshot.overrides]
    try:
        await ask(visited, {"action": "resume", "reason": reason}, Act.OVERRIDE_ENDED, before, {"reason": reason})
    except NotGranted as refused:
        return await run_in_threadpool(_page, visited, OverrideForm(), (refused.fault,), refused.status)
    return visited.to("/", visited.say("override.resumed"))


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
        return visited.say("override.not_reached_count", count=len(names))
    return visited.say("override.not_reached", gateways=", ".join(names))


def _in_force(visited: Visit, stored: StoredOverride) -> str:
    """`Kim: blå till ons 25 nov 08:02 (sorg)`."""
    until = dated(stored.override.end.astimezone(visited.snapshot.zone), visited.snapshot.now, visited.language)
    fields = {
        "owner": stored.owner,
        "until": until,
        "look": color_word(stored.said, visited.language) or stored.said,
        "reason": stored.reason or "–",
    }
    return visited.say(f"override.held_by.{'skip' if stored.skips else 'look'}", **fields)
