"""What a new caretaker does with nothing but the guide: lines of its example go into the shipped schedule as its rules
say, and `plan --json` shows what was wanted."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result

LATHUND = (Path(__file__).parents[2] / "config" / "LATHUND.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"^```yaml\n(.*?)^```$", LATHUND, re.DOTALL | re.MULTILINE)
WEEK = "En vecka fri från våld"
Call = Callable[..., Result]


def entry(name: str) -> str:
    """An entry of the example, without its comments."""
    (found,) = re.findall(rf"^  - (?:\{{)?name: {name}\b.*\n(?:    .*\n)*", EXAMPLE, re.MULTILINE)
    return re.sub(r" +# .*", "", found)


def line(name: str, keyword: str) -> str:
    """One line of it."""
    (found,) = re.findall(rf"^    {keyword}: .*\n", entry(name), re.MULTILINE)
    return str(found)


class Desk:
    """The shipped schedule, edited as a person does."""

    def __init__(self, config: Path, call: Call) -> None:
        self._file = config / "schedule.yaml"
        self._call = call

    def edit(self, old: str, new: str) -> None:
        """Replace what a pattern finds, once; the file is without mistakes afterwards."""
        text, count = re.subn(old, new.replace("\\", r"\\"), self._file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert count == 1
        self._file.write_text(text, encoding="utf-8")
        checked = self._call("check")
        assert checked.exit_code == 0, checked.output

    def paste_below_the_week(self, text: str) -> None:
        """As the last campaign."""
        self.edit(r"^every_night:", f"{text}\nevery_night:")

    def looks(self, instant: str) -> dict[str, tuple[object, object]]:
        """By zone, colour and brightness at an instant."""
        document = json.loads(self._call("plan", "--json", "--at", instant).stdout)
        return {zone: (look["color"], look["brightness"]) for zone, look in document["looks"].items()}

    def name_of(self, zone: str, instant: str) -> object:
        """The colour of a zone as the file names it."""
        return json.loads(self._call("plan", "--json", "--at", instant).stdout)["looks"][zone]["color_name"]

    def is_lit(self, instant: str) -> bool:
        """Whether anything is."""
        return any(color is not None for color, _ in self.looks(instant).values())

    def lit_days(self, first: str, last: str) -> list[int]:
        """The days of a month at whose late evening the tower is lit."""
        days = range(int(first[-2:]), int(last[-2:]) + 1)
        return [day for day in days if self.is_lit(f"{first[:-2]}{day:02}T18:00")]


@pytest.fixture
def desk(config: Path, call: Call) -> Desk:
    """A file to edit."""
    return Desk(config, call)


def test_the_campaign_is_moved_in_one_year_only(desk: Desk) -> None:
    """To 21–27 November; the year after it is back."""
    desk.edit(r"^    dates: .*\n", line(WEEK, "dates") + line(WEEK, "except"))
    assert desk.lit_days("2027-11-18", "2027-11-29") == [*range(21, 28)]
    assert desk.lit_days("2028-11-18", "2028-11-29") == [*range(20, 27)]


def test_the_small_hours_are_dark(desk: Desk) -> None:
    """From 23:00, and lit again from 05:00 to sunrise."""
    desk.edit(r"^    hours: .*\n", line(WEEK, "hours"))
    lit = {
        clock: desk.is_lit(f"2027-11-24T{clock}") for clock in ("04:59", "05:01", "08:30", "18:00", "22:57", "23:01")
    }
    assert lit == {"04:59": False, "05:01": True, "08:30": False, "18:00": True, "22:57": True, "23:01": False}


def test_a_second_campaign_below_does_not_disturb_the_week(desk: Desk) -> None:
    """Fainter, 25 November to 10 December."""
    desk.paste_below_the_week(entry("Orange dagar"))
    shown = {day: desk.looks(f"2027-{day}T18:00")["bowl"] for day in ("11-25", "11-26", "11-27", "12-10", "12-11")}
    full, faint, dark = ("#FF6A00", 1.0), ("#FF6A00", 0.6), (None, 0.0)
    assert shown == {"11-25": full, "11-26": full, "11-27": faint, "12-10": faint, "12-11": dark}


def test_christmas_eve_is_dark_all_night_and_advent_is_warm_white(desk: Desk) -> None:
    """`[]` goes, and the entry is on the line below."""
    desk.paste_below_the_week(entry("Advent och jul"))
    assert desk.lit_days("2027-12-24", "2027-12-24") == [24]
    desk.edit(r"^blackouts: \[\].*\n", f"blackouts:\n{entry('Julafton')}")
    assert desk.lit_days("2027-12-22", "2027-12-27") == [22, 23, 25, 26, 27]
    assert not desk.is_lit("2027-12-25T06:00")
    assert [desk.is_lit(f"{day}T18:00") for day in ("2027-11-27", "2027-11-28", "2028-01-13", "2028-01-14")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert desk.name_of("bowl", "2027-12-01T18:00") == "varmvit"


def test_the_parts_have_colours_of_their_own(desk: Desk) -> None:
    """White above, a code below: the pair of the example with other colours."""
    colors = line("Nationaldagen", "color").replace("gul", "vit").replace("#006AA7", "#2E7D32")
    desk.edit(r"^    color: .*\n", colors)
    assert desk.looks("2027-11-24T18:00") == {"bowl": ("#FFFFFF", 1.0), "shaft": ("#2E7D32", 1.0)}


def test_a_mistake_is_reported_with_its_line_and_the_cure(config: Path, call: Call) -> None:
    """Taking the advice mends it."""
    file = config / "schedule.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("20–26 November", "20–26 Novembr"), encoding="utf-8")
    result = call("check", "--lang", "sv")
    number = 1 + text[: text.index("20–26")].count("\n")
    assert (result.exit_code, f"schedule.yaml:{number}:" in result.output, "November" in result.output) == (
        78,
        True,
        True,
    )


def test_why_it_was_dark_is_answered_in_the_form_of_the_guide(call: Call) -> None:
    """The instant of the guide, on another night."""
    (instant,) = re.findall(r"`watertower plan --at (\S+)`", LATHUND)
    assert datetime.fromisoformat(instant)
    assert "För att: inget gäller: släckt" in call("plan", "--at", "2026-11-28T23:30", "--lang", "sv").stdout
