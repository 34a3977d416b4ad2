"""A robot writes each phrase of `phrases.txt` as a caretaker would, follows every advice to the letter until the file
is accepted, and compares what it then means with what the phrase means.

The meanings are worked out here, without the grammar. Where a phrase can be meant in several ways it must be asked
about with an example answer, and may be accepted in no other way than by an answer.
"""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from controller.config.load import Setup, parse
from controller.errors import FilesRejected, Mistake
from controller.events import new_event
from controller.events.models import Event
from controller.lighting.names import DARK_WORDS
from controller.schedule.campaign import Rule
from controller.service.override_end import read_until

TEXT = (Path(__file__).parent / "phrases.txt").read_text(encoding="utf-8")
MOST_STEPS = 5
YEARS = (2026, 2027, 2028, 2029)
EASTER = {2026: date(2026, 4, 5), 2027: date(2027, 3, 28), 2028: date(2028, 4, 16), 2029: date(2029, 4, 1)}
"""The almanac's."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUOTED = re.compile("`([^`]+)`")
ANY_TEXT = re.compile('(?<=")[^"]+(?=")|[0-9.]+ %')
ANSWERS = ("did you mean", "write", "menade du", "skriv", "are these meant")
"""How an advice begins that is no question: following it must keep what was meant."""
NOW = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Phrase(NamedTuple):
    """A value of a keyword, and what it means; `?` where that must be asked."""

    key: str
    text: str
    means: str


PHRASES = [
    Phrase(*(part.strip() for part in line.split(" | "))) for line in TEXT.splitlines() if line and line[0] != "#"
]


# What a phrase means, worked out without the grammar


def days_meant(means: str) -> frozenset[date]:
    """The days of YEARS that the notation of `phrases.txt` names."""
    found: set[date] = set()
    bound, _, rest = means.partition(": ") if re.match(r"\d{4}: ", means) else ("", "", means)
    for sign, own, item in re.findall(r"(?:^|\s([+-])\s)(?:(\d{4}): )?(.+?)(?=\s[+-]\s|$)", rest):
        written = own or bound
        years = (int(written),) if written else (YEARS[0] - 1, *YEARS)
        days = {day for year in years for day in _span(item, year)}
        found = found - days if sign == "-" else found | days
    return frozenset(day for day in found if day.year in YEARS)


def _span(item: str, year: int) -> set[date]:
    weekdays, _, span = item.rpartition(" of ")
    if span.startswith("easter"):
        return {EASTER[year] + timedelta(days=int(span[6:]))} if year in EASTER else set()
    first, _, last = span.partition("..")
    begin, end = _day(first, year), _day(last or first, year)
    if end < begin:
        end = _day(last, year + 1)
    days = {begin + timedelta(days=n) for n in range((end - begin).days + 1)}
    return {day for day in days if not weekdays or WEEKDAYS[day.weekday()] in weekdays.split()}


def _day(text: str, year: int) -> date:
    month, _, day = text.partition("-")
    last = (date(year + int(month) // 12, int(month) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, int(month), last if day == "last" else min(int(day), last))


def hours_meant(means: str) -> tuple[tuple[tuple[str | int, int], ...], ...]:
    """Each window as its two ends: an event of the sun or minutes since 00:00, and a shift."""
    return tuple(tuple(_time(end) for end in window.split("..")) for window in means.split(" + "))


def _time(text: str) -> tuple[str | int, int]:
    if text[0].isdigit():
        return int(text[:2]) * 60 + int(text[3:]), 0
    event, shift = re.fullmatch(r"([a-z]+)([+-]\d+)?", text).groups()  # type: ignore[union-attr]
    return event, int(shift or 0)


# What a value of the file means


def days_of(rule: Rule, key: str) -> frozenset[date]:
    """The days of YEARS of one keyword."""
    listed = rule.except_ if key == "except" else rule.nights if key == "nights" else rule.dates
    all_days = (date(YEARS[0], 1, 1) + timedelta(days=n) for n in range(366 * len(YEARS)))
    return frozenset(day for day in all_days if day.year in YEARS and any(each.contains(day) for each in listed or ()))


class World:
    """The shipped tower, and a schedule with one value."""

    def __init__(self, setup: Setup) -> None:
        self.tower = "\n".join(setup.tower_text.source.lines).encode()
        self.program = setup.program()

    def try_out(self, key: str, value: str) -> Event | object:
        """What the value means, or the event that is reported about it."""
        if key == "until":
            return self._until(value)
        written = value if value.startswith("[") else json.dumps(value, ensure_ascii=False)
        days = "" if key in ("dates", "nights") else "    dates: every day\n"
        color = "" if key == "color" else "    color: red\n"
        text = f"version: 1\ncampaigns:\n  - name: a\n{days}{color}    {key}: {written}\n"
        try:
            rule = parse(self.tower, text.encode(), Path("config")).schedule.campaigns[0]
        except FilesRejected as rejected:
            return rejected.findings[0].event
        if key == "hours":
            return tuple(((w.start.what, w.start.shift), (w.end.what, w.end.shift)) for w in rule.hours)
        if key == "brightness":
            return rule.brightness
        if key == "color":
            colors = next(iter(rule.color.values()))
            return colors[0].hex if colors else "dark"
        return days_of(rule, key)

    def _until(self, value: str) -> Event | object:
        try:
            end = read_until(value, self.program, NOW)
        except Mistake as mistake:
            return new_event(mistake.code, **mistake.fields)
        return end.astimezone(STOCKHOLM).replace(tzinfo=None, microsecond=0)

    def meant(self, phrase: Phrase) -> object:
        """In the form in which `try_out` gives it."""
        if phrase.key == "hours":
            return hours_meant(phrase.means)
        if phrase.key == "brightness":
            return float(phrase.means)
        if phrase.key == "until":
            return datetime.fromisoformat(phrase.means)
        if phrase.key == "color":
            return self.try_out("color", "orange") if phrase.means == "#FFA500" else phrase.means
        return days_meant(phrase.means)


@pytest.fixture(scope="module")
def world(shipped: Setup) -> World:
    """The shipped files."""
    return World(shipped)


def proposals(event: Event) -> dict[str, bool]:
    """What is proposed in place of the value, in both languages, and whether as an answer among several."""
    found: dict[str, bool] = {}
    for language in ("en", "sv"):
        action = event.action(language).strip()  # type: ignore[arg-type]
        is_question = not action.lower().startswith(ANSWERS)
        quoted = (QUOTED if "`" in action else ANY_TEXT).findall(action)
        for each in quoted:
            found.setdefault(each, is_question)
    return found


def is_question(event: Event) -> bool:
    """Whether it asks, with an example answer, in both languages."""
    actions = [event.action(language) for language in ("en", "sv")]  # type: ignore[arg-type]
    return all("?" in action and re.search("`|%|[0-9]", action) for action in actions)


def same(one: object, other: object) -> bool:
    """Sun times move with the almanac by seconds."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs(one - other) <= timedelta(minutes=1)
    return one == other


