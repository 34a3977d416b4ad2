"""Why something is shown: which rule or override decides and which rules it overrules, as values, with their text in
each language.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from controller.events.models import Text
from controller.locale import DEFAULT, Language
from controller.schedule.campaign import Override, Rule, SafetyStop

Verdict = Literal["lit", "blackout", "otherwise", "nothing"]

_BEFORE = {verdict: Text("why", f"before.{verdict}") for verdict in ("lit", "blackout", "otherwise")}
_NOTHING, _AGAIN, _ENDED, _BEGINS = (Text("why", key) for key in ("nothing", "again", "ended", "begins"))
_STOP, _OVERRIDE, _WINS = (Text("why", key) for key in ("stop", "override", "wins"))


@dataclass(frozen=True, slots=True)
class Idle:
    """A rule of this night whose hours are not on: when they ended and when they begin again, by the clock of the
    place; empty where that is not in this night."""

    name: str
    ended: str = ""
    begins: str = ""

    def said(self, language: Language) -> str:
        """What does not apply, and why not."""
        text = _AGAIN if self.ended and self.begins else _ENDED if self.ended else _BEGINS
        return text.say(language, {"name": self.name, "ended": self.ended, "begins": self.begins})


@dataclass(frozen=True)
class Why:
    """The reason of what is shown: the rule or override that decides, whether by its light or by its dark, and the
    rules that would show a light without it, the stronger first."""

    by: Rule | Override | SafetyStop | None
    verdict: Verdict = "lit"
    losers: tuple[Rule, ...] = ()
    idle: Idle | None = None

    @property
    def winner(self) -> str | None:
        """The name of the rule that decides, `override`, `stop`, or None."""
        if isinstance(self.by, Rule):
            return self.by.name
        return {Override: "override", SafetyStop: "stop"}.get(type(self.by))

    @cached_property
    def rule(self) -> str:
        """The English text, for programs; made once, since it is sent to each gateway."""
        return self.said(DEFAULT)

    def said(self, language: Language) -> str:
        """The rule as the file has it, or who set the override and why."""
        if self.by is None:
            return _NOTHING.say(language, {}) if self.idle is None else self.idle.said(language)
        if isinstance(self.by, Rule):
            return _BEFORE[self.verdict].say(language, {}) + self.by.words(language)
        text = _STOP if isinstance(self.by, SafetyStop) else _OVERRIDE
        return text.say(language, {"owner": self.by.owner, "reason": self.by.reason})

    def wins(self, language: Language = DEFAULT) -> str:
        """Why the losers lose."""
        return _WINS.say(language, {"winner": self.winner})


def translated(rule: str, language: Language) -> str:
    """`Why.rule` as a program was given it, in another language; what a person wrote stays as it is."""
    for text in (_AGAIN, _ENDED, _BEGINS, _NOTHING, _STOP, _OVERRIDE):
        pattern = re.escape(text.template(DEFAULT)).replace(r"\{", "(?P<").replace(r"\}", ">.*)")
        if found := re.fullmatch(pattern, rule):
            return text.say(language, found.groupdict())
    for text in _BEFORE.values():
        if (before := text.template(DEFAULT)) and rule.startswith(before):
            return text.template(language) + rule.removeprefix(before)
    return rule
