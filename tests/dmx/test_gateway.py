"""The gateway machine by itself: what it reports, when, how often; what it refuses, keeps and logs."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.clock import ClockReading, Trust
from controller.dmx.document import StoredDocument
from controller.dmx.gateway import DmxGateway, GatewayTurn
from controller.dmx.outputs.simulated import Faults, SimulatedLamps
from controller.gateways.dmx import Dmx
from controller.gateways.wire import (
    REFUSED,
    After,
    DesiredDocument,
    PlannedCue,
    ReportedDocument,
    ZoneLook,
    ZoneReport,
    parse_reported,
)
from controller.lighting.patch import Patch

START = datetime(2026, 11, 20, 18, tzinfo=UTC)
SETTINGS = Dmx.model_validate(
    {
        "name": "mast",
        "output": "simulated",
        "fixtures": [
            {"name": "north", "zone": "bowl", "profile": "rgbw", "address": 1},
            {"name": "south", "zone": "bowl", "profile": "rgbw", "address": 5},
        ],
    }
)

TWO_UNIVERSES = SETTINGS.model_copy(
    update={
        "fixtures": (
            SETTINGS.fixtures[0].model_copy(update={"universe": 1}),
            SETTINGS.fixtures[1].model_copy(update={"universe": 2, "zone": "shaft"}),
        )
    }
)


class Bench:
    """A gateway on a table: its lamps, a clock that is moved by hand, and everything it said."""

    def __init__(self, memory: StoredDocument | None = None, settings: Dmx = SETTINGS) -> None:
        self.mono = 100.0
        self.trust = Trust.TRUSTED
        self.off = timedelta(0)
        self.lamps = SimulatedLamps(Random(1))
        self.unsent: set[int] = set()
        self.problems: tuple[str, ...] = ()
        self.gateway = DmxGateway(settings, "w", Patch(settings.patched_fixtures), self, memory)
        self.reports: list[tuple[float, ReportedDocument]] = []
        self.codes: list[str] = []
        self.remembered: list[StoredDocument] = []

    def sent(self, universe: int) -> bytes | None:
        """As an output reports it."""
        return self.lamps.sent(universe, self.mono) if universe not in self.unsent else None

    @property
    def reading(self) -> ClockReading:
        """Now."""
        return ClockReading(START + self.off + timedelta(seconds=self.mono - 100.0), self.mono, self.trust)

    def receive(self, document: DesiredDocument | bytes, retained: bool = False) -> None:
        """A document comes."""
        payload = document if isinstance(document, bytes) else document.model_dump_json(exclude_none=True).encode()
        self.gateway.receive(payload, retained, self.reading)

    def turn(self) -> GatewayTurn:
        """One turn, applied."""
        turn = self.gateway.turn(self.reading)
        for universe, levels in turn.frames.items():
            self.lamps.send(universe, levels, self.mono)
        for message in turn.messages:
            report = parse_reported(message.payload)
            assert isinstance(report, ReportedDocument)
            self.reports.append((self.mono, report))
        self.codes += [event.code for event in turn.events]
        self.remembered += [turn.to_store] if turn.to_store is not None else []
        return turn

    def run(self, seconds: float) -> None:
        """Turns when it asks for them."""
        end = self.mono + seconds
        while True:
            turn = self.turn()
            assert turn.wake_s > self.mono
            by_wall = (turn.wake_at - self.reading.wall).total_seconds() if turn.wake_at else float("inf")
            due_s = min(turn.wake_s, self.mono + by_wall)
            if due_s >= end:
                self.mono = end
                return
            self.mono = due_s

    @property
    def last(self) -> ReportedDocument:
        """The last report."""
        return self.reports[-1][1]


def document(revision: int = 1, color: str | None = "#FF6A00", **more: Any) -> DesiredDocument:
    """A document, by default orange from now on."""
    wish = ZoneLook(on=color is not None, color=color, brightness=1.0, fade_s=more.pop("fade_s", 0.0))
    keys = {
        "version": 1,
        "epoch": 5,
        "revision": revision,
        "command_id": f"5.{revision}",
        "issued_at": START,
        "valid_until": START + timedelta(hours=72),
        "zones": {"bowl": wish},
        **more,
    }
    return DesiredDocument.model_validate(keys)


def test_the_first_report_contains_levels_that_went_out() -> None:
    """Dark, by boot, under no order."""
    bench = Bench()
    bench.run(1)
    assert len(bench.reports) == 1
    assert bench.last.zones["bowl"].on is False
    assert (bench.last.by, bench.last.order.epoch, bench.last.command_id) == ("boot", 0, "")


def test_a_report_answers_each_document() -> None:
    """Within a tenth of a second, with its order, its id, and what is shown."""
    bench = Bench()
    bench.run(1)
    bench.receive(document())
    bench.run(0.1)
    assert bench.last.command_id == "5.1"
    assert bench.last.zones["bowl"].color == "#FF6A00"
    assert bench.last.uptime_s == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("every_s", [None, 1, 15, 600])
def test_reports_come_at_their_pace(every_s: int | None) -> None:
    """Every ten seconds when nothing happens, or as often as the file says."""
    changes = {"report_every": timedelta(seconds=every_s)} if every_s is not None else {}
    bench = Bench(settings=SETTINGS.model_copy(update=changes))
    bench.run(10 * (every_s or 10))
    assert 10 <= len(bench.reports) <= 12


def test_a_flood_of_documents_is_answered_in_bounds() -> None:
    """A thousand in a second, each newer: at most twenty reports, and each is kept once."""
    bench = Bench()
    for revision in range(1, 1001):
        bench.receive(document(revision))
        bench.turn()
        bench.mono += 0.001
    assert len(bench.reports) <= 21
    assert len(bench.remembered) == 1000


def test_a_flood_of_nonsense_is_reported_once_in_a_while() -> None:
    """The log is not filled, the light not touched, the reports are as many as ever."""
    bench = Bench()
    bench.receive(document())
    bench.run(1)
    for number in range(1000):
        bench.receive(b"nonsense %d" % number)
        bench.turn()
        bench.mono += 0.01
    assert bench.codes.count("TWL-D011") <= 2
    assert bench.last.rejected
    assert bench.last.order.revision == 1
    assert len(bench.reports) <= 210


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"revision": 4}, "stale"),
        ({"epoch": 4, "revision": 99}, "stale"),
        ({"command_id": "other"}, "conflict"),
        ({"epoch": 1_000_001}, "poison"),
    ],
)
def test_what_is_refused_and_said_so(changes: dict[str, Any], reason: str) -> None:
    """Older, another of the same order, absurd; a good one ends the complaint."""
    bench = Bench()
    bench.receive(document(5))
    bench.run(1)
    bench.receive(document(5, "#0000FF").model_copy(update=changes))
    bench.run(1)
    assert bench.last.zones["bowl"].color == "#FF6A00"
    assert bench.last.rejected is not None
    assert bench.last.rejected.startswith(reason)
    bench.receive(document(6))
    bench.run(1)
    assert bench.last.rejected is None


def test_the_highest_epoch_is_obeyed() -> None:
    """One more is absurd."""
    bench = Bench()
    bench.receive(document(5).model_copy(update={"epoch": 1_000_000}))
    bench.run(1)
    assert bench.last.order.epoch == 1_000_000
    assert bench.last.rejected is None


def test_an_absurd_reason_does_not_stop_it() -> None:
    """The place of the fault is 200 kB long."""
    bench = Bench()
    bench.receive(b'{"zones":{"' + b"x" * 200_000 + b'":{}}}')
    bench.run(1)
    assert bench.last.rejected


def test_only_a_new_order_is_kept() -> None:
    """Repetitions wear no disk; a restart refuses what is older than what was kept."""
    bench = Bench()
    for _ in range(3):
        bench.receive(document(5))
        bench.run(1)
    assert [kept.revision for kept in bench.remembered] == [5]
    again = Bench(bench.remembered[0])
    again.run(1)
    assert again.last.order.revision == 5
    assert again.last.zones["bowl"].color == "#FF6A00"
    again.receive(document(4, None))
    again.run(1)
    assert again.last.zones["bowl"].on


def test_a_report_has_the_keys_of_the_contract() -> None:
    """Also of what is dark."""
    bench = Bench()
    bench.receive(document(5, None))
    bench.run(1)
    told = bench.last.model_dump(exclude_none=True)
    where = {"version", "epoch", "revision", "command_id", "at", "zones"}
    assert told.keys() == where | {"by", "clock", "uptime_s", "problems", "lamps", "info"}
    assert told["zones"]["bowl"] == {"on": False, "color": "#000000", "brightness": 0.0}


def test_a_repetition_that_was_overtaken_changes_nothing() -> None:
    """Of two with the same order the one issued later counts, whichever comes last."""
    bench = Bench()
    later = document(5, "#00FF00", issued_at=START + timedelta(seconds=3))
    bench.receive(later)
    bench.receive(document(5, "#FF0000"))
    bench.run(1)
    assert bench.last.zones["bowl"].color == "#00FF00"


def test_nobody_is_warned_of_a_document_that_comes_late_over_another_broker() -> None:
    """It was accepted before, or before a restart: the report says that it is stale, no event does; of a stranger's one
    does."""
    before = Bench()
    before.receive(document(1))
    before.run(0.1)
    bench = Bench(before.remembered[0])
    bench.receive(document(2, "#00FF00"))
    bench.receive(document(3, "#0000FF"))
    bench.receive(document(2, "#00FF00"))
    bench.run(0.1)
    assert bench.last.rejected is not None
    bench.receive(document(1))
    bench.run(0.1)
    assert bench.last.zones["bowl"].color == "#0000FF"
    assert "TWL-D011" not in bench.codes
    bench.receive(document(1, command_id="stranger"))
    bench.run(0.1)
    assert "TWL-D011" in bench.codes


def test_an_empty_payload_is_a_cleared_topic() -> None:
    """The light goes on."""
    bench = Bench()
    bench.receive(document())
    bench.receive(b"")
    bench.run(1)
    assert bench.last.zones["bowl"].on
    assert bench.last.rejected is None


def test_lagging_levels_are_reported_again_soon() -> None:
    """The output is slow: what went out is reported as it is, every second, until it is the goal."""
    bench = Bench()
    bench.run(1)
    bench.lamps.faults = Faults(delay_s=2.5)
    bench.receive(document())
    bench.run(6)
    times = [(at_s, report.zones["bowl"].on) for at_s, report in bench.reports if at_s > 101]
    assert [on for _, on in times][:3] == [False, False, False]
    assert times[-1][1] is True
    assert times[-1][0] - 101 < 2.5 + 1.2


def test_a_fade_reports_its_begin_and_its_end() -> None:
    """Not the goal before it is reached, and soon after it is; the begin too where the output is a frame late."""
    bench = Bench()
    bench.run(1)
    bench.lamps.faults = Faults(delay_s=0.04)
    bench.receive(document(fade_s=30.0, issued_at=bench.reading.wall))
    bench.run(29)
    during = [report for at_s, report in bench.reports if at_s > 101.2]
    assert all(report.zones["bowl"].brightness < 1 for report in during)
    lit = [at_s for at_s, report in bench.reports if at_s > 101 and report.zones["bowl"].on]
    assert lit[0] <= 101 + 2
    bench.run(1.2)
    assert bench.last.zones["bowl"].brightness == 1.0
    assert bench.last.zones["bowl"].color == "#FF6A00"


def test_a_fade_of_the_plan_is_reported_when_it_begins() -> None:
    """At once, not with the next regular report: nothing else tells the controller that the cue was not missed."""
    bench = Bench()
    blue = {"bowl": ZoneLook(on=True, color="#0000FF", brightness=1.0, fade_s=30.0)}
    bench.receive(document(cues=(PlannedCue(at=START + timedelta(seconds=13), zones=blue),)))
    bench.run(13.5)
    at_s, report = bench.reports[-1]
    assert 113 < at_s < 113.2
    assert report.by == "plan"


def test_a_report_without_levels_says_nothing_of_zones() -> None:
    """A dead output: its problems, and no light that nobody saw; more problems than fit are cut."""
    bench = Bench()
    bench.receive(document())
    bench.run(1)
    bench.lamps.faults = Faults(dead=True)
    bench.problems = tuple(f"TWL-X{number}" for number in range(100, 200))
    bench.run(11)
    assert bench.last.zones == {}
    assert len(bench.last.problems) == 32


def test_a_report_says_nothing_of_zones_until_every_universe_was_sent() -> None:
    """A zone whose levels never went out is not reported as dark, and is no fault of its lamps."""
    bench = Bench(settings=TWO_UNIVERSES)
    bench.unsent = {2}
    bench.receive(document())
    bench.run(25)
    assert (bench.last.zones, bench.last.problems) == ({}, ())
    bench.unsent = set()
    bench.run(11)
    assert {zone: (shown.on, shown.color) for zone, shown in bench.last.zones.items()} == {
        "bowl": (True, "#FF6A00"),
        "shaft": (False, "#000000"),
    }


def test_lamps_that_disagree_are_reported() -> None:
    """One of two lamps of a zone is wrong: the zone says nothing, the fault has a code, once."""
    bench = Bench()
    bench.receive(document())
    bench.run(1)
    bench.lamps.faults = Faults(wrong=((1, 0), (2, 200)))
    bench.run(25)
    assert bench.last.zones == {}
    assert bench.last.problems == ("TWL-F131",)
    assert bench.codes.count("TWL-F131") == 1
    bench.lamps.faults = Faults()
    bench.run(11)
    assert bench.last.problems == ()


def test_lamps_that_disagree_in_one_report_are_no_fault() -> None:
    """One universe may lag behind the other; that zone says nothing until both are there."""
    bench = Bench()
    bench.receive(document())
    bench.run(1)
    bench.lamps.faults = Faults(wrong=((1, 0), (2, 200)))
    count = len(bench.reports)
    while len(bench.reports) == count:
        bench.run(0.5)
    assert (bench.last.zones, bench.last.problems) == ({}, ())
    bench.lamps.faults = Faults()
    bench.run(11)
    assert bench.last.zones["bowl"].on
    assert "TWL-F131" not in bench.codes


def test_a_clock_of_1970_can_be_reported() -> None:
    """An instant that the contract could not say is brought to the nearest that it can."""
    bench = Bench()
    bench.trust = Trust.SUSPECT
    reading = ClockReading(datetime(1970, 1, 1, tzinfo=UTC), 100.0, Trust.SUSPECT)
    bench.gateway.connected(reading)
    bench.gateway.turn(reading)
    told = bench.gateway.turn(ClockReading(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), 101.0, Trust.SUSPECT)).messages
    assert isinstance(parse_reported(told[0].payload), ReportedDocument)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 3), st.booleans(), st.floats(0, 5), st.floats(0, 10)), max_size=12
    )
)
def test_the_order_only_grows(heard: list[tuple[int, int, bool, float, float]]) -> None:
    """Documents of any order, retained or not, in any turn: never back, and always the look of the highest."""
    bench = Bench()
    highest = (0, 0)
    for revision, epoch, retained, fade_s, pause_s in heard:
        told = document(revision, f"#{epoch}0{revision}000", fade_s=fade_s)
        bench.receive(told.model_copy(update={"epoch": epoch, "command_id": f"{epoch}.{revision}"}), retained)
        highest = max(highest, (epoch, revision))
        bench.run(pause_s)
        assert (bench.gateway.order.epoch, bench.gateway.order.revision) == highest
    bench.run(12)
    assert (bench.last.epoch, bench.last.revision) == highest
    if heard:
        assert bench.last.zones["bowl"].color == f"#{highest[0]}0{highest[1]}000"


@pytest.mark.parametrize("fade_s", [10.0, 0.0])
@pytest.mark.parametrize("color", [None, "#0000FF"])
@pytest.mark.parametrize("planned", [False, True])
def test_a_start_in_the_middle_of_a_fade_finds_it_under_way(color: str | None, fade_s: float, planned: bool) -> None:
    """Killed and started again, it shows what it would have shown, whether a document or a cue began the fade."""
    told = [document(), document(2, color, fade_s=fade_s, issued_at=START + timedelta(seconds=5))]
    if planned:
        later = PlannedCue(at=START + timedelta(seconds=5), zones=told[1].zones)
        told = [document(cues=(later,))]
    whole, killed = Bench(), Bench()
    for bench in (whole, killed):
        bench.receive(told[0])
        bench.run(5)
        bench.receive(told[-1])
        bench.run(6)
    again = Bench(killed.remembered[-1])
    again.mono = killed.mono
    for bench in (whole, again):
        bench.turn()
    shown, wanted = again.sent(1), whole.sent(1)
    assert shown is not None
    assert wanted is not None
    assert max(abs(one - other) for one, other in zip(shown, wanted, strict=True)) <= 1
    assert any(wanted) == (fade_s > 0 or color is not None)


def test_on_without_more_is_white_in_full() -> None:
    """What a document of somebody else's leaves out is not taken for dark."""
    bench = Bench()
    told = json.loads(document().model_dump_json(exclude_none=True))
    bench.receive(json.dumps({**told, "zones": {"bowl": {"on": True}}}).encode())
    bench.run(1)
    assert bench.last.zones["bowl"] == ZoneReport(on=True, color="#FFFFFF", brightness=1.0)


