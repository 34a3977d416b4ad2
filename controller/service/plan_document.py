"""The plan of a period, and one moment of it, as values: output of `plan --json` and answer of the API. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from controller.config.load import Setup
from controller.events.models import plain_value
from controller.lighting.look import NO_LIGHT, Look
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Rule
from controller.schedule.explanation import kind_of, rule_value
from controller.schedule.plan import Cue, Program
from controller.schedule.precedence import NightPlan, Piece
from controller.schedule.trap_notes import night_notes
from controller.service.desired import desired_looks, fade_left_s
from controller.service.planned_tests import planned_tests
from controller.service.values import looks_value, rules_value


def plan_document(setup: Setup, program: Program, start: datetime, end: datetime) -> dict[str, object]:
    """The plan of a period as JSON; the first cue is the one in force at its start."""
    first, *later = program.cues(start, end)
    cues = [_cue(program, _from(first, start)), *(_cue(program, cue) for cue in later)]
    site = setup.tower.site
    place = {"latitude": site.latitude, "longitude": site.longitude, "time_zone": site.time_zone}
    return {
        "version": 1,
        "site": {"name": site.name, **place},
        "from": rfc3339(start),
        "until": rfc3339(end),
        "cues": cues,
        "nights": [_night(program, night) for night in program.nights(start, end)],
        "lamp_tests": [each.value for each in planned_tests(setup, program, start, end)],
    }


def moment_document(program: Program, at: datetime) -> dict[str, object]:
    """One moment: the cue in force, the winner and the losers."""
    why = program.explain(at)
    cue = program.look_at(at)
    return {
        "version": 1,
        "at": rfc3339(at),
        "local": rfc3339(at, program.place.time_zone),
        "looks": looks_value(desired_looks(program.zones, cue, at), rules_value(program, cue, at)),
        "since": rfc3339(cue.at),
        "fade_s": cue.fade_s,
        "winner": why.winner,
        "rule": why.rule,
        "losers": [rule_value(kind_of(rule), rule) | {"because": why.loses(rule)} for rule in why.losers],
    }


def _from(cue: Cue, start: datetime) -> Cue:
    """A cue as it is from `start` on: one already in force has only the rest of its fade."""
    return cue if cue.at >= start else replace(cue, at=start, fade_s=fade_left_s(cue, start))


def _cue(program: Program, cue: Cue) -> dict[str, object]:
    looks: Mapping[str, Look] = cue.looks
    rules = rules_value(program, cue, cue.at)
    return {
        "at": rfc3339(cue.at),
        "local": rfc3339(cue.at, program.place.time_zone),
        "looks": {zone: _look(looks.get(zone, NO_LIGHT), cue, zone) | {"rule": rules[zone]} for zone in program.zones},
        "fade_s": cue.fade_s,
    }


def _look(look: Look, cue: Cue, zone: str) -> dict[str, object]:
    """The look of a zone from the cue on; of a sequence the current step, and all colours."""
    since = cue.of(zone).since
    since_s = max(0.0, (cue.at - since).total_seconds())
    shown = look.at(since_s).value
    if look.next_step(since_s) is not None:
        shown["sequence"] = {
            "colors": [color.hex for color in look.colors],
            "color_names": [color.name for color in look.colors],
            "change_every_s": look.change_every_s,
            "started_at": rfc3339(since),
        }
    return shown


def _night(program: Program, plan: NightPlan) -> dict[str, object]:
    dark = program.place.dark(plan.night)
    lit = [(piece, piece.shows) for piece in plan.pieces if piece.shows is not None]
    notes = night_notes(program, plan)
    return {
        "night": plan.night.day.isoformat(),
        "dark": [{"from": rfc3339(start), "until": rfc3339(end)} for start, end in dark],
        "lit": [_lit(piece, rule) for piece, rule in lit],
        "notes": [{"code": note.code, "name": note.rule.name, "fields": plain_value(note.fields)} for note in notes],
    }


def _lit(piece: Piece, rule: Rule) -> dict[str, object]:
    limit = {"limit": piece.limit.name} if piece.limit is not None else {}
    return {"from": rfc3339(piece.start), "until": rfc3339(piece.end), "campaign": rule.name, **limit}
