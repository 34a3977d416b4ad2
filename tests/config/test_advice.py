"""No advice widens or changes what was meant: each is followed to the letter, and the days and hours are compared.

An advice is followed as somebody in a hurry would: what it proposes is written in the place of the whole value. That
must mean what was written; where that is not clear, nothing is proposed but on a condition ("if the year is meant, …").
"""

import re
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from controller.config.synonyms import near
from controller.config.timezones import near_time_zone
from controller.durations import parse_duration
from controller.errors import Mistake
from controller.events import CATALOGUE, new_event
from controller.events.models import in_language
from controller.lighting.color import parse_color
from controller.locale import languages
from controller.schedule.days import Days
from controller.schedule.hours import Place, Window, night_of

PLACE = Place(56.9, 14.6, ZoneInfo("Europe/Stockholm"))
QUOTED = re.compile("`([^`]+)`")
FIRST, LAST = date(2026, 1, 1), date(2029, 12, 31)

DAYS = (
    # text, what it means in words that are read; None if it is unknown
    ("20 Novembr", "20 November"),
    ("20–26 novmber 2027", "20–26 November 2027"),
    ("20 Novembr to 26 Decembr", "20 November to 26 December"),
    ("every Friday in Octobr", "every Friday in October"),
    ("varje fredag i oktobr 2027", "varje fredag i oktober 2027"),
    ("varje fredg i oktober", "varje fredag i oktober"),
    ("every Fridy and Saturday in May", "every Friday and Saturday in May"),
    ("last Saturday in Marchh", "last Saturday in March"),
    ("sista dagen i febuari", "sista dagen i februari"),
    ("Ester Sunday + 3 days", "Easter Sunday + 3 days"),
    ("25 November to Crismas Eve", "25 November to Christmas Eve"),
    ("midsomarafton 2027", "midsommarafton 2027"),
    ("Midsumer Eve - 1 day", "Midsummer Eve - 1 day"),
    ("20/11", "20 November"),
    ("20/11 2026", "20 November 2026"),
    ("20.11.2026", "20 November 2026"),
    ("20/11–26/11 2027", "20–26 November 2027"),
    ("varje helg i oktober", "varje lördag och söndag i oktober"),
    ("weekends in May 2027", "every Saturday and Sunday in May 2027"),
    ("påsk 2027", "långfredagen till annandag påsk 2027"),
    ("25 nov kl 18", None),
    ("25 november kl. 18–22", None),
    ("6 June at 18:00", None),
    ("last dya of February", None),
    ("last weekend of February", None),
    ("sista helgen i februari", None),
    ("sista veckan i februari", None),
    ("end of February", None),
    ("slutet av februari", None),
    ("varje fredag på sommaren", "varje fredag juni till augusti"),
    ("every Friday in summer", "every Friday in June to August"),
    ("every other Friday", None),
    ("varannan fredag i oktober", None),
    ("every second Friday in October", None),
    ("every weekday in March", "every Monday to Friday in March"),
    ("varje vardag i mars", "varje måndag till fredag i mars"),
    ("varje fridag i oktober", None),
    ("varje helgdag", None),
    ("every holiday in May", None),
    ("varje månad", None),
    ("fredag 20 november", None),
    ("fredag", None),
    ("första fredagen", None),
    ("fifth Friday in October", None),
    ("20–26 November, evenings only", None),
    ("week 47 on Fridays", None),
    ("Easter Munday", None),
    ("Easter Saturday", None),
    ("Midsummer evening", None),
    ("day before Christmas", None),
    ("29 February 2027", None),
    ("31 November", None),
    ("week 53 2027", None),
    ("November 20 26", None),
    ("6 June 26", None),
    ("summer solstice", None),
    ("Black Friday", "Friday after fourth Thursday in November"),
    ("the last Friday before Christmas", None),
    ("now", None),
    ("today", None),
    ("i morgon", None),
    ("next week", None),
    ("1 december till julen", None),
    ("från och med 20 november", None),
    ("2026", None),
)
HOURS = (
    ("sunst to sunrise", "sunset to sunrise"),
    ("sunset to solupgång", "solnedgång till soluppgång"),
    ("sunset + 5 minuts to 23:00", "sunset + 5 min to 23:00"),
    ("18:00 to 22:00 on Fridays", None),
    ("22:30 varje fredag till 23:00", None),
    ("weekdays 18:00 to 22:00", None),
    ("kvällen till 23:00", None),
    ("just after sunset to 23:00", None),
    ("solnedgång till 23:00 utom helger", None),
    ("sunset + 2 to 23:00", None),
    ("sunset + 30 s to 23:00", None),
    ("sunset to one hour later", None),
    ("from 18 to 22 on Fridays", None),
    ("when dark", None),
    ("evening", None),
    ("sunset to bedtime", None),
    ("22:00:30 to 23:00", None),
)

