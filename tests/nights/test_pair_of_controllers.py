"""Two controllers, two brokers and one database, all real: whatever befalls one of them, every site is led, and no lamp
of ours shows a wrong look for a second."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.nights.county import BLUE, ORANGE, SITES, TAKEOVER_S, County
from tests.nights.ear import Listen
from tests.nights.programs import Mosquitto
from tests.nights.waiting import until
from tests.parts import needs
from tests.postgres import Postgres

pytestmark = needs("mosquitto", "postgresql")


@pytest.fixture
def county(tmp_path: Path, mosquittos: Callable[..., Mosquitto], ear: Listen) -> Iterator[County]:
    """All is orange and confirmed, and each controller leads one site."""
    postgres = Postgres(tmp_path)
    brokers = (mosquittos(users=SITES), mosquittos(users=SITES))
    made = County(tmp_path, postgres, brokers, ear)
    try:
        made.await_calm()
        yield made
    finally:
        made.close()
        postgres.remove()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_other_controller_takes_over(county: County, how: signal.Signals) -> None:
    """Within seconds it leads both sites and obeys a request by hand; the lamps show nothing else meanwhile, nor when
    the one that was frozen comes back."""
    gone = county.leader("north")
    assert gone is not None
    left = 1 - gone
    since = len(county.ear.heard)
    assert county.await_takeover(left, "north", lambda: county.controllers[gone].send(how)) < TAKEOVER_S
    assert county.colors_since(since) <= {ORANGE}
    county.override("north", "blue")
    until(lambda: county.shows("north", BLUE), "it does not obey")
    since = len(county.ear.heard)
    if how is signal.SIGSTOP:
        county.controllers[gone].send(signal.SIGCONT)
    else:
        county.controllers[gone] = county.start(gone)
    until(lambda: set(county.leaders().values()) == {0, 1}, "they do not share again")
    until(lambda: county.shows("north", BLUE) and county.shows("south", ORANGE), "not confirmed in the end")
    assert county.colors_since(since) <= {BLUE, ORANGE}
    assert county.orders_only_rose()


def test_nobody_changes_places_while_the_database_is_away(county: County) -> None:
    """Each goes on with its site. What is set by hand is refused, with the reason; a safety stop acts at once, and is
    stored when the database is back."""
    before = county.leaders()
    since = len(county.ear.heard)
    county.postgres.stop()
    time.sleep(2 * TAKEOVER_S)
    assert (county.leaders(), county.colors_since(since)) == (before, {ORANGE})
    county.override("north", "blue")
    (refused,) = until(lambda: county.told("north", "TWL-O110", since), "nothing is refused")
    assert refused["level"] == "warning"
    county.ask("north", action="stop")
    until(lambda: county.is_dark("north"), "it does not stop")
    until(lambda: county.told("north", "TWL-O105", since), "the stop is not reported")
    county.postgres.start()
    leads_north = before["north"]
    assert leads_north is not None
    until(lambda: county.controllers[leads_north].events("TWL-J041"), "it is not used again")
    time.sleep(TAKEOVER_S)
    assert county.leaders() == before
    county.await_takeover(1 - leads_north, "north", lambda: county.controllers[leads_north].end(signal.SIGKILL))
    assert county.is_dark("north"), "the other controller knows nothing of the stop"


def test_one_controller_after_the_other_is_replaced(county: County) -> None:
    """As for an upgrade: each hands its sites over before it ends, and no lamp shows anything else."""
    since = len(county.ear.heard)
    for number in (0, 1):
        county.controllers[number].end()
        other = 1 - number
        began = time.monotonic()
        until(lambda other=other: set(county.leaders().values()) == {other}, "not handed over")  # type: ignore[misc]
        assert time.monotonic() - began < TAKEOVER_S / 2
        county.controllers[number] = county.start(number)
        until(lambda: set(county.leaders().values()) == {0, 1}, "they do not share again")
    until(lambda: all(county.shows(site, ORANGE) for site in SITES), "not confirmed in the end")
    assert county.colors_since(since) == {ORANGE}
    assert county.orders_only_rose()
