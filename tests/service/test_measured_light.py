"""Measured light: meters beside what gateways report."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.clock import ClockReading, Trust
from controller.config.load import Setup, parse
from controller.events.models import Reason
from controller.service.confirmed_minutes import ConfirmedMinutes
from controller.service.controller import Controller
from controller.service.measured_light import HOLDS_S, SETTLE_S, MeasuredLight, measured_value
from controller.simulation.reference import Expected
from tests.service.simulated import World

CONFIG = Path(__file__).parents[2] / "config"
EVENING = datetime(2026, 11, 20, 14, 20, tzinfo=UTC)
LIT = datetime(2026, 11, 20, 14, 45, tzinfo=UTC)
NOON = datetime(2026, 11, 13, 11, tzinfo=UTC)
TOPIC = "tele/bowl-plug/SENSOR"
METER = "{zone: bowl, topic: tele/bowl-plug/SENSOR, value: ENERGY.Power, lit_above: 20, dark_below: 5}"
WEEK = "campaigns:\n  - {name: week, dates: 20-26 November, color: orange}\n"
SENSOR = {
    "Time": "2026-11-20T21:05:00",
    "ENERGY": {"Total": 1.956, "Power": 43, "ApparentPower": 51, "Factor": 0.84, "Voltage": 231, "Current": 0.22},
}
SWITCH = {"id": 0, "source": "init", "output": True, "apower": 23.4, "voltage": 230.1, "aenergy": {"total": 6.5}}


@pytest.mark.parametrize(
    ("payload", "way", "value"),
    [
        (json.dumps(SENSOR).encode(), "ENERGY.Power", 43.0),
        (b'{"Time":"2026-11-20T21:05:00","ENERGY":{"Power":[9,0]}}', "ENERGY.Power.0", 9.0),
        (b'{"BH1750":{"Illuminance":12}}', "BH1750.Illuminance", 12.0),
        (b"23.45", None, 23.45),
        (b" 0.00\n", None, 0.0),
        (json.dumps(SWITCH).encode(), "apower", 23.4),
        (b'{"params":{"ts":1.5,"switch:0":{"apower":4.5}}}', "params.switch:0.apower", 4.5),
        (b'{"linkquality":120,"power":5.3,"state":"ON"}', "power", 5.3),
        (b'{"power":"5.3"}', "power", 5.3),
    ],
    ids=["tasmota", "tasmota-two", "tasmota-lux", "shelly-gen1", "statestream", "shelly-gen2", "rpc", "zigbee", "text"],
)
def test_what_meters_send_is_read(payload: bytes, way: str | None, value: float) -> None:
    """Of the plugs that people have."""
    assert measured_value(payload, way) == value


@pytest.mark.parametrize(
    ("payload", "way", "code"),
    [
        (b"unavailable", None, "not_a_number"),
        (b"", None, "not_a_number"),
        (b"NaN", None, "not_a_number"),
        (b"\xff\xfe", None, "not_utf8"),
        (b'{"power": true}', "power", "not_a_number"),
        (b'{"power": null}', "power", "meter_knows_nothing"),
        (b'{"power": {"a": 1}}', "power", "not_a_number"),
        (b'{"power": 1}', "apower", "no_such_value"),
        (b'{"power": [1]}', "power.1", "no_such_value"),
        (b'{"power": [1]}', "power.x", "no_such_value"),
        (b"[1]", "0", "not_an_object"),
        (b"{", "power", "not_json"),
        (b"[" * 100_000, "power", "too_large"),
        (b"[" * 10_000, "power", "not_json"),
        (b'{"power": 1e999}', "power", "not_a_number"),
    ],
)
def test_what_is_no_number_has_a_reason(payload: bytes, way: str | None, code: str) -> None:
    """And never an exception."""
    found = measured_value(payload, way)
    assert isinstance(found, Reason)
    assert found.code == code


@given(st.binary(max_size=200), st.none() | st.text(max_size=20))
def test_any_bytes_give_a_value_or_a_reason(payload: bytes, way: str | None) -> None:
    """Whatever the payload on the topic."""
    assert isinstance(measured_value(payload, way), float | Reason)


def setup_of(meter: str = METER, more: str = "", schedule: str = WEEK) -> Setup:
    """The shipped tower with a meter."""
    tower = (CONFIG / "tower.yaml").read_text("utf-8") + f"measured: [{meter}]\n{more}"
    return parse(tower.encode(), f"version: 1\n{schedule}".encode(), CONFIG)


Worlds = Callable[..., World]


@pytest.fixture(scope="module")
def world_at() -> Worlds:
    """A world in which all runs, from a minute before an instant."""
    known: dict[str, Expected] = {}

    def make(at: datetime = EVENING, setup: Setup | None = None) -> World:
        setup = setup or setup_of()
        text = f"{setup.schedule_text.source.lines}{at}"
        if text not in known:
            known[text] = Expected(setup, at, at + timedelta(hours=1))
        world = World(setup, known[text].without_overrides(), at - timedelta(minutes=1))
        for host in world.gateways:
            host.start()
        world.controller.start()
        world.run(60)
        return world

    return make


@dataclass
class Metered:
    """A world whose meter has the value that the test sets, every few seconds."""

    world: World
    every_s: float = 10.0
    told: list[str] = field(default_factory=list)

    def run(self, seconds: float, watts: float | None, *, retain: bool = False) -> None:
        """The meter has this value for so many seconds; None for no message."""
        for second in range(round(seconds)):
            if watts is not None and second % self.every_s == 0:
                payload = json.dumps({"ENERGY": {"Power": watts}}).encode()
                self.world.publish(TOPIC, payload, retain=retain)
            self.world.run(1)
            self.world.controller.turn()

    @property
    def codes(self) -> list[str]:
        """The events about meters."""
        return [event.code for _, event in self.world.controller.events if "TWL-G160" <= event.code <= "TWL-G165"]

    @property
    def standing(self) -> list[str]:
        """The degradations about meters."""
        assert self.world.controller.loop is not None
        degradations = self.world.controller.loop.summary(self.world.controller.read()).degradations
        return [one.code for one in degradations if one.code.startswith("TWL-G16")]

    def lit(self) -> dict[str, bool]:
        """What counts for the minutes."""
        loop = self.world.controller.loop
        assert loop is not None
        assert loop.measured is not None
        return loop.measured.lit(self.world.controller.read())


def test_a_lamp_that_reports_light_without_power_is_reported_until_it_draws_some(world_at: Worlds) -> None:
    """Once, and in the degradations for as long; darkness does not end it."""
    metered = Metered(world_at(LIT))
    metered.run(HOLDS_S - 5, 0.4)
    assert metered.codes == []
    metered.run(10, 0.4)
    assert metered.codes == ["TWL-G160"]
    assert metered.standing == ["TWL-G160"]
    metered.run(300, 0.4)
    assert metered.codes == ["TWL-G160"]
    metered.run(20, 43.0)
    assert metered.codes == ["TWL-G160", "TWL-G161"]
    assert metered.standing == []


def test_the_event_names_lamp_supply_fuse_and_relay_in_this_order(world_at: Worlds) -> None:
    """In both languages."""
    metered = Metered(world_at(LIT))
    metered.run(150, 0.4)
    event = next(event for _, event in metered.world.controller.events if event.code == "TWL-G160")
    for language, words in (
        ("en", ("the lamp", "power supply", "fuse", "relay")),
        ("sv", ("lampan", "nätdel", "säkringen", "reläet")),
    ):
        places = [event.action(language).index(word) for word in words]
        assert places == sorted(places)
    assert "0.4 W" in event.text("en")
    assert "0,4 W" in event.text("sv")


def test_a_lamp_that_draws_power_while_dark_is_reported(world_at: Worlds) -> None:
    """Nobody planned that light."""
    metered = Metered(world_at())
    metered.run(SETTLE_S + HOLDS_S + 20, 43.0)
    assert metered.codes == ["TWL-G162"]
    metered.run(20, 0.0)
    assert metered.codes == ["TWL-G162", "TWL-G163"]


def test_switching_on_alarms_nobody(world_at: Worlds) -> None:
    """The meter follows half a minute late, and its value passes between the thresholds."""
    metered = Metered(world_at(LIT - timedelta(minutes=6)))
    following = metered.world.controller.engine.following
    assert following is not None
    metered.run((following.at - metered.world.wall).total_seconds(), 0.0)
    metered.run(SETTLE_S, 0.0)
    metered.run(10, 300.0)
    metered.run(60, 12.0)
    metered.run(200, 43.0)
    assert metered.codes == []


def test_between_the_thresholds_it_is_what_it_was(world_at: Worlds) -> None:
    """So that a value that varies causes no new event."""
    metered = Metered(world_at(LIT))
    metered.run(120, 43.0)
    metered.run(200, 12.0)
    assert metered.codes == []
    assert metered.lit() == {"bowl": True}


def test_a_value_at_a_threshold_counts(world_at: Worlds) -> None:
    """At `lit_above` a lamp is lit, at `dark_below` it is dark."""
    metered = Metered(world_at(LIT))
    for watts, is_lit in ((20.0, True), (5.1, True), (5.0, False), (19.9, False), (20.0, True)):
        metered.run(11, watts)
        assert metered.lit() == {"bowl": is_lit}


def test_what_the_broker_had_kept_and_what_is_old_prove_nothing(world_at: Worlds) -> None:
    """Neither that a lamp is dark, nor that it is lit."""
    setup = setup_of(METER.replace("}", ", max_age: 2 min}"))
    world = world_at(LIT, setup)
    world.broker.retained[TOPIC] = json.dumps({"ENERGY": {"Power": 0.0}}).encode()
    world.controller.stop()
    world.controller.start()
    metered = Metered(world)
    metered.run(100, None)
    assert metered.lit() == {}
    assert metered.codes == []
    metered.run(10, 43.0)
    assert metered.lit() == {"bowl": True}
    metered.run(130, None)
    assert metered.lit() == {}


def test_one_value_against_it_is_not_enough_if_the_next_agrees(world_at: Worlds) -> None:
    """A glitch of the meter."""
    metered = Metered(world_at(LIT), every_s=30.0)
    metered.run(90, 43.0)
    metered.run(30, 0.0)
    metered.run(120, 43.0)
    assert metered.codes == []


def test_a_slow_meter_is_enough(world_at: Worlds) -> None:
    """Tasmota sends every five minutes: its first value after the change counts, not the one before."""
    metered = Metered(world_at(LIT - timedelta(minutes=6)), every_s=300.0)
    metered.run(299, 0.0)
    assert metered.codes == []
    metered.run(HOLDS_S + 5, 0.0)
    assert metered.codes == ["TWL-G160"]


def test_a_meter_that_says_nothing_is_reported_with_the_reason(world_at: Worlds) -> None:
    """Until it gives a value again."""
    metered = Metered(world_at(LIT, setup_of(METER.replace("}", ", max_age: 2 min}"))))
    metered.world.publish(TOPIC, b"unavailable")
    metered.run(130, None)
    assert metered.codes == ["TWL-G164"]
    event = next(event for _, event in metered.world.controller.events if event.code == "TWL-G164")
    assert event.text("en").endswith("2 min: not JSON")
    metered.run(2, 43.0)
    assert metered.codes == ["TWL-G164", "TWL-G165"]


def test_of_a_meter_that_says_something_else_the_newer_reason_is_reported(world_at: Worlds) -> None:
    """It was silent, and its program has begun to say what is no number."""
    metered = Metered(world_at(LIT, setup_of(METER.replace("}", ", max_age: 2 min}"))))
    metered.run(130, None)
    metered.world.publish(TOPIC, b"unavailable")
    metered.run(10, None)
    reasons = [event.text("en") for _, event in metered.world.controller.events if event.code == "TWL-G164"]
    assert [text.rpartition(": ")[2] for text in reasons] == ["nothing has arrived", "not JSON"]


def test_a_meter_is_not_blamed_for_what_no_broker_brings(world_at: Worlds) -> None:
    """Nor for a night in which the controller's machine slept; it has `max_age` from then on."""
    metered = Metered(world_at(LIT, setup_of(METER.replace("}", ", max_age: 2 min}"))))
    metered.run(30, 43.0)
    metered.world.controller.disconnect()
    metered.run(200, None)
    metered.world.controller.connect()
    metered.run(100, None)
    assert metered.codes == []
    metered.run(30, None)
    assert metered.codes == ["TWL-G164"]
    metered.run(10, 43.0)
    loop, reading = metered.world.controller.loop, metered.world.controller.read()
    assert loop is not None
    loop.turn(replace(reading, mono=reading.mono + 8 * 3600, wall=reading.wall + timedelta(hours=8)))
    assert metered.codes == ["TWL-G164", "TWL-G165"]


