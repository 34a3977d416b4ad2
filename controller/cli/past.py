"""What was shown at an instant that is over, on whose behalf, and whether it was confirmed: from the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.events.models import Text
from controller.lighting.color import Color
from controller.lighting.look import Look, ZoneState
from controller.locale import Language
from controller.rfc3339 import parse_rfc3339, rfc3339
from controller.state import History, LightChange, Minute, NotRead

A_MINUTE = timedelta(minutes=1)
WHOLE_S = 59.0
"""So many seconds are a whole minute: the first and the last second of it are seldom sampled both."""
NOTHING_RECORDED = Text("why", "past.nothing_recorded")


@dataclass(frozen=True, slots=True)
class ShownZone:
    """One zone at one instant; `confirmed_s` are those of the minute around it."""

    zone: str
    state: ZoneState
    rule: Mapping[str, object]
    confirmed_s: float

    def words(self, language: Language, dark: str) -> str:
        """For people, in one line."""
        return f"{self.zone} {self.state.words(dark)} – {self._because(language)} – {self._confirmed(language)}"

    def _because(self, language: Language) -> str:
        fields = {"name": "", "owner": "", "reason": "", **self.rule}
        return Text("why", f"past.by.{self.rule.get('kind') or 'nothing'}").say(language, fields)

    def _confirmed(self, language: Language) -> str:
        key = "whole" if self.confirmed_s >= WHOLE_S else "part" if self.confirmed_s else "none"
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
        name: {
            "on": zone.state.on,
            "color": zone.state.color.hex if zone.state.color else None,
            "brightness": zone.state.brightness,
            "rule": dict(zone.rule),
            "confirmed_s": zone.confirmed_s,
        }
        for name, zone in shown.items()
    }
    return {"zones": zones} if zones else None


def _shown(change: LightChange, minute: Minute, at: datetime) -> ShownZone:
    match change.look:
        case {"colors": list(colors), "brightness": float() | int() as brightness, **rest}:
            since = parse_rfc3339(str(rest.get("since", rfc3339(change.at))))
            every_s = float(str(rest.get("change_every_s", 0)))
            look = Look(tuple(Color.from_hex(str(color)) for color in colors), brightness, every_s)
            return ShownZone(change.zone, look.at((at - since).total_seconds()), change.rule, minute.confirmed_s)
    raise ValueError(f"light: {change.look}")
