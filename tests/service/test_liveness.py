"""Which gateways live, by the age of their last message."""

from collections import Counter

from tests.service.simulated import World

AVAILABILITY = "watertower/gateway/mast/availability"


def test_what_was_retained_never_confirms(night: World) -> None:
    """The gateway dies without a word, and the broker keeps `online` and a report that is right and fresh."""
    night.controller.stop()
    night.run(10)
    night.mast.stop(with_will=False)
    assert night.retained[AVAILABILITY] == b"online"
    night.controller.start()
    night.run(31)
    assert night.controller.status() == {"silent"}
    assert "TWL-G101" not in night.controller.codes(night.mono - 31)
    assert "TWL-G116" in night.controller.codes(), "this controller has never heard it"


def test_silence_is_noticed_by_the_age_of_the_last_report(night: World) -> None:
    """Its will was never published: silent half a minute after the last report; back, it is commanded at once."""
    night.mast.stop(with_will=False)
    night.run(19)
    assert night.controller.status() == {"confirmed"}
    night.run(11)
    assert night.controller.status() == {"silent"}
    night.mast.start()
    night.run(1)
    assert night.right
    assert night.controller.status() == {"confirmed"}
    assert "TWL-G105" in night.controller.codes()


def test_a_will_is_believed_at_once(night: World) -> None:
    """Offline is offline, whatever was reported a second ago."""
    night.mast.stop()
    night.run(0.1)
    assert night.controller.status() == {"silent"}


def test_a_short_absence_alarms_nobody(night: World) -> None:
    """Its will is published and it restarts: commanded at once; one that stays away is reported, and so is its
    return."""
    since = night.mono
    night.mast.stop()
    night.run(10)
    night.mast.start()
    night.run(2)
    assert night.controller.status() == {"confirmed"}
    assert not {"TWL-G104", "TWL-G105"} & set(night.controller.codes(since))
    night.mast.stop()
    night.run(14)
    assert "TWL-G104" not in night.controller.codes(since)
    night.run(2)
    assert night.controller.codes(since).count("TWL-G104") == 1
    night.run(60)
    assert night.controller.codes(since).count("TWL-G104") == 1
    night.mast.start()
    night.run(2)
    assert "TWL-G105" in night.controller.codes(since)


def test_one_that_is_late_after_a_restart_of_the_broker_is_not_called_disobedient(night: World) -> None:
    """It needs twenty seconds longer than the controller to reconnect; one that never comes is reported as silent."""
    for away_s, codes in ((20, set()), (40, {"TWL-G104"})):
        since = night.mono
        night.mast.disconnect(with_will=False)
        night.reconnect()
        night.mast.disconnect(with_will=False)
        night.run(away_s)
        night.mast.connect()
        night.run(5)
        assert night.controller.status() == {"confirmed"}
        assert {"TWL-G102", "TWL-G104", "TWL-G108"} & set(night.controller.codes(since)) == codes


def test_a_stale_offline_does_not_silence_who_speaks(night: World) -> None:
    """The broker keeps `offline` of a connection that is over; reports come: it is there."""
    night.publish(AVAILABILITY, b"offline", True)
    night.run(11)
    assert night.controller.status() == {"confirmed"}
    night.controller.stop()
    night.controller.start()
    night.run(1.5)
    assert night.controller.status() == {"confirmed"}


def test_flapping_fills_no_log(night: World) -> None:
    """Gone and back every 3 s for ten minutes: a few lines, the rest is counted."""
    since = night.mono
    for _ in range(100):
        night.mast.disconnect()
        night.run(3)
        night.mast.connect()
        night.run(3)
    codes = night.controller.codes(since)
    assert {"TWL-G104", "TWL-G105"} <= set(codes), "however short each absence is"
    assert Counter(codes)["TWL-C040"] >= 1
    assert len(codes) <= 10  # with what says that it comes and goes
    night.run(70)
    assert night.controller.status() == {"confirmed"}
    assert night.wrong_s == 0
