"""Either end, the broker and the messages between them fail at any moment: the desired light is computed from
scratch."""

from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from controller.gateways.base import Order
from controller.simulation.network import LATE_S
from tests.service.simulated import World

BEFORE_SUNSET = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
"""Eleven minutes before the lights go on."""
DESIRED = "watertower/gateway/mast/desired"
REPORTED = "watertower/gateway/mast/reported"
quick = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes too long to be made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@quick
@given(
    at_s=st.floats(0, 1500), who=st.sampled_from(["controller", "mast"]), away_s=st.floats(0, 120), keeps=st.booleans()
)
@example(at_s=1260.0, who="controller", away_s=30.0, keeps=False)
@example(at_s=1260.0, who="mast", away_s=5.0, keeps=False)
@example(at_s=616.648987357525, who="controller", away_s=14.533563097252834, keeps=False)
def test_a_restart_at_any_moment(
    world_of: Callable[..., World], at_s: float, who: str, away_s: float, keeps: bool
) -> None:
    """Either end is killed around sunset, with or without what it kept: soon after, all is as if nothing had been."""
    world = world_of(BEFORE_SUNSET)
    world.mast.start()
    world.controller.start()
    world.run(at_s + 1)
    party = getattr(world, who)
    order = world.controller.engine.order
    party.stop()
    world.run(away_s)
    if who == "controller":
        party.start(order if keeps else Order())
    else:
        party.start(forget=not keeps)
    world.run(2 + 32 * world.fading)
    assert world.right or world.fading
    world.run(60)
    world.run(32 * world.fading)
    assert world.right
    assert world.controller.status() == {"confirmed"}


def test_a_controller_that_lost_its_state_goes_above_what_it_finds(night: World) -> None:
    """It started at nothing, the broker and the gateway know better: no document of it is refused."""
    for _ in range(5):
        before = night.desired.order
        night.controller.stop()
        night.controller.start()
        night.run(3)
        assert before < night.desired.order
    assert "TWL-D011" not in [event.code for _, event in night.mast.events]
    assert night.wrong_s == 0


def test_a_broker_that_forgets(night: World) -> None:
    """It comes back empty: everything that should be kept is there again within a second."""
    kept = set(night.retained)
    night.forget()
    night.run(1)
    assert {DESIRED, REPORTED} <= set(night.retained) <= kept
    night.run(2)
    assert night.controller.status() == {"confirmed"}
    assert night.wrong_s == 0


@quick
@given(seed=st.integers(0, 10_000), drop=st.floats(0, 0.6), double=st.floats(0, 1), delay=st.floats(0, 1))
def test_messages_lost_doubled_and_out_of_order(
    world_of: Callable[..., World], seed: int, drop: float, double: float, delay: float
) -> None:
    """Twenty minutes of it over sunset: never an older order applied (watched in the box), all right 10 s later."""
    world = world_of(BEFORE_SUNSET)
    world.world.random.seed(seed)
    world.mast.start()
    world.controller.start()
    world.weather(drop, double, delay)
    world.run(1200)
    world.weather()
    world.run(10 + LATE_S)
    assert world.right
    assert world.controller.status() == {"confirmed"}


def test_a_gateway_that_lost_everything_in_the_night(night: World) -> None:
    """It starts dark, and without a plan: orange again within 2 s."""
    night.mast.stop()
    night.run(20)
    night.clear()
    night.mast.start(forget=True)
    night.run(2)
    assert night.right
    assert night.controller.status() == {"confirmed"}


def test_a_gateway_that_lost_its_plan_in_daylight(world_of: Callable[..., World]) -> None:
    """It is dark as it should be: it gets its plan again, and no alarm about lamps is emitted."""
    noon = world_of(datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
    noon.mast.start()
    noon.controller.start()
    noon.run(5)
    noon.mast.stop(with_will=False)
    noon.retained.clear()
    noon.mast.start(forget=True)
    noon.run(2)
    assert noon.mast.order == noon.controller.engine.order
    assert noon.controller.status() == {"confirmed"}
    assert "TWL-G103" not in noon.controller.codes()


def test_a_gateway_that_starts_without_anybody(night: World) -> None:
    """No controller, no broker, but a disk and a clock: it shows the light of the plan."""
    night.controller.stop()
    night.mast.stop()
    night.retained.clear()
    night.run(3600)
    night.broker.die()
    night.mast.start()
    night.run(1)
    assert night.right


def test_a_report_that_was_overtaken_is_dropped(night: World) -> None:
    """Over a second, slower broker an older report comes after a newer one."""
    stale = night.retained[REPORTED]
    blackened = stale.replace(b'"on":true', b'"on":false')
    night.run(11)
    night.publish(REPORTED, blackened, True)
    night.run(0.1)
    assert night.controller.status() == {"confirmed"}
    assert "TWL-G103" not in night.controller.codes()


def test_a_second_broker_that_comes_and_goes(night: World) -> None:
    """The connection to one of two brokers is new: commands are sent again, and reports over the other still count."""
    night.controller.engine.connected(night.controller.read())
    night.controller.wake()
    night.run(1)
    assert night.controller.status() == {"confirmed"}
    assert night.wrong_s == 0
