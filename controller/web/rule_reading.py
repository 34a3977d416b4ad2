"""What the form of a rule would do, read back while it is typed: its days, its hours, its light, and its mistakes.
Computed by the functions that check the file; nothing is stored here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from fastapi import HTTPException
from pydantic import ValidationError

from controller.config import setup_notes
from controller.config.cure_place import text_in
from controller.config.finding_fields import NOTES_FIELD
from controller.config.findings import Finding, Suggestion
from controller.config.lamp_light import LampLight, lamp_light
from controller.config.load import Setup, open_schedule
from controller.config.rule_form import (
    Group,
    RuleForm,
    YearChoice,
    YearQuestion,
    answered,
    field_texts,
    form_from,
    form_of,
    year_question,
)
from controller.config.schedule_draft import RuleEdit, ScheduleEdit, applied, rebased
from controller.config.schedule_edit import Edited, Faulty, NotPatchable, Outcome, RuleKey, cured_form, save_form
from controller.config.schedule_file import Shows
from controller.errors import Mistake, readable
from controller.events.words import days_words
from controller.lighting.look import DARK, ZoneState
from controller.schedule.campaign import Blackout, EveryNight, Limit, Rule
from controller.schedule.hours import Window, night_of
from controller.schedule.occurrence import Occurrence, next_occurrence
from controller.schedule.translation import days_in_language
from controller.service.saving import DiskSchedule
from controller.web.forms import Form
from controller.web.nights import NightBar, night_bars, night_name, spans_words
from controller.web.proposals import draft_of, edits_of, keeper_of
from controller.web.rule_fields import HOURS_CHOICES, LIT, RuleFields, was_of
from controller.web.rule_words import following_words, in_labels, morning_words, times_words, words_at
from controller.web.visit import Visit

YEAR_CHOICE = "year_choice"
MOST_RULES = 300
"""Of a longer schedule the notes, which need the plan of a year, are only shown on *Vad ändras?*."""
FAINT_COLOR, LAMPS_MISS = "TWL-S245", "TWL-F130"
ONLY_DAYS = frozenset(("dates", "nights", "except", "hours"))


@dataclass(frozen=True, slots=True)
class CureButton:
    """A suggestion as a button: `value` identifies it, `words` are its label."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class RuleFault:
    """A mistake in a field, with its cures; `link` leads to where it can be corrected if not in this form."""

    field: str
    text: str
    cures: tuple[CureButton, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class RuleReading:
    """The form of a rule beside the file: `name` is the name of the rule there, None for a new one; `base` is the file
    with the other edits of the draft, `before` the rule in it."""

    visited: Visit
    group: Group
    name: str | None
    form: Form
    current: DiskSchedule
    base: bytes
    before: RuleForm | None

    @property
    def setup(self) -> Setup:
        """The setup of the file on the disk."""
        return self.current.setup or self.visited.snapshot.setup

    @cached_property
    def fields(self) -> RuleFields:
        """Converts the form to texts."""
        return RuleFields(self.group, self.setup.tower, self.visited.language)

    @property
    def today(self) -> date:
        """The date at the tower."""
        return self.visited.now.date()

    # What is meant

    @cached_property
    def typed(self) -> RuleForm:
        """The rule as typed in the fields."""
        return form_from(self.group, self.fields.texts(self.form, self.before))

    @cached_property
    def question(self) -> YearQuestion | None:
        """In which years the days apply, if that must be asked."""
        return year_question(self.before, self.typed.days, self.today)

    @property
    def answer(self) -> YearChoice | None:
        """The answer to that question."""
        chosen = self.form.get(YEAR_CHOICE)
        return next((each for each in self.question.choices if each == chosen), None) if self.question else None

    @cached_property
    def meant(self) -> RuleForm:
        """The rule with the answer to the question about years."""
        if self.question is None or self.answer is None:
            return self.typed
        return readable(answered, self.before, self.typed, self.question, self.answer, self.today) or self.typed

    @property
    def edit(self) -> RuleEdit:
        """The edit as stored in a draft."""
        return RuleEdit(group=self.group, name=self.name, fields=field_texts(self.meant), was=was_of(self.form))

    # What is wrong

    @cached_property
    def outcome(self) -> Outcome:
        """The file with the rule."""
        key = RuleKey(self.group, self.name) if self.name is not None else None
        return save_form(self.base, key, self.meant, self.setup.tower)

    @cached_property
    def after(self) -> Setup | None:
        """The setup with the rule; None if it has mistakes."""
        return keeper_of(self.visited).parsed(self.outcome.text) if isinstance(self.outcome, Edited) else None

    @cached_property
    def faults(self) -> tuple[RuleFault, ...]:
        """Everything that prevents it from becoming a draft."""
        found = list(self._faults())
        if self.question is not None and self.answer is None:
            found.append(RuleFault(YEAR_CHOICE, self.visited.text("rule.fault.year")))
        return tuple({each.field + each.text: each for each in found}.values())

    def _faults(self) -> Iterator[RuleFault]:
        if isinstance(self.outcome, NotPatchable):
            yield RuleFault("form", self.visited.text("rule.only_text"), link="/schedule/file")
        elif isinstance(self.outcome, Faulty):
            yield from map(self._fault, self.outcome.findings)

    def _fault(self, finding: Finding) -> RuleFault:
        of = finding.field
        is_mine = of is not None and of.group == self.group and of.rule == self.meant.name
        if not is_mine:
            place = self.visited.text("rule.elsewhere", line=finding.place.line if finding.place else 0)
            return RuleFault("form", f"{place} {words_at(self.visited, finding)}", link="/schedule/file")
        field = (of and of.field) or "name"
        return RuleFault(field, words_at(self.visited, finding, field), tuple(self._cures(finding)))

    def _cures(self, finding: Finding, words: str = "") -> Iterator[CureButton]:
        for cure in finding.suggestions:
            shown = text_in(cure.shown, self.visited.language)
            label = words or self.visited.text("common.change_to", value=in_labels(self.visited, shown))
            yield CureButton(_cure_key(finding, shown), label)

    def cured(self, key: str) -> Form | None:
        """The form with one of its cures applied; None if there is no such cure."""
        findings = (*(self.outcome.findings if isinstance(self.outcome, Faulty) else ()), *self.notes)
        for finding in findings:
            for cure in finding.suggestions:
                if _cure_key(finding, text_in(cure.shown, self.visited.language)) == key:
                    return self._cured(finding, cure)
        return None

    def _cured(self, finding: Finding, cure: Suggestion) -> Form:
        text = self.outcome.text if isinstance(self.outcome, Edited | Faulty) else b""
        rule = cured_form(self.meant, Faulty((finding,), text), finding, cure, self.setup.tower, self.visited.language)
        shown = self.fields.form(rule)
        kept = [each for each in self.form.fields if each[0].startswith("was.") or each[0] in {"base", YEAR_CHOICE}]
        return Form((*kept, *shown.fields))

    # What is good to know

    @cached_property
    def notes(self) -> tuple[Finding, ...]:
        """Notes on this rule, as the check of the files has them."""
        if self.after is None or len(self.after.program().rules) > MOST_RULES:
            return ()
        found = setup_notes.notes(self.after, self.visited.now)
        mine = (self.group, self.meant.name)
        return tuple(each for each in found if each.field and (each.field.group, each.field.rule) == mine)

    @property
    def note_texts(self) -> list[str]:
        """The notes on the rule as texts, without those that are shown beside the preview."""
        notes = (each for each in self.notes if each.code not in {FAINT_COLOR, LAMPS_MISS})
        return [in_labels(self.visited, self.visited.event_text(each.event)) for each in notes]

    @property
    def faint(self) -> list[RuleFault]:
        """Colours that use little of the lamps' light, each with a way to use all of it."""
        return [
            RuleFault(
                each.field.field if each.field is not None else NOTES_FIELD,
                self.visited.text("rule.faint", **each.event.fields),
                tuple(self._cures(each, self.visited.text("rule.full_light"))),
            )
            for each in self.notes
            if each.code == FAINT_COLOR
        ]

    # Days and hours

    @cached_property
    def rule(self) -> Rule | None:
        """Days and hours only; None while they cannot be read."""
        return self._rule_of(self.meant)

    def _rule_of(self, form: RuleForm) -> Rule | None:
        kinds: dict[Group, type[Rule]] = {"blackouts": Blackout, "limits": Limit}
        kind = kinds.get(self.group, EveryNight)
        more = {"brightness": 1.0} if kind is Limit else {}
        try:
            values = {key: value for key, value in form.values().items() if key in ONLY_DAYS}
            rule = kind.model_validate({**values, **more, "name": form.name or "–"})
        except (Mistake, ValidationError):
            return None
        return rule if rule.listed or self.group in {"every_night", "limits"} else None

    @cached_property
    def occurrence(self) -> Occurrence | None:
        """The current or the next days."""
        return next_occurrence(self.rule, self.today) if self.rule is not None else None

    @property
    def days_words(self) -> list[str]:
        """Which days, how many, in which years, and when the first and the last light is."""
        rule, visited = self.rule, self.visited
        if rule is None:
            return []
        if not rule.listed:
            return [visited.text("rule.read.every_night")]
        if self.occurrence is None:
            return [visited.text("rule.read.over")]
        words = days_words(self.occurrence.first, self.occurrence.last, visited.language)
        unit = "nights" if rule.nights else "days"
        key = f"rule.read.{unit}{'_one' if self.occurrence.count == 1 else ''}"
        lines = [visited.text(key, days=words, count=self.occurrence.count)]
        lines += [*following_words(visited, rule, self.occurrence), *self._years_words(rule)]
        times = times_words(visited, rule, self.occurrence, self.setup.tower.site.place)
        what = "never" if not times else "dark" if self.group == "blackouts" else "light"
        lines.append(visited.text(f"rule.read.{what}", **times))
        return [*lines, *morning_words(visited, rule, self.occurrence, self.setup.tower.site.place)]

    def _years_words(self, rule: Rule) -> Iterator[str]:
        if self.meant.years:
            years = ", ".join(str(each.year) for each in self.meant.years)
            yield self.visited.text("rule.read.other_years", years=years, days=self._usual(self.meant))
        elif self.question is not None and self.answer is None:
            return
        elif all(days.year is None for days in rule.listed):
            yield self.visited.text("rule.read.yearly")
        else:
            years = ", ".join(
                str(year) for year in sorted({days.year for days in rule.listed if days.year is not None})
            )
            yield self.visited.text("rule.read.only", years=years)

    @property
    def usual_before(self) -> str:
        """The days of the rule before the edit."""
        return self._usual(self.before) if self.before is not None else ""

    def _usual(self, form: RuleForm) -> str:
        return ", ".join(days_in_language(each, self.visited.language) for each in form.days)

    @property
    def kinds(self) -> dict[str, str]:
        """Both ways to count the days as sentences with the days and times of this rule; without times while the days
        cannot be read."""
        found = {}
        for kind in ("nights", "dates"):
            rule = self._rule_of(replace(self.meant, kind=kind))
            on = next_occurrence(rule, self.today) if rule is not None else None
            times = (
                times_words(self.visited, rule, on, self.setup.tower.site.place)
                if rule is not None and on is not None
                else {}
            )
            found[kind] = self.visited.text(f"rule.kind.{kind}_{'times' if times else 'hint'}", **times)
        return found

    @property
    def night(self) -> date:
        """The night in the middle of the next days; tonight if there are none."""
        return self.occurrence.middle if self.occurrence is not None else self.today

    @property
    def night_words(self) -> str:
        """That night by both its dates."""
        return night_name(self.night, self.visited.language)

    @property
    def hours(self) -> dict[str, str]:
        """The times of that night, by choice."""
        return {choice: self._times(self._hours_of(choice)) for choice in HOURS_CHOICES}

    def _hours_of(self, choice: str) -> Sequence[str]:
        if choice != "own":
            return self.fields.hours_texts(choice, self.visited.language)
        return self.meant.hours if self.form.get("hours_choice") == "own" else ()

    def _times(self, texts: Sequence[str]) -> str:
        place = self.setup.tower.site.place
        night = night_of(self.night, place.time_zone)
        try:
            spans = [span for text in texts for span in Window.parse(text).resolve(night, place)]
        except Mistake:
            return ""
        return spans_words(sorted(spans), place, self.visited.language)

    # Light

    @cached_property
    def looks(self) -> Mapping[str, ZoneState]:
        """The look of each part, of a sequence the first colour; empty while it cannot be read."""
        values = self.meant.values()
        given = {key: values[key] for key in ("color", "brightness", "change_every") if key in values}
        if self.group not in LIT or "color" not in given:
            return {}
        try:
            looks = Shows.model_validate(given, context=self.setup.tower.context).looks
        except (Mistake, ValidationError):
            return {}
        return {
            zone: DARK if look.is_dark else ZoneState(True, look.colors[0], look.brightness)
            for zone, look in looks.items()
        }

    @property
    def preview(self) -> str:
        """The query of its picture; empty while there is none."""
        if not self.looks:
            return ""
        pairs = [
            ("look", f"{zone}={state.color.hex if state.on and state.color else 'dark'}")
            for zone, state in self.looks.items()
        ]
        share = max((state.brightness for state in self.looks.values()), default=1.0)
        return urlencode([*pairs, ("brightness", f"{100 * share:g} %")])

    @cached_property
    def lamps(self) -> LampLight | None:
        """What the lamps make of the look."""
        return lamp_light(self.setup, self.looks) if self.looks else None

    @property
    def bar(self) -> NightBar | None:
        """The night in the middle as it would be, other rules included."""
        if self.after is None or not (self.rule and (self.occurrence or self.group == "every_night")):
            return None
        zone = self.setup.tower.site.place.time_zone
        start = datetime(self.night.year, self.night.month, self.night.day, 18, tzinfo=zone)
        return next(iter(night_bars(self.after.program(), start, start + timedelta(minutes=1))), None)


def read_rule(visited: Visit, group: Group, name: str | None, form: Form) -> RuleReading:
    """A form beside the current file and the other edits of the visitor's draft. Raises HTTPException 404 for a rule
    that does not exist."""
    current = keeper_of(visited).read()
    tower = (current.setup or visited.snapshot.setup).tower
    others = tuple(each for each in edits_of(draft_of(visited)) if not _is_of(each, group, name))
    outcome = applied(current.text, rebased(current.text, others, tower, {}), tower)
    base = outcome.text if isinstance(outcome, Edited) else current.text
    is_current = base == current.text and current.setup is not None
    document = current.setup.schedule_text if is_current and current.setup else open_schedule(base, tower).document
    before = form_of(document, group, name) if name is not None else None
    if name is not None and before is None and current.setup is not None:
        raise HTTPException(404)
    return RuleReading(visited, group, name, form, current, base, before)


def _is_of(edit: ScheduleEdit, group: Group, name: str | None) -> bool:
    return isinstance(edit, RuleEdit) and (edit.group, edit.name) == (group, name)


def _cure_key(finding: Finding, shown: str) -> str:
    field = finding.field.field if finding.field is not None else ""
    return f"{finding.code}/{field}/{shown}"
