"""Styrenheter: which gateway has a problem, since when; and one gateway with its reports and its events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from controller.errors import WatertowerError
from controller.events import CATALOGUE
from controller.events.words import dated
from controller.gateways import own_gateways
from controller.gateways.base import Gateway
from controller.lighting.names import plain
from controller.locale import template
from controller.service.gateway_state import GatewayState, Status
from controller.service.health import WORST_FIRST, GatewayHealth, ZoneHealth
from controller.service.lamp_walk import failed_lamps, tested_lamps
from controller.service.planned_tests import planned_tests
from controller.state import EventFilter, History
from controller.state.lamp_results import LampResult, LampResults, Proof
from controller.state.roles import Role
from controller.web.events_view import LATEST, EventLine, by_day, code_help, event_lines
from controller.web.gateway_words import details_of, since
from controller.web.live import SharedRoute
from controller.web.running_service import Snapshot
from controller.web.visit import ForViewer, Visit

router = APIRouter(route_class=SharedRoute)
PER_PAGE = 50
FOLDED_FROM = 8
"""Number of confirmed gateways from which their list is folded."""
LAST_EVENTS = 20
REPORTED_BY: Mapping[Proof, str] = {"person": "walk", "report": "preflight", "power": "preflight"}
TESTS_AHEAD = timedelta(days=30)
CONFIRMED = "TWL-G101"
ALL, NOT_CONFIRMED = "all", "unconfirmed"
CLOCK_OFF_S = 1.0
"""Seconds by which a clock may be off."""


@dataclass(frozen=True, slots=True)
class GatewayRow:
    """A gateway in the list; `details` are what it shows and should show, or since when it is silent."""

    name: str
    status: Status
    details: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A part of the landmark as reported by one gateway."""

    name: str
    status: Status
    desired: str
    reported: str