def test_a_refusal_is_among_the_problems_for_a_while() -> None:
    """Until a document is accepted, or a minute has passed: one stray document is not a lasting fault."""
    bench = Bench()
    for later_s, document_after in ((0.5, document(3)), (70.0, None)):
        bench.receive(document(2))
        bench.run(1)
        bench.receive(document(1))
        bench.run(1)
        assert bench.last.problems == (REFUSED,)
        assert bench.last.rejected is not None
        if document_after is not None:
            bench.receive(document_after)
        bench.run(later_s)
        assert (bench.last.problems, bench.last.rejected) == ((), None)
        bench = Bench()


@pytest.mark.parametrize("trust", [Trust.PLAUSIBLE, Trust.HOLDOVER])
def test_a_document_that_was_over_when_it_came_does_not_set_the_time(trust: Trust) -> None:
    """It ended yesterday and is held, then left; where a second one is as old, it is our own clock that is ahead."""
    bench = Bench()
    bench.trust = trust
    past = {"valid_until": START - timedelta(hours=1), "after": After(hold_s=3602)}
    bench.receive(document(1, issued_at=START - timedelta(hours=49), **past))
    bench.run(1)
    assert (bench.last.by, bench.last.clock, bench.last.zones["bowl"].on) == ("after", "own", True)
    bench.run(3)
    assert (bench.last.by, bench.last.zones["bowl"].on) == ("after", False)
    bench.receive(document(2, issued_at=START - timedelta(hours=49) + timedelta(seconds=4), **past))
    bench.run(1)
    assert (bench.last.by, bench.last.clock, bench.last.zones["bowl"].on) == ("desired", "anchor", True)


