"""Texts for the values in documents and events: looks, rules, reasons, states. Made for one reader, in one language,
at the last moment; nothing parses them.

A look is `{"on", "color", "color_name", "brightness"}`, in a report also its further properties; a rule `{"kind",
"name", "line"}`; a reason `{"code", …}`."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from math import ceil
from typing import TypeVar

from controller.locale import Language, template, texts

Look = TypeVar("Look")
DURATIONS = frozenset({"lasted_s", "window_s"})
"""Fields with seconds that may be many: texts give them in a suitable unit."""
MOST_LEVELS = 12
KINDS = frozenset({"campaign", "every_night", "blackout", "otherwise", "override", "stop"})
"""Kinds of rules behind a look."""
LOOKS = frozenset({"looks", "shows", "wanted", "shown"})
"""Fields that hold a look for each zone."""


class AsWritten(str):
    """A text that begins with a name or a figure: it gets no capital."""

    __slots__ = ()


def capital(text: str) -> str:
    """A text as a sentence: with a capital first letter, unless it is AsWritten."""
    return text if isinstance(text, AsWritten) else text[:1].upper() + text[1:]


def value_words(field: str, value: object, language: Language) -> str | None:
    """The text of a field's value; None if it has none of its own, as a name or a figure."""
    match field, value:
        case _, {"kind": kind, "name": name, **details}:
            return rule_words({"kind": kind, "name": name, **_named(details)}, language)
        case _, {"code": str(code), **details}:
            return reason_words(code, _named(details), language)
        case "tonight", [*cues]:
            return "; ".join(_cue_words(cue, language) for cue in cues if isinstance(cue, Mapping))
        case _, Mapping() if field in LOOKS:
            return looks_words(value, language)
        case _, int() | float() if field in DURATIONS:
            return duration_words(value, language)
    return _word(field, value, language) if isinstance(value, str) else None


def _word(field: str, text: str, language: Language) -> str | None:
    word = texts(language, "values")["words"].get(field, {}).get(text)
    return str(word) if word is not None else None


def _named(details: Mapping[object, object]) -> dict[str, object]:
    return {str(key): value for key, value in details.items()}


def span(seconds: float) -> tuple[float, str]:
    """A length of time in the unit that a person would use, at least 2 of it: `3, "days"`."""
    units = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0))
    unit, length_s = next(((unit, long_s) for unit, long_s in units if seconds >= 2 * long_s), ("seconds", 1.0))
    count = round(seconds / length_s, 1)
    return int(count) if count.is_integer() else count, unit


def duration_words(seconds: float, language: Language) -> str:
    """`2.5 hours`."""
    count, unit = span(seconds)
    mark = template(language, "values", "decimal_mark")
    return f"{f'{count:g}'.replace('.', mark)} {_word('unit', unit, language)}"


def with_names(looks: Mapping[str, Look], names: Mapping[str, str]) -> dict[str, Look]:
    """The values of zones under people's names; `names` has the name by zone, where there is one."""
    return {names.get(zone, zone): look for zone, look in looks.items()}


def looks_words(looks: Mapping[str, object], language: Language, *, exact: bool = False) -> str:
    """`bowl orange 100 %, shaft dark`; with `exact` the hex value beside each name."""
    parts = (f"{zone} {look_words(look, language, exact=exact)}" for zone, look in looks.items())
    return ", ".join(parts) or str(texts(language, "values")["looks"]["nothing"])


def look_words(look: object, language: Language, *, exact: bool = False) -> str:
    """`orange 100 %`, `dark`, `?` where nothing is known; with `exact` `orange #FF6A00 100 %`."""
    words: Mapping[str, str] = texts(language, "values")["looks"]
    if not isinstance(look, Mapping):
        return str(look)
    if levels := look.get("levels"):
        text = " ".join(f"{channel}={level}" for channel, level in levels[:MOST_LEVELS])
        return text if len(levels) <= MOST_LEVELS else f"{text} …"
    if look.get("on") is not True:
        return "?" if look.get("on") is None else words["dark"]
    parts = [_color_words(look, exact) or words["on"]]
    if isinstance(brightness := look.get("brightness"), int | float):
        parts.append(f"{100 * brightness:.0f} %")
    parts += [words[note] for note in ("unsteady", "not_exactly") if look.get(note)]
    return " ".join(parts)


def _color_words(look: Mapping[str, object], exact: bool) -> str:
    name, color = look.get("color_name"), look.get("color")
    if color is not None:
        return f"{name} {color}" if exact and name else str(name or color)
    if isinstance(xy := look.get("xy"), list | tuple):
        return f"xy {xy[0]:.3f} {xy[1]:.3f}"
    return f"{look['kelvin']} K" if look.get("kelvin") else ""


def day_words(day: date, language: Language, *, year: bool = True) -> str:
    """`Fri 20 Nov 2026`."""
    names = texts(language, "commands")
    words = f"{names['weekday'][str(day.isoweekday())]} {day.day} {names['month'][str(day.month)]}"
    return f"{words} {day.year}" if year else words


