"""Nights worked out elsewhere: by `ephem` for the sun, by a calendar for the days, by hand for the rest."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import ephem
import pytest

from controller.schedule.plan import Program

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE = timedelta(minutes=1)
SHOWN = """
campaigns:
  - {name: Earth Hour, nights: last Saturday in March, hours: 20:30 to 21:30, color: dark}
  - {name: En vecka fri från våld, nights: 20–26 November, color: orange, fade_in: 30 s, fade_out: 2 min}
  - {name: Orange the World, nights: 25 November to 10 December, hours: sunset to 23:00, color: orange}
  - {name: Sveriges nationaldag, nights: 6 June, color: {bowl: yellow, shaft: blue}}
  - {name: Pride, nights: 24 August 2026 to 30 August 2026, color: [red, orange, yellow], change_every: 60 s}
  - {name: Invigning, nights: 2026-09-12, hours: 19:00 to 22:00, color: lime, otherwise: dark}
  - name: Advent
    nights: first Sunday of Advent to 13 January
    hours: [sunset to 23:00, 05:00 to sunrise]
    color: "#FFB46B"
    except: 24 December
every_night:
  - {name: Vardagsljus, hours: [sunset to 23:00, 05:00 to sunrise], color: white}
blackouts:
  - {name: Flyttfåglar, nights: 1 May to 10 May, hours: 22:00 to 04:00}
