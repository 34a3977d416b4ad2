"""What everybody may know: why the landmark is lit as it is, until when, and which lights come next. Never who set
what, reasons in their words, gateways or addresses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from controller.clock import Trust
from controller.config.schedule_file import Campaign
from controller.events.words import day_words, days_words
from controller.locale import Language, template
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Override, Rule, SafetyStop
from controller.schedule.plan import Program
from controller.service.clauses import Form, clause, value_of
from controller.service.coming_lights import ComingLight, coming_lights
from controller.service.health import Health, LookValue
from controller.service.sentence import MEASURED, Facts, sentence

AHEAD = timedelta(hours=36)
"""How far ahead the end of the present light is given."""
Claim = Literal["confirmed", "planned", "none"]
"""Whether the gateways confirm it, or only the plan says so, or nobody knows."""
PublicKind = Literal["campaign", "every_night", "blackout", "otherwise", "by_hand", "stop", "nothing", "unknown"]


@dataclass(frozen=True, slots=True)
class PublicText:
    """The owners' text about a light for the public, by language, and a link to more."""

    about: Mapping[Language, str]
    link: str | None = None

    def text(self, language: Language) -> str | None:
        """In a language, else in one that there is."""
        return self.about.get(language) or next(iter(self.about.values()), None)


NO_TEXT = PublicText({})


@dataclass(frozen=True, slots=True)
class PublicLight:
    """A light to come: its name, its days in words, begin and end, how it is lit, and its colours (`#RRGGBB`)."""

    name: str
    days: str
    start: datetime
    end: datetime
    how: str
    colors: tuple[str, ...]

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        times = {"from": rfc3339(self.start), "until": rfc3339(self.end)}
        return {"name": self.name, "days": self.days, **times, "colors": list(self.colors)}


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """The answer in one language. `title` asks the question, or states without a claim what should be shown; `text` has
    the sentences below it."""

    site: str
    at: datetime
    kind: PublicKind
    claim: Claim
    name: str | None
    title: str
    text: tuple[str, ...]
    about: str | None = None
    link: str | None = None
    until: datetime | None = None
    looks: Mapping[str, LookValue] | None = None
    coming: tuple[PublicLight, ...] = ()

    @property
    def value(self) -> dict[str, object]:
        """For `public.json`."""
        shown = ("on", "color", "color_name", "brightness")
        looks = {zone: look.model_dump(include=set(shown)) for zone, look in (self.looks or {}).items()}
        return {
            "version": 1,
            "site": self.site,
            "at": rfc3339(self.at),
            "kind": self.kind,
            "claim": self.claim,
            "name": self.name,
            "title": self.title,
            "text": list(self.text),
            "about": self.about,
            "link": self.link,
            "until": rfc3339(self.until) if self.until is not None else None,
            "looks": looks,
            "coming": [each.value for each in self.coming],
        }


def public_answer(
    facts: Facts, program: Program, now: datetime, language: Language, by_hand: PublicText = NO_TEXT
) -> PublicAnswer:
    """The answer now; `program` includes the overrides and the stop, `by_hand` is the public text of the override in
    force."""
    return _Answer(facts, program, now, language, by_hand).answer()


