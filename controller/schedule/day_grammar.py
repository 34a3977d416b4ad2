"""The day grammar: text -> rule and year.

    days    = ["every year"] list ["every year"] ["except" list] ["every year"]
    list    = element {"and" element}
    element = group | weekdays ["in" period] [year] | "first" {"and" "third"} weekday "in" months [year] | period
    group   = "flag days" | "Sundays in Advent"
    weekdays = ("every" | "varje") ("day" | weekday {"and" weekday}) | "Fridays" {"and" "Saturdays"}
    period  = point | ["from"] point "to" point | "between" point "and" point | numbers {"and" numbers} month [year]
    point   = place [year] [("+" | "-") number ("days" | "weeks")] [year]
    place   = [weekday] day month | month day | month | named day | "week" number | "the day before" place
            | ordinal (weekday | "day") "in" month | year-month-day
    to      = "to" | "till" | "until" | "through" | any dash
    and     = "and" | "och" | "samt" | ","
    except  = "except" | "but not" | "utom" | "förutom" | "men inte" | …

English and Swedish words may be mixed; case, spaces, the full stop of an abbreviation and the dots over å, ä and ö do
not matter; `the`, `den`, `of`, `hela` and a comma before the year add nothing. What the two ends of a period share may
be left out of one: `20–26 November`, `November 20–26`, `week 50–52`. What can be meant in two ways, as `20/11` or
`midsommar`, is a mistake that asks which is meant. A weekday before a date must be that of the date.

`read` gives a result or raises a Mistake, for any text. The words are in `tokens`, days with a name in `holidays`,
single points in `day_points`, days and periods in `day_periods`, lists of weekdays and groups in `day_sets`, what a
rule means in `recurrence`, what is proposed for a mistake in `suggestions`.
"""

import re
from collections.abc import Iterable
from typing import Any

from controller.errors import Mistake, readable
from controller.events.models import InEachLanguage
from controller.locale import DEFAULT, languages, texts
from controller.schedule import suggestions, tokens
from controller.schedule.day_periods import period_ahead
from controller.schedule.day_sets import set_ahead
from controller.schedule.holidays import LANGUAGES
from controller.schedule.recurrence import Alone, Except, Rule, Several
from controller.schedule.tokens import Reader
from controller.text_field import Slip, corrections

Dated = tuple[Rule, int | None]

_UNREADABLE = ("TWL-S101", "TWL-S114", "TWL-S117", "TWL-S143")
_CANNOT_BE_WRITTEN = tuple(
    (re.compile(words, re.IGNORECASE), code)
    for words, code in (
        (r"\b(?:varannan|vartannat|every (?:other|second))\b.*", "TWL-S198"),
        (r"\b(?:jämna|udda|even|odd) (?:veckor|weeks|days)\b", "TWL-S198"),
        (
            r"\b(?:i ?(?:morgon|natt|kväll|dag|går)|today|tonight|tomorrow|yesterday"
            r"|(?:nästa|next) (?:vecka|månad|week|month))\b",
            "TWL-S264",
        ),
        (r"\b(?:första|sista|andra|tredje|first|last|second|third) (?:veckan|veckorna|week|weeks)\b.*", "TWL-S265"),
        (r"\b(?:mellan jul och nyår|between Christmas and New Year)\b", "TWL-S266"),
    )
)
"""What no rule can express, or what is asked about as a whole."""
_HOURS = re.compile(rf"\s((?:[01]?\d|2[0-4])\s?{tokens.DASH}\s?(?:[01]?\d|2[0-4]))\s*$")
"""`18-22` behind days: two hours rather than a year of two digits."""
_BY_WORD = (("i", "ar"), ("this", "year"), ("nasta", "ar"), ("next", "year"))
"""Years that depend on the day on which the file is read."""


def read(text: str) -> Dated:
    """The rule that `text` names, and the year it is bound to; raises Mistake TWL-S101 to S118, S143, S144, S146 to
    S148, S153, S170 to S174, S177 to S179, S196 to S198 and S261 to S266."""
    try:
        return _read(text)
    except Mistake as mistake:
        slip = suggestions.written_apart(text) or mistake
        if isinstance(slip, Slip):
            raise _corrected(text, slip) from None
        raise _explained(text, mistake) from None


def _explained(text: str, mistake: Mistake) -> Mistake:
    """The mistake in an unreadable text, by its probable meaning if that is known."""
    if mistake.code == "TWL-S147" and (hours := _HOURS.search(text)) and readable(_read, text[: hours.start()]):
        days = text[: hours.start()].strip()
        return Mistake("TWL-S173", start=hours.start(1), end=hours.end(1), value=days, rest=hours[1])
    if mistake.code in _UNREADABLE:
        for words, code in _CANNOT_BE_WRITTEN:
            if found := words.search(text):
                return Mistake(code, start=found.start(), end=found.end(), value=found[0])
    suggestion = mistake.fields.get("suggestion")
    if mistake.code in ("TWL-S104", "TWL-S115") and readable(_read, str(suggestion)) is None:
        return Mistake("TWL-S101", end=len(text), value=text.strip())
    return mistake


