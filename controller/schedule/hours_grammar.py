"""The grammar of hours: text -> the two ends of a window.

    window = ["from"] term to term | "between" term "and" term | term "for" duration | "all night" | "all day"
    term   = time [("+" | "-") duration] | duration ("before" | "after") time
    time   = clock | "midnight" | "noon" | "sunset" | "sunrise" | "dusk" | "dawn"
    to     = "to" | "till" | "until" | any dash

English and Swedish words may be mixed; case, and the dots over å, ä and ö, do not matter. `16.30`, `kl. 16:30` and
`4.30 pm` are 16:30, `kl 18` is 18:00; 24:00 is 00:00. A bare number up to 12 is asked about where it can be morning and
evening. A clock time with a shift is another clock time: `midnight - 30 min` is 23:30.

`read` gives two terms or raises a Mistake, for any text. To add a word, add it to `_SPELLINGS`; to add a phrase for one
end of a window extend `_term`, for a whole window `_read`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from controller.durations import parse_duration
from controller.errors import Mistake, readable
from controller.events.models import InEachLanguage
from controller.likeness import likeliest
from controller.locale import Language, languages, texts
from controller.schedule.holidays import key
from controller.schedule.tokens import DASH, JOINS
from controller.text_field import Slip, corrections

NOON = 12 * 60
DAY = 24 * 60
MINUTE = timedelta(minutes=1)
LONGEST_SHIFT = timedelta(hours=12)

SunEvent = Literal["sunset", "sunrise", "dusk", "dawn"]

_SPELLINGS: dict[SunEvent | int, tuple[str, str]] = {
    "sunset": ("sunset, sundown", "solnedgång, solnedgången, solens nedgång"),
    "sunrise": ("sunrise, sunup", "soluppgång, soluppgången, solens uppgång"),
    "dusk": ("dusk", "skymning, skymningen"),
    "dawn": ("dawn", "gryning, gryningen"),
    0: ("midnight", "midnatt"),
    NOON: ("noon, midday", "mitt på dagen, middag"),
}
"""English and Swedish, the word for advice first."""
NAMES_OF_TIMES: tuple[Mapping[Language, str], ...] = tuple(
    {"en": english.split(", ")[0], "sv": swedish.split(", ")[0]} for english, swedish in _SPELLINGS.values()
)
_NAMES = [(what, name) for what, pair in _SPELLINGS.items() for names in pair for name in names.split(", ")]
WORDS: dict[str, SunEvent | int] = {key(name): what for what, name in _NAMES}
SPELT: dict[str, str] = {key(name): name for _, name in _NAMES}
_SWEDISH = frozenset(key(name) for _, names in _SPELLINGS.values() for name in names.split(", "))
ALL_DAY = frozenset(map(key, ("all day", "hela dagen", "hela dygnet", "dygnet runt", "around the clock")))
ALL_NIGHT = frozenset(
    map(key, ("all night", "all night long", "the whole night", "whole night", "hela natten", "hela nätterna"))
)
MEANT = {"always": "all day", "alltid": "hela dygnet"}
"""Words that are no window, and the window to write instead."""
EVENING: frozenset[SunEvent] = frozenset({"sunset", "dusk"})
DAYTIME = frozenset((morning, evening) for morning in ("sunrise", "dawn") for evening in EVENING)

_LEAD = re.compile(r"\s*(?:from|fr[åa]\u030a?n(?:\s+och\s+med)?|fr\.?\s?o\.?\s?m\.?)\s", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:mellan|between)\s", re.IGNORECASE)
_AND = re.compile(r"\s(?:och|and)\s", re.IGNORECASE)
_NIGHTLY = re.compile(r"\s(?:every|each|varje)\s+(?:night|evening|day|natt|kväll|dag)\s*$", re.IGNORECASE)
"""Words that add nothing to hours."""
_EVENING = re.compile(r"\s(?:in\s+the\s+evenings?|(?:på|om)\s+kväll(?:en|arna))\s*$", re.IGNORECASE)
_MORNING = re.compile(r"\s(?:in\s+the\s+mornings?|(?:på|om)\s+(?:morgonen|mornarna|morgnarna))\s*$", re.IGNORECASE)
_INCLUSIVE = r"till\s+och\s+med|t\.?\s?o\.?\s?m\b\.?"
_JOIN = re.compile(rf"(?<![^\W\d_])(?:{_INCLUSIVE}|{'|'.join(sorted(JOINS, reverse=True))})(?![^\W\d_])", re.IGNORECASE)
_EITHER = re.compile(rf"{_JOIN.pattern}|{DASH}", re.IGNORECASE)
_SIGN = re.compile(rf"\+|{DASH}|\b(?:plus|minus)\b", re.IGNORECASE)
_KL = r"(?:(?:kl\.?|klockan|at)\s*)?"
_CLOCK = re.compile(rf"{_KL}([0-9]{{1,2}})[:.,]([0-9]{{2}})(?:[:.]00)?", re.IGNORECASE)
_DIGITS = re.compile(rf"{_KL}([0-9]{{1,2}}?)([0-9]{{2}})?", re.IGNORECASE)
_DOUBTFUL = re.compile(rf"{_KL}([1-9]|1[0-2])", re.IGNORECASE)
"""A bare number that can be morning and evening."""
_HALF_DAY = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*([ap])\.?m\.?", re.IGNORECASE)
_AROUND = re.compile(r"(.+?)\s+(after|before|efter|före|innan)\s+(.+)", re.IGNORECASE)
_ONE_END = re.compile(r"\s*(?:(after|efter|tidigast)|before|före|innan|senast|by)\s+(?:kl\.?\s*)?", re.IGNORECASE)
"""Words before the only end of a window: a start, or else an end."""
_FOR = re.compile(r"\s(?:for|i)\s", re.IGNORECASE)
_BESIDE = re.compile(r"\s*[,;&]\s*(?:(?:och|and)\s+)?|\s+(?:och|and|samt)\s+", re.IGNORECASE)
"""Separators of two windows."""
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_SHIFT_ONLY = re.compile(r"\s*(?:[0-9.,]+\s*[^\W\d_].*|2[5-9]|[3-9][0-9])\s*", re.DOTALL)
"""`30 min`, or a number that is no hour."""
_MOST_CUTS = 3
"""Largest number of dashes in a window: one in each term and one between them."""


@dataclass(frozen=True, slots=True)
class Term:
    """One end of a window: an event of the sun with a shift in minutes, or minutes since 00:00."""

    what: SunEvent | int
    shift: int = 0

    @property
    def after_noon(self) -> int | None:
        """Minutes since noon of a clock time, 0..1439; None for the sun."""
        return (self.what - NOON) % DAY if isinstance(self.what, int) else None

    def shifted(self, minutes: int) -> "Term":
        """The term this many minutes later."""
        if isinstance(self.what, int):
            return Term((self.what + minutes) % DAY)
        return Term(self.what, self.shift + minutes)


Ends = tuple[Term, Term]


def read(text: str) -> Ends:
    """The two ends of a window; raises Mistake TWL-S120 to TWL-S129, S142, S150, S151 and S175, and
    those of a duration."""
    try:
        return _read(text)
    except Slip as slip:
        raise _corrected(text, slip) from None


def read_time(text: str) -> Term:
    """One time of the same grammar; raises Mistake as `read` does, without suggestions."""
    return _term(_Part(text, 0, len(text)))


def is_doubtful(text: str) -> bool:
    """Whether this is a bare number that can be morning and evening, as `kl 6`."""
    return bool(_DOUBTFUL.fullmatch(text.strip()))


def _corrected(text: str, slip: Slip) -> Mistake:
    """The mistake with the whole text corrected; another mistake if the correction is unknown."""
    written = text[slip.start : slip.end]
    whole = next(iter(corrections(text, slip, _read)), None)
    if whole is None:
        return Mistake("TWL-S151", start=slip.start, end=slip.end, word=written)
    return Mistake(slip.code, start=slip.start, end=slip.end, word=written, near=whole)


class _Part:
    """A part of the text without surrounding spaces; `start` and `end` are offsets in the whole text."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.written = text, text[start:end].strip()
        self.start = start + len(text[start:end]) - len(text[start:end].lstrip())
        self.end = self.start + len(self.written)

    def mistake(self, code: str, **fields: object) -> Mistake:
        """A mistake in this part."""
        return Mistake(f"TWL-{code}", start=self.start, end=self.end, **fields)

    def slip(self, code: str, meant: str | None) -> Slip:
        """A mistake in this part, and its probable meaning."""
        return Slip(f"TWL-{code}", start=self.start, end=self.end, meant=(meant,) if meant is not None else ())