DURATIONS = (
    ("1 h 30", "1 h 30 min"),
    ("2 minuts", "2 min"),
    ("2 veckr", "2 weeks"),
    ("30", None),
    ("2 mon", None),
    ("3 månader", None),
    ("5 hor", None),
    ("30 s or so", None),
    ("2 år", None),
)


ZONES = (
    ("Europe/Stokholm", "Europe/Stockholm"),
    ("europe/stockholm", "Europe/Stockholm"),
    ("Stockholm", "Europe/Stockholm"),
    ("GMT+1", None),
    ("UTC+1", None),
    ("UTC+01:00", None),
    ("+01:00", None),
    ("GMT-1", None),
    ("GMT", None),
    ("CET", None),
    ("CEST", None),
    ("Europe/Alvesta", None),
    ("Alvesta", None),
    ("America/Stockholm", None),
    ("Swedish summer time", None),
)

COLORS = (
    ("oragne", "orange"),
    ("FF6A00", "#FF6A00"),
    ("#f60", "#FF6600"),
    ("255, 106, 0", "#FF6A00"),
    ("#FF6A0", None),
    ("#FF6A0080", None),
    ("light orange", None),
    ("orange at half", None),
    ("orange and blue", None),
    ("soft blue", None),
)

KEYS = (
    ("bright", "brightness"),
    ("colr", "color"),
    ("fade", None),
    ("months", None),
    ("until", None),
    ("only", None),
    ("weekday", None),
    ("year", None),
    ("not_on", None),
    ("color of light", None),
)
CAMPAIGN = ("name", "dates", "nights", "except", "hours", "color", "brightness", "fade_in", "fade_out", "change_every")

PROPOSES = ("meant", "near", "suggestion")
"""Fields of an event that hold what may be written instead."""
CONDITIONS = ("if ", "om ")


def proposed(mistake: Mistake) -> set[str]:
    """Whatever is proposed without a condition, in either language."""
    event = new_event(mistake.code, **mistake.fields)
    if event.action("en").startswith(CONDITIONS) and event.action("sv").startswith(CONDITIONS):
        return set()
    told = (
        in_language(mistake.fields[key], language)
        for key in PROPOSES
        for language in languages()
        if key in mistake.fields
    )
    return {one for text in told for one in QUOTED.findall(text) or [text]}


def days(text: str) -> tuple[object, ...]:
    """The days that a text means."""
    return tuple(Days.parse(text).spans(FIRST, LAST))


def hours(text: str) -> tuple[object, ...]:
    """The hours that a text means, in winter and in summer."""
    return tuple(Window.parse(text).resolve(night_of(day, PLACE.time_zone), PLACE) for day in (FIRST, date(2026, 6, 1)))


def follow(read: Callable[[str], object], text: str, meant: str | None) -> None:
    """The advice about `text` is followed; where it is not clear what is meant, there must be none to follow."""
    with pytest.raises(Mistake) as caught:
        read(text)
    wanted = set() if meant is None else {read(meant)}
    assert {read(one) for one in proposed(caught.value)} == wanted, new_event(caught.value.code, **caught.value.fields)


