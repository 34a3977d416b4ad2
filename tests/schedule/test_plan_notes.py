"""Notes on a program that is not wrong: on the whole of it, and on one night."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.events import new_event
from controller.schedule.plan import Program
from controller.schedule.plan_notes import MOST_OVERLAPS, notes
from controller.schedule.trap_notes import night_notes

STOCKHOLM = ZoneInfo("Europe/Stockholm")
KIRUNA = (67.8558, 20.2253, "Europe/Stockholm")
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

Planned = Callable[..., Program]


def noted(program: Program, now: datetime = NOW) -> list[tuple[str, dict[str, object]]]:
    """Codes and fields without the rule's own name; every one can be said in both languages."""
    found = notes(program, now)
    for note in found:
        event = new_event(note.code, **note.fields)
        assert all(event.text(language) and event.action(language) for language in ("en", "sv"))
        assert note.fields["name"] == note.rule.name
    return [(note.code, {key: value for key, value in note.fields.items() if key != "name"}) for note in found]


def campaign(line: str, more: str = "") -> str:
    """A schedule with one campaign."""
    return f"campaigns:\n  - {{name: a, color: red, {line}}}\n{more}"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("dates: 20–26 November", []),
        ("dates: 20–26 November 2025", [("TWL-S203", {})]),
        ("nights: [6 June 2020, 1 November 2026]", []),
        ("dates: 20–26 November 2030", [("TWL-S208", {"day": "2030-11-20"})]),
        ("dates: 29 February", [("TWL-S206", {"year": 2028})]),
        ("dates: 29 February 2028", [("TWL-S208", {"day": "2028-02-29"})]),
        ("dates: 27–29 February", []),
        ("dates: 20 June, hours: 05:00 to sunrise", [("TWL-S202", {})]),
        ("dates: every day, except: every day", [("TWL-S202", {})]),
        ("dates: 20 November, color: dark", []),
        ("dates: 20–26 November, confirmed_for: [2026]", []),
        ("dates: 20–26 November, confirmed_for: 2025", [("TWL-S207", {"year": 2026})]),
        ("dates: 20–26 October, confirmed_for: [2026]", [("TWL-S207", {"year": 2027})]),
        (
            "nights: 20 November, hours: 20:30 to 21:30, fade_in: 50 min, fade_out: 20 min",
            [("TWL-S205", {"fades": "1 h 10 min", "window": "1 h"})],
        ),
        (
            "nights: 20 November, hours: [sunset to 23:00, 05:00 to 05:30], fade_in: 1 h",
            [("TWL-S205", {"fades": "1 h", "window": "30 min"})],
        ),
        (
            "dates: 20 November, hours: 18:00 to 06:00, fade_in: 8 h",
            [("TWL-S205", {"fades": "8 h", "window": "6 h"})],
        ),
        ("nights: 20 November, hours: [22:00 to 24:00, 00:00 to 02:00], fade_in: 3 h", []),
        ("nights: every day, hours: sunset to 22:00, fade_in: 2 min", []),
    ],
)
def test_a_note_on_one_campaign(planned: Planned, line: str, wanted: list[tuple[str, dict[str, object]]]) -> None:
    """Gone by, far ahead, on a leap day, never lit, not confirmed, faded for longer than it lasts; or nothing."""
    line = line if "color" in line else f"{line}, color: red"
    program = planned(f"campaigns:\n  - {{name: a, {line}}}\n")
    assert noted(program) == wanted


def test_days_that_are_far_between_are_no_leap_days(planned: Planned) -> None:
    """Easter is before 27 March in 2046, and not in the ten years before."""
    program = planned(campaign("dates: Easter Sunday to 26 March"))
    assert noted(program, datetime(2036, 6, 1, 12, tzinfo=UTC)) == [("TWL-S208", {"day": "2046-03-25"})]


def test_who_hides_a_campaign_is_named(planned: Planned) -> None:
    """A higher one, a blackout, or several of them."""
    below = "  - {name: low, dates: 6 June, hours: 22:30 to 23:30, color: red}\n"
    higher = "campaigns:\n  - {name: high, dates: 1–10 June, color: red}\n" + below
    assert ("TWL-S204", {"winners": "high"}) in noted(planned(higher))
    blackout = "campaigns:\n" + below + "blackouts: [{name: birds, dates: June, hours: all day}]"
    assert noted(planned(blackout)) == [("TWL-S204", {"winners": "birds"})]
    both = higher.replace("1–10 June", "1–10 June, hours: 22:00 to 23:00")
    both += "blackouts: [{name: birds, dates: June, hours: 23:00 to midnight}]"
    assert ("TWL-S204", {"winners": "high, birds"}) in noted(planned(both))


def test_of_many_that_hide_a_campaign_three_are_named(planned: Planned) -> None:
    """One for each quarter of its hour."""
    quarters = [("20:00", "20:15"), ("20:15", "20:30"), ("20:30", "20:45"), ("20:45", "21:00")]
    above = "".join(
        f"  - {{name: c{number}, nights: June, hours: {begin} to {end}, color: red}}\n"
        for number, (begin, end) in enumerate(quarters)
    )
    program = planned(f"campaigns:\n{above}  - {{name: low, nights: 6 June, hours: 20:00 to 21:00, color: blue}}\n")
    assert ("TWL-S204", {"winners": "c0, c1, c2, …"}) in noted(program)