def several(text: str) -> list[str]:
    """The windows in one text, `18–22 och 05–07`; the text itself if it is one window."""
    parts: list[str] = []
    at = 0
    for cut in (*_BESIDE.finditer(text), None):
        part = text[at : cut.start() if cut else len(text)]
        if cut and _BETWEEN.match(part) and not _AND.search(part):
            continue  # the `och` of `mellan 18 och 22`
        parts.append(part)
        at = cut.end() if cut else at
    return parts if len(parts) > 1 and all(_EITHER.search(part) or _BETWEEN.match(part) for part in parts) else [text]


def _read(text: str) -> Ends:
    if key(text) in MEANT:
        raise Slip("TWL-S121", start=0, end=len(text), meant=(MEANT[key(text)],))
    if key(text) in ALL_DAY:
        return Term(NOON), Term(NOON)
    if key(text) in ALL_NIGHT:
        return Term("sunset"), Term("sunrise")
    parts = several(text)
    if len(parts) > 1:
        raise Mistake("TWL-S175", end=len(text), written=text.strip(), split=f"[{', '.join(parts)}]")
    suffix = _NIGHTLY.search(text) or _EVENING.search(text) or _MORNING.search(text)
    end = suffix.start() if suffix else len(text)
    between = _BETWEEN.match(text)
    lead = between or _LEAD.match(text)
    begin = lead.end() if lead else 0
    cuts = [*_EITHER.finditer(text, begin, end)]
    for cut in _AND.finditer(text, begin, end) if between else cuts if len(cuts) <= _MOST_CUTS else ():
        first, last = _Part(text, begin, cut.start()), _Part(text, cut.end(), end)
        if (start := readable(_term, first)) and (stop := readable(_term, last)):
            return _settled(first, cut, last, (start, stop))
    lasting = _for_a_while(text, begin, end)
    if lasting is None:
        raise _unreadable(text, begin, cuts)
    return lasting


