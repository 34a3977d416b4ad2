"""For monitoring programs: `/metrics` in the text format of Prometheus, and the health checks.

Values come from a snapshot and from counts of events; nothing is registered globally. The number of series is bounded:
gateways have series of their own up to MOST_GATEWAYS, beyond that only counts."""

from collections.abc import Iterator, Mapping

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from controller import __version__
from controller.clock import ClockReading, Trust
from controller.service.health import WORST_FIRST
from controller.state.roles import Role
from controller.web.event_counts import EventCounts
from controller.web.running_service import Snapshot
from controller.web.visit import Visited

router = APIRouter()
MOST_GATEWAYS = 100
ALIVE_S = 30.0
"""Seconds without a turn after which the control loop counts as hanging."""
FILES_BAD = frozenset({"TWL-O131", "TWL-O134"})


class _Metrics(Collector):
    """The metrics of all sites, each series with the label `site`; without the label if the site has no name."""

    def __init__(self, sites: Mapping[str, tuple[Snapshot | None, EventCounts]]) -> None:
        self._sites = sites

    def collect(self) -> Iterator[Metric]:
        found: dict[str, Metric] = {}
        for site, of in self._sites.items():
            for metric in _metrics(*of):
                label = {"site": site} if site else {}
                samples = [each._replace(labels={**each.labels, **label}) for each in metric.samples]
                metric.samples = []
                found.setdefault(metric.name, metric).samples.extend(samples)
        yield from found.values()


def metrics_text(snapshot: Snapshot | None, counts: EventCounts) -> bytes:
    """All metrics in the text format of Prometheus; fewer before the first turn."""
    return metrics_of_sites({"": (snapshot, counts)})


def metrics_of_sites(sites: Mapping[str, tuple[Snapshot | None, EventCounts]]) -> bytes:
    """The metrics of several sites."""
    return generate_latest(_Metrics(sites))


def _metrics(snapshot: Snapshot | None, counts: EventCounts) -> Iterator[Metric]:
    yield InfoMetricFamily("watertower_build", "Version of the program.", {"version": __version__})
    yield from counts.metrics(by_gateway=snapshot is None or len(snapshot.states) <= MOST_GATEWAYS)
    taken = counts.files_taken_at.timestamp()
    yield _gauge("config_loaded_timestamp_seconds", "When the files in force were taken over.", taken)
    if snapshot is not None:
        yield from _service_metrics(snapshot)
        yield from _zone_metrics(snapshot)
        yield from _gateway_metrics(snapshot)


def _service_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    health, wrong = snapshot.health, {one.code for one in snapshot.health.degradations}
    yield _gauge("last_turn_timestamp_seconds", "When the control loop turned last.", snapshot.now.timestamp())
    yield _gauge("mqtt_connected", "Whether a broker is connected.", any(snapshot.connected.values()))
    yield _gauge("config_valid", "Whether the files on the disk are those in force.", wrong.isdisjoint(FILES_BAD))
    yield _gauge("clock_synchronized", "Whether a time server sets the clock.", health.clock is Trust.TRUSTED)
    yield _gauge(
        "clock_suspect", "Whether nothing changes because the clock is in doubt.", health.clock is Trust.SUSPECT
    )
    yield _gauge("override_active", "How many overrides are in force.", len(snapshot.overrides))
    yield _gauge("safety_stop_active", "Whether a safety stop is in force.", snapshot.stop is not None)
    harmful = sum(not one.is_harmless for one in health.degradations)
    yield _gauge("degradations", "What is wrong with the service itself.", harmful)
    if health.next is not None:
        about = "When the light changes next; missing where it does not for a year."
        yield _gauge("next_change_timestamp_seconds", about, health.next.at.timestamp())


