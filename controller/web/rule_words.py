"""Texts beside the form of a rule: findings, with the labels of the form in place of the keywords of the file, which
whoever fills it in has never seen; and of its days when its light is, which days follow, which morning is meant.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from controller.config.findings import Finding
from controller.events.words import capital, day_words, days_words, upcoming
from controller.schedule.campaign import Rule
from controller.schedule.hours import Place
from controller.schedule.occurrence import Occurrence, light_times, next_occurrence
from controller.web.visit import Visit

LABELS = {
    "dates": "rule.kind.dates",
    "nights": "rule.kind.nights",
    "hours": "rule.hours_title",
    "about": "rule.public",
    **{
        key: f"rule.{key}"
        for key in (
            *("name", "except", "confirmed_for", "otherwise", "color", "change_every", "brightness"),
            *("fade_in", "fade_out", "link"),
        )
    },
    **{group: f"schedule.group.{group}" for group in ("blackouts", "campaigns", "every_night", "limits")},
}
"""Keyword of the file -> key of its label in the texts of the page."""
TEXT_OF_CODE = {
    "TWL-S013": "name",
    "TWL-S014": "missing",
    "TWL-S066": "change_every",
    "TWL-S141": "days",
    "TWL-S176": "days_as_hours",
    "TWL-S180": "change_every",
    "TWL-S182": "brightness_apart",
}
"""Findings whose cure refers to the file; the page has a text for its fields."""
MOST_PIECES = 4
"""Number of pieces of the days that are listed."""
ONE_ROUND = timedelta(days=300)
"""Days of a rule that are farther apart belong to different years."""
ONE_DAY = timedelta(days=1)
MORNING = 3
"""Hour from which light that begins in the night counts as "in the morning"."""
_KEYWORD = re.compile(rf"`({'|'.join(LABELS)}):?`")
_EITHER = re.compile("`dates:` (?:or|eller) `nights:`")
_PAIR = re.compile(rf"(`?)\b({'|'.join(LABELS)}): (?=\S)")


def in_labels(visited: Visit, text: str) -> str:
    """The text with the label for each keyword: `hours:` becomes "Tider", `hours: 18:00 till 22:00` becomes Tider with
    the value after it."""

    def label(key: str) -> str:
        return visited.text(LABELS[key]).partition(" – ")[0]

    text = _EITHER.sub(f'"{visited.text("rule.days_title")}"', text)
    text = _KEYWORD.sub(lambda found: f'"{label(found[1])}"', text)
    return _PAIR.sub(lambda found: f"{label(found[2])}: {found[1]}", text)


def words_at(visited: Visit, finding: Finding, field: str = "") -> str:
    """The text of a finding, at a field of the form or elsewhere on the page."""
    key = TEXT_OF_CODE.get(finding.code)
    if key is not None and field:
        is_empty = key in {"name", "days", "missing"} and field in {"name", "days", "color", "brightness"}
        fields = {name: value for name, value in finding.event.fields.items() if name != "key"}
        return visited.text(f"rule.fault.{field if is_empty else key}", **fields)
    event, language = finding.event, visited.language
    text, action = event.text(language), event.action(language)
    sentence = f"{capital(text)}. {capital(action)}".rstrip(". ")
    return in_labels(visited, sentence if sentence.endswith("?") else f"{sentence}.")


def times_words(visited: Visit, rule: Rule, days: Occurrence, place: Place) -> dict[str, str]:
    """Times of the first and the last light; empty without any."""
    times = light_times(rule, days, place)
    if times is None:
        return {}
    first, last = (at.astimezone(visited.snapshot.zone) for at in times)
    now, language = visited.now, visited.language
    return {"first": upcoming(first, now, language), "last": upcoming(last, now, language, is_end=True)}


def morning_words(visited: Visit, rule: Rule, occurrence: Occurrence, place: Place) -> Iterator[str]:
    """For nights that begin only in the morning, `13 december` from 06:00: that this is the morning after."""
    times = light_times(rule, occurrence, place)
    begins = times[0].astimezone(visited.snapshot.zone) if times is not None else None
    if begins and rule.nights and begins.date() > occurrence.first and begins.hour >= MORNING:
        day = day_words(occurrence.first, visited.language, year=False)
        yield visited.text("rule.read.morning_after", day=day)


def following_words(visited: Visit, rule: Rule, occurrence: Occurrence) -> Iterator[str]:
    """For days in several pieces a year, as each Tuesday: the next ones."""
    pieces = [occurrence]
    while len(pieces) <= MOST_PIECES:
        following = next_occurrence(rule, pieces[-1].last + ONE_DAY)
        if following is None or following.first - occurrence.first > ONE_ROUND:
            break
        pieces.append(following)
    if pieces[1:]:
        days = [days_words(each.first, each.last, visited.language) for each in pieces[1:MOST_PIECES]]
        key = "rule.read.following_more" if len(pieces) > MOST_PIECES else "rule.read.following"
        yield visited.text(key, days=", ".join(days))
