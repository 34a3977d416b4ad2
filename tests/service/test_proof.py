"""Proof of glow: planned against confirmed minutes, and of each gap its cause."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.config.load import Setup, load
from controller.errors import WatertowerError
from controller.events import Event, new_event
from controller.lighting.look import NO_LIGHT
from controller.schedule.hours import night_at
from controller.service.confirmed_minutes import look_document
from controller.service.desired import desired_looks
from controller.service.proof import Gap, GapCause, Glow, Proof, gap_words
from controller.service.proof_period import ProofPeriod, read_proof_period
from controller.service.proving import prove
from controller.service.values import rules_value
from controller.state import History, LightChange, Minute
from controller.state.history_rows import Row, recorded

WEEK = "En vecka fri från våld"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = datetime(2026, 12, 24, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
"""Of the night 20–21 November in Alvesta."""


def at(text: str) -> datetime:
    """A time of that night, in local time."""
    hour, minute = map(int, text.split(":"))
    return MIDNIGHT + timedelta(hours=hour - 24 * (hour >= 12), minutes=minute)


def whole(moment: datetime) -> datetime:
    """The next whole minute."""
    return moment.replace(second=0, microsecond=0) + MINUTE


@pytest.fixture
def setup() -> Setup:
    """The shipped one."""
    return load(Path(__file__).parents[2] / "config")


@dataclass
class Recorder:
    """A history of a service that ran and whose lamps did as they should, except for what a test changes."""

    directory: Path
    setup: Setup
    rows: list[Row] = field(default_factory=list)

    def ran(self, start: datetime, end: datetime) -> None:
        """Minute rows and changes of light of that time, as the schedule means it."""
        program = self.setup.program()
        cues = program.cues(start, end)
        for cue, until in zip(cues, [cue.at for cue in cues[1:]] + [end], strict=True):
            since = max(cue.at, start)
            rules = rules_value(program, cue, since)
            for zone in program.zones:
                look = look_document(cue.looks.get(zone, NO_LIGHT), cue.of(zone).since)
                self.rows.append(LightChange(since, zone, look, rules[zone]))
            moment = since if since == since.replace(second=0, microsecond=0) else whole(since)
            while moment < until:
                night = night_at(moment, program.place.time_zone).day
                desired = desired_looks(program.zones, cue, moment)
                for zone in program.zones:
                    self.rows.append(Minute(night, zone, moment, desired[zone].on, 60.0))
                moment += MINUTE

    def by_hand(self, start: datetime, end: datetime, rule: dict[str, object], *, on: bool, color: str) -> None:
        """Both zones by hand; then the schedule again."""
        look = {"colors": [color] if on else [], "names": [None] if on else [], "brightness": 1.0}
        self.rows += [LightChange(start, zone, look, rule) for zone in self.setup.tower.zones]
        moment = start
        while moment < end:
            self.rows += [Minute(date(2026, 11, 20), z, moment, on, 60.0) for z in self.setup.tower.zones]
            moment += MINUTE
        self.ran(end, end)

    def record(self, moment: datetime, event: Event) -> None:
        """An event of that time."""
        self.rows.append(recorded(event, moment))

    def proof(self, text: str = WEEK, now: datetime = LATER) -> Proof:
        """Of what is asked for."""
        history = History(self.directory)
        history.write(self.rows)
        history.close()
        return prove(history, self.setup, read_proof_period(text, self.setup, now), now)


@pytest.fixture
def recorder(tmp_path: Path, setup: Setup) -> Recorder:
    """Nothing recorded yet."""
    return Recorder(tmp_path, setup)


FIRST, LAST = datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC)


def test_a_week_without_a_gap_is_wholly_confirmed(recorder: Recorder) -> None:
    """Eight nights touch the seven days: the first from midnight, the last until midnight."""
    recorder.ran(FIRST, LAST)
    proof = recorder.proof()
    assert proof.tower.percent == 100.0
    pieces = [piece for night in recorder.setup.program().nights(FIRST, LAST) for piece in night.pieces if piece.shows]
    lit_s = sum((min(piece.end, LAST) - max(piece.start, FIRST)).total_seconds() for piece in pieces)
    fades_s = 8 * 120
    assert proof.tower.planned_s == proof.tower.confirmed_s == pytest.approx(lit_s - fades_s, abs=8 * 60)
    assert [night.night.day for night in proof.nights] == [19, 20, 21, 22, 23, 24, 25, 26]
    assert [len(night.gaps) for night in proof.nights] == [0] * 8
    assert set(proof.zones) == {"bowl", "shaft"}
    assert proof.zones["bowl"] == proof.tower


def gaps(proof: Proof) -> list[tuple[str, str, tuple[str, ...], tuple[GapCause, ...]]]:
    """Begin and end in local time, zones and causes."""
    return [
        (f"{gap.start + HOUR:%H:%M}", f"{gap.end + HOUR:%H:%M}", gap.zones, gap.causes)
        for night in proof.nights
        for gap in night.gaps
    ]


def one_night(recorder: Recorder, *holes: tuple[str, str, float, tuple[str, ...]]) -> None:
    """The night of the 20th from 15:00 to 09:00; in a hole these zones confirmed only so many seconds a minute."""
    recorder.ran(at("15:00"), at("09:00"))
    for start, end, confirmed_s, zones in holes:
        moment = at(start)
        while moment < at(end):
            recorder.rows += [Minute(date(2026, 11, 20), z, moment, True, confirmed_s) for z in zones]
            moment += MINUTE


NIGHT = "2026-11-20T15:00..2026-11-21T09:00"


def test_a_silent_gateway_is_the_cause_of_its_gap(recorder: Recorder) -> None:
    """By its code, though its event came after the gap had begun; the rest of the night is confirmed."""
    one_night(recorder, ("02:10", "02:14", 0.0, ("bowl", "shaft")))
    recorder.record(at("02:11"), new_event("TWL-G104", gateway="mast", age_s=60.0))
    recorder.record(at("02:14"), new_event("TWL-G105", gateway="mast"))
    proof = recorder.proof(NIGHT)
    assert gaps(proof) == [
        ("02:10", "02:14", ("bowl", "shaft"), (GapCause("gateway", "TWL-G104", "mast"),)),
    ]
    assert proof.tower.planned_s - proof.tower.confirmed_s == 240


def test_a_gap_of_one_zone_is_not_the_other_ones(recorder: Recorder) -> None:
    """The tower lacks what its worst zone lacks."""
    one_night(recorder, ("02:10", "02:12", 15.0, ("shaft",)))
    proof = recorder.proof(NIGHT)
    (gap,) = proof.nights[0].gaps
    assert (gap.zones, gap.missing_s, gap.causes) == (("shaft",), 90.0, (GapCause("unknown"),))
    assert proof.zones["bowl"].percent == 100.0
    assert proof.tower == proof.zones["shaft"]
    assert proof.tower.planned_s - proof.tower.confirmed_s == 90


def test_a_gateway_of_another_zone_is_no_cause(recorder: Recorder) -> None:
    """It lights something else."""
    tower = recorder.setup.tower
    one = tower.gateways[0].model_copy(update={"name": "fot"})
    recorder.setup = replace(recorder.setup, tower=tower.model_copy(update={"gateways": (one,)}))
    one_night(recorder, ("02:10", "02:12", 0.0, ("shaft",)))
    recorder.record(at("02:10"), new_event("TWL-G104", gateway="fot", age_s=0.0))
    assert gaps(recorder.proof(NIGHT))[0][3] == (GapCause("gateway", "TWL-G104", "fot"),)


def test_a_clock_in_doubt_and_a_lost_broker_are_causes(recorder: Recorder) -> None:
    """Each by its code."""
    one_night(recorder, ("02:10", "02:12", 0.0, ("bowl",)), ("04:00", "04:05", 0.0, ("bowl",)))
    recorder.record(at("02:09"), new_event("TWL-T001", trust="suspect", before="trusted"))
    recorder.record(at("02:12"), new_event("TWL-T001", trust="trusted", before="suspect"))
    recorder.record(at("04:00"), new_event("TWL-M002", broker="b:1883", reason="closed"))
    recorder.record(at("04:05"), new_event("TWL-M001", broker="b:1883", attempts=1))
    assert [found[3] for found in gaps(recorder.proof(NIGHT))] == [
        (GapCause("clock", "TWL-T001"),),
        (GapCause("service", "TWL-M002"),),
    ]


def test_a_minute_after_a_change_of_light_may_lack_seconds(recorder: Recorder) -> None:
    """The lamps were on their way."""
    one_night(recorder, ("15:41", "15:42", 57.0, ("bowl", "shaft")))
    (night,) = recorder.proof(NIGHT).nights
    assert [gap.causes for gap in night.gaps] == [(GapCause("change"),)]


@pytest.mark.parametrize(("until", "cause"), [("15:43", "change"), ("15:44", "unknown")])
def test_lamps_are_not_on_their_way_for_longer_than_two_minutes(recorder: Recorder, until: str, cause: str) -> None:
    """What lacks longer has another cause."""
    one_night(recorder, ("15:41", until, 57.0, ("bowl", "shaft")))
    assert [found[3][0].kind for found in gaps(recorder.proof(NIGHT))] == [cause]


def test_where_nothing_was_recorded_the_service_did_not_run(recorder: Recorder) -> None:
    """Where it started at the end of it that is known; else the minutes may have been lost."""
    recorder.ran(at("15:00"), at("20:00"))
    recorder.ran(at("21:00"), at("23:00"))
    recorder.ran(at("23:30"), at("09:00"))
    recorder.record(at("21:00"), new_event("TWL-C001", config="c", now="n", site="s", version="1"))
    assert [(found[0], found[1], found[3]) for found in gaps(recorder.proof(NIGHT))] == [
        ("20:00", "21:00", (GapCause("not_running"),)),
        ("23:00", "23:30", (GapCause("not_recorded"),)),
    ]


def test_the_minute_in_which_the_service_starts_lacks_what_was_before(recorder: Recorder) -> None:
    """It is called unknown, not a change of lamps."""
    recorder.ran(at("15:00"), at("20:00"))
    recorder.ran(at("21:00") + timedelta(seconds=37), at("09:00"))
    recorder.rows += [Minute(date(2026, 11, 20), zone, at("21:00"), True, 20.0) for zone in ("bowl", "shaft")]
    recorder.record(
        at("21:00") + timedelta(seconds=37), new_event("TWL-C001", config="c", now="n", site="s", version="1")
    )
    assert [(found[0], found[1], found[3]) for found in gaps(recorder.proof(NIGHT))] == [
        ("20:00", "21:00", (GapCause("not_running"),)),
        ("21:00", "21:01", (GapCause("not_running"),)),
    ]


def test_a_night_without_any_record_is_one_gap(recorder: Recorder) -> None:
    """It was planned all the same."""
    (night,) = recorder.proof(NIGHT).nights
    assert night.tower.confirmed_s == 0
    assert night.tower.planned_s == (night.end - night.start).total_seconds() > 15 * 3600
    assert [gap.causes for gap in night.gaps] == [(GapCause("not_recorded"),)]


def test_a_stop_is_a_gap_with_its_owner(recorder: Recorder) -> None:
    """Though dark was meant then, and confirmed."""
    one_night(recorder)
    recorder.by_hand(
        at("23:12"), at("23:30"), {"kind": "stop", "owner": "Sara", "reason": "arbete"}, on=False, color=""
    )
    recorder.record(at("23:12"), new_event("TWL-O105", id="s", owner="Sara", reason="arbete"))
    recorder.record(at("23:30"), new_event("TWL-O106", id="l", owner="Sara", reason="klart"))
    proof = recorder.proof(NIGHT)
    assert gaps(proof) == [
        ("23:12", "23:30", ("bowl", "shaft"), (GapCause("stop", owner="Sara", reason="arbete"),)),
    ]
    assert [(one.kind, one.owner, one.ended) for one in proof.by_hand] == [("stop", "Sara", at("23:30"))]


@pytest.mark.parametrize(("color", "lacks_min"), [("#0000FF", 30), ("#FF6A00", 0)])
def test_an_override_is_a_gap_where_it_shows_another_light(recorder: Recorder, color: str, lacks_min: int) -> None:
    """The same light by hand is the light that was planned."""
    one_night(recorder)
    rule: dict[str, object] = {"kind": "override", "owner": "Kim", "reason": "sorg"}
    recorder.by_hand(at("20:00"), at("20:30"), rule, on=True, color=color)
    proof = recorder.proof(NIGHT)
    assert proof.tower.planned_s - proof.tower.confirmed_s == 60 * lacks_min
    expected = ("20:00", "20:30", ("bowl", "shaft"), (GapCause("override", owner="Kim", reason="sorg"),))
    assert gaps(proof) == ([expected] if lacks_min else [])


def test_other_light_for_a_part_of_a_minute_lacks_in_that_minute(recorder: Recorder) -> None:
    """Blue from 20:00:31 to 20:01:27: both minutes were confirmed, for a part of them as blue."""
    one_night(recorder)
    blue = {"colors": ["#0000FF"], "names": [None], "brightness": 1.0}
    rule: dict[str, object] = {"kind": "override", "owner": "Kim", "reason": "prov"}
    start, end = at("20:00") + timedelta(seconds=31), at("20:01") + timedelta(seconds=27)
    recorder.rows += [LightChange(start, zone, blue, rule) for zone in recorder.setup.tower.zones]
    recorder.ran(end, end)
    proof = recorder.proof(NIGHT)
    assert gaps(proof) == [
        ("20:00", "20:02", ("bowl", "shaft"), (GapCause("override", owner="Kim", reason="prov"),)),
    ]
    assert proof.tower.planned_s - proof.tower.confirmed_s == 29 + 27


def test_a_fault_during_the_same_light_by_hand_is_the_cause(recorder: Recorder) -> None:
    """Nobody is blamed who asked for what was planned anyway."""
    one_night(recorder)
    rule: dict[str, object] = {"kind": "override", "owner": "Kim", "reason": "prov"}
    recorder.by_hand(at("20:00"), at("20:30"), rule, on=True, color="#FF6A00")
    recorder.rows += [Minute(date(2026, 11, 20), zone, at("20:10"), True, 0.0) for zone in recorder.setup.tower.zones]
    recorder.record(at("20:11"), new_event("TWL-G104", gateway="mast", age_s=60.0))
    recorder.record(at("20:11"), new_event("TWL-G105", gateway="mast"))
    assert gaps(recorder.proof(NIGHT)) == [
        ("20:10", "20:11", ("bowl", "shaft"), (GapCause("gateway", "TWL-G104", "mast"),)),
    ]


@pytest.mark.parametrize(
    "event",
    [
        new_event("TWL-G156", gateway="mast", lamps="a", tested="2026-11-13"),
        new_event("TWL-G155", gateway="mast", lamps="a", tested="2026-11-13"),
        new_event("TWL-G160", zone="bowl", value=1.2, unit="W", limit=5.0),
        new_event("TWL-G164", zone="bowl", topic="t", reason="old", age="15 min"),
        new_event("TWL-M025", broker="b:1883", topic="homeassistant"),
        new_event("TWL-G134"),
    ],
    ids=lambda event: event.code,
)
def test_what_takes_no_confirmation_away_is_no_cause(recorder: Recorder, event: Event) -> None:
    """A lamp or a meter that contradicts, documents for Home Assistant, and a walk test that was refused."""
    one_night(recorder, ("02:10", "02:12", 0.0, ("bowl", "shaft")))
    recorder.record(at("02:00"), event)
    assert [found[3] for found in gaps(recorder.proof(NIGHT))] == [(GapCause("unknown"),)]


def test_a_lamp_that_was_looked_for_is_the_cause_of_its_gap(recorder: Recorder) -> None:
    """But of none before it."""
    one_night(recorder, ("02:10", "02:11", 50.0, ("bowl",)), ("02:08", "02:09", 50.0, ("bowl",)))
    recorder.record(at("02:10"), new_event("TWL-G140", gateway="mast", lamp="bowl-north", seconds=10))
    assert [found[3] for found in gaps(recorder.proof(NIGHT))] == [
        (GapCause("unknown"),),
        (GapCause("gateway", "TWL-G140", "mast"),),
    ]


def test_light_by_hand_in_the_day_is_not_counted(recorder: Recorder) -> None:
    """Nobody planned it."""
    one_night(recorder)
    before = recorder.proof(NIGHT).tower
    recorder.by_hand(at("15:00"), at("15:10"), {"kind": "override", "owner": "Kim"}, on=True, color="#FF6A00")
    assert recorder.proof(NIGHT).tower == before


def test_a_skipped_campaign_is_a_gap_with_who_skipped_it(recorder: Recorder) -> None:
    """Nothing showed instead."""
    one_night(recorder)
    skip = {"name": WEEK, "owner": "Kim", "reason": "fest"}
    recorder.by_hand(at("20:00"), at("20:30"), {"kind": None, "skip": skip}, on=False, color="")
    assert gaps(recorder.proof(WEEK + " 2026", at("20:30")))[-1][3] == (GapCause("skip", owner="Kim", reason="fest"),)


def test_only_the_light_of_the_campaign_counts_for_it(recorder: Recorder) -> None:
    """Every night something else is lit: of the period it counts, of the campaign it does not."""
    text = b"""version: 1
