"""Others who write: a foreign controller, numbers that are too large, garbage."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from controller.gateways.base import Order
from controller.schedule.campaign import SafetyStop
from tests.service.simulated import SimulatedController, World

DESIRED = "watertower/gateway/mast/desired"
REPORTED = "watertower/gateway/mast/reported"
AVAILABILITY = "watertower/gateway/mast/availability"
quick = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes too long to be made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def poisoned(world: World, **changes: Any) -> bytes:
    """The document of the broker with other numbers."""
    return world.desired.model_copy(update=changes).model_dump_json(exclude_none=True).encode()


def test_a_foreign_writer(night: World) -> None:
    """Somebody writes another look into desired: it is overwritten within 2 s, with an event."""
    zones = {
        zone: desired_key.model_copy(update={"color": "#0000FF"}) for zone, desired_key in night.desired.zones.items()
    }
    higher = night.desired.revision + 7
    night.publish(DESIRED, poisoned(night, zones=zones, revision=higher, command_id="x", issued_at=night.wall), True)
    night.run(2)
    assert night.right
    assert night.controller.status() == {"confirmed"}
    assert "TWL-G111" in night.controller.codes()
    assert night.wrong_s < 2


def test_a_foreign_writer_who_does_not_give_up(night: World) -> None:
    """After five overwrites an event reports the gateway as contested, and we write less often; peace ends it."""
    for number in range(60):
        higher = night.desired.revision + 7
        night.publish(DESIRED, poisoned(night, revision=higher, command_id=f"x{number}", issued_at=night.wall), True)
        night.run(1)
    ours = [m for at_s, who, m in night.sent if who == "controller" and m.topic == DESIRED and at_s > night.mono - 60]
    assert 5 <= len(ours) <= 10
    assert night.controller.codes().count("TWL-G109") == 1
    night.run(120)
    assert night.controller.status() == {"confirmed"}
    higher = night.desired.revision + 7
    night.clear()
    night.publish(DESIRED, poisoned(night, revision=higher, command_id="again", issued_at=night.wall), True)
    night.run(2)
    assert night.controller.status() == {"confirmed"}


def test_two_controllers_do_not_storm(night: World, rival: Callable[..., SimulatedController]) -> None:
    """The same files twice: they overwrite each other, but slowly, and both report it; the light stays."""
    second = rival(night)
    second.start()
    night.run(120)
    ours = [m for at_s, who, m in night.sent if m.topic == DESIRED and at_s > night.mono - 60]
    assert len(ours) <= 20
    assert "TWL-G111" in night.controller.codes()
    assert "TWL-G109" in night.controller.codes()
    assert night.wrong_s == 0
    second.stop()
    night.run(30)
    assert night.controller.status() == {"confirmed"}


@pytest.mark.parametrize("where", [DESIRED, REPORTED])
def test_a_poisonous_epoch(night: World, where: str) -> None:
    """An absurdly high number is reported and not followed, by either end."""
    order = night.controller.engine.order
    if where == DESIRED:
        night.publish(DESIRED, poisoned(night, epoch=2**50, command_id="x"), True)
    else:
        report = night.retained[REPORTED].replace(f'"epoch":{order.epoch}'.encode(), b'"epoch":%d' % 2**50)
        assert report != night.retained[REPORTED]
        night.publish(REPORTED, report, True)
    night.run(12)
    assert "TWL-G113" in night.controller.codes()
    assert night.controller.engine.order.epoch == order.epoch
    assert night.right
    assert night.controller.status() == {"confirmed"}


def test_a_gateway_that_knows_a_higher_order(night: World) -> None:
    """It reports an order above ours: we go above it, with an event, and it obeys again."""
    order = night.controller.engine.order
    night.mast.file = night.mast.file.model_copy(update={"epoch": order.epoch + 50})
    night.mast.stop()
    night.run(1)
    del night.retained[REPORTED]
    night.mast.start()
    night.run(3)
    assert "TWL-G112" in night.controller.codes()
    assert night.controller.engine.order.epoch == order.epoch + 51
    assert night.controller.status() == {"confirmed"}


def reporting(night: World, epoch: int) -> bytes:
    """The last report of the gateway with another epoch."""
    report = json.loads(night.retained[REPORTED])
    return json.dumps({**report, "epoch": epoch, "revision": 1, "command_id": "x"}).encode()


@pytest.mark.parametrize("leap", [999_000, 999_999, 1_000_000, 1_000_001, 2**53 - 7])
@pytest.mark.parametrize("retain", [False, True])
def test_a_report_cannot_lead_the_controller_to_what_gateways_refuse(night: World, leap: int, retain: bool) -> None:
    """However high an order somebody reports for a gateway, it still obeys, as does one without memory."""
    night.publish(REPORTED, reporting(night, night.controller.engine.order.epoch + leap), retain)
    night.run(12)
    assert "TWL-D011" not in [event.code for _, event in night.mast.events]
    night.controller.stop()
    night.controller.start(night.controller.engine.order)
    night.run(12)
    night.mast.stop()
    night.mast.start(forget=True)
    night.run(12)
    assert night.right
    assert night.controller.status() == {"confirmed"}
    assert "TWL-D011" not in [event.code for _, event in night.mast.events]


def test_many_reports_each_a_little_ahead(night: World) -> None:
    """Followed only so far that every gateway still obeys, whoever starts when."""
    for _ in range(40):
        night.publish(REPORTED, reporting(night, night.controller.engine.order.epoch + 90_000))
        night.run(3)
    night.run(70)  # a fight of this length is repaired slowly
    night.mast.stop()
    night.mast.start(forget=True)
    night.run(12)
    assert night.right
    assert night.controller.status() == {"confirmed"}
    assert "TWL-D011" not in [event.code for _, event in night.mast.events]


@pytest.mark.parametrize("epoch", [500_000, 500_001, 999_999, 1_000_000])
@pytest.mark.parametrize("is_away", [False, True])
def test_a_gateway_that_took_the_highest_document_there_is_obeys_again(night: World, epoch: int, is_away: bool) -> None:
    """Somebody wrote it, while the controller was there or away: its next document takes its place by name."""
    order = night.controller.engine.order
    if is_away:
        night.controller.stop()
    highest = {"epoch": epoch, "revision": 2**53, "command_id": "x", "zones": {}, "cues": ()}
    night.publish(DESIRED, poisoned(night, **highest), True)
    night.run(1)
    if is_away:
        night.controller.start(order)
    night.run(4)
    assert night.right
    assert night.controller.status() == {"confirmed"}
    assert night.mast.order.epoch <= 500_001


@pytest.mark.parametrize("kept", [999_999, 1_000_007, 2**53])
def test_a_state_on_disk_that_was_led_too_far_heals_by_itself(night: World, kept: int) -> None:
    """Of the controller, and of the gateway too."""
    night.controller.stop()
    night.controller.start(Order(kept, 3))
    night.run(12)
    assert night.controller.status() == {"confirmed"}
    night.mast.file = night.mast.file.model_copy(update={"epoch": kept, "zones": {}})
    night.mast.stop()
    night.mast.start()
    night.run(12)
    assert night.right
    assert night.controller.status() == {"confirmed"}


def test_a_document_under_our_own_order_and_id_is_no_echo(night: World) -> None:
    """Dark, and dated so far ahead that what repeats it counts as overtaken: written over under a new order."""
    ahead = {"zones": {}, "cues": (), "issued_at": datetime(2199, 1, 1, tzinfo=UTC)}
    night.publish(DESIRED, poisoned(night, **ahead), True)
    night.run(2)
    assert night.right
    assert night.controller.status() == {"confirmed"}


@settings(quick, max_examples=60)
@given(
    topic=st.sampled_from([DESIRED, REPORTED, AVAILABILITY]),
    payload=st.one_of(
        st.binary(min_size=1, max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        ).map(lambda value: repr(value).replace("'", '"').encode("utf-8", "surrogatepass")),
        st.sampled_from([b"[" * 100_000, b"9" * 6000, b'{"version":1e400}', b"\xff\xfe", b"x" * 300_000]),
    ),
    retain=st.booleans(),
)
def test_garbage_on_any_topic(world_of: Callable[..., World], topic: str, payload: bytes, retain: bool) -> None:
    """An event reports it; it changes neither the light nor what is known; on our own topic it is overwritten."""
    world = world_of(datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
    world.mast.start()
    world.controller.start()
    world.run(5)
    order, reported = world.mast.order, world.controller.engine.states["mast"].reported
    world.publish(topic, payload, retain)
    world.run(0.04)
    ours = topic == DESIRED
    assert world.mast.order == (Order(order.epoch, order.revision + 1) if ours else order)
    assert world.controller.engine.states["mast"].reported.zones == reported.zones
    assert payload in {b"online", b"offline"} or ("TWL-G111" if ours else "TWL-G110") in world.controller.codes()
    world.run(10)
    assert world.right
    assert world.controller.status() == {"confirmed"}


def test_an_old_document_of_ours_is_no_rival(night: World) -> None:
    """The broker comes back with what it had kept long ago: written over, and nobody is blamed."""
    night.retained[DESIRED] = poisoned(night, epoch=0, revision=1, command_id="long ago")
    night.reconnect()
    night.run(3)
    assert "TWL-G111" not in night.controller.codes()
    assert night.controller.status() == {"confirmed"}
    assert night.desired.order == night.controller.engine.order


@pytest.mark.parametrize("payload", [b"", b"OFF", b'{"state": "ON"}'])
def test_what_is_no_document_takes_the_place_of_ours_as_well(night: World, payload: bytes) -> None:
    """The topic cleared, or another system's word on it: a gateway without memory would find nothing there."""
    ours = night.desired
    night.publish(DESIRED, payload, retain=True)
    night.run(2)
    assert night.desired.zones == ours.zones
    assert night.desired.order > ours.order
    (event,) = (event for _, event in night.controller.events if event.code == "TWL-G111")
    assert event.text("en").endswith("(epoch –, revision –): overwritten")
    assert night.wrong_s == 0


