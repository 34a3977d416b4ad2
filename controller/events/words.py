"""The words for values that documents and events carry: looks, rules, reasons, states. Made for one reader, in one
language, at the last moment; nothing reads them back.

A look is `{"on", "color", "color_name", "brightness"}`, of a report also what else it says; a rule `{"kind", "name",
"line"}`; a reason `{"code", …}`.
"""

import re
from collections.abc import Mapping
from functools import cache

from controller.locale import Language, template, texts

MOST_LEVELS = 12
KINDS = frozenset({"campaign", "every_night", "blackout", "otherwise", "override", "stop"})
"""On whose behalf something may be shown."""
QUOTING = frozenset({"reason", "problem"})
"""Fields whose reasons quote something."""
PLACE_REASON = re.compile(r"([\w.-]+): (.+)")
OS_ERROR = re.compile(r"\[Errno (?P<number>-?[0-9]+)\] (?P<reason>[^:]+)(?P<rest>.*)")
LOOKS = frozenset({"looks", "shows", "wanted", "shown"})
"""Fields that hold a look for each zone."""


def value_words(field: str, value: object, language: Language) -> str | None:
    """The words for the value of a field; None for one that has none of its own, as a name or a figure."""
    match field, value:
        case _, {"kind": kind, "name": name, **details}:
            return rule_words({"kind": kind, "name": name, **_named(details)}, language)
        case _, {"code": str(code), **details}:
            return reason_words(code, _named(details), language)
        case "tonight", [*cues]:
            return "; ".join(_cue_words(cue, language) for cue in cues if isinstance(cue, Mapping))
        case _, Mapping() if field in LOOKS:
            return looks_words(value, language)
        case _, str():
            return _word(field, value, language)
    return None


def _word(field: str, text: str, language: Language) -> str | None:
    values = texts(language, "values")
    reasons: dict[str, str] = values["reasons"]
    if found := OS_ERROR.fullmatch(text):
        parts = found.groupdict()
        return str(values["os_error"]).format_map({**parts, "reason": reasons.get(parts["reason"], parts["reason"])})
    word = values["words"].get(field, {}).get(text) or reasons.get(text)
    if word is not None:
        return str(word)
    quoting = _quoting(text, language) if field in QUOTING else None
    if quoting is not None:
        return quoting
    places = [found.groups() for part in text.split("; ") if (found := PLACE_REASON.fullmatch(part))]
    told = [reasons.get(reason) or (_quoting(reason, language) if field in QUOTING else None) for _, reason in places]
    if len(places) == text.count("; ") + 1 and all(told):
        return "; ".join(f"{place}: {reason}" for (place, _), reason in zip(places, told, strict=True))
    return None


def _quoting(text: str, language: Language) -> str | None:
    found = ((pattern.fullmatch(text), sentence) for pattern, sentence in _sentences(language))
    return next((sentence.format(*told.groups()) for told, sentence in found if told), None)


@cache
def _sentences(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    quoting: dict[str, str] = texts(language, "values")["quoting"]
    return tuple((re.compile(english, re.DOTALL), sentence) for english, sentence in quoting.items())


def _named(details: Mapping[object, object]) -> dict[str, object]:
    return {str(key): value for key, value in details.items()}


def looks_words(looks: Mapping[str, object], language: Language, *, exact: bool = False) -> str:
    """`bowl orange 100 %, shaft dark`; with `exact` the hex value beside each name."""
    told = (f"{zone} {look_words(look, language, exact=exact)}" for zone, look in looks.items())
    return ", ".join(told) or str(texts(language, "values")["looks"]["nothing"])


def look_words(look: object, language: Language, *, exact: bool = False) -> str:
    """`orange 100 %`, `dark`, `?` where nothing is known; with `exact` `orange #FF6A00 100 %`."""
    words: Mapping[str, str] = texts(language, "values")["looks"]
    if not isinstance(look, Mapping):
        return str(look)
    if levels := look.get("levels"):
        told = " ".join(f"{channel}={level}" for channel, level in levels[:MOST_LEVELS])
        return told if len(levels) <= MOST_LEVELS else f"{told} …"
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


def rule_words(rule: Mapping[str, object], language: Language) -> str:
    """On whose behalf something is shown: `En vecka fri från våld`, `override by Eva: storm`, `nothing applies`."""
    idle = rule.get("idle")
    if isinstance(idle, Mapping):
        ended, begins = idle.get("ended"), idle.get("begins")
        sentence = template(language, "why", "again" if ended and begins else "ended" if ended else "begins")
        return sentence.format_map({"name": idle.get("name"), "ended": ended, "begins": begins})
    kind = rule.get("kind")
    sentence = template(language, "why", f"by.{kind}") if kind in KINDS else template(language, "why", "nothing")
    return sentence.format_map({"owner": "", "reason": "", **rule})


def reason_words(code: str, fields: Mapping[str, object], language: Language) -> str:
    """Why something failed; a reason that this version does not know shows its bare code and fields."""
    sentence = texts(language, "reasons").get(code)
    if sentence is None:
        return " ".join((code, *(f"{name}={value}" for name, value in fields.items())))
    try:
        return str(sentence).format_map(fields)
    except KeyError:
        return code


def _cue_words(cue: Mapping[str, object], language: Language) -> str:
    looks = cue.get("looks")
    clock = str(cue.get("local"))[11:16]
    return f"{clock} {looks_words(looks if isinstance(looks, Mapping) else {}, language)}"
