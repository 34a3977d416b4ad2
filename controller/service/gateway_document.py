"""The health document of one gateway; gateways with the same content share one text."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from controller.clock import ClockReading
from controller.gateways.base import Gateway, ReportedLook
from controller.lighting.look import ZoneState
from controller.rfc3339 import rfc3339
from controller.schedule.plan import Cue
from controller.service.controller import Controller
from controller.service.desired import LooksNow, desired_looks
from controller.service.gateway_state import DesiredLooks, GatewayState, Status
from controller.service.health import GatewayHealth, LookValue, ZoneHealth, worst
from controller.service.values import color_names, reported_value

MOST_MADE = 1000
"""Number of documents cached for other gateways with the same content."""
RULES_S = 10.0
"""Seconds after which the rules of a cue are looked up again: where nothing applies, they change during the night."""
MOST_S = 1e9


_as_json = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` makes an encoder each time


class MadeDocument(NamedTuple):
    """A document without the name of its gateway and its instants: the text, and `essence`, a hash that changes when
    anything but the age changes."""

    status: Status
    text: str
    essence: int

    def since(self, alive_s: float | None, reading: ClockReading) -> str:
        """The document without the gateway's name, written now; `alive_s` is when the last message arrived from it."""
        seen_at = _instant(alive_s, reading)
        instants = {"at": rfc3339(reading.wall), "heard": rfc3339(seen_at) if seen_at is not None else None}
        return f"{_as_json(instants)[1:-1]},{self.text}"


