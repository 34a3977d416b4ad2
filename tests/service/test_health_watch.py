"""Whether the controller lives, for a reader: by live messages, never by a date."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.clock import ClockReading, Trust
from controller.events.models import Reason
from controller.mqtt import Disconnected, Received
from controller.service.health import CueHealth, Health, LookValue
from controller.service.health_watch import HEARTBEAT_S, OFFLINE_S, PATIENCE_S, HealthWatch

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


class Ear:
    """Somebody who listens; seconds count from when that began. `behind_s` is by how much this computer is."""

    def __init__(self, behind_s: float = 0.0) -> None:
        self.watch = HealthWatch("tower", 0.0)
        self.seconds = 0.0
        self.behind_s = behind_s

    @property
    def reading(self) -> ClockReading:
        return ClockReading(NOW + timedelta(seconds=self.seconds - self.behind_s), self.seconds, Trust.TRUSTED)

    @property
    def lives(self) -> bool:
        return self.watch.lives(self.reading)

    def is_over(self, brokers: int = 1) -> bool:
        return self.watch.is_over(self.reading, brokers)

    def status(self, word: str, broker: str = "a", *, retain: bool = True) -> None:
        self.watch.take(Received(broker, "tower/controller/status", word.encode(), retain, qos=1), self.reading)

    def health(self, written_s: float, *, retain: bool = True, broker: str = "a") -> None:
        """A document of so many seconds after NOW."""
        now = CueHealth(at=NOW, looks={"bowl": LookValue(on=False)})
        at = NOW + timedelta(seconds=written_s)
        health = Health(version=2, at=at, site="Tower", clock=Trust.TRUSTED, now=now, next=None, counts={}, amiss=0)
        payload = health.model_dump_json().encode()
        self.watch.take(Received(broker, "tower/controller/health", payload, retain, qos=1), self.reading)


@pytest.mark.parametrize("behind_s", [0, 5, 3600, -3600, 86_400 * 400])
def test_a_dead_controller_is_not_alive_by_any_clock(behind_s: float) -> None:
    """It was killed with its broker, which has kept `online` and the document; by the asker's clock that is young."""
    ear = Ear(behind_s)
    ear.status("online")
    ear.health(-behind_s - 5)
    for ear.seconds in (0, PATIENCE_S - 0.1):
        assert not ear.lives
        assert not ear.is_over()
    ear.seconds = PATIENCE_S
    assert ear.is_over()
    assert not ear.lives


@pytest.mark.parametrize("behind_s", [0, 3600, -3600])
def test_a_living_controller_is_alive_by_any_clock_within_a_beat(behind_s: float) -> None:
    """Its document may be some seconds old."""
    ear = Ear(behind_s)
    ear.status("online")
    ear.health(-8)
    ear.seconds = HEARTBEAT_S
    assert not ear.is_over()
    ear.status("online", retain=False)
    assert ear.lives
    assert ear.is_over()


@pytest.mark.parametrize("word", ["offline", ""])
def test_what_a_dead_controller_left_is_not_taken_for_the_word_of_the_next(word: str) -> None:
    """It starts while somebody listens, or contradicts what somebody else wrote: its own document is waited for."""
    ear = Ear()
    ear.status(word)
    ear.health(-600)
    ear.status("online", retain=False)
    assert not ear.lives
    ear.seconds = OFFLINE_S + 1
    assert not ear.is_over(), "it writes one every ten seconds"
    ear.health(ear.seconds, retain=False)
    assert ear.lives
    assert ear.is_over()


def test_a_document_that_comes_live_is_a_sign_of_life() -> None:
    """Before the next beat: something has changed."""
    ear = Ear(3600)
    ear.health(1, retain=False)
    assert ear.lives


def test_one_that_said_goodbye_is_not_waited_for_long() -> None:
    """Long enough for a living one to contradict what somebody else wrote."""
    ear = Ear()
    ear.status("offline")
    ear.seconds = OFFLINE_S - 0.1
    assert not ear.is_over()
    ear.seconds = OFFLINE_S
    assert ear.is_over()
    assert not ear.is_over(brokers=2), "the other broker has not spoken"


def test_a_goodbye_that_comes_live_ends_its_life_at_once() -> None:
    """And a document after it, if somebody else had said it, gives it back."""
    ear = Ear()
    ear.health(0)
    ear.status("online", retain=False)
    ear.status("offline", retain=False)
    assert not ear.lives
    ear.status("online", retain=False)
    ear.health(1, retain=False)
    assert ear.lives
    for ear.seconds in (30.0, 30.1):
        assert ear.lives is (ear.seconds <= 30.0), "of one that says nothing any more the last word counts for 30 s"


def test_of_two_brokers_the_one_with_a_sign_of_life_counts() -> None:
    """One was away while the controller, whose clock was set back an hour, went on with the other."""
    ear = Ear()
    ear.status("online", "a")
    ear.health(3600, broker="a")
    ear.status("online", "b")
    ear.health(-2, broker="b")
    ear.status("online", "b", retain=False)
    assert ear.lives
    assert ear.watch.health is not None
    assert ear.watch.health.at == NOW - timedelta(seconds=2)
    ear.watch.take(Disconnected("b", Reason("broker_silent")), ear.reading)
    assert not ear.lives


def test_rubbish_is_no_sign_of_life() -> None:
    """Nor is `online` where no document is: somebody tests."""
    ear = Ear()
    ear.watch.take(Received("a", "tower/controller/health", b"{", retain=False, qos=1), ear.reading)
    ear.status("online", retain=False)
    assert not ear.lives


@pytest.mark.parametrize(("behind_s", "ahead_s"), [(0, None), (3600, -3600), (-3600, 3600)])
def test_clocks_that_disagree_are_reported(behind_s: float, ahead_s: float | None) -> None:
    """As they can be compared by what is surely young."""
    ear = Ear(behind_s)
    ear.health(0)
    assert ear.watch.clock_ahead_s(ear.reading) is None
    ear.status("online", retain=False)
    assert ear.watch.clock_ahead_s(ear.reading) == ahead_s
