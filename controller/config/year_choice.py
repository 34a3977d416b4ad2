"""In which years days that were typed into a form hold: asked wherever the text alone would change other years. Pure.

Who writes `21–27 november` into a rule of every year may mean this year only; who adds the year would end all other
years by it. So the form asks, and nothing is chosen beforehand.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from controller.config.rule_form import OneYear, RuleForm
from controller.errors import Mistake
from controller.schedule.days import Days
from controller.schedule.one_year import dated, ends_after, is_yearly, next_year

YearChoice = Literal["only", "every", "end"]
"""Only in one year, other years as before; in every year; until the end of one year, and never after it."""


@dataclass(frozen=True, slots=True)
class YearQuestion:
    """What must be asked about typed days; `year` is the one that `only` and `end` mean."""

    year: int
    choices: tuple[YearChoice, ...]


def year_question(before: RuleForm | None, days: tuple[str, ...], today: date) -> YearQuestion | None:
    """The question about days in the place of those of a rule, or of a new one; None where there is none, or where the
    days cannot be read."""
    try:
        was_yearly = before is not None and bool(before.days) and is_yearly(before.days)
        years = {Days.parse(text).year for text in days}
    except Mistake:
        return None
    if (before is not None and before.days == days) or len(years) != 1:
        return None
    (year,) = years
    if year is None:
        ahead = next_year(before.days if before and was_yearly else days, today)
        return YearQuestion(ahead, ("only", "every"))
    return YearQuestion(year, ("only", "end")) if was_yearly else None


def answered(
    before: RuleForm | None, form: RuleForm, question: YearQuestion, choice: YearChoice, today: date
) -> RuleForm:
    """The form with its typed days as they were meant; raises Mistake where they cannot be read."""
    year, typed = question.year, form.days
    usual = before.days if before is not None and before.days and is_yearly(before.days) else ()
    kept = {one.year: one for one in form.years}
    if choice == "every":
        return form
    if not usual:
        return replace(form, days=dated(year, typed))
    if choice == "only":
        years = {**kept, year: OneYear(year, typed)}
        return replace(form, days=usual, years=tuple(years[each] for each in sorted(years)))
    days = {**{each: one.days for each, one in kept.items()}, year: typed}
    return replace(form, days=ends_after(year, days, usual, today), years=())