@dataclass(frozen=True)
class _Answer:
    facts: Facts
    program: Program
    now: datetime
    language: Language
    by_hand: PublicText

    def answer(self) -> PublicAnswer:
        health = self.facts.health
        site = self.facts.names.site
        if health is None or self.facts.is_lost:
            title = self._template("unknown")
            return PublicAnswer(site, self.now, "unknown", "none", None, title, (), coming=self._coming(health))
        kind, rule, text = self._reason()
        claim = _claim(health, kind)
        until = self._until() if health.clock is not Trust.SUSPECT and self._is_lit(health) else None
        return PublicAnswer(
            site=site,
            at=health.at,
            kind=kind,
            claim=claim,
            name=rule.name if rule is not None else None,
            title=self._title(health, claim),
            text=tuple(self._sentences(health, kind, rule, claim, until)),
            about=text.text(self.language),
            link=text.link,
            until=until,
            looks=health.now.looks,
            coming=self._coming(health),
        )

    def _reason(self) -> tuple[PublicKind, Rule | None, PublicText]:
        """The kind of what decides, the rule if it is one, and its public text."""
        cue = self.program.look_at(self.now)
        why = self.program.why(cue, self.now)
        match why.by:
            case SafetyStop():
                return "stop", None, NO_TEXT
            case Override():
                return "by_hand", None, self.by_hand
            case Rule() as rule:
                kind: PublicKind = "otherwise" if why.verdict == "otherwise" else why.rule["kind"]  # type: ignore[assignment]
                return kind, rule, public_text(rule)
        return "nothing", None, NO_TEXT

    def _title(self, health: Health, claim: Claim) -> str:
        if claim == "confirmed":
            return sentence(self.facts, self.language).question
        key = "should" if self._is_night() else "should_now"
        return self._started(self._text(key, clause=self._clause(health, "should")))

    def _sentences(
        self, health: Health, kind: PublicKind, rule: Rule | None, claim: Claim, until: datetime | None
    ) -> Iterator[str]:
        if kind in {"by_hand", "stop", "nothing"}:
            if kind != "nothing" and claim == "confirmed":
                key = "now" if kind == "stop" or not self._is_night() else "tonight"
                yield self._started(self._text(key, clause=self._clause(health, "is")))
            elif kind == "nothing":
                yield self._template("unknown" if health.clock is Trust.SUSPECT else "nothing")
        elif rule is not None:
            yield self._text(kind, name=rule.name, days=self._days_of(rule))
        if until is not None and claim != "none":
            yield self._text("until_tonight" if self._is_night() else "until", time=self._clock(until))
        elif not self._is_lit(health) and kind != "stop" and health.next is not None and self._coming(health):
            yield f"{sentence(self.facts, self.language).following}."
        if claim == "confirmed" and health.clock is not Trust.SUSPECT:
            yield self._text("confirmed", time=self._clock(health.at))

    def _days_of(self, rule: Rule) -> str:
        """The days of the light under way, where they are known."""
        zone = self.program.place.time_zone
        if rule.dates is None and rule.nights is None:
            return ""
        night = next(iter(self.program.nights(self.now, self.now + timedelta(minutes=1))), None)
        day = night.night.day if night is not None and rule.dates is None else self.now.astimezone(zone).date()
        first = last = day
        while rule.has(first - timedelta(days=1)) and (day - first).days < 366:
            first -= timedelta(days=1)
        while rule.has(last + timedelta(days=1)) and (last - day).days < 366:
            last += timedelta(days=1)
        return f", {days_words(first, last, self.language, year=False)}"

    def _coming(self, health: Health | None) -> tuple[PublicLight, ...]:
        if health is not None and health.clock is Trust.SUSPECT:
            return ()
        return tuple(self._public_light(each) for each in coming_lights(self.program, self.now))

    def _public_light(self, light: ComingLight) -> PublicLight:
        looks = {zone: value_of(look) for zone, look in light.rule.looks.items()}
        colors = dict.fromkeys(color.hex for look in light.rule.looks.values() for color in look.colors)
        this_year = self.now.astimezone(self.program.place.time_zone).year
        days = days_words(light.first, light.last, self.language, year=light.last.year != this_year)
        if light.goes_on:
            day = day_words(light.first, self.language, year=light.first.year != this_year)
            days = self._text("from_day", day=day)
        how = clause(looks, "is", self.facts.names, self.language)
        return PublicLight(light.rule.name, days, light.start, light.end, self._started(how), tuple(colors))

    def _until(self) -> datetime | None:
        """When the present light has gone out; None where it goes on for longer than AHEAD."""
        for cue in self.program.cues(self.now, self.now + AHEAD)[1:]:
            if not any(look.at(0.0).on for look in cue.looks.values()):
                return cue.at + timedelta(seconds=cue.fade_s)
        return None

    def _is_lit(self, health: Health) -> bool:
        return any(look.on for look in health.now.looks.values())

    def _is_night(self) -> bool:
        """Whether people call it "tonight"."""
        return not 9 <= self.now.astimezone(self.program.place.time_zone).hour < 15

    def _clause(self, health: Health, form: Form) -> str:
        return clause(health.now.looks, form, self.facts.names, self.language)

    def _started(self, text: str) -> str:
        return self.facts.names.started(text, self.language)

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.program.place.time_zone):%H:%M}"

    def _template(self, key: str) -> str:
        return template(self.language, "public", key)

    def _text(self, key: str, **fields: object) -> str:
        return self._template(key).format_map(fields)


def _claim(health: Health, kind: PublicKind) -> Claim:
    """Whether the light may be called confirmed. A pending lamp has not failed; one that differs or is silent has, and
    one that a meter contradicts."""
    if health.clock is Trust.SUSPECT and kind != "stop":
        return "planned"
    if any(one.code in MEASURED for one in health.degradations):
        return "planned"
    if health.total and health.confirmed + health.counts.get("pending", 0) == health.total:
        return "confirmed"
    return "planned"


def public_text(rule: Rule) -> PublicText:
    """The public text of a campaign."""
    return PublicText(rule.about or {}, rule.link) if isinstance(rule, Campaign) else NO_TEXT