def _in_our_name(world: World) -> bytes:
    """Under our own order and id, blue, and dated so far ahead that nothing under the same order is newer."""
    zones = {zone: look.model_copy(update={"color": "#0000FF"}) for zone, look in world.desired.zones.items()}
    return poisoned(world, zones=zones, cues=(), issued_at=datetime(2199, 12, 31, tzinfo=UTC))


def test_a_document_in_our_name_that_only_the_gateway_heard_is_replaced(night: World) -> None:
    """As over a second broker, or an access rule that hides it from us."""
    night.post(night.mast, DESIRED, _in_our_name(night))
    night.run(0.1)
    assert not night.right
    night.run(12)
    assert night.right
    assert night.controller.status() == {"confirmed"}


def test_a_document_in_our_name_is_replaced_when_the_gateway_returns_amid_a_fight(night: World) -> None:
    """More of them than are repaired at once, while it was away."""
    night.mast.stop(with_will=False)
    night.run(40)
    assert night.controller.status() == {"silent"}
    for _ in range(8):
        night.publish(DESIRED, _in_our_name(night), True)
        night.run(0.1)
    night.mast.start()
    night.run(15)
    assert night.right
    assert night.controller.status() == {"confirmed"}


EDGES = (0, 1, 499_999, 500_000, 500_001, 999_999, 1_000_000, 1_000_001, 2**53)
INSTANTS = ("2000-01-01T00:00:00Z", "2026-11-20T18:00:30Z", "2199-12-31T00:00:00Z")


