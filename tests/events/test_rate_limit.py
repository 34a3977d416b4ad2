"""Repeated events are counted: two of a kind pass, the rest is a line after a minute, one a day, and one when it is
over."""

import math
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.events import CATALOGUE, Event, Level, new_event
from controller.events.rate_limit import DAY_S, KEYS, QUIET_S, RateLimit


def test_two_pass_and_the_rest_is_counted() -> None:
    """By code and gateway, each on its own."""
    damper = RateLimit()
    passed = [damper.pass_on(new_event("TWL-G105", gateway=name), s) for s in range(5) for name in ("a", "b")]
    assert sum(map(len, passed)) == 4
    assert damper.due(61) == ()
    assert damper.due_s == 62, "a minute after the first that was held back"
    passed = damper.due(62)
    assert [(event.code, event.fields["times"], event.fields["of"]) for event in passed] == [
        ("TWL-C040", 3, "TWL-G105"),
        ("TWL-C040", 3, "TWL-G105"),
    ]
    assert damper.due(63) == ()


def test_problems_of_one_gateway_are_counted_each_by_itself() -> None:
    """The first of another one is news."""
    limit = RateLimit(free=1)
    passed = [limit.pass_on(new_event("TWL-G114", gateway="a", problem=each), 0) for each in ("x", "x", "y")]
    assert [len(each) for each in passed] == [1, 0, 1]


@pytest.mark.parametrize(
    ("code", "level"),
    [("TWL-B021", Level.DEBUG), ("TWL-B010", Level.INFO), ("TWL-B042", Level.WARNING), ("TWL-C050", Level.WARNING)],
)
def test_a_summary_matters_no_more_than_what_was_counted(code: str, level: Level) -> None:
    """INFO lines are counted at INFO; never above a warning, for the error itself was reported."""
    limit = RateLimit(free=1)
    event = new_event(code, **dict.fromkeys(CATALOGUE[code].fields, "x"))
    for _ in range(3):
        limit.pass_on(event, 0, "x")
    assert [summary.level for summary in limit.due(math.inf)] == [level]


def test_what_goes_on_is_summed_up_once_a_day_and_when_it_is_over() -> None:
    """Each half minute for two and a half days: two lines, and four that say how often it came."""
    limit, passed = RateLimit(), []
    end_s = round(2.5 * DAY_S)
    for seconds in range(0, end_s + 2 * QUIET_S, 30):
        if seconds < end_s:
            passed += [(seconds, each) for each in limit.pass_on(new_event("TWL-G105", gateway="a"), seconds)]
        passed += [(seconds, each) for each in limit.due(seconds)]
    codes = [(seconds, event.code) for seconds, event in passed]
    first_s = 120
    assert codes == [
        (0, "TWL-G105"),
        (30, "TWL-G105"),
        (first_s, "TWL-C040"),
        (first_s + DAY_S, "TWL-C040"),
        (first_s + 2 * DAY_S, "TWL-C040"),
        (end_s - 30 + QUIET_S, "TWL-C043"),
    ]
    assert [event.fields["times"] for _, event in passed[2:]] == [3, DAY_S / 30, DAY_S / 30, end_s / 30]
    calm = f"calm again after {end_s // 30} times within 2.5 days; the last: a is back"
    assert passed[-1][1].text("en").startswith(calm)
    assert not limit.is_counting
    assert len(limit.pass_on(new_event("TWL-G105", gateway="a"), end_s + 2 * QUIET_S)) == 1


def test_what_comes_seldom_is_passed_on_each_time() -> None:
    """Each time it had been over."""
    limit = RateLimit()
    for number in range(10):
        at_s = number * (QUIET_S + 1)
        limit.due(at_s)
        assert len(limit.pass_on(new_event("TWL-G105", gateway="a"), at_s)) == 1


def test_begin_and_end_of_one_trouble_are_counted_together() -> None:
    """Else the log would call a gateway silent that is back, or the other way round."""
    limit, passed = RateLimit(), []
    for seconds in range(0, 300, 10):
        code, more = ("TWL-G104", {"age_s": 1}) if seconds % 20 == 0 else ("TWL-G105", {})
        passed += limit.pass_on(new_event(code, gateway="a", **more), seconds)
    passed += limit.due(QUIET_S + 300)
    passed += limit.due(QUIET_S + 300)
    assert [event.code for event in passed] == ["TWL-G104", "TWL-G105"] * 2 + ["TWL-C040", "TWL-C043"]
    assert {event.fields["of"] for event in passed[4:]} == {"TWL-G105"}, "that is how it stands"


def test_without_an_end_it_is_passed_on_again_after_its_summary() -> None:
    """Answers, for each of which somebody waits."""
    limit = RateLimit(quiet_s=None)
    for seconds in (0, 1, 2):
        limit.pass_on(new_event("TWL-G105", gateway="a"), seconds)
    assert [event.code for event in limit.due(62)] == ["TWL-C040"]
    assert len(limit.pass_on(new_event("TWL-G105", gateway="a"), 63)) == 1


def test_few_are_no_summary() -> None:
    """What was reported needs no count."""
    damper = RateLimit()
    damper.pass_on(new_event("TWL-G105", gateway="a"), 0)
    assert damper.due_s == math.inf
    assert damper.due(10 * QUIET_S) == ()


def test_a_clock_that_is_set_back_ends_the_window() -> None:
    """Nothing is held for ever."""
    damper = RateLimit()
    for seconds in (0, 1, 2):
        damper.pass_on(new_event("TWL-G105", gateway="a"), seconds)
    damper.due(3)
    assert len(damper.due(-3600)) == 1