"""

LitTexts = Callable[[Program, str, str], list[str]]


@pytest.fixture(scope="module")
def shown(planned: Callable[..., Program]) -> Program:
    """The schedule of a whole year."""
    return planned(SHOWN)


def events(day: date) -> tuple[datetime, datetime]:
    """Sunrise and sunset of a date in Alvesta, as an almanac gives them."""
    observer = ephem.Observer()
    observer.lat, observer.lon, observer.pressure, observer.horizon = "56.899", "14.556", 0, "-0:50"
    observer.date = f"{day:%Y/%m/%d}"
    sun = ephem.Sun()
    found = (observer.next_rising(sun, use_center=True), observer.next_setting(sun, use_center=True))
    rising, setting = (at.datetime().replace(tzinfo=UTC).astimezone(STOCKHOLM) for at in found)
    return rising, setting


def midnight(day: date) -> datetime:
    """00:00."""
    return datetime(day.year, day.month, day.day, tzinfo=STOCKHOLM)


@pytest.mark.parametrize("year", [2023, 2024, 2026, 2028])
def test_the_shipped_week_is_lit_while_it_is_dark(year: int, shipped: Program, lights: Callable[..., list]) -> None:
    """From 00:00 on the 20th to 24:00 on the 26th whenever the sun is down, and not a minute more."""
    days = [date(year, 11, 20) + timedelta(days=i) for i in range(7)]
    suns = [events(day) for day in days]
    wanted = [
        (midnight(days[0]), suns[0][0]),
        *((suns[i][1], suns[i + 1][0]) for i in range(6)),
        (suns[6][1], midnight(date(year, 11, 27))),
    ]
    found = lights(shipped, f"{year}-11-01", f"{year}-12-24")
    assert [name for name, _, _ in found] == ["En vecka fri från våld"] * 8
    for (_, begin, end), (begins, ends) in zip(found, wanted, strict=True):
        assert abs(begin - begins) <= MINUTE
        assert abs(end - ends) <= MINUTE


def test_the_shipped_week_of_2026_in_words(shipped: Program, lit_texts: LitTexts) -> None:
    """Nothing on the 19th and on the 27th; the two midnights to the second, and no cue at the noons."""
    assert lit_texts(shipped, "2026-11-18", "2026-11-29") == [
        "Fri 20 00:00–Fri 20 07:53 En vecka fri från våld",
        "Fri 20 15:41–Sat 21 07:55 En vecka fri från våld",
        "Sat 21 15:40–Sun 22 07:57 En vecka fri från våld",
        "Sun 22 15:38–Mon 23 07:59 En vecka fri från våld",
        "Mon 23 15:37–Tue 24 08:01 En vecka fri från våld",
        "Tue 24 15:35–Wed 25 08:03 En vecka fri från våld",
        "Wed 25 15:34–Thu 26 08:05 En vecka fri från våld",
        "Thu 26 15:33–Fri 27 00:00 En vecka fri från våld",
    ]
    cues = shipped.cues(midnight(date(2026, 11, 19)), midnight(date(2026, 11, 28)))
    assert cues[1].at == midnight(date(2026, 11, 20))
    assert cues[-1].at == midnight(date(2026, 11, 27)) - timedelta(minutes=2)
    assert {cue.fade_s for cue in cues[1::2]} == {30.0}
    assert {cue.fade_s for cue in cues[2::2]} == {120.0}


def test_every_year_of_the_century_has_its_week(shipped: Program) -> None:
    """Sixteen cues a year, from the first midnight to two minutes before the last."""
    for year in range(1999, 2100, 10):
        cues = shipped.cues(midnight(date(year, 6, 1)), midnight(date(year + 1, 6, 1)))
        assert len(cues) == 17
        assert cues[1].at == midnight(date(year, 11, 20))
        assert cues[-1].at == midnight(date(year, 11, 27)) - timedelta(minutes=2)


def test_the_orange_week_as_nights(shown: Program, lit_texts: LitTexts) -> None:
    """Named after their evenings, the last one ends on the 27th; everyday light before it, another campaign behind."""
    assert lit_texts(shown, "2026-11-19", "2026-11-28")[1:] == [
        "Thu 19 15:43–Thu 19 23:00 Vardagsljus",
        "Fri 20 05:00–Fri 20 07:53 Vardagsljus",
        "Fri 20 15:41–Sat 21 07:55 En vecka fri från våld",
        "Sat 21 15:40–Sun 22 07:57 En vecka fri från våld",
        "Sun 22 15:38–Mon 23 07:59 En vecka fri från våld",
        "Mon 23 15:37–Tue 24 08:01 En vecka fri från våld",
        "Tue 24 15:35–Wed 25 08:03 En vecka fri från våld",
        "Wed 25 15:34–Thu 26 08:05 En vecka fri från våld",
        "Thu 26 15:33–Fri 27 08:07 En vecka fri från våld",
        "Fri 27 15:31–Fri 27 23:00 Orange the World",
    ]


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        pytest.param(
            "2027-03-27",
            "2027-03-28",
            [
                "Sat 27 05:00–Sat 27 05:46 Vardagsljus",
                "Sat 27 18:30–Sat 27 20:30 Vardagsljus",
                "Sat 27 20:30–Sat 27 21:30 Earth Hour",
                "Sat 27 21:30–Sat 27 23:00 Vardagsljus",
            ],
            id="Earth Hour",
        ),
        pytest.param("2026-06-06", "2026-06-07", ["Sat 06 21:49–Sun 07 00:00 Sveriges nationaldag"], id="6 June"),
        pytest.param("2026-06-07", "2026-06-07T12:00", ["Sun 07 00:00–Sun 07 04:12 Sveriges nationaldag"], id="7 June"),
        pytest.param(
            "2027-05-01T12:00",
            "2027-05-02T12:00",
            ["Sat 01 20:44–Sat 01 22:00 Vardagsljus", "Sun 02 05:00–Sun 02 05:13 Vardagsljus"],
            id="blackout",
        ),
        pytest.param(
            "2026-09-12T12:00",
            "2026-09-13T12:00",
            ["Sat 12 19:00–Sat 12 22:00 Invigning"],
            id="otherwise dark",
        ),
        pytest.param("2026-06-20T12:00", "2026-06-21T12:00", ["Sat 20 21:59–Sat 20 23:00 Vardagsljus"], id="Midsummer"),
        pytest.param(
            "2026-12-24",
            "2026-12-26",
            [
                "Thu 24 05:00–Thu 24 08:39 Advent",
                "Thu 24 15:24–Thu 24 23:00 Vardagsljus",
                "Fri 25 05:00–Fri 25 08:39 Vardagsljus",
                "Fri 25 15:24–Fri 25 23:00 Advent",
            ],
            id="except",
        ),
        pytest.param(
            "2027-01-13T12:00",
            "2027-01-15",
            [
                "Wed 13 15:50–Wed 13 23:00 Advent",
                "Thu 14 05:00–Thu 14 08:30 Advent",
                "Thu 14 15:52–Thu 14 23:00 Vardagsljus",
            ],
            id="the last candlelight",
        ),
    ],
)
def test_a_night_of_the_year(shown: Program, lit_texts: LitTexts, first: str, last: str, wanted: list[str]) -> None:
    """Who shows from when to when."""
    assert lit_texts(shown, first, last) == wanted


@pytest.mark.parametrize(
    ("text", "year", "first", "last"),
    [
        ("week 47", 2026, "11-16", "11-22"),
        ("week 47", 2027, "11-22", "11-28"),
        ("vecka 47", 2028, "11-20", "11-26"),
        ("last Saturday in March", 2026, "03-28", "03-28"),
        ("last Saturday in March", 2027, "03-27", "03-27"),
        ("sista lördagen i mars", 2028, "03-25", "03-25"),
        ("first Sunday of Advent", 2026, "11-29", "11-29"),
        ("första advent", 2027, "11-28", "11-28"),
        ("first Sunday of Advent", 2028, "12-03", "12-03"),
    ],
)
def test_days_that_move(
    planned: Callable[..., Program], lights: Callable[..., list], text: str, year: int, first: str, last: str
) -> None:
    """As calendars print them, all the way through the plan."""
    program = planned(f"campaigns: [{{name: a, dates: {text}, hours: all day, color: orange}}]")
    begins = datetime.fromisoformat(f"{year}-{first}").replace(tzinfo=STOCKHOLM)
    ends = datetime.fromisoformat(f"{year}-{last}").replace(tzinfo=STOCKHOLM) + timedelta(days=1)
    assert lights(program, f"{year}-01-01", f"{year}-12-31") == [("a", begins, ends)]


KIRUNA = (67.8558, 20.2253, "Europe/Stockholm")


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ("2026-05-25T12:00", "2026-05-28T12:00", ["Tue 26 00:01–Tue 26 01:10", "Wed 27 00:19–Wed 27 00:53"]),
        ("2026-05-27T12:00", "2026-07-16T12:00", []),
        ("2026-07-16T12:00", "2026-07-17T12:00", ["Fri 17 00:26–Fri 17 01:06"]),
        ("2026-07-18", "2026-07-19T12:00", ["Sat 18 00:10–Sat 18 01:22", "Sat 18 23:59–Sun 19 01:33"]),
        (
            "2026-12-08T11:00",
            "2026-12-12T12:00",
            ["Tue 08 12:06–Wed 09 11:04", "Wed 09 11:58–Thu 10 11:16", "Thu 10 11:48–Sat 12 12:00"],
        ),
    ],
)
def test_kiruna_where_the_sun_grazes(
    planned: Callable[..., Program], lit_texts: LitTexts, first: str, last: str, wanted: list[str]
) -> None:
    """No evening of a date, two evenings on one date, an hour of day at noon, and a night of weeks."""
    program = planned("every_night: [{name: a, color: orange}]", KIRUNA)
    assert [text.removesuffix(" a") for text in lit_texts(program, first, last)] == wanted