def _forged(world: World, random: Random, topic: str) -> bytes:
    """A payload on a topic of the gateway with numbers at the bounds, in the name of whoever is there."""
    document = json.loads(world.retained.get(topic, b"{}"))
    document |= {"epoch": random.choice(EDGES), "revision": random.choice(EDGES)}
    if topic == DESIRED:
        held = world.mast.order
        odd = {
            "command_id": "odd",
            "replaces": {"epoch": held.epoch, "revision": held.revision},
            "issued_at": random.choice(INSTANTS),
            "valid_until": random.choice(INSTANTS),
            "zones": {zone: {"on": True, "color": "#0000FF"} for zone in ("bowl", "shaft")},
            "cues": [],
        }
        document |= {key: value for key, value in odd.items() if random.random() < 0.5}
    return json.dumps(document).encode()


@pytest.mark.parametrize("seed", range(24))
def test_whatever_is_written_and_whoever_restarts_the_tower_obeys_in_the_end(night: World, seed: int) -> None:
    """Orders at the bounds from reports, documents and the disk, with `replaces` and without, among restarts."""
    random = Random(seed)
    for _ in range(random.randint(3, 12)):
        deed = random.choice(("write", "write", "report", "controller", "gateway", "broker", "cleared"))
        if deed in {"write", "report"}:
            topic = DESIRED if deed == "write" else REPORTED
            night.publish(topic, _forged(night, random, topic), random.random() < 0.5)
        elif deed == "controller":
            night.controller.stop()
            night.controller.start(Order(random.choice(EDGES), random.choice(EDGES)))
        elif deed == "gateway":
            night.mast.stop(with_will=random.random() < 0.5)
            night.run(random.choice((0, 40)))
            night.mast.start(forget=random.random() < 0.5)
        elif deed == "broker":
            night.forget()
        else:
            night.publish(DESIRED, b"", True)
        night.run(random.choice((0.003, 0.1, 1, 10)))
    night.run(100)
    assert night.right
    assert night.controller.status() == {"confirmed"}
    engine = night.controller.engine
    engine.follow(engine.program.with_overrides((), SafetyStop(datetime(1970, 1, 1, tzinfo=UTC), "Eva", "storm")))
    night.controller.wake()
    night.run(4)
    assert not any(state.on for state in night.mast.shown().values())
    assert night.controller.status() == {"confirmed"}


def test_a_box_with_another_tower_yaml_is_reported_until_it_has_ours(night: World) -> None:
    """It confirms light of lamps that are elsewhere; what the broker had kept is from before."""
    other = night.reported.model_copy(update={"lamps": "another"}).model_dump_json(exclude_none=True).encode()
    night.publish(REPORTED, other, True)
    night.run(0.1)
    assert night.controller.codes().count("TWL-G166") == 1
    night.run(30)  # the next report is that of our own mast
    assert night.controller.codes().count("TWL-G167") == 1


def test_a_gateway_that_comes_and_goes_is_reported_while_it_does(night: World) -> None:
    """As two of one name that push each other out of the broker: whenever somebody looks it confirms."""
    for _ in range(8):
        night.publish(AVAILABILITY, b"offline", True)
        night.run(2)
        night.publish(AVAILABILITY, b"online", True)
        night.run(2)
    assert "TWL-G106" in night.controller.codes()


def test_a_gateway_that_is_restarted_a_few_times_is_no_news(night: World) -> None:
    """As in an upgrade."""
    for _ in range(4):
        night.publish(AVAILABILITY, b"offline", True)
        night.run(2)
        night.publish(AVAILABILITY, b"online", True)
        night.run(20)
    assert "TWL-G106" not in night.controller.codes()
