"""What lasted in the past, from the events that the history holds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.events import Event, new_event
from controller.service.past_spans import ByHand, PastFault, by_hand_spans, fault_spans
from controller.state import RecordedEvent
from controller.state.history_rows import recorded

ZONE = ZoneInfo("Europe/Stockholm")
T0 = datetime(2026, 11, 23, 20, tzinfo=UTC)
"""21:00 in Alvesta."""
MINUTE = timedelta(minutes=1)


def events_at(*events: tuple[float, Event]) -> list[RecordedEvent]:
    """Events so many minutes after T0."""
    return [recorded(event, T0 + minutes * MINUTE) for minutes, event in events]


def override(name: str = "1", until: str = "2026-11-23 22:00:00") -> Event:
    """An override by Kim until 22:00 local time, an hour after T0."""
    return new_event("TWL-O101", id=name, look="blue", owner="Kim", reason="sorg", until=until)


def stop(name: str = "s") -> Event:
    """A safety stop by Sara."""
    return new_event("TWL-O105", id=name, owner="Sara", reason="arbete")


def spans(*events: tuple[float, Event], now: float = 600) -> list[tuple[str, float, float | None]]:
    """Kind, begin and end in minutes after T0."""
    found = by_hand_spans(events_at(*events), ZONE, T0 + now * MINUTE)
    return [(one.kind, (one.since - T0) / MINUTE, (one.ended - T0) / MINUTE if one.ended else None) for one in found]


def ended(code: str, **fields: str) -> Event:
    """An event that ends something by hand."""
    return new_event(code, **{"owner": "Kim", "reason": "klart", **fields})


@pytest.mark.parametrize(
    ("ending", "end"),
    [
        ((70, ended("TWL-O103", id="1")), 60),  # however late it is told
        ((20, ended("TWL-O103", id="1")), 20),
        ((20, ended("TWL-O103", id="2")), 60),  # another one
        ((20, ended("TWL-O102", id="r")), 20),
        ((20, ended("TWL-O109", id="r", by="Sara")), 20),
        ((20, ended("TWL-O106", id="l")), 60),  # lifts a stop only
        ((20, override()), 60),  # the same request, answered again
    ],
)
def test_an_override_lasts_until_it_is_ended_or_its_end_comes(ending: tuple[float, Event], end: float) -> None:
    """Whichever is first."""
    assert spans((0, override()), ending) == [("override", 0, end)]


def test_an_override_in_force_has_no_end_yet() -> None:
    """Its end is ahead."""
    assert spans((0, override()), now=30) == [("override", 0, None)]


def test_a_stop_lasts_until_it_is_lifted_and_outlives_a_resume() -> None:
    """A second stop while one holds is not another."""
    events = [(0, stop()), (5, ended("TWL-O109", id="r", by="Sara")), (6, stop("t")), (30, ended("TWL-O106", id="l"))]
    assert spans(*events) == [("stop", 0, 30)]
    assert spans((0, stop())) == [("stop", 0, None)]


def test_a_stop_that_could_not_be_stored_held_all_the_same() -> None:
    """And a lift that could not be stored ended it."""
    unstored = new_event("TWL-O107", id="s", owner="Sara", why="full")
    lift = new_event("TWL-O108", id="l", owner="Sara", why="full")
    assert spans((0, unstored), (9, lift)) == [("stop", 0, 9)]


def test_an_end_in_local_time_is_read_as_such() -> None:
    """In winter an hour ahead of UTC; owner and reason are preserved."""
    (found,) = by_hand_spans(events_at((0, override())), ZONE, T0)
    assert found == ByHand("override", "Kim", "sorg", T0, T0 + 60 * MINUTE, None, "blue")


def test_what_is_skipped_names_its_campaign() -> None:
    """With the end that was given."""
    skip = new_event("TWL-O104", id="k", owner="Kim", reason="fest", campaign="En vecka", until="2026-11-23 22:00:00")
    (found,) = by_hand_spans(events_at((0, skip)), ZONE, T0)
    assert (found.kind, found.what, found.value["campaign"]) == ("skip", "En vecka", "En vecka")


def faults(*events: tuple[float, Event]) -> list[tuple[str, float, float | None]]:
    """Code, begin and end in minutes after T0."""
    found = fault_spans(events_at(*events))
    return [(one.code, (one.start - T0) / MINUTE, (one.end - T0) / MINUTE if one.end else None) for one in found]


def silent(gateway: str = "mast", age_s: float = 60.0) -> Event:
    """A gateway without messages for that long."""
    return new_event("TWL-G104", gateway=gateway, age_s=age_s)


def confirmed(gateway: str = "mast") -> Event:
    """It shows what it should."""
    return new_event("TWL-G101", gateway=gateway, attempts=1, command_id="1.1", latency_s=0.1, shows={})


def problem(code: str, name: str) -> Event:
    """A problem that a gateway reports, or its end."""
    return new_event(code, gateway="mast", problem=name)


STARTED = new_event("TWL-C001", config="c", now="n", site="s", version="1")


def test_a_silent_gateway_was_silent_before_it_was_called_so() -> None:
    """Until it is back, or the service restarts; another gateway ends nothing."""
    assert faults((1, silent()), (3, confirmed("fot")), (5, new_event("TWL-G105", gateway="mast"))) == [
        ("TWL-G104", 0, 5)
    ]
    assert faults((1, silent()), (5, STARTED)) == [("TWL-G104", 0, 5)]
    assert faults((1, silent())) == [("TWL-G104", 0, None)]


def test_a_gateway_has_one_fault_at_a_time_but_each_problem_by_itself() -> None:
    """Told again it is the same."""
    no_answer = new_event("TWL-G102", command_id="–", gateway="mast", attempts=3, shown={}, wanted={})
    assert faults((0, no_answer), (2, no_answer), (5, silent(age_s=0)), (9, confirmed())) == [
        ("TWL-G102", 0, 5),
        ("TWL-G104", 5, 9),
    ]
    a, b, over = problem("TWL-G114", "a"), problem("TWL-G114", "b"), problem("TWL-G115", "a")
    assert faults((0, a), (1, b), (2, confirmed()), (3, over)) == [("TWL-G114", 0, 3), ("TWL-G114", 1, None)]


def test_what_is_repaired_at_once_is_over_at_once() -> None:
    """It counts in the moment in which it was."""
    repaired = new_event("TWL-G103", command_id="–", gateway="mast", shown={}, wanted={})
    assert faults((2, repaired)) == [("TWL-G103", 2, 2)]
    (fault,) = fault_spans(events_at((2, repaired)))
    assert fault.overlaps(T0 + 2 * MINUTE, T0 + 3 * MINUTE)
    assert not fault.overlaps(T0 + 3 * MINUTE, T0 + 4 * MINUTE)


@pytest.mark.parametrize("end", ["TWL-G131", "TWL-G132", "TWL-G133"])
def test_a_walk_test_explains_why_the_planned_light_was_not_confirmed(end: str) -> None:
    """Until it ends, in each way. That a lamp failed it explains nothing: its gateway confirms all the same."""
    began, failed = (
        new_event("TWL-G130", gateway="mast", lamps=4),
        new_event("TWL-G136", gateway="mast", lamps="a", tested="2026-11-23"),
    )
    over = new_event(end, gateway="mast", right=1, wrong=1, steps=4)
    assert faults((0, began), (1, failed), (3, over)) == [("TWL-G130", 0, 3)]


def test_a_meter_says_that_it_is_dark_until_it_says_otherwise() -> None:
    """Of its own zone; a gateway of which lamps failed a test before is no less silent for that."""
    dark = new_event("TWL-G160", zone="bowl", value=1.2, unit="W", limit=5.0)
    lit = [new_event("TWL-G161", zone=zone, value=60.0, unit="W") for zone in ("shaft", "bowl")]
    assert faults((0, dark), (1, lit[0]), (2, confirmed()), (3, lit[1])) == [("TWL-G160", 0, 3)]
    failed = new_event("TWL-G156", gateway="mast", lamps="a", tested="2026-11-13")
    assert faults((1, silent()), (2, failed), (5, confirmed())) == [("TWL-G104", 0, 5)]


def test_a_clock_in_doubt_is_a_fault_until_it_is_believed() -> None:
    """One that is only plausible is."""
    doubt = [new_event("TWL-T001", trust=trust, before="–") for trust in ("suspect", "plausible", "trusted")]
    assert faults((0, doubt[0]), (4, doubt[1]), (6, doubt[2])) == [("TWL-T001", 0, 4)]


def test_a_lost_broker_is_a_fault_until_the_connection_is_back() -> None:
    """That broker's."""
    lost = new_event("TWL-M002", broker="a:1883", reason="closed")
    back = [new_event("TWL-M001", broker=broker, attempts=1) for broker in ("b:1883", "a:1883")]
    assert faults((0, lost), (1, back[0]), (2, back[1])) == [("TWL-M002", 0, 2)]


def test_a_fault_names_its_gateway_in_documents() -> None:
    """One of the service has none."""
    assert PastFault(silent(), T0).value == {
        "code": "TWL-G104", "gateway": "mast", "from": "2026-11-23T20:00:00Z", "until": None,
    }  # fmt: skip
    assert PastFault(new_event("TWL-T005", times=3), T0, T0).gateway is None
