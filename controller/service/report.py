"""Says in one document how it stands: the engine's tracks, the cue in force and the next one."""

from datetime import datetime, timedelta

from controller.clock import Reading
from controller.gateways.gateway import Gateway, Shown
from controller.lighting.look import ZoneState
from controller.schedule.plan import Cue
from controller.service.engine import Engine
from controller.service.health import CueHealth, Degradation, GatewayHealth, Health, ZoneHealth
from controller.service.state import Track
from controller.service.wishes import fade_left_s, goal
from controller.service.words import say, shows

MOST_S = 1e9


def health_of(engine: Engine, site: str, reading: Reading, degradations: tuple[Degradation, ...] = ()) -> Health:
    """The health document of this instant."""
    cue = engine.cue or engine.program.look_at(reading.wall)
    following = engine.following
    gateways = (_gateway(gateway, engine.tracks[name], cue, reading) for name, gateway in engine.gateways.items())
    return Health(
        at=reading.wall,
        site=site,
        clock=reading.trust,
        now=_cue(engine, cue, fade_left_s(cue, reading.wall)),
        next=_cue(engine, following) if following is not None else None,
        gateways=tuple(gateways),
        degradations=degradations,
    )


def essence(health: Health) -> int:
    """What of it matters: a number that changes when anything but the age of the news does."""
    still = health.model_copy(update={"at": None, "gateways": ()})
    gateways = tuple(gateway.model_copy(update={"heard_s": None}).model_dump_json() for gateway in health.gateways)
    return hash((still.model_dump_json(warnings=False), gateways))


def _cue(engine: Engine, cue: Cue, fade_s: float = 0.0) -> CueHealth:
    looks = shows(goal(engine.program.zones, cue, cue.at))
    until = cue.at + timedelta(seconds=cue.fade_s) if fade_s > 0 else None
    return CueHealth(at=cue.at, looks=looks, campaign=cue.campaign, why=cue.why.rule, fades_until=until)


def _gateway(gateway: Gateway, track: Track, cue: Cue, reading: Reading) -> GatewayHealth:
    heard = track.heard
    wished = goal(gateway.zone_names, cue, reading.wall)
    return GatewayHealth(
        name=gateway.name,
        kind=gateway.kind,
        online=heard.online,
        heard_s=round(reading.mono - heard.alive_s, 1) if heard.alive_s is not None else None,
        by=heard.by,
        problems=heard.problems,
        askable=gateway.refresh != "nothing" or track.missed,
        zones={zone: _zone(zone, state, track, reading) for zone, state in wished.items()},
    )


def _zone(zone: str, wished: ZoneState, track: Track, reading: Reading) -> ZoneHealth:
    standing = track.standing.get(zone, "unknown")
    is_old = zone not in track.heard.told_s or standing in {"silent", "unknown"}
    return ZoneHealth(
        standing=standing,
        wanted=wished.words(),
        shown=say(track.heard.zones.get(zone, Shown())),
        is_old=is_old,
        shown_at=_instant(track.heard.seen_s.get(zone), reading) if is_old else None,
        confirmed_at=_instant(track.confirmed_s.get(zone), reading) if standing != "confirmed" else None,
    )


def _instant(at_s: float | None, reading: Reading) -> datetime | None:
    """The wall time of an instant of boot time, to the second."""
    if at_s is None:
        return None
    ago_s = min((reading.mono - at_s) * reading.pace, MOST_S)
    return (reading.wall - timedelta(seconds=ago_s)).replace(microsecond=0)
