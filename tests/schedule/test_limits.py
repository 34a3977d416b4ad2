"""Limits and skipped campaigns, which lie over the rules, exact at their borders; zones that a campaign leaves out."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config.load import parse
from controller.lighting.color import Color
from controller.lighting.look import Look
from controller.schedule import precedence
from controller.schedule.campaign import Override, Rule, SafetyStop
from controller.schedule.hours import Night, Place
from controller.schedule.plan import Program
from controller.schedule.precedence import Claim, claims
from controller.service.desired import desired_looks
from tests.parts import examples
from tests.schedule.conftest import CONFIG

Planned = Callable[..., Program]
START = datetime(2026, 11, 19, 12, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
RULES = (
    "  - {name: high, dates: 20–21 November, hours: sunset to 23:00, color: {bowl: red}, fade_in: 40 min}",
    "  - {name: steps, nights: 20 November, color: [red, blue], change_every: 7 min, brightness: 80 %}",
    "  - {name: low, dates: 20–26 November, hours: 17:00 to 06:00, color: orange, fade_in: 1 h, fade_out: 30 min}",
    "  - {name: faint, nights: 19–21 November, hours: 21:00 to 22:15, color: white, brightness: 20 %, fade_in: 1 h}",
)
NIGHTLY = ("every_night: []", "every_night: [{name: n, color: {shaft: white}, hours: sunset to 01:00, fade_out: 1 h}]")
LIMITS = (
    "  - {name: birds, hours: 22:00 to 05:00, brightness: 30 %}",
    "  - {name: night, dates: 21 November, hours: 23:30 to 00:30, brightness: 10 %}",
    "  - {name: sky, nights: 20 November, brightness: 50 %}",
    "  - {name: none, nights: 21 November, hours: 18:00 to 18:30, brightness: 0 %}",
)


def program_of(rules: list[str], nightly: str, limits: list[str]) -> Program:
    """A program from lines of a schedule."""
    groups = (("campaigns", rules), ("limits", limits))
    written = "\n".join(f"{name}:\n" + "\n".join(lines) if lines else f"{name}: []" for name, lines in groups)
    schedule = f"version: 1\n{written}\n{nightly}\n"
    return parse((CONFIG / "tower.yaml").read_bytes(), schedule.encode(), CONFIG).program()


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Rules and limits in any order, with overrides of a zone, of the tower, and perhaps a stop."""
    rules = draw(st.lists(st.sampled_from(RULES), unique=True))
    limits = draw(st.lists(st.sampled_from(LIMITS), unique=True))
    program = program_of(rules, draw(st.sampled_from(NIGHTLY)), limits)
    overrides = []
    for number in range(draw(st.integers(0, 2))):
        begin = START + timedelta(minutes=draw(st.integers(0, 3000)))
        zones = draw(st.sampled_from((("bowl",), ("bowl", "shaft"), ())))
        looks = dict.fromkeys(zones, Look((Color("#00FF00"),)))
        skips = "" if zones else draw(st.sampled_from(("high", "low", "steps")))
        end = begin + timedelta(minutes=draw(st.integers(1, 900)))
        overrides.append(Override(f"o{number}", looks, begin, end, "Eva", "prov", skips))
    stop = draw(st.none() | st.none() | st.just(SafetyStop(START + timedelta(hours=30), "Eva", "prov")))
    return program.with_overrides(tuple(overrides), stop)


def highest(program: Program, at: datetime) -> float:
    """The highest brightness that the limits of an instant allow, by their days and windows."""
    within = [
        limit.brightness
        for limit in program.limits
        for night in (program.nights(at, at + MICRO)[0].night,)
        for begin, end in limit.windows(night, program.place)
        if begin <= at < end
    ]
    return min(within, default=1.0)


def instants(program: Program) -> list[datetime]:
    """Every half hour of three nights, and beside each cue."""
    every = [START + timedelta(minutes=75 * i, seconds=i) for i in range(44)]
    cues = [cue.at for cue in program.cues(START, every[-1])]
    return sorted((*every, *(at + shift for at in cues for shift in (-MICRO, timedelta(0), MICRO))))


@settings(max_examples=examples(6), deadline=None)
@given(programs())
def test_what_is_shown_is_what_is_shown_without_limits_and_not_brighter_than_they_allow(program: Program) -> None:
    """Of every zone, at every cue and beside it: the same colour, and the lower of the two brightnesses."""
    free = replace(program, limits=())
    for at in instants(program):
        shown, unlimited = (desired_looks(p.zones, p.look_at(at), at) for p in (program, free))
        for zone, state in shown.items():
            wanted = min(unlimited[zone].brightness, highest(program, at))
            assert state.brightness == wanted, (zone, at)
            assert state.color == (unlimited[zone].color if wanted else None)