HOUR_S = 3600.0
DATED = {
    "as it should be": timedelta(0),
    "an hour ahead": timedelta(hours=1),
    "a year ahead": timedelta(days=365),
    "to the end of all dates": datetime(2199, 1, 1, tzinfo=UTC) - START,
}


def dated(ahead: timedelta) -> DesiredDocument:
    """Orange, blue five hours later, for three days; held for a day, then red. All of it so much ahead."""
    issued = START + ahead
    blue, red = ({"bowl": ZoneLook(on=True, color=color, brightness=1.0)} for color in ("#0000FF", "#FF0000"))
    return document(
        issued_at=issued,
        valid_until=issued + timedelta(hours=72),
        cues=(PlannedCue(at=issued + timedelta(hours=5), zones=blue),),
        after=After(hold_s=24 * HOUR_S, zones=red),
    )


def life(bench: Bench) -> list[tuple[str, str | None]]:
    """By what, and in which colour, soon before and after each of its instants."""
    told, began = [], bench.mono
    for hours in (5.0, 72.0, 96.0):
        for offset_s in (-60.0, 60.0):
            bench.mono = began + hours * HOUR_S + offset_s
            bench.run(11)
            told.append((bench.last.by, bench.last.zones["bowl"].color))
    return told


LIFE = [
    ("desired", "#FF6A00"),
    ("plan", "#0000FF"),
    ("plan", "#0000FF"),
    ("after", "#0000FF"),
    ("after", "#0000FF"),
    ("after", "#FF0000"),
]