def test_a_value_that_sways_is_counted(world_at: Worlds) -> None:
    """A lamp that goes on and off for an hour is some lines; another zone has lines of its own."""
    other = METER.replace("bowl,", "shaft,")
    metered = Metered(world_at(LIT, setup_of(f"{METER}, {other}")))
    for _ in range(20):
        metered.run(70, 4.9)
        metered.run(20, 20.1)
    assert metered.codes == ["TWL-G160", "TWL-G160", "TWL-G161", "TWL-G161"] * 2


def test_a_flood_of_values_causes_no_turn_each(world_at: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    """One comes each second anyhow."""
    world = world_at(LIT)
    loop, turns = world.controller.loop, []
    assert loop is not None
    turn = loop.turn
    monkeypatch.setattr(loop, "turn", lambda reading: turns.append(reading) or turn(reading))
    for watts in range(1000):
        world.publish(TOPIC, json.dumps({"ENERGY": {"Power": watts}}).encode())
    world.run(0.5)
    assert len(turns) <= 1


def test_what_was_measured_by_day_says_nothing_of_the_night(world_at: Worlds) -> None:
    """Neither a value of the dusk that is still young, nor that it was light when the next lies between the
    thresholds."""
    meter = METER.replace("}", ", unit: lux, max_age: 30 min}")
    late = "campaigns:\n  - {name: late, dates: 20-26 November, hours: 20:00 to 22:00, color: orange}\n"
    metered = Metered(world_at(datetime(2026, 11, 20, 15, tzinfo=UTC), setup_of(meter, schedule=late)))
    metered.run(300, 300.0)
    metered.run(1400, None)
    assert metered.codes == []
    assert metered.lit() == {}
    metered.run(900, 12.0)
    assert metered.codes == []
    assert metered.lit() == {}


def test_by_a_clock_in_doubt_nobody_knows_whether_it_is_day(world_at: Worlds) -> None:
    """A meter of light is not asked then."""
    metered = Metered(world_at(LIT + timedelta(hours=1), setup_of(METER.replace("}", ", unit: lux}"))))
    metered.run(30, 300.0)
    assert metered.lit() == {"bowl": True}
    metered.world.controller.clock.trust = Trust.SUSPECT
    metered.run(30, 300.0)
    assert metered.lit() == {}


def test_a_walk_test_is_judged_by_nobody(world_at: Worlds) -> None:
    """While somebody tests the lamps, no gateway confirms the plan."""
    metered = Metered(world_at())
    assert metered.world.controller.loop is not None
    world = metered.world
    for _ in range(10):
        world.publish("watertower/gateway/mast/walk", b'{"fixture": "bowl-north", "for_s": 30.0}')
        metered.run(20, 43.0)
    assert metered.codes == []


def test_light_is_not_measured_by_day(world_at: Worlds) -> None:
    """The sun would be reported as a lit lamp."""
    meter = METER.replace("}", ", unit: lux}")
    by_day = Metered(world_at(NOON, setup_of(meter)))
    by_day.run(200, 9000.0)
    assert by_day.codes == []
    assert by_day.lit() == {}
    by_night = Metered(world_at(LIT + timedelta(hours=1), setup_of(meter)))
    by_night.run(200, 0.0)
    assert by_night.codes == ["TWL-G160"]


@pytest.mark.parametrize(
    ("watts", "expected"), [(12.0, (True, "power")), (0.3, (False, "power")), (None, (True, "report"))]
)
def test_the_preflight_believes_the_meter(world_at: Worlds, watts: float | None, expected: tuple[bool, str]) -> None:
    """One lamp of several draws less than the zone: more than darkness is enough. Nothing measured is nothing known."""
    metered = Metered(world_at(NOON - timedelta(seconds=10), setup_of(more="preflight: {}\n")))
    metered.run(5 * 60, watts)
    found = metered.world.controller.disk.lamps.by_itself
    assert (found["mast/bowl-north"].lit, found["mast/bowl-north"].by) == expected
    assert (found["mast/shaft-north"].lit, found["mast/shaft-north"].by) == (True, "report")


@pytest.mark.parametrize(
    ("others", "unit", "since_s", "expected"),
    [((), "W", 90.0, True), (("two",), "W", 90.0, None), ((), "lux", 90.0, None), ((), "W", 101.0, None)],
)
def test_a_meter_proves_one_lamp_where_its_zone_has_one_gateway(
    others: tuple[str, ...], unit: str, since_s: float, expected: bool | None
) -> None:
    """Another gateway of the zone draws power at the same time; a light meter proves nothing about one lamp, nor does
    the past."""
    setup = setup_of(METER.replace("}", f", unit: {unit}}}"))
    (mast,) = setup.tower.gateways
    gateways = (mast, *(mast.model_copy(update={"name": name}) for name in others))
    controller = Controller(gateways, "watertower", setup.program())
    meters = MeasuredLight(controller, setup.tower.measured, setup.tower.site.place, lambda _: None)
    reading = ClockReading(LIT + timedelta(hours=6), 100.0)
    meters.receive(TOPIC, b'{"ENERGY": {"Power": 12.0}}', False, reading)
    meters.turn(reading, connected=True)
    assert meters.draws("bowl", since_s, reading) is expected


def test_measured_seconds_are_reported_to_a_tenth(shipped: Setup) -> None:
    """As confirmed ones."""
    minutes, rows = ConfirmedMinutes(), []
    for tick in range(205):
        reading = ClockReading(LIT + timedelta(seconds=0.3 * tick), 100.0 + 0.3 * tick)
        rows += minutes.sample(shipped.program(), ("bowl",), reading, {"bowl": tick <= 41})
    assert [row.measured_s for row in rows if row.zone == "bowl"] == [12.3]


def test_measured_seconds_are_beside_confirmed_ones(shipped: Setup) -> None:
    """None where no meter reported, 0 where it measured dark."""
    minutes, rows = ConfirmedMinutes(), []
    for second in range(61):
        reading = ClockReading(LIT + timedelta(seconds=second), 100.0 + second)
        measured = {"bowl": second < 30} if second < 50 else {}
        rows += minutes.sample(shipped.program(), ("bowl", "shaft"), reading, measured)
    assert {row.zone: (row.confirmed_s, row.measured_s) for row in rows} == {
        "bowl": (59.0, 29.0),
        "shaft": (59.0, None),
    }
