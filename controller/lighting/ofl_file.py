"""The shape of a fixture file of the Open Fixture Library, as much of it as an import needs.

Source: `docs/fixture-format.md`, `docs/capability-types.md` and `schemas/` of the library, schema version 12.5. The
library may change its form at any time, so a file is converted once and not read while the tower is lit.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from controller.errors import Mistake

MOST = 1_000_000
"""Characters of a file; the largest of the library has about a fifth of that."""
MOST_PIXELS = 4096
MOST_NAMES = 512
"""So many channels can templates make for a pixel, and a switch choose among; as many as a universe has slots."""
MOST_RANGES = 256
Name = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=1)]
RESOLUTIONS = {"8bit": 1, "16bit": 2, "24bit": 3}
PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)%")
BRIGHTNESS = {"off": 0.0, "dark": 1.0, "bright": 100.0}


class Part(BaseModel):
    """A part of the file; what is not needed is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class Capability(Part):
    """What a range of values of a channel does; of what is said of it more, `said` looks up a property."""

    model_config = ConfigDict(extra="allow")

    type: str
    dmx_range: tuple[int, int] | None = None
    shutter_effect: str | None = None
    color: str | None = None
    switch_channels: Annotated[dict[str, str], Field(max_length=MOST_NAMES)] = {}

    def said(self, name: str) -> str:
        """A property as written; empty where nothing is said."""
        return str((self.model_extra or {}).get(name, ""))

    def at_ends(self, name: str) -> tuple[str, str]:
        """A property at the first and at the last value of the range, as written; empty where nothing is said."""
        whole = self.said(name)
        return self.said(f"{name}Start") or whole, self.said(f"{name}End") or whole

    @property
    def ends(self) -> tuple[float, float]:
        """Brightness in per cent at the first and at the last value of the range."""
        first, last = self.at_ends("brightness")
        return _brightness(first, 0.0), _brightness(last, 100.0)


class Channel(Part):
    """A channel or a template of channels."""

    name: Name | None = None
    capability: Capability | None = None
    capabilities: Annotated[tuple[Capability, ...], Field(max_length=MOST_RANGES)] = ()
    fine_channel_aliases: tuple[str, ...] = ()
    dmx_value_resolution: Literal["8bit", "16bit", "24bit"] | None = None
    default_value: int | str = 0
    constant: bool = False

    @property
    def resolution(self) -> int:
        """In how many bytes the file gives values of this channel; all that it has, if it does not say."""
        if self.dmx_value_resolution is not None:
            return RESOLUTIONS[self.dmx_value_resolution]
        return 1 + len(self.fine_channel_aliases)

    @property
    def does(self) -> tuple[tuple[range, Capability], ...]:
        """What each range of the coarse channel's values 0..255 does; raises Mistake TWL-F110."""
        if self.capability is not None:
            return ((range(256), self.capability),)
        if not self.capabilities:
            raise unreadable("capabilities", "a channel does nothing")
        shift = 8 * (self.resolution - 1)
        return tuple(
            (range(first >> shift, (last >> shift) + 1), capability)
            for (first, last), capability in zip(self._ranges(), self.capabilities, strict=True)
        )

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """The ranges as they are written; they ascend, and no two have a value in common."""
        begin = 0
        for capability in self.capabilities:
            first, last = capability.dmx_range or (0, -1)
            if not begin <= first <= last < 256**self.resolution:
                raise unreadable("dmxRange", f"{first} to {last} is no range of values from {begin} on")
            yield first, last
            begin = last + 1

    @property
    def default(self) -> int:
        """The value of the coarse channel, 0..255, that nobody has touched; raises Mistake TWL-F110."""
        top = 256**self.resolution - 1
        value = self.default_value
        if isinstance(value, str):
            percent = PERCENT.fullmatch(value)
            value = int(top * float(percent[1]) / 100) if percent else -1
        if not 0 <= value <= top:
            raise unreadable("defaultValue", f"{self.default_value!s:.40} is no value of the channel")
        return value >> 8 * (self.resolution - 1)


class Insert(Part):
    """Channels of a mode that repeat for each pixel."""

    insert: Literal["matrixChannels"]
    repeat_for: Name | tuple[Name, ...]
    channel_order: Literal["perPixel", "perChannel"]
    template_channels: tuple[Name | None, ...]


