"""The fixed decisions of the specification, one test for each row of its table, through a schedule file."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.errors import FilesRejected
from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.plan import Program
from controller.schedule.plan_notes import notes

STOCKHOLM = ZoneInfo("Europe/Stockholm")
KIRUNA = (67.8558, 20.2253, "Europe/Stockholm")

Planned = Callable[..., Program]
LitTexts = Callable[[Program, str, str], list[str]]


def at(text: str) -> datetime:
    """A local time of Sweden."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).astimezone(UTC)


def every_night(hours: str) -> str:
    """A schedule with only everyday light."""
    return f"every_night: [{{name: a, hours: {hours}, color: white}}]"


def test_sunset_that_does_not_occur(planned: Planned, lit_texts: LitTexts) -> None:
    """While the sun is down: nothing under the midnight sun, one light without a break in the polar night."""
    program = planned(every_night("sunset to sunrise"), KIRUNA)
    assert lit_texts(program, "2026-06-01", "2026-07-10") == []
    assert lit_texts(program, "2026-12-12", "2026-12-30") == ["Sat 12 00:00–Wed 30 00:00 a"]
    assert len(program.cues(at("2026-12-12"), at("2026-12-30"))) == 1
    assert program.look_at(at("2026-12-20T12:00")).at == program.look_at(at("2026-12-28T03:00")).at


def test_a_window_that_is_empty_that_night(planned: Planned, lit_texts: LitTexts) -> None:
    """Sunset at 00:18 to 23:00 is nothing; it is never wrapped into the day."""
    program = planned(every_night("sunset to 23:00"), KIRUNA)
    assert lit_texts(program, "2026-05-26T12:00", "2026-05-27T12:00") == []


def test_a_time_that_spring_skips(planned: Planned, lit_texts: LitTexts) -> None:
    """02:15 does not exist on 28 March 2027: it is 03:15, as start and as end."""
    assert lit_texts(planned(every_night("02:15 to 05:00")), "2027-03-28", "2027-03-29") == [
        "Sun 28 03:15–Sun 28 05:00 a"
    ]
    assert lit_texts(planned(every_night("22:00 to 02:15")), "2027-03-27T12:00", "2027-03-28T12:00") == [
        "Sat 27 22:00–Sun 28 03:15 a"
    ]


def test_a_time_that_autumn_repeats(planned: Planned) -> None:
    """02:15 twice on 31 October 2027: a start takes the first, an end the second."""
    noon = at("2027-10-30T12:00")
    begins = planned(every_night("02:15 to 05:00")).next_cue(noon)
    assert begins is not None
    assert begins.at == datetime(2027, 10, 31, 0, 15, tzinfo=UTC)
    ends = planned(every_night("22:00 to 02:15")).cues(noon, noon + timedelta(days=1))[-1]
    assert ends.at == datetime(2027, 10, 31, 1, 15, tzinfo=UTC)


def test_arithmetic_is_in_utc(planned: Planned) -> None:
    """The nights of the clock changes are 11 h 8 min and 14 h 20 min of true time, after `sunset + 1 h` too."""
    program = planned(every_night("sunset + 1 h to sunrise - 1 h"))

    def length(night: str) -> float:
        first, second = program.cues(at(night), at(night) + timedelta(days=1))[1:3]
        return (second.at - first.at) / timedelta(hours=1)

    assert length("2026-03-28T12:00") == pytest.approx(9 + 10 / 60, abs=0.05)
    assert length("2026-10-24T12:00") == pytest.approx(12 + 20 / 60, abs=0.05)