@pytest.mark.parametrize("ahead", DATED.values(), ids=DATED.keys())
@pytest.mark.parametrize("trust", list(Trust))
@pytest.mark.parametrize("retained", [False, True])
def test_no_look_outlives_its_end_however_its_document_is_dated(ahead: timedelta, trust: Trust, retained: bool) -> None:
    """By a clock that is sure, one in doubt, or none: each ends when it has lasted as long as its document allows."""
    bench = Bench()
    bench.trust = trust
    bench.receive(dated(ahead), retained)
    assert life(bench) == LIFE


@pytest.mark.parametrize("trust", list(Trust))
def test_no_look_outlives_its_end_though_the_clock_is_set_back(trust: Trust) -> None:
    """After the document was accepted, by years."""
    bench = Bench()
    bench.receive(dated(timedelta(0)))
    bench.run(1)
    bench.mono -= 1
    bench.off, bench.trust = timedelta(days=-900), trust
    assert life(bench) == LIFE


def test_what_is_dated_ahead_ends_though_the_gateway_starts_again_and_again() -> None:
    """Each time it knows by a sure clock how long it has had it; one that is dated right goes by the clock alone."""
    for ahead in (timedelta(days=365), timedelta(0)):
        bench = Bench()
        bench.receive(dated(ahead))
        bench.run(1)
        for _ in range(7):
            later = Bench(bench.remembered[-1])
            later.remembered = bench.remembered
            later.mono = bench.mono + 14 * HOUR_S
            bench = later
            bench.run(11)
        assert (bench.last.by, bench.last.zones["bowl"].color) == ("after", "#FF0000")