class Mode(Part):
    """One of the ways in which the lamp can be set to take channels."""

    name: str
    short_name: str | None = None
    channels: tuple[Name | Insert | None, ...]

    @property
    def label(self) -> str:
        """The name that is short enough to be typed."""
        return self.short_name or self.name


class Matrix(Part):
    """The pixels of a lamp, by number in x, y and z or by name."""

    pixel_count: tuple[Count, Count, Count] | None = None
    pixel_keys: tuple[tuple[tuple[Name | None, ...], ...], ...] = ()
    pixel_groups: dict[Name, object] = {}

    def keys(self, order: str) -> tuple[str, ...]:
        """The keys of all pixels, or of all groups, in the order that a mode asks for; raises Mistake TWL-F110."""
        if order == "eachPixelGroup":
            return tuple(self.pixel_groups)
        places = self._places()
        if order == "eachPixelABC":
            return tuple(sorted(places, key=_natural))
        axes = order.removeprefix("eachPixel")
        if sorted(axes) != ["X", "Y", "Z"]:
            raise unreadable("repeatFor", f"{order[:40]!r} is no order of pixels")
        slowest_first = ["XYZ".index(axis) for axis in reversed(axes)]
        return tuple(sorted(places, key=lambda pixel: [places[pixel][axis] for axis in slowest_first]))

    def _places(self) -> dict[str, tuple[int, int, int]]:
        """The position in x, y and z of each pixel, by its key."""
        named = self.pixel_keys
        if named:
            return {
                key: (x, y, z)
                for z, page in enumerate(named)
                for y, line in enumerate(page)
                for x, key in enumerate(line)
                if key is not None
            }
        count = self.pixel_count
        if count is None:
            return {}
        if count[0] * count[1] * count[2] > MOST_PIXELS:
            raise unreadable("pixelCount", f"more than {MOST_PIXELS} pixels")
        columns, lines, pages = (range(1, most + 1) for most in count)
        return {_numbered(place, count): place for place in product(columns, lines, pages)}


class Slot(Part):
    """A place on a wheel."""

    type: str


class Wheel(Part):
    """A disc that turns one of its slots into the light; they count from 1."""

    slots: Annotated[tuple[Slot, ...], Field(max_length=MOST_RANGES)] = ()


class File(Part):
    """A fixture file, or one that points to another."""

    redirect_to: str | None = None
    name: Annotated[str, Field(min_length=1)]
    wheels: dict[str, Wheel] = {}
    available_channels: dict[str, Channel] = {}
    template_channels: dict[str, Channel] = {}
    matrix: Matrix = Matrix()
    modes: tuple[Mode, ...] = ()

    def open_slots(self, key: str, does: Capability) -> tuple[int, ...] | None:
        """The slots that let the light pass, of the wheel that a range of a channel turns; None for an unknown one."""
        wheel = self.wheels.get(does.said("wheel") or key)
        if wheel is None:
            return None
        return tuple(number for number, slot in enumerate(wheel.slots, start=1) if slot.type == "Open")


def parse_file(text: str) -> File:
    """A fixture file with at least one mode; raises Mistake TWL-F110, F112 or F117, whatever the text."""
    if len(text) > MOST:
        raise Mistake("TWL-F117", size=len(text), most=MOST)
    try:
        file = File.model_validate_json(text.encode("utf-8", "replace"), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise unreadable(where or "the file", first["msg"]) from error
    if file.redirect_to is not None:
        raise Mistake("TWL-F112", target=file.redirect_to)
    if not file.modes:
        raise unreadable("modes", "there are none")
    return file


def unreadable(where: str, problem: str) -> Mistake:
    """The mistake that a file is not of the library's form."""
    return Mistake("TWL-F110", where=where[:80], problem=problem)


def _brightness(written: str, otherwise: float) -> float:
    """In per cent; `otherwise` for lumens, and where nothing is said."""
    percent = PERCENT.fullmatch(written)
    return float(percent[1]) if percent else BRIGHTNESS.get(written, otherwise)


def _numbered(place: tuple[int, int, int], count: tuple[int, int, int]) -> str:
    """The key of a pixel that has no name: its numbers along the axes that have more than one."""
    axes = [str(number) for number, most in zip(place, count, strict=True) if most > 1] or ["1"]
    return axes[0] if len(axes) == 1 else f"({', '.join(axes)})"


def _natural(key: str) -> list[tuple[int, str]]:
    """Sorts `2` before `10`."""
    parts = re.split(r"([0-9]{1,9})", key)
    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in parts]