def _zone_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    desired = GaugeMetricFamily(
        "watertower_zone_desired_info", "What a zone should show: #RRGGBB or dark.", labels=["zone", "color"]
    )
    matches = GaugeMetricFamily(
        "watertower_zone_matches_schedule",
        "Whether every gateway of a zone confirms what should be shown, what is set by hand included.",
        labels=["zone"],
    )
    unconfirmed = _unconfirmed_zones(snapshot)
    for zone, look in snapshot.health.now.looks.items():
        desired.add_metric([zone, (look.color or "on") if look.on else "dark"], 1)
        matches.add_metric([zone], float(zone not in unconfirmed))
    yield desired
    yield matches


def _unconfirmed_zones(snapshot: Snapshot) -> set[str]:
    found: set[str] = set()
    for state in snapshot.states.values():
        found.update(zone for zone, status in state.status.items() if status != "confirmed")
        if len(found) == len(snapshot.health.now.looks):
            break
    driven = {zone for gateway in snapshot.setup.tower.gateways for zone in gateway.zone_names}
    return found | (snapshot.health.now.looks.keys() - driven)


def _gateway_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    counts = GaugeMetricFamily("watertower_gateways", "Gateways by their status.", labels=["status"])
    for status in WORST_FIRST:
        counts.add_metric([status], snapshot.health.counts.get(status, 0))
    yield counts
    if len(snapshot.states) > MOST_GATEWAYS:
        return
    about = f"Whether a gateway answers, of up to {MOST_GATEWAYS}."
    up = GaugeMetricFamily("watertower_gateway_up", about, labels=["gateway"])
    seen = GaugeMetricFamily(
        "watertower_gateway_last_seen_timestamp_seconds",
        "When the last message from a gateway arrived.",
        labels=["gateway"],
    )
    for gateway in snapshot.gateways():
        up.add_metric([gateway.name], float(gateway.heard is not None and gateway.status != "silent"))
        if gateway.heard is not None:
            seen.add_metric([gateway.name], gateway.heard.timestamp())
    yield up
    yield seen


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"watertower_{name}", about, value=float(value))


# Whether it lives, and is ready


def is_alive(snapshot: Snapshot | None, started_s: float, reading: ClockReading) -> bool:
    """Whether the control loop runs; before its first turn, whether it has had time for one. Boot time."""
    last_s = snapshot.reading.mono if snapshot is not None else started_s
    return reading.mono - last_s <= ALIVE_S


def readiness(snapshot: Snapshot | None, reading: ClockReading) -> dict[str, bool]:
    """What the service needs to do its work, each with whether it is there: ready if all are."""
    if snapshot is None:
        return {"controller": False, "broker": False, "files": False, "clock": False}
    wrong = {one.code for one in snapshot.health.degradations}
    return {
        "controller": is_alive(snapshot, 0.0, reading),
        "broker": any(snapshot.connected.values()),
        "files": wrong.isdisjoint(FILES_BAD),
        "clock": snapshot.health.clock is not Trust.SUSPECT,
    }


@router.get("/healthz", include_in_schema=False)
def healthz(visited: Visited) -> PlainTextResponse:
    """200 while the control loop runs, 503 if it hangs; for whoever would restart the service."""
    service = visited.service
    alive = is_alive(service.snapshot, service.started.mono, service.clock.read())
    return PlainTextResponse("ok\n" if alive else "the control loop hangs\n", 200 if alive else 503)


@router.get("/readyz", include_in_schema=False)
def readyz(visited: Visited) -> JSONResponse:
    """200 if broker, files and clock are usable, else 503, with each of them; for those who may read the page."""
    if not visited.may(Role.VIEWER):
        raise HTTPException(403)
    checks = readiness(visited.service.snapshot, visited.service.clock.read())
    is_ready = all(checks.values())
    return JSONResponse({"ready": is_ready, "checks": checks}, 200 if is_ready else 503)


@router.get("/metrics", include_in_schema=False)
def metrics(visited: Visited) -> Response:
    """All metrics, for those who may read the page. A program without access gets 403, not a redirect to the login."""
    if not visited.may(Role.VIEWER):
        raise HTTPException(403)
    return Response(metrics_text(visited.service.snapshot, visited.service.counts), media_type=CONTENT_TYPE_LATEST)
