"""What the form of a rule reads back of its days: when its light is, which days follow, which morning is meant."""

from collections.abc import Iterator
from datetime import timedelta

from controller.events.words import day_words, days_words, upcoming
from controller.schedule.campaign import Rule
from controller.schedule.hours import Place
from controller.schedule.occurrence import Occurrence, light_times, next_occurrence
from controller.web.visit import Visit

MOST_PIECES = 4
"""So many pieces of the days are told one by one."""
ONE_ROUND = timedelta(days=300)
"""Days of a rule that are farther apart are those of another year."""
ONE_DAY = timedelta(days=1)
MORNING = 3
"""What begins from this hour on is a morning to people, no longer the night before."""


def times_words(visited: Visit, rule: Rule, days: Occurrence, place: Place) -> dict[str, str]:
    """When its first and its last light is; nothing where it has none."""
    times = light_times(rule, days, place)
    if times is None:
        return {}
    first, last = (at.astimezone(visited.snapshot.zone) for at in times)
    now, language = visited.now, visited.language
    return {"first": upcoming(first, now, language), "last": upcoming(last, now, language, is_end=True)}


def morning_words(visited: Visit, rule: Rule, occurrence: Occurrence, place: Place) -> Iterator[str]:
    """Of nights that begin in the morning only, `13 december` from 06:00, that this is the morning after."""
    times = light_times(rule, occurrence, place)
    begins = times[0].astimezone(visited.snapshot.zone) if times is not None else None
    if begins and rule.nights and begins.date() > occurrence.first and begins.hour >= MORNING:
        day = day_words(occurrence.first, visited.language, year=False)
        yield visited.say("rule.read.morning_after", day=day)


def following_words(visited: Visit, rule: Rule, occurrence: Occurrence) -> Iterator[str]:
    """Of days that come in several pieces a year, as each Tuesday, the next ones."""
    pieces = [occurrence]
    while len(pieces) <= MOST_PIECES:
        following = next_occurrence(rule, pieces[-1].last + ONE_DAY)
        if following is None or following.first - occurrence.first > ONE_ROUND:
            break
        pieces.append(following)
    if pieces[1:]:
        said = [days_words(each.first, each.last, visited.language) for each in pieces[1:MOST_PIECES]]
        key = "rule.read.following_more" if len(pieces) > MOST_PIECES else "rule.read.following"
        yield visited.say(key, days=", ".join(said))
