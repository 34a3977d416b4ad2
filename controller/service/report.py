"""Says in one document how it stands: the engine's tracks, the cue in force and the next one."""

from controller.clock import Reading
from controller.gateways.gateway import Gateway, Shown
from controller.schedule.plan import Cue
from controller.service.engine import Engine
from controller.service.health import CueHealth, GatewayHealth, Health, ZoneHealth
from controller.service.state import Track
from controller.service.wishes import goal
from controller.service.words import say, shows


def health_of(engine: Engine, site: str, reading: Reading) -> Health:
    """The health document of this instant."""
    cue = engine.cue or engine.program.look_at(reading.wall)
    following = engine.following
    gateways = (_gateway(gateway, engine.tracks[name], cue, reading) for name, gateway in engine.gateways.items())
    return Health(
        at=reading.wall,
        site=site,
        clock=reading.trust,
        now=_cue(engine, cue),
        next=_cue(engine, following) if following is not None else None,
        gateways=tuple(gateways),
    )


def essence(health: Health) -> int:
    """What of it matters: a number that changes when anything but the age of the news does."""
    still = health.model_copy(update={"at": None, "gateways": ()})
    gateways = tuple(gateway.model_copy(update={"heard_s": None}).model_dump_json() for gateway in health.gateways)
    return hash((still.model_dump_json(warnings=False), gateways))


def _cue(engine: Engine, cue: Cue) -> CueHealth:
    looks = shows(goal(engine.program.zones, cue, cue.at))
    return CueHealth(at=cue.at, looks=looks, campaign=cue.campaign, why=cue.why.rule)


def _gateway(gateway: Gateway, track: Track, cue: Cue, reading: Reading) -> GatewayHealth:
    heard = track.heard
    wished = goal(gateway.zone_names, cue, reading.wall)
    zones = {
        zone: ZoneHealth(
            standing=track.standing.get(zone, "unknown"),
            wanted=state.words(),
            shown=say(heard.zones.get(zone, Shown())),
        )
        for zone, state in wished.items()
    }
    heard_s = round(reading.mono - heard.alive_s, 1) if heard.alive_s is not None else None
    return GatewayHealth(
        name=gateway.name,
        kind=gateway.kind,
        online=heard.online,
        heard_s=heard_s,
        by=heard.by,
        problems=heard.problems,
        zones=zones,
    )