def test_a_campaign_that_is_seen_for_a_while_is_not_hidden(planned: Planned) -> None:
    """Only the overlap is reported, with its nights."""
    program = planned(
        "campaigns:\n  - {name: a, nights: 20–26 November, color: red}\n"
        "  - {name: b, nights: 25 November to 10 December, hours: sunset to 23:00, color: blue}\n"
    )
    overlaps = {"other": "b", "nights": 4, "first": "2026-11-25", "last": "2027-11-26"}
    assert noted(program) == [("TWL-S201", overlaps)]


def test_where_a_lower_campaign_shines_outside_the_hours_of_the_higher_one_the_note_says_when(planned: Planned) -> None:
    """With its first night, and how many there are; `otherwise: dark` in the higher one ends it."""
    lines = (
        "campaigns:\n  - {name: a, nights: 20–26 November 2026, hours: 18:00 to 23:00, color: red%s}\n"
        "  - {name: b, nights: 25 November to 10 December 2026, hours: 17:00 to 05:00, color: blue}\n"
    )
    shared: dict[str, object] = {"other": "b", "nights": 2, "first": "2026-11-25", "last": "2026-11-26"}
    gaps = {"count": 2, "day": "2026-11-25", "hours": "17:00–18:00, 23:00–05:00"}
    assert noted(planned(lines % "")) == [("TWL-S217", shared | gaps)]
    assert noted(planned(lines % ", otherwise: dark")) == [("TWL-S201", shared)]


def test_of_three_campaigns_with_several_windows_each_pair_is_shown_once(planned: Planned) -> None:
    """One that lies between the two windows of another does not overlap with it, and is no night counted twice."""
    program = planned(
        "campaigns:\n"
        "  - {name: a, nights: 20–26 November 2026, hours: [18:00 to 19:00, 22:00 to 23:00], color: red}\n"
        "  - {name: between, nights: 20–26 November 2026, hours: 19:00 to 22:00, color: blue}\n"
        "  - {name: all, nights: 24–30 November 2026, hours: 18:00 to 23:30, color: white}\n"
    )
    overlaps = {"other": "all", "nights": 3, "first": "2026-11-24", "last": "2026-11-26"}
    overlaps |= {"count": 3, "day": "2026-11-24", "hours": "23:00–23:30"}
    assert noted(program) == [("TWL-S217", overlaps), ("TWL-S217", overlaps)]


def test_of_many_that_a_campaign_overlaps_some_are_named_and_the_rest_counted(planned: Planned) -> None:
    """Hundreds of campaigns at once would have tens of thousands of pairs."""
    count = MOST_OVERLAPS + 4
    rows = "".join(f"  - {{name: c{number}, nights: 6 June 2027, color: red}}\n" for number in range(count))
    program = planned(f"campaigns:\n{rows}")
    found = notes(program, datetime(2026, 11, 1, 12, tzinfo=UTC))
    first = [(note.code, note.fields.get("other") or note.fields["count"]) for note in found if note.rule.name == "c0"]
    assert first == [*(("TWL-S201", f"c{number}") for number in range(1, MOST_OVERLAPS + 1)), ("TWL-S209", 3)]


def test_windows_that_pass_each_other_do_not_overlap(planned: Planned) -> None:
    """Nor does what is shown on every night count as an overlap."""
    program = planned(
        "campaigns:\n  - {name: a, nights: 20–26 November, hours: 20:00 to 21:00, color: red}\n"
        "  - {name: b, nights: 20–26 November, hours: 21:00 to 22:00, color: blue}\n"
        "every_night: [{name: c, color: white}]\n"
    )
    assert noted(program) == []


def test_the_year_of_confirmation_is_that_in_which_it_begins(planned: Planned) -> None:
    """On 3 January the campaign of last year's Christmas is still on."""
    program = planned("campaigns: [{name: a, nights: 27 December to 6 January, color: red, confirmed_for: [2026]}]")
    assert noted(program, datetime(2027, 1, 3, 12, tzinfo=UTC)) == []
    assert noted(program, datetime(2027, 1, 8, 12, tzinfo=UTC)) == [("TWL-S207", {"year": 2027})]


def test_a_night_that_still_runs_is_not_gone_by(planned: Planned) -> None:
    """At three in the morning after the last evening; but at noon it is."""
    program = planned("campaigns: [{name: a, nights: 20 November 2026, color: red}]")
    assert noted(program, datetime(2026, 11, 21, 2, tzinfo=UTC)) == []
    assert noted(program, datetime(2026, 11, 21, 11, tzinfo=UTC)) == [("TWL-S203", {})]


def test_a_schedule_with_nothing_in_it_has_no_notes(planned: Planned) -> None:
    """And a blackout alone only when it has gone by."""
    assert noted(planned("campaigns: []")) == []
    assert noted(planned("blackouts: [{name: b, dates: 6 June}]")) == []
    assert noted(planned("blackouts: [{name: b, dates: 6 June 2020}]")) == [("TWL-S203", {})]


