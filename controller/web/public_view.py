"""What everybody may see without logging in: why the landmark is lit, as a page, as values and as calendars."""

from datetime import datetime
from typing import TypeVar

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from controller.config.load import Setup
from controller.events.words import day_words
from controller.locale import Language
from controller.service.public_answer import NO_TEXT, PublicAnswer, PublicText, public_answer
from controller.service.sentence import facts_of
from controller.web.calendar import public_calendar, slugs
from controller.web.live import SharedRoute
from controller.web.running_service import RunningService, Snapshot
from controller.web.tower_view import named_gateways, picture_of
from controller.web.visit import Visit, Visited

router = APIRouter(route_class=SharedRoute)
Answer = TypeVar("Answer", bound=Response)
SHORTLY = "public, max-age=30"
AN_HOUR = "public, max-age=3600"


@router.get("/public", include_in_schema=False)
def public(visited: Visited) -> HTMLResponse:
    """Why it is lit, until when, and what comes next."""
    snapshot = visited.snapshot
    answer = _answer(visited)
    documents = snapshot.gateways(named_gateways(snapshot))
    drawn = picture_of(snapshot, documents, visited.language, labels=False)
    names = slugs((*snapshot.setup.schedule.campaigns, *snapshot.setup.schedule.every_night))
    by_name = {name: slug for slug, name in names.items()}
    today = day_words(visited.now.date(), visited.language)
    response = visited.page("public", answer=answer, picture=drawn, slugs=by_name, today=today)
    return _cached(visited, response, SHORTLY)


@router.get("/varfor", include_in_schema=False)
def why_in_swedish() -> RedirectResponse:
    """A short address for posters."""
    return RedirectResponse("/public", 308)


@router.get("/public.json", include_in_schema=False)
def public_json(visited: Visited) -> Response:
    """The same as values."""
    response = JSONResponse(_answer(visited).value, headers={"Access-Control-Allow-Origin": "*"})
    return _cached(visited, response, SHORTLY)


@router.get("/calendar.ics", include_in_schema=False)
def calendar(visited: Visited) -> Response:
    """All nights with light."""
    return _calendar(visited, None, "calendar")


@router.get("/calendar/{slug}.ics", include_in_schema=False)
def calendar_of_campaign(visited: Visited, slug: str) -> Response:
    """The nights of one campaign."""
    schedule = _setup(visited).schedule
    name = slugs((*schedule.campaigns, *schedule.every_night)).get(slug)
    if name is None:
        raise HTTPException(404)
    return _calendar(visited, name, slug)


def _calendar(visited: Visit, campaign: str | None, slug: str) -> Response:
    setup = _setup(visited)
    data = public_calendar(
        setup.program(),
        site=setup.tower.site.name,
        domain=setup.tower.mqtt.topic_prefix.replace("/", "-"),
        language=visited.language,
        now=visited.now,
        campaign=campaign,
    )
    headers = {"Content-Disposition": f'inline; filename="{slug}.ics"'}
    response = Response(data, media_type="text/calendar; charset=utf-8", headers=headers)
    return _cached(visited, response, AN_HOUR)


def _setup(visited: Visit) -> Setup:
    """The files in force; before the first turn those of the start."""
    snapshot = visited.service.snapshot
    return snapshot.setup if snapshot is not None else visited.service.setup


def _answer(visited: Visit) -> PublicAnswer:
    return answer_of(visited.service, visited.now, visited.language)


def answer_of(service: RunningService, now: datetime, language: Language) -> PublicAnswer:
    """The public facts about a site."""
    snapshot = service.snapshot
    if snapshot is None:
        facts = facts_of(service.setup.tower, None, ())
        return public_answer(facts, service.setup.program(), now, language)
    facts = facts_of(snapshot.setup.tower, snapshot.health, ())
    return public_answer(facts, snapshot.program, snapshot.now, language, _text_by_hand(snapshot))


def _text_by_hand(snapshot: Snapshot) -> PublicText:
    """The public text of the newest override in force that has one."""
    described = (each for each in reversed(snapshot.overrides) if each.looks and (each.about or each.link))
    return next((PublicText(each.about, each.link or None) for each in described), NO_TEXT)


def _cached(visited: Visit, response: Answer, how: str) -> Answer:
    """Sets how the answer may be cached: a page with the name of a logged-in visitor is for them only."""
    if visited.visitor.name is None:
        response.headers["Cache-Control"] = how
        response.headers["Vary"] = "Accept-Language, Cookie"
    return response
