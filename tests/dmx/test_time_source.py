"""What time it is, as far as a gateway knows."""

from datetime import UTC, datetime, timedelta

from controller.clock import ClockReading, Trust
from controller.dmx.document import TimeSource

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = 3600.0


def at(mono: float, ahead_s: float = 0.0, trust: Trust = Trust.TRUSTED, stepped_s: float = 0.0) -> ClockReading:
    """A look at an own clock that is so far ahead of the truth; the truth is noon and `mono`."""
    return ClockReading(NOON + timedelta(seconds=mono + ahead_s), mono, trust, stepped_s)


def truth(mono: float) -> datetime:
    """The true time."""
    return NOON + timedelta(seconds=mono)


def test_a_trusted_clock_counts() -> None:
    """Though the controller's is some seconds off."""
    watch = TimeSource()
    watch.receive(truth(5) + timedelta(seconds=8), at(5))
    assert (watch.now(at(10)), watch.clock) == (truth(10), "own")


def test_a_clock_that_the_controller_contradicts_does_not() -> None:
    """An hour ahead since it was synchronised last: the first word may have been under way for an hour, the second has
    not been. Until it is set right, which needs no new word."""
    watch, held = TimeSource(), Trust.HOLDOVER
    assert watch.now(at(1, HOUR, held)) == truth(1 + HOUR)
    watch.receive(truth(3), at(3, HOUR, held))
    assert watch.now(at(4, HOUR, held)) == truth(4 + HOUR)
    watch.receive(truth(5), at(5, HOUR, held))
    assert (watch.now(at(100, HOUR, held)), watch.clock) == (truth(100), "anchor")
    assert round(watch.error_s(at(100, HOUR, held))) == HOUR
    assert (watch.now(at(200, 0.0, stepped_s=-HOUR)), watch.clock) == (truth(200), "own")


def test_a_synchronised_clock_does_not_yield_to_a_controller_that_was_set_wrong() -> None:
    """An hour apart, and only one of the two is held right by a time server."""
    watch = TimeSource()
    watch.receive(truth(5 + HOUR), at(5))
    assert (watch.now(at(10)), watch.clock) == (truth(10), "own")
    assert watch.contradicted(at(10))


def test_a_plausible_clock_yields_to_the_controllers() -> None:
    """It is used until there is a better one."""
    watch = TimeSource()
    assert (watch.now(at(1, 20, Trust.PLAUSIBLE)), watch.clock) == (truth(21), "own")
    watch.receive(truth(5), at(5, 20, Trust.PLAUSIBLE))
    assert (watch.now(at(50, 20, Trust.PLAUSIBLE)), watch.clock) == (truth(50), "anchor")


def test_words_that_were_under_way_for_long_set_no_time() -> None:
    """Each of another age; one that comes from the future cannot be late."""
    watch, plausible = TimeSource(), Trust.PLAUSIBLE
    for mono, age_s in ((100, 90.0), (200, 190.0), (300, 60.0)):
        watch.receive(truth(mono - age_s), at(mono, 0.0, plausible))
        assert (watch.now(at(mono, 0.0, plausible)), watch.clock) == (truth(mono), "own")
    watch.receive(truth(400), at(400, -HOUR, plausible))
    assert (watch.now(at(401, -HOUR, plausible)), watch.clock) == (truth(401), "anchor")


def test_a_suspect_clock_goes_on_by_what_it_was() -> None:
    """The boot-time clock carries it over the step."""
    watch = TimeSource()
    watch.now(at(10, 0, Trust.HOLDOVER))
    assert (watch.now(at(70, -9e8, Trust.SUSPECT, -9e8)), watch.clock) == (truth(70), "own")


def test_no_time_at_all() -> None:
    """Suspect from the start, and nobody to ask."""
    watch = TimeSource()
    assert (watch.now(at(1, -1.7e9, Trust.SUSPECT)), watch.clock) == (None, "none")


def test_in_time_lapse_a_delay_is_no_contradiction() -> None:
    """Two hours to the second: a document that was on its way for 10 ms looks 72 s old, and one of a minute a day."""
    pace, watch = 7200.0, TimeSource()

    def lapse(mono: float) -> ClockReading:
        return ClockReading(NOON + timedelta(seconds=mono * pace), mono, Trust.HOLDOVER, pace=pace)

    watch.receive(lapse(5).wall, lapse(5.01))
    assert (watch.now(lapse(9)), watch.clock) == (lapse(9).wall, "own")
    watch.receive(lapse(5).wall, lapse(64.9))
    watch.receive(lapse(5).wall, lapse(65))
    assert (watch.now(lapse(66)), watch.clock) == (lapse(6).wall, "anchor")
