"""Where a channel that gives no light itself rests, so that the light is open, steady and of its own colour.

Rules
1. It keeps its default, 0 if the file gives none, unless there it acts on the light: shuts it, flashes, colours it,
   or runs a programme. A value that lies in two ranges, as the fine half decides, is judged by the worse.
2. Else it rests in the middle of the first range that leaves the light alone, or of the first that at least does
   not act on it.
3. Some ranges leave the light alone at one end: a strobe whose speed is nought there, an iris that is open.
4. Where every value acts on the light the default has to do; but no shutter may stay shut or flash.
"""

from controller.lighting.ofl_file import Capability, Channel

ALONE, OTHER, ACTS = range(3)
ACTS_ON_LIGHT = {
    "ShutterStrobe",
    "StrobeSpeed",
    "StrobeDuration",
    "Effect",
    "ColorPreset",
    "ColorTemperature",
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
    **dict.fromkeys(("ShutterStrobe", "StrobeSpeed"), ("speed", {"stop", "0Hz", "0bpm", "0%"})),
    "ColorTemperature": ("colorTemperature", {"default", "0%"}),
    "Iris": ("openPercent", {"open", "100%"}),
    "BladeInsertion": ("insertion", {"out", "0%"}),
}
"""The property of a type, and the values of it (`capability-types.md`) at which the light is left alone."""


def rest(channel: Channel) -> int | None:
    """The value 0..255 at which a channel leaves the light alone; None for a shutter that never does."""
    acts = _acts(channel)
    default = channel.default
    if acts[default] < ACTS:
        return default
    least = min(acts)
    if least == ACTS:
        return None if is_shutter(channel) and len(channel.does) > 1 else default
    calm = ([value for value in values if acts[value] == least] for values, _ in channel.does)
    first = next(values for values in calm if values)
    return first[(len(first) - 1) // 2]


def is_shutter(channel: Channel) -> bool:
    """Whether some of its values shut or flash the light."""
    return any(does.type == "ShutterStrobe" for _, does in channel.does)


def _acts(channel: Channel) -> list[int]:
    """How much each value acts on the light; what the file does not speak of acts."""
    found: list[list[int]] = [[] for _ in range(256)]
    for values, does in channel.does:
        for value in values:
            found[value].append(_act(does, values, value))
    return [max(acts, default=ACTS) for acts in found]


def _act(does: Capability, values: range, value: int) -> int:
    if does.type == "NoFunction" or does.shutter_effect == "Open":
        return ALONE
    if does.type not in ACTS_ON_LIGHT:
        return OTHER
    named, alone = LEAVES_ALONE_AT.get(does.type, ("", set()))
    ends = [end for end, at in zip((values[0], values[-1]), does.at_ends(named), strict=True) if at in alone]
    return ALONE if value in ends or len(ends) == 2 else ACTS
