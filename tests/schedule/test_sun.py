"""The sun against `ephem`, and the laws of the stretches for any place and year."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import degrees

import ephem
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.schedule.sun import CIVIL_DEG, SUNSET_DEG, below, elevation, grazes

DAY = timedelta(days=1)
NEAR_S = 20
KIRUNA = (67.8558, 20.2253)

latitudes = st.floats(-90, 90) | st.sampled_from([-90.0, -66.5, 0.0, 66.5, 67.8558, 89.99, 90.0])
longitudes = st.floats(-180, 180)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
horizons = st.sampled_from([SUNSET_DEG, CIVIL_DEG])


def observer(latitude: float, longitude: float, at: datetime) -> ephem.Observer:
    """Without refraction of its own, at the horizon of the almanacs."""
    found = ephem.Observer()
    found.lat, found.lon, found.pressure, found.horizon = str(latitude), str(longitude), 0, "-0:50"
    found.date = at.replace(tzinfo=None)
    return found


@pytest.mark.parametrize("latitude", range(-60, 61, 15))
def test_sunset_and_sunrise_are_those_of_an_almanac(latitude: int) -> None:
    """Within seconds, on every ninth day of three years, at four longitudes in turn."""
    sun = ephem.Sun()
    for year in (2024, 2026, 2031):
        for number in range(0, 366, 9):
            longitude = (0.0, 14.556, -77.0, 150.0)[number % 4]
            noon = datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=number, seconds=-round(240 * longitude))
            stretches = below(latitude, longitude, noon, noon + DAY, SUNSET_DEG)
            assert len(stretches) == 1
            place = observer(latitude, longitude, noon)
            for found, wanted in zip(stretches[0], (place.next_setting, place.next_rising), strict=True):
                event = wanted(sun, use_center=True).datetime().replace(tzinfo=UTC)
                assert abs((found - event).total_seconds()) <= NEAR_S


@pytest.mark.parametrize("latitude", [-31.55, 0.0, 56.899, 64.0])
def test_sunset_and_sunrise_are_given_to_the_second(latitude: float) -> None:
    """The nearest one: half a second before it the sun is on one side of the horizon, half a second later not."""
    for number in range(0, 366, 5):
        noon = datetime(2027, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)
        ((sunset, sunrise),) = below(latitude, 14.556, noon, noon + DAY, SUNSET_DEG)
        for at in (sunset, sunrise):
            beside = [elevation(latitude, 14.556, at + sign * timedelta(seconds=0.51)) for sign in (-1, 1)]
            assert min(beside) < SUNSET_DEG < max(beside)


@settings(max_examples=60, deadline=None)
@given(latitudes, longitudes, instants)
def test_the_elevation_is_that_of_an_almanac(latitude: float, longitude: float, at: datetime) -> None:
    """Within 0.02° anywhere from 1970 to 2100, the parallax of 0.002° included."""
    sun = ephem.Sun()
    sun.compute(observer(latitude, longitude, at))
    assert elevation(latitude, longitude, at) == pytest.approx(degrees(sun.alt), abs=0.02)


@settings(max_examples=80, deadline=None)
@given(latitudes, longitudes, instants, st.sampled_from([0, 1, 3600, 82_800, 86_400, 90_000]), horizons)
def test_stretches_are_apart_in_order_and_dark(
    latitude: float, longitude: float, start: datetime, length_s: int, horizon_deg: float
) -> None:
    """Each is below the horizon in its middle, each gap above it; nothing lies outside of the frame."""
    end = start + timedelta(seconds=length_s)
    stretches = below(latitude, longitude, start, end, horizon_deg)
    borders = [start, *(at for stretch in stretches for at in stretch), end]
    assert borders == sorted(borders)
    for begin, until in stretches:
        assert begin < until
        assert elevation(latitude, longitude, begin + (until - begin) / 2) < horizon_deg
    gaps = [(a, b) for a, b in pairwise(borders) if b - a > timedelta(seconds=2) and (a, b) not in stretches]
    assert all(elevation(latitude, longitude, a + (b - a) / 2) >= horizon_deg for a, b in gaps)


@settings(max_examples=40, deadline=None)
@given(st.floats(60, 75) | st.floats(-75, -60), longitudes, instants, horizons)
def test_no_daylight_is_missed(latitude: float, longitude: float, start: datetime, horizon_deg: float) -> None:
    """Every five minutes: dark inside of the stretches and light outside, but for seconds beside their borders."""
    stretches = below(latitude, longitude, start, start + DAY, horizon_deg)
    beside = timedelta(seconds=1)
    for at in (start + timedelta(minutes=5 * i) for i in range(288)):
        if any(abs(at - border) <= beside for stretch in stretches for border in stretch):
            continue
        is_dark = any(begin <= at < end for begin, end in stretches)
        assert is_dark == (elevation(latitude, longitude, at) < horizon_deg)


@settings(max_examples=40, deadline=None)
@given(latitudes, longitudes, instants, st.integers(0, 86_400))
def test_where_a_frame_is_cut_does_not_matter(latitude: float, longitude: float, start: datetime, cut_s: int) -> None:
    """Two adjacent frames give the same, to a second, as the long one."""
    middle = start + timedelta(seconds=cut_s)
    halves = (
        *below(latitude, longitude, start, middle, SUNSET_DEG),
        *below(latitude, longitude, middle, start + DAY, SUNSET_DEG),
    )
    whole = below(latitude, longitude, start, start + DAY, SUNSET_DEG)
    apart = sum(((end - begin) for begin, end in halves), timedelta(0)) - sum(
        ((end - begin) for begin, end in whole), timedelta(0)
    )
    assert abs(apart) <= timedelta(seconds=4)


@pytest.mark.parametrize(
    ("noon", "up"),
    [
        (datetime(2026, 12, 8, 11, tzinfo=UTC), 54.5),
        (datetime(2026, 12, 9, 11, tzinfo=UTC), 31.9),
        (datetime(2026, 12, 10, 11, tzinfo=UTC), 0.0),
    ],
)
def test_the_last_days_before_the_polar_night(noon: datetime, up: float) -> None:
    """The short day lies half an hour before the noon that ends the night; minutes of daylight as ephem has them."""
    stretches = below(*KIRUNA, noon + timedelta(minutes=30), noon + DAY, SUNSET_DEG)
    dark_s = sum((end - begin).total_seconds() for begin, end in stretches)
    assert (DAY - timedelta(minutes=30)).total_seconds() - dark_s == pytest.approx(60 * up, abs=60)


@pytest.mark.parametrize(
    ("latitude", "day", "dark_h"),
    [
        (67.8558, date(2026, 6, 21), 0),
        (67.8558, date(2026, 12, 21), 24),
        (90.0, date(2026, 6, 21), 0),
        (90.0, date(2026, 12, 21), 24),
        (-90.0, date(2026, 6, 21), 24),
        (-90.0, date(2026, 12, 21), 0),
        (89.99, date(1970, 1, 1), 24),
        (-67.8558, date(2100, 12, 21), 0),
    ],
)
def test_the_sun_that_stays(latitude: float, day: date, dark_h: int) -> None:
    """Midnight sun is no stretch, polar night is one."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    stretches = below(latitude, 0.0, noon, noon + DAY, SUNSET_DEG)
    assert stretches == (((noon, noon + DAY),) if dark_h else ())


def test_the_pole_has_one_sunset_a_year() -> None:
    """The only stretch of a whole year begins in the autumn."""
    ((begin, end),) = below(90.0, 0.0, datetime(2026, 5, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC), SUNSET_DEG)
    assert (begin.month, end.month) == (9, 3)


def test_where_the_sun_grazes_is_detected() -> None:
    """In Kiruna on the last nights before the midnight sun; in Alvesta on none."""

    def grazing_days(latitude: float, longitude: float) -> list[date]:
        noons = (datetime(2026, 1, 1, 11, tzinfo=UTC) + timedelta(days=i) for i in range(365))
        return [noon.date() for noon in noons if grazes(latitude, longitude, noon, noon + DAY, SUNSET_DEG)]

    assert grazing_days(56.899, 14.556) == []
    kiruna = grazing_days(*KIRUNA)
    assert date(2026, 5, 26) in kiruna
    assert date(2026, 12, 9) in kiruna
    assert len(kiruna) < 40
