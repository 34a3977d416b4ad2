"""Time zones and their location, from the time zone database."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from controller.likeness import likeliest

PLACE = re.compile(r"(?P<lat>[+-]\d{4}(?:\d\d)?)(?P<lon>[+-]\d{5}(?:\d\d)?)")
SHORTEST_CITY = 5
FAR = 20.0
"""Degrees: hardly any place on land is this far from its time zone's city."""
SWEDISH = "Europe/Stockholm"
SWEDEN = 55.2, 69.1, 11.0, 24.2
"""South, north, west and east, degrees; includes parts of neighbouring countries, whose clocks are the same except for
Finland's."""
SWEDEN_ONLY = 19.4
WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
OTHER_NAMES = dict.fromkeys(("sverige", "sweden", "svensk"), "Europe/Stockholm")


@cache
def time_zones() -> frozenset[str]:
    """The names that can be used."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def near_time_zone(text: str) -> str | None:
    """The time zone that was most likely meant: by its city, or by its spelling. None for an offset, as `GMT+1`: the
    zones with that name count the other way round, and have no summer time."""
    plain = text.strip().casefold().replace(" ", "_").replace("\\", "/")
    known = {name.casefold(): name for name in sorted(time_zones()) if not name.startswith("Etc/")}
    cities = {name.rpartition("/")[2]: whole for name, whole in known.items()}
    if plain in known or plain in cities or plain in OTHER_NAMES:
        return OTHER_NAMES.get(plain) or known.get(plain) or cities[plain]
    if any(char in plain for char in "+0123456789"):
        return None
    found = likeliest(plain, known)
    # so short a word is an abbreviation: CEST is not West in Brazil
    found_city = None if found or "/" in plain or len(plain) < SHORTEST_CITY else likeliest(plain, cities)
    return known[found] if found else cities[found_city] if found_city else None


@cache
def _city(time_zone: str) -> tuple[float, float] | None:
    """Latitude and longitude of a zone's city, degrees, from `zone.tab`; None if the package was removed."""
    with suppress(ModuleNotFoundError, FileNotFoundError):
        for row in (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
            if f"\t{time_zone}" in row and (found := PLACE.search(row)) and time_zone in row.split("\t"):
                return _degrees(found["lat"], 2), _degrees(found["lon"], 3)
    return None


def _degrees(text: str, digits: int) -> float:
    """ISO 6709: sign, degrees, minutes, perhaps seconds, without separators."""
    degrees, minutes, seconds = text[1 : 1 + digits], text[1 + digits : 3 + digits], text[3 + digits :]
    value = int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -value if text[0] == "-" else value


def farther_than_swapped(time_zone: str, latitude: float, longitude: float) -> bool:
    """Whether a place is far from its time zone's city, and would be much nearer with the two figures swapped."""
    city = _city(time_zone)
    if city is None or abs(longitude) > 90:
        return False
    as_written = _apart((latitude, longitude), city)
    return as_written > FAR and _apart((longitude, latitude), city) < as_written / 3


def is_far(time_zone: str, latitude: float, longitude: float) -> bool:
    """Whether a place lies so far from its time zone's city that a sign or a figure may be wrong."""
    city = _city(time_zone)
    return city is not None and _apart((latitude, longitude), city) > FAR


def is_wrong_in_sweden(time_zone: str, latitude: float, longitude: float) -> bool:
    """Whether a place in Sweden has a time zone whose clocks show another time, as those of `Etc/GMT-1` and `UTC` do
    in summer. East of SWEDEN_ONLY it may be in Finland, where only zones without summer time are surely wrong."""
    zones = ZoneInfo(time_zone), ZoneInfo(SWEDISH)
    offsets, swedish = ([day.astimezone(zone).utcoffset() for day in (WINTER, SUMMER)] for zone in zones)
    is_near = SWEDEN[0] <= latitude <= SWEDEN[1] and SWEDEN[2] <= longitude <= SWEDEN[3]
    is_certain = longitude <= SWEDEN_ONLY or offsets[0] == offsets[1]
    return is_near and is_certain and offsets != swedish


def _apart(place: tuple[float, float], city: tuple[float, float]) -> float:
    """Degrees, approximately: the larger of the two differences."""
    around = abs(place[1] - city[1])
    return max(abs(place[0] - city[0]), min(around, 360 - around))
