"""A rule of the schedule as the fields of a form, and back: what a person may change without seeing YAML. Pure.

Every value is text as in the file. Values that a form cannot show as fields (`advanced`) are kept unchanged. Days of a
yearly rule that differ in one year, `dates: [20–26 november, 27 november 2026]` with `except: 20 november 2026`, are
one field: in 2026 21–27 november."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Any, Literal, get_args

import yaml

from controller.config.nodes import Document, Pairs, Plain, plain
from controller.config.schedule_text import as_flow
from controller.config.yaml_text import SPACE
from controller.errors import Mistake
from controller.schedule.days import Days
from controller.schedule.one_year import (
    OneYearTexts,
    dated,
    days_belonging_to,
    days_in_year,
    ends_after,
    is_yearly,
    next_year,
    only_in,
    year_of,
)

Group = Literal["campaigns", "every_night", "blackouts", "limits"]
ColorText = str | tuple[str, ...] | Mapping[str, str | tuple[str, ...]]
"""One colour for all zones, several in turn, or one or several for each zone."""

ORDER = (
    *("name", "dates", "nights", "except", "confirmed_for", "hours", "otherwise", "color", "change_every"),
    *("brightness", "fade_in", "fade_out", "about", "link"),
)
"""Keywords of a rule in the order in which they are written."""
TEXTS = ("name", "hours", "otherwise", "change_every", "brightness", "fade_in", "fade_out", "link")
LISTS = ("days", "except", "confirmed_for", "hours")
MOST_YEARS = 50
"""A rule that differs in more years is shown as text only."""
ALL_LANGUAGES = ""
"""The language of an `about` with one text for all languages."""


YearChoice = Literal["only", "every", "end"]
"""Only in one year, other years as before; in every year; or until the end of one year."""


@dataclass(frozen=True, slots=True)
class OneYear:
    """Days of one year in place of the usual ones."""

    year: int
    days: tuple[str, ...]
    texts: OneYearTexts | None = field(default=None, compare=False)
    """How the file expresses it; None for a new one."""


@dataclass(frozen=True, slots=True)
class RuleForm:
    """The fields of one rule; empty fields are not in the file. `kind` is that of its days, `days` are the usual
    ones."""

    group: Group
    name: str = ""
    kind: Literal["dates", "nights"] = "nights"
    days: tuple[str, ...] = ()
    years: tuple[OneYear, ...] = ()
    except_: tuple[str, ...] = ()
    confirmed_for: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    otherwise: str = ""
    color: ColorText = ""
    change_every: str = ""
    brightness: str = ""
    fade_in: str = ""
    fade_out: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    advanced: frozenset[str] = field(default=frozenset(), compare=False)
    """Fields whose value only the file can show: `days`, `color`."""

    def values(self) -> dict[str, Plain]:
        """The values in the file, by keyword; a list of one is its only value."""
        days, left_out = self._days()
        found: dict[str, Plain] = {
            "name": self.name,
            self.kind: _single(days),
            "except": _single(left_out),
            "confirmed_for": _single(self.confirmed_for),
            "hours": _single(self.hours),
            "color": _listed(self.color),
            "about": self.about[ALL_LANGUAGES] if {*self.about} == {ALL_LANGUAGES} else dict(self.about),
        }
        for key in ("otherwise", "change_every", "brightness", "fade_in", "fade_out", "link"):
            found[key] = getattr(self, key)
        return {key: found[key] for key in ORDER if found.get(key) or key == "name"}

    def _days(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Days and exceptions as written in the file; raises Mistake if days cannot be read."""
        texts = [one.texts or only_in(one.year, one.days, self.days) for one in self.years]
        added, left_out = (chain(*(getattr(one, key) for one in texts)) for key in ("added", "left_out"))
        return (*self.days, *added), (*self.except_, *left_out)

    def settled(self, before: "RuleForm | None") -> "RuleForm":
        """Each year that is as before, beside the same usual days, with its previous texts."""
        texts = {one: one.texts for one in before.years} if before and before.days == self.days else {}
        return replace(self, years=tuple(replace(one, texts=texts.get(one)) for one in self.years))


