"""The past: from the history what was shown at an instant, by which rule, and whether it was confirmed; from the
versions of the schedule the rules in force."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from controller.config.load import Setup
from controller.errors import FilesRejected
from controller.events.models import Text
from controller.events.words import looks_words, rule_words
from controller.lighting.color import Color
from controller.lighting.look import Look, ZoneState
from controller.locale import Language
from controller.rfc3339 import parse_rfc3339, rfc3339
from controller.schedule.plan import Program
from controller.state import History, LightChange, Minute, NotRead
from controller.state.versions import ScheduleVersion, VersionStore

A_MINUTE = timedelta(minutes=1)
WHOLE_S = 59.0
"""Confirmed seconds that count as a whole minute: its first and last second are seldom both sampled."""
NOTHING_RECORDED, NOTHING_APPLIED = (Text("why", f"past.{key}") for key in ("nothing_recorded", "nothing_applied"))


@dataclass(frozen=True, slots=True)
class ShownZone:
    """One zone at one instant; `confirmed_s` is the confirmed time in the minute around it."""

    state: ZoneState
    rule: Mapping[str, object]
    confirmed_s: float

    @property
    def is_confirmed(self) -> bool:
        """Whether it was confirmed for the whole minute."""
        return self.confirmed_s >= WHOLE_S

    def words(self, name: str, language: Language) -> str:
        """For people, in one line; `name` is what they call the zone."""
        shown = looks_words({name: self.state.value}, language)
        return f"{shown} – {self._because(language)} – {self._confirmed(language)}"

    def _because(self, language: Language) -> str:
        return (
            NOTHING_APPLIED.format(language, {}) if self.rule.get("kind") is None else rule_words(self.rule, language)
        )

    def _confirmed(self, language: Language) -> str:
        key = "whole" if self.is_confirmed else "part" if self.confirmed_s else "none"
        return Text("why", f"past.confirmed.{key}").format(language, {"seconds": round(self.confirmed_s)})


def shown_at(history: History, at: datetime) -> dict[str, ShownZone]:
    """What each zone showed; empty where the service did not run in that minute, or the minute is not written yet.
    Raises NotRead."""
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


# The rules


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A past version of the schedule; `number` and `who` saved it are for people."""

    program: Program
    number: int
    who: str
    saved: datetime


class PastSchedules:
    """Past versions of the schedule as rules of the present tower; a version that cannot be read counts as unknown."""

    def __init__(self, store: VersionStore, setup: Setup) -> None:
        self._store = store
        self._setup = setup
        self._programs: dict[str, Program | None] = {}

    @cached_property
    def _now(self) -> Program:
        return self._setup.program()

    @cached_property
    def _versions(self) -> tuple[ScheduleVersion, ...]:
        """The newest first."""
        try:
            return self._store.versions()
        except NotRead:
            return ()

    def at(self, moment: datetime) -> PastVersion | None:
        """The version that was in force at an instant; None where it is not known."""
        version = next((each for each in self._versions if each.at <= moment), None)
        program = self._program(version) if version is not None else None
        if version is None or program is None:
            return None
        return PastVersion(program, version.number, version.who or "–", version.at)

    def program_at(self, moment: datetime) -> Program:
        """The rules at an instant; those of the files now where they are not known."""
        version = self.at(moment)
        return version.program if version is not None else self._now

    def within(self, start: datetime, end: datetime) -> tuple[ScheduleVersion, ...]:
        """The versions that were in force at some time of a period, the oldest first."""
        found = [each for each in self._versions if start < each.at < end]
        first = next((each for each in self._versions if each.at <= start), None)
        return (*([first] if first is not None else []), *reversed(found))

    def _program(self, version: ScheduleVersion) -> Program | None:
        if version.sha256 not in self._programs:
            try:
                schedule = self._setup.schedule_of(self._store.text(version))
                self._programs[version.sha256] = replace(self._setup, schedule=schedule).program()
            except (NotRead, FilesRejected):
                self._programs[version.sha256] = None
        return self._programs[version.sha256]