@router.get("/gateways", include_in_schema=False)
def gateways(visited: ForViewer, q: str = "", status: str = ALL, page: int = 1) -> Response:
    """The gateways, those that are not confirmed first; `q` is part of a name, a kind or a part of the landmark."""
    snapshot = visited.snapshot
    wanted = status if status in {NOT_CONFIRMED, *WORST_FIRST} else ALL
    found = found_gateways(snapshot, q, wanted)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, page), pages)
    rows = [_row(visited, snapshot, each) for each in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
    is_plain = not q and wanted == ALL
    confirmed = [row for row in rows if row.status == "confirmed"]
    folds = is_plain and snapshot.health.confirmed >= FOLDED_FROM and len(confirmed) < len(rows)
    return visited.page(
        "gateways",
        rows=[row for row in rows if row.status != "confirmed"] if folds else rows,
        folded=confirmed if folds else [],
        counts={each: snapshot.health.counts.get(each, 0) for each in reversed(WORST_FIRST)},
        total=len(snapshot.states),
        found=len(found),
        q=q,
        wanted=wanted,
        lamp_test=_next_lamp_test(visited, snapshot),
        lead=lead.phrase(snapshot.zone).text(visited.language) if (lead := snapshot.health.lead) is not None else "",
        number=page,
        pages=pages,
        address=lambda number: f"/gateways?{urlencode({'q': q, 'status': wanted, 'page': number})}",
    )


@router.get("/gateways/{name}", include_in_schema=False)
def gateway(visited: ForViewer, name: str) -> Response:
    """One gateway."""
    snapshot = visited.snapshot
    health, state = snapshot.gateway(name), snapshot.states.get(name)
    if health is None or state is None:
        raise HTTPException(404)
    return visited.page(
        "gateway",
        gateway=health,
        row=_row(visited, snapshot, name),
        zones=[_zone(visited, snapshot, zone, each) for zone, each in health.zones.items()],
        facts=[*_facts(visited, snapshot, health, state, snapshot.defined[name])],
        problems={each: _problem(visited, each) for each in filter(None, (health.code, *health.problems))},
        events=_last_events(visited, name),
        lamps=_lamps(visited, snapshot.defined[name]),
        is_ours=bool(own_gateways([snapshot.defined[name]])),
    )


def _next_lamp_test(visited: Visit, snapshot: Snapshot) -> str:
    """When the service tests the lamps next; empty if that is not soon."""
    tests = planned_tests(snapshot.setup, snapshot.program, snapshot.now, snapshot.now + TESTS_AHEAD)
    test = next(tests, None)
    return test.text(visited.now, snapshot.program, visited.language) if test is not None else ""


def found_gateways(snapshot: Snapshot, q: str, wanted: str) -> list[str]:
    """Names of the gateways with a status, of ALL or of NOT_CONFIRMED, that match `q`; the worst first, else in the
    order of tower.yaml."""
    return [name for name in _by_status(snapshot) if _fits(snapshot, name, plain(q), wanted)]


def _by_status(snapshot: Snapshot) -> list[str]:
    """The worst first, else in the order of tower.yaml."""
    return sorted(snapshot.statuses, key=lambda name: WORST_FIRST.index(snapshot.statuses[name]))


def _fits(snapshot: Snapshot, name: str, q: str, wanted: str) -> bool:
    status = snapshot.statuses[name]
    if wanted not in {ALL, status} and not (wanted == NOT_CONFIRMED and status != "confirmed"):
        return False
    return not q or any(q in plain(each) for each in _search_texts(snapshot, name))


def _search_texts(snapshot: Snapshot, name: str) -> Iterator[str]:
    """The texts in which a gateway is searched for."""
    keys = snapshot.defined[name]
    yield name
    yield keys.kind
    for zone in keys.zone_names:
        yield zone
        yield from snapshot.setup.tower.landmark.parts.get(zone, {}).values()


def _row(visited: Visit, snapshot: Snapshot, name: str) -> GatewayRow:
    health = snapshot.gateway(name)
    if health is None:
        raise HTTPException(404)
    details = details_of(visited, snapshot, health)
    return GatewayRow(name, health.status, details, health.code)


def _zone(visited: Visit, snapshot: Snapshot, zone: str, health: ZoneHealth) -> ZoneRow:
    name = snapshot.setup.tower.landmark.zone_names(visited.language).get(zone, zone)
    shown = health.reported.text(visited.language, exact=True)
    if health.is_old and health.reported.on is not None:
        when = since(visited, health.reported_at)
        shown = visited.text("gateways.last_at" if when else "gateways.last", shown=shown, when=when)
    return ZoneRow(name, health.status, health.desired.text(visited.language, exact=True), shown)


def _facts(
    visited: Visit, snapshot: Snapshot, health: GatewayHealth, state: GatewayState, keys: Gateway
) -> Iterator[tuple[str, str]]:
    """Further facts about the gateway, each with its label."""
    text = visited.text
    yield text("gateways.fact.kind"), health.kind
    yield text("gateways.fact.heard"), since(visited, health.heard) or text("gateways.never")
    if (latency := _latency(visited, health.name)) is not None:
        yield text("gateways.fact.latency"), text("gateways.seconds", seconds=_figure(latency, visited))
    if state.attempts > 1:
        yield text("gateways.fact.attempts"), str(state.attempts)
    if state.reported.clock is not None:
        yield text("gateways.fact.clock"), _clock(visited, state.reported.clock, state.reported.clock_off_s)
    if health.by in {"plan", "after", "boot", "local"}:
        yield text("gateways.fact.by"), text(f"gateways.by.{health.by}")
    if visited.may(Role.ADMIN):
        yield text("gateways.fact.topics"), ", ".join(keys.topics(snapshot.setup.tower.mqtt.topic_prefix))


def _clock(visited: Visit, clock: str, off_s: float | None) -> str:
    if off_s is not None and abs(off_s) >= CLOCK_OFF_S:
        side = "ahead" if off_s > 0 else "behind"
        return visited.text(f"gateways.clock.{side}", seconds=_figure(abs(off_s), visited))
    return visited.text(f"gateways.clock.{clock}")


def _figure(value: float, visited: Visit) -> str:
    return f"{value:.1f}".replace(".", template(visited.language, "values", "decimal_mark"))


def _latency(visited: Visit, name: str) -> float | None:
    """Seconds until the last command was confirmed."""
    try:
        found = History(visited.service.state).newest(EventFilter(code=CONFIRMED, gateway=name), LATEST, 1)
    except WatertowerError:
        return None
    value = found[0][1].event.fields.get("latency_s") if found else None
    return float(value) if isinstance(value, int | float) else None


def _last_events(visited: Visit, name: str) -> list[tuple[str, list[EventLine]]]:
    try:
        lines = event_lines(visited, EventFilter(gateway=name), LATEST, LAST_EVENTS)[0]
    except WatertowerError:  # shown by `/events`, and as a degradation while it lasts
        return []
    return [*by_day(visited, lines)]


def _lamps(visited: Visit, gateway: Gateway) -> tuple[list[str], list[tuple[str, str]]]:
    """Results of the last lamp tests, by people and by the service itself, and the lamps that failed, each with how."""
    findings = LampResults(visited.service.state, visited.service.emit).read()
    failed = failed_lamps(gateway, findings)
    lines, seen = [], tested_lamps(gateway, findings.people)
    found = {lamp: each for lamp, each in tested_lamps(gateway, findings.by_itself).items() if each.by != "none"}
    if seen or (own_gateways([gateway]) and not found):
        lines.append(_tested(visited, "walk", seen))
    if found:
        lines.append(_tested(visited, "preflight", found))
    dark = {by: visited.text(f"gateways.{kind}.dark") for by, kind in REPORTED_BY.items()}
    return lines, [(lamp, dark[result.by]) for lamp, result in failed.items()]


def _tested(visited: Visit, kind: str, tested: Mapping[str, LampResult]) -> str:
    if not tested:
        return visited.text(f"gateways.{kind}.never")
    failed = sum(not each.lit for each in tested.values())
    when = dated(max(each.at for each in tested.values()).astimezone(visited.now.tzinfo), visited.now, visited.language)
    key = "failed" if failed else "lit"
    return visited.text(f"gateways.{kind}.{key}", tested=len(tested), failed=failed, when=when)


def _problem(visited: Visit, code: str) -> str:
    """The meaning of a code; empty for a code of another version."""
    kind = CATALOGUE.get(code)
    return code_help(visited, kind, "").meaning if kind is not None else ""
