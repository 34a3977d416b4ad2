"""Lamptest: one lamp of a gateway after the other lights alone, and whoever stands at the tower answers whether it
was the right one. Works with one thumb and without JavaScript."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import get_args

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from controller.clock import ClockReading
from controller.errors import Refused, Unreachable
from controller.gateways import own_gateways
from controller.gateways.dmx import Dmx
from controller.service.lamp_walk import FOLLOWS_S, Answer, LampWalk, LampWalks, Step
from controller.state.audit import Act
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampResults
from controller.web.forms import FieldFault, Form, FormOf, fault_of
from controller.web.visit import ForAdmin, Visit

router = APIRouter()

Acting = Callable[[LampWalks, ClockReading], LampWalk | None]


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step for people: which lamp, in which part of the landmark, and the answer (`missing` without one)."""

    name: str
    zone: str
    answer: str


@router.get("/gateways/{name}/walk", include_in_schema=False)
def walk_page(visited: ForAdmin, name: str) -> Response:
    """The lit lamp and the answers to choose from; before it what the test does, after it the result."""
    return _page(visited, _gateway(visited, name))


@router.post("/gateways/{name}/walk", include_in_schema=False)
async def walk(visited: ForAdmin, name: str, form: FormOf) -> Response:
    """Starts, stores the answer for the lit lamp, goes back by one, or ends. Raises HTTPException 400 and 404."""
    gateway = _gateway(visited, name)
    before = visited.service.walks.of(name)
    try:
        after = await visited.service.walk(_acting(visited, gateway, form))
    except (Refused, Unreachable) as error:
        status_code = 409 if isinstance(error, Refused) else 503
        faults = (fault_of(error, "form", visited.language),)
        return await run_in_threadpool(_page, visited, gateway, faults, status_code, form)
    result = await run_in_threadpool(_recorded, visited, before, after)
    if after is not None and after.began_s == after.pressed_s:
        await _follows_soon(visited, name)
    return visited.to(visited.request.url.path, result)


def _gateway(visited: Visit, name: str) -> Dmx:
    """A gateway of our own: only those have the test. Raises HTTPException 404 for any other."""
    found = own_gateways(each for each in (visited.snapshot.defined.get(name),) if each is not None)
    if not found:
        raise HTTPException(404)
    return found[0]


def _acting(visited: Visit, gateway: Dmx, form: Form) -> Acting:
    """The act that a form asks for. Raises HTTPException 400."""
    act, setup, owner = form.get("act"), visited.service.setup, visited.visitor.owner
    if act == "start":
        channels = form.get("channels") == "yes"
        return lambda walks, reading: walks.start(setup, gateway, channels, owner, reading)
    if act == "end":
        return lambda walks, reading: walks.end(gateway.name, reading)
    try:
        number = int(form.get("step"))
    except ValueError:
        raise HTTPException(400) from None
    if act == "back":
        return lambda walks, reading: walks.back(gateway.name, number, reading)
    answer: Answer | None = next((each for each in get_args(Answer) if each == act), None)
    if answer is None:
        raise HTTPException(400)
    return lambda walks, reading: walks.answer(gateway.name, number, answer, reading)


async def _follows_soon(visited: Visit, name: str) -> None:
    """Waits until the gateway reports that it follows, for as long as that may take; the next page shows if it does
    not."""
    service = visited.service
    with suppress(TimeoutError):
        async with asyncio.timeout(FOLLOWS_S):
            while not service.is_ending:
                version = service.version
                if _follows(visited, name):
                    return
                await service.changed(version, FOLLOWS_S)


def _follows(visited: Visit, name: str) -> bool:
    return visited.snapshot.states[name].reported.by == "local"


def _recorded(visited: Visit, before: LampWalk | None, after: LampWalk | None) -> str:
    """Records acts and results; returns a text for the visitor if the results could not be stored, else none."""
    if after is None or after is before:
        return ""
    gateway = {"gateway": after.gateway.name}
    if before is None or before.began_s != after.began_s:
        visited.audit(Act.WALK_TEST, None, {**gateway, "steps": len(after.steps)})
    if after.ended is not None:
        visited.audit(Act.WALK_TEST, None, {**gateway, "lit": after.lit})
    if not after.lit:
        return ""
    try:
        LampResults(visited.service.state, visited.service.emit).note(after.lit, visited.service.clock.read().wall)
    except (Unusable, OSError):
        return visited.text("walk.not_kept")
    return ""


def _page(
    visited: Visit,
    gateway: Dmx,
    faults: tuple[FieldFault, ...] = (),
    status_code: int = 200,
    form: Form | None = None,
) -> Response:
    walk = visited.service.walks.of(gateway.name)
    now_s = visited.service.clock.read().mono
    is_on = walk is not None and walk.ended is None
    return visited.page(
        "walk",
        status_code,
        gateway=gateway.name,
        faults=faults,
        lamps=len(gateway.patched_fixtures),
        walk=walk,
        channels=form.get("channels") == "yes" if form is not None else walk is not None and walk.channels,
        lines=[_line(visited, walk, number, step) for number, step in enumerate(walk.steps)] if walk else [],
        is_on=is_on,
        doubts=walk is not None and now_s - walk.began_s >= FOLLOWS_S and not _follows(visited, gateway.name),
        ended=visited.event_text(walk.ended) if walk is not None and walk.ended is not None else "",
    )


def _line(visited: Visit, walk: LampWalk, number: int, step: Step) -> StepLine:
    zone = step.fixture.zone
    names = visited.service.setup.tower.landmark.zone_names(visited.language)
    return StepLine(step.name(visited.language), names.get(zone, zone), walk.answers.get(number, "missing"))
