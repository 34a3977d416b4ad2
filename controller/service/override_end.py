"""The end of an override, as people write it: `soluppgången`, `kl 23`, `i morgon 07:00`, `fredag kl 18`, `2 timmar`."""

import re
from datetime import date, datetime, timedelta
from typing import NoReturn

from controller.durations import parse_duration
from controller.errors import Mistake, readable
from controller.likeness import likeliest
from controller.schedule import tokens
from controller.schedule.days import Days
from controller.schedule.holidays import key
from controller.schedule.hours import instant, night_at, night_of, read_instant
from controller.schedule.hours_grammar import EVENING, NOON, SPELT, WORDS, SunEvent, Term, is_doubtful, read_time
from controller.schedule.plan import Program

NEXT_CHANGE = {"next change", "next", "nästa ändring", "nästa byte", "nästa"}
NIGHTS_AHEAD = 400
_LEAD = re.compile(r"^(?:until|till|til|fram till|ända till|tills|to)\s+", re.IGNORECASE)
_NEXT = re.compile(r"^(?:the\s+)?(?:next|nästa)\s+", re.IGNORECASE)
_IN = re.compile(r"^(?:in|for|om|i)\s+", re.IGNORECASE)
_DAY_WORDS = {
    **dict.fromkeys(("today", "tonight", "this evening", "idag", "i dag", "ikväll", "i kväll", "inatt", "i natt"), 0),
    **dict.fromkeys(("tomorrow", "imorgon", "i morgon", "imorron", "i morron"), 1),
    **dict.fromkeys(("the day after tomorrow", "i övermorgon", "övermorgon", "iövermorgon"), 2),
}
TONIGHT = {key(name) for name in ("tonight", "inatt", "i natt")}
DAYS_AHEAD = {key(name): ahead for name, ahead in _DAY_WORDS.items()}
_AMBIGUOUS = {
    **{key(name): ("sunset", "dusk") for name in ("dark", "darkness", "nightfall")},
    **{key(name): ("solnedgång", "skymning") for name in ("mörkt", "mörker", "mörkret", "det blir mörkt", "kväll")},
    **{key(name): ("sunrise", "dawn") for name in ("light", "daylight", "morning", "tomorrow morning")},
    **{
        key(name): ("soluppgång", "gryning")
        for name in ("ljust", "det blir ljust", "dagsljus", "morgon", "morgonen", "i morgon bitti", "imorgon bitti")
    },
}
"""Words that can mean several times -> those times."""


def read_until(text: str, program: Program, now: datetime) -> datetime:
    """The end in UTC: `next change`, a time as in the hours of a schedule (`midnight`, `sunrise - 1 h`, `22:30`) with
    or without its day, an instant or a duration. A local time that comes twice in autumn is the second one, as for
    every end. Raises Mistake TWL-O121 for any other text, TWL-O122 where the time does not come, TWL-O137 for an
    ambiguous text."""
    phrase = _LEAD.sub("", " ".join(text.split()))
    if phrase.lower() in NEXT_CHANGE:
        cue = program.next_cue(now)
        if cue is None:
            raise Mistake("TWL-O122", until=text)
        return cue.at
    if at := _instant(phrase, program):
        return at
    phrase = _NEXT.sub("", phrase)
    _check_ambiguous(text, phrase)
    if time := readable(read_time, phrase):
        return _next_of(time, program, now, text)
    return _on_a_day(phrase, program, now) or _after(text, phrase, now)


def _check_ambiguous(text: str, phrase: str) -> None:
    """Raises Mistake TWL-O137 for a number that can mean morning or evening, for a day without a time, and for words
    that can mean several times."""
    if key(phrase) in _AMBIGUOUS:
        _raise_ambiguous(text, _AMBIGUOUS[key(phrase)])
    if is_doubtful(phrase):
        _raise_ambiguous(text, _halves(phrase))
    if key(phrase) in DAYS_AHEAD or _is_weekday(phrase) or _day(phrase):
        _raise_ambiguous(text, (f"{phrase} 07:00", f"{phrase} 23:00"))


def _raise_ambiguous(text: str, meant: tuple[str, ...]) -> NoReturn:
    # the answer goes over MQTT and has no language
    raise Mistake("TWL-O137", until=text, meant=", ".join(f"`{one}`" for one in meant))


