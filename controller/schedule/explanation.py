"""Why something is shown: the deciding rule or override and the rules it overrules, as values, with a text in each
language."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from controller.events.models import Text
from controller.locale import DEFAULT, Language
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Blackout, EveryNight, Limit, Override, Rule, SafetyStop

Verdict = Literal["lit", "blackout", "otherwise", "nothing"]

_BEFORE = {verdict: Text("why", f"before.{verdict}") for verdict in ("lit", "blackout", "otherwise")}
_NOTHING, _AGAIN, _ENDED, _BEGINS = (Text("why", key) for key in ("nothing", "again", "ended", "begins"))
_STOP, _OVERRIDE = (Text("why", key) for key in ("by.stop", "by.override"))
_LIMIT, _SKIP = (Text("why", key) for key in ("limit", "skip"))


@dataclass(frozen=True, slots=True)
class Idle:
    """A rule of this night outside its hours: when they ended and when they begin again, by the clock of the place;
    empty if that is not in this night."""

    name: str
    ended: str = ""
    begins: str = ""

    @property
    def value(self) -> dict[str, object]:
        """For documents; local times."""
        return {"name": self.name, "ended": self.ended or None, "begins": self.begins or None}

    def text(self, language: Language) -> str:
        """The rule that does not apply, and why."""
        text = _AGAIN if self.ended and self.begins else _ENDED if self.ended else _BEGINS
        return text.format(language, {"name": self.name, "ended": self.ended, "begins": self.begins})


@dataclass(frozen=True)
class Why:
    """The reason of what is shown: the rule or override that decides, by its light or by its dark, and the rules that
    would show a light without it, the stronger first."""

    by: Rule | Override | SafetyStop | None
    verdict: Verdict = "lit"
    losers: tuple[Rule, ...] = ()
    idle: Idle | None = None
    limit: Limit | None = None
    """The limit that reduces the light shown."""
    skip: Override | None = None
    """Leaves out the rule that would decide without it."""

    @property
    def winner(self) -> str | None:
        """The name of the rule that decides, `override`, `stop`, or None."""
        if isinstance(self.by, Rule):
            return self.by.name
        return {Override: "override", SafetyStop: "stop"}.get(type(self.by))

    @cached_property
    def rule(self) -> dict[str, object]:
        """For documents: `kind`, and the name and line of a rule of the files; for an override or a stop also owner
        and reason, and `until` or `since` when it applies; if nothing applies `kind` is None and `idle` the rule of
        this night outside its hours. `limit` is the one that reduces the light, and `skip` the override that leaves
        out the rule that would decide."""
        more: dict[str, object] = {}
        if self.limit is not None:
            limit = self.limit
            more["limit"] = {"name": limit.name, "line": limit.line or None, "brightness": limit.brightness}
        if self.skip is not None:
            more["skip"] = {"name": self.skip.skips, "owner": self.skip.owner, "reason": self.skip.reason}
        return self._decides | more

    @property
    def _decides(self) -> dict[str, object]:
        match self.by:
            case None:
                return rule_value(None) | ({"idle": self.idle.value} if self.idle is not None else {})
            case Override(owner=owner, reason=reason, end=end):
                return rule_value("override") | {"owner": owner, "reason": reason, "until": rfc3339(end)}
            case SafetyStop(owner=owner, reason=reason, start=start, began=began):
                return rule_value("stop") | {"owner": owner, "reason": reason, "since": rfc3339(began or start)}
        return rule_value("otherwise" if self.verdict == "otherwise" else kind_of(self.by), self.by)

    def text(self, language: Language) -> str:
        """The rule as in the file, or who set what by hand, and why; then skip and limit."""
        skip = [skip_words(self.skip, language)] if self.skip is not None else []
        limit = [limit_words(self.limit, language)] if self.limit is not None else []
        return "; ".join((self._decision(language), *skip, *limit))

    def _decision(self, language: Language) -> str:
        if self.by is None:
            return _NOTHING.format(language, {}) if self.idle is None else self.idle.text(language)
        if isinstance(self.by, Rule):
            return _BEFORE[self.verdict].format(language, {}) + self.by.words(language)
        text = _STOP if isinstance(self.by, SafetyStop) else _OVERRIDE
        return text.format(language, {"owner": self.by.owner, "reason": self.by.reason})

    def loses(self, loser: Rule) -> str:
        """Why a rule gives way, as a code for documents: `stop`, `override`, `blackout`, `otherwise` (a rule above
        keeps the rest of its days dark), `campaign` (goes before what applies every night) or `higher` in the file."""
        if not isinstance(self.by, Rule):
            return "stop" if isinstance(self.by, SafetyStop) else "override"
        if self.verdict in {"blackout", "otherwise"}:
            return self.verdict
        return "campaign" if isinstance(loser, EveryNight) and not isinstance(self.by, EveryNight) else "higher"

    def loses_words(self, loser: Rule, language: Language = DEFAULT) -> str:
        """The same for people."""
        return Text("why", f"loses.{self.loses(loser)}").format(language, {})


def limit_words(limit: Limit, language: Language) -> str:
    """`limited to 30 % by Birds`."""
    return _LIMIT.format(language, {"name": limit.name, "percent": f"{100 * limit.brightness:g}"})


def skip_words(skip: Override, language: Language) -> str:
    """Which campaign is left out, by whom and why."""
    return _SKIP.format(language, {"name": skip.skips, "owner": skip.owner, "reason": skip.reason})


def kind_of(rule: Rule) -> str:
    """The kind of a rule of the files, for documents."""
    return "blackout" if isinstance(rule, Blackout) else "every_night" if isinstance(rule, EveryNight) else "campaign"


def rule_value(kind: str | None, rule: Rule | None = None) -> dict[str, object]:
    """A rule for documents; one that is not in a file has neither name nor line."""
    return {
        "kind": kind,
        "name": rule.name if rule is not None else None,
        "line": (rule.line or None) if rule else None,
        **({"file": rule.shared_file} if rule is not None and rule.shared_file else {}),
    }
