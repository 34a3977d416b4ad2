"""What a state in the JSON light schema of Home Assistant tells of the colour; ESPHome and Zigbee2MQTT speak it too.

Rules
1. `color_mode` says which keys hold; others may be stale. Without it, or without its keys, those are taken that are
   there: an older colour must not stand.
2. Modes without a colour are white light, `color_temp` without a temperature too.
3. Light of white LEDs is added, see `values`. `w` is white, or warm white beside the cold white `c`; firmware of
   before 2021 tells it as `white_value`.
4. Hue is `h` and `s`, Zigbee2MQTT calls it `hue` and `saturation`.
https://www.home-assistant.io/integrations/light.mqtt/#json-schema
"""

from collections.abc import Mapping

from controller.gateways.base import ReportedLook
from controller.gateways.capabilities import WHITE
from controller.gateways.payloads import component, from_hue, kelvin, members, mixed, within
from controller.lighting.color import Color

WHITES: Mapping[str, str] = {"rgb": "", "rgbw": "w"}
"""The white LEDs that hold in a mode; in any other, both."""
FORMS = (("rgb", "r"), ("xy", "x"), ("hs", "h"), ("hs", "hue"))
"""How a colour is told, and by which key it is seen to be."""
NO_COLOR = {"onoff", "brightness", "white", "cwww"}
NO_EFFECT = {"", "none", "off", "solid"}


def read_color(keys: Mapping[str, object]) -> ReportedLook:
    """The colour in a state, as rgb, xy or kelvin."""
    mode = _mode(keys)
    color = members(keys["color"]) if keys.get("color") is not None else {}
    if mode in NO_COLOR:
        return ReportedLook(color=WHITE)
    if mode == "color_temp":
        told = kelvin(keys.get("color_temp"))
        return ReportedLook(color=WHITE) if told is None else ReportedLook(kelvin=told)
    forms = [form for form, key in FORMS if key in color]
    match mode if mode in forms else next(iter(forms), None):
        case "rgb":
            return ReportedLook(color=_rgb(keys, color, mode))
        case "xy":
            return ReportedLook(xy=_pair(color, "x", "y", 1, 1))
        case "hs":
            names = ("h", "s") if "h" in color else ("hue", "saturation")
            pair = _pair(color, *names, 360, 100)
            return ReportedLook(color=from_hue(*pair) if pair else None)
    return ReportedLook(kelvin=kelvin(keys.get("color_temp")) if mode is None else None)


def is_steady(effect: object) -> bool:
    """Whether no effect runs, by the value of `effect`."""
    return effect is None or (isinstance(effect, str) and effect.lower() in NO_EFFECT)


def _mode(keys: Mapping[str, object]) -> str | None:
    return None if keys.get("color_mode") is None else str(keys["color_mode"])


def _rgb(keys: Mapping[str, object], color: Mapping[str, object], mode: str | None) -> Color:
    red, green, blue = (round(component(color.get(key))) for key in "rgb")
    whites = [color.get(key) for key in WHITES.get(mode or "", "cw")]
    if not color.keys() & {"c", "w"}:
        whites.append(keys.get("white_value"))
    return mixed(red, green, blue, *(round(within(white, 0, 255) or 0) for white in whites))


def _pair(color: Mapping[str, object], one: str, other: str, *ends: int) -> tuple[float, float] | None:
    first, second = within(color.get(one), 0, ends[0]), within(color.get(other), 0, ends[1])
    return None if first is None or second is None else (first, second)
