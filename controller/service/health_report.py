"""Says in one document how it stands: the engine's tracks, the cue in force and the next one."""

from datetime import datetime, timedelta

from controller.clock import ClockReading
from controller.gateways.base import Gateway, ReportedLook
from controller.lighting.look import ZoneState
from controller.schedule.plan import Cue
from controller.service.controller import Controller
from controller.service.desired import desired_looks, fade_left_s
from controller.service.formatting import say, shows
from controller.service.gateway_state import GatewayState
from controller.service.health import CueHealth, Degradation, GatewayHealth, Health, ZoneHealth

MOST_S = 1e9


def health_of(
    engine: Controller, site: str, reading: ClockReading, degradations: tuple[Degradation, ...] = ()
) -> Health:
    """The health document of this instant."""
    cue = engine.cue or engine.program.look_at(reading.wall)
    following = engine.following
    gateways = (_gateway(gateway, engine.states[name], cue, reading) for name, gateway in engine.gateways.items())
    return Health(
        at=reading.wall,
        site=site,
        clock=reading.trust,
        now=_cue(engine, cue, fade_left_s(cue, reading.wall)).model_copy(update={"why": engine.why(reading.wall).rule}),
        next=_cue(engine, following) if following is not None else None,
        gateways=tuple(gateways),
        degradations=degradations,
    )


def essence(health: Health) -> int:
    """What of it matters: a number that changes when anything but the age of the news does."""
    still = health.model_copy(update={"at": None, "gateways": ()})
    gateways = tuple(gateway.model_copy(update={"heard_s": None}).model_dump_json() for gateway in health.gateways)
    return hash((still.model_dump_json(warnings=False), gateways))


def _cue(engine: Controller, cue: Cue, fade_s: float = 0.0) -> CueHealth:
    looks = shows(desired_looks(engine.program.zones, cue, cue.at))
    until = cue.at + timedelta(seconds=cue.fade_s) if fade_s > 0 else None
    return CueHealth(at=cue.at, looks=looks, campaign=cue.campaign, why=cue.why.rule, fades_until=until)


def _gateway(gateway: Gateway, track: GatewayState, cue: Cue, reading: ClockReading) -> GatewayHealth:
    heard = track.reported
    desired = desired_looks(gateway.zone_names, cue, reading.wall)
    return GatewayHealth(
        name=gateway.name,
        kind=gateway.kind,
        online=heard.online,
        heard_s=round(reading.mono - heard.alive_s, 1) if heard.alive_s is not None else None,
        by=heard.by,
        problems=heard.problems,
        askable=gateway.refresh != "nothing" or track.is_absence_reported,
        zones={zone: _zone(zone, state, track, reading) for zone, state in desired.items()},
    )


def _zone(zone: str, desired: ZoneState, track: GatewayState, reading: ClockReading) -> ZoneHealth:
    standing = track.status.get(zone, "unknown")
    is_old = zone not in track.reported.reported_s or standing in {"silent", "unknown"}
    return ZoneHealth(
        standing=standing,
        wanted=desired.words(),
        shown=say(track.reported.zones.get(zone, ReportedLook())),
        is_old=is_old,
        shown_at=_instant(track.reported.last_reported_s.get(zone), reading) if is_old else None,
        confirmed_at=_instant(track.confirmed_s.get(zone), reading) if standing != "confirmed" else None,
    )


def _instant(at_s: float | None, reading: ClockReading) -> datetime | None:
    """The wall time of an instant of boot time, to the second."""
    if at_s is None:
        return None
    ago_s = min((reading.mono - at_s) * reading.pace, MOST_S)
    return (reading.wall - timedelta(seconds=ago_s)).replace(microsecond=0)
