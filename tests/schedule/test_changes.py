"""What an edit changes: the light now, the days, the nights and the rules."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.schedule.campaign import Override
from controller.schedule.changes import Changes, changes
from controller.schedule.lit import LitStretch
from controller.schedule.plan import Program
from tests.parts import examples

Planned = Callable[..., Program]

NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=UTC)
IN_THE_WEEK = datetime(2026, 11, 24, 20, tzinfo=UTC)
WEEK = "{name: En vecka fri från våld, dates: 20–26 November, color: orange}"
MOVED = (
    "{name: En vecka fri från våld, dates: [20–26 November, 27 November 2026], except: 20 November 2026, color: orange}"
)
BLUE = "{name: Blå, dates: 20–26 November, color: blue}"
NIGHTLY = "{name: Vardag, color: white, brightness: 50 %}"


def written(*campaigns: str, **lists: str) -> str:
    """A schedule of these campaigns, with other lists of one rule each."""
    entries = {"campaigns": ", ".join(campaigns), **lists}
    return "\n".join(f"{key}: [{rules}]" for key, rules in entries.items())


def hours(stretches: tuple[LitStretch, ...]) -> list[str]:
    """In UTC."""
    return [f"{each.start:%d %H:%M}–{each.end:%d %H:%M}" for each in stretches]


def between(planned: Planned, before: str, after: str, now: datetime = NOVEMBER) -> Changes:
    """What changes from one schedule to the other."""
    return changes(planned(before), planned(after), now)


def test_a_week_moved_by_a_day_changes_four_nights_and_two_days(planned: Planned) -> None:
    """Calendar days are cut at midnight, so that each of its ends concerns two nights."""
    found = between(planned, written(WEEK), written(MOVED))
    assert [night.day.day for night in found.nights] == [19, 20, 26, 27]
    assert [(change.first.day, change.last.day, change.becomes) for change in found.days] == [
        (20, 20, "dark"),
        (27, 27, "lit"),
    ]
    first, last = found.nights[0], found.nights[-1]
    assert (hours(first.before), hours(first.after)) == (["19 23:00–20 06:52"], [])
    assert (hours(last.before), hours(last.after)) == ([], ["27 14:31–27 23:00"])
    assert found.now is None


def test_days_that_change_in_one_year_only_are_shown_with_that_year(planned: Planned) -> None:
    """And the nights between the changed ones that stay as they are are counted."""
    (rule,) = between(planned, written(WEEK), written(MOVED)).rules
    assert (rule.change, rule.keys, rule.changed, rule.kept) == ("edited", ("dates", "except"), 4, 5)
    assert rule.days is not None
    assert rule.days.added == ((date(2026, 11, 21), date(2026, 11, 27)),)
    assert rule.days.only


def test_days_that_change_in_every_year_are_no_exception(planned: Planned) -> None:
    """They come in more pieces than are reported one by one."""
    (rule,) = between(planned, written(WEEK), written(WEEK.replace("20–26", "21–27"))).rules
    assert rule.days is None


def test_the_light_of_now_says_what_it_becomes_and_when_it_would_have_ended(planned: Planned) -> None:
    """Sunrise on the 25th, 08:02 in Alvesta."""
    found = between(planned, written(WEEK), written(), IN_THE_WEEK).now
    assert found is not None
    assert found.before
    assert found.after == {}
    assert found.until is not None
    assert f"{found.until:%d %H:%M}" == "25 07:02"


def test_an_override_keeps_the_light_of_now_as_it_is(planned: Planned) -> None:
    """What is set by hand goes on; the nights are compared without it."""
    before, after = planned(written(WEEK)), planned(written())
    end = IN_THE_WEEK + timedelta(hours=2)
    override = Override("a", planned(written(BLUE)).campaigns[0].looks, IN_THE_WEEK, end, "Kim", "sorg")
    found = changes(before.with_overrides((override,), None), after.with_overrides((override,), None), IN_THE_WEEK)
    assert found.now is None
    assert found.nights[0].day == date(2026, 11, 24)


def test_what_is_over_does_not_change(planned: Planned) -> None:
    """Of tonight only the hours that are still to come count."""
    later = WEEK[:-1] + ", hours: sunset + 1 h to sunrise}"
    found = between(planned, written(WEEK), written(later), IN_THE_WEEK)
    assert date(2026, 11, 24) not in [night.day for night in found.nights]
    assert date(2026, 11, 25) in [night.day for night in found.nights]


def test_more_than_twenty_nights_are_shown_in_groups_that_hold_all_of_them(planned: Planned) -> None:
    """Nights that are alike, and never two years in one."""
    dimmed = NIGHTLY.replace("50", "30")
    found = between(planned, written(WEEK, every_night=NIGHTLY), written(WEEK, every_night=dimmed))
    assert len(found.nights) > 300
    assert sum(group.count for group in found.groups) == len(found.nights)
    assert len(found.groups) < 40
    for group in found.groups:
        assert group.first.day.year == group.last.day.year or (group.last.day - group.first.day).days == group.count - 1


def test_nights_a_week_apart_are_alike_though_the_sun_sets_a_quarter_of_an_hour_later(planned: Planned) -> None:
    """What the sun moves in a week is no other light: each year is one group, or two where the clock changes."""
    fridays = "{name: Fredag, nights: every Friday, color: orange}"
    found = between(planned, written(fridays), written(fridays.replace("orange", "red")))
    assert len(found.nights) > 50
    assert len(found.groups) <= 4


def test_twenty_nights_or_fewer_are_listed_one_by_one(planned: Planned) -> None:
    """Whether they are alike or not."""
    found = between(planned, written(WEEK), written(BLUE.replace("Blå", "En vecka fri från våld")))
    assert [group.count for group in found.groups] == [1] * len(found.nights)


def test_the_same_light_under_another_name_changes_no_night(planned: Planned) -> None:
    """The rule is the same one, renamed."""
    found = between(planned, written(WEEK), written(WEEK.replace("från våld", "från allt")))
    assert (found.nights, found.days, found.now) == ((), (), None)
    assert [(rule.change, rule.keys, rule.changed) for rule in found.rules] == [("edited", ("name",), 0)]


def test_another_spelling_changes_nothing_at_all(planned: Planned) -> None:
    """Words that mean the same days, a name of a colour and its hex value."""
    found = between(planned, written(WEEK), written(WEEK.replace("20–26 November", "20 november till 26 november")))
    assert (found.rules, found.nights) == ((), ())


def test_a_fade_alone_changes_the_nights(planned: Planned) -> None:
    """Though they are lit at the same hours."""
    found = between(planned, written(WEEK), written(WEEK[:-1] + ", fade_in: 5 min}"))
    assert [night.day.day for night in found.nights[:8]] == [19, 20, 21, 22, 23, 24, 25, 26]
    assert all(night.before == night.after for night in found.nights)


def test_a_new_rule_that_never_shows_says_who_wins(planned: Planned) -> None:
    """The page then offers to move it to the top."""
    found = between(planned, written(WEEK), written(WEEK, BLUE))
    (rule,) = found.rules
    assert (rule.change, rule.kind, rule.changed) == ("new", "campaigns", 0)
    assert rule.never is not None
    assert (rule.never.code, rule.never.fields["winners"]) == ("TWL-S204", "En vecka fri från våld")
    assert found.nights == ()


def test_two_rules_that_change_places_are_one_that_moved(planned: Planned) -> None:
    """And the nights change, because the other one wins."""
    found = between(planned, written(WEEK, BLUE), written(BLUE, WEEK))
    assert [(rule.change, rule.keys) for rule in found.rules] == [("edited", ("order",))]
    assert found.nights


def test_a_removed_rule_is_shown_after_those_that_stay(planned: Planned) -> None:
    """With the nights that it leaves dark."""
    found = between(planned, written(WEEK, NIGHTLY.replace("color", "nights: 1 May, color")), written(WEEK))
    assert [(rule.change, rule.rule.name, rule.changed) for rule in found.rules] == [("removed", "Vardag", 1)]


def test_a_limit_dims_the_nights_that_it_concerns(planned: Planned) -> None:
    """It counts as a rule that changed them."""
    found = between(planned, written(WEEK), written(WEEK, limits="{name: Fåglar, nights: 22 Nov, brightness: 30 %}"))
    assert [night.day for night in found.nights] == [date(2026, 11, 22), date(2027, 11, 22)]
    assert [look.brightness for look in found.nights[0].after[0].looks.values()] == [0.3, 0.3]
    assert [(rule.kind, rule.changed) for rule in found.rules] == [("limits", 2)]


def test_a_campaign_that_is_dark_on_purpose_makes_a_day_dark(planned: Planned) -> None:
    """Black is dark too."""
    black = WEEK.replace("orange", '"#000000"')
    found = between(planned, written(WEEK), written(black))
    assert [(change.first.day, change.last.day, change.becomes) for change in found.days[:1]] == [(20, 26, "dark")]


DAYS = ("20–26 November", "21–27 November", "every Friday", "week 47", "25 November to 2 December", "22 November 2026")
HOURS = ("sunset to sunrise", "sunset to 23:00", "05:00 to sunrise", "22:00 to 02:15", "all day")
COLORS = ("orange", "blue", "dark", "{bowl: red}", "{shaft: blue}")
RULE = st.builds(
    "{{name: {}, {}: {}, hours: {}, color: {}}}".format,
    st.uuids(),
    st.sampled_from(["dates", "nights"]),
    st.sampled_from(DAYS),
    st.sampled_from(HOURS),
    st.sampled_from(COLORS),
)
SCHEDULE = st.builds(
    lambda campaigns, limit: written(*campaigns, limits=limit),
    st.lists(RULE, max_size=3),
    st.sampled_from(["", "{name: l, nights: week 47, hours: 21:00 to 06:00, brightness: 40 %}"]),
)


def shown(program: Program, at: datetime) -> dict[str, object]:
    """What is lit, as the controller asks for it."""
    return {zone: look for zone, look in program.look_at(at).looks.items() if not look.is_dark}


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=SCHEDULE, after=SCHEDULE)
def test_the_changed_nights_are_exactly_those_whose_light_differs(planned: Planned, before: str, after: str) -> None:
    """Held against what the controller asks for in the middle of every stretch in which neither changes."""
    old, new = planned(before), planned(after)
    start = datetime(2026, 11, 18, 15, tzinfo=UTC)
    found = {night.day for night in changes(old, new, start, nights=17).nights}
    differ = set()
    for one, other in zip(*(each.nights(start, start + timedelta(days=16)) for each in (old, new)), strict=True):
        ends = (at for night in (one, other) for piece in night.pieces for at in (piece.start, piece.end))
        for first, last in pairwise(sorted({max(at, start) for at in ends})):
            middle = first + (last - first) / 2
            if shown(old, middle) != shown(new, middle):
                differ.add(one.night.day)
    assert found == differ
