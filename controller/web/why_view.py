"""Varför?: why the lamps show, or showed, what they do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from controller.errors import WatertowerError
from controller.events import new_event
from controller.events.words import day_words, looks_words, with_names
from controller.locale import Language
from controller.service.past import NOTHING_RECORDED, PastSchedules
from controller.service.period import read_instant
from controller.service.why_at import WhyAt, why_at
from controller.state import History, NotRead
from controller.state.versions import VersionStore
from controller.web.tower_view import named_gateways, sentence_of
from controller.web.visit import ForViewer, Visit

router = APIRouter()


@router.get("/why", include_in_schema=False)
def why(visited: ForViewer, at: str = "", day: str = "", time: str = "") -> HTMLResponse:
    """Now, or at an instant: `at` whole, or `day` and `time` as people type them."""
    asked = at.strip() or f"{day.strip()} {time.strip()}".strip()
    snapshot = visited.snapshot
    last_evening = f"{visited.now - timedelta(days=1):%Y-%m-%d}T21:00"
    page = partial(visited.page, "why", last_evening=last_evening)
    try:
        moment = read_instant(asked, snapshot.setup, snapshot.now) if asked else snapshot.now
        answer = why_answer(visited, moment)
    except NotRead as error:
        return page(503, fault=None, broken=error_text(error, visited.language), answer=None, day=day or at, time=time)
    except WatertowerError as error:
        return page(422, fault=error_text(error, visited.language), broken=None, answer=None, day=day or at, time=time)
    zone = snapshot.setup.tower.site.place.time_zone
    local = moment.astimezone(zone)
    return page(
        fault=None,
        broken=None,
        answer=answer,
        day=day or (f"{local:%Y-%m-%d}" if asked else ""),
        time=time or (f"{local:%H:%M}" if asked else ""),
        heading=_heading(visited, answer, local),
        lines=list(_lines(visited, answer, zone)),
    )


def error_text(error: WatertowerError, language: Language) -> str:
    """An error with its cure."""
    event = new_event(error.code, **error.fields)
    return f"{event.text(language)}. {event.action(language)}"


def why_answer(visited: Visit, moment: datetime) -> WhyAt:
    """The reasons at an instant. Raises NotRead."""
    snapshot, service = visited.snapshot, visited.service
    version = None
    if moment < snapshot.now:
        version = PastSchedules(VersionStore(service.state, lambda _: None), snapshot.setup).at(moment)
    return why_at(History(service.state), snapshot.program, moment, snapshot.now, version)


def _heading(visited: Visit, answer: WhyAt, local: datetime) -> str:
    """What the lamps show, or showed and how far that was confirmed."""
    snapshot, language = visited.snapshot, visited.language
    if not answer.is_past and answer.at <= snapshot.now:
        return sentence_of(snapshot, snapshot.gateways(named_gateways(snapshot)), language).main
    when = f"{day_words(local.date(), language)} {local:%H:%M}"
    if not answer.is_past:
        return visited.text("why.then", when=when)
    if not answer.shown:
        return visited.text("why.not_recorded", when=when, what=NOTHING_RECORDED.format(language, {}))
    names = snapshot.setup.tower.landmark.zone_names(language)
    looks = {name: zone.state.value for name, zone in with_names(answer.shown, names).items()}
    return visited.text(
        "why.was", when=when, looks=looks_words(looks, language), confirmed=answer.confirmed_words(language)
    )


def _lines(visited: Visit, answer: WhyAt, zone: ZoneInfo) -> Iterator[tuple[str, bool]]:
    """The deciding rules, the strongest first, each with whether it gives way."""
    names = visited.snapshot.setup.tower.landmark.zone_names(visited.language)
    for step in answer.steps:
        yield step.text(visited.language, zone, names), step.because is not None