def days_words(first: date, last: date, language: Language, *, year: bool = True) -> str:
    """`Fri 20 Nov 2026`, `Fri 20 – Thu 26 Nov 2026`; what both days have in common is written once."""
    if first == last:
        return day_words(first, language, year=year)
    begin = day_words(first, language, year=year and first.year != last.year)
    if (first.year, first.month) == (last.year, last.month):
        begin = begin.rpartition(" ")[0]
    return f"{begin} – {day_words(last, language, year=year)}"


def night_words(evening: date, language: Language, *, year: bool = True) -> str:
    """`Thu 19 – Fri 20 Nov 2026`: a night by both its days, so that nobody takes it for the other one."""
    return days_words(evening, evening + timedelta(days=1), language, year=year)


def dated(at: datetime, now: datetime, language: Language) -> str:
    """`ons 25 nov 08:02` by the clock of `at`, with the year where it is not that of `now`."""
    is_this_year = at.year == now.astimezone(at.tzinfo).year
    return template(language, "sentence", f"when.{'this' if is_this_year else 'other'}_year").format_map(
        _day_fields(at, language)
    )


def upcoming(at: datetime, now: datetime, language: Language, *, is_end: bool = False) -> str:
    """`i dag 23:00`, `i morgon, ons 25 nov, 08:02` by the clock of `at`; midnight as an end is 24:00 of the day that it
    ends."""
    today, fields, day = now.astimezone(at.tzinfo).date(), _day_fields(at, language), at.date()
    if is_end and (at.hour, at.minute) == (0, 0):
        day -= timedelta(days=1)
        fields = {**_day_fields(at - timedelta(days=1), language), "time": "24:00"}
    key = {0: "today", 1: "tomorrow"}.get((day - today).days)
    key = key or ("this_year" if day.year == today.year else "other_year")
    return template(language, "sentence", f"when.{key}").format_map(fields)


def time_left(left: timedelta, language: Language) -> str:
    """`om 10 tim 48 min`; in seconds under two minutes."""
    seconds = max(0, ceil(left.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    key = "seconds" if seconds < 120 else "minutes" if hours < 1 else "hours" if days < 2 else "days"
    fields = {"seconds": seconds, "minutes": minutes if hours < 1 else minutes % 60, "days": days}
    return template(language, "sentence", f"left.{key}").format_map(
        {**fields, "hours": hours if days < 2 else hours % 24}
    )


def _day_fields(local: datetime, language: Language) -> dict[str, object]:
    names = texts(language, "commands")
    weekday, month = names["weekday"][str(local.isoweekday())], names["month"][str(local.month)]
    return {"weekday": weekday, "day": local.day, "month": month, "year": local.year, "time": f"{local:%H:%M}"}


def rule_words(rule: Mapping[str, object], language: Language) -> str:
    """On whose behalf something is shown: `En vecka fri från våld`, `override by Eva: storm`, `nothing applies`."""
    return "; ".join((_decision_words(rule, language), *_more_words(rule, language)))


def _more_words(rule: Mapping[str, object], language: Language) -> Iterator[str]:
    """What is skipped, and what limits the brightness."""
    if isinstance(skip := rule.get("skip"), Mapping):
        yield template(language, "why", "skip").format_map({"owner": "", "reason": "", "name": "", **skip})
    if isinstance(limit := rule.get("limit"), Mapping):
        share = limit.get("brightness")
        percent = f"{100 * share:g}" if isinstance(share, int | float) else "?"
        yield template(language, "why", "limit").format_map({"name": limit.get("name"), "percent": percent})


def _decision_words(rule: Mapping[str, object], language: Language) -> str:
    idle = rule.get("idle")
    if isinstance(idle, Mapping):
        ended, begins = idle.get("ended"), idle.get("begins")
        sentence = template(language, "why", "again" if ended and begins else "ended" if ended else "begins")
        return sentence.format_map({"name": idle.get("name"), "ended": ended, "begins": begins})
    kind = rule.get("kind")
    sentence = template(language, "why", f"by.{kind}") if kind in KINDS else template(language, "why", "nothing")
    return sentence.format_map({"owner": "", "reason": "", **rule})


def reason_words(code: str, fields: Mapping[str, object], language: Language) -> str:
    """Why something failed, after the `place` in a document where that is one of the fields; a reason that this version
    does not know shows its bare code."""
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in fields.items()}
    try:
        words = str(texts(language, "reasons")[code]).format_map(shown)
    except KeyError:
        words = code
    return f"{fields['place']}: {words}" if fields.get("place") else words


def _cue_words(cue: Mapping[str, object], language: Language) -> str:
    looks = cue.get("looks")
    clock = str(cue.get("local"))[11:16]
    return f"{clock} {looks_words(looks if isinstance(looks, Mapping) else {}, language)}"