campaigns:
  - {name: Red, nights: 20 November, hours: 18:00 to 19:00, color: red}
every_night:
  - {name: White, hours: 19:00 to 21:00, color: white}
"""
    recorder.setup = replace(recorder.setup, schedule=recorder.setup.schedule_of(text))
    recorder.ran(at("15:00"), at("09:00"))
    assert recorder.proof("Red").tower.planned_s == 3600
    assert recorder.proof("White 2026", at("09:00")).tower.confirmed_s == 2 * 3600
    assert recorder.proof(NIGHT).tower.planned_s == 3 * 3600


def test_the_schedule_then_counts_and_not_the_file_now(recorder: Recorder) -> None:
    """Of minutes that were recorded: what was planned then."""
    one_night(recorder)
    planned_s = recorder.proof(NIGHT).tower.planned_s
    dark = recorder.setup.schedule_of(b"version: 1\ncampaigns: []\n")
    recorder.setup = replace(recorder.setup, schedule=dark)
    assert recorder.proof(NIGHT).tower.planned_s == planned_s


def test_the_night_under_way_is_counted_up_to_what_is_written(recorder: Recorder) -> None:
    """Minutes are written late; where none came for long, that is a gap."""
    recorder.ran(at("15:00"), at("22:00"))
    soon = recorder.proof(WEEK, at("22:08"))
    assert (soon.until, soon.nights[-1].gaps) == (at("22:00"), ())
    later = recorder.proof(WEEK, at("22:30"))
    assert (later.until, [gap.start for gap in later.nights[-1].gaps]) == (at("22:30"), [at("22:00")])


def test_right_after_a_start_nothing_is_missing_yet(recorder: Recorder) -> None:
    """But what was before it."""
    recorder.ran(at("15:00"), at("20:00"))
    recorder.record(at("22:00"), new_event("TWL-C001", config="c", now="n", site="s", version="1"))
    proof = recorder.proof(WEEK, at("22:05"))
    assert proof.until == at("22:00")
    assert gaps(proof)[-1][:2] == ("20:00", "22:00")
    assert gaps(proof)[-1][3] == (GapCause("not_running"),)


@pytest.mark.parametrize(("started", "until"), [("21:58", "22:00"), ("22:03", "22:03")])
def test_what_is_counted_ends_with_the_last_minute_or_the_last_start(
    recorder: Recorder, started: str, until: str
) -> None:
    """Whichever is later."""
    recorder.ran(at("15:00"), at("22:00"))
    recorder.record(at(started), new_event("TWL-C001", config="c", now="n", site="s", version="1"))
    assert recorder.proof(WEEK, at("22:05")).until == at(until)


@pytest.mark.parametrize(("day", "hours"), [("28 March 2026", 11), ("24 October 2026", 13), ("1 March 2026", 12)])
def test_a_night_in_which_the_clock_is_moved_has_its_own_length(recorder: Recorder, day: str, hours: int) -> None:
    """An hour less in spring, one more in autumn."""
    text = f"version: 1\ncampaigns:\n  - {{name: Red, nights: {day}, hours: 18:00 to 06:00, color: red}}\n"
    recorder.setup = replace(recorder.setup, schedule=recorder.setup.schedule_of(text.encode()))
    period = read_proof_period("Red", recorder.setup, LATER)
    recorder.ran(period.start, period.end)
    proof = recorder.proof("Red")
    assert proof.tower == Glow(hours * 3600, hours * 3600)
    assert len(proof.nights) == 1


@pytest.mark.parametrize(
    ("missing_s", "said"),
    [
        (1.0, ", 1 s of it"),
        (119.0, ", 119 s of it"),
        (120.0, ", 0 h 02 min of it"),
        (599.9, ", 0 h 09 min of it"),
        (600.0, ""),
    ],
)
def test_a_gap_says_how_much_of_it_is_missing(missing_s: float, said: str) -> None:
    """In seconds below two minutes, nothing where it is all of it."""
    gap = Gap(at("02:10"), at("02:20"), ("bowl", "shaft"), missing_s, (GapCause("not_running"),))
    words = gap_words(gap, "en", ZoneInfo("Europe/Stockholm"), {"bowl": "Bowl"})
    assert words == f"gap 02:10–02:20 Bowl, shaft{said}: the service did not run"


def test_a_share_is_never_rounded_up() -> None:
    """One lacking second of a week is not 100 %."""
    assert Glow(7 * 54_000, 7 * 54_000 - 1).percent == 99.9
    assert Glow(60, 60).percent == 100.0
    assert Glow().percent is None


@pytest.mark.parametrize(
    ("text", "now", "first", "last"),
    [
        (WEEK, datetime(2026, 11, 21, 12, tzinfo=UTC), "2026-11-20", "2026-11-26"),
        (WEEK, datetime(2026, 11, 19, 12, tzinfo=UTC), "2025-11-20", "2025-11-26"),
        (WEEK.upper() + " 2024", LATER, "2024-11-20", "2024-11-26"),
        ("", LATER, "2026-11-20", "2026-11-26"),
        ("20–26 November", LATER, "2026-11-20", "2026-11-26"),
        ("20–26 November", datetime(2026, 11, 1, tzinfo=UTC), "2025-11-20", "2025-11-26"),
        ("20–26 November 2023", LATER, "2023-11-20", "2023-11-26"),
        ("week 47 2025", LATER, "2025-11-17", "2025-11-23"),
        ("igår", LATER, "2026-12-23", "2026-12-23"),
        ("29 February", LATER, "2024-02-29", "2024-02-29"),
        ("2024-01-01..2100-12-31", LATER, "2024-01-01", "2100-12-30"),
    ],
)
def test_what_is_asked_for_is_found(setup: Setup, text: str, now: datetime, first: str, last: str) -> None:
    """The last time, or that of a year."""
    zone = setup.tower.site.place.time_zone
    period = read_proof_period(text, setup, now)
    assert f"{period.start.astimezone(zone):%Y-%m-%d}" == first
    assert f"{(period.end - MINUTE).astimezone(zone):%Y-%m-%d}" == last


def test_a_campaign_with_days_of_one_year_is_one(setup: Setup) -> None:
    """From its first day to its last."""
    text = b"""version: 1
