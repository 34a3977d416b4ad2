"""A leader whose way to the others is cut, while all of them look alive to it: nothing passes, without a notice."""

import time

import pytest

from tests.nights.county import BLUE, ORANGE, SITES, TAKEOVER_S
from tests.nights.waiting import until
from tests.pair.conftest import Counties
from tests.parts import needs

pytestmark = needs("mosquitto", "postgresql", "ip", "root")
DATABASE, BROKERS = (2,), (0, 1)


@pytest.mark.parametrize("cables", [DATABASE, BROKERS, BROKERS + DATABASE], ids=["database", "brokers", "all"])
def test_the_other_controller_takes_over(counties: Counties, cables: tuple[int, ...]) -> None:
    """Within seconds it leads both sites and obeys; no lamp shows anything else, nor obeys an order of the one that was
    cut off, when that is back either."""
    county = counties(cables=3)
    site = next(site for site in SITES if county.leader(site) == 0)
    since = len(county.ear.heard)
    took_s = county.await_takeover(1, site, lambda: county.cut(*cables))
    print(f"takeover {took_s:.2f} s")
    assert took_s < TAKEOVER_S
    assert county.colors_since(since) == {ORANGE}
    county.override(site, "blue")
    until(lambda: county.shows(site, BLUE), "it does not obey")
    since = len(county.ear.heard)
    time.sleep(TAKEOVER_S)
    county.mend(*cables)
    county.await_calm()
    until(lambda: county.shows(site, BLUE), "not confirmed in the end")
    assert county.is_unchanged(site, BLUE, since)
    assert county.orders_only_rose()
