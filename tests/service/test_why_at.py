"""Why it is, or was, as it is: in the order of precedence, with what gave way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load
from controller.events import Event, new_event
from controller.lighting.look import Look
from controller.locale import texts
from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.plan import Program
from controller.service.past import PastVersion
from controller.service.why_at import WhyAt, why_at
from controller.state import History, LightChange, Minute
from controller.state.history_rows import Row, recorded

EVENING = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
"""23:30 in Alvesta, in the campaign."""
NOW = EVENING + timedelta(hours=18)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WEEK = "En vecka fri från våld"
TWO = """version: 1
campaigns:
  - {name: Week, dates: 20–26 November, color: orange}
  - {name: World, dates: 10 November to 10 December, color: blue}
every_night:
  - {name: Always, hours: sunset to 23:45, color: white}
blackouts:
  - {name: Birds, dates: 24 November}
"""


@pytest.fixture
def setup() -> Setup:
    """The shipped one."""
    return load(Path(__file__).parents[2] / "config")


@pytest.fixture
def program(setup: Setup) -> Program:
    """A schedule in which much overlaps."""
    return replace(setup, schedule=setup.schedule_of(TWO.encode())).program()


Past = Callable[..., WhyAt]


@pytest.fixture
def past(tmp_path: Path, program: Program) -> Past:
    """The answer for EVENING from a history of these events (minutes before it) and this rule in both zones."""

    def answer(
        *events: tuple[float, Event], rule: dict[str, object] | None = None, version: PastVersion | None = None
    ) -> WhyAt:
        history = History(tmp_path)
        rows: list[Row] = [recorded(event, EVENING + minutes * MINUTE) for minutes, event in events]
        if rule is not None:
            look = {"colors": ["#FF6A00"], "names": ["orange"], "brightness": 1.0}
            rows += [LightChange(EVENING - HOUR, zone, look, rule) for zone in ("bowl", "shaft")]
            rows += [Minute(date(2026, 11, 23), zone, EVENING, True, 60.0) for zone in ("bowl", "shaft")]
        history.write(rows)
        history.close()
        return why_at(history, program, EVENING, NOW, version)

    return answer


def stop() -> Event:
    """By Sara."""
    return new_event("TWL-O105", id="s", owner="Sara", reason="arbete på tornet")


def override(owner: str, until: str = "2026-11-24 08:00:00") -> Event:
    """By somebody."""
    return new_event("TWL-O101", id=owner, look="blue", owner=owner, reason="sorg", until=until)


def steps_of(why: WhyAt) -> list[tuple[str, str, bool, str | None]]:
    """Kind, name or owner, whether it holds, and why it gives way."""
    return [
        (each.kind, each.by_hand.owner if each.by_hand else each.name, each.holds, each.because) for each in why.steps
    ]


RULES = [
    ("campaign", "Week", True, None),
    ("campaign", "World", False, "higher"),
    ("every_night", "Always", False, "campaign"),
]
WAITING = [(*RULES[0][:2], False, None), *RULES[1:]]


def campaign(name: str = "Week") -> dict[str, object]:
    """A rule as the history has it."""
    return {"kind": "campaign", "name": name, "line": 3}


def test_by_the_schedule_the_winner_comes_before_the_losers(past: Past) -> None:
    """With what was confirmed then."""
    why = past(rule=campaign())
    assert steps_of(why) == RULES
    assert (why.confirmed, why.confirmed_words("sv")) == ((2, 2), "bekräftat för 2 av 2 delar")


def test_a_stop_takes_precedence_and_the_rule_is_shown_as_what_would_apply(past: Past, setup: Setup) -> None:
    """With its owner, its reason, and when it was lifted."""
    lifted = new_event("TWL-O106", id="l", owner="Sara", reason="klart")
    why = past((-18, stop()), (-200, override("Kim")), (430, lifted), rule={"kind": "stop", "owner": "Sara"})
    assert steps_of(why) == [("stop", "Sara", True, None), ("override", "Kim", False, "stop"), *WAITING]
    lines = [step.text("sv", setup.tower.site.place.time_zone) for step in why.steps]
    first = texts("sv", "why")["loses"]["stop"]
    assert lines == [
        "säkerhetsstopp av Sara från 2026-11-23 23:12, ”arbete på tornet”, hävt 2026-11-24 06:40",
        f"tillfällig ändring av Kim från 2026-11-23 20:10 till 2026-11-24 08:00: blue, ”sorg”; får vika: {first}",
        "annars: Week, orange 100 %, 15:36–08:01",
        "World, blue 100 %, 15:36–08:01; får vika: står lägre i filen",
        "varje natt: Always, white 100 %, 15:36–23:45; får vika: en kampanj går före",
    ]


def test_of_two_overrides_the_later_one_holds(past: Past) -> None:
    """One that had ended is not listed."""
    early = override("Bo", until="2026-11-23 23:00:00")
    why = past((-100, early), (-60, override("Kim")), (-30, override("Eva")))
    assert steps_of(why)[:2] == [("override", "Eva", True, None), ("override", "Kim", False, "override")]
    assert len(why.steps) == 5


def test_the_record_shows_which_override_applied(past: Past) -> None:
    """The one that the zones name."""
    rule = {"kind": "override", "name": None, "line": None, "owner": "Kim", "reason": "sorg"}
    why = past((-60, override("Kim")), (-30, override("Eva")), rule=rule)
    assert [(each[1], each[2]) for each in steps_of(why)[:2]] == [("Eva", False), ("Kim", True)]


def test_a_campaign_that_is_skipped_lets_the_next_one_show(past: Past) -> None:
    """And the skip is listed."""
    skip = new_event("TWL-O104", id="k", owner="Kim", reason="fest", campaign="Week", until="2026-11-24 08:00:00")
    why = past((-60, skip))
    assert steps_of(why) == [
        ("skip", "Kim", True, None),
        ("campaign", "World", True, None),
        ("every_night", "Always", False, "campaign"),
    ]


def test_another_rule_than_the_file_has_now_is_shown_as_recorded(past: Past) -> None:
    """The schedule was another one then."""
    assert steps_of(past(rule=campaign("Förra årets"))) == [("campaign", "Förra årets", True, None)]
    assert steps_of(past(rule={"kind": None, "name": None, "line": None})) == [("nothing", "", True, None)]


def test_the_version_then_decides_where_it_is_known(past: Past, setup: Setup) -> None:
    """And is named."""
    then = PastVersion(setup.program(), 31, "Kim", EVENING - 24 * HOUR)
    why = past(rule=campaign(WEEK), version=then)
    assert steps_of(why) == [("campaign", WEEK, True, None)]
    zone = setup.tower.site.place.time_zone
    assert why.version_words("sv", zone) == "Schemat då: version 31, sparad av Kim 2026-11-22 23:30"


def test_faults_that_lasted_then_are_reported(past: Past) -> None:
    """A fault reported later had begun by then; one that was over had not."""
    why = past(
        (-60, new_event("TWL-G104", gateway="fot", age_s=5.0)),
        (-50, new_event("TWL-G105", gateway="fot")),
        (3, new_event("TWL-G104", gateway="norr", age_s=600.0)),
        rule=campaign(),
    )
    assert [(fault.code, fault.gateway) for fault in why.faults] == [("TWL-G104", "norr")]
    assert next(iter(why.fault_words("en"))).startswith("Fault then: TWL-G104 ")


def test_where_nothing_is_recorded_the_files_are_asked(past: Past) -> None:
    """And nothing about the lamps."""
    why = past()
    assert steps_of(why) == RULES
    assert (why.confirmed, why.value["recorded"]) == ((0, 0), None)


def test_a_blackout_goes_before_campaigns(program: Program, tmp_path: Path) -> None:
    """After midnight it is the 24th."""
    why = why_at(History(tmp_path), program, EVENING + HOUR, EVENING)
    assert steps_of(why)[0] == ("blackout", "Birds", True, None)
    assert [each[3] for each in steps_of(why)[1:]] == ["blackout", "blackout"]


def test_an_end_at_midnight_is_shown_as_24(program: Program, tmp_path: Path) -> None:
    """Not as 00:00."""
    last = datetime(2026, 11, 26, 22, tzinfo=UTC)
    why = why_at(History(tmp_path), program, last, last)
    assert why.steps[0].text("en", program.place.time_zone).endswith("–24:00")


def test_now_what_is_set_by_hand_is_read_from_the_program(program: Program, tmp_path: Path) -> None:
    """No history is read."""
    blue = {"bowl": Look((program.campaigns[0].looks["bowl"].colors[0],))}
    by_hand = Override("1", blue, EVENING - HOUR, EVENING + HOUR, "Kim", "sorg")
    under = program.with_overrides((by_hand,), None)
    why = why_at(History(tmp_path / "none"), under, EVENING, EVENING)
    assert steps_of(why) == [("override", "Kim", True, None), *RULES]  # the shaft follows the schedule
    stopped = program.with_overrides((by_hand,), SafetyStop(EVENING - MINUTE, "Sara", "arbete"))
    why = why_at(History(tmp_path / "none"), stopped, EVENING, EVENING)
    assert steps_of(why) == [("stop", "Sara", True, None), ("override", "Kim", False, "stop"), *WAITING]
    assert "recorded" not in why.value


def test_where_nothing_applies_that_is_a_step(program: Program, tmp_path: Path) -> None:
    """In the day."""
    noon = datetime(2026, 6, 1, 10, tzinfo=UTC)
    (step,) = why_at(History(tmp_path), program, noon, noon).steps
    assert (step.kind, step.holds) == ("nothing", True)
    assert step.text("en", UTC).startswith("nothing applies: dark")
