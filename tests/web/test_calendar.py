"""The calendar that everybody may subscribe to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from controller.config.load import load
from controller.schedule.plan import Program
from controller.web.calendar import public_calendar, slug_of, slugs

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WEEK = "En vecka fri från våld"
STRANGE = "Ljus; och, mörker\\ <img onerror=x>"


@pytest.fixture
def program() -> Program:
    """The shipped week, and a campaign with a name that is hard to write."""
    setup = load(Path(__file__).parents[2] / "config")
    text = f"""version: 1
campaigns:
  - name: {WEEK}
    dates: 20–26 November
    color: orange
    about: {{sv: 'En vecka; mot våld, i alla former.'}}
    link: https://alvesta.se/orange
  - {{name: '{STRANGE}', nights: 1 December, hours: 17:00 to 23:00, color: red}}
"""
    return replace(setup, schedule=setup.schedule_of(text.encode())).program()


def events(program: Program, now: datetime = NOW, campaign: str | None = None) -> list[Any]:
    """As a calendar program reads them."""
    data = public_calendar(
        program, site="Alvesta vattentorn", domain="watertower", language="sv", now=now, campaign=campaign
    )
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_each_night_with_light_is_an_event_in_utc(program: Program) -> None:
    """Of the next 400 nights; the name as it was written, whatever is in it."""
    found = events(program)
    assert [str(each["summary"]) for each in found] == [*[WEEK] * 8, STRANGE, *[WEEK] * 8, STRANGE]
    strange = found[8]
    assert strange["dtstart"].dt == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert strange["dtend"].dt == datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert str(strange["location"]) == "Alvesta vattentorn"


def test_the_text_of_a_campaign_is_beside_its_nights(program: Program) -> None:
    """With the link; a campaign without a text has no description."""
    found = events(program)
    assert str(found[0]["description"]) == "En vecka; mot våld, i alla former.\nhttps://alvesta.se/orange"
    assert "description" not in found[8]


def test_an_event_keeps_its_uid(program: Program) -> None:
    """However often the calendar is read; no two events have the same."""
    first, later = events(program), events(program, NOW + timedelta(days=1))
    uids = [str(each["uid"]) for each in first]
    assert len(set(uids)) == len(uids)
    assert [str(each["uid"]) for each in later][: len(uids)] == uids


def test_of_one_campaign_only_its_nights_are_listed(program: Program) -> None:
    """With UIDs of their own, for whoever subscribes to both."""
    found = events(program, campaign=STRANGE)
    assert [str(each["summary"]) for each in found] == [STRANGE] * 2
    assert {str(each["uid"]) for each in found}.isdisjoint(str(each["uid"]) for each in events(program))


def test_of_one_campaign_only_its_own_text_is_shown() -> None:
    """Where another one lights another part of the tower that night."""
    setup = load(Path(__file__).parents[2] / "config")
    text = """version: 1
campaigns:
  - {name: Skaft, dates: 20 November, color: {shaft: red}}
  - {name: Skål, dates: 20 November, color: {bowl: red}, about: 'Om skålen'}
"""
    both = replace(setup, schedule=setup.schedule_of(text.encode())).program()
    assert events(both)[0]["description"] == "Om skålen"
    assert "description" not in events(both, campaign="Skaft")[0]


def test_a_calendar_without_light_is_empty(program: Program) -> None:
    """And is one all the same."""
    assert events(replace(program, campaigns=())) == []


def test_a_name_becomes_an_address(program: Program) -> None:
    """Two that are alike stay apart."""
    assert slug_of(WEEK) == "en-vecka-fri-fran-vald"
    assert slug_of("!") == "light"
    twins = [program.campaigns[0].model_copy(update={"name": name}) for name in ("Ljus!", "ljus", "LJUS?")]
    assert slugs(twins) == {"ljus": "Ljus!", "ljus-2": "ljus", "ljus-3": "LJUS?"}
