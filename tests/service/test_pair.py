"""Alarms about other controllers: who leads, who is on standby, who is missed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.events import Event
from controller.service.pair import MET_S, RETURN_S, LedSite, Pair, PairAlarms, lead_of, pair_of
from controller.state.leases import Lease, LeaseAnswer, PageNote

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
PAGE = PageNote("", "192.0.2.2")
LED = LeaseAnswer({"north": Lease("two-b", 3, 4.0, held_s=90.0)}, ("one-a", "two-b"), {"one-a": PAGE, "two-b": PAGE})
ALONE = LeaseAnswer({"north": Lease("two-b", 3, 0.0, 90.0, 20.0)}, ("one-a",), {"one-a": PAGE}, {"two-b": 20.0})


def test_the_leader_is_shown_with_its_start_and_the_standby() -> None:
    """Nobody for a site whose lease has ended; since then that stays the same instant."""
    pair = pair_of(Pair("one-a"), LED, ["north"], NOW)
    assert pair.sites == {"north": LedSite("two-b", since=NOW - timedelta(seconds=90))}
    assert pair.others == {"two-b": PAGE}
    lead = lead_of(pair, "north")
    assert lead is not None
    assert (lead.controller, lead.standby) == ("two-b", ("one-a",))
    later = pair_of(pair, LED, ["north"], NOW + timedelta(seconds=1.5))
    assert later.sites == pair.sites
    ended = pair_of(later, ALONE, ["north"], NOW)
    assert ended.sites == {"north": LedSite(until=NOW - timedelta(seconds=20))}
    assert pair_of(ended, ALONE, ["north"], NOW + timedelta(seconds=9)).sites == ended.sites
    assert lead_of(ended, "north") is None


def test_a_site_that_nobody_ever_led_is_not_known() -> None:
    """There is no instant to give."""
    assert pair_of(Pair("one-a"), LeaseAnswer(), ["north"], NOW).sites == {"north": LedSite()}


def test_a_controller_that_could_not_lead_a_site_is_no_standby_of_it() -> None:
    """Unless nobody could."""
    both = ("one-a", "two-b")
    ready = LeaseAnswer(
        {"north": Lease("one-a", 3, 4.0)}, both, able={"one-a": frozenset({"north"}), "two-b": frozenset()}
    )
    lead = lead_of(pair_of(Pair("one-a"), ready, ["north"], NOW), "north")
    assert lead is not None
    assert lead.standby == ()
    cut_off = replace(ready, able={}, unreached={"two-b": frozenset({"north"})})
    lead = lead_of(pair_of(Pair("one-a"), cut_off, ["north"], NOW), "north")
    assert lead is not None
    assert lead.standby == ()
    neither = replace(ready, able=dict.fromkeys(both, frozenset()))
    lead = lead_of(pair_of(Pair("one-a"), neither, ["north"], NOW), "north")
    assert lead is not None
    assert lead.standby == ("two-b",)


def test_who_could_not_lead_what_is_led_here_is_named_until_he_can() -> None:
    """Emitted again where it concerns other sites; about sites that another leads, that one emits it."""
    events: list[Event] = []
    alarms = PairAlarms("one-a", events.append)

    def stand(*able: str) -> None:
        leases = {site: Lease("one-a", 3, 4.0) for site in ("north", "south")} | {"west": Lease("two-b", 1, 4.0)}
        every = frozenset({"north", "south", "west"})
        alarms.know(LeaseAnswer(leases, ("one-a", "two-b"), able={"one-a": every, "two-b": frozenset(able)}), 0)

    stand("south", "west")
    stand("south", "west")
    assert [(each.code, dict(each.fields)) for each in events] == [("TWL-C067", {"machine": "two", "sites": "north"})]
    stand("west")
    assert events[-1].fields["sites"] == "north, south"
    stand("north", "south", "west")
    stand("north", "south")
    assert [each.code for each in events[1:]] == ["TWL-C067", "TWL-C068"]


def test_who_reaches_no_broker_is_named_too() -> None:
    """Where others reach one."""
    events: list[Event] = []
    alarms = PairAlarms("one-a", events.append)
    both = LeaseAnswer({"north": Lease("one-a", 3, 4.0)}, ("one-a", "two-b"))
    alarms.know(replace(both, unreached={"two-b": frozenset({"north"})}), 0)
    alarms.know(both, 1)
    assert [each.code for each in events] == ["TWL-C067", "TWL-C068"]


def _codes(*rounds: tuple[float, LeaseAnswer]) -> list[str]:
    events: list[Event] = []
    alarms = PairAlarms("one-a", events.append)
    for now_s, standing in rounds:
        alarms.know(standing, now_s)
    return [event.code for event in events]


def _living(*names: str, gone: tuple[str, ...] = ()) -> LeaseAnswer:
    return LeaseAnswer({}, names, dict.fromkeys(names, PAGE), dict.fromkeys(gone, 30.0))


def test_a_standby_that_is_gone_is_missed_until_it_is_back() -> None:
    """However it stopped; at once even after a restart, without a departure."""
    both, alone = _living("one-a", "two-b"), _living("one-a")
    long_s = MET_S + 1
    assert _codes((0, both), (long_s, both), (long_s + 1, alone), (long_s + 3, alone)) == ["TWL-C063"]
    assert _codes((0, both), (long_s, both), (long_s + 1, alone), (99, both)) == ["TWL-C063", "TWL-C064"]
    assert _codes((0, _living("one-a", gone=("two-b",)))) == ["TWL-C063"]


def test_a_controller_that_never_had_company_misses_nobody() -> None:
    """Even where it was killed a moment ago itself, and its entry in the database still counts."""
    assert _codes((0, _living("one-a")), (60, _living("one-a"))) == []
    assert _codes((0, _living("one-a", "one-x")), (4, _living("one-a", gone=("one-x",)))) == []


def test_one_of_three_is_missed_by_name() -> None:
    """Until a controller on that machine is back."""
    rest = _living("one-a", "two-b", gone=("three-c",))
    back = _living("one-a", "two-b", "three-d", gone=("three-c",))
    assert _codes((0, rest), (2, rest), (4, back)) == ["TWL-C065", "TWL-C066"]


def test_nobody_is_missed_before_he_could_say_that_he_lives() -> None:
    """While the database was away all leases and signs of life ended."""
    events: list[Event] = []
    alarms = PairAlarms("one-a", events.append)
    alarms.know(_living("one-a", "two-b"), 0)
    alarms.know(_living("one-a", "two-b"), MET_S + 1)
    alarms.unanswered()
    alarms.know(_living("one-a", gone=("two-b",)), 60)
    alarms.know(_living("one-a", "two-b"), 61.5)
    assert not events
    alarms.unanswered()
    alarms.know(_living("one-a", gone=("two-b",)), 120)
    alarms.know(_living("one-a", gone=("two-b",)), 120 + RETURN_S)
    assert [event.code for event in events] == ["TWL-C063"]