def test_nothing_is_kept_of_what_is_over() -> None:
    """A thousand topics of garbage leave nothing behind."""
    damper = RateLimit()
    for number in range(1000):
        damper.pass_on(new_event("TWL-G113", topic=f"t/{number}", epoch=1), 0)
    assert damper.is_counting
    damper.due(QUIET_S)
    assert not damper.is_counting


def test_many_names_cannot_fill_memory_and_log() -> None:
    """Beyond a thousand they are reported as one."""
    damper = RateLimit(free=1)
    passed = [damper.pass_on(new_event("TWL-G113", topic=f"t/{number}", epoch=1), 0) for number in range(5 * KEYS)]
    assert sum(map(len, passed)) == KEYS + 1
    (rest,) = damper.due(math.inf)
    assert rest.fields["times"] == 4 * KEYS - 1


def test_what_an_event_is_about_can_be_given() -> None:
    """If neither gateway nor topic identifies the cause."""
    damper = RateLimit(free=1)
    passed = [damper.pass_on(new_event("TWL-B042", client=f"c{n}"), 0, about) for n in range(4) for about in ("x", "y")]
    assert sum(map(len, passed)) == 2


@given(st.floats(0, 1e7))
def test_whoever_wakes_when_a_summary_is_due_finds_it(began_s: float) -> None:
    """However the seconds round: a controller that slept until then would not sleep again, and find nothing to do."""
    damper = RateLimit()
    for _ in range(3):
        damper.pass_on(new_event("TWL-G105", gateway="a"), began_s)
    assert [event.code for event in damper.due(damper.due_s)] == ["TWL-C040"]


def test_strangers_with_ever_new_names_are_passed_on_as_one_after_a_few() -> None:
    """Each code by itself: a flood of one hides no other."""
    damper = RateLimit(keys=3)
    flood = [damper.pass_on(new_event("TWL-G113", topic=f"t/{number}", epoch=1), 0) for number in range(100)]
    assert sum(map(len, flood)) == 3 + 2
    assert len(damper.pass_on(new_event("TWL-G105", gateway="mast"), 1)) == 1
    assert sum(event.fields["times"] for event in damper.due(61)) == 100 - 5


def commanded(command_id: str, gateway: str = "mast") -> Event:
    """That one gateway was sent this command."""
    return new_event("TWL-G119", gateway=gateway, command_id=command_id, attempts=1, wanted={})


def test_each_command_is_passed_on_again_and_only_the_last_is_remembered() -> None:
    """A light that changes every few seconds all night must not fill memory."""
    limit = RateLimit()
    passed = [limit.pass_on(commanded(f"1.{number}"), float(number)) for number in range(100)]
    assert all(passed)
    assert [len(limit.pass_on(commanded("1.99"), 100.0)) for _ in range(3)] == [1, 0, 0]


def test_a_new_command_is_passed_on_while_repetitions_of_the_last_are_counted() -> None:
    """And those are summed up all the same."""
    limit = RateLimit()
    for _ in range(5):
        limit.pass_on(commanded("1.1"), 0.0)
    assert [len(limit.pass_on(commanded("1.2"), 1.0)) for _ in range(3)] == [1, 1, 0]
    assert [event.fields["times"] for event in limit.due(61.0)] == [3, 1]


def test_commands_beyond_those_that_are_distinguished_are_limited_together() -> None:
    """Ever new ones, too."""
    limit = RateLimit(keys=1)
    limit.pass_on(commanded("1.1"), 0.0)
    others = [new_event("TWL-G119", gateway=f"post-{n}", command_id=f"2.{n}", attempts=1, wanted={}) for n in range(9)]
    assert [len(limit.pass_on(event, 1.0)) for event in others] == [1, 1, 0, 0, 0, 0, 0, 0, 0]


def of_many(gateways: str, command_id: str) -> Event:
    """Each of these was sent a command of its own at one instant: each letter is one."""
    each = {gateway: f"{command_id}.{gateway}" for gateway in gateways}
    return replace(commanded(f"{command_id}.{gateways[0]}", gateways[0]), each=each)


def commands_of(events: Iterable[Event]) -> list[tuple[object, object]]:
    """The gateways and commands of events."""
    return [(one.fields["gateway"], one.fields["command_id"]) for event in events for one in event.singly()]


def test_many_gateways_become_one_event_where_the_command_is_new_to_each() -> None:
    """However often they are commanded."""
    limit = RateLimit()
    for number in range(5):
        event = of_many("abc", str(number))
        assert limit.pass_on(event, float(number)) == (event,)


Step = tuple[float, str, int, bool]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 61.0, 700.0]),
            st.sampled_from(["ab", "abc", "c"]),
            st.integers(0, 2),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_of_many_gateways_as_much_is_passed_on_as_of_each_by_itself(steps: list[Step]) -> None:
    """In any order of commands, which rise, of those that are sent together and those that are sent alone."""
    together, apart = RateLimit(), RateLimit()
    now_s, command = 0.0, 0
    for pause_s, gateways, rise, is_one in steps:
        now_s, command = now_s + pause_s, command + rise
        assert [*map(str, together.due(now_s))] == [*map(str, apart.due(now_s))]
        event = of_many(gateways, f"{command:03}")
        singles = list(event.singly())
        expected = [passed for single in singles for passed in apart.pass_on(single, now_s)]
        passed = [t for each in ([event] if is_one else singles) for t in together.pass_on(each, now_s)]
        assert commands_of(passed) == commands_of(expected)
    assert [*map(str, together.due(math.inf))] == [*map(str, apart.due(math.inf))]