def _for_a_while(text: str, begin: int, end: int) -> Ends | None:
    """`18:00 for 2 hours`, `solnedgång i två timmar`."""
    cut = _FOR.search(text, begin, end)
    if cut is None or _DOUBTFUL.fullmatch(text[begin : cut.start()].strip()):
        return None
    try:
        start = _term(_Part(text, begin, cut.start()))
        ends = start, start.shifted(_shift("+", _Part(text, cut.end(), end)))
    except Mistake:
        return None
    _refuse(text, begin, cut, ends)
    return ends


def _settled(first: _Part, cut: re.Match[str], last: _Part, ends: Ends) -> Ends:
    """The ends, with bare numbers in the only possible meaning; raises Mistake TWL-S128 if there are several."""
    text = first.text
    choices = [_choices(part, term) for part, term in zip((first, last), ends, strict=True)]
    half = _HALF_DAY.fullmatch(last.written)
    if half and len(choices[0]) > 1 and int(first.written) % 12 < int(half[1]) % 12:  # `6 to 10 pm`
        choices[0] = choices[0][half[3] in "pP" :][:1]
    if _EVENING.search(text):
        choices = [each[-1:] for each in choices]
    if _MORNING.search(text):
        choices = [each[:1] for each in choices]
    found = [(start, end) for start in choices[0] for end in choices[1] if not _is_empty(start, end)]
    ends = found[0] if len(choices[0]) == len(choices[1]) == 1 and found else ends
    if ends not in found:
        _refuse(text, first.start, cut, ends)
    if len(found) == 1:
        return ends
    if len(choices[0]) == len(choices[1]) == 2:  # `6 to 10`: both in the morning, or both in the evening
        found = [(start, end) for start, end in found if (int(start.what) < NOON) == (int(end.what) < NOON)] or found
    readings = (
        text[: first.start]
        + _on_clock(start, first)
        + text[first.end : last.start]
        + _on_clock(end, last)
        + text[last.end :]
        for start, end in found
    )
    whole = [f"`{each.strip()}`" for each in readings]
    meant = InEachLanguage({language: texts(language, "values")["or"].join(whole) for language in languages()})
    doubtful = first if _DOUBTFUL.fullmatch(first.written) else last
    raise doubtful.mistake("S128", word=doubtful.written, near=meant)


