"""Instants as text."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.rfc3339 import parse_rfc3339, rfc3339

EVENING = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)


def test_an_instant_is_written_in_utc_or_in_a_zone() -> None:
    """Z is for UTC alone, also where a zone's clocks show the same."""
    assert rfc3339(EVENING) == "2026-11-20T14:41:00Z"
    assert rfc3339(EVENING, timespec="milliseconds") == "2026-11-20T14:41:00.000Z"
    assert rfc3339(EVENING.astimezone(ZoneInfo("Europe/Stockholm"))) == "2026-11-20T14:41:00Z"
    assert rfc3339(EVENING, ZoneInfo("Europe/Stockholm")) == "2026-11-20T15:41:00+01:00"
    assert rfc3339(EVENING, ZoneInfo("Europe/London")) == "2026-11-20T14:41:00+00:00"


@given(st.timedeltas(timedelta(days=-20_000), timedelta(days=60_000)))
def test_what_is_written_is_read_again(later: timedelta) -> None:
    """To the microsecond, from any zone."""
    at = EVENING + later
    assert parse_rfc3339(rfc3339(at)) == at
    assert parse_rfc3339(rfc3339(at, ZoneInfo("Asia/Kathmandu"))) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-20T14:41:00", "2026-11-20"])
def test_what_names_no_instant_is_refused(text: str) -> None:
    """A local time is none: it depends on who reads it."""
    with pytest.raises(ValueError, match=r"instant|isoformat"):
        parse_rfc3339(text)
