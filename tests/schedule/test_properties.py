"""Laws of the plan for random rules, places, overrides and stops: what it says, it says always and in every way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from controller.schedule.campaign import Blackout, EveryNight, Lit, Override, Rule, SafetyStop
from controller.schedule.hours import Place, night_at, night_of
from controller.schedule.plan import Program
from controller.schedule.plan_notes import notes
from tests.parts import examples

MICRO = timedelta(microseconds=1)
STEP = timedelta(minutes=7)
PLACES = (
    Place(56.899, 14.556, ZoneInfo("Europe/Stockholm")),
    Place(67.8558, 20.2253, ZoneInfo("Europe/Stockholm")),
    Place(-31.55, 159.08, ZoneInfo("Australia/Lord_Howe")),
    Place(-23.5, -46.6, ZoneInfo("America/Sao_Paulo")),
    Place(-13.8, -171.8, ZoneInfo("Pacific/Apia")),
)
STARTS = (
    datetime(2026, 11, 19, 3, tzinfo=UTC),
    datetime(2027, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 12, 8, 5, tzinfo=UTC),
    datetime(2027, 12, 30, 20, tzinfo=UTC),
    datetime(2028, 2, 28, 1, tzinfo=UTC),
    datetime(2018, 11, 3, 1, tzinfo=UTC),
    datetime(2011, 12, 29, 1, tzinfo=UTC),
)
DAYS = (
    "every day",
    "every Friday and Saturday",
    "20–26 November",
    "week 13",
    "week 43",
    "25 November to 10 December",
    "27 December to 2 January",
    "28–29 February",
    "last Sunday in March",
    "last Saturday in October",
    "30–31 December",
    "4 November",
)
HOURS = (
    "sunset to sunrise",
    "sunset to 23:00",
    "05:00 to sunrise",
    "22:00 to 02:15",
    "02:15 to 04:00",
    "all day",
    "dusk to dawn",
    "noon to sunset + 1 h",
    "00:00 to 06:00",
    "23:59 to 00:01",
)
FADES = ("0 s", "0 s", "30 s", "2 min", "3 h")
REACHED = timedelta(days=6)


class Coloured(Lit):
    """A campaign whose look is its name, in both zones."""

    @property
    def looks(self) -> Mapping[str, Any]:
        """The same name in both zones."""
        return {"bowl": self.name, "shaft": self.name}


class Nightly(EveryNight):
    """The same for `every_night`."""

    @property
    def looks(self) -> Mapping[str, Any]:
        """Only one zone."""
        return {"bowl": self.name}


@st.composite
def _days(draw: st.DrawFn) -> dict[str, Any]:
    listed = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=2))
    left_out = draw(st.lists(st.sampled_from(DAYS[1:]), max_size=1))
    hours = draw(st.lists(st.sampled_from(HOURS), min_size=1, max_size=2))
    return {draw(st.sampled_from(("dates", "nights"))): listed, "except": left_out, "hours": hours}


@st.composite
def _lit(draw: st.DrawFn, number: int, fades: bool) -> Coloured:
    fade = st.sampled_from(FADES if fades else FADES[:1])
    otherwise = draw(st.sampled_from((None, None, "dark")))
    return Coloured(name=f"c{number}", **draw(_days()), fade_in=draw(fade), fade_out=draw(fade), otherwise=otherwise)


@st.composite
def _overrides(draw: st.DrawFn, start: datetime) -> dict[str, Any]:
    instants = st.integers(-86_400, 6 * 86_400).map(lambda seconds: start + timedelta(seconds=seconds))
    overrides = []
    for number in range(draw(st.integers(0, 2))):
        begin, end = sorted((draw(instants), draw(instants)))
        zones = draw(st.sampled_from((("bowl",), ("bowl", "shaft"))))
        looks = dict.fromkeys(zones, f"o{number}")
        overrides.append(Override(f"o{number}", looks, begin, end, "Eva", "prov"))
    stop = draw(st.none() | st.none() | instants.map(lambda at: SafetyStop(at, "Eva", "arbete i masten")))
    return {"overrides": tuple(overrides), "stop": stop}


@st.composite
def programs(draw: st.DrawFn, *, fades: bool = True, overrides: bool = True) -> tuple[Program, datetime]:
    """A program, and an instant from which on something may happen in it."""
    start = draw(st.sampled_from(STARTS))
    campaigns = tuple(draw(_lit(number, fades)) for number in range(draw(st.integers(0, 3))))
    every_night = (Nightly(name="n0", hours=draw(st.sampled_from(HOURS))),) if draw(st.booleans()) else ()
    blackouts = (Blackout(name="b0", **draw(_days())),) if draw(st.integers(0, 3)) == 0 else ()
    manual = draw(_overrides(start)) if overrides else {}
    place = draw(st.sampled_from(PLACES))
    return Program(place, ("bowl", "shaft"), campaigns, every_night, blackouts, **manual), start


def fresh(program: Program) -> Program:
    """The same without anything remembered."""
    fields = ("place", "zones", "campaigns", "every_night", "blackouts", "overrides", "stop")
    return Program(**{name: getattr(program, name) for name in fields})


def applies(rule: Rule, at: datetime, place: Place) -> tuple[bool, bool]:
    """Whether it is one of the rule's days, and then whether one of its windows is open."""
    night = night_at(at, place.time_zone)
    day = at.astimezone(place.time_zone).date() if rule.dates is not None else night.day
    within = any(begin <= at < end for window in rule.hours for begin, end in window.resolve(night, place))
    return rule.has(day), rule.has(day) and within


