"""How seconds of wrong light are counted: by kind, by gateway, and while the controller calls it confirmed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.schedule.hours import Place
from controller.simulation.kernel import Kernel
from controller.simulation.meter import LampRecord, Meter

START = datetime(2026, 11, 20, 18, tzinfo=UTC)
PLACE = Place(56.9, 14.6, ZoneInfo("Europe/Stockholm"))
ORANGE, BLUE = (ZoneState(on=True, color=Color(code), brightness=1.0) for code in ("#FF6A00", "#0000FF"))
NEARLY_ORANGE = ZoneState(on=True, color=Color("#FF6B00"), brightness=1.0)
MAST, GATE = LampRecord("mast", "bowl"), LampRecord("gate", "bowl")


class SteadyExpectation:
    """The same state for ever; light is on its way for the first seconds."""

    def __init__(self, state: ZoneState, changing_s: float = 0.0) -> None:
        self._state = state
        self._until = START.timestamp() + changing_s

    def desired(self, _at: float) -> dict[str, ZoneState]:
        return {"bowl": self._state}

    def is_changing(self, at: float) -> bool:
        return at < self._until

    def next_mark(self, at: float) -> float:
        return self._until if at < self._until else at + 86_400


def measured(expected: SteadyExpectation, *, shown: ZoneState, confirmed: bool, seconds: float = 100.0) -> Meter:
    """So long the mast shows this, and the gate is right and confirmed."""
    world = Kernel(START, seed=0)
    lamps = {lamp: lambda _zone, state: state for lamp in (MAST, GATE)}
    meter = Meter(world, PLACE, expected, lamps, lambda: ("stick",))  # type: ignore[arg-type]
    meter.shows("mast", {"bowl": shown})
    meter.shows("gate", {"bowl": expected.desired(0)["bowl"]})
    meter.confirms({MAST: confirmed, GATE: True})
    meter.begin()
    world.run(START + timedelta(seconds=seconds))
    meter.end()
    return meter


@pytest.mark.parametrize(
    ("desired", "shown", "kind"),
    [(ORANGE, BLUE, "hue"), (ORANGE, DARK, "dark"), (DARK, ORANGE, "lit")],
)
def test_wrong_light_is_counted_by_its_kind(desired: ZoneState, shown: ZoneState, kind: str) -> None:
    """Of the tower and of the gateway that shows it, and of no other; light where none should be is stray."""
    meter = measured(SteadyExpectation(desired), shown=shown, confirmed=False)
    for count in (meter.total, meter.gateways["mast"]):
        assert {each: seconds for each, seconds in count.by_kind_s.items() if seconds} == {kind: 100.0}
        assert (count.wrong_s, count.stray_s, count.undetected_s) == (100.0, 100.0 if kind == "lit" else 0.0, 0.0)
        assert count.availability == 0.0
    assert meter.gateways["gate"].wrong_s == 0.0
    assert [(one.lamp, one.wrong, one.length_s, one.causes) for one in meter.spells] == [
        (MAST, kind, 100.0, ("stick",))
    ]


@pytest.mark.parametrize("shown", [ORANGE, NEARLY_ORANGE])
def test_light_that_looks_as_desired_is_right(shown: ZoneState) -> None:
    """It is lit and confirmed all the time."""
    meter = measured(SteadyExpectation(ORANGE), shown=shown, confirmed=True)
    assert (meter.total.lit_s, meter.total.confirmed_s, meter.total.wrong_s) == (100.0, 100.0, 0.0)
    assert (meter.total.availability, meter.spells) == (1.0, [])


def test_wrong_light_that_is_called_confirmed_is_undetected() -> None:
    """Of the tower too, and the longest stretch of it."""
    meter = measured(SteadyExpectation(ORANGE), shown=BLUE, confirmed=True)
    assert (meter.total.undetected_s, meter.gateways["mast"].undetected_s) == (100.0, 100.0)
    assert meter.longest_undetected_s == 100.0


def test_the_tower_is_confirmed_where_every_lamp_is() -> None:
    """One that is not leaves its gateway and the tower unconfirmed."""
    meter = measured(SteadyExpectation(ORANGE), shown=ORANGE, confirmed=False)
    assert (meter.total.confirmed_s, meter.gateways["mast"].confirmed_s) == (0.0, 0.0)
    assert meter.gateways["gate"].confirmed_s == 100.0


def test_light_on_its_way_is_not_wrong() -> None:
    """Only what is left of the time counts."""
    meter = measured(SteadyExpectation(ORANGE, changing_s=30.0), shown=DARK, confirmed=False)
    assert meter.total.wrong_s == 70.0
    assert [one.length_s for one in meter.spells] == [70.0]
