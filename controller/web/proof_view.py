"""Bevis: how much of the planned light was confirmed, night by night; made to be printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from controller.errors import WatertowerError
from controller.events.words import night_words
from controller.service.past import PastSchedules
from controller.service.proof import NightProof, Proof, gap_words, glow_words, period_words
from controller.service.proof_period import read_proof_period
from controller.service.proving import prove
from controller.service.why_at import by_hand_words
from controller.state import History, NotRead
from controller.state.versions import VersionStore
from controller.web.calendar import slugs
from controller.web.visit import ForViewer, Visit
from controller.web.why_view import error_text

router = APIRouter()
BAR_WIDTH, NARROWEST = 600, 2


@dataclass(frozen=True, slots=True)
class ProofNight:
    """A night in words, and as a bar: start and width of each gap in its light."""

    days: str
    glow: str
    bar: tuple[tuple[float, float], ...]
    gaps: tuple[str, ...]
    is_whole: bool
    measured: tuple[str, ...] = ()


@router.get("/proof", include_in_schema=False)
def proof(visited: ForViewer, of: str = "") -> HTMLResponse:
    """The proof of a campaign or of days as people type them; by default of the last campaign."""
    try:
        return _page(visited, of, proof_of(visited, of))
    except NotRead as error:
        fault, broken, status = None, error_text(error, visited.language), 503
    except WatertowerError as error:
        fault, broken, status = error_text(error, visited.language), None, 422
    page = partial(visited.page, "proof", campaigns=_campaigns(visited))
    return page(status, fault=fault, broken=broken, of=of, proof=None)


@router.get("/proof/{slug}/{year}", include_in_schema=False)
def proof_of_campaign(visited: ForViewer, slug: str, year: int) -> HTMLResponse:
    """The proof of one year of a campaign."""
    schedule = visited.snapshot.setup.schedule
    name = slugs((*schedule.campaigns, *schedule.every_night)).get(slug)
    if name is None:
        raise HTTPException(404)
    return proof(visited, f"{name} {year:04}")


def proof_of(visited: Visit, of: str) -> Proof:
    """The proof of a campaign or days as people type them. Raises WatertowerError."""
    snapshot, service = visited.snapshot, visited.service
    asked = read_proof_period(of, snapshot.setup, snapshot.now)
    schedules = PastSchedules(VersionStore(service.state, lambda _: None), snapshot.setup)
    return prove(History(service.state), snapshot.setup, asked, snapshot.now, schedules)


def _campaigns(visited: Visit) -> list[str]:
    """The names that can be asked for."""
    schedule = visited.snapshot.setup.schedule
    return [each.name for each in (*schedule.campaigns, *schedule.every_night)]


def _page(visited: Visit, of: str, found: Proof) -> HTMLResponse:
    language, zone = visited.language, visited.snapshot.zone
    names = visited.snapshot.setup.tower.landmark.zone_names(language)
    return visited.page(
        "proof",
        fault=None,
        broken=None,
        of=of,
        proof=found,
        title=found.campaign or visited.text("proof.all_light"),
        period=period_words(found, language, zone),
        total=glow_words(found.tower, language),
        zones=[(names.get(name, name), glow_words(glow, language)) for name, glow in found.zones.items()],
        is_measured=any(glow.measured_s is not None for glow in found.zones.values()),
        is_under_way=found.until < found.end,
        until=f"{found.until.astimezone(zone):%Y-%m-%d %H:%M}",
        nights=list(_nights(found, visited, zone)),
        by_hand=[by_hand_words(each, language, zone) for each in found.by_hand],
        versions=[
            (each.number, each.who or "–", f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}", each.sha256[:12])
            for each in found.versions
        ],
        campaigns=_campaigns(visited),
    )


def _nights(found: Proof, visited: Visit, zone: tzinfo) -> Iterator[ProofNight]:
    language = visited.language
    names = visited.snapshot.setup.tower.landmark.zone_names(language)
    for night in found.nights:
        yield ProofNight(
            days=night_words(night.night, language, year=False),
            glow=glow_words(night.tower, language),
            bar=tuple(_bar(night)),
            gaps=tuple(gap_words(gap, language, zone, names) for gap in night.gaps),
            is_whole=not night.gaps,
            measured=tuple(
                f"{names.get(name, name)}: {glow_words(glow, language)}"
                for name, glow in night.zones.items()
                if glow.measured_s is not None
            ),
        )


def _bar(night: NightProof) -> Iterator[tuple[float, float]]:
    scale = BAR_WIDTH / (night.end - night.start).total_seconds()
    for gap in night.gaps:
        width = max(scale * (gap.end - gap.start).total_seconds(), NARROWEST)
        yield round(scale * (gap.start - night.start).total_seconds(), 1), round(width, 1)