def test_29_february(planned: Planned, lit_texts: LitTexts) -> None:
    """Alone in leap years only; as the end of a range it is the last day of February."""
    alone = planned("campaigns: [{name: a, dates: 29 February, hours: all day, color: red}]")
    assert lit_texts(alone, "2027-01-01", "2027-12-31") == []
    assert lit_texts(alone, "2028-01-01", "2028-12-31") == ["Tue 29 00:00–Wed 01 00:00 a"]
    ends = planned("campaigns: [{name: a, dates: 27–29 February, hours: all day, color: red}]")
    assert lit_texts(ends, "2027-01-01", "2027-12-31") == ["Sat 27 00:00–Mon 01 00:00 a"]
    assert lit_texts(ends, "2028-01-01", "2028-12-31") == ["Sun 27 00:00–Wed 01 00:00 a"]


def test_31_november_is_an_error(planned: Planned) -> None:
    """Never rolled over into December."""
    with pytest.raises(FilesRejected) as caught:
        planned("campaigns: [{name: a, dates: 31 November, color: red}]")
    assert [finding.code for finding in caught.value.findings] == ["TWL-S103"]


def test_after_a_restart_the_light_is_the_same(shipped: Program, planned: Planned) -> None:
    """What is shown follows from now alone: a program made in the middle of a night says what one of yesterday says."""
    night = at("2026-11-21T02:00")
    yesterday = shipped.cues(at("2026-11-20T12:00"), night + timedelta(hours=1))
    assert shipped.look_at(night) == yesterday[-1]
    assert shipped.with_overrides((), None).look_at(night) == yesterday[-1]


def test_an_entry_that_can_never_be_lit(planned: Planned) -> None:
    """A warning, and no error."""
    program = planned("campaigns: [{name: a, dates: 20 June, hours: 05:00 to sunrise, color: red}]")
    assert [note.code for note in notes(program, at("2026-11-01"))] == ["TWL-S202"]


# What the text beside the table fixes


def test_dates_are_calendar_days(planned: Planned, lit_texts: LitTexts) -> None:
    """From 00:00 on the first to 24:00 on the last, clipped to the hours."""
    program = planned("campaigns: [{name: a, dates: 20–21 November 2026, hours: 22:00 to 02:00, color: red}]")
    assert lit_texts(program, "2026-11-01", "2026-12-01") == [
        "Fri 20 00:00–Fri 20 02:00 a",
        "Fri 20 22:00–Sat 21 02:00 a",
        "Sat 21 22:00–Sun 22 00:00 a",
    ]


def test_nights_are_named_after_their_evenings(planned: Planned, lit_texts: LitTexts) -> None:
    """The last one ends on the morning after."""
    program = planned("campaigns: [{name: a, nights: 20–21 November 2026, hours: 22:00 to 02:00, color: red}]")
    assert lit_texts(program, "2026-11-01", "2026-12-01") == [
        "Fri 20 22:00–Sat 21 02:00 a",
        "Sat 21 22:00–Sun 22 02:00 a",
    ]


def test_all_day_is_the_frame_of_its_days(planned: Planned, lit_texts: LitTexts) -> None:
    """Midnight to midnight of a date, noon to noon of a night; several in a row are one light."""
    of_dates = planned("campaigns: [{name: a, dates: 6–7 June 2026, hours: all day, color: red}]")
    assert lit_texts(of_dates, "2026-06-01", "2026-07-01") == ["Sat 06 00:00–Mon 08 00:00 a"]
    of_nights = planned("campaigns: [{name: a, nights: 6–7 June 2026, hours: hela dygnet, color: red}]")
    assert lit_texts(of_nights, "2026-06-01", "2026-07-01") == ["Sat 06 12:00–Mon 08 12:00 a"]


def test_two_windows_that_meet_at_noon_are_one_light(planned: Planned, lit_texts: LitTexts) -> None:
    """What the message on `08:00 to 16:00` says to write."""
    program = planned("campaigns: [{name: a, dates: 6 June 2026, hours: [08:00 to noon, noon to 16:00], color: red}]")
    assert lit_texts(program, "2026-06-01", "2026-07-01") == ["Sat 06 08:00–Sat 06 16:00 a"]


