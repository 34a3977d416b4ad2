"""Simulated lamps: they keep what they are sent, and misbehave as configured."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dmx.output import KEEP_ALIVE_S, OutputSource
from controller.dmx.outputs import Simulated
from controller.dmx.outputs.simulated import FAULTS, Faults, Misbehaving, SimulatedLamps
from controller.events import Event
from controller.gateways.outputs import SimulatedOutput

ONE, TWO = b"\x01\x01\x01", b"\x02\x02\x02"


@pytest.fixture
def lamps() -> SimulatedLamps:
    """Sound lamps with dice that fall the same way each time."""
    return SimulatedLamps(Random(7))


def test_lamps_show_what_they_are_sent(lamps: SimulatedLamps) -> None:
    """Each universe its own; nothing before the first frame."""
    assert lamps.shown(1, 0) is None
    lamps.send(1, ONE, 0)
    lamps.send(2, TWO, 0)
    assert (lamps.shown(1, 0), lamps.shown(2, 0)) == (ONE, TWO)
    assert lamps.sent(1, 0) == ONE


def test_a_delay_postpones_what_is_shown(lamps: SimulatedLamps) -> None:
    """The frame takes effect when the delay is over, and not before."""
    lamps.send(1, ONE, 0)
    lamps.shown(1, 0)
    lamps.faults = Faults(delay_s=0.5)
    lamps.send(1, TWO, 0.1)
    assert lamps.shown(1, 0.5) == ONE
    assert lamps.shown(1, 0.6) == TWO


def test_stuck_lamps_keep_the_old_levels_and_report_them(lamps: SimulatedLamps) -> None:
    """Frames are taken without complaint, but `sent` shows the old levels; come loose, they catch up."""
    lamps.send(1, ONE, 0)
    lamps.shown(1, 0)
    lamps.faults = Faults(stick=True)
    assert lamps.send(1, TWO, 1)
    assert lamps.sent(1, 5) == ONE
    lamps.faults = Faults()
    assert lamps.sent(1, 5 + KEEP_ALIVE_S) == TWO


def test_a_dead_output_is_noticed_and_its_lamps_hold(lamps: SimulatedLamps) -> None:
    """Nothing goes out, nothing is said of the lamps, and alive again it sends what is newest."""
    lamps.send(1, ONE, 0)
    lamps.faults = Faults(dead=True)
    assert not lamps.send(1, TWO, 1)
    assert lamps.sent(1, 1) is None
    assert lamps.shown(1, 1) == ONE
    lamps.faults = Faults()
    assert lamps.sent(1, 2) == TWO


def test_a_flapping_output_is_dead_every_other_period(lamps: SimulatedLamps) -> None:
    """Ten seconds alive, ten dead."""
    lamps.faults = Faults(flap_s=10)
    taken = [lamps.send(1, ONE, second) for second in range(40)]
    assert taken == [True] * 10 + [False] * 10 + [True] * 10 + [False] * 10


def test_wrong_channels_show_their_own_level(lamps: SimulatedLamps) -> None:
    """Only those; a channel that the universe does not reach is nobody's."""
    lamps.faults = Faults(wrong=((2, 255), (400, 9)))
    lamps.send(1, ONE, 0)
    assert lamps.sent(1, 0) == b"\x01\xff\x01"


@given(st.floats(0, 0.9), st.integers(0, 1_000))
def test_dropped_frames_are_made_good(drop: float, seed: int) -> None:
    """Whatever share is lost, the newest levels are shown in the end, as they are sent again and again."""
    lamps = SimulatedLamps(Random(seed))
    lamps.faults = Faults(drop=drop)
    for second in range(200):
        lamps.send(1, bytes([second]), second)
    now = 200.0
    while lamps.shown(1, now) != bytes([199]) and now < 1_000:
        now += KEEP_ALIVE_S
    assert lamps.shown(1, now) == bytes([199])


def test_a_share_of_one_loses_everything(lamps: SimulatedLamps) -> None:
    """And zero, nothing."""
    lamps.faults = Faults(drop=1)
    for second in range(50):
        lamps.send(1, ONE, second)
    assert lamps.shown(1, 49) is None
    lamps.faults = Faults(drop=0)
    assert [lamps.send(1, bytes([level]), 50) and lamps.shown(1, 50) for level in range(50)] == [
        bytes([level]) for level in range(50)
    ]


def test_frames_arrive_in_order_of_arrival_when_the_delay_shrinks(lamps: SimulatedLamps) -> None:
    """An older frame on the slow way comes after, and then the repeat sets it right."""
    lamps.faults = Faults(delay_s=5)
    lamps.send(1, ONE, 0)
    lamps.faults = Faults()
    lamps.send(1, TWO, 4.9)
    assert lamps.shown(1, 4.9) == TWO
    assert lamps.shown(1, 5.1) == ONE
    assert lamps.shown(1, 4.9 + KEEP_ALIVE_S) == TWO


async def test_as_an_output_it_keeps_what_goes_out(
    source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The same calls as for a wire."""
    async with Simulated(SimulatedOutput(), source, events.append) as output:
        output.send(1, ONE)
        await soon(lambda: output.sent(1) == ONE)
        assert output.problems == ()
    assert events == []


async def test_as_an_output_it_reports_that_it_is_dead(
    source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """Once, as a standing problem; alive again it shows what is newest."""
    async with Simulated(SimulatedOutput(), source, events.append) as output:
        output.send(1, ONE)
        await soon(lambda: output.sent(1) == ONE)
        output.lamps.faults = Faults(dead=True)
        output.send(1, TWO)
        await soon(lambda: output.problems == ("TWL-X121",))
        await asyncio.sleep(0.3)
        assert output.sent(1) is None
        output.lamps.faults = Faults()
        await soon(lambda: output.sent(1) == TWO)
    assert [event.code for event in events] == ["TWL-X121"]


async def test_as_an_output_it_misbehaves_at_intervals_as_configured(
    source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """Begin and end of the faults are events; what was sent meanwhile is shown at the end."""
    settings = Misbehaving(faults="stick", rest_s=1.2, spell_s=2.0)
    async with Simulated(settings, source, events.append) as output:
        output.send(1, ONE)
        await soon(lambda: output.sent(1) == ONE)
        await soon(lambda: output.lamps.faults == FAULTS["stick"])
        output.send(1, TWO)
        await asyncio.sleep(0.1)
        assert output.sent(1) == ONE
        await soon(lambda: output.lamps.faults == Faults())
        await soon(lambda: output.sent(1) == TWO)
    assert [event.code for event in events][:2] == ["TWL-X122", "TWL-X123"]


def test_a_demonstration_can_ask_for_every_kind_of_fault() -> None:
    """Each field of the faults has a name of its own."""
    asked = [
        f.name for one in FAULTS.values() for f in fields(one) if getattr(one, f.name) != getattr(Faults(), f.name)
    ]
    assert sorted(asked) == sorted(f.name for f in fields(Faults))
    assert len(asked) == len(FAULTS)
