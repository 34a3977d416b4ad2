"""`watertower report`: proof of glow for people, programs and spreadsheets."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.events import new_event
from controller.state import History, LightChange, Minute
from controller.state.history_rows import Row, recorded
from tests.cli.conftest import Call

WEEK = "En vecka fri från våld"
EVENING = datetime(2025, 11, 21, 20, tzinfo=UTC)
"""21:00 in Alvesta."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def night(tmp_path: Path) -> None:
    """Ten minutes of one evening; the gateway was silent in three of them, and Sara stopped everything in two."""
    (tmp_path / "state").mkdir()
    orange, dark = {"colors": ["#FF6A00"], "brightness": 1.0}, {"colors": [], "brightness": 1.0}
    campaign, stop = {"kind": "campaign", "name": WEEK}, {"kind": "stop", "owner": "Sara", "reason": "arbete"}

    def rows() -> Iterator[Row]:
        for zone in ("bowl", "shaft"):
            yield LightChange(EVENING, zone, orange, campaign)
            yield LightChange(EVENING + 8 * MINUTE, zone, dark, stop)
            for number in range(10):
                confirmed_s = 0.0 if 3 <= number < 6 else 60.0
                yield Minute(date(2025, 11, 21), zone, EVENING + number * MINUTE, number < 8, confirmed_s)
        yield recorded(new_event("TWL-G104", gateway="mast", age_s=60.0), EVENING + 4 * MINUTE)
        yield recorded(new_event("TWL-G105", gateway="mast"), EVENING + 6 * MINUTE)
        yield recorded(new_event("TWL-O105", id="s", owner="Sara", reason="arbete"), EVENING + 8 * MINUTE)
        yield recorded(new_event("TWL-O106", id="l", owner="Sara", reason="klart"), EVENING + 10 * MINUTE)

    history = History(tmp_path / "state")
    history.write(list(rows()))
    history.close()


PERIOD = "2025-11-21T21:00..2025-11-21T21:10"


def test_for_people_each_night_and_gap_is_a_line(call: Call, night: None) -> None:
    """With the sum first, the cause of each gap, and what was set by hand."""
    result = call("report", PERIOD, "--lang", "sv")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[:4] == [
        "Allt planerat ljus, fre 21 nov 2025",
        "0 h 05 min av 0 h 10 min bekräftade (50 %)",
        "Skålen: 0 h 05 min av 0 h 10 min bekräftade (50 %)",
        "Skaftet: 0 h 05 min av 0 h 10 min bekräftade (50 %)",
    ]
    assert lines[4].startswith("fre 21 – lör 22 nov  0 h 05 min av 0 h 10 min")
    assert lines[5].startswith("lucka 21:03–21:06 Skålen, Skaftet: TWL-G104 mast är tyst")
    assert lines[6] == "lucka 21:08–21:10 Skålen, Skaftet: säkerhetsstopp av Sara: arbete"
    assert lines[7:9] == [
        "Tillfälliga ändringar: 1",
        "säkerhetsstopp av Sara från 2025-11-21 21:08, ”arbete”, hävt 21:10",
    ]
    assert lines[9] == "Bekräftat betyder: styrenheten säger att den visar det."


def test_for_programs_it_is_a_document(call: Call, night: None) -> None:
    """Values and codes."""
    document = json.loads(call("report", WEEK, "2025", "--json").stdout)
    assert (document["version"], document["campaign"]) == (1, WEEK)
    assert document["site"] == "Alvesta vattentorn"
    assert (document["from"], document["until"]) == ("2025-11-19T23:00:00Z", "2025-11-26T23:00:00Z")
    assert len(document["nights"]) == 8
    assert document["confirmed_s"] == 300.0
    causes = [cause["kind"] for found in document["nights"][2]["gaps"] for cause in found["causes"]]
    assert causes == ["not_recorded", "gateway", "stop", "not_recorded"]
    assert document["by_hand"][0]["owner"] == "Sara"


def test_for_spreadsheets_each_night_and_zone_is_a_line(call: Call, night: None) -> None:
    """With the gaps of that zone."""
    rows = list(csv.DictReader(io.StringIO(call("report", PERIOD, "--csv").stdout)))
    assert [(row["night"], row["zone"], row["planned_min"], row["confirmed_min"], row["percent"]) for row in rows] == [
        ("2025-11-21", zone, "10", "5.0", "50.0") for zone in ("bowl", "shaft")
    ]
    assert "2025-11-21T20:03:00Z/2025-11-21T20:06:00Z TWL-G104" in rows[0]["gaps"]


def test_minutes_for_spreadsheets_are_never_rounded_up(call: Call, night: None, tmp_path: Path) -> None:
    """Nor are those that a meter measured."""
    history = History(tmp_path / "state")
    history.write([Minute(date(2025, 11, 21), "bowl", EVENING, True, 57.5, 57.5)])
    history.close()
    bowl = next(csv.DictReader(io.StringIO(call("report", PERIOD, "--csv").stdout)))
    assert (bowl["confirmed_min"], bowl["measured_min"]) == ("4.9", "0.9")


def test_what_is_neither_a_campaign_nor_days_names_the_campaigns(call: Call) -> None:
    """And is no traceback."""
    result = call("report", "Krister")
    assert result.exit_code == 2
    assert "TWL-Q150" in result.stderr
    assert WEEK in result.stderr
    assert call("report", "--json", "--csv").exit_code == 2


def test_without_a_history_nothing_is_confirmed(call: Call) -> None:
    """The percentage is 0, not a division by zero; of days without planned light that is said."""
    assert "(0 %)" in call("report").stdout
    assert "no light was planned" in call("report", "1", "June", "2025").stdout


def test_what_was_measured_is_beside_what_was_confirmed(call: Call, night: None, tmp_path: Path) -> None:
    """By night and zone, for people, tables and programs; nothing of zones without a meter."""
    rows = [
        Minute(date(2025, 11, 21), "bowl", EVENING + number * MINUTE, True, 60.0, 45.0 if number else 0.0)
        for number in range(5)
    ]
    history = History(tmp_path / "state")
    history.write(rows)
    history.close()
    output = [line.strip() for line in call("report", PERIOD, "--lang", "sv").stdout.splitlines()]
    assert "Skålen: 0 h 07 min av 0 h 10 min bekräftade (70 %), uppmätt 0 h 03 min" in output
    assert output.count("Skaftet: 0 h 05 min av 0 h 10 min bekräftade (50 %)") == 2
    document = json.loads(call("report", PERIOD, "--json").stdout)
    assert document["zones"]["bowl"]["measured_s"] == 180.0
    assert document["zones"]["shaft"]["measured_s"] is None
    lines = [*csv.DictReader(io.StringIO(call("report", PERIOD, "--csv").stdout))]
    assert [(row["zone"], row["measured_min"]) for row in lines] == [("bowl", "3.0"), ("shaft", "")]