def _choices(part: _Part, term: Term) -> list[Term]:
    """The possible meanings of a time, the morning first."""
    is_doubtful = isinstance(term.what, int) and _DOUBTFUL.fullmatch(part.written)
    return sorted([term, term.shifted(NOON)], key=lambda each: int(each.what)) if is_doubtful else [term]


def _on_clock(term: Term, part: _Part) -> str:
    return f"{int(term.what) // 60:02}:00" if _DOUBTFUL.fullmatch(part.written) else part.written


def _unreadable(text: str, begin: int, cuts: list[re.Match[str]]) -> Mistake:
    """No cut leaves two terms: the mistake at the likeliest one."""
    cut = _likeliest(text, cuts)
    if cut is None and len(cuts) > 1:
        return Mistake("TWL-S125", start=begin, end=len(text), written=text.strip())
    left = _Part(text, begin, cut.start() if cut else len(text))
    right = _Part(text, cut.end() if cut else len(text), len(text))
    if cut is None and (one := _ONE_END.match(text)):
        at = len(text) if one[1] else one.end()
        left, right = _Part(text, min(one.end(), at) if one[1] else 0, at if one[1] else 0), _Part(text, at, len(text))
    if right.written and not left.written:
        first, to = _advice("noon" if WORDS.get(key(right.written)) == "sunset" else "sunset", right.written, text)
        meant = f"{first} {to} {right.written}"
        return Mistake("TWL-S129", end=len(text), written=right.written, meant=meant)
    for part in (left, right):
        if part.written:
            try:
                _term(part)
            except Mistake as mistake:
                return mistake
    written = left.written or "sunset"
    last, to = _advice("noon" if WORDS.get(key(written)) == "sunrise" else "sunrise", written, text)
    return Mistake("TWL-S126", start=begin, end=len(text), written=written, meant=f"{written} {to} {last}")


def _likeliest(text: str, cuts: list[re.Match[str]]) -> re.Match[str] | None:
    """The only word among the cuts, or the only dash, unless it is the sign of a shift."""
    words = [cut for cut in cuts if _JOIN.fullmatch(cut[0])]
    if words:
        return words[0] if len(words) == 1 else None
    is_dash = len(cuts) == 1 and not _SHIFT_ONLY.fullmatch(text, cuts[0].end())
    return cuts[0] if is_dash else None


def _advice(word: str, written: str, text: str) -> tuple[str, str]:
    """A word of the hours and `to`, in the language of the text."""
    swedish = key(_SIGN.split(written)[0]) in _SWEDISH or bool(
        re.search(r"\b(?:till|från|kl|efter|tidigast|före|innan|senast)\b", text, re.IGNORECASE)
    )
    return _SPELLINGS[WORDS[word]][swedish].split(", ")[0], "till" if swedish else "to"


# Terms


def _term(part: _Part) -> Term:
    if around := _AROUND.fullmatch(part.written[:60]):
        sign = "+" if around[2].lower() in {"after", "efter"} else "-"
        shift, what = (_Part(part.text, part.start + around.start(n), part.start + around.end(n)) for n in (1, 3))
        return Term(_what(what)).shifted(_shift(sign, shift))
    found = _SIGN.search(part.text, part.start, part.end)
    term = Term(_what(_Part(part.text, part.start, found.start() if found else part.end)))
    if found is None:
        return term
    sign = "+" if found[0].lower() in {"+", "plus"} else "-"
    return term.shifted(_shift(sign, _Part(part.text, found.end(), part.end)))