ORDER = """
campaigns:
  - {name: high, dates: 20 November 2026, hours: 20:00 to 22:00, color: red}
  - {name: low, dates: 20 November 2026, hours: 18:00 to 23:00, color: blue, otherwise: dark}
every_night:
  - {name: first, hours: 17:00 to 23:30, color: white}
  - {name: second, hours: all day, color: green}
blackouts:
  - {name: birds, dates: 20 November 2026, hours: 21:00 to 21:30}
"""


def test_who_wins(planned: Planned, lit_texts: LitTexts) -> None:
    """Blackout, then campaigns, the higher first, then every night, the higher first; `otherwise: dark` ends there."""
    assert lit_texts(planned(ORDER), "2026-11-19T12:00", "2026-11-21T12:00") == [
        "Thu 19 12:00–Thu 19 17:00 second",
        "Thu 19 17:00–Thu 19 23:30 first",
        "Thu 19 23:30–Fri 20 00:00 second",
        "Fri 20 18:00–Fri 20 20:00 low",
        "Fri 20 20:00–Fri 20 21:00 high",
        "Fri 20 21:30–Fri 20 22:00 high",
        "Fri 20 22:00–Fri 20 23:00 low",
        "Sat 21 00:00–Sat 21 12:00 second",
    ]


@pytest.mark.parametrize(
    ("moment", "winner", "losers"),
    [
        ("2026-11-20T21:10", "birds", ["high", "low", "first", "second"]),
        ("2026-11-20T20:30", "high", ["low", "first", "second"]),
        ("2026-11-20T19:00", "low", ["first", "second"]),
        ("2026-11-20T23:10", "low", ["first", "second"]),
        ("2026-11-21T01:00", "second", []),
    ],
)
def test_why(planned: Planned, moment: str, winner: str, losers: list[str]) -> None:
    """The winner by name, in its own words and with its line, and those who wanted the same instant."""
    program = planned(ORDER)
    why = program.explain(at(moment))
    assert (why.winner, [loser.name for loser in why.losers]) == (winner, losers)
    assert "(line " in why.text("en")


def test_a_blackout_without_hours_is_dark_all_day(planned: Planned, lit_texts: LitTexts) -> None:
    """Also while a campaign is lit before sunset, which is at 15:33 then."""
    program = planned(
        "campaigns: [{name: c, dates: 24–26 November, hours: 15:00 to 18:00, color: red}]\n"
        "blackouts: [{name: b, dates: 25 November}]"
    )
    assert lit_texts(program, "2026-11-24T00:00", "2026-11-27T00:00") == [
        "Tue 24 15:00–Tue 24 18:00 c",
        "Thu 26 15:00–Thu 26 18:00 c",
    ]


def test_an_override_outranks_a_blackout(planned: Planned) -> None:
    """And a zone that it does not name follows the schedule."""
    moment = at("2026-11-20T21:10")
    override = Override("1", {"bowl": "pink"}, moment, moment + timedelta(minutes=30), "Eva", "prov")
    program = planned(ORDER).with_overrides((override,), None)
    assert dict(program.look_at(moment).looks) == {"bowl": "pink"}
    later = program.look_at(at("2026-11-20T21:35"))
    assert later.looks["bowl"] == "pink"
    assert later.looks["shaft"].colors
    assert [loser.name for loser in program.explain(moment).losers] == ["high", "low", "first", "second"]


def test_the_newest_override_of_a_zone_is_shown(planned: Planned) -> None:
    """Until its end; then an older one that lasts longer is shown again, and in its other zone all the time."""
    moment = at("2026-11-20T21:10")
    older = Override("1", {"bowl": "pink", "shaft": "pink"}, moment, moment + timedelta(hours=1), "Eva", "prov")
    newer = Override("2", {"bowl": "blue"}, moment, moment + timedelta(minutes=30), "Kim", "prov")
    program = planned(ORDER).with_overrides((older, newer), None)
    assert dict(program.look_at(moment).looks) == {"bowl": "blue", "shaft": "pink"}
    assert program.explain(moment).by is newer
    later = moment + timedelta(minutes=30)
    assert dict(program.look_at(later).looks) == {"bowl": "pink", "shaft": "pink"}
    assert program.explain(later).by is older