class GatewayDocuments:
    """The documents of all gateways. Thousands of gateways share a few distinct contents: each is made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], MadeDocument] = {}
        """By content."""
        self._alike: dict[tuple[object, ...], tuple[MadeDocument, GatewayState, DesiredLooks]] = {}
        """By what identical gateways with the same state have in common."""
        self._edition = 0
        """Number of changes of cue or rules."""
        self._rules: tuple[Cue | None, float, dict[str, dict[str, object]]] = (None, 0.0, {})
        """A cue, when its rules were looked up (boot time), and the rules."""
        self._looks_now = LooksNow()
        self._written: tuple[MadeDocument, float | None, ClockReading, str] | None = None
        """The payload written last, without the name, and what it was made of: document, `alive_s`, turn."""

    def forget(self) -> None:
        """Empty the caches."""
        self._made.clear()
        self._alike.clear()

    def of(self, name: str, controller: Controller, cue: Cue, reading: ClockReading, code: str | None) -> MadeDocument:
        """The document of one gateway; `code` is the event that names its fault."""
        self._look_up_rules(controller, cue, reading)
        gateway, state = controller.gateways[name], controller.states[name]
        desired = self._looks_now.at(gateway.zone_names, cue, reading.wall)
        alike = (controller.alike[name], id(state), id(desired), code, reading.stepped_s)
        if (known := self._alike.get(alike)) is not None:
            return known[0]
        if len(self._alike) >= MOST_MADE:
            self.forget()
        contents = (self._edition, code, reading.stepped_s, *_contents(gateway, state, desired))
        made = self._made.get(contents)
        if made is None:
            made = _made(gateway_health(gateway, state, cue, self._rules[2], reading, code))
            self._made[contents] = made
        self._alike[alike] = made, state, desired
        return made

    def payload(self, name: str, made: MadeDocument, state: GatewayState, reading: ClockReading) -> bytes:
        """The payload for one gateway; in one turn most differ in the name only."""
        written = (made, state.reported.alive_s, reading)
        if self._written is None or self._written[:3] != written:
            self._written = (*written, made.since(state.reported.alive_s, reading))
        return f'{{"name":{_as_json(name)},{self._written[3]}'.encode()

    def _look_up_rules(self, controller: Controller, cue: Cue, reading: ClockReading) -> None:
        before, at_s, rules = self._rules
        if before is cue and reading.mono < at_s + RULES_S:
            return
        self._rules = cue, reading.mono, controller.rules(cue, reading.wall)
        if before is not cue or rules != self._rules[2]:
            self._edition += 1
            self.forget()


def _contents(gateway: Gateway, state: GatewayState, desired: DesiredLooks) -> tuple[object, ...]:
    """What the document of one gateway is made of, without name and age. Comparing this costs a tenth of making the
    document, and most reports repeat the last one."""
    reported, statuses = state.reported, statuses_of(gateway, state)
    is_pending = worst(set(statuses.values())) == "pending"
    zones = []
    for zone, each in statuses.items():
        is_old = zone not in reported.reported_s or each in {"silent", "unknown"}
        zones.append(
            (
                each,
                reported.zones.get(zone) if not is_pending else None,
                reported.last_reported_s.get(zone) if is_old else True,
                state.confirmed_s.get(zone) if each != "confirmed" else None,
            )
        )
    itself = (reported.online, reported.by, reported.problems, reported.info, is_askable(gateway, state))
    return gateway.kind, gateway.zone_names, tuple(desired.values()), itself, tuple(zones)


def _made(health: GatewayHealth) -> MadeDocument:
    text = health.model_dump_json(exclude={"at", "name", "heard"}).removeprefix("{")
    # the reports of a lamp that is fading change all the time
    zones = {"__all__": {"reported"}} if health.status == "pending" else {}
    essence = health.model_dump_json(exclude={"name": True, "at": True, "heard": True, "zones": zones})
    return MadeDocument(health.status, text, hash(essence))


def gateway_health(
    gateway: Gateway,
    state: GatewayState,
    cue: Cue,
    rules: Mapping[str, dict[str, object]],
    reading: ClockReading,
    code: str | None,
) -> GatewayHealth:
    """The document of one gateway; `rules` has the rule behind the cue by zone."""
    reported = state.reported
    desired = desired_looks(gateway.zone_names, cue, reading.wall)
    names = color_names(chain(desired.values(), (look.at(0) for look in cue.looks.values())))
    zones = {zone: _zone(zone, look, rules[zone], state, reading, names) for zone, look in desired.items()}
    status = worst({zone.status for zone in zones.values()})
    return GatewayHealth(
        version=1,
        at=reading.wall,
        name=gateway.name,
        kind=gateway.kind,
        status=status,
        online=reported.online,
        heard=_instant(reported.alive_s, reading),
        code=code if status != "confirmed" else None,
        by=reported.by,
        problems=reported.problems,
        askable=is_askable(gateway, state),
        info=reported.info,
        zones=zones,
    )


def statuses_of(gateway: Gateway, state: GatewayState) -> dict[str, Status]:
    """The status of each zone."""
    return {zone: state.status.get(zone, "unknown") for zone in gateway.zone_names}


def is_askable(gateway: Gateway, state: GatewayState) -> bool:
    """Whether the gateway answers when asked, so that *unknown* is a fault."""
    return gateway.refresh != "nothing" or state.is_absence_reported


def _zone(
    zone: str,
    desired: ZoneState,
    rule: dict[str, object],
    state: GatewayState,
    reading: ClockReading,
    names: dict[str, str],
) -> ZoneHealth:
    status = state.status.get(zone, "unknown")
    reported = state.reported
    is_old = zone not in reported.reported_s or status in {"silent", "unknown"}
    look = reported_value(reported.zones.get(zone, ReportedLook()), names)
    return ZoneHealth(
        status=status,
        desired=LookValue.model_validate(desired.value | {"rule": rule}),
        reported=LookValue.model_validate(look),
        is_old=is_old,
        reported_at=_instant(reported.last_reported_s.get(zone), reading) if is_old else None,
        confirmed_at=_instant(state.confirmed_s.get(zone), reading) if status != "confirmed" else None,
    )


def _instant(at_s: float | None, reading: ClockReading) -> datetime | None:
    """The wall time of an instant of boot time, without fractions of a second."""
    if at_s is None:
        return None
    ago_s = min((reading.mono - at_s) * reading.pace, MOST_S)
    return (reading.wall - timedelta(seconds=ago_s)).replace(microsecond=0)
