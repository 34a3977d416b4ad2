"""Why the landmark shows, or showed, its light at an instant: everything that decides, in the order of precedence
(stop, override, blackout, campaign, everyday light, dark), what was in force and what gave way; for the past also what
the lamps confirmed, the faults at that time, and the version of the schedule in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from controller.events.models import Text, in_language
from controller.events.words import look_words, looks_words, with_names
from controller.locale import Language
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Override, Rule
from controller.schedule.explanation import Idle, Why, kind_of
from controller.schedule.plan import Program
from controller.schedule.precedence import Claim
from controller.service.past import PastVersion, ShownZone, shown_at, shown_document
from controller.service.past_spans import ByHand, PastFault, events_about_faults, fault_spans, set_by_hand
from controller.service.values import rules_value
from controller.state import History

REPORT_DELAY = timedelta(minutes=10)
"""How long after a fault began its event may come."""
A_MINUTE = timedelta(minutes=1)
_OTHERWISE, _GIVES_WAY = (Text("past", key) for key in ("otherwise", "gives_way"))
_VERSION, _FAULT, _CONFIRMED = (Text("past", key) for key in ("version", "fault", "confirmed"))
_REASON, _ENDED, _LIFTED = (Text("past", key) for key in ("reason", "ended", "lifted"))
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class WhyStep:
    """One thing that decides or could: a rule, an override, a skip or a stop, what it shows, and whether it `holds`. If
    not, it gives way `because` of a key of `why.loses`, or would decide without what was set by hand."""

    kind: str
    holds: bool
    name: str = ""
    by_hand: ByHand | None = None
    looks: Mapping[str, object] | None = None
    span: Span | None = None
    because: str | None = None
    idle: Idle | None = None

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        if self.by_hand is not None:
            return {**self.by_hand.value, "holds": self.holds, "because": self.because}
        span = {"from": rfc3339(self.span[0]), "until": rfc3339(self.span[1])} if self.span is not None else {}
        looks = {"looks": self.looks} if self.looks is not None else {}
        idle = {"idle": self.idle.value} if self.idle is not None else {}
        name = self.name or None
        return {"kind": self.kind, "name": name, **looks, **span, **idle, "holds": self.holds, "because": self.because}

    def text(self, language: Language, zone: tzinfo, names: Mapping[str, str] | None = None) -> str:
        """For people, in one line; `names` are those of the zones."""
        if self.by_hand is not None:
            text = by_hand_words(self.by_hand, language, zone)
        elif self.idle is not None:
            text = self.idle.text(language)
        else:
            text = Text("past", f"step.{self.kind}").format(language, {"name": self.name})
        parts = [text]
        if self.looks is not None:
            parts.append(_looks_text(with_names(self.looks, names or {}), language))
        if self.span is not None:
            start, end = (f"{at.astimezone(zone):%H:%M}" for at in self.span)
            parts.append(f"{start}–{'24:00' if end == '00:00' else end}")
        line = ", ".join(parts)
        if self.because is not None:
            because = Text("why", f"loses.{self.because}").format(language, {})
            return _GIVES_WAY.format(language, {"what": line, "because": because})
        return line if self.holds else _OTHERWISE.format(language, {"what": line})


@dataclass(frozen=True, slots=True)
class WhyAt:
    """The answer for one instant; `shown`, `faults` and `version` are for the past only. `shown` is empty where nothing
    is recorded, and `version` None where it is not known: then the rules are those of the files now."""

    at: datetime
    is_past: bool
    steps: tuple[WhyStep, ...]
    shown: Mapping[str, ShownZone]
    faults: tuple[PastFault, ...] = ()
    version: PastVersion | None = None

    @property
    def confirmed(self) -> tuple[int, int]:
        """Number of zones that confirmed the whole minute, and number of all zones."""
        return sum(zone.is_confirmed for zone in self.shown.values()), len(self.shown)

    def confirmed_words(self, language: Language) -> str:
        """`confirmed for 2 of 2 parts`."""
        count, of = self.confirmed
        return _CONFIRMED.format(language, {"count": count, "of": of})

    def fault_words(self, language: Language) -> Iterator[str]:
        """The faults at that time, a line each."""
        for fault in self.faults:
            yield _FAULT.format(language, {"fault": f"{fault.code} {fault.event.text(language)}"})

    def version_words(self, language: Language, zone: tzinfo) -> str | None:
        """The version of the schedule in force at that time; None where it is not known."""
        if self.version is None:
            return None
        saved = f"{self.version.saved.astimezone(zone):%Y-%m-%d %H:%M}"
        return _VERSION.format(language, {"number": self.version.number, "who": self.version.who, "saved": saved})

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        version = self.version
        saved = {"number": version.number, "who": version.who, "saved": rfc3339(version.saved)} if version else None
        past = {
            "recorded": shown_document(self.shown),
            "faults": [fault.value for fault in self.faults],
            "schedule_version": saved,
        }
        return {
            "at": rfc3339(self.at),
            "steps": [step.value for step in self.steps],
            **(past if self.is_past else {}),
        }


def why_at(
    history: History, program: Program, at: datetime, now: datetime, version: PastVersion | None = None
) -> WhyAt:
    """The answer for an instant; `program` has the overrides and the stop of now, `version` the rules of that time.
    Raises NotRead."""
    at, is_past = at.astimezone(UTC), at < now
    if not is_past:
        ruling = rules_value(program, program.look_at(at), at)
        return WhyAt(at, False, _steps(program, _set_now(program, at), ruling, at), {})
    shown = shown_at(history, at)
    faults = fault_spans(events_about_faults(history, at, min(at + REPORT_DELAY, now)))
    lasting = tuple(fault for fault in faults if fault.overlaps(at, at + A_MINUTE))
    by_hand = tuple(each for each in set_by_hand(history, now, program.place.time_zone) if each.is_on(at))
    rules = version.program if version is not None else program
    steps = _steps(rules, by_hand, {zone: one.rule for zone, one in shown.items()}, at)
    return WhyAt(at, True, steps, shown, lasting, version)


def _set_now(program: Program, at: datetime) -> tuple[ByHand, ...]:
    found = [
        ByHand("skip" if each.skips else "override", each.owner, each.reason, each.start, each.end, what=_what(each))
        for each in program.overrides
        if each.start <= at < each.end
    ]
    stop = program.stop
    if stop is not None and (began := stop.began or stop.start) <= at:
        found.append(ByHand("stop", stop.owner, stop.reason, began))
    return tuple(found)


def _what(override: Override) -> object:
    return override.skips or {zone: look.at(0.0).value for zone, look in override.looks.items()}


def _steps(
    program: Program, by_hand: tuple[ByHand, ...], ruling: Mapping[str, Mapping[str, Any]], at: datetime
) -> tuple[WhyStep, ...]:
    """`ruling` has by zone the rule behind what is, or was, shown; empty where it is not known."""
    skips = tuple(
        Override(str(number), {}, each.since, each.until or at + A_MINUTE, each.owner, each.reason, str(each.what))
        for number, each in enumerate(by_hand)
        if each.kind == "skip"
    )
    held = tuple(_by_hand_steps(by_hand, ruling))
    is_hidden = any(step.holds and step.kind != "skip" for step in held)
    if ruling:
        is_hidden = all(rule.get("kind") in {"stop", "override"} for rule in ruling.values())
    rules = program.with_overrides(skips, None)
    recorded = tuple(_recorded_steps(ruling, rules, at))
    return (*held, *(recorded or _rule_steps(rules, at, holds=not is_hidden)))


def _by_hand_steps(by_hand: tuple[ByHand, ...], ruling: Mapping[str, Mapping[str, Any]]) -> Iterator[WhyStep]:
    """The stop first, then the overrides, newest first, then the skips."""
    stop = next((each for each in by_hand if each.kind == "stop"), None)
    if stop is not None:
        yield WhyStep("stop", True, by_hand=stop)
    overrides = [each for each in reversed(by_hand) if each.kind == "override"]
    owners = {(rule.get("owner"), rule.get("reason")) for rule in ruling.values() if rule.get("kind") == "override"}
    for each in overrides:
        holds = (each.owner, each.reason) in owners if ruling else stop is None and each is overrides[0]
        because = None if holds else "stop" if stop is not None else "override"
        yield WhyStep("override", holds, by_hand=each, because=because)
    for each in by_hand:
        if each.kind == "skip":
            yield WhyStep("skip", stop is None, by_hand=each, because="stop" if stop is not None else None)


def _recorded_steps(ruling: Mapping[str, Mapping[str, Any]], rules: Program, at: datetime) -> Iterator[WhyStep]:
    """The rules that showed, where the schedule at hand would show others: a different version was in force then."""
    by_rule = {(rule.get("kind"), rule.get("name")) for rule in ruling.values()}
    by_rule = {each for each in by_rule if each[0] not in {"stop", "override"}}
    meant = {(why.rule["kind"], why.rule["name"]) for why in _whys(rules, at)}
    if by_rule <= meant:
        return
    for kind, name in sorted(by_rule, key=lambda each: each[0] is None):
        yield WhyStep(str(kind or "nothing"), True, name=str(name or ""))


def _whys(rules: Program, at: datetime) -> list[Why]:
    """Why each zone shows its light, the strongest of all first."""
    cue = rules.look_at(at)
    return [rules.explain(at), *(cue.of(zone).why for zone in rules.zones)]


def _rule_steps(rules: Program, at: datetime, *, holds: bool) -> Iterator[WhyStep]:
    """The rules that show by the schedule, each once, then those that gave way to them."""
    strongest, *others = _whys(rules, at)
    night = rules.nights(at, at + A_MINUTE)
    claims = night[0].claims if night else ()
    seen: set[int] = set()
    for why in (strongest, *(other for other in others if isinstance(other.by, Rule))):
        if id(why.by) in seen:
            continue
        seen.add(id(why.by))
        if isinstance(why.by, Rule):
            kind = "otherwise" if why.verdict == "otherwise" else kind_of(why.by)
            yield _rule_step(kind, why.by, claims, at, holds=holds)
        else:
            yield WhyStep("nothing", holds, idle=why.idle)
    for loser in strongest.losers:
        yield _rule_step(kind_of(loser), loser, claims, at, holds=False, because=strongest.loses(loser))


def _rule_step(
    kind: str, rule: Rule, claims: tuple[Claim, ...], at: datetime, *, holds: bool, because: str | None = None
) -> WhyStep:
    span = next(((each.start, each.end) for each in claims if each.rule is rule and each.start <= at < each.end), None)
    looks = {zone: look.at(0.0).value for zone, look in rule.looks.items()} if kind != "otherwise" else {}
    return WhyStep(kind, holds, name=rule.name, looks=looks or None, span=span, because=because)


def _looks_text(looks: Mapping[str, object], language: Language) -> str:
    """What each zone shows; one text where all zones show the same."""
    values = list(looks.values())
    if values and all(value == values[0] for value in values):
        return look_words(values[0], language)
    return looks_words(looks, language)


def by_hand_words(by_hand: ByHand, language: Language, zone: tzinfo) -> str:
    """What was set by hand, by whom, until when and why; and its actual end, where that differs."""
    since = by_hand.since.astimezone(zone)
    fields = {
        "owner": by_hand.owner,
        "since": f"{since:%Y-%m-%d %H:%M}",
        "until": clock(by_hand.until, since, zone),
        "what": _what_words(by_hand.what, language),
    }
    parts = [Text("past", f"step.{by_hand.kind}").format(language, fields)]
    if by_hand.reason:
        parts.append(_REASON.format(language, {"reason": by_hand.reason}))
    if by_hand.ended is not None and by_hand.ended != by_hand.until:
        text = _LIFTED if by_hand.kind == "stop" else _ENDED
        parts.append(text.format(language, {"at": clock(by_hand.ended, since, zone)}))
    return ", ".join(parts)


def _what_words(what: object, language: Language) -> str:
    if isinstance(what, Mapping):
        return _looks_text(what, language)
    return in_language(what, language)


def clock(at: datetime | None, beside: datetime, zone: tzinfo) -> str:
    """`21:14`, with the day where it is not the day of `beside`; `–` for None."""
    if at is None:
        return "–"
    local = at.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == beside.astimezone(zone).date() else f"{local:%Y-%m-%d %H:%M}"
