"""The controller publishes `online`, whatever others publish in its place."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.clock import ClockReading
from controller.mqtt import Received
from controller.service.broker_watches import EchoWatch, Presence

TOPIC = "tower/controller/status"


def at(seconds: float) -> ClockReading:
    return ClockReading(datetime(2026, 11, 20, 16, tzinfo=UTC) + timedelta(seconds=seconds), seconds)


def status(word: bytes, *, retain: bool = False) -> Received:
    return Received("b", TOPIC, word, retain, qos=1)


@pytest.fixture
def presence() -> Presence:
    """One that is connected since second 0, and has just beaten at 100."""
    presence = Presence(TOPIC)
    presence.connected(at(0))
    presence.due(at(100))
    return presence


def test_the_beat_leaves_nothing_on_any_disk(presence: Presence) -> None:
    """Not retained, every two seconds."""
    assert presence.due(at(101.9)) == ()
    (beat,) = presence.due(at(102.0))
    assert (beat.topic, beat.payload, beat.retain) == (TOPIC, b"online", False)


@pytest.mark.parametrize("word", [b"offline", b"", b"\xff\x00", b"ONLINE"])
def test_what_somebody_else_wrote_is_overwritten_and_reported(presence: Presence, word: bytes) -> None:
    """Retained, so that it is not believed for ever."""
    presence.receive(status(word), at(101))
    (repair,) = presence.due(at(101))
    assert (repair.payload, repair.retain, repair.qos) == (b"online", True, 1)
    (event,) = presence.foreign(at(102.1))
    assert event.code == "TWL-M018"
    assert event.text("sv")


def test_what_is_from_before_or_our_own_is_nobody_elses(presence: Presence) -> None:
    """What was retained before the birth, the echo of the beat, and the last will of a connection that broke."""
    presence.receive(status(b"offline", retain=True), at(101))
    presence.receive(status(b"online"), at(101))
    assert presence.due(at(101)) == ()
    presence.connected(at(101))
    presence.receive(status(b"offline"), at(110.0))
    assert presence.due(at(110.0))[0].retain
    assert not list(presence.foreign(at(112)))


def test_the_will_that_a_broker_says_as_it_ends_is_nobody_elses(presence: Presence) -> None:
    """mosquitto sends it to the client whose will it is, which is still connected."""
    presence.receive(status(b"offline"), at(101))
    assert not list(presence.foreign(at(101.5)))
    presence.lost("b")
    assert not list(presence.foreign(at(103)))


def test_the_will_of_another_controller_is_overwritten_and_not_reported(presence: Presence) -> None:
    """A broker publishes it when a leader that was frozen has been silent for too long; any other payload causes an
    event."""
    presence.has_others = True
    presence.receive(status(b"offline"), at(101))
    (repair,) = presence.due(at(101))
    assert (repair.payload, repair.retain) == (b"online", True)
    assert not list(presence.foreign(at(103)))
    presence.receive(status(b"off"), at(104))
    assert [event.code for event in presence.foreign(at(106))] == ["TWL-M018"]


def test_one_who_writes_without_end_causes_no_storm(presence: Presence) -> None:
    """Repaired once a second."""
    repairs = 0
    for tick in range(6000):
        now = at(101 + tick / 100)
        presence.receive(status(b"offline"), now)
        repairs += sum(message.retain for message in presence.due(now))
    assert 0 < repairs <= 60


def test_a_broker_that_withholds_our_own_word_is_reported_until_it_comes() -> None:
    """A right to write or to read was forgotten; one that was just connected still has time."""
    watch = EchoWatch(TOPIC)
    watch.connected("a", at(0))
    watch.connected("b", at(0))
    watch.receive("b", at(29))
    assert [event for second in range(31) for event in watch.due(at(second))] == []
    (event,) = watch.due(at(31))
    assert (event.code, event.fields["broker"]) == ("TWL-M027", "a")
    assert watch.due(at(32)) == ()
    watch.receive("a", at(33))
    watch.receive("b", at(33))
    assert [event.code for event in watch.due(at(34))] == ["TWL-M028"]


def test_a_connection_that_is_gone_owes_nothing() -> None:
    """It has an event of its own, and begins again."""
    watch = EchoWatch(TOPIC)
    watch.connected("a", at(0))
    assert [event.code for second in range(41) for event in watch.due(at(second))] == ["TWL-M027"]
    watch.lost("a")
    assert [event for second in range(41, 61) for event in watch.due(at(second))] == []
    watch.connected("a", at(61))
    assert [event for second in range(61, 91) for event in watch.due(at(second))] == []
    assert [event.code for second in range(91, 100) for event in watch.due(at(second))] == ["TWL-M027"]


def test_a_controller_that_slept_withheld_its_word_itself() -> None:
    """No broker is blamed for a computer that was suspended."""
    watch = EchoWatch(TOPIC)
    watch.connected("a", at(0))
    watch.due(at(1))
    assert watch.due(at(3600)) == ()
