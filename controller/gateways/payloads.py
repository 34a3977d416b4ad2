"""Values in the payloads of vendors' gateways, which may hold any bytes: returns a value or raises `Unreadable`.

Numbers may be JSON numbers or ASCII text; booleans, NaN, infinity and other digits are not numbers. JSON null means
that the gateway does not know, and reads as None.
"""

import colorsys
import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn

from controller.events.models import Reason
from controller.lighting.color import Color

MAX_PAYLOAD = 16_384
"""Bytes; longer payloads are not read: no light reports that much."""
NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,12})?")
SWITCH = {"on": True, "off": False, "1": True, "0": False, "true": True, "false": False}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


STRICT = json.JSONDecoder(parse_constant=_no_constant)


class Unreadable(Exception):  # noqa: N818
    """A payload without a valid value, and why."""

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code)
        self.reason = Reason(code, fields)


class Contradiction(Unreadable):
    """A value that contradicts the keys in `tower.yaml`: either they are wrong, or another device sent it."""

    def __init__(self, key: str, value: object) -> None:
        super().__init__("contradicts", value=quoted(value), key=key)
        self.key, self.value = key, quoted(value)


class UnknownWord(Contradiction):
    """An unknown word, where `tower.yaml` may name the gateway's own words."""


def text(payload: bytes) -> str:
    """The payload as text without white space at its ends."""
    if len(payload) > MAX_PAYLOAD:
        raise Unreadable("too_large", size=len(payload), most=MAX_PAYLOAD)
    try:
        return payload.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Unreadable("not_utf8") from error


def document(payload: bytes) -> Mapping[str, object]:
    """The JSON object in the payload."""
    try:
        read = STRICT.decode(text(payload))
    except (ValueError, RecursionError) as error:
        raise Unreadable("not_json") from error
    return members(read)


def members(value: object) -> Mapping[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Unreadable("not_an_object")
    return value


def number(value: object) -> float | None:
    """A finite number."""
    if value is None:
        return None
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
        return float(value)
    raise Unreadable("not_a_number", value=quoted(value))


def quoted(value: object, most: int = 40) -> str:
    """The beginning of a value, for the text of a reason."""
    return repr(str(value)[:most]) if isinstance(value, str | int | float) else type(value).__name__


def within(value: object, low: float, high: float) -> float | None:
    """A number from `low` to `high`."""
    read = number(value)
    if read is not None and not low <= read <= high:
        raise Unreadable("out_of_range", value=read, low=low, high=high)
    return read


def fraction(value: object, full: int) -> float | None:
    """A brightness on a scale of 0 to `full`, as 0..1; 255 counts as full where the scale ends at 254."""
    read = within(value, 0, 255 if full == 254 else full)
    return None if read is None else min(1.0, read / full)


def scaled(value: object, full: int, key: str) -> float | None:
    """A number on a scale of 0 to `full`, as set by `key`, as 0..1. One beyond it raises Contradiction: the scale is
    another."""
    read = number(value)
    if read is not None and read > max(full, 255 if full == 254 else 0):
        raise Contradiction(f"{key}: {full}", plain(read))
    return fraction(value, full)


def switched(value: object, on: str | None, off: str | None, key: str) -> bool | None:
    """On or off in the words that `tower.yaml` names under `key`_on and `key`_off; without them in any of the usual
    words."""
    if value is None or isinstance(value, bool):
        return value
    usual = {known: is_on for known, is_on in SWITCH.items() if (on if is_on else off) is None}
    named = {word.casefold(): is_on for word, is_on in ((on, True), (off, False)) if word}
    is_on = (usual | named).get(str(value).casefold())
    if is_on is None:
        raise UnknownWord(f"{key}_on, {key}_off", value)
    return is_on


def switch(value: object) -> bool | None:
    """On or off in any of the spellings that gateways use."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).lower() if isinstance(value, str | int) else ""
    if word not in SWITCH:
        raise Unreadable("not_on_or_off", value=quoted(value))
    return SWITCH[word]


def components(values: object, count: int) -> tuple[int, ...]:
    """`count` colour components of 0..255."""
    if not isinstance(values, list | tuple) or len(values) != count:
        raise Unreadable("not_components", count=count)
    return tuple(round(component(value)) for value in values)


def component(value: object) -> float:
    """One colour component of 0..255."""
    read = within(value, 0, 255)
    if read is None:
        raise Unreadable("component_missing")
    return read


def mixed(red: int, green: int, blue: int, *whites: int) -> Color:
    """The colour with the light of the white LEDs added, so that a washed-out colour never counts as a pure one."""
    white = sum(whites)
    return Color.from_rgb(red + white, green + white, blue + white)


def hex_bytes(digits: str) -> tuple[int, ...]:
    """Two hexadecimal digits a byte."""
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){1,8}", digits):
        raise Unreadable("not_a_color", value=quoted(digits))
    return tuple(bytes.fromhex(digits))


def from_hue(hue: float, saturation: float) -> Color:
    """The colour of a hue of 0..360 degrees and a saturation of 0..100 %, at full brightness."""
    parts = colorsys.hsv_to_rgb(hue / 360 % 1.0, saturation / 100, 1.0)
    return Color.from_rgb(*(255 * part for part in parts))


def to_hue(color: Color) -> tuple[float, float]:
    """Hue in degrees and saturation in per cent."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in color.rgb))
    return 360 * hue, 100 * saturation


def kelvin(mired: object) -> int | None:
    """A colour temperature in mired, as kelvin."""
    read = within(mired, 50, 1000)
    return None if read is None else round(1e6 / read)


def plain(value: float) -> float | int:
    """A number for JSON: whole ones without a point, others with at most three decimals."""
    return int(value) if value == math.floor(value) else round(value, 3)


_as_json = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` makes an encoder each time


def dumped(**members: object) -> bytes:
    """A JSON object without spaces."""
    return _as_json(members).encode()