def _what(part: _Part) -> SunEvent | int:
    """The event of the sun, or minutes since 00:00."""
    written = part.written
    if key(written) in WORDS:
        return WORDS[key(written)]
    if clock := _CLOCK.fullmatch(written):
        return _minutes(int(clock[1]), int(clock[2]), part) % DAY
    found = _HALF_DAY.fullmatch(written) or _DIGITS.fullmatch(written)
    if found is None:
        near = likeliest(key(written), WORDS, among_words=True)
        raise part.slip("S121", SPELT[near] if near else None)
    hour = int(found[1])
    if found.re is _HALF_DAY and 1 <= hour <= 12:
        hour = hour % 12 + (12 if found[3] in "pP" else 0)
    return _minutes(hour, int(found[2] or 0), part) % DAY


def _minutes(hour: int, minute: int, part: _Part) -> int:
    minutes = hour * 60 + minute
    if minute > 59 or minutes > DAY:
        raise part.mistake("S122", time=part.written)
    return minutes


def _shift(sign: str, part: _Part) -> int:
    """Minutes."""
    written = part.written
    if clock := _CLOCK.fullmatch(written):
        written = f"{int(clock[1])} h {int(clock[2])} min"
        if sign != "+":  # `16:00-23:00-01:00` is no shift
            raise part.slip("S121", written)
    if _NUMBER.fullmatch(written):
        raise part.mistake("S123", shift=written)
    try:
        shift = parse_duration(written)
    except Mistake as mistake:
        if "suggestion" in mistake.fields:
            raise part.slip("S121", str(mistake.fields["suggestion"])) from None
        if mistake.code == "TWL-S110":  # a day, a word or another time may follow a dash
            raise part.slip("S121", None) from None
        end = part.end if mistake.end is None else part.start + mistake.end
        raise Mistake(mistake.code, start=part.start + mistake.start, end=end, **mistake.fields) from None
    if shift > LONGEST_SHIFT:
        raise part.mistake("S124", shift=written)
    if shift % MINUTE:
        raise part.mistake("S150", shift=written)
    return shift // MINUTE if sign == "+" else -(shift // MINUTE)


# What is refused


def _refuse(text: str, begin: int, cut: re.Match[str], ends: Ends) -> None:
    """Refuses a window that is empty on every night or would cross noon: a morning to an evening, and an end that does
    not come after its start. The mistake has the suggestion."""
    start, end = ends
    if _is_whole_day(start, end):
        raise Mistake("TWL-S142", end=len(text), written=text.strip())
    if _is_backwards(start, end):
        word = cut[0].lower() if _JOIN.fullmatch(cut[0]) else "to"
        noon = "mitt på dagen" if word == "till" else "noon"
        first, last = text[begin : cut.start()].strip(), text[cut.end() :].strip()
        split = f"[{first} {word} {noon}, {noon} {word} {last}]"
        code = "TWL-S127" if (start.what, end.what) in DAYTIME else "TWL-S120"
        raise Mistake(code, end=len(text), written=text.strip(), split=split)


def _is_empty(start: Term, end: Term) -> bool:
    return _is_whole_day(start, end) or _is_backwards(start, end)


def _is_whole_day(start: Term, end: Term) -> bool:
    return bool(start.after_noon) and start.after_noon == end.after_noon


def _is_backwards(start: Term, end: Term) -> bool:
    if start.after_noon is not None and end.after_noon is not None:
        return start.after_noon > (end.after_noon or DAY)
    early = start.what in EVENING if start.after_noon is None else start.after_noon < NOON
    late = end.what in EVENING if end.after_noon is None else 0 < end.after_noon <= NOON
    if early != late or start.after_noon is not None or end.after_noon is not None:
        return late and not early
    order = ("sunset", "dusk") if early else ("dawn", "sunrise")
    return order.index(str(start.what)) >= order.index(str(end.what)) and start.shift >= end.shift
