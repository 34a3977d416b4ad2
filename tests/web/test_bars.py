"""The nights as bars, a year as a strip, and the same in words."""

import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, parse
from controller.schedule.plan import Program
from controller.service.clauses import Names, names_of
from controller.web.bars import FLOOR, TALLEST, WIDTH, night_bar, plan_picture, year_strip
from controller.web.nights import NightBar, NightWords, night_bars, night_name, night_words, year_runs

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
SCHEDULE = """version: 1
blackouts:
  - {name: Flyttfåglar, nights: 1–10 maj, hours: 22:00 to 04:00}
campaigns:
  - {name: Julafton, nights: julafton, color: dark}
  - {name: En vecka fri från våld, dates: 20–26 november, color: orange}
  - {name: Orange the World, nights: 25 nov–10 dec, hours: sunset to 23:00, color: orange, brightness: 60 %}
  - name: Advent och jul
    nights: first Sunday of Advent to 13 januari
    hours: [sunset to 23:00, "05:00 to sunrise"]
    color: varmvit
  - {name: Alvesta Pride, nights: 23–29 augusti 2027, color: [red, orange, yellow], change_every: 60 s}
  - {name: Sveriges nationaldag, nights: 6 juni, color: {bowl: yellow, shaft: blue}}
"""
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def setup() -> Setup:
    """The shipped tower under the schedule of a whole year."""
    return parse((ROOT / "config" / "tower.yaml").read_bytes(), SCHEDULE.encode(), ROOT / "config")


@pytest.fixture(scope="module")
def program(setup: Setup) -> Program:
    """Its rules."""
    return setup.program()


@pytest.fixture(scope="module")
def names(setup: Setup) -> Names:
    """What people call its parts."""
    return names_of(setup.tower)


@pytest.fixture(scope="module")
def year(program: Program) -> dict[date, NightBar]:
    """Its nights from 1 November 2026 on."""
    return {bar.night.day: bar for bar in night_bars(program, NOON, NOON + timedelta(days=365))}


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (
            date(2026, 11, 19),
            NightWords("tors 19 – fre 20 nov", "00:00–07:52", ("En vecka fri från våld, orange",), (), ()),
        ),
        (
            date(2026, 11, 26),
            NightWords(
                "tors 26 – fre 27 nov", "15:32–24:00", ("En vecka fri från våld, orange",), ("Orange the World",), ()
            ),
        ),
        (
            date(2026, 11, 30),
            NightWords(
                "mån 30 nov – tis 1 dec",
                "15:28–23:00 och 05:00–08:14",
                ("Orange the World, orange 60 %", "Advent och jul, varmvitt"),
                ("Advent och jul 15:28–23:00",),
                (),
            ),
        ),
        (
            date(2026, 12, 24),
            NightWords("tors 24 – fre 25 dec", "släckt", ("Julafton, släckt",), ("Advent och jul",), ()),
        ),
        (date(2027, 5, 3), NightWords("mån 3 – tis 4 maj", "släckt", (), (), ("Släckning: Flyttfåglar",))),
        (
            date(2027, 6, 6),
            NightWords(
                "sön 6 – mån 7 juni", "21:48–04:11", ("Sveriges nationaldag, skålen gult, skaftet blått",), (), ()
            ),
        ),
        (
            date(2027, 8, 24),
            NightWords("tis 24 – ons 25 aug", "20:20–05:49", ("Alvesta Pride, växlar mellan 3 färger",), (), ()),
        ),
        (date(2027, 2, 1), NightWords("mån 1 – tis 2 feb", "släckt", (), (), ())),
    ],
)
def test_a_night_has_its_words(
    year: dict[date, NightBar], program: Program, names: Names, day: date, words: NightWords
) -> None:
    """Both its days, its hours, what is lit and what gives way, with the hours lost where it is lit in others."""
    assert night_words(year[day], program.place, names, "sv") == words


def test_a_night_is_named_by_both_its_days() -> None:
    """In each language, over a new month and a new year."""
    assert night_name(date(2026, 11, 24), "en") == "Tue 24 – Wed 25 Nov"
    assert night_name(date(2026, 12, 31), "sv") == "tors 31 dec – fre 1 jan"


def boxes(svg: str) -> list[tuple[float, float, float, str]]:
    """Left, width, height and fill of each bar of light."""
    rects = ET.fromstring(svg).iter(f"{SVG}rect")  # noqa: S314  our own
    bars = [rect.attrib for rect in rects if "x" in rect.attrib and "stroke" not in rect.attrib]
    return [(float(bar["x"]), float(bar["width"]), float(bar["height"]), bar["fill"]) for bar in bars]


def test_a_bar_is_as_long_as_the_light_and_as_high_as_it_is_bright(
    year: dict[date, NightBar], program: Program
) -> None:
    """Over a frame from noon to noon."""
    ((left, width, high, fill),) = boxes(night_bar(year[date(2026, 11, 24)], program.place))
    assert (left, left + width) == (pytest.approx(WIDTH * 3.6 / 24, abs=1), pytest.approx(WIDTH * 20.04 / 24, abs=1))
    assert (high, fill) == (TALLEST, "#FF6A00")
    ((_, _, faint, _),) = boxes(night_bar(year[date(2026, 11, 27)], program.place))
    assert faint == pytest.approx(0.6 * TALLEST, abs=0.1)


def test_zones_lie_on_top_of_each_other_and_sequences_are_striped(year: dict[date, NightBar], program: Program) -> None:
    """The first zone above; each colour of a sequence is seen."""
    svg = night_bar(year[date(2027, 6, 6)], program.place)
    assert [fill for *_, fill in boxes(svg)] == ["#0000FF", "#FFFF00"]
    assert sum(high for _, _, high, _ in boxes(svg)) <= TALLEST + 0.1 < FLOOR
    assert {fill for *_, fill in boxes(night_bar(year[date(2027, 8, 24)], program.place))} == {
        "#FF0000",
        "#FF6A00",
        "#FFFF00",
    }


