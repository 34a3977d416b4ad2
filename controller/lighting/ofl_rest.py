"""Where a channel that gives no light itself rests, so that the light is open, steady and of its own colour.

Rules
1. It keeps its default, 0 if the file gives none, unless there it acts on the light: shuts it, flashes, colours it,
   or runs a programme. A value that lies in two ranges, as the fine half decides, is judged by the worse.
2. Else it rests in the middle of the first range that leaves the light alone, or of the first that at least does
   not act on it.
3. Some ranges leave the light alone at one value: a strobe whose speed is nought there, an iris that is open, a wheel
   at an open slot, a correction of the white between warm and cold.
4. A channel that fades between white and the colours, which the library knows by its words only, rests where these
   say that the colours are alone.
5. Where every value acts on the light the default has to do, and that is no sure rest; but no shutter may stay shut or
   flash.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from controller.lighting.ofl_file import Capability, Channel, File

ALONE, OTHER, ACTS = range(3)
ACTS_ON_LIGHT = {
    "ShutterStrobe",
    "StrobeSpeed",
    "Effect",
    "ColorPreset",
    "ColorTemperature",
    "WheelSlot",
    "WheelRotation",
    "WheelShake",
    "WheelSlotRotation",
    "Iris",
    "IrisEffect",
    "BladeInsertion",
    "FrostEffect",
    "Fog",
    "FogOutput",
}
LEAVES_ALONE_AT = {
    "ShutterStrobe": ("speed", (0,)),
    "StrobeSpeed": ("speed", (0,)),
    "ColorTemperature": ("colorTemperature", (0,)),
    "Iris": ("openPercent", (100,)),
    "BladeInsertion": ("insertion", (0,)),
}
"""The property of a type, and the figures of it at which the light is left alone."""
KEYWORDS = {
    "stop": 0.0,
    "slow": 1.0,
    "fast": 100.0,
    "closed": 0.0,
    "open": 100.0,
    "out": 0.0,
    "in": 100.0,
    "warm": -100.0,
    "CTO": -100.0,
    "default": 0.0,
    "cold": 100.0,
    "CTB": 100.0,
}
"""The words that stand for percentages (`capability-types.md`)."""
FIGURE = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)(?:%|Hz|bpm|K)?")
COLORS = r"(?:rgb|colou?rs?\b(?!\s*temp))"
CROSSFADE = re.compile(rf"cross.?fade|interpolat|(?:cct|white)\W{{1,5}}(?:to\s)?{COLORS}", re.IGNORECASE)
TO_COLORS = re.compile(rf"(?:\bto|\bfull|…|\.\.\.|[-–>/])\s*{COLORS}", re.IGNORECASE)
LONGEST = 500
"""Characters of what is said of a range that are looked at."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The value 0..255 at which a channel rests, and whether by the file it leaves the light alone there."""

    value: int
    is_sure: bool


def rest(file: File, key: str, channel: Channel) -> Rest | None:
    """Where a channel of a file leaves the light alone; None for a shutter that never does."""
    acts = _acts(file, key, channel)
    default = channel.default
    least = min(acts)
    if acts[default] < ACTS or channel.constant:
        return Rest(default, is_sure=True)
    if least == ACTS:
        return None if is_shutter(channel) and len(channel.does) > 1 else Rest(default, is_sure=False)
    calm = ([value for value in values if acts[value] == least] for values, _ in channel.does)
    first = next(values for values in calm if values)
    return Rest(first[(len(first) - 1) // 2], is_sure=True)


def is_shutter(channel: Channel) -> bool:
    """Whether some of its values shut or flash the light."""
    return any(does.type == "ShutterStrobe" for _, does in channel.does)


def _acts(file: File, key: str, channel: Channel) -> list[int]:
    """How much each value acts on the light; what the file does not speak of acts."""
    told = [f"{key} {channel.name or ''} {does.said('comment')}"[:LONGEST] for _, does in channel.does]
    fades = any(map(CROSSFADE.search, told))
    found: list[list[int]] = [[] for _ in range(256)]
    for (values, does), words in zip(channel.does, told, strict=True):
        if fades and does.type == "Generic":
            alone: Sequence[int] | None = values[-1:] if TO_COLORS.search(words) else ()
        else:
            alone = _alone(file, key, does, values)
        for value in values:
            found[value].append(OTHER if alone is None else ALONE if value in alone else ACTS)
    return [max(acts, default=ACTS) for acts in found]


def _alone(file: File, key: str, does: Capability, values: range) -> Sequence[int] | None:
    """The values of a range at which it leaves the light alone; None where it has to do with something else."""
    if does.type == "NoFunction" or does.shutter_effect == "Open":
        return values
    slots = file.open_slots(key, does) if does.type == "WheelSlot" else ()
    if does.type not in ACTS_ON_LIGHT or slots is None:
        return None
    name, figures = LEAVES_ALONE_AT.get(does.type, ("slotNumber", slots))
    first, last = (_figure(end) for end in does.at_ends(name))
    if first is None or last is None:
        return ()
    passed = [figure for figure in figures if min(first, last) <= figure <= max(first, last)]
    step = (last - first) / max(1, len(values) - 1)
    near = abs(step) / 2 + 1e-9
    return [v for n, v in enumerate(values) if any(abs(first + step * n - figure) <= near for figure in passed)]


def _figure(written: str) -> float | None:
    """A number with its unit, or the word for a percentage; None for anything else."""
    found = FIGURE.fullmatch(written)
    return float(found[1]) if found else KEYWORDS.get(written)
