"""The texts of notices, in every language: short, and true at the instant at which they are made."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.config.tower_keys import NoticeKind
from controller.events import Event, Level
from controller.events.models import Text, printable
from controller.events.words import dated, days_words, night_words
from controller.gateways import lamps_of
from controller.locale import Language, languages
from controller.schedule.campaign import Lit, Rule
from controller.schedule.plan import Program
from controller.service.degradations import key_of
from controller.service.health import GatewayHealth, Health
from controller.service.lamp_walk import failed_lamps
from controller.service.proof import MEANING, Proof, gap_words, glow_words, hours_words, period_words
from controller.service.proof_period import ProofPeriod
from controller.service.sentence import facts_of, sentence
from controller.state.lamp_results import LampFindings
from controller.state.notice_file import ReportedFault, WaitingNotice

MOST_GAPS = 5
LONGEST = 2000
"""Characters of one line: a remedy must fit."""
Manner = Literal["info", "success", "warning", "failure"]
TextIn = Callable[[Language], tuple[str, Iterable[str]]]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in every language: title and body. A later one of the same `key` replaces it while it still waits."""

    kind: NoticeKind
    key: str
    at: datetime
    manner: Manner
    words: Mapping[Language, tuple[str, str]]

    def waiting(self, receiver: str, language: Language) -> WaitingNotice:
        """The notice for one receiver."""
        title, body = self.words[language]
        return WaitingNotice(
            receiver=receiver, kind=self.kind, key=self.key, at=self.at, manner=self.manner, title=title, body=body
        )


@dataclass(frozen=True)
class NoticeFacts:
    """The state of everything. `gateways` are documents of those that are not confirmed, `last_faults` has the latest
    event that names a gateway's fault, `lamps` the results of lamp tests. `connected`: any broker is connected."""

    reading: ClockReading
    setup: Setup
    program: Program
    health: Health
    gateways: tuple[GatewayHealth, ...] = ()
    connected: bool = True
    last_faults: Mapping[str, Event] = field(default_factory=dict)
    lamps: LampFindings = field(default_factory=LampFindings)

    @property
    def now(self) -> datetime:
        """Local time of the site."""
        return self.reading.wall.astimezone(self.setup.tower.site.place.time_zone)

    @property
    def sees_lamps(self) -> bool:
        """Whether the state of lamps is known."""
        return self.connected and self.reading.trust is not Trust.SUSPECT


@dataclass(frozen=True, slots=True)
class PresentFault:
    """A fault that is present now."""

    code: str
    what: Mapping[Language, str]
    event: Event | None


def of_event(event: Event, facts: NoticeFacts) -> Notice | None:
    """The notice that an event is by itself, as its kind states (`notice`); None for most."""
    kind = event.kind.notice
    if kind is None:
        return None
    key = " ".join(key_of(event))
    manner: Manner = "info" if event.level is Level.INFO else "warning"

    def text_in(language: Language) -> tuple[str, Iterable[str]]:
        text = replace(event, ended=None).text(language)
        title = _titled(facts, text, language)
        whole = [text] if printable(title).endswith("…") else []
        return title, (*whole, event.action(language), _explain(event.code, language))

    return notice(kind, key, facts, manner, text_in)


def proof_notice(facts: NoticeFacts, period: ProofPeriod, proof: Proof | None) -> Notice:
    """The notice that a campaign is over, with how much of its light was confirmed; `proof` is None where the history
    cannot be read."""
    zone = facts.setup.tower.site.place.time_zone

    def text_in(language: Language) -> tuple[str, Iterable[str]]:
        title = _titled(facts, _format(language, Text("notices", "report.title"), name=period.campaign), language)
        command = _format(
            language, Text("notices", "report.more"), name=period.campaign, year=period.start.astimezone(zone).year
        )
        if proof is None:
            return title, (_format(language, Text("notices", "report.unread")), command)
        gaps = [(night, gap) for night in proof.nights for gap in night.gaps]
        names = facts.setup.tower.landmark.zone_names(language)
        lines = [period_words(proof, language, zone), glow_words(proof.tower, language)]
        for night, gap in sorted(gaps, key=lambda pair: -pair[1].missing_s)[:MOST_GAPS]:
            lines.append(f"{night_words(night.night, language, year=False)}: {gap_words(gap, language, zone, names)}")
        if len(gaps) > MOST_GAPS:
            lines.append(_format(language, Text("notices", "more"), count=len(gaps) - MOST_GAPS))
        return title, (*lines, MEANING.format(language, {}), command)

    return notice("reports", f"report {period.campaign}", facts, "info", text_in)