@pytest.mark.parametrize(
    ("moment", "by_hand", "losers"),
    [
        ("2026-11-20T21:10", None, dict.fromkeys(("high", "low", "first", "second"), "blackout")),
        ("2026-11-20T20:30", None, {"low": "higher", "first": "campaign", "second": "campaign"}),
        ("2026-11-20T23:10", None, {"first": "otherwise", "second": "otherwise"}),
        ("2026-11-19T18:00", None, {"second": "higher"}),
        ("2026-11-20T20:30", "override", dict.fromkeys(("high", "low", "first", "second"), "override")),
        ("2026-11-20T20:30", "stop", dict.fromkeys(("high", "low", "first", "second"), "stop")),
        ("2026-11-20T23:10", "override", {"first": "override", "second": "override"}),
    ],
)
def test_each_loser_knows_what_it_gives_way_to(
    planned: Planned, moment: str, by_hand: str | None, losers: dict[str, str]
) -> None:
    """What is set by hand has the rule that would decide without it among its losers, if that is lit."""
    start = at(moment) - timedelta(minutes=1)
    override = Override("1", {"bowl": "pink", "shaft": "pink"}, start, start + timedelta(hours=1), "Eva", "prov")
    program = planned(ORDER).with_overrides(
        (override,) if by_hand == "override" else (), SafetyStop(start, "Eva", "prov") if by_hand == "stop" else None
    )
    why = program.explain(at(moment))
    assert {loser.name: why.loses(loser) for loser in why.losers} == losers


def test_except_takes_days_away(planned: Planned, lit_texts: LitTexts) -> None:
    """The entry is absent on them, and lower ones apply."""
    program = planned(
        "campaigns: [{name: c, nights: 20–22 November 2026, except: 21 November, hours: 20:00 to 21:00, color: red}]\n"
        + every_night("20:30 to 21:30")
    )
    assert lit_texts(program, "2026-11-20T12:00", "2026-11-23T12:00") == [
        "Fri 20 20:00–Fri 20 21:00 c",
        "Fri 20 21:00–Fri 20 21:30 a",
        "Sat 21 20:30–Sat 21 21:30 a",
        "Sun 22 20:00–Sun 22 21:00 c",
        "Sun 22 21:00–Sun 22 21:30 a",
    ]


def test_a_gap_of_years_hides_nothing_behind_it(planned: Planned, lights: Callable[..., list]) -> None:
    """A campaign of 2026 and one of 2031 are both in a plan of both years."""
    program = planned(
        "campaigns: [{name: a, dates: 6 June 2026, color: red}, {name: b, dates: 6 December 2031, color: red}]"
    )
    assert [name for name, _, _ in lights(program, "2026-06-01", "2032-01-01")] == ["a", "a", "b", "b"]


# Fades

FADES = """
campaigns:
  - {name: a, nights: 20 November 2026, hours: 20:00 to 21:00, color: red, fade_in: 30 s, fade_out: 2 min}
  - {name: b, nights: 20 November 2026, hours: 21:00 to 22:00, color: blue, fade_in: 1 min, fade_out: 5 min}
  - {name: c, nights: 20 November 2026, hours: 22:00 to 22:10, color: white, fade_out: 20 min}
  - {name: d, nights: 20 November 2026, hours: 23:00 to 23:01, color: green, fade_in: 10 min, fade_out: 10 min}
"""


