"""The document of one gateway, made of what is known of it; one text for all that say the same."""

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
"""Documents that are kept to be written for others, too."""
RULES_S = 10.0
"""The rules of a cue are looked up again so often: where nothing applies, they change with the night."""
MOST_S = 1e9


_as_json = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` makes an encoder each time


class MadeDocument(NamedTuple):
    """A document but for the name of its gateway and the instants in it: its text, and what of it matters, a number
    that changes when anything but its age does."""

    status: Status
    text: str
    essence: int

    def since(self, alive_s: float | None, reading: ClockReading) -> str:
        """The document without its beginning, written now of gateways that were heard last then."""
        heard = _instant(alive_s, reading)
        instants = {"at": rfc3339(reading.wall), "heard": rfc3339(heard) if heard is not None else None}
        return f"{_as_json(instants)[1:-1]},{self.text}"


class GatewayDocuments:
    """The documents of all gateways: most of thousands say the same."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], MadeDocument] = {}
        """By what they were made of."""
        self._alike: dict[tuple[object, ...], tuple[MadeDocument, GatewayState, DesiredLooks]] = {}
        """By what gateways have in common that are alike and share a state."""
        self._edition = 0
        """Counts the cues and their rules."""
        self._rules: tuple[Cue | None, float, dict[str, dict[str, object]]] = (None, 0.0, {})
        """The rules of a cue, and when they were looked up."""
        self._looks_now = LooksNow()
        self._written: tuple[MadeDocument, float | None, ClockReading, str] | None = None
        """The document that was written last, but for the name: of a gateway that was heard then, in a turn."""

    def forget(self) -> None:
        """Make each anew."""
        self._made.clear()
        self._alike.clear()

    def of(self, name: str, controller: Controller, cue: Cue, reading: ClockReading, code: str | None) -> MadeDocument:
        """That of one gateway; `code` is the event that says what is wrong with it."""
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
        """What is written of one gateway; in one turn it is mostly the same but for the name."""
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
    """What the document of one gateway is made of, but for its name and its age. To compare this costs a tenth of
    making the document, and most reports say what the last one said."""
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
    said = (reported.online, reported.by, reported.problems, reported.info, is_askable(gateway, state))
    return gateway.kind, gateway.zone_names, tuple(desired.values()), said, tuple(zones)


def _made(health: GatewayHealth) -> MadeDocument:
    text = health.model_dump_json(exclude={"at", "name", "heard"}).removeprefix("{")
    # what a lamp on its way reports changes all the time
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
    """The document of one gateway; `rules` say by zone on whose behalf the cue shows what it shows."""
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
    """Of each zone."""
    return {zone: state.status.get(zone, "unknown") for zone in gateway.zone_names}


def is_askable(gateway: Gateway, state: GatewayState) -> bool:
    """Whether it answers when it is asked, so that it is a fault when it is unknown."""
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
    """The wall time of an instant of boot time, to the second."""
    if at_s is None:
        return None
    ago_s = min((reading.mono - at_s) * reading.pace, MOST_S)
    return (reading.wall - timedelta(seconds=ago_s)).replace(microsecond=0)
