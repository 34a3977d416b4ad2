"""A machine whose clock is hours off, while those of the other one and of the database are right."""

import signal
import time
from datetime import UTC, datetime, timedelta

from tests.nights.county import TAKEOVER_S
from tests.nights.waiting import until
from tests.pair.conftest import Counties
from tests.parts import needs

pytestmark = needs("mosquitto", "postgresql", "libfaketime")


def test_a_controller_with_a_wrong_clock_leads_only_where_nobody_else_does(counties: Counties) -> None:
    """It reports that, and the other one leads; without the other one it leads until that is back."""
    county = counties()
    county.controllers[1].end()
    until(lambda: set(county.leaders().values()) == {0}, "not handed over")
    county.machines[1].travel(datetime.now(UTC) + timedelta(hours=3))  # noqa: TID251 -- real programs
    county.controllers[1] = county.start(1)
    until(lambda: county.controllers[1].events("TWL-T008"), "it does not report it")
    time.sleep(TAKEOVER_S)
    assert set(county.leaders().values()) == {0}
    told = until(lambda: county.controllers[0].events("TWL-C067"), "the other one does not report it")
    assert "north" in told[0]["sites"]
    assert "TWL-C067" in str(county.health("north")["degradations"])
    assert county.health("north")["lead"]["standby"] == []
    county.controllers[0].end(signal.SIGKILL)
    until(lambda: set(county.leaders().values()) == {1}, "nobody leads")
    county.controllers[0] = county.start(0)
    until(lambda: set(county.leaders().values()) == {0}, "the wrong clock leads on")
