"""What befalls the database while a look by hand ends: the lamps change at that instant, nobody changes places, and
what was acknowledged is kept."""

import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from controller.state.postgres_errors import AWAY, BACK, READ_ONLY
from tests.nights.county import BLUE, ORANGE, TAKEOVER_S, County
from tests.nights.programs import Program
from tests.nights.waiting import until
from tests.pair.conftest import Counties
from tests.parts import needs
from tests.postgres import Postgres

pytestmark = needs("mosquitto", "postgresql")
LATE_S = 1.0


def blue_until_soon(county: County) -> float:
    """North is blue, and orange again after so many seconds on the monotonic clock."""
    end = (datetime.now(UTC) + timedelta(seconds=10)).replace(microsecond=0)  # noqa: TID251 -- real programs
    at_s = time.monotonic() + (end - datetime.now(UTC)).total_seconds()  # noqa: TID251
    since = len(county.ear.heard)
    county.override("north", "blue", end.isoformat())
    until(lambda: county.told("north", "TWL-O101", since), "it is not acknowledged")
    until(lambda: county.shows("north", BLUE), "it is not blue")
    return at_s


def changes_in_time(county: County, at_s: float, since: int) -> None:
    """North is orange from that instant on, and blue before it."""
    until(lambda: county.shows("north", ORANGE), "it is not orange again")
    reports = [one for one in county.ear.on("watertower/north/gateway/north/reported", since) if not one.retain]
    wrong = [
        one.at_s - at_s
        for one in reports
        if (one.document["zones"]["bowl"]["color"] == BLUE) is (one.at_s > at_s) and abs(one.at_s - at_s) > LATE_S
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("fault", ["stopped", "restarted", "frozen"])
def test_a_look_by_hand_ends_in_time(counties: Counties, postgres: Postgres, fault: str) -> None:
    """And it does not come back with the next leader, which knows another one that was acknowledged before."""
    county = counties()
    before, since = county.leaders(), len(county.ear.heard)
    county.override("south", "blue")
    until(lambda: county.told("south", "TWL-O101", since), "it is not acknowledged")
    at_s = blue_until_soon(county)
    since = len(county.ear.heard)
    postgres.freeze() if fault == "frozen" else postgres.stop()
    if fault == "restarted":
        postgres.start()
    changes_in_time(county, at_s, since)
    time.sleep(TAKEOVER_S)
    assert county.leaders() == before
    postgres.freeze(thaw=True) if fault == "frozen" else postgres.start()
    next_leader_knows_all(county)


def test_a_file_that_is_changed_meanwhile_takes_the_lead_from_nobody(counties: Counties, postgres: Postgres) -> None:
    """The site is rebuilt, its orders rise by that, and it goes on."""
    county = counties()
    number = county.leader("north")
    assert number is not None
    before = len(county.controllers[number].events("TWL-C002"))
    postgres.stop()
    since = len(county.ear.heard)
    tower = county.machines[number].config / "sites" / "north" / "tower.yaml"
    tower.write_text(tower.read_text(encoding="utf-8").replace("latitude: 56.9", "latitude: 56.8"), encoding="utf-8")
    until(lambda: county.told("north", "TWL-O130", since), "the change is not taken")
    time.sleep(TAKEOVER_S)
    assert len(county.controllers[number].events("TWL-C002")) == before, "it has stopped"
    county.ask("north", action="stop")
    until(lambda: county.is_dark("north"), "nobody leads")


def test_the_database_fails_over_to_another_server(counties: Counties, postgres: Postgres, spare: Postgres) -> None:
    """The same, and what was acknowledged is in the replica."""
    county = counties(spare=spare)
    before, since = county.leaders(), len(county.ear.heard)
    county.override("south", "blue")
    until(lambda: county.told("south", "TWL-O101", since), "it is not acknowledged")
    at_s = blue_until_soon(county)
    since = len(county.ear.heard)
    postgres.stop()
    changes_in_time(county, at_s, since)
    spare.promote()
    began = time.monotonic()
    until(lambda: all(one.events(BACK) for one in county.controllers), "the replica is not used")
    print(f"used {time.monotonic() - began:.2f} s after it was promoted")
    time.sleep(TAKEOVER_S)
    assert county.leaders() == before
    next_leader_knows_all(county)


def next_leader_knows_all(county: County) -> None:
    """Both sites go to one controller: north stays orange, south blue."""
    gone = county.leader("south")
    assert gone is not None
    until(lambda: is_used(county), "the database is not used again")
    since = len(county.ear.heard)
    took_s = county.await_takeover(1 - gone, "south", lambda: county.controllers[gone].end(signal.SIGKILL))
    print(f"takeover {took_s:.2f} s")
    assert took_s < TAKEOVER_S
    assert county.is_unchanged("south", BLUE, since)
    assert county.is_unchanged("north", ORANGE, since)
    assert county.orders_only_rose()


def is_used(county: County) -> bool:
    """Whether the last event of each controller about the database is that it is back, if there is any."""

    def last(program: Program) -> str:
        told = ((event["at"], code) for code in (AWAY, READ_ONLY, BACK) for event in program.events(code))
        return max(told, default=("", BACK))[1]

    return all(last(program) == BACK for program in county.controllers)
