"""When packets are due: laws on a clock that is only a number."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dmx.output import FRAME_S, KEEP_ALIVE_S, MAX_HZ, REPEAT_S, REPEATS, RETRY_S, Pacer

SLACK = 1e-9


class Wire:
    """Plays the loop: turns when the pacer asks for it, offers when the test asks for it."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.works = True
        self.at = 0.0
        self.pacer = Pacer(self._transmit)

    def _transmit(self, _universe: int, levels: bytes) -> bool:
        if self.works:
            self.sent.append((self.at, levels))
        return self.works

    def run(self, until: float) -> None:
        """Turns at every instant that the pacer names."""
        while (due := self.pacer.turn(self.at)) <= until:
            self.at = max(self.at, due)
        self.at = until

    def offer(self, levels: bytes) -> None:
        """Offers levels for universe 1 now."""
        self.pacer.offer(1, levels)
        self.pacer.turn(self.at)


def gaps(wire: Wire) -> list[float]:
    """Seconds between packets."""
    instants = [at for at, _ in wire.sent]
    return [after - before for before, after in pairwise(instants)]


frames = st.lists(st.tuples(st.floats(0, 2), st.binary(min_size=1, max_size=4)), min_size=1, max_size=30)


@given(frames)
def test_never_more_often_than_dmx_carries(offers: list[tuple[float, bytes]]) -> None:
    """Whatever is offered, two packets of a universe are at least 1/44 s apart."""
    wire = Wire()
    for pause, levels in offers:
        wire.run(wire.at + pause)
        wire.offer(levels)
    wire.run(wire.at + 5)
    assert MAX_HZ == 44
    assert all(gap >= 1 / MAX_HZ - SLACK for gap in gaps(wire))


@given(frames)
def test_what_was_offered_last_goes_out_within_a_frame(offers: list[tuple[float, bytes]]) -> None:
    """A change waits no longer than one frame."""
    wire = Wire()
    for pause, levels in offers:
        wire.run(wire.at + pause)
        wire.offer(levels)
    wire.run(wire.at + FRAME_S + SLACK)
    assert wire.sent[-1][1] == wire.pacer.sent(1) == offers[-1][1]


@given(frames)
def test_receivers_never_wait_a_second(offers: list[tuple[float, bytes]]) -> None:
    """From the first packet on there is never a gap as long as a receiver would notice."""
    wire = Wire()
    for pause, levels in offers:
        wire.run(wire.at + pause)
        wire.offer(levels)
    wire.run(wire.at + 10)
    assert all(gap <= KEEP_ALIVE_S + SLACK for gap in gaps(wire))
    assert 0.8 <= KEEP_ALIVE_S <= 1.0


def test_no_frame_of_a_fade_waits_behind_a_repeat_of_the_last() -> None:
    """Frames come a little less often than the wire could carry them: each goes out when it comes."""
    wire = Wire()
    for number in range(100):
        wire.offer(bytes([number]))
        wire.run((number + 1) / 40)
    assert [levels for _, levels in wire.sent] == [bytes([number]) for number in range(100)]
    assert gaps(wire) == pytest.approx([1 / 40] * 99)


def test_a_steady_universe_is_repeated_three_times_and_then_kept_alive() -> None:
    """E1.31 6.6.2: three packets of the unchanged data before transmission is suppressed."""
    wire = Wire()
    wire.offer(b"\xff")
    wire.run(3)
    assert REPEATS == 3
    assert gaps(wire) == pytest.approx([REPEAT_S] * REPEATS + [KEEP_ALIVE_S] * 3)


def test_levels_that_are_offered_again_are_no_change() -> None:
    """A gateway that hands in the same frame 44 times a second does not speed the keep-alive up."""
    wire = Wire()
    for _ in range(440):
        wire.offer(b"\xff")
        wire.run(wire.at + FRAME_S)
    assert len(wire.sent) < 20


def test_a_failure_is_tried_again_soon_and_shows_in_sent() -> None:
    """Nothing is said to be sent while tries fail; the first that succeeds is followed by its repeats."""
    wire = Wire()
    wire.offer(b"\x01")
    wire.run(1)
    wire.works = False
    wire.offer(b"\x02")
    wire.run(5)
    assert wire.pacer.sent(1) is None
    wire.works, wire.sent = True, []
    wire.run(wire.at + RETRY_S + 4 * REPEAT_S)
    assert [levels for _, levels in wire.sent] == [b"\x02"] * (1 + REPEATS)
    assert wire.pacer.sent(1) == b"\x02"


def test_what_is_lost_counts_as_failed() -> None:
    """A wire that is gone takes back what it had carried."""
    wire = Wire()
    wire.offer(b"\x01")
    wire.run(3)
    wire.pacer.lose()
    assert wire.pacer.sent(1) is None
    wire.sent = []
    wire.run(wire.at + RETRY_S)
    assert wire.sent


def test_flush_sends_only_what_has_not_gone_out() -> None:
    """At the end nothing waits for its turn, and nothing is said twice."""
    wire = Wire()
    wire.offer(b"\x01")
    wire.offer(b"\x02")
    wire.pacer.flush(wire.at)
    wire.pacer.flush(wire.at)
    assert [levels for _, levels in wire.sent] == [b"\x01", b"\x02"]


def test_levels_are_kept_as_they_were_handed_in() -> None:
    """A buffer that the caller goes on writing to changes nothing behind the pacer's back."""
    wire = Wire()
    buffer = bytearray(b"\x01")
    wire.offer(buffer)  # type: ignore[arg-type]
    buffer[0] = 2
    wire.offer(buffer)  # type: ignore[arg-type]
    wire.run(1)
    assert wire.sent[-1][1] == b"\x02"


@pytest.mark.parametrize("levels", [b"", bytes(513)])
def test_what_is_no_universe_is_refused(levels: bytes) -> None:
    """A universe has 1 to 512 channels."""
    with pytest.raises(ValueError, match="universe"):
        Wire().pacer.offer(1, levels)


def test_a_universe_never_offered_was_never_sent() -> None:
    """Nothing is invented."""
    assert Wire().pacer.sent(7) is None
