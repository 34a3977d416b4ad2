"""`watertower new`: adds a campaign by asking questions. Each answer is checked like the file, and everything is shown
before it is saved; after a mistake only that question is asked again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import click

from controller.cli.history import change_words, keeper_of, save
from controller.cli.options import Options, common
from controller.clock import SystemClock
from controller.config.cure_place import text_in
from controller.config.findings import Finding, Suggestion
from controller.config.load import Setup
from controller.config.rule_form import RuleForm, YearChoice, answered, field_texts, form_from, year_question
from controller.config.rule_patch import rule_lines
from controller.config.schedule_edit import Edited, Faulty, NotPatchable, cured_form, save_form
from controller.config.setup_notes import notes
from controller.errors import FilesRejected, Refused
from controller.events.words import day_words, days_words
from controller.schedule.changes import changes
from controller.schedule.days import Days
from controller.schedule.hours import night_of
from controller.schedule.plan import REACH
from controller.service.saving import DiskSchedule, ScheduleKeeper

FIELDS = ("name", "days", "kind", "hours", "color", "brightness", "fade_in", "fade_out", "about")
UNANSWERED = RuleForm("campaigns", "\N{HORIZONTAL ELLIPSIS}", days=("every day",), color="#FFFFFF")
"""Values for questions that are not answered yet, so that the others can be checked."""
NEEDED = frozenset(("name", "days", "color"))
KINDS = {"nights": "1", "dates": "2"}
NOTHING = "-"
"""An answer that removes an earlier one."""
YES, NO, MORE = (
    frozenset(("yes", "y", "ja", "j")),
    frozenset(("no", "n", "nej")),
    frozenset(("change", "c", "ändra", "ä")),
)


@dataclass(slots=True)
class Interview:
    """The questions and their answers so far; the campaign is added below those of `current`."""

    options: Options
    current: DiskSchedule
    setup: Setup
    now: datetime
    form: RuleForm

    @property
    def today(self) -> date:
        """The date at the tower."""
        return self.now.astimezone(self.setup.tower.site.place.time_zone).date()

    def ask(self, key: str, default: str = "", **fields: object) -> str:
        """Asks a question; returns the answer, or the default. Raises click.Abort at the end of the input."""
        shown = f" [{default}]" if default else ""
        question = self.options.text(f"new.ask.{key}", **fields)
        return str(click.prompt(f"{question}{shown}", default=default, show_default=False, err=True)).strip()

    def run(self) -> None:
        """Asks every question once; Enter keeps an earlier answer."""
        for field in FIELDS:
            self._answer(field)
            if field == "days":
                self._years()
            self._read_back(field)

    def text(self) -> bytes:
        """The file with the campaign; raises FilesRejected for mistakes that belong to no single answer."""
        outcome = self._outcome(self.form)
        if isinstance(outcome, Edited):
            return outcome.text
        raise FilesRejected(tuple(replace(one, file=str(self.current.path)) for one in outcome.findings))

    def _answer(self, field: str) -> None:
        offered: list[tuple[Finding, Suggestion]] = []
        faulty = Faulty(())
        while True:
            typed = self.ask(field, self._default(field))
            if not typed and field in NEEDED:
                continue
            if typed.isdecimal() and 0 < int(typed) <= len(offered):
                self.form = self._cured(faulty, *offered[int(typed) - 1])
            else:
                self.form = self._with(field, typed)
            outcome = self._outcome(self.form)
            found = outcome.findings if isinstance(outcome, Faulty) else ()
            mistakes = [one for one in found if one.field and one.field.field.partition(".")[0] == field]
            if not isinstance(outcome, Faulty) or not mistakes:
                return
            faulty, offered = outcome, list(self._offered(mistakes))

    def _offered(self, mistakes: list[Finding]) -> Iterator[tuple[Finding, Suggestion]]:
        """Prints what is wrong, and the numbered suggestions."""
        language, number = self.options.language, 0
        for finding in mistakes:
            _print(f"  {finding.event.text(language)}")
            _print(f"  = {finding.event.action(language)}")
            for suggestion in finding.suggestions:
                number += 1
                _print(self.options.text("new.instead", number=number, text=text_in(suggestion.shown, language)))
                yield finding, suggestion

    def _outcome(self, form: RuleForm) -> Edited | Faulty:
        tried = replace(
            form,
            name=form.name or UNANSWERED.name,
            days=form.days or UNANSWERED.days,
            color=form.color or UNANSWERED.color,
        )
        outcome = save_form(self.current.text, None, tried, self.setup.tower)
        if isinstance(outcome, NotPatchable):
            raise Refused(outcome.finding.code)
        return outcome

    def _cured(self, faulty: Faulty, finding: Finding, cure: Suggestion) -> RuleForm:
        shown = self.form if self.form.name else replace(self.form, name=UNANSWERED.name)
        cured = cured_form(shown, faulty, finding, cure, self.setup.tower, self.options.language)
        return replace(
            cured,
            name=cured.name if self.form.name else "",
            days=cured.days if self.form.days else (),
            color=cured.color if self.form.color else "",
        )

    def _with(self, field: str, typed: str) -> RuleForm:
        key = self._key(field)
        texts = {one: text for one, text in field_texts(self.form).items() if one.partition(".")[0] != field}
        if field == "color":
            texts.pop("change_every", None)
        if field == "kind":
            return replace(self.form, kind="dates" if typed in {KINDS["dates"], "dates"} else "nights")
        return replace(form_from("campaigns", {**texts, key: "" if typed == NOTHING else typed}), kind=self.form.kind)

    def _key(self, field: str) -> str:
        return f"about.{self.options.language}" if field == "about" else field

    def _default(self, field: str) -> str:
        """The earlier answer, else the usual one."""
        if field == "kind":
            return KINDS[self.form.kind]
        usual = {"hours": self.options.text("new.usual.hours"), "brightness": "100 %"}
        return field_texts(self.form).get(self._key(field), usual.get(field, ""))

    def _years(self) -> None:
        question = year_question(None, self.form.days, self.today)
        if question is None:
            return
        choices: dict[str, YearChoice] = {"1": "every", "2": "only"}
        typed = ""
        while typed not in choices:
            typed = self.ask("years", year=question.year)
        self.form = answered(None, self.form, question, choices[typed], self.today)

    def _read_back(self, field: str) -> None:
        """Prints what an answer means, in days and times, and notes about possible misunderstandings."""
        language = self.options.language
        if field == "days":
            spans = [span for text in self.form.days for span in Days.parse(text).spans(self.today, _far(self.today))]
            if spans:
                first, last = min(spans)
                _print(self.options.text("new.next_days", days=days_words(first, last, language)))
        elif field == "hours":
            self._first_light()
        elif field == "color":
            self._notes("color")

    def _first_light(self) -> None:
        """Prints the first night with its times."""
        outcome, place = self._outcome(self.form), self.setup.tower.site.place
        after = keeper_of(self.options).parsed(outcome.text) if isinstance(outcome, Edited) else None
        rule = after.schedule.campaigns[-1] if after is not None else None
        for n in range(REACH if rule is not None else 0):
            night = night_of(self.today + timedelta(days=n), place.time_zone)
            if rule is not None and (windows := rule.windows(night, place)):
                ends = [at.astimezone(place.time_zone) for at in (windows[0][0], windows[-1][1])]
                times = (f"{day_words(at.date(), self.options.language)} {at:%H:%M}" for at in ends)
                _print(self.options.text("new.first_light", times=" – ".join(times)))
                return

    def _notes(self, field: str = "") -> None:
        """Prints notes about the campaign, or about one of its fields."""
        outcome = self._outcome(self.form)
        after = keeper_of(self.options).parsed(outcome.text) if isinstance(outcome, Edited) else None
        for note in notes(after, self.now) if after is not None else ():
            own = note.field is not None and note.field.rule == (self.form.name or UNANSWERED.name)
            if own and note.field is not None and field in ("", note.field.field.partition(".")[0]):
                _print(f"  {note.event.text(self.options.language)}")
                _print(f"  = {note.event.action(self.options.language)}")

    def show(self, keeper: ScheduleKeeper) -> None:
        """Prints the lines of the campaign and what they change."""
        text = self.text()
        after = keeper.parsed(text)
        _print(self.options.text("new.lines"))
        for line in _block(self.form):
            _print(f"  {line}")
        self._notes()
        if after is not None:
            changed = changes(self.setup.program(), after.program(), self.now)
            for line in change_words(after, changed, self.options).lines():
                _print(line)


@click.command("new")
@click.option("--reason", default="")
@common
def command(options: Options, reason: str) -> None:
    """Add a campaign by answering questions."""
    keeper = keeper_of(options)
    current = keeper.read()
    if current.setup is None:
        raise FilesRejected(current.findings)
    interview = Interview(options, current, current.setup, SystemClock().read().wall, RuleForm("campaigns"))
    is_saved = False
    try:
        if _is_wanted(interview, keeper):
            click.echo(save(keeper, interview.text(), current, reason, options))
            is_saved = True
    finally:
        if not is_saved:
            _print(interview.options.text("new.not_saved"))
            for line in _block(interview.form) if interview.form.name else ():
                _print(f"  {line}")


def _is_wanted(interview: Interview, keeper: ScheduleKeeper) -> bool:
    """Asks the questions, again as long as something is to be changed; returns whether to save."""
    typed = ""
    while typed not in YES | NO:
        interview.run()
        interview.show(keeper)
        typed = interview.ask("save").casefold()
        while typed not in YES | NO | MORE:
            typed = interview.ask("save").casefold()
    return typed in YES


def _block(form: RuleForm) -> list[str]:
    """The campaign as it will be written below `campaigns:`."""
    first, *rest = rule_lines(form.values(), 4)
    return [f"  - {first}", *rest]


def _far(day: date) -> date:
    return day + timedelta(days=REACH)


def _print(text: str) -> None:
    """Prints on stderr: stdout is for the result."""
    click.echo(text, err=True)