@settings(max_examples=examples(6), deadline=None)
@given(programs())
def test_a_skip_is_the_plan_without_that_campaign(program: Program) -> None:
    """Of every zone, the steps of sequences included, from its start until its end and at no other time."""
    for at in instants(program):
        skipped = {each.skips for each in program.overrides if each.skips and each.start <= at < each.end}
        others = tuple(each for each in program.overrides if not each.skips)
        campaigns = tuple(rule for rule in program.campaigns if rule.name not in skipped)
        wanted = replace(program, campaigns=campaigns, overrides=others)
        cues = program.look_at(at), wanted.look_at(at)
        # a fade to what follows a skip begins with it
        assert desired_looks(program.zones, cues[0], at) == desired_looks(program.zones, cues[1], at), at


@settings(max_examples=examples(6), deadline=None)
@given(programs())
def test_the_plan_ahead_is_what_each_instant_would_say(program: Program) -> None:
    """Gateways that keep the plan show the same as those that are reported: between two cues nothing changes."""
    cues = program.cues(START, START + timedelta(hours=55))
    for cue, following in zip(cues, (*cues[1:], None), strict=True):
        ends = following.at if following is not None else START + timedelta(hours=55)
        for at in (max(cue.at, START), ends - MICRO):
            assert program.look_at(at).looks == cue.looks
            assert desired_looks(program.zones, program.look_at(at), at) == desired_looks(program.zones, cue, at)
        if following is not None:
            assert program.next_cue(ends - MICRO) == following == program.look_at(ends)


@settings(max_examples=examples(6), deadline=None)
@given(programs())
def test_no_light_on_its_way_is_brighter_than_a_limit_allows(program: Program) -> None:
    """A fade that begins or goes on inside a limit comes from a look that the limit allows."""
    cues = program.cues(START, START + timedelta(hours=55))
    brightest = dict.fromkeys(program.zones, 0.0)
    for before, cue in pairwise(cues):
        arrived = cue.at >= before.at + timedelta(seconds=before.fade_s)
        for zone in program.zones:
            shown = before.looks[zone].brightness if zone in before.looks and before.looks[zone].colors else 0.0
            brightest[zone] = shown if arrived else max(shown, brightest[zone])
            if cue.fade_s:
                assert brightest[zone] <= highest(program, cue.at), (zone, cue.at)
            else:
                brightest[zone] = 0.0


def campaign(planned: Planned, hours: str, limits: str) -> Program:
    """One orange campaign on the night of 20 November."""
    return planned(
        f"campaigns:\n  - {{name: a, nights: 20 November, hours: {hours}, color: orange}}\nlimits:\n  - {limits}\n"
    )


def test_a_limit_changes_the_light_at_its_borders(planned: Planned) -> None:
    """At the instant, without a fade into it; and it says that it does."""
    program = campaign(planned, "18:00 to 06:00", "{name: birds, hours: 22:00 to 05:00, brightness: 30 %}")
    cues = program.cues(START, START + timedelta(hours=48))
    begins, ends = datetime(2026, 11, 20, 21, tzinfo=UTC), datetime(2026, 11, 21, 4, tzinfo=UTC)
    dimmed = [(cue.at, [look.brightness for look in cue.looks.values()], cue.fade_s) for cue in cues if cue.looks]
    assert [(at, share, fade) for at, share, fade in dimmed if at in {begins, ends}] == [
        (begins, [0.3, 0.3], 0.0),
        (ends, [1.0, 1.0], 0.0),
    ]
    why = program.explain(begins)
    assert (why.winner, why.rule["limit"]) == ("a", {"name": "birds", "line": 5, "brightness": 0.3})
    assert why.text("sv").endswith("; begränsat till 30 % av birds")
    assert "limit" not in program.explain(begins - SECOND).rule


@pytest.mark.parametrize("share", ["30 %", "0 %"])
def test_a_limit_caps_what_is_set_by_hand(planned: Planned, share: str) -> None:
    """Bird migration does not ask who set the light."""
    program = campaign(planned, "18:00 to 06:00", f"{{name: birds, hours: 22:00 to 05:00, brightness: {share}}}")
    at = datetime(2026, 11, 20, 23, tzinfo=UTC)
    override = Override("o", {"bowl": Look((Color("#00FF00"),))}, at - SECOND, at + timedelta(hours=8), "Eva", "prov")
    cue = program.with_overrides((override,), None).look_at(at)
    assert desired_looks(program.zones, cue, at)["bowl"].brightness == float(share[:-2]) / 100


