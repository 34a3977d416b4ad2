"""What was shown at an instant that is over, on whose behalf, and whether it was confirmed: from the history."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.events.models import Text
from controller.events.words import looks_words, rule_words
from controller.lighting.color import Color
from controller.lighting.look import Look, ZoneState
from controller.locale import Language
from controller.rfc3339 import parse_rfc3339, rfc3339
from controller.state import History, LightChange, Minute, NotRead

A_MINUTE = timedelta(minutes=1)
WHOLE_S = 59.0
"""So many seconds are a whole minute: the first and the last second of it are seldom sampled both."""
NOTHING_RECORDED, NOTHING_APPLIED = (Text("why", f"past.{key}") for key in ("nothing_recorded", "nothing_applied"))


@dataclass(frozen=True, slots=True)
class ShownZone:
    """One zone at one instant; `confirmed_s` are those of the minute around it."""

    state: ZoneState
    rule: Mapping[str, object]
    confirmed_s: float

    @property
    def is_confirmed(self) -> bool:
        """Whether it was for the whole minute."""
        return self.confirmed_s >= WHOLE_S

    def words(self, name: str, language: Language) -> str:
        """For people, in one line; `name` is what they call the zone."""
        shown = looks_words({name: self.state.value}, language)
        return f"{shown} – {self._because(language)} – {self._confirmed(language)}"

    def _because(self, language: Language) -> str:
        return NOTHING_APPLIED.say(language, {}) if self.rule.get("kind") is None else rule_words(self.rule, language)

    def _confirmed(self, language: Language) -> str:
        key = "whole" if self.is_confirmed else "part" if self.confirmed_s else "none"
        return Text("why", f"past.confirmed.{key}").say(language, {"seconds": round(self.confirmed_s)})


def shown_at(history: History, at: datetime) -> dict[str, ShownZone]:
    """By zone; nothing where the service did not run in that minute, or it is not written yet. Raises NotRead."""
    minute = at.replace(second=0, microsecond=0)
    light = history.light_at(at)
    minutes = history.minutes(minute, minute + A_MINUTE)
    try:
        return {each.zone: _shown(light[each.zone], each, at) for each in minutes if each.zone in light}
    except (ValueError, TypeError) as error:
        raise NotRead("TWL-J008", file="history.db", reason=str(error)) from error


def shown_document(shown: Mapping[str, ShownZone]) -> dict[str, object] | None:
    """For programs; None where nothing is recorded."""
    zones = {
        name: {**zone.state.value, "rule": dict(zone.rule), "confirmed_s": zone.confirmed_s}
        for name, zone in shown.items()
    }
    return {"zones": zones} if zones else None


def _shown(change: LightChange, minute: Minute, at: datetime) -> ShownZone:
    match change.look:
        case {"colors": list(colors), "brightness": float() | int() as brightness, **rest}:
            since = parse_rfc3339(str(rest.get("since", rfc3339(change.at))))
            every_s = float(str(rest.get("change_every_s", 0)))
            names = rest.get("names")
            pairs = zip(colors, names if isinstance(names, list) else [None] * len(colors), strict=True)
            named = (replace(Color.from_hex(str(color)), name=name) for color, name in pairs)
            look = Look(tuple(named), brightness, every_s)
            return ShownZone(look.at((at - since).total_seconds()), change.rule, minute.confirmed_s)
    raise ValueError(f"light: {change.look}")