def _corrected(text: str, slip: Slip) -> Mistake:
    """The mistake with the whole text corrected; another mistake if the correction is unknown. The suggestion is in
    the language of the text if its words show it, else in that of the reader."""
    written_in = tokens.language_of(text)
    found = {language: corrections(text, slip, _read, written_in or language) for language in LANGUAGES}
    if not all(found.values()):
        written = text[slip.start : slip.end]
        if slip.code == "TWL-S144":
            return suggestions.season_in_a_phrase(slip, written)
        return Mistake("TWL-S101", start=slip.start, end=slip.end, value=written)
    meant = {
        language: texts(language, "values")["or"].join(f"`{whole}`" for whole in found.get(language, found[DEFAULT]))
        for language in languages()
    }
    fields: dict[str, Any] = {**slip.fields, "meant": InEachLanguage(meant)}
    return Mistake(slip.code, start=slip.start, end=slip.end, **fields)


def _read(text: str) -> Dated:
    reader = Reader(text)
    is_yearly = _skip_phrase(reader, tokens.YEARLY)
    rule, year = _list(reader)
    is_yearly = _skip_phrase(reader, tokens.YEARLY) or is_yearly
    end = reader.end
    if _skip_phrase(reader, tokens.EXCEPT):
        rule = _without(reader, rule, year, end)
        is_yearly = _skip_phrase(reader, tokens.YEARLY) or is_yearly
    _check_all_read(reader, rule, is_left_out=isinstance(rule, Except))
    if is_yearly and year is not None:
        raise Mistake("TWL-S172", end=len(text), value=text.strip(), year=year)
    return rule, year


def _list(reader: Reader, *, is_left_out: bool = False) -> Dated:
    """Days separated by `and` or a comma. Raises Mistake TWL-S170 if they do not have the same year."""
    found: list[Dated] = []
    written: list[str] = []
    begin = reader.next().start
    more = True
    while more:
        start = reader.next().start
        found.append(set_ahead(reader, is_left_out=is_left_out) or period_ahead(reader))
        written.append(reader.text[start : reader.end])
        more = _skip_and(reader)
    rules, years = zip(*found, strict=True)
    if len({*years}) > 1:
        if years[-1] is not None and not any(years[:-1]):
            written[:-1] = [f"{one} {years[-1]}" for one in written[:-1]]
        raise Mistake(
            "TWL-S170",
            start=begin,
            end=reader.end,
            meant=f"[{', '.join(written)}]",
            value=reader.text[begin : reader.end],
        )
    return (rules[0] if len(rules) == 1 else Several(rules)), years[0]


def _skip_and(reader: Reader) -> bool:
    """Reads `and` before another day; not before what may follow the last one, nor before a time of day."""
    begin = reader.at
    if _skip_phrase(reader, (*tokens.EXCEPT, *tokens.YEARLY)):
        reader.at = begin
        return False
    while reader.skip(tokens.AND):
        pass
    if suggestions.is_time_ahead(reader):
        reader.at = begin
    return reader.at > begin


def _skip_phrase(reader: Reader, phrases: Iterable[tuple[str, ...]]) -> bool:
    """Reads one of these phrases, with or without a comma before and after it; returns whether it was there."""
    begin = reader.at
    reader.skip(tokens.AND)
    if reader.skip_phrase(phrases):
        reader.skip({",", ":"})
        return True
    reader.at = begin
    return False


def _without(reader: Reader, rule: Rule, year: int | None, before: int) -> Rule:
    """The rule, which was read up to the offset `before`, without the days that follow. Raises Mistake TWL-S171 if
    only these have a year."""
    text, start = reader.text, reader.next().start
    left_out, its_year = _list(reader, is_left_out=True)
    if its_year is not None and its_year != year:
        begin, end = reader.tokens[0].start, reader.end
        meant = f"{text[begin:before]} {its_year}{text[before:end]}"
        raise Mistake("TWL-S171", start=start, end=end, value=text[start:end], year=its_year, meant=meant)
    return Except(rule, left_out, its_year)


def _check_all_read(reader: Reader, rule: Rule, *, is_left_out: bool) -> None:
    left, text = reader.next(), reader.text
    if left.kind == "end":
        return
    value, rest = text[: left.start].strip(" ,;\t"), text[left.start :].strip(" ,;\t")
    if suggestions.is_time_ahead(reader):
        code = "S177" if is_left_out else "S173"
    elif reader.skip_phrase(_BY_WORD) and reader.next().kind == "end":
        code = "S196"
    elif isinstance(rule, Alone) and _is_one_more(reader):
        raise Mistake("TWL-S179", end=len(text), first=value, last=rest)
    else:
        code = "S117"
    raise reader.mistake(code, left, reader.tokens[-1], value=value, rest=rest)


def _is_one_more(reader: Reader) -> bool:
    """Whether only one more day, week or month is left."""
    period = readable(period_ahead, reader)
    return period is not None and isinstance(period[0], Alone) and reader.next().kind == "end"