campaigns:
  - {name: Red, dates: [20-26 November, 27 November 2026], except: 20 November 2026, color: red}
"""
    setup = replace(setup, schedule=setup.schedule_of(text))
    for asked in ("", "Red", "Red 2026"):
        period = read_proof_period(asked, setup, LATER)
        assert period == ProofPeriod(FIRST, LAST + 24 * HOUR, "Red")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "TWL-Q150"),
        (f"{WEEK} 2031", "TWL-Q151"),
        ("20-26 November 2031", "TWL-Q152"),
        ("2099-01-01..2100-12-31", "TWL-Q152"),
        ("1970-01-01..2100-12-31", "TWL-Q153"),
        ("31 November 2026", "TWL-S103"),
    ],
)
def test_what_cannot_be_reported_is_said_with_its_cure(setup: Setup, text: str, code: str) -> None:
    """Neither a campaign nor days; what is still to come; more than anybody waits for; a day that is none."""
    with pytest.raises(WatertowerError) as refused:
        read_proof_period(text, setup, LATER)
    assert refused.value.code == code


def test_a_document_has_values(recorder: Recorder) -> None:
    """For programs."""
    one_night(recorder, ("02:10", "02:12", 0.0, ("bowl",)))
    value = recorder.proof(NIGHT).value
    assert (value["version"], value["campaign"], value["counted_until"]) == (1, None, "2026-11-21T08:00:00Z")
    assert Gap(MIDNIGHT, MIDNIGHT + MINUTE, ("bowl",), 60.0, (GapCause("stop", owner="S"),)).value == {
        "from": "2026-11-20T23:00:00Z",
        "until": "2026-11-20T23:01:00Z",
        "zones": ["bowl"],
        "missing_s": 60.0,
        "causes": [{"kind": "stop", "owner": "S"}],
    }