@pytest.mark.parametrize("is_lower_first", [True, False])
def test_of_two_limits_the_lower_one_counts(planned: Planned, is_lower_first: bool) -> None:
    """Whichever stands first in the file; alone, each counts as it is."""
    limits = [
        "{name: sky, hours: 22:00 to 00:00, brightness: 20 %}",
        "{name: birds, hours: 21:00 to 05:00, brightness: 30 %}",
    ]
    written = "\n  - ".join(limits if is_lower_first else limits[::-1])
    program = campaign(planned, "18:00 to 06:00", written)
    for hour, brightness, name in ((20.5, 0.3, "birds"), (21.5, 0.2, "sky"), (23.5, 0.3, "birds")):
        cue = program.look_at(START + timedelta(hours=12 + hour))
        assert {look.brightness for look in cue.looks.values()} == {brightness}
        assert {limit.name for limit in cue.limits.values()} == {name}


def test_what_a_period_allows_is_what_its_darkest_instant_does(planned: Planned) -> None:
    """A limit counts that began before the period, and one that begins within it; not one that begins as it ends."""
    program = campaign(planned, "18:00 to 06:00", "{name: birds, hours: 22:00 to 05:00, brightness: 30 %}")
    begins = datetime(2026, 11, 20, 21, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert program.highest(begins + hour, begins + 2 * hour) == 0.3
    assert program.highest(begins - hour, begins + hour) == 0.3
    assert program.highest(begins - hour, begins) == 1.0


def test_a_safety_stop_stays_dark_under_a_limit(planned: Planned) -> None:
    """And it is the stop that is reported, with no word of a limit."""
    program = campaign(planned, "18:00 to 06:00", "{name: birds, brightness: 30 %}")
    at = datetime(2026, 11, 20, 23, tzinfo=UTC)
    cue = program.with_overrides((), SafetyStop(at, "Eva", "prov")).look_at(at)
    assert not any(state.on for state in desired_looks(program.zones, cue, at).values())
    assert (cue.why.winner, cue.limits, cue.why.limit) == ("stop", {}, None)


def test_a_stop_or_an_override_cuts_the_fade_that_it_meets(planned: Planned) -> None:
    """Both begin to the instant; the fade of a campaign takes no longer than the campaign is shown."""
    fading = "nights: 20 November, hours: 18:00 to 06:00, color: orange, fade_in: 30 s"
    program = planned(f"campaigns: [{{name: a, {fading}}}]")
    start, span = datetime(2026, 11, 20, 17, tzinfo=UTC), timedelta(seconds=10)
    look = dict.fromkeys(program.zones, Look((Color("#00FF00"),)))
    override = Override("o", look, start + span, start + 2 * span, "Eva", "prov")
    stop = SafetyStop(start + span, "Eva", "prov")
    for overrides, stopped, winner in (((override,), None, "override"), ((), stop, "stop")):
        _, *cues = program.with_overrides(overrides, stopped).cues(start - span, start + 1.5 * span)
        assert [(cue.at, cue.why.winner) for cue in cues] == [(start, "a"), (start + span, winner)]
        assert cues[0].fade_s == span.total_seconds()


def test_a_look_that_is_faint_already_is_left_as_it_is(planned: Planned) -> None:
    """No cue, and no word of the limit."""
    program = campaign(planned, "18:00 to 06:00, brightness: 20 %", "{name: birds, brightness: 30 %}")
    assert program.limits
    assert program.explain(datetime(2026, 11, 20, 23, tzinfo=UTC)).limit is None
    assert [cue.limits for cue in program.cues(START, START + timedelta(hours=48)) if cue.limits] == []


def test_a_zone_that_a_campaign_leaves_out_follows_the_rules_below(planned: Planned) -> None:
    """As under an override of one zone, with steps of its own; the lower rule has lost nothing then."""
    program = planned(
        "campaigns:\n  - {name: a, nights: 20 November, color: {bowl: yellow}}\n"
        "  - {name: b, nights: 20 November, hours: 18:00 to 20:00, color: [red, blue], change_every: 10 min}\n"
        "every_night: [{name: n, color: white, hours: 19:00 to 22:00}]\n"
    )
    at = datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
    shown = {zone: state.value["color_name"] for zone, state in _states(program, at).items()}
    assert shown == {"bowl": "yellow", "shaft": "blue"}
    why = program.explain(at)
    assert (why.winner, [rule.name for rule in why.losers]) == ("a", ["n"])
    later = _states(program, datetime(2026, 11, 20, 20, 30, tzinfo=UTC))
    assert later["shaft"].value["color_name"] == "white"
    assert not _states(program, datetime(2026, 11, 20, 22, tzinfo=UTC))["shaft"].on


@pytest.mark.parametrize("zone", ["bowl", "shaft"])
def test_a_campaign_of_one_zone_stands_before_every_night_whichever_zone_it_is(planned: Planned, zone: str) -> None:
    """Both are shown, and the higher one is named first; its own end leaves the night to the other."""
    program = planned(
        f"campaigns:\n  - {{name: a, nights: 20 November, hours: 18:00 to 20:00, color: {{{zone}: red}}}}\n"
        "every_night: [{name: n, color: white, hours: 18:00 to 22:00}]\n"
    )
    noon = START + timedelta(days=1)
    (night,) = program.nights(noon, noon + timedelta(hours=1))
    lit = [[rule.name for rule in piece.showing] for piece in night.pieces if piece.shows]
    assert lit == [["a", "n"], ["n"]]
    why = program.explain(noon + timedelta(hours=6))
    assert (why.winner, why.losers) == ("a", ())


@pytest.mark.parametrize("zone", ["bowl", "shaft"])
def test_a_zone_that_is_lit_is_named_before_one_that_is_kept_dark(planned: Planned, zone: str) -> None:
    """The dark rest of a campaign of one zone stands higher, and does not hide the light of the other."""
    program = planned(
        "campaigns:\n"
        f"  - {{name: a, nights: 20 November, hours: 18:00 to 19:00, color: {{{zone}: red}}, otherwise: dark}}\n"
        "every_night: [{name: n, color: white, hours: 20:00 to 22:00}]\n"
    )
    noon = START + timedelta(days=1)
    (night,) = program.nights(noon, noon + timedelta(hours=1))
    claims = [(piece.claim.rule.name, piece.claim.lit) for piece in night.pieces if piece.claim]
    assert claims == [("a", False), ("a", True), ("a", False), ("n", True), ("a", False)]
    why = program.explain(noon + timedelta(hours=8))
    assert (why.winner, why.verdict) == ("n", "lit")


def _states(program: Program, at: datetime) -> dict[str, object]:
    return desired_looks(program.zones, program.look_at(at), at)


def test_a_skip_says_who_skips_what(planned: Planned) -> None:
    """If nothing is below it, it is dark, and the reason is reported; outside the campaign's hours it is not."""
    program = planned("campaigns:\n  - {name: a, nights: 20 November, hours: 18:00 to 22:00, color: yellow}\n")
    at = datetime(2026, 11, 20, 18, tzinfo=UTC)
    skip = Override("s", {}, at, at + timedelta(hours=6), "Eva", "regn", "a")
    skipped = program.with_overrides((skip,), None)
    assert skipped.explain(at).rule["skip"] == {"name": "a", "owner": "Eva", "reason": "regn"}
    assert skipped.look_at(at).looks == {}
    assert (skipped.look_at(at).at, skipped.look_at(at).fade_s) == (at, 2.0)
    assert skipped.explain(at + timedelta(hours=4)).skip is None
    assert skipped.look_at(at - SECOND).campaign == "a"


def test_of_two_skips_the_one_that_keeps_it_dark_longer_is_shown(planned: Planned) -> None:
    """Each hides a campaign that would show: the tower is dark until the later end."""
    program = planned(
        "campaigns:\n  - {name: a, nights: 20 November, color: {bowl: yellow}}\n"
        "  - {name: b, nights: 20 November, color: {shaft: red}}\n"
    )
    at = datetime(2026, 11, 20, 18, tzinfo=UTC)
    skips = [Override(name, {}, at, at + timedelta(hours=h), name, "regn", name) for name, h in (("b", 6), ("a", 2))]
    for both in (skips, skips[::-1]):
        skip = program.with_overrides(tuple(both), None).explain(at).skip
        assert skip is not None
        assert skip.skips == "b"


def test_each_night_is_worked_out_once_for_the_rules_and_once_for_the_limits(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is asked for: with hundreds of campaigns this is nearly all of the time that `check` takes."""
    program = planned(
        "campaigns:\n  - {name: a, dates: every day, color: red}\n"
        "limits:\n  - {name: birds, hours: 23:00 to 05:00, brightness: 30 %}\n"
    )
    asked: list[tuple[str, date]] = []

    def counted(rules: Iterable[Rule], night: Night, place: Place) -> tuple[Claim, ...]:
        asked.extend((rule.name, night.day) for rule in rules)
        return claims(rules, night, place)

    monkeypatch.setattr(precedence, "claims", counted)
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for _ in range(2):
        program.nights(start, start + timedelta(days=10))
        program.cues(start, start + timedelta(days=5))
    assert {name for name, _ in asked} == {"a", "birds"}
    assert set(Counter(asked).values()) == {1}