def follow(world: World, key: str, value: str, meant: object, steps: tuple[str, ...] = ()) -> list[str]:
    """What goes wrong for somebody who follows each advice from this value on: nothing, if all is well."""
    found = world.try_out(key, value)
    path = " → ".join((*steps, value))
    if not isinstance(found, Event):
        return [] if same(found, meant) else [f"{path} is accepted with another meaning"]
    if value in steps:
        return [f"{path} goes in circles"]
    if len(steps) >= MOST_STEPS:
        return [f"{path} does not end"]
    answers = [text for text, asked in proposals(found).items() if not asked]
    if not answers:
        return [] if is_question(found) else [f"{path} ends at {found.code}: {found.action('en')}"]
    return [wrong for text in answers for wrong in follow(world, key, text, meant, (*steps, value))]


KNOWN = [phrase for phrase in PHRASES if phrase.means != "?"]
ASKED = [phrase for phrase in PHRASES if phrase.means == "?"]


def test_there_are_enough_phrases() -> None:
    """Of each kind, in both languages."""
    assert len(set(PHRASES)) >= 300
    assert {phrase.key for phrase in PHRASES} == {
        "dates", "nights", "except", "hours", "brightness", "color", "until",
    }  # fmt: skip


@pytest.mark.parametrize("phrase", KNOWN, ids=lambda phrase: f"{phrase.key}: {phrase.text}")
def test_a_phrase_with_one_meaning_ends_with_it(world: World, phrase: Phrase) -> None:
    """Taken as it is, or after the advice that corrects a slip; never with another meaning, and never nowhere."""
    meant = world.meant(phrase)
    assert follow(world, phrase.key, phrase.text, meant) == []
    first = world.try_out(phrase.key, phrase.text)
    if isinstance(first, Event):
        ends = [world.try_out(phrase.key, text) for text in proposals(first)]
        assert any(same(end, meant) for end in ends), first.action("en")


@pytest.mark.parametrize("phrase", ASKED, ids=lambda phrase: f"{phrase.key}: {phrase.text}")
def test_a_phrase_with_several_meanings_is_asked_about(world: World, phrase: Phrase) -> None:
    """With an example answer, one of which is accepted, and nothing that claims to be what was meant."""
    found = world.try_out(phrase.key, phrase.text)
    assert isinstance(found, Event), "accepted without a question"
    assert is_question(found), found.action("en")


@pytest.mark.parametrize("word", sorted(DARK_WORDS))
def test_whatever_is_dark_as_a_color_is_dark_otherwise(world: World, word: str) -> None:
    """One idea, the same words."""
    assert world.try_out("otherwise", word) == frozenset(world.meant(Phrase("dates", "", "01-01..12-31")))
