"""Import from the Open Fixture Library: one mode of a fixture file becomes a profile.

Rules
1. The channels of a mode come in its order; `null` is a channel of no use, an insert repeats its templates for each
   pixel, and every pixel of a lamp shows the same.
2. A channel that switches its meaning has the one that it has at the resting value of the channel it depends on.
3. A channel of a colour is a light source, one of intensity a dimmer (`ofl_light`). A dimmer that is but a switch
   stays on where there are colours to be dimmed.
4. Every other channel rests (`ofl_rest`); where that may cover the colour, it is told.
5. The second byte of a 16-bit level is its fine half; a third byte, and the fine half of what rests, stay at 0.
6. A mode that cannot be driven colour by colour is refused with the reason: macros only, hue and saturation,
   filters in front of a white lamp, a shutter that never opens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from controller.errors import Mistake
from controller.lighting.ofl_file import MOST_NAMES, Channel, File, Insert, Mode, parse_file, unreadable
from controller.lighting.ofl_light import Beam, Written, beam, is_hue
from controller.lighting.ofl_rest import Rest, is_shutter, rest
from controller.lighting.profile import Profile, parse_profile

PIXEL = "$pixelKey"
MOST_SLOTS = 512
DEEPEST = 10
FILTERS = {"cyan", "magenta", "yellow"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a key of a mode stands for: a channel, the pixel it was made for, and which of its bytes (0 is coarse)."""

    key: str
    channel: Channel
    pixel: str
    byte: int

    @property
    def name(self) -> str:
        """Its key in the mode."""
        return self.key.replace(PIXEL, self.pixel)


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile, what the file calls each of its channels, and what only a look at the lamp can tell.

    `doubts` are a Mistake TWL-F132 of each channel that has no sure rest, once for all pixels, and a TWL-F133 of
    several dimmers.
    """

    profile: Profile
    names: tuple[str, ...]
    doubts: tuple[Mistake, ...]


def modes(text: str) -> tuple[str, ...]:
    """The names of the modes of a fixture file; raises Mistake TWL-F110, F112 or F117."""
    return tuple(mode.label for mode in parse_file(text).modes)


def import_fixture(text: str, mode: str) -> Imported:
    """One mode of a fixture file, by its short or long name; raises Mistake TWL-F110 to F122."""
    file = parse_file(text)
    chosen = _mode(file, mode)
    layout = _Layout(file, chosen)
    profile = parse_profile({"name": f"{file.name[:80]}, {chosen.label[:36]}", "channels": layout.channels()})
    return Imported(profile, layout.names(), layout.doubts())


def _mode(file: File, wanted: str) -> Mode:
    by_name = {name.strip().casefold(): mode for mode in file.modes for name in (mode.name, mode.label)}
    chosen = by_name.get(wanted.strip().casefold())
    if chosen is not None:
        return chosen
    near = get_close_matches(wanted[:60].strip().casefold(), by_name, n=1, cutoff=0.3)
    suggestion = (by_name[near[0]] if near else file.modes[0]).label
    raise Mistake("TWL-F111", mode=wanted, suggestion=suggestion, modes=_labels(file))


def _labels(file: File) -> str:
    return ", ".join(mode.label for mode in file.modes)


class _Layout:
    """The channels of one mode of a file."""

    def __init__(self, file: File, mode: Mode) -> None:
        self._file = file
        self._mode = mode
        self._pixels = frozenset((*file.matrix.keys("eachPixelABC"), *file.matrix.pixel_groups))
        self._known = dict(reversed(list(_names(file.available_channels))))
        self._templates = list(_names(file.template_channels))
        self._switches = dict(_switches(file, file.available_channels))
        self._template_switches = list(_switches(file, file.template_channels))
        if len(self._templates) + len(self._template_switches) > MOST_NAMES:
            raise unreadable("templateChannels", f"more than {MOST_NAMES} names")
        self._rests: dict[str, Rest | None] = {}
        self._found = [self._find(key) if key is not None else None for key in self._keys()]

    def channels(self) -> list[Written]:
        """Each channel as a profile is written; raises Mistake."""
        coarse = [item for item in self._found if item is not None and item.byte == 0]
        roles = {light.role for item in coarse if (light := _beam(item))}
        self._check(coarse, roles)
        present = {(item.key, item.pixel) for item in coarse}
        return [self._written(item, roles, present) for item in self._found]

    def names(self) -> tuple[str, ...]:
        """What each channel is, a switching one as what it is at rest; empty for one of no use."""
        return tuple(item.name + " fine" * item.byte if item is not None else "" for item in self._found)

    def doubts(self) -> tuple[Mistake, ...]:
        """See `Imported`."""
        doubts: dict[str, Mistake] = {}
        dimmers: dict[str, int] = {}
        for number, item in enumerate(self._found, start=1):
            if item is None or item.byte:
                continue
            light, held = _beam(item), self._rest(item)
            if light is None and held is not None and not held.is_sure:
                told = Mistake("TWL-F132", number=number, channel=item.name, value=held.value)
                doubts.setdefault(item.key, told)
            if light is not None and light.role == "dimmer" and not light.is_switch and not item.pixel:
                dimmers.setdefault(item.key, number)
        several = [Mistake("TWL-F133", channels=_told(dimmers))] if len(dimmers) > 1 else []
        return (*doubts.values(), *several)

    def _written(self, item: Found | None, roles: set[str], present: set[tuple[str, str]]) -> Written:
        if item is None or item.byte > 1 or (item.key, item.pixel) not in present:
            return {"fixed": 0}
        light = _beam(item)
        if light is not None and light.is_switch and light.role == "dimmer" and roles != {"dimmer"}:
            return {"fixed": 0 if item.byte else light.full}
        if item.byte:
            return f"{light.role} fine" if light else {"fixed": 0}
        return light.written if light else self._resting(item)

    def _keys(self) -> list[str | None]:
        keys: list[str | None] = []
        for item in self._mode.channels:
            keys += self._repeated(item) if isinstance(item, Insert) else [item]
            if len(keys) > MOST_SLOTS:
                raise self._refused("TWL-F118")
        return keys

    def _repeated(self, insert: Insert) -> list[str | None]:
        pixels = (
            insert.repeat_for if isinstance(insert.repeat_for, tuple) else self._file.matrix.keys(insert.repeat_for)
        )
        if len(pixels) * len(insert.template_channels) > MOST_SLOTS:
            raise self._refused("TWL-F118")
        pairs = (
            [(pixel, template) for pixel in pixels for template in insert.template_channels]
            if insert.channel_order == "perPixel"
            else [(pixel, template) for template in insert.template_channels for pixel in pixels]
        )
        return [template and template.replace(PIXEL, pixel) for pixel, template in pairs]

    def _find(self, key: str, depth: int = 0) -> Found:
        """What a key stands for; switching channels are followed, in a circle at most ten times."""
        found = self._known.get(key)
        if found is not None:
            return found
        for pattern, made in self._templates:
            pixel = self._pixel(key, pattern)
            if pixel is not None:
                return replace(made, pixel=pixel)
        target = self._switched(key)
        if target is None or depth == DEEPEST:
            raise unreadable(self._mode.label, f"the channel {key[:40]!r} is not described")
        return self._find(target, depth + 1)

    def _switched(self, key: str) -> str | None:
        """What a switching channel stands for."""
        if key in self._switches:
            return self._switches[key]
        for pattern, target in self._template_switches:
            pixel = self._pixel(key, pattern)
            if pixel is not None:
                return target.replace(PIXEL, pixel)
        return None

    def _pixel(self, key: str, pattern: str) -> str | None:
        """The pixel that a key is of, if the template makes it."""
        before, _, after = pattern.partition(PIXEL)
        pixel = key[len(before) : len(key) - len(after)]
        return pixel if pixel in self._pixels and key == before + pixel + after else None

    def _check(self, coarse: list[Found], roles: set[str]) -> None:
        """Rule 6."""
        colors = roles - {"dimmer"}
        if colors >= FILTERS and not colors & {"red", "green", "blue"}:
            raise self._refused("TWL-F115")
        if colors:
            return
        if any(is_hue(item.key, item.channel) for item in coarse):
            raise self._refused("TWL-F114")
        kinds = {does.type for item in coarse for _, does in item.channel.does}
        if "dimmer" not in roles or kinds & {"ColorPreset", "WheelSlot"}:
            raise self._refused("TWL-F113")

    def _rest(self, item: Found) -> Rest | None:
        """Worked out once for all pixels."""
        if item.key not in self._rests:
            self._rests[item.key] = rest(self._file, item.key, item.channel)
        return self._rests[item.key]

    def _resting(self, item: Found) -> Written:
        """Rule 4."""
        held = self._rest(item)
        if held is None:
            raise self._refused("TWL-F116", channel=item.name)
        return {"shutter" if is_shutter(item.channel) else "fixed": held.value}

    def _refused(self, code: str, **more: Any) -> Mistake:
        return Mistake(code, mode=self._mode.label, modes=_labels(self._file), **more)


def _told(channels: Mapping[str, int]) -> str:
    """`1 (Master), 5 (Beam)`, of names with their numbers."""
    return ", ".join(f"{number} ({name})" for name, number in channels.items())


def _beam(item: Found) -> Beam | None:
    return beam(item.key, item.channel)


def _names(channels: Mapping[str, Channel]) -> Iterator[tuple[str, Found]]:
    """The key of each byte of each channel."""
    for key, channel in channels.items():
        for byte, name in enumerate((key, *channel.fine_channel_aliases)):
            yield name, Found(key, channel, "", byte)


def _switches(file: File, channels: Mapping[str, Channel]) -> Iterator[tuple[str, str]]:
    """The key of each switching channel, and of that which it is while the one on which it depends rests."""
    for key, channel in channels.items():
        if any(does.switch_channels for does in channel.capabilities):
            held = rest(file, key, channel)
            now = next(
                (does for values, does in channel.does if held and held.value in values), channel.capabilities[0]
            )
            yield from now.switch_channels.items()
