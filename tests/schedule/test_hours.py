"""Hours: how they are written, what is refused, and what they are in one night, clock changes included."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from controller.errors import Mistake
from controller.events import new_event
from controller.schedule.hours import Hours, Night, Place, Window, instant, night_at, night_of
from controller.schedule.hours_grammar import Term
from tests.parts import examples

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ALVESTA = Place(56.899, 14.556, STOCKHOLM)
KIRUNA = Place(67.8558, 20.2253, STOCKHOLM)
WORDS = (
    "sunset sunrise dusk dawn midnight noon solnedgång soluppgång skymning gryning midnatt middag mitt på dagen all "
    "day hela dygnet to till until - – + , 30 min 1 h tim 16:30 16.30 kl. 24:00 25:00 23 1630 6 pm and 0 99:99"
)


def clock(at: datetime | None, zone: ZoneInfo = STOCKHOLM) -> str:
    """Date of the month and time."""
    return f"{at.astimezone(zone):%d %H:%M}" if at else "never"


def resolved(text: str, day: date, place: Place = ALVESTA) -> list[str]:
    """The stretches of a window in one night, as the clock shows them."""
    zone = place.time_zone
    stretches = Window.parse(text).resolve(night_of(day, zone), place)
    return [f"{clock(begin, zone)}–{clock(end, zone)}" for begin, end in stretches]


# Reading


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("sunset to sunrise", Term("sunset"), Term("sunrise")),
        ("Sunset TO Sunrise", Term("sunset"), Term("sunrise")),
        ("from sunset until sunrise", Term("sunset"), Term("sunrise")),
        ("solnedgång till soluppgång", Term("sunset"), Term("sunrise")),
        ("solnedga\u030angen till soluppgangen", Term("sunset"), Term("sunrise")),
        ("från solens nedgång till midnatt", Term("sunset"), Term(0)),
        ("från och med solnedgången till och med soluppgången", Term("sunset"), Term("sunrise")),
        ("fr.o.m. kl. 22.00 t.o.m. midnatt", Term(1320), Term(0)),
        ("skymning–gryning", Term("dusk"), Term("dawn")),
        ("sunset-sunrise", Term("sunset"), Term("sunrise")),
        ("16:30 to 23:00", Term(990), Term(1380)),
        ("16.30-23.00", Term(990), Term(1380)),
        ("kl. 16.30 – kl 23.00", Term(990), Term(1380)),
        ("klockan 5:00 till gryningen", Term(300), Term("dawn")),
        ("  22:00   to   06:00  ", Term(1320), Term(360)),
        ("sunset to 24:00", Term("sunset"), Term(0)),
        ("all day", Term(720), Term(720)),
        ("Hela dygnet", Term(720), Term(720)),
        ("noon to noon", Term(720), Term(720)),
        ("mitt på dagen till solnedgång", Term(720), Term("sunset")),
        ("sunset + 30 min to sunrise - 1 h", Term("sunset", 30), Term("sunrise", -60)),
        ("sunset+30min to midnight", Term("sunset", 30), Term(0)),
        ("sunset - 30 min - 23:00", Term("sunset", -30), Term(1380)),
        ("solnedgång − 1 tim 30 min till 23:00", Term("sunset", -90), Term(1380)),
        ("skymning + 1,5 tim till 23:00", Term("dusk", 90), Term(1380)),
        ("midnight - 30 min to midnight + 1 h 30 min", Term(1410), Term(90)),
        ("noon - 1 h to noon", Term(660), Term(720)),
        ("16:00 to sunset", Term(960), Term("sunset")),
        ("sunrise to 10:00", Term("sunrise"), Term(600)),
        ("sunset to dusk", Term("sunset"), Term("dusk")),
        ("dawn to sunrise", Term("dawn"), Term("sunrise")),
        ("sunset to sunset + 1 h", Term("sunset"), Term("sunset", 60)),
        ("dusk - 2 h to sunset", Term("dusk", -120), Term("sunset")),
        ("sunset to noon", Term("sunset"), Term(720)),
        ("noon to sunrise", Term(720), Term("sunrise")),
    ],
)
def test_how_hours_are_written(text: str, start: Term, end: Term) -> None:
    """In both languages, with any dash, in any case, with a colon or a full stop."""
    window = Window.parse(text)
    assert (window.start, window.end) == (start, end)
    assert str(window) == text
    assert window == Window(start, end, "other words")


@pytest.mark.parametrize(
    ("text", "code", "wrong", "fields"),
    [
        ("08:00 to 16:00", "S120", "08:00 to 16:00", {"split": "[08:00 to noon, noon to 16:00]"}),
        (
            "från 8.00 till 16.00",
            "S120",
            "från 8.00 till 16.00",
            {"split": "[8.00 till mitt på dagen, mitt på dagen till 16.00]"},
        ),
        ("06:00 to sunset", "S120", "06:00 to sunset", {"split": "[06:00 to noon, noon to sunset]"}),
        ("sunrise to midnight", "S120", "sunrise to midnight", {"split": "[sunrise to noon, noon to midnight]"}),
        ("midnight to sunset", "S120", "midnight to sunset", {"split": "[midnight to noon, noon to sunset]"}),
        ("sunset to sunset", "S120", "sunset to sunset", {"split": "[sunset to noon, noon to sunset]"}),
        ("sunset + 1 h - sunset", "S120", "sunset + 1 h - sunset", {"split": "[sunset + 1 h to noon, noon to sunset]"}),
        ("23:00 to 22:00", "S120", "23:00 to 22:00", {"split": "[23:00 to noon, noon to 22:00]"}),
        ("dusk to sunset", "S120", "dusk to sunset", {"split": "[dusk to noon, noon to sunset]"}),
        ("sunrise to sunset", "S127", "sunrise to sunset", {"split": "[sunrise to noon, noon to sunset]"}),
        ("gryning till skymning", "S127", "gryning till skymning", None),
        ("00:00 to 24:00", "S142", "00:00 to 24:00", {"written": "00:00 to 24:00"}),
        ("midnatt till midnatt", "S142", "midnatt till midnatt", None),
        ("18:00-18:00", "S142", "18:00-18:00", None),
        ("sunst to sunrise", "S121", "sunst", {"near": "sunset to sunrise"}),
        ("sunset to solupgång", "S121", "solupgång", {"near": "sunset to soluppgång"}),
        ("sunset + 90 s to 23:00", "S150", "90 s", {"shift": "90 s"}),
        ("25:00 to 26:00", "S122", "25:00", {"time": "25:00"}),
        ("sunset to 24:01", "S122", "24:01", {"time": "24:01"}),
        ("sunset to 22:60", "S122", "22:60", {"time": "22:60"}),
        ("99 to 3", "S122", "99", {"time": "99"}),
        ("sunset - 30 to sunrise", "S123", "30", {"shift": "30"}),
        ("sunset - 30", "S123", "30", {"shift": "30"}),
        ("sunset + 13 h to noon", "S124", "13 h", {"shift": "13 h"}),
        ("sunset to 23:00, 05:00 to sunrise", "S175", "sunset to 23:00, 05:00 to sunrise", None),
        ("16:00-23:00-01:00", "S125", "16:00-23:00-01:00", None),
        ("-" * 1000, "S125", "-" * 1000, None),
        ("sunset", "S126", "sunset", {"written": "sunset", "meant": "sunset to sunrise"}),
        ("sunset - 30 min", "S126", "sunset - 30 min", {"meant": "sunset - 30 min to sunrise"}),
        ("soluppgång", "S126", "soluppgång", {"meant": "soluppgång till mitt på dagen"}),
        ("sunset to", "S126", "sunset to", {"written": "sunset"}),
        ("", "S126", "", {"written": "sunset"}),
        ("to sunrise", "S129", "to sunrise", {"meant": "sunset to sunrise"}),
        ("till solnedgång", "S129", "till solnedgång", {"meant": "mitt på dagen till solnedgång"}),
        ("sunset + 5 minuts to 23:00", "S121", "5 minuts", {"near": "sunset + 5 minute to 23:00"}),
        ("22:30 on Fridays to 23:00", "S151", "22:30 on Fridays", None),
        ("20–26 novembr", "S151", "26 novembr", None),
        ("20–26 november", "S176", "20–26 november", {"written": "20–26 november"}),
        ("fredag till söndag", "S176", "fredag till söndag", None),
        ("week 47", "S176", "week 47", None),
        ("Lucia", "S176", "Lucia", None),
    ],
)
def test_the_mistake_in_hours_that_cannot_be_meant(
    text: str, code: str, wrong: str, fields: dict[str, object] | None
) -> None:
    """The wrong part by its offsets, and what to write with the words of who wrote it."""
    with pytest.raises(Mistake) as caught:
        Window.parse(text)
    mistake = caught.value
    assert (mistake.code, text[mistake.start : mistake.end]) == (f"TWL-{code}", wrong)
    assert mistake.fields.items() >= (fields or {}).items()


@pytest.mark.parametrize(
    "text",
    [
        "sunset",
        "sunrise",
        "23:00",
        "solnedgång - 30 min",
        "till gryningen",
        "to sunrise",
        "to sunset",
        "08:00 to 16:00",
        "sunrise to sunset",
    ],
)
def test_what_is_suggested_can_be_read(text: str) -> None:
    """Whoever writes what the message says is done."""
    with pytest.raises(Mistake) as caught:
        Window.parse(text)
    fields = caught.value.fields
    suggested = {
        "TWL-S126": "{meant}",
        "TWL-S129": "{meant}",
    }.get(caught.value.code, "{split}")
    for window in suggested.format(**fields).strip("[]").split(", "):
        Window.parse(window)


@settings(max_examples=examples(100))
@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=9).map(" ".join) | st.text(max_size=30))
@example("İto sunset")
@example("\ud800 to \x00")
@example("sunset +  to noon")
@example("kl to kl.")
def test_any_text_is_hours_or_a_mistake(text: str) -> None:
    """A mistake has its words in both languages and points into the text; hours are never longer than a night."""
    try:
        window = Window.parse(text)
    except Mistake as mistake:
        event = new_event(mistake.code, **mistake.fields)
        assert all(event.text(language) and event.action(language) for language in ("en", "sv"))
        end = len(text) if mistake.end is None else mistake.end
        assert 0 <= mistake.start <= end <= len(text)
        return
    night = night_of(date(2026, 12, 21), STOCKHOLM)
    stretches = window.resolve(night, ALVESTA)
    assert all(night.start <= begin < end <= night.end for begin, end in stretches)


def test_hours_of_a_model() -> None:
    """One window or a list of them; what is no text is refused."""

    class Holds(BaseModel):
        hours: Hours

    two = Holds.model_validate({"hours": ["sunset to 23:00", "05:00 to sunrise"]})
    assert Holds.model_validate({"hours": "all day"}).hours == (Window.parse("noon to noon"),)
    assert Holds.model_validate({"hours": two.hours}) == two
    for wrong in (None, 5, [["all day"]], {"a": "b"}):
        with pytest.raises(ValidationError):
            Holds.model_validate({"hours": wrong})


# Nights


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("mellan 18 och 22", "18:00 to 22:00"),
        ("between 6 pm and 10 pm", "18:00 to 22:00"),
        ("6 to 10 pm", "18:00 to 22:00"),
        ("6 till 10 på kvällen", "18:00 to 22:00"),
        ("kl 18 till kl 22", "18:00 to 22:00"),
        ("18-22", "18:00 to 22:00"),
        ("18–22 varje kväll", "18:00 to 22:00"),
        ("18:00 for 4 hours", "18:00 to 22:00"),
        ("18 till 1", "18:00 to 01:00"),
        ("22–6", "22:00 to 06:00"),
        ("sunset to 1630", "sunset to 16:30"),
        ("12:30 a.m. to sunrise", "00:30 to sunrise"),
        ("22:00:00 to 23:00", "22:00 to 23:00"),
        ("solnedgång till kl 23", "sunset to 23:00"),
        ("30 min after sunset to 23:00", "sunset + 30 min to 23:00"),
        ("en halvtimme efter solnedgången till en timme före soluppgången", "sunset + 30 min to sunrise - 1 h"),
        ("sunset + 01:30 to 23:00", "sunset + 1 h 30 min to 23:00"),
        ("sunset plus 30 min to 23", "sunset + 30 min to 23:00"),
        ("hela natten", "sunset to sunrise"),
    ],
)
def test_hours_are_read_as_people_say_them(text: str, means: str) -> None:
    """What has one meaning only."""
    assert Window.parse(text) == Window.parse(means)


@pytest.mark.parametrize(
    ("text", "word", "choices"),
    [
        ("6 to 10", "6", "`06:00 to 10:00` or `18:00 to 22:00`"),
        ("sunset to 11", "11", "`sunset to 11:00` or `sunset to 23:00`"),
        ("kl 5 till soluppgång", "kl 5", "`05:00 till soluppgång` or `17:00 till soluppgång`"),
    ],
)
def test_a_number_that_can_be_morning_and_evening_is_asked_about(text: str, word: str, choices: str) -> None:
    """With both ways to write it."""
    with pytest.raises(Mistake) as caught:
        Window.parse(text)
    assert caught.value.code == "TWL-S128"
    assert caught.value.fields["word"] == word
    assert new_event(caught.value.code, **caught.value.fields).action("en") == f"which is meant, {choices}?"


@pytest.mark.parametrize(
    ("text", "day", "wanted"),
    [
        ("sunset to 23:00", date(2026, 11, 20), ["20 15:41–20 23:00"]),
        ("05:00 to sunrise", date(2026, 11, 20), ["21 05:00–21 07:55"]),
        ("sunset to midnight", date(2026, 11, 20), ["20 15:41–21 00:00"]),
        ("22:00 to 02:00", date(2026, 12, 31), ["31 22:00–01 02:00"]),
        ("00:00 to 01:00", date(2026, 12, 31), ["01 00:00–01 01:00"]),
        ("all day", date(2026, 11, 20), ["20 12:00–21 12:00"]),
        ("noon to sunset", date(2026, 11, 20), ["20 12:00–20 15:41"]),
        ("noon - 1 h to noon", date(2026, 11, 20), ["21 11:00–21 12:00"]),
        ("noon to noon + 1 h", date(2026, 11, 20), ["20 12:00–20 13:00"]),
        ("16:00 to sunset", date(2026, 6, 6), ["06 16:00–06 21:49"]),
        ("sunset - 12 h to sunrise + 12 h", date(2026, 11, 20), ["20 12:00–21 12:00"]),
        ("05:00 to sunrise", date(2026, 6, 20), []),
        ("16:00 to sunset", date(2026, 11, 20), []),
    ],
)
def test_a_window_in_a_night(text: str, day: date, wanted: list[str]) -> None:
    """Inside of its frame, empty where its end comes first, never wrapped into the day."""
    assert resolved(text, day) == wanted


@pytest.mark.parametrize(
    ("text", "day", "wanted"),
    [
        ("sunset to sunrise", date(2026, 6, 21), []),
        ("sunset to 23:00", date(2026, 6, 21), []),
        ("sunset to 23:00", date(2026, 5, 26), []),
        ("dusk to dawn", date(2026, 5, 10), []),
        ("sunset to dawn", date(2026, 5, 10), []),
        ("sunset to sunrise", date(2026, 12, 21), ["21 12:00–22 12:00"]),
        ("sunset to 23:00", date(2026, 12, 21), ["21 12:00–21 23:00"]),
        ("05:00 to sunrise", date(2026, 12, 21), ["22 05:00–22 12:00"]),
        ("dusk to dawn", date(2026, 12, 21), ["21 14:18–22 08:56"]),
        ("sunset to sunrise", date(2026, 12, 8), ["08 12:06–09 11:04", "09 11:58–09 12:00"]),
        ("sunset + 0 min to sunrise + 10 min", date(2026, 12, 8), ["08 12:06–09 11:14"]),
        ("23:00 to 01:00", date(2026, 6, 21), ["21 23:00–22 01:00"]),
    ],
)
def test_a_window_beyond_the_polar_circle(text: str, day: date, wanted: list[str]) -> None:
    """Nothing under the midnight sun, the whole frame in the polar night, both stretches while it is dark."""
    assert resolved(text, day, KIRUNA) == wanted


def test_twilight_at_noon_cuts_the_dark_in_two() -> None:
    """`dusk to dawn` is while it is dark, as `sunset to sunrise` is while the sun is down."""
    far_north = Place(72.6, 20.2253, STOCKHOLM)
    assert resolved("dusk to dawn", date(2026, 12, 15), far_north) == ["15 12:02–16 11:11", "16 11:57–16 12:00"]


def test_the_ends_of_an_empty_window_can_be_shown() -> None:
    """`sunset 00:18 is after 23:00`; without a sunset there is none."""
    sunset, evening = Window.parse("sunset to 23:00").ends(night_of(date(2026, 5, 26), STOCKHOLM), KIRUNA)
    assert (clock(sunset), clock(evening)) == ("27 00:18", "26 23:00")
    assert Window.parse("sunset to 23:00").ends(night_of(date(2026, 6, 21), STOCKHOLM), KIRUNA)[0] is None


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Stockholm", date(2027, 3, 27), 23),
        ("Europe/Stockholm", date(2027, 10, 30), 25),
        ("Europe/Stockholm", date(2027, 6, 1), 24),
        ("Australia/Lord_Howe", date(2026, 10, 3), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 4), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 3), 23),
        ("America/Sao_Paulo", date(2018, 2, 17), 25),
        ("Africa/Casablanca", date(2026, 2, 14), 25),
        ("Africa/Casablanca", date(2026, 3, 21), 23),
        ("Pacific/Apia", date(2011, 12, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Antarctica/Troll", date(2026, 3, 28), 22),
    ],
)
def test_how_long_a_night_is(zone: str, day: date, hours: float) -> None:
    """Clock changes make it shorter or longer, by half an hour on Lord Howe; Apia left out a whole day."""
    night = night_of(day, ZoneInfo(zone))
    assert (night.end - night.start) / timedelta(hours=1) == hours


@pytest.mark.parametrize(
    ("zone", "text", "day", "wanted"),
    [
        ("Europe/Stockholm", "22:00 to 02:15", date(2027, 3, 27), "2027-03-27T21:00Z–2027-03-28T01:15Z"),
        ("Europe/Stockholm", "02:15 to 05:00", date(2027, 3, 27), "2027-03-28T01:15Z–2027-03-28T03:00Z"),
        ("Europe/Stockholm", "02:15 to 05:00", date(2026, 10, 24), "2026-10-25T00:15Z–2026-10-25T04:00Z"),
        ("Europe/Stockholm", "22:00 to 02:15", date(2026, 10, 24), "2026-10-24T20:00Z–2026-10-25T01:15Z"),
        ("Europe/Stockholm", "02:15 to 02:30", date(2026, 10, 24), "2026-10-25T00:15Z–2026-10-25T01:30Z"),
        ("Europe/Stockholm", "02:15 to 03:00", date(2027, 3, 27), ""),
        ("Australia/Lord_Howe", "02:15 to 05:00", date(2026, 10, 3), "2026-10-03T15:45Z–2026-10-03T18:00Z"),
        ("Australia/Lord_Howe", "01:45 to 05:00", date(2026, 4, 4), "2026-04-04T14:45Z–2026-04-04T18:30Z"),
        ("America/Sao_Paulo", "22:00 to 00:30", date(2018, 11, 3), "2018-11-04T01:00Z–2018-11-04T03:30Z"),
        ("America/Sao_Paulo", "22:00 to 24:00", date(2018, 11, 3), "2018-11-04T01:00Z–2018-11-04T03:00Z"),
        ("America/Sao_Paulo", "23:30 to 23:45", date(2018, 2, 17), "2018-02-18T01:30Z–2018-02-18T02:45Z"),
        ("Africa/Casablanca", "02:30 to 05:00", date(2026, 2, 14), "2026-02-15T01:30Z–2026-02-15T05:00Z"),
        ("Atlantic/Azores", "22:00 to 24:00", date(2026, 10, 24), "2026-10-24T22:00Z–2026-10-25T01:00Z"),
    ],
)
def test_times_that_the_clock_skips_or_repeats(zone: str, text: str, day: date, wanted: str) -> None:
    """02:15 that spring skips is the instant it would have been; in autumn a start is the first, an end the second."""
    place = Place(0.0, 0.0, ZoneInfo(zone))
    stretches = Window.parse(text).resolve(night_of(day, place.time_zone), place)
    assert "".join(f"{begin:%Y-%m-%dT%H:%MZ}–{end:%Y-%m-%dT%H:%MZ}" for begin, end in stretches) == wanted


ZONES = (
    "Europe/Stockholm Australia/Lord_Howe America/Sao_Paulo Africa/Casablanca Pacific/Apia Pacific/Kwajalein "
    "America/St_Johns Antarctica/Troll Pacific/Kiritimati Asia/Kathmandu Atlantic/Azores UTC Africa/Monrovia"
)


@given(
    st.sampled_from(ZONES.split()).map(ZoneInfo),
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example(ZoneInfo("Pacific/Apia"), datetime(2011, 12, 30, 15, tzinfo=UTC))
@example(ZoneInfo("Pacific/Apia"), datetime(2011, 12, 30, 22, tzinfo=UTC))
@example(ZoneInfo("Pacific/Kwajalein"), datetime(1993, 8, 21, 6, tzinfo=UTC))
@example(ZoneInfo("Pacific/Kiritimati"), datetime(1994, 12, 31, 15, tzinfo=UTC))
def test_every_instant_lies_in_exactly_one_night(zone: ZoneInfo, at: datetime) -> None:
    """And the nights follow one another without a gap, through any change of clocks."""
    night = night_at(at, zone)
    assert night.start <= at < night.end
    assert night == night_at(at.astimezone(ZoneInfo("Asia/Tokyo")), zone)
    neighbours: list[Night] = [night_of(night.day + timedelta(days=i), zone) for i in (-2, -1, 0, 1, 2)]
    for one, following in pairwise(neighbours):
        assert one.end == following.start
        assert one.start <= one.end
    assert sum(one.start <= at < one.end for one in neighbours) == 1


def test_24_00_is_the_next_midnight() -> None:
    """The end of a day is the beginning of the next one."""
    assert instant(date(2026, 11, 26), 1440, STOCKHOLM) == instant(date(2026, 11, 27), 0, STOCKHOLM)