@pytest.mark.parametrize(("text", "meant"), DAYS)
def test_an_advice_about_days_keeps_the_days(text: str, meant: str | None) -> None:
    """Also where a part of the text says a month, a year or a time of day."""
    follow(days, text, meant)


@pytest.mark.parametrize(("text", "meant"), HOURS)
def test_an_advice_about_hours_keeps_the_hours(text: str, meant: str | None) -> None:
    """Also where a part of the text says the days."""
    follow(hours, text, meant)


@pytest.mark.parametrize(("text", "meant"), DURATIONS)
def test_an_advice_about_a_duration_keeps_it(text: str, meant: str | None) -> None:
    """A month is no minute."""
    follow(parse_duration, text, meant)


@pytest.mark.parametrize(("text", "meant"), COLORS)
def test_an_advice_about_a_color_keeps_it(text: str, meant: str | None) -> None:
    """A shade of a colour is not that colour."""
    follow(lambda told: parse_color(told, {}), text, meant)


@pytest.mark.parametrize(("text", "meant"), ZONES)
def test_an_advice_about_a_time_zone_keeps_it(text: str, meant: str | None) -> None:
    """`GMT+1` is not `Etc/GMT+1`, which is two hours away from it."""
    assert near_time_zone(text) == meant


@pytest.mark.parametrize(("text", "meant"), KEYS)
def test_an_advice_about_a_keyword_keeps_it(text: str, meant: str | None) -> None:
    """What limits under a name that is not known is not taken for something else."""
    assert near(text, CAMPAIGN) == meant


@pytest.mark.parametrize("text", ["08:00 to 16:00", "sunrise to sunset", "06:00 to sunset", "gryning till 18:00"])
def test_hours_through_noon_are_split_into_the_same(text: str) -> None:
    """The two windows together hold each instant between the two ends, and no other."""
    with pytest.raises(Mistake) as caught:
        Window.parse(text)
    evening, morning = (windows for windows in caught.value.fields["split"].strip("[]").split(", "))
    first, last = (re.split(" to | till ", one) for one in (evening, morning))
    assert (first[0], last[1]) == tuple(re.split(" to | till ", text))
    assert hours(evening)
    assert hours(morning)


def test_no_advice_deletes_what_limits() -> None:
    """Advice may remove from the two files only what has no effect on the light: letters, signs, doubles."""
    harmless = {
        "TWL-S026": "a special space",
        "TWL-S027": "the marks of git",
        "TWL-S032": "a tag of YAML",
        "TWL-S034": "the line ---",
        "TWL-S160": "the frame of a chat",
        "TWL-S187": "the marks of a mail",
        "TWL-S049": "a sign after the value",
        "TWL-S069": "a zone that is named twice",
        "TWL-S070": "a broker that is named twice",
        "TWL-S075": "a keyword whose entries were moved",
        "TWL-S222": "a colour mode that a lamp cannot have beside others",
        "TWL-S227": "a topic that is none of a state",
        "TWL-S203": "an entry that never comes again",
        "TWL-S293": "a drawing that is not used, beside what would use it",
        "TWL-S270": "a look of what is dark anyway",
        "TWL-S242": "a year, on a condition",
        "TWL-S333": "a folder for several sites that holds none, beside making some",
        "TWL-S334": "one of two gateways that command one lamp, beside another topic",
        "TWL-S235": "a keyword about how a lamp answers, on a condition",
    }
    words = re.compile(r"\b(delete|remove|drop|leave out|take out|take the entry out|ta bort|utelämna|stryk)\b")
    told = {
        kind.code
        for kind in CATALOGUE.values()
        if kind.code.startswith("TWL-S")
        and any(words.search(kind.action.template(language)) for language in languages())
    }
    assert told == set(harmless)
