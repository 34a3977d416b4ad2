"""What fields of events hold, as people read it: reasons of the operating system and of our own parts, states in one
word, zones with what they show. Programs are given the English; `values.toml` of each language has the rest.
"""

import re
from functools import cache

from controller.locale import Language, texts

LOOKS = frozenset({"looks", "shows", "wanted", "shown", "tonight"})
"""Fields that hold zones with what they show."""
NOTHING = re.compile(r"^nothing(?=;|$)")
DARK = re.compile(r"(?<!\S)dark(?=[,;]|$| \()")
NOTES = ("(own effect or mode)", "(not exactly)")
QUOTING = frozenset({"reason", "problem"})
"""Fields whose reasons quote something."""
PLACE_REASON = re.compile(r"([\w.-]+): (.+)")
"""A file that failed, or a key with a wrong value, and why; several are joined by `; `."""
OS_ERROR = re.compile(r"\[Errno (?P<number>-?[0-9]+)\] (?P<reason>[^:]+)(?P<rest>.*)")


def for_people(field: str, text: str, language: Language) -> str:
    """What a field holds, in words of the language; a name stays as it is."""
    if field in LOOKS:
        return looks_in(text, language)
    values = texts(language, "values")
    reasons: dict[str, str] = values["reasons"]
    if told := OS_ERROR.fullmatch(text):
        parts = told.groupdict()
        return str(values["os_error"]).format_map({**parts, "reason": reasons.get(parts["reason"], parts["reason"])})
    word = values["words"].get(field, {}).get(text) or reasons.get(text)
    if word is not None:
        return str(word)
    quoting = _quoting(text, language) if field in QUOTING else None
    if quoting is not None:
        return quoting
    places = [found.groups() for part in text.split("; ") if (found := PLACE_REASON.fullmatch(part))]
    told_of = [
        reasons.get(reason) or (_quoting(reason, language) if field in QUOTING else None) for _, reason in places
    ]
    if len(places) == text.count("; ") + 1 and all(told_of):
        return "; ".join(f"{place}: {reason}" for (place, _), reason in zip(places, told_of, strict=True))
    return text


def looks_in(text: str, language: Language) -> str:
    """Zones with what they show, or that alone, as a log line has it: `bowl dark, shaft #FF6A00 100%`."""
    looks: dict[str, str] = texts(language, "values")["looks"]
    for note in NOTES:
        text = text.replace(note, looks[note])
    return NOTHING.sub(looks["nothing"], DARK.sub(looks["dark"], text))


def _quoting(text: str, language: Language) -> str | None:
    found = ((pattern.fullmatch(text), sentence) for pattern, sentence in _sentences(language))
    return next((sentence.format(*told.groups()) for told, sentence in found if told), None)


@cache
def _sentences(language: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    quoting: dict[str, str] = texts(language, "values")["quoting"]
    return tuple((re.compile(english, re.DOTALL), sentence) for english, sentence in quoting.items())
