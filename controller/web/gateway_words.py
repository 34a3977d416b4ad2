"""What a gateway shows and should show, in a line: on Tornet and in the list of gateways."""

from collections.abc import Mapping
from datetime import datetime

from controller.events.words import dated
from controller.service.clauses import look_phrase, names_of
from controller.service.health import GatewayHealth, LookValue
from controller.web.running_service import Snapshot
from controller.web.visit import Visit


def details_of(visited: Visit, snapshot: Snapshot, health: GatewayHealth) -> str:
    """What the zones with the gateway's status show and should show; never a hex value."""
    state = snapshot.states[health.name]
    zones = {zone: each for zone, each in health.zones.items() if each.status == health.status}
    shown = _words(visited, snapshot, {zone: each.reported for zone, each in zones.items()})
    desired = _words(visited, snapshot, {zone: each.desired for zone, each in zones.items()})
    fields = {"shown": shown, "desired": desired, "attempt": state.attempts}
    has_sent_nothing = health.status == "unknown" and health.heard is None and health.askable
    if health.status == "silent" or has_sent_nothing:
        when = since(visited, health.heard)
        key = "never_heard" if not when else "left" if health.online is False else "silent"
        return visited.text(f"gateways.{key}", **fields, when=when)
    if health.status == "unknown" and health.askable:
        return visited.text("gateways.not_yet", **fields)
    if health.status == "pending":
        return visited.text("gateways.pending_again" if state.attempts > 1 else "gateways.pending", **fields)
    if health.status == "confirmed":
        return visited.text("gateways.confirmed", **fields)
    if health.status == "differs" and shown and shown != desired:
        return visited.text("gateways.differs", **fields)
    local = snapshot.now.astimezone(snapshot.zone)
    return "; ".join(dict.fromkeys(health.zone_text(zone, visited.language, local) for zone in zones))


def _words(visited: Visit, snapshot: Snapshot, looks: Mapping[str, LookValue]) -> str:
    """`orange`, `skålen orange, skaftet släckt`; empty if it is not known of all zones."""
    names, language = names_of(snapshot.setup.tower), visited.language
    texts = {}
    for zone, look in looks.items():
        if look.on is None:
            return ""
        words = look_phrase(look, names.palette, language)
        texts[zone] = visited.text("gateways.dark") if words.kind == "dark" else _how(visited, words.kind, words.how)
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ", ".join(f"{names.part(zone, language)} {how}" for zone, how in texts.items())


def _how(visited: Visit, kind: str, how: str) -> str:
    return visited.text("gateways.sequence", count=how) if kind == "sequence" else how


def since(visited: Visit, at: datetime | None) -> str:
    """`20:51`, on another day with the date; empty for never."""
    if at is None:
        return ""
    snapshot = visited.snapshot
    local = at.astimezone(snapshot.zone)
    is_today = local.date() == snapshot.now.astimezone(snapshot.zone).date()
    return f"{local:%H:%M}" if is_today else dated(local, snapshot.now, visited.language)
