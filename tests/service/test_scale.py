"""Many gateways: one that speaks is no work for the others, and what is kept of each is bounded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.gateways.base import Message, Order
from controller.gateways.dmx import Dmx
from controller.gateways.wire import DesiredDocument, ReportedDocument, ZoneReport, parse_desired
from controller.service.controller import Controller

NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)


def reading(seconds: float) -> ClockReading:
    """A look at the clock so long after the start."""
    return ClockReading(NIGHT + timedelta(seconds=seconds), 1000.0 + seconds)


def all_turns(controller: Controller, now: ClockReading) -> Iterator[Message]:
    """The messages of all turns that follow each other at once."""
    while (result := controller.turn(now)).changed:
        yield from result.messages


@dataclass
class Commanded:
    """A controller whose gateways, `mast-0` and so on, have all got a command and have not answered."""

    controller: Controller
    orders: dict[str, Order]


@pytest.fixture
def commanded(shipped: Setup) -> Callable[[int], Commanded]:
    """Makes a controller with so many copies of the shipped gateway."""
    (mast,) = (gateway for gateway in shipped.tower.gateways if isinstance(gateway, Dmx))

    def make(count: int) -> Commanded:
        gateways = tuple(mast.model_copy(update={"name": f"mast-{number}"}) for number in range(count))
        controller = Controller(gateways, "w", shipped.program())
        controller.connected(reading(0))
        messages = [*controller.turn(reading(0)).messages, *all_turns(controller, reading(0.6))]
        orders = {}
        for message in messages:
            document = parse_desired(message.payload)
            assert isinstance(document, DesiredDocument)
            orders[message.topic.split("/")[2]] = document.order
        return Commanded(controller, orders)

    return make


def report(order: Order, seconds: float) -> bytes:
    """What a gateway reports that has followed this order."""
    orange = ZoneReport(on=True, color="#FF6A00", brightness=1.0)
    document = ReportedDocument(
        version=1,
        epoch=order.epoch,
        revision=order.revision,
        at=reading(seconds).wall,
        zones={"bowl": orange, "shaft": orange},
        by="desired",
        clock="own",
    )
    return document.model_dump_json(exclude_none=True).encode()


def test_one_that_speaks_is_no_work_for_the_others(commanded: Callable[[int], Commanded]) -> None:
    """Of a thousand only its own state is worked on."""
    thousand = commanded(1000)
    controller = thousand.controller
    before = dict(controller.states)
    controller.receive("w/gateway/mast-7/reported", report(thousand.orders["mast-7"], 1), False, reading(1))
    result = controller.turn(reading(1))
    assert {name for name, state in controller.states.items() if state is not before[name]} == {"mast-7"}
    assert set(controller.states["mast-7"].status.values()) == {"confirmed"}
    assert [event.code for event in result.events] == ["TWL-G101"]


def test_a_turn_in_which_nothing_came_works_on_nothing(commanded: Callable[[int], Commanded]) -> None:
    """Woken by the steady tick."""
    controller = commanded(100).controller
    before = dict(controller.states)
    result = controller.turn(reading(0.7))
    assert all(state is before[name] for name, state in controller.states.items())
    assert (result.messages, result.events) == ((), ())


def test_a_thousand_gateways_get_their_own_commands_at_once(commanded: Callable[[int], Commanded]) -> None:
    """Each a document of its own, under an order of its own, for the same look."""
    thousand = commanded(1000)
    assert len({state.desired_key for state in thousand.controller.states.values()}) == 1
    assert len(set(thousand.orders.values())) == len(thousand.orders) == 1000


def test_before_the_first_turn_and_cut_off_nothing_is_urgent(shipped: Setup) -> None:
    """Without a connection there is nothing to wake for but the next cue."""
    alone = Controller(shipped.tower.gateways, "w", shipped.program())
    for seconds in range(5):
        output = alone.turn(reading(seconds))
        assert output.wake_s is None
        assert output.wake_at is not None
        assert output.wake_at > reading(seconds).wall
    assert {status for state in alone.states.values() for status in state.status.values()} == {"unknown"}


def test_a_start_with_a_clock_in_doubt_or_without_a_gateway(shipped: Setup) -> None:
    """Nothing is decided yet, and nothing is due."""
    doubtful = replace(reading(0), trust=Trust.SUSPECT)
    assert Controller(shipped.tower.gateways, "w", shipped.program()).turn(doubtful).wake_s is None
    assert Controller((), "w", shipped.program()).turn(reading(0)).messages == ()