def forms(document: Document, most: int | None = None) -> tuple[RuleForm, ...]:
    """Every rule of a schedule without mistakes, in the order of the file; at most `most` of each list."""
    return tuple(_form(group, rule) for group in get_args(Group) for rule in document.pairs.groups(group)[:most])


def form_of(document: Document, group: str, name: str) -> RuleForm | None:
    """The rule with this name; None without one."""
    return next((one for one in forms(document) if (one.group, _plain(one.name)) == (group, _plain(name))), None)


def _plain(name: str) -> str:
    return name.strip().casefold()


def _form(group: Group, rule: Pairs) -> RuleForm:
    data = plain(rule)
    kind = "dates" if "dates" in data else "nights"
    days, years, left_out, advanced = _years(_texts(data.get(kind)), _texts(data.get("except")))
    color = _color(data.get("color", ""))
    has_lists = isinstance(color, Mapping) and any(not isinstance(one, str) for one in color.values())
    about = data.get("about", {})
    single: dict[str, Any] = {key: str(data.get(key, "")).strip() for key in TEXTS if key != "hours"}
    return RuleForm(
        group=group,
        kind="dates" if kind == "dates" else "nights",
        days=days,
        years=years,
        except_=left_out,
        confirmed_for=_texts(data.get("confirmed_for")),
        hours=_texts(data.get("hours")),
        color=color,
        about={str(k): str(v) for k, v in about.items()} if isinstance(about, dict) else {ALL_LANGUAGES: str(about)},
        advanced=frozenset((*(["color"] if has_lists else []), *(["days"] if advanced else []))),
        **single,
    )


def _texts(value: Plain | None) -> tuple[str, ...]:
    return (
        tuple(str(one).strip() for one in value) if isinstance(value, list) else (str(value).strip(),) if value else ()
    )


def _color(value: Plain) -> ColorText:
    if isinstance(value, dict):
        return {zone: _one_or_more(one) for zone, one in value.items()}
    return _one_or_more(value)


def _one_or_more(value: Plain) -> str | tuple[str, ...]:
    texts = _texts(value)
    return texts[0] if len(texts) == 1 else texts or ""


def _listed(color: ColorText) -> Plain:
    if isinstance(color, str):
        return color
    if isinstance(color, tuple):
        return list(color)
    return {zone: one if isinstance(one, str) else list(one) for zone, one in color.items()}


def _single(texts: tuple[str, ...]) -> Plain:
    return texts[0] if len(texts) == 1 else list(texts)


# Days of one year


def _years(
    days: tuple[str, ...], left_out: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[OneYear, ...], tuple[str, ...], bool]:
    """The usual days, those of single years, the exceptions in every year; and whether the file contains more than
    these can express."""
    try:
        yearly = tuple(text for text in days if is_yearly([text]))
        extra = tuple(text for text in days if not is_yearly([text]))
        dated = tuple(text for text in left_out if not is_yearly([text]))
        if not yearly or not (extra or dated):
            return days, (), left_out, False
        years = tuple(_one_years(yearly, extra, dated))
    except Mistake:
        return days, (), left_out, True
    if any(not one.days for one in years) or len(years) > MOST_YEARS:
        return days, (), left_out, bool(extra)
    return yearly, years, tuple(text for text in left_out if text not in dated), False


def _one_years(yearly: tuple[str, ...], extra: tuple[str, ...], dated: tuple[str, ...]) -> Iterator[OneYear]:
    """The years that differ, in order; a year whose dates do not fit the usual days has no days, only texts."""
    added, left_out = defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    for texts, found in ((dated, left_out), (extra, added)):
        for text in texts:
            year = Days.parse(text).year or 0
            days = days_belonging_to(year, [text])
            found[year_of(min(days), yearly, left_out.keys()) if days else year].append(text)
    for year in sorted({*added, *left_out}):
        own = OneYearTexts(tuple(added[year]), tuple(left_out[year]))
        is_part = days_belonging_to(year, own.left_out) <= days_belonging_to(year, yearly)
        yield OneYear(year, days_in_year(year, yearly, own) if is_part else (), own)