@pytest.mark.parametrize("trust", list(Trust))
def test_only_a_sure_clock_says_since_when_a_document_is_held(trust: Trust) -> None:
    """By one in doubt it would have been held for years, or not yet."""
    bench = Bench()
    bench.trust = trust
    bench.receive(dated(timedelta(days=365)))
    bench.run(1)
    assert bench.remembered[-1].accepted_at == (START if trust is Trust.TRUSTED else None)


def test_what_the_broker_had_kept_sets_no_time() -> None:
    """Nobody knows how old it is; what comes live does, where there is no clock."""
    bench = Bench()
    bench.trust = Trust.SUSPECT
    bench.receive(document(1, issued_at=START - timedelta(hours=49)), retained=True)
    bench.run(1)
    assert bench.last.clock == "none"
    bench.receive(document(2, issued_at=START))
    bench.run(1)
    assert bench.last.clock == "anchor"


def test_a_clock_that_is_ahead_of_the_document_counts() -> None:
    """Found on disk or kept by the broker, a document may be old: it does not begin again."""
    bench = Bench()
    bench.off = timedelta(hours=80)
    bench.receive(dated(timedelta(0)), retained=True)
    bench.run(11)
    assert (bench.last.by, bench.last.zones["bowl"].color) == ("after", "#0000FF")


def test_a_gateway_without_a_document_reports_that_until_one_arrives() -> None:
    """A typo in the prefix, a forgotten right to read: the broker lets it in, and nothing comes. Cut off it waits."""
    bench = Bench()
    bench.gateway.connected(bench.reading)
    bench.gateway.lost()
    bench.run(70)
    assert "TWL-D018" not in bench.codes
    bench.gateway.connected(bench.reading)
    bench.run(50)
    assert "TWL-D018" not in bench.codes
    bench.run(20)
    assert bench.codes.count("TWL-D018") == 1
    bench.receive(document())
    bench.run(70)
    assert bench.codes.count("TWL-D018") == bench.codes.count("TWL-D019") == 1