# One night


def of_night(program: Program, night: str) -> list[tuple[str, dict[str, object]]]:
    """The notes of the night that begins on a date, without the rule's own name."""
    noon = datetime.fromisoformat(f"{night}T12:00").replace(tzinfo=program.place.time_zone)
    (plan,) = program.nights(noon, noon + timedelta(hours=1))
    found = night_notes(program, plan)
    for note in found:
        event = new_event(note.code, **note.fields)
        assert all(event.text(language) and event.action(language) for language in ("en", "sv"))
    return [(note.code, {key: value for key, value in note.fields.items() if key != "name"}) for note in found]


@pytest.mark.parametrize(
    ("hours", "night", "wanted"),
    [
        ("sunset to 23:00", "2026-11-20", []),
        ("05:00 to sunrise", "2026-06-20", [("TWL-S210", {"start": "05:00", "end": "04:07"})]),
        ("02:15 to 05:00", "2027-03-27", [("TWL-S215", {"time": "02:15", "instead": "03:15"})]),
        ("22:00 to 02:15", "2026-10-24", [("TWL-S216", {"time": "02:15"})]),
        ("sunset to sunrise", "2026-10-24", []),
        ("all day", "2026-10-24", []),
    ],
)
def test_a_note_on_a_night_in_alvesta(
    planned: Planned, hours: str, night: str, wanted: list[tuple[str, dict[str, object]]]
) -> None:
    """Why it is empty, and which times the clocks skip or repeat."""
    program = planned(campaign(f"nights: every day, hours: {hours}"))
    noted = [
        (code, {key: fields[key] for key in fields if key != "hours"}) for code, fields in of_night(program, night)
    ]
    assert noted == wanted


@pytest.mark.parametrize(
    ("rule", "night", "codes"),
    [
        ("dates: 28 March 2027, hours: 02:15 to 05:00", "2027-03-27", ["TWL-S215"]),
        ("dates: 27 March 2027, hours: 02:15 to 05:00", "2027-03-27", []),
        ("dates: 24 October 2026, hours: 22:00 to 02:15", "2026-10-24", []),
        ("dates: 20 June, hours: [sunset to 21:30, 23:00 to 24:00]", "2026-06-19", []),
        ("dates: 20 June, hours: [sunset to 21:30, 23:00 to 24:00]", "2026-06-20", ["TWL-S210"]),
        ("dates: 20 June, hours: sunset + 3 h to 23:30", "2026-06-19", ["TWL-S210"]),  # it would begin on the 20th
        ("dates: 20 June, hours: sunset + 3 h to 23:30", "2026-06-20", ["TWL-S210"]),  # it would end on the 20th
        ("dates: 21 June, hours: sunset + 3 h to 23:30", "2026-06-19", []),
    ],
)
def test_dates_have_notes_on_their_half_of_a_night(planned: Planned, rule: str, night: str, codes: list[str]) -> None:
    """Of a day that begins or ends at midnight, only what falls before it or after it."""
    assert [code for code, _ in of_night(planned(campaign(rule)), night)] == codes


@pytest.mark.parametrize(
    ("hours", "night", "codes"),
    [
        ("sunset to 23:00", "2026-05-26", ["TWL-S210", "TWL-S214"]),
        ("sunset to sunrise", "2026-06-21", ["TWL-S211"]),
        ("sunset to dawn", "2026-05-10", ["TWL-S212"]),
        ("dusk to 23:00", "2026-05-10", ["TWL-S212"]),
        ("sunset to sunrise", "2026-12-21", ["TWL-S213"]),
        ("sunset to sunrise", "2026-12-09", ["TWL-S214"]),
        ("22:00 to 23:00", "2026-06-21", []),
        ("all day", "2026-12-21", []),
    ],
)
def test_a_note_on_a_night_in_kiruna(planned: Planned, hours: str, night: str, codes: list[str]) -> None:
    """Midnight sun, twilight all night, polar night, and a sun that turns at the horizon."""
    program = planned(campaign(f"nights: every day, hours: {hours}"), KIRUNA)
    assert [code for code, _ in of_night(program, night)] == codes


def test_a_rule_whose_night_it_is_not_has_no_note(planned: Planned) -> None:
    """And one with several windows notes each thing once."""
    program = planned(campaign("nights: 20 June, hours: [05:00 to sunrise, 05:00 to sunrise, sunset to 23:00]"))
    assert [code for code, _ in of_night(program, "2026-06-20")] == ["TWL-S210"]
    assert of_night(program, "2026-06-21") == []


def test_a_night_has_the_notes_of_its_limits(planned: Planned) -> None:
    """Their clock times change as those of campaigns do."""
    program = planned("campaigns: []\nlimits: [{name: l, hours: 02:15 to 05:00, brightness: 20 %}]")
    assert of_night(program, "2027-03-27") == [("TWL-S215", {"time": "02:15", "instead": "03:15"})]
    assert of_night(program, "2026-11-20") == []