def wanted(program: Program, at: datetime) -> dict[str, str]:
    """What each zone shows when all fades are done, rule by rule from the words of the specification."""
    if program.stop is not None and at >= program.stop.start:
        return {}
    shown: dict[str, str] = {}
    for rule in program.rules:
        is_day, is_open = applies(rule, at, program.place)
        if is_open:
            shown = {} if isinstance(rule, Blackout) else dict(rule.looks)
        if is_open or (is_day and isinstance(rule, Lit) and rule.otherwise == "dark"):
            break
    for override in program.overrides:
        if override.start <= at < override.end:
            shown.update(override.looks)
    return shown


def samples(program: Program, start: datetime) -> list[datetime]:
    """Borders a microsecond before, at and behind, and instants every few hours between."""
    borders = {at for night in program.nights(start, start + REACHED) for p in night.pieces for at in (p.start, p.end)}
    borders.update(at for override in program.overrides for at in (override.start, override.end))
    beside = [at + shift for at in borders for shift in (-MICRO, timedelta(0), MICRO)]
    between = [start + timedelta(hours=5 * i, seconds=i) for i in range(30)]
    return sorted(at for at in (*beside, *between) if start <= at < start + REACHED)


many = settings(
    max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
some = settings(many, max_examples=examples(4))


@many
@given(programs(fades=False))
def test_what_is_shown_is_what_the_rules_say(case: tuple[Program, datetime]) -> None:
    """At every border, beside it and between: stop, overrides by zone, blackouts, campaigns, every night, dark."""
    program, start = case
    for at in samples(program, start)[::2]:
        cue = program.look_at(at)
        done = cue.at + timedelta(seconds=cue.fade_s)
        assert dict(cue.looks) in (wanted(program, at), wanted(program, max(at, done)))


@many
@given(programs())
def test_plan_and_instant_agree(case: tuple[Program, datetime]) -> None:
    """The cue in force is the last one of the plan that has begun, and the next one is the one behind it."""
    program, start = case
    cues = program.cues(start, start + REACHED)
    assert all(one.at < other.at for one, other in pairwise(cues))
    assert cues[0].at <= start
    assert all(start < cue.at < start + REACHED for cue in cues[1:])
    around = [at for cue in cues[1:] for at in (cue.at - MICRO, cue.at, cue.at + MICRO)]
    for at in sorted((*samples(program, start)[::7], *around)):
        number = max(i for i, cue in enumerate(cues) if cue.at <= at or i == 0)
        assert program.look_at(at) == cues[number]
        following = program.next_cue(at)
        if number + 1 < len(cues):
            assert following == cues[number + 1]
        else:
            assert following is None or following.at >= min(start + REACHED, following.at)
        assert following is None or following.at > at


@some
@given(programs(), st.randoms(use_true_random=False))
def test_what_was_asked_before_does_not_matter(case: tuple[Program, datetime], random: Any) -> None:
    """A program that answered for days in any order answers as one that was made just now."""
    program, start = case
    asked = samples(program, start)[::5]
    random.shuffle(asked)
    for at in asked:
        program.look_at(at)
    for at in asked[:5]:
        other = fresh(program)
        assert program.next_cue(at) == other.next_cue(at)
        assert program.look_at(at) == other.look_at(at)
        assert program.with_overrides((), None).look_at(at) == fresh(other.with_overrides((), None)).look_at(at)
        assert program.explain(at) == other.explain(at)


@some
@given(programs(), st.integers(0, 6 * 86_400), st.integers(0, 6 * 86_400))
def test_two_periods_are_one(case: tuple[Program, datetime], one: int, other: int) -> None:
    """Wherever a period is cut, its halves side by side are the whole: a restart changes nothing."""
    program, start = case
    middle = start + timedelta(seconds=min(one, other))
    end = start + timedelta(seconds=max(one, other))
    whole = program.cues(start, end)
    before, behind = program.cues(start, middle), program.cues(middle, end)
    joined = (*before, *(cue for cue in behind if cue.at >= middle)) if middle < end else before
    assert joined == whole or (middle == start and behind == whole)


@some
@given(programs(), st.sampled_from(("Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati", "UTC")))
def test_an_instant_is_the_same_in_every_time_zone(case: tuple[Program, datetime], name: str) -> None:
    """Whoever asks, and in whose clock."""
    program, start = case
    elsewhere = start.astimezone(ZoneInfo(name))
    assert program.look_at(elsewhere) == program.look_at(start)
    assert program.next_cue(elsewhere) == program.next_cue(start)
    assert program.explain(elsewhere) == program.explain(start)
    end = start + REACHED  # added to the clock of a zone that steps meanwhile it would be another instant
    assert program.cues(elsewhere, end.astimezone(ZoneInfo(name))) == program.cues(start, end)


@some
@given(programs(overrides=False), st.integers(0, 5 * 86_400), st.integers(1, 86_400))
def test_an_override_holds_from_its_start_to_its_end(case: tuple[Program, datetime], after_s: int, long_s: int) -> None:
    """Not an instant longer; cleared, or over, everything is as if it had never been."""
    program, start = case
    begin = start + timedelta(seconds=after_s)
    end = begin + timedelta(seconds=long_s)
    override = Override("1", {"bowl": "override", "shaft": "override"}, begin, end, "Eva", "prov")
    under = program.with_overrides((override,), None)
    for at in (begin, begin + MICRO, end - timedelta(seconds=3)):
        if begin <= at < end:
            assert under.look_at(at).looks == override.looks
    assert under.look_at(begin).at == begin
    for at in (begin - MICRO, end, end + MICRO, start + REACHED):
        assert "override" not in under.look_at(at).looks.values() or begin <= at < end
        assert "override" not in under.with_overrides((), None).look_at(at).looks.values()
        assert under.with_overrides((), None).look_at(at) == program.look_at(at)
    assert under.look_at(end).looks == program.look_at(end).looks


@some
@given(programs(overrides=False), st.integers(0, 5 * 86_400))
def test_the_stop_wins_from_its_start_until_it_is_lifted(case: tuple[Program, datetime], after_s: int) -> None:
    """Dark for good, with no cue behind it."""
    program, start = case
    stop = SafetyStop(start + timedelta(seconds=after_s), "Eva", "arbete i masten")
    under = program.with_overrides((), stop)
    cue = under.look_at(stop.start + timedelta(days=2))
    assert (cue.at, dict(cue.looks), cue.why.winner, cue.fade_s) == (stop.start, {}, "stop", 0.0)
    assert under.next_cue(stop.start) is None
    assert under.look_at(stop.start - MICRO).why.winner != "stop"
    assert under.with_overrides((), None).look_at(stop.start) == program.look_at(stop.start)


@some
@given(programs(overrides=False, fades=False), st.data())
def test_an_entry_at_the_bottom_changes_nothing_above(case: tuple[Program, datetime], data: st.DataObject) -> None:
    """What a higher one shows, it shows with any other below it."""
    program, start = case
    lowest = data.draw(_lit(9, False))
    more = Program(program.place, program.zones, (*program.campaigns, lowest), (), program.blackouts)
    less = Program(program.place, program.zones, program.campaigns, (), program.blackouts)
    for at in samples(less, start)[::2]:
        if less.look_at(at).campaign is not None:
            assert more.look_at(at).looks == less.look_at(at).looks
        assert more.look_at(at).campaign in {less.look_at(at).campaign, "c9"}


@some
@given(programs(overrides=False, fades=False))
def test_a_rule_that_never_wins_can_be_taken_away(case: tuple[Program, datetime]) -> None:
    """In a period in which it does not show, the cues are the same without it."""
    program, start = case
    shows = {piece.shows for night in program.nights(start, start + REACHED) for piece in night.pieces}
    winners = {cue.why.winner for cue in program.cues(start, start + REACHED)}
    seen = tuple(rule for rule in program.campaigns if rule in shows or rule.name in winners)
    assume(len(seen) < len(program.campaigns))
    fewer = Program(program.place, program.zones, seen, program.every_night, program.blackouts)
    for at in samples(program, start)[::3]:
        assert fewer.look_at(at).looks == program.look_at(at).looks


@some
@given(programs())
def test_windows_of_a_rule_are_apart_and_pieces_tile_the_night(case: tuple[Program, datetime]) -> None:
    """Of one rule never two at once; each night whole, each of its pieces longer than nothing, neighbours unlike."""
    program, start = case
    nights = program.nights(start, start + REACHED)
    assert all(one.night.end == other.night.start for one, other in pairwise(nights))
    for night in nights:
        for rule in program.rules:
            windows = rule.windows(night.night, program.place)
            assert all(begin < end for begin, end in windows)
            assert all(one[1] < other[0] for one, other in pairwise(windows))
            assert all(night.night.start <= begin and end <= night.night.end for begin, end in windows)
        assert (night.pieces[0].start, night.pieces[-1].end) == (night.night.start, night.night.end)
        assert all(one.end == other.start for one, other in pairwise(night.pieces))
        assert all(piece.start < piece.end for piece in night.pieces)


@some
@given(programs())
def test_fades_end_where_they_should(case: tuple[Program, datetime]) -> None:
    """Each is done when the next cue begins; without hands a cue that leads its border is done at it."""
    program, start = case
    cues = program.cues(start, start + REACHED)
    for cue, following in pairwise(cues[1:]):
        assert cue.fade_s >= 0
        done = cue.at + timedelta(seconds=cue.fade_s)
        assert done <= following.at
        assert cue.since <= done


@some
@given(st.sampled_from(DAYS), st.sampled_from(HOURS), st.sampled_from(("dates", "nights")), st.sampled_from(STARTS))
def test_without_a_year_is_all_years_one_by_one(days: str, hours: str, kind: str, start: datetime) -> None:
    """A rule without a year shows what its copies show that are dated year by year."""
    place, zones = PLACES[0], ("bowl", "shaft")
    assume(not days.startswith("every"))
    years = range(start.year - 1, start.year + 2)
    over_new_year = "January" in days
    dated = [f"{days} {year + over_new_year}" for year in years]
    yearless, copies = (Coloured(name="c", **{kind: listed}, hours=hours) for listed in (days, dated))
    for at in samples(Program(place, zones, (yearless,)), start)[::2]:
        one, other = (
            Program(place, zones, (rule,)).nights(at, at)[0].piece_at(at).shows for rule in (yearless, copies)
        )
        assert (one is None) == (other is None)


@some
@given(programs(), st.lists(st.integers(0, 6 * 86_400), min_size=1, max_size=6))
def test_late_skipped_and_doubled_looks_end_the_same(case: tuple[Program, datetime], ticks: list[int]) -> None:
    """Whoever looks seldom sees at last what whoever looked often sees."""
    program, start = case
    last = start + timedelta(seconds=max(ticks))
    seldom = fresh(program).look_at(last)
    for seconds in (*ticks, *ticks[::-1]):
        program.look_at(start + timedelta(seconds=seconds))
    assert program.look_at(last) == seldom


@settings(max_examples=examples(4), deadline=None)
@given(
    programs(),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_instant_has_an_answer(case: tuple[Program, datetime], at: datetime) -> None:
    """From 1970 to 2100, anywhere, whatever the rules."""
    program, _ = case
    cue = program.look_at(at)
    assert cue.at <= at
    following = program.next_cue(at)
    assert following is None or following.at > at


@given(st.dates(date(1990, 1, 1), date(2050, 1, 1)), st.sampled_from(PLACES))
def test_night_frames_follow_one_another(day: date, place: Place) -> None:
    """Whole seconds, no gap."""
    one, other = (night_of(each, place.time_zone) for each in (day, day + timedelta(days=1)))
    assert one.end == other.start


@some
@given(programs())
def test_what_a_hand_sets_moves_no_step_of_the_schedule(case: tuple[Program, datetime]) -> None:
    """Before, after, and beside it in the zones that it leaves out, the look of the schedule is counted from where it
    is without any override."""
    program, start = case
    plain = program.with_overrides((), None)
    for at in samples(program, start):
        cue, planned = program.look_at(at), plain.look_at(at)
        if any(at < each.at + timedelta(seconds=each.fade_s) for each in (cue, planned)):
            continue  # an override may cut a fade short, or begin another
        active = [override for override in program.overrides if override.start <= at < override.end]
        manual = {zone for override in active for zone in override.looks}
        stopped = program.stop is not None and program.stop.start <= at
        for zone in () if stopped else {*program.zones} - manual:
            assert cue.looks.get(zone) == planned.looks.get(zone)
            assert zone not in cue.looks or cue.of(zone).since == planned.of(zone).since


def _in_gaps(program: Program, higher: Rule, lower: Rule, day: date) -> dict[datetime, bool]:
    """Instants of a night, none near a border, and whether the lower rule shows there on a day of the higher one."""
    plan = program.nights(*[night_of(day, program.place.time_zone).midnight] * 2)[0]
    borders = [at for piece in plan.pieces for at in (piece.start, piece.end)]
    steps = (plan.night.start + i * STEP for i in range((plan.night.end - plan.night.start) // STEP))
    return {
        at: applies(higher, at, program.place)[0] and wanted(program, at) == dict(lower.looks)
        for at in steps
        if all(abs(at - border) > timedelta(minutes=1) for border in borders)
    }


@many
@given(programs(fades=False, overrides=False).filter(lambda case: case[0].campaigns != ()), st.sampled_from(HOURS[:4]))
def test_a_note_on_two_campaigns_says_when_the_lower_one_shows(case: tuple[Program, datetime], hours: str) -> None:
    """Between the hours of the higher one, as the plan has it; `otherwise: dark` there ends it; else it never does."""
    program, start = case
    lowest = Coloured(name="low", nights="every day", hours=hours)  # overlaps nearly every other
    program = replace(program, campaigns=(*program.campaigns, lowest))
    by_name = {rule.name: rule for rule in program.campaigns}
    for note in notes(program, start):
        higher, lower = by_name.get(str(note.fields["name"])), by_name.get(str(note.fields.get("other")))
        if higher is None or lower is None:
            continue
        first = date.fromisoformat(str(note.fields["day" if note.code == "TWL-S217" else "first"]))
        shown = _in_gaps(program, higher, lower, first)
        assert note.code == "TWL-S217" or not any(shown.values())
        if len({at.astimezone(program.place.time_zone).utcoffset() for at in shown}) > 1:
            continue  # an hour that comes twice has no clock time of its own
        spans = [span.split("–") for span in str(note.fields.get("hours", "")).split(", ") if span]
        for at, is_shown in shown.items():
            clock = f"{at.astimezone(program.place.time_zone):%H:%M}"
            assert is_shown == any(
                begin <= clock < end if begin < end else not end <= clock < begin for begin, end in spans
            ), (note, at)
        dark = tuple(
            rule.model_copy(update={"otherwise": "dark"}) if rule is higher else rule for rule in by_name.values()
        )
        mended = replace(program, campaigns=dark)
        assert not any(wanted(mended, at) for at, is_shown in shown.items() if is_shown)