def test_what_gives_way_is_dotted_and_a_blackout_is_dashed(year: dict[date, NightBar], program: Program) -> None:
    """And the present has a mark, in its own night only."""
    place, now = program.place, datetime(2026, 11, 25, 20, tzinfo=UTC)
    assert 'stroke-dasharray="0.1 4"' in night_bar(year[date(2026, 11, 25)], place)
    assert 'stroke-dasharray="4 3"' in night_bar(year[date(2027, 5, 3)], place)
    plain = night_bar(year[date(2026, 11, 24)], place)
    assert not re.search(r'stroke-dasharray="(0.1 4|4 3)"', plain)
    assert night_bar(year[date(2026, 11, 24)], place, now=now) == plain
    assert night_bar(year[date(2026, 11, 24)], place, now=year[date(2026, 11, 25)].night.start) == plain
    assert night_bar(year[date(2026, 11, 25)], place, now=now) != night_bar(year[date(2026, 11, 25)], place)


@pytest.mark.parametrize(
    ("latitude", "day"), [(69.65, date(2026, 12, 21)), (69.65, date(2026, 6, 21)), (-33.9, date(2026, 6, 21))]
)
def test_polar_night_and_midnight_sun_have_bars(setup: Setup, latitude: float, day: date) -> None:
    """Where the sun neither rises nor sets."""
    site = setup.tower.site.model_copy(update={"latitude": latitude})
    far = replace(setup, tower=setup.tower.model_copy(update={"site": site})).program()
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    (bar, *_) = night_bars(far, noon, noon + timedelta(hours=1))
    root = ET.fromstring(night_bar(bar, far.place))  # noqa: S314  our own
    assert root.get("aria-hidden") == "true"
    assert (len(list(root.iter(f"{SVG}circle"))) == 2) == (latitude < 0)


def test_a_year_is_divided_into_runs(year: dict[date, NightBar]) -> None:
    """Without a gap; each night once, as the light that is on for longest in it."""
    runs = year_runs(year.values())
    assert sum((run.last - run.first).days + 1 for run in runs) == len(year)
    lit = [(run.rule.name, run.first, run.last) for run in runs if run.rule is not None]
    assert lit[0] == ("En vecka fri från våld", date(2026, 11, 19), date(2026, 11, 26))
    assert ("Sveriges nationaldag", date(2027, 6, 6), date(2027, 6, 6)) in lit
    assert any(run.rule is None and run.first <= date(2026, 12, 24) <= run.last for run in runs)


def test_a_strip_has_a_lane_for_each_rule_numbered_as_the_list(year: dict[date, NightBar], program: Program) -> None:
    """A dot marks a blackout; of a thousand rules not all have a lane."""
    root = ET.fromstring(year_strip(tuple(year.values()), program.rules, "sv"))  # noqa: S314  our own
    words = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert [word for word in words if word.isdigit()] == ["1", "2", "3", "4", "5", "6"]
    assert len(list(root.iter(f"{SVG}circle"))) == 1
    assert {"dec", "feb"} <= set(words)
    many = year_strip(tuple(year.values()), program.rules * 200, "sv")
    assert float(ET.fromstring(many).attrib["viewBox"].split()[3]) < 300  # noqa: S314  our own
    assert "<svg" in year_strip((), (), "sv")


def test_a_year_of_nights_costs_milliseconds_once_it_is_known(year: dict[date, NightBar], program: Program) -> None:
    """Less than half a second of the processor even on a machine under load; 20 ms when it idles."""
    began = time.process_time()
    year_strip(night_bars(program, NOON, NOON + timedelta(days=365)), program.rules, "sv")
    assert time.process_time() - began < 0.5
    assert year


def test_the_picture_of_a_plan_has_every_night(year: dict[date, NightBar], program: Program, names: Names) -> None:
    """A document of its own, with ids that are used once."""
    svg = plan_picture(tuple(year.values())[:30], program.place, names, "en")
    root = ET.fromstring(svg)  # noqa: S314  our own
    words = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert "Thu 26 – Fri 27 Nov" in words
    assert "En vecka fri från våld, orange · Orange the World not shown" in words
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids)) == 30


def test_names_in_a_plan_are_text(program: Program, setup: Setup) -> None:
    """Text in a file adds no element."""
    bad = SCHEDULE.replace("name: Orange the World", 'name: "<script>alert(1)</script>"')
    other = parse((ROOT / "config" / "tower.yaml").read_bytes(), bad.encode(), ROOT / "config").program()
    bars = night_bars(other, NOON, NOON + timedelta(days=30))
    assert "<script" not in plan_picture(bars, program.place, names_of(setup.tower), "sv")


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 12, 20), "hela dygnet"), (date(2026, 6, 20), "släckt")])
def test_beyond_the_polar_circle_a_night_lasts_all_day_or_not_at_all(setup: Setup, day: date, hours: str) -> None:
    """In Tromsø the sun does not rise in December, nor set in June."""
    tower = (ROOT / "config" / "tower.yaml").read_text()
    moved = tower.replace("latitude: 56.899", "latitude: 69.65").replace("Europe/Stockholm", "Europe/Oslo")
    north = parse(moved.encode(), b"version: 1\nevery_night: [{name: Vardag, color: white}]\n", ROOT / "config")
    at = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    (bar,) = night_bars(north.program(), at, at + timedelta(minutes=1))
    assert night_words(bar, north.tower.site.place, names_of(north.tower), "sv").hours == hours
    assert night_bar(bar, north.tower.site.place, now=at, prefix="n").startswith("<svg")