def test_fades_lie_inside_of_what_they_belong_to(planned: Planned) -> None:
    """From dark after the border, to dark before it; between two the incoming one, or else the outgoing one."""
    cues = planned(FADES).cues(at("2026-11-20T12:00"), at("2026-11-21T12:00"))
    found = [(f"{cue.at.astimezone(STOCKHOLM):%H:%M:%S}", cue.fade_s, cue.campaign) for cue in cues[1:]]
    assert found == [
        ("20:00:00", 30.0, "a"),
        ("21:00:00", 60.0, "b"),
        ("21:55:00", 300.0, "c"),
        ("22:00:01", 599.0, None),
        ("23:00:00", 60.0, "d"),
        ("23:01:00", 0.0, None),
    ]
    assert [f"{cue.since.astimezone(STOCKHOLM):%H:%M:%S}" for cue in cues[1:4]] == ["20:00:00", "21:00:00", "22:00:00"]


def test_what_a_hand_sets_comes_at_once(planned: Planned) -> None:
    """In two seconds, and goes in two seconds once its time is up: its end is the one promised to its owner."""
    begin, end = at("2026-11-20T15:00"), at("2026-11-20T16:00")
    override = Override("1", {"bowl": "pink", "shaft": "pink"}, begin, end, "Eva", "prov")
    cues = planned(FADES).with_overrides((override,), None).cues(at("2026-11-20T12:00"), at("2026-11-20T18:00"))
    assert [(cue.at, cue.fade_s, cue.campaign) for cue in cues[1:]] == [
        (begin, 2.0, None),
        (end, 2.0, None),
    ]
    assert [cue.why.winner for cue in cues[1:]] == ["override", None]


def test_a_hand_may_ask_for_a_longer_fade(planned: Planned) -> None:
    """It comes in as many seconds as asked for, and goes in two; what is left of it goes on where another hand sets
    one zone meanwhile."""
    begin, end = at("2026-11-20T15:00"), at("2026-11-20T16:00")
    slow = Override("1", {"bowl": "pink", "shaft": "pink"}, begin, end, "Eva", "prov", fade_s=60.0)
    meanwhile, later = (
        Override(name, {"bowl": "dark"}, begin + timedelta(seconds=after_s), end, "Kim", "prov")
        for name, after_s in (("2", 20), ("3", 600))
    )
    alone = planned(FADES).with_overrides((slow,), None).cues(begin, at("2026-11-20T18:00"))
    assert [(cue.at, cue.fade_s) for cue in alone] == [(begin, 60.0), (end, 2.0)]
    cues = planned(FADES).with_overrides((slow, meanwhile, later), None).cues(begin, at("2026-11-20T18:00"))
    assert [((cue.at - begin).total_seconds(), cue.fade_s) for cue in cues] == [
        (0.0, 20.0),
        (20.0, 40.0),
        (600.0, 2.0),
        (3600.0, 2.0),
    ]


def test_what_a_hand_gives_back_in_a_fade_out_goes_on_fading(planned: Planned) -> None:
    """For the minute that is left of two, and does not shine up once more; before the fade out it is as it was."""
    program = planned(
        "campaigns: [{name: a, nights: 20 November 2026, hours: 20:00 to 21:00, color: red, fade_out: 2 min}]"
    )
    for minutes, shows, fade_s in ((1, [], 60.0), (10, ["bowl", "shaft"], 2.0)):
        end = at("2026-11-20T21:00") - timedelta(minutes=minutes)
        override = Override("1", {"bowl": "dark", "shaft": "dark"}, end - timedelta(minutes=5), end, "Eva", "prov")
        under = program.with_overrides((override,), None)
        cue = under.look_at(end)
        assert (sorted(cue.looks), cue.fade_s) == (shows, fade_s)
        assert [under.next_cue(end - timedelta(minutes=1)), *under.cues(end, end + timedelta(seconds=9))] == [cue, cue]


