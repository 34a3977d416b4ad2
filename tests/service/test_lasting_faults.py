"""What a fault writes in the log while it lasts for days: its begin, a reminder a day, and its end with how long that
was. A day is twenty minutes here."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from controller.dmx.outputs.simulated import Faults
from controller.events import Event, Level
from controller.events.models import SEVERITY
from controller.events.rate_limit import FREE
from tests.service.simulated import World

DAYS, DAY_S = 2, 1200.0
STEP_S = 120.0
DESIRED = "watertower/gateway/mast/desired"
REPORTED = "watertower/gateway/mast/reported"
Act = Callable[[World], object]


def goes(world: World) -> Iterator[None]:
    """The gateway is switched off."""
    world.mast.stop()
    yield
    world.mast.start()


def loses_broker(world: World) -> Iterator[None]:
    """The broker is gone."""
    world.broker.die()
    yield
    world.broker.rise(remembers=True)


def lies(world: World) -> Iterator[None]:
    """A lamp does not obey."""
    world.mast.lamps.faults = Faults(wrong=((1, 3),))
    yield
    world.mast.lamps.faults = Faults()


def is_dead(world: World) -> Iterator[None]:
    """The output of the gateway is dead."""
    world.mast.lamps.faults = Faults(dead=True)
    yield
    world.mast.lamps.faults = Faults()


def flaps(world: World) -> Iterator[None]:
    """The gateway comes and goes."""
    for _ in again_and_again():
        world.mast.disconnect()
        world.run(40)
        world.mast.connect()
        yield


def hears_nonsense(world: World) -> Iterator[None]:
    """Somebody writes what nobody understands."""
    for _ in again_and_again():
        world.publish(REPORTED, b"nonsense", False)
        yield


def is_fought_over(world: World) -> Iterator[None]:
    """Somebody writes in the controller's place."""
    for _ in again_and_again():
        world.publish(DESIRED, b"{}", True)
        yield


def again_and_again() -> Iterator[None]:
    """Until nobody asks any more."""
    while True:
        yield


FAULTS = {fault.__name__: fault for fault in (goes, loses_broker, lies, is_dead, flaps, hears_nonsense, is_fought_over)}
PROTRACTED = {"flaps", "hears_nonsense", "is_fought_over"}
"""Those that are many troubles in a row."""


def what(event: Event) -> tuple[str, str]:
    """The code, and of a summary or a reminder also what it is of."""
    return event.code, str(event.fields.get("of", ""))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_lasts_for_days_fills_no_log(
    world_of: Callable[..., World], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No code has more lines than its first ones, one a day, and its end, which has how long it lasted."""
    for place in ("events.rate_limit", "service.degradations"):
        monkeypatch.setattr(f"controller.{place}.DAY_S", DAY_S)
    world = world_of(datetime(2026, 12, 1, 12, tzinfo=UTC), report_every=timedelta(minutes=1))
    world.controller.start()
    world.mast.start()
    world.run(60)
    world.controller.events.clear()
    fault = FAULTS[name](world)
    next(fault)
    began_s = world.mono
    while world.mono - began_s < DAYS * DAY_S:
        world.run(STEP_S)
        if name in PROTRACTED:
            next(fault)
    next(fault, None) if name not in PROTRACTED else None
    world.run(1500)
    events = [event for _, event in world.controller.events]
    counts = Counter(what(event) for event in events if SEVERITY.index(event.level) >= SEVERITY.index(Level.INFO))
    assert all(count <= FREE + DAYS + 1 for count in counts.values()), counts
    assert len(events) <= 30
    lasted = [event.ended.lasted_s for event in events if event.ended is not None]
    lasted += [float(str(event.fields["lasted_s"])) for event in events if event.code == "TWL-C043"]
    assert max(lasted) > (DAYS - 0.2) * DAY_S
    assert world.controller.status() == {"confirmed"}
