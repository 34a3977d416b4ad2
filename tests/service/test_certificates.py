"""A certificate that ends is reported in time, and not every second."""

from datetime import UTC, datetime, timedelta

from controller.mqtt import Connected
from controller.mqtt.incoming import Renewed
from controller.service.broker_watches import WARN, Certificates

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_certificate_far_from_its_end_is_not_reported() -> None:
    """Nor a connection without one."""
    certificates = Certificates()
    certificates.note(
        Connected("a", session_present=False, attempts=1, certificate_until=NOW + WARN + timedelta(seconds=1))
    )
    certificates.note(Connected("b", session_present=False, attempts=1, certificate_until=None))
    assert certificates.due(NOW) == ()


def test_one_that_ends_is_reported_once_a_day_with_the_days_left() -> None:
    """Until the broker shows a newer one."""
    certificates = Certificates()
    certificates.note(
        Connected("a", session_present=False, attempts=1, certificate_until=NOW + timedelta(days=10, hours=5))
    )
    (event,) = certificates.due(NOW)
    assert event.fields == {"broker": "a", "days": 10}
    assert certificates.due(NOW + timedelta(hours=5)) == ()
    (event,) = certificates.due(NOW + timedelta(hours=6))
    assert event.fields == {"broker": "a", "days": 9}
    certificates.note(Renewed("a", NOW + timedelta(days=400)))
    (over,) = certificates.due(NOW + timedelta(days=3))
    assert (over.code, over.fields) == ("TWL-M017", {"broker": "a", "days": 397})
    assert certificates.due(NOW + timedelta(days=4)) == ()