def test_a_hand_that_ends_with_the_next_change_does_not_light_up_once_more(planned: Planned) -> None:
    """The next change is the begin of a fade out: what follows the override is the dark, and nothing between them."""
    program = planned("campaigns: [{name: a, nights: 20 November 2026, color: red, fade_in: 30 s, fade_out: 2 min}]")
    begin = at("2026-11-20T20:00")
    change = program.next_cue(begin)
    assert change
    override = Override("1", {"bowl": "dark", "shaft": "dark"}, begin, change.at, "Eva", "prov")
    cues = program.with_overrides((override,), None).cues(begin, at("2026-11-21T12:00"))
    assert [(cue.at, cue.looks) for cue in cues] == [(begin, override.looks), (change.at, {})]


def test_a_sequence_is_counted_from_where_it_began(planned: Planned) -> None:
    """Over midnight and noon, and again from the start after a break."""
    program = planned(
        "campaigns: [{name: a, nights: 20–21 November 2026, hours: all day, color: [red, blue], change_every: 1 h}]"
    )
    begins = at("2026-11-20T12:00")
    assert program.look_at(begins + timedelta(hours=47)).since == begins
    assert program.next_cue(begins + timedelta(hours=3)) == program.look_at(begins + timedelta(hours=48))


def test_the_nights_of_a_period(planned: Planned) -> None:
    """Those that it touches, its end not included; a night that a zone leaves out is none."""
    sweden = planned(every_night("all day"))
    days = [plan.night.day.day for plan in sweden.nights(at("2026-11-20T12:00"), at("2026-11-22T12:00"))]
    assert days == [20, 21]
    assert len(sweden.nights(at("2026-11-20T12:00"), at("2026-11-20T12:00"))) == 1
    apia = planned(every_night("all day"), (-13.8, -171.8, "Pacific/Apia"))
    start = datetime(2011, 12, 29, tzinfo=apia.place.time_zone)
    found = apia.nights(start, start + timedelta(days=3))
    assert [plan.night.day.day for plan in found] == [28, 29, 31]


# What lies further away than the plan looks


def test_a_light_that_never_ends_has_no_beginning(planned: Planned) -> None:
    """No fade, no next cue, and the same sequence whenever it is asked for."""
    program = planned("every_night: [{name: a, hours: all day, color: [red, blue], change_every: 1 h, fade_in: 30 s}]")
    cue = program.look_at(at("2026-11-20T12:00"))
    assert (cue.at.year, cue.since, cue.fade_s) == (1970, cue.at, 0.0)
    assert program.look_at(at("2056-11-20T12:00")) == cue
    assert program.next_cue(at("2026-11-20T12:00")) is None


def test_a_dark_of_years_is_the_same_whatever_was_asked_before(planned: Planned) -> None:
    """Where the plan cannot see the last light any more, it does not remember it either."""
    schedule = "campaigns: [{name: a, dates: 6 June 2026, color: red}, {name: b, dates: 6 June 2030, color: red}]"
    early, late = at("2027-03-01"), at("2027-10-01")
    asked = planned(schedule)
    assert asked.look_at(early).at == at("2026-06-07")
    assert asked.look_at(late) == planned(schedule).look_at(late)
    assert asked.look_at(late).at.year == 1970
    assert asked.next_cue(late) is None


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("2026-11-20T13:00", "nothing applies: dark; the hours of a begin at 18:00"),
        ("2026-11-20T22:00", "nothing applies: dark; the hours of a ended at 22:00 and begin again at 05:00"),
        ("2026-11-21T07:30", "nothing applies: dark; the hours of a ended at 07:00"),
        ("2026-11-21T13:00", "nothing applies: dark"),
    ],
)
def test_where_nothing_applies_the_campaign_of_the_night_is_named_with_its_hours(
    planned: Planned, moment: str, why: str
) -> None:
    """Somebody in front of a dark tower in a campaign's week can read why."""
    program = planned(
        "campaigns: [{name: a, nights: 20 November 2026, hours: [18:00 to 22:00, 05:00 to 07:00], color: red}]"
    )
    assert program.explain(at(moment)).text("en") == why