def _halves(number: str) -> tuple[str, str]:
    """`06:00` and `18:00` for `kl 6`."""
    hour = int(re.sub("[^0-9]", "", number)) % 12
    return f"{hour:02}:00", f"{hour + 12:02}:00"


def _next_of(time: Term, program: Program, now: datetime, text: str) -> datetime:
    if isinstance(time.what, int):
        return _clock(time.what, program, now)
    return _sun(time.what, timedelta(minutes=time.shift), program, now, text)


# A day and a time


def _on_a_day(phrase: str, program: Program, now: datetime) -> datetime | None:
    """`i morgon kl 07`, `fredag 18:00`, `26 november 23:00`, `soluppgång i morgon`; None for anything else."""
    words, today = phrase.replace(",", " ").split(), now.astimezone(program.place.time_zone).date()
    for cut in range(1, len(words)):
        one, other = " ".join(words[:cut]), " ".join(words[cut:])
        for day, hour in ((one, other), (other, one)):
            days, time = _days(day, today), readable(read_time, hour)
            if days and is_doubtful(hour):
                _raise_ambiguous(phrase, tuple(f"{day} {each}" for each in _halves(hour)))
            if days and time:
                is_morning = isinstance(time.what, int) and time.what < NOON
                after = timedelta(days=int(key(day) in TONIGHT and is_morning))
                found = [_at(time, each + after, program, phrase) for each in days]
                return next((at for at in found if at > now), found[0])
    return None


def _days(text: str, today: date) -> list[date] | None:
    """The day meant, and the same day a week or a year later in case its time has passed; None for a text that is no
    day."""
    if key(text) in DAYS_AHEAD:
        return [today + timedelta(days=DAYS_AHEAD[key(text)])]
    if _is_weekday(text):
        ahead = (tokens.WEEKDAYS[key(text.rsplit(maxsplit=1)[-1])] - today.weekday()) % 7
        return [today + timedelta(days=days) for days in (ahead, ahead + 7)]
    return _day(text, today)


def _is_weekday(text: str) -> bool:
    words = text.split() or [""]
    return key(words[-1]) in tokens.WEEKDAYS and (len(words) == 1 or words[:-1] in (["on"], ["på"]))


def _day(text: str, today: date = date(2026, 1, 1)) -> list[date] | None:
    try:
        spans = list(Days.parse(text).spans(today, today + timedelta(days=800)))
    except Mistake:
        return None
    return [first for first, _ in spans] if spans and all(first == last for first, last in spans) else None


def _at(time: Term, day: date, program: Program, text: str) -> datetime:
    zone = program.place.time_zone
    if isinstance(time.what, int):
        return instant(day, time.what, zone, last=True)
    return _sun(time.what, timedelta(minutes=time.shift), program, instant(day, 0, zone), text)


# The next time


def _sun(event: SunEvent, shift: timedelta, program: Program, now: datetime, text: str) -> datetime:
    """The next sun event; a frame that is dark or light from end to end has none at its border."""
    place = program.place
    tonight = night_at(now, place.time_zone)
    # a shift may reach from one frame into the next
    for i in range(-1, NIGHTS_AHEAD):
        night = night_of(tonight.day + timedelta(days=i), place.time_zone)
        for start, end in place.dark(night, event):
            at, border = (start, night.start) if event in EVENING else (end, night.end)
            if at + shift > now and at != border:
                return at + shift
    raise Mistake("TWL-O122", until=text)


def _clock(minutes: int, program: Program, now: datetime) -> datetime:
    """The next time that clocks show these minutes after midnight."""
    today = now.astimezone(program.place.time_zone).date()
    days = (today + timedelta(days=i) for i in range(3))
    times = (instant(day, minutes, program.place.time_zone, last=True) for day in days)
    return next(at for at in times if at > now)


def _instant(text: str, program: Program) -> datetime | None:
    try:
        return read_instant(text, program.place.time_zone, last=True)
    except ValueError:
        return None


def _after(text: str, phrase: str, now: datetime) -> datetime:
    try:
        return now + parse_duration(_IN.sub("", phrase))
    except (Mistake, OverflowError) as error:
        near = likeliest(key(phrase), WORDS, among_words=True)
        if near is not None:
            raise Mistake("TWL-O138", until=text, near=SPELT[near]) from error
        raise Mistake("TWL-O121", until=text) from error