# Fields of a web form


def field_texts(form: RuleForm) -> dict[str, str]:
    """Each field as one text: `days`, `except`, `color`, `color.bowl`, `about.sv`, `years.2026` …; several values as
    written in the file, `[a, b]`. Fields without a value are left out."""
    found = {key: getattr(form, key) for key in TEXTS if key != "hours"}
    lists = zip(LISTS, (form.days, form.except_, form.confirmed_for, form.hours), strict=True)
    found |= {key: text_of(texts) for key, texts in lists}
    found["kind"] = form.kind if form.days else ""
    found |= {f"years.{one.year}": text_of(one.days) for one in form.years}
    if isinstance(form.color, Mapping):
        found |= {f"color.{zone}": text_of(one) for zone, one in form.color.items()}
    else:
        found["color"] = text_of(form.color)
    found |= {f"about.{language}": text for language, text in form.about.items()}
    return {key: text for key, text in found.items() if text}


def form_from(group: Group, texts: Mapping[str, str]) -> RuleForm:
    """The form of such fields; surrounding spaces and unknown fields are ignored."""
    clean = {key: text for key, written in texts.items() if (text := cleaned(written))}
    zones = {key.partition(".")[2]: _one_or_several(text) for key, text in clean.items() if key.startswith("color.")}
    about = {key.partition(".")[2]: " ".join(text.split()) for key, text in clean.items() if key.startswith("about.")}
    years = sorted(int(key[6:]) for key in clean if re.fullmatch(r"years\.(?:19|20|21)[0-9]{2}", key))
    given: dict[str, Any] = {key: clean[key] for key in TEXTS if key in clean and key != "hours"}
    return RuleForm(
        group=group,
        kind="dates" if clean.get("kind") == "dates" else "nights",
        days=texts_of(clean.get("days", "")),
        years=tuple(OneYear(year, texts_of(clean[f"years.{year}"])) for year in years),
        except_=texts_of(clean.get("except", "")),
        confirmed_for=texts_of(clean.get("confirmed_for", "")),
        hours=texts_of(clean.get("hours", "")),
        color=zones or _one_or_several(clean.get("color", "")),
        about=about,
        **given,
    )


def cleaned(text: str) -> str:
    """A typed text without surrounding spaces; special spaces become ordinary ones."""
    return re.sub(rf"{SPACE}|\t", " ", text.encode(errors="replace").decode()).strip()


def text_of(texts: str | tuple[str, ...]) -> str:
    """Values as one text: a single value, or several as a list."""
    if isinstance(texts, str):
        return texts
    return texts[0] if len(texts) == 1 and not texts[0].startswith("[") else as_flow(texts) if texts else ""


def texts_of(text: str) -> tuple[str, ...]:
    """The values of such a text; one that cannot be read as a list is a single value."""
    if text.startswith("[") and text.endswith("]"):
        try:
            found = [one for one in yaml.parse(text, Loader=yaml.SafeLoader) if isinstance(one, yaml.ScalarEvent)]
            return tuple(value for one in found if (value := str(one.value).strip()))
        except yaml.YAMLError:
            pass
    return (text,) if text else ()


def _one_or_several(text: str) -> str | tuple[str, ...]:
    return texts_of(text) if text.startswith("[") else text


# In which years typed days apply. Whoever writes `21–27 november` into a yearly rule may mean this year only; whoever
# adds the year would end all other years by it. So the form asks, and nothing is preselected.


@dataclass(frozen=True, slots=True)
class YearQuestion:
    """What must be asked about typed days; `year` is the one that `only` and `end` mean."""

    year: int
    choices: tuple[YearChoice, ...]


def year_question(before: RuleForm | None, days: tuple[str, ...], today: date) -> YearQuestion | None:
    """The question about days that replace those of a rule, or of a new one; None if there is none, or if the days
    cannot be read."""
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
    """The form with its typed days as answered; raises Mistake if they cannot be read."""
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
