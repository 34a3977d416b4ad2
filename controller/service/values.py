"""Looks and rules as values in documents and events, for programs; `controller.events.words` words them for people."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from controller.gateways.base import ReportedLook
from controller.lighting.look import ZoneState
from controller.schedule.campaign import SafetyStop
from controller.schedule.explanation import Why
from controller.schedule.plan import Cue, Program
from controller.service.gateway_state import DesiredLooks, ReportedState

Value = dict[str, object]


def looks_value(desired: DesiredLooks, rules: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Looks by zone, with the rules behind them where those are given."""
    return {zone: state.value | ({"rule": rules[zone]} if rules is not None else {}) for zone, state in desired.items()}


def reported_value(reported: ReportedLook, names: Mapping[str, str]) -> Value:
    """A reported look; `on` is None where nothing is known. Fields that only some gateways report are left out where
    missing: `xy`, `kelvin`, `levels`, and `unsteady` for an effect or mode of the device. `names` has the names of
    colours by `#RRGGBB`."""
    color = reported.light if reported.on else None
    extras = {
        "xy": reported.xy if color is None else None,
        "kelvin": reported.kelvin if color is None and reported.xy is None else None,
        "levels": [list(pair) for pair in reported.levels] if reported.levels is not None else None,
        "unsteady": True if reported.steady is False else None,
    }
    return {
        "on": reported.on,
        "color": color.hex if color else None,
        "color_name": names.get(color.hex) if color else None,
        "brightness": reported.brightness,
        **{key: value for key, value in extras.items() if value is not None},
    }


def color_names(desired: Iterable[ZoneState]) -> dict[str, str]:
    """By `#RRGGBB`, the name that the file uses."""
    colors = [state.color for state in desired if state.color is not None]
    return {color.hex: color.name for color in colors if color.name is not None}


def shown_value(desired: DesiredLooks, reported: ReportedState) -> dict[str, Value]:
    """The looks that a gateway reported last, by zone."""
    names = color_names(desired.values())
    return {zone: reported_value(look, names) for zone, look in reported.zones.items()}


def difference(desired: DesiredLooks, reported: ReportedState, likeness: Mapping[str, bool]) -> dict[str, object]:
    """The zones that differ, as fields of an event: `wanted` is desired, `shown` is reported; all zones where none
    differs. A difference that the rounded values do not show is marked `not_exactly`."""
    apart = [zone for zone, alike in likeness.items() if not alike] or list(desired)
    wanted = looks_value({zone: desired[zone] for zone in apart})
    names = color_names(desired.values())
    shown: dict[str, Value] = {}
    for zone in apart if reported.zones else ():
        shown[zone] = reported_value(reported.zones.get(zone, ReportedLook()), names)
        if not likeness.get(zone, True) and _reads_the_same(shown[zone], wanted[zone]):
            shown[zone]["not_exactly"] = True
    return {"wanted": wanted, "shown": shown}


def _reads_the_same(one: Value, other: Value) -> bool:
    """Whether both read the same to people, for whom the brightness is rounded."""
    shares = [round(100 * share) if isinstance(share := look["brightness"], float) else share for look in (one, other)]
    is_dark = one["on"] is False and other["on"] is False
    return is_dark or (all(one[key] == other[key] for key in ("on", "color")) and shares[0] == shares[1])


def rules_value(program: Program, cue: Cue, now: datetime) -> dict[str, Value]:
    """By zone the rule behind what a cue shows, and what limits it. An override may leave zones to the schedule, and a
    campaign to the rules below it."""
    if isinstance(cue.why.by, SafetyStop):
        return dict.fromkeys(program.zones, cue.why.rule)
    overrides = [each for each in program.overrides if each.looks and each.start <= now < each.end]
    schedule = program.by_schedule.look_at(now) if overrides else cue
    why, is_dark = program.by_schedule.why(schedule, now), schedule.why.by is None
    whys = {zone: why if is_dark else schedule.of(zone).why for zone in program.zones}
    for override in overrides:
        whys |= dict.fromkeys(override.looks, Why(override))
    return {zone: replace(whys[zone], limit=cue.limits.get(zone), skip=why.skip).rule for zone in program.zones}
