"""Tornet: is it lit as it should be, and what comes next?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from controller.errors import WatertowerError
from controller.events import CATALOGUE, Level
from controller.events.models import WIDEST, printable
from controller.events.words import AsWritten, time_left
from controller.locale import Language
from controller.schedule.sun import elevation
from controller.service.clauses import names_of
from controller.service.gateway_state import Status
from controller.service.health import WORST_FIRST, Degradation, GatewayHealth
from controller.service.health_report import MOST_NAMED as MOST_IN_HEALTH
from controller.service.sentence import Sentence, facts_of, sentence
from controller.state import History
from controller.state.roles import Role
from controller.web.events_view import without_fields
from controller.web.gateway_words import details_of
from controller.web.live import SharedRoute
from controller.web.picture import PictureScene, parts_of, picture, preview_of
from controller.web.running_service import Snapshot
from controller.web.schedule_view import nights_from
from controller.web.visit import ForViewer, Visit, Visited

router = APIRouter(route_class=SharedRoute)
MOST_GATEWAYS = 8
"""With more gateways only counts are shown, and the names of those that are not confirmed."""
MOST_NAMED = 5
NIGHT_DEG = -18.0
NIGHTS = 6
MOST_BANNERS = 2
MOST_EVENTS = 8
OF_TODAY = ("TWL-C020", "TWL-O101", "TWL-O102", "TWL-O103", "TWL-O104", "TWL-O105", "TWL-O106", "TWL-O130")
"""What people mean by "today": each change of light, each act, a saved schedule."""
CLOCK_DOUBTED, CLOCK_WRONG = "TWL-T001", "TWL-T003"
FILES = frozenset({"TWL-O131", "TWL-O134"})


@dataclass(frozen=True, slots=True)
class Banner:
    """Something that needs attention: `kind` is `error` or `warning`; `cure` is what to do; `link` leads there."""

    kind: str
    text: str
    cure: str = ""
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """A gateway in one line: its status, in words and by its sign, and details."""

    name: str
    status: Status
    words: str
    details: str


@router.get("/tower.svg", include_in_schema=False)
def tower_svg(visited: Visited) -> Response:
    """The picture only, which other pages may embed; nothing about single gateways for the public."""
    snapshot = visited.snapshot
    documents = snapshot.gateways(named_gateways(snapshot))
    svg = picture_of(snapshot, documents, visited.language, labels=visited.may(Role.VIEWER))
    headers = {"Cache-Control": "max-age=30", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(svg, media_type="image/svg+xml", headers=headers)


@router.get("/", include_in_schema=False)
def tower(visited: ForViewer) -> HTMLResponse:
    """The tower as it is reported, the sentence, what comes next; `?kiosk=1` without anything to press."""
    snapshot = visited.snapshot
    documents = snapshot.gateways(named_gateways(snapshot))
    named = documents if len(snapshot.states) <= MOST_GATEWAYS else _worst(documents)
    sentence = sentence_of(snapshot, documents, visited.language)
    banners = [*_banners(visited, snapshot, named, sentence)]
    following = snapshot.health.next
    is_preview = visited.request.query_params.get("lit") == "1" and following is not None
    return visited.page(
        "tower",
        sentence=sentence,
        picture=_lit_next(visited) if is_preview else picture_of(snapshot, documents, visited.language),
        is_preview=is_preview,
        may_preview=following is not None and snapshot.health.now.is_dark and not following.is_dark,
        left=_left(snapshot, visited.language),
        next_at=following.seen_at if following is not None else None,
        banners=banners[:MOST_BANNERS],
        more_banners=max(0, len(banners) - MOST_BANNERS),
        nights=nights_from(visited, snapshot.now, NIGHTS),
        counts=[(status, snapshot.health.counts.get(status, 0)) for status in WORST_FIRST],
        gateways=[_line(visited, gateway, snapshot) for gateway in named],
        is_small=len(snapshot.states) <= MOST_GATEWAYS,
        events=list(_today(visited)),
        is_overridden=bool(snapshot.overrides),
        is_stopped=snapshot.stop is not None,
        is_kiosk=visited.request.query_params.get("kiosk") == "1",
    )


def sentence_of(snapshot: Snapshot, gateways: tuple[GatewayHealth, ...], language: Language) -> Sentence:
    """The sentence of a snapshot; `gateways` are the documents of those that it may name."""
    is_cut_off = not any(snapshot.connected.values())
    return sentence(facts_of(snapshot.setup.tower, snapshot.health, gateways, is_cut_off=is_cut_off), language)


def _left(snapshot: Snapshot, language: Language) -> str:
    following = snapshot.health.next
    return time_left(following.seen_at - snapshot.now, language) if following is not None else ""


def named_gateways(snapshot: Snapshot) -> tuple[str, ...]:
    """All gateways of a small site, else those that the summary names because they are not confirmed."""
    if len(snapshot.states) <= MOST_IN_HEALTH:
        return tuple(snapshot.states)
    return tuple(each.name for each in snapshot.health.unconfirmed)


def _worst(documents: tuple[GatewayHealth, ...]) -> tuple[GatewayHealth, ...]:
    """Some of those that are not confirmed, the worst first."""
    unconfirmed = (each for each in documents if each.status != "confirmed")
    return tuple(sorted(unconfirmed, key=lambda each: WORST_FIRST.index(each.status))[:MOST_NAMED])


def picture_of(
    snapshot: Snapshot, documents: tuple[GatewayHealth, ...], language: Language, *, labels: bool = True
) -> str:
    """The landmark as it is reported, as SVG; `documents` are those of `named_gateways`."""
    tower = snapshot.setup.tower
    scene = PictureScene(
        names=names_of(tower),
        parts=parts_of(tower, snapshot.health, documents),
        shape=tower.landmark.shape,
        sun_deg=elevation(tower.site.latitude, tower.site.longitude, snapshot.now),
        is_stopped=snapshot.stop is not None,
    )
    return picture(scene, language, labels=labels)


def _lit_next(visited: Visit) -> str:
    """The next light, at night."""
    tower, following = visited.snapshot.setup.tower, visited.snapshot.health.next
    looks = following.looks if following is not None else {}
    scene = PictureScene(names_of(tower), preview_of(tower, looks), tower.landmark.shape, NIGHT_DEG)
    return picture(scene, visited.language)


def _line(visited: Visit, gateway: GatewayHealth, snapshot: Snapshot) -> GatewayLine:
    if gateway.status == "confirmed":
        last_seen = gateway.heard
        details = (
            "" if last_seen is None else visited.text("tower.heard", seconds=_seconds_since(last_seen, snapshot.now))
        )
    else:
        details = details_of(visited, snapshot, gateway)
    words = visited.text(f"common.status.{gateway.status}")
    return GatewayLine(gateway.name, gateway.status, words, printable(details, WIDEST))


def _seconds_since(at: datetime, now: datetime) -> int:
    return max(0, round((now - at).total_seconds()))


def _banners(
    visited: Visit, snapshot: Snapshot, gateways: tuple[GatewayHealth, ...], sentence: Sentence
) -> Iterator[Banner]:
    """What needs attention: a stop, then problems of lamps and of the service, errors first."""
    if snapshot.stop is not None:
        since = snapshot.stop.start.astimezone(snapshot.zone)
        fields = {"owner": snapshot.stop.owner, "reason": snapshot.stop.reason or "–", "since": f"{since:%H:%M}"}
        text = visited.text("tower.banner.stop", **fields)
        yield Banner("error", text, "", "/stop/lift", visited.text("tower.banner.stop_link"))
    found = [_gateway(visited, each, snapshot, sentence) for each in gateways if each.code and not each.is_well]
    lasting = [one for one in snapshot.health.degradations if not one.is_harmless]
    if any(one.code == CLOCK_WRONG for one in lasting):  # explains what the other only names
        lasting = [one for one in lasting if one.code != CLOCK_DOUBTED]
    found += [_degradation(visited, one) for one in lasting]
    yield from sorted(found, key=lambda banner: banner.kind != "error")


def _gateway(visited: Visit, gateway: GatewayHealth, snapshot: Snapshot, sentence: Sentence) -> Banner:
    """A gateway with a problem, by its event."""
    cause = gateway.cause or ""
    kind = CATALOGUE.get(cause, CATALOGUE[gateway.code or ""])
    cure = without_fields(kind.action.template(visited.language).replace("{gateway}", gateway.name))
    text = sentence.about if sentence.about.startswith(f"{gateway.name} ") else ""
    if cause != gateway.code:  # the gateway itself reports what is wrong
        text = f"{gateway.name}: {without_fields(kind.meaning.template(visited.language))}"
    return Banner(
        "error" if gateway.status == "silent" else "warning",
        AsWritten(text or f"{gateway.name}: {_line(visited, gateway, snapshot).details}"),
        cure,
        f"/gateways/{gateway.name}",
        visited.text("tower.banner.gateway_link", code=cause),
    )


def _degradation(visited: Visit, one: Degradation) -> Banner:
    event = one.event
    kind = "error" if event is not None and event.level is Level.ERROR else "warning"
    cure = event.action(visited.language) if event is not None else ""
    link, text = f"/code/{one.code}", visited.text("tower.banner.code_link", code=one.code)
    if one.code in FILES:
        link, text = "/schedule/file", visited.text("tower.banner.file_link")
    return Banner(kind, one.text(visited.language), cure, link, text)


def _today(visited: Visit) -> Iterator[tuple[str, str]]:
    """Time and text of today's events, the newest first."""
    start = visited.now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        recorded = History(visited.service.state).events_between(start, visited.now, OF_TODAY)
    except WatertowerError:  # shown by `/events`, and as a degradation while it lasts
        return
    for each in islice(reversed(recorded), MOST_EVENTS):
        yield f"{each.at.astimezone(visited.now.tzinfo):%H:%M}", visited.event_text(each.event)