def first_light(facts: NoticeFacts, rule: Rule) -> Notice:
    """The notice that a campaign is lit, with the present state."""
    state = facts_of(facts.setup.tower, facts.health, facts.gateways)

    def text_in(language: Language) -> tuple[str, Iterable[str]]:
        found = sentence(state, language)
        return _titled(facts, found.main, language), filter(None, (found.why, found.about, found.following))

    is_confirmed = sentence(state, "en").status == "confirmed"
    return notice("lights", f"light {rule.name}", facts, "success" if is_confirmed else "warning", text_in)


def fault_begun(facts: NoticeFacts, key: str, wrong: PresentFault, since: datetime) -> Notice:
    """The notice of a fault, with its remedy."""

    def text_in(language: Language) -> tuple[str, Iterable[str]]:
        lines = [_format(language, Text("notices", "fault.since"), since=_when(since, facts, language))]
        if wrong.event is not None:
            lines.append(wrong.event.action(language))
        if wrong.code:
            lines.append(_explain(wrong.code, language))
        return _titled(facts, wrong.what[language], language), lines

    return notice("faults", key, facts, "failure", text_in)


def fault_ended(facts: NoticeFacts, key: str, fault: ReportedFault, until: datetime) -> Notice:
    """The notice that a fault has ended, with how long it lasted."""
    lasted = hours_words(max(0.0, (until - fault.since).total_seconds()))

    def text_in(language: Language) -> tuple[str, Iterable[str]]:
        span = {"since": _when(fault.since, facts, language), "until": _when(until, facts, language), "lasted": lasted}
        over = _format(language, Text("notices", "fault.over"), what=fault.what.get(language, fault.code))
        return _titled(facts, over, language), (_format(language, Text("notices", "fault.lasted"), **span),)

    return notice("faults", key, facts, "success", text_in)


def doubts(facts: NoticeFacts, rule: Lit, first: date, last: date) -> TextIn | None:
    """The text about doubts before a campaign on these days; None where there are none."""
    is_unconfirmed = bool(rule.confirmed_for) and first.year not in rule.confirmed_for
    failed = [
        f"{gateway.name}/{name} ({result.at.astimezone(facts.now.tzinfo):%Y-%m-%d})"
        for gateway in facts.setup.tower.gateways
        for name, result in failed_lamps(gateway, facts.lamps).items()
        if rule.concerns(lamps_of(gateway)[name])
    ]

    if not is_unconfirmed and not failed:
        return None

    def text_in(language: Language) -> tuple[str, Iterable[str]]:
        days = (first - facts.now.date()).days
        near = {0: "today", 1: "tomorrow"}.get(days, "days")
        when = _format(language, Text("notices", f"reminder.{near}"), days=days)
        lines = []
        if is_unconfirmed:
            dates = days_words(first, last, language)
            lines.append(
                _format(language, Text("notices", "reminder.dates"), name=rule.name, days=dates, year=first.year)
            )
        if failed:
            lines.append(_format(language, Text("notices", "reminder.lamps"), lamps=", ".join(failed)))
        return _titled(
            facts, _format(language, Text("notices", "reminder.title"), name=rule.name, when=when), language
        ), lines

    return text_in


def notice(kind: NoticeKind, key: str, facts: NoticeFacts, manner: Manner, text_in: TextIn) -> Notice:
    """A notice made now, with its text in every language."""
    words = {}
    url = facts.setup.tower.web.url if facts.setup.tower.web is not None else None
    for language in languages():
        title, lines = text_in(language)
        page = [] if url is None else [_format(language, Text("notices", "page"), url=url)]
        words[language] = printable(title), "\n".join(printable(line, LONGEST) for line in (*lines, *page))
    return Notice(kind, key, facts.reading.wall, manner, words)


def _titled(facts: NoticeFacts, text: str, language: Language) -> str:
    return Text("notices", "title").format(language, {"site": facts.setup.tower.site.name, "text": text})


def _when(at: datetime, facts: NoticeFacts, language: Language) -> str:
    return dated(at.astimezone(facts.now.tzinfo), facts.reading.wall, language)


def _explain(code: str, language: Language) -> str:
    return _format(language, Text("notices", "explain"), code=code)


def _format(language: Language, text: Text, **fields: object) -> str:
    return text.format(language, fields)
