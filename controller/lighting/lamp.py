"""A profile ready for use: converts light to the levels of its channels, and levels back to light.

Full brightness of a colour is the most light of that chromaticity that the lamp can give (`gamut`), and brightness
scales it linearly: different lamps show the same colour, each as bright as it can. Levels are computed in full
precision and rounded once, to 16 bits if the lamp has fine channels, else to 8. There is no dithering."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from controller.errors import readable
from controller.lighting.color import Color, Vector, difference, parse_color
from controller.lighting.emitters import TYPICAL
from controller.lighting.gamut import distance, gamut_of
from controller.lighting.light import Light
from controller.lighting.profile import Channel, Profile

PULL = 0.02
"""How far a pinned colour attracts its neighbours, in u'v'; about fifteen just noticeable differences."""
NOTHING: Mapping[str, Color] = {}


@dataclass(frozen=True, slots=True)
class RoleChannels:
    """The DMX channels of a role: offsets of its coarse and fine channels, and the curve from light to level."""

    coarse: tuple[tuple[int, Channel], ...]
    fine: tuple[int, ...]
    curve: float

    @property
    def steps(self) -> int:
        """Number of steps from zero to full, on the coarsest of its channels."""
        spans = (abs(channel.full - channel.zero) for _, channel in self.coarse)
        return min(spans) * (257 if len(self.fine) >= len(self.coarse) else 1)

    def write(self, share: float, slots: bytearray) -> None:
        """Writes a share of full light into the channels."""
        level = share ** (1 / self.curve)
        for place, (offset, channel) in enumerate(self.coarse):
            exact = channel.zero + (channel.full - channel.zero) * level
            if place < len(self.fine):
                slots[offset], slots[self.fine[place]] = divmod(int(exact * 257 + 0.5), 256)
            else:
                slots[offset] = int(exact + 0.5)

    def read(self, slots: Sequence[int]) -> float:
        """The share of full light that the channels give, the mean if they differ."""
        shares = [self._one(place, slots) for place in range(len(self.coarse))]
        return float(sum(shares) / len(shares))

    def lowest(self, slots: Sequence[int]) -> float:
        """The smallest share among the channels: light passes every dimmer on its way."""
        return float(min(self._one(place, slots) for place in range(len(self.coarse))))

    def _one(self, place: int, slots: Sequence[int]) -> float:
        offset, channel = self.coarse[place]
        value = float(slots[offset])
        if place < len(self.fine):
            value = (slots[offset] * 256 + slots[self.fine[place]]) / 257
        level = (value - channel.zero) / (channel.full - channel.zero)
        return math.pow(min(1.0, max(0.0, level)), self.curve)

    def bounds(self, share: float) -> tuple[float, float]:
        """Smallest and largest share that are rounded to the same step."""
        step = share ** (1 / self.curve) * self.steps
        low, high = max(0.0, step - 0.5) / self.steps, (step + 0.5) / self.steps
        return low**self.curve, high**self.curve


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned colour: its direction, the shares at its full, and how far it attracts its neighbours."""

    light: Light
    shares: tuple[float, ...]
    radius: float


class Lamp:
    """A profile ready for use; `palette` names the pinned colours."""

    def __init__(self, profile: Profile, palette: Mapping[str, Color] = NOTHING) -> None:
        self.profile = profile
        self.roles: tuple[str, ...] = (*profile.kinds, *_dimmer(profile))
        self._role_channels = tuple(_channels_of(profile, role) for role in self.roles)
        self._sources = profile.lit  # ultraviolet is invisible and stays off, unless a pinned colour uses it
        self._gamut = gamut_of(tuple(profile.emitter(kind).xyz for kind in profile.lit) or (TYPICAL["white"].xyz,))
        self._carriers = self._carrying()
        self.dark = self._darkened()
        """The levels of a dark lamp."""
        self._pins: tuple[Pin, ...] = ()
        self._pins = tuple(self._pinned(palette))

    def _carrying(self) -> frozenset[int]:
        """The indexes of the roles that carry the brightness.

        With exactly one dimmer the dimmer does, and the colour keeps its full resolution. The emitters do, with
        dimmers full while anything is lit, if there is no dimmer, if there are several whose combined effect is
        unknown, or if only the emitters have fine channels."""
        sources = dict(zip(self.roles, self._role_channels, strict=True))
        dimmer = sources.pop("dimmer", None)
        by_dimmer = (
            dimmer is not None
            and len(dimmer.coarse) == 1
            and bool(dimmer.fine or not any(source.fine for source in sources.values()))
        )
        return frozenset(i for i, role in enumerate(self.roles) if (role == "dimmer") == by_dimmer or not sources)

    def _darkened(self) -> bytes:
        """Emitters and dimmers at their zero, both halves of each level; shutter and fixed channels hold their
        value."""
        slots = bytearray(channel.zero for channel in self.profile.channels)
        for channels in self._role_channels:
            channels.write(0.0, slots)
        return bytes(slots)

    def levels(self, light: Light) -> bytes:
        """The levels of all channels that show a light."""
        return self.dark if light.brightness <= 0 else _written(self, light)

    def write(self, light: Light) -> bytes:
        """The same computed afresh; `light` must not be dark."""
        slots = bytearray(self.dark)
        for channels, share in zip(self._role_channels, self.shares(light), strict=True):
            channels.write(share, slots)
        return bytes(slots)

    def shares(self, light: Light) -> tuple[float, ...]:
        """The share of full light of each role, 0..1, before rounding; `light` must not be dark. A lamp that is on
        gives light: the brightest channel is never rounded to zero."""
        brightness = light.brightness
        full = _full(self, tuple(round(part / brightness, 9) for part in light.parts))
        carried = {index: full[index] * brightness for index in self._carriers}
        strongest = max(
            carried, key=lambda index: carried[index] ** (1 / self.profile.curve) * self._role_channels[index].steps
        )
        least = (1 / self._role_channels[strongest].steps) ** self.profile.curve
        lift = max(1.0, least / carried[strongest])
        return tuple(
            min(1.0, max(0.0, carried[index] * lift if index in carried else share)) for index, share in enumerate(full)
        )

    def solve(self, direction: Vector) -> tuple[float, ...]:
        """The shares of each role at the full of a colour, given as linear-light sRGB with 1 as its largest part.

        A pinned colour has exactly its pinned levels. Colours near it are drawn towards it, the less the farther away
        in CIE 1976 u'v', so that a fade from or to it has no jump."""
        light = Light(*direction)
        weights = [max(0.0, 1 - distance(pin.light.xyz, light.xyz) / pin.radius) for pin in self._pins]
        together = max(1.0, sum(weights))  # three close ones would draw more than all
        drawn = [weight / together for weight in weights]
        rest = max(0.0, 1 - sum(drawn))
        parts = (self._solved(light), *(pin.shares for pin in self._pins))
        return tuple(
            sum(weight * share for weight, share in zip((rest, *drawn), shares, strict=True))
            for shares in zip(*parts, strict=True)
        )

    def _solved(self, light: Light) -> tuple[float, ...]:
        levels = self._gamut.fullest(self._gamut.nearest(light.xyz))
        shares: dict[str, float] = dict(zip(self._sources, levels, strict=False))
        return tuple(1.0 if role == "dimmer" else shares.get(role, 0.0) for role in self.roles)

    def _pinned(self, palette: Mapping[str, Color]) -> list[Pin]:
        pins: dict[Light, tuple[float, ...]] = {}
        for name, levels in self.profile.pinned.items():
            light = _light(name, palette)
            if light.brightness > 0:
                direction = light.times(1 / light.brightness)
                pins.setdefault(direction, self._shares_of(levels, light.brightness))
        return [Pin(light, shares, _radius(light, pins)) for light, shares in pins.items()]

    def _shares_of(self, levels: Mapping[str, float], brightness: float) -> tuple[float, ...]:
        """Pinned levels as shares; the roles that carry the brightness as at the full of the colour."""
        shares = []
        for index, (role, channels) in enumerate(zip(self.roles, self._role_channels, strict=True)):
            channel = channels.coarse[0][1]
            level = levels.get(role, channel.full if role == "dimmer" else channel.zero)
            share = min(1.0, max(0.0, (level - channel.zero) / (channel.full - channel.zero))) ** channels.curve
            shares.append(share / brightness if index in self._carriers else share)
        return tuple(shares)

    def light(self, levels: Sequence[int]) -> Light:
        """The light that the levels of all channels show; a pinned colour if they are its levels."""
        for pin in self._pins:
            light = self._as_pinned(pin, levels)
            if light is not None:
                return light
        xyz = self.xyz(levels)
        if xyz[1] <= 0:
            return Light()
        light = Light.from_xyz(xyz)
        return light.times(min(1.0, 1 / self._gamut.reach(xyz)) / light.brightness)

    def _as_pinned(self, pin: Pin, levels: Sequence[int]) -> Light | None:
        low, high = 0.0, 1.0
        for index in self._carriers:
            if pin.shares[index] > 0:
                below, above = self._role_channels[index].bounds(self._role_channels[index].read(levels))
                low, high = max(low, below / pin.shares[index]), min(high, above / pin.shares[index])
        light = pin.light.times((low + high) / 2)
        return light if 0 < low <= high and self.levels(light) == bytes(levels) else None

    def xyz(self, levels: Sequence[int]) -> Vector:
        """CIE XYZ that the levels give, a typical green emitter at full having Y = 1."""
        shares = {role: channels.read(levels) for role, channels in zip(self.roles, self._role_channels, strict=True)}
        passed = self._role_channels[-1].lowest(levels) if "dimmer" in shares else 1.0
        sources = [shares[kind] for kind in self._sources] or [1.0]
        return self._gamut.sum([share * passed for share in sources])

    def predict(self, levels: Sequence[int]) -> tuple[float, float, float]:
        """CIE 1931 x and y, and Y as a share of all the light the lamp has; dark has the chromaticity of D65."""
        x, y, z = self.xyz(levels)
        if y <= 0:
            return (*Color("#FFFFFF").xy, 0.0)
        total = x + y + z
        return x / total, y / total, y / self._gamut.sum([1.0] * len(self._gamut.emitters))[1]

    def can_show(self, color: Color) -> bool:
        """Whether the chromaticity of a colour is within what its emitters can mix, or is pinned."""
        light = Light(*color.linear)
        return light.brightness <= 0 or self._gamut.contains(light.xyz) or self._is_pinned(light)

    def _is_pinned(self, light: Light) -> bool:
        return any(distance(pin.light.xyz, light.xyz) < 1e-6 for pin in self._pins)

    def delta_e(self, color: Color) -> float:
        """CIEDE2000 between a colour and what the lamp shows of it at the same luminance; 0 if the lamp can show
        it."""
        if self.can_show(color):
            return 0.0
        xyz = Light(*color.linear).xyz
        return difference(xyz, _as_bright_as(xyz, self._gamut.nearest(xyz)))

    def delta_e_of_levels(self, light: Light, levels: Sequence[int]) -> float:
        """CIEDE2000 between a light and what levels show, both as bright as the colour can be; 0 for a pinned one."""
        if light.brightness <= 0 or self._is_pinned(light):
            return 0.0
        xyz = light.times(1 / light.brightness).xyz
        return difference(xyz, _as_bright_as(xyz, self.xyz(levels)))


def _as_bright_as(reference: Vector, xyz: Vector) -> Vector:
    """The chromaticity of `xyz` at the luminance of `reference`; black if nothing is visible, as for ultraviolet."""
    x, y, z = xyz
    if y <= 0:
        return 0.0, 0.0, 0.0
    return x * reference[1] / y, reference[1], z * reference[1] / y


@lru_cache(maxsize=4096)
def _written(lamp: Lamp, light: Light) -> bytes:
    """Cached: a lamp that does not change is asked for the same light at every turn."""
    return lamp.write(light)


@lru_cache(maxsize=4096)
def _full(lamp: Lamp, direction: Vector) -> tuple[float, ...]:
    return lamp.solve(direction)


def _light(name: str, palette: Mapping[str, Color]) -> Light:
    """The light of a pinned colour; no light for an unknown name, which cannot be asked for either."""
    color = readable(parse_color, name, palette)
    return Light(*color.linear) if color else Light()


def _dimmer(profile: Profile) -> tuple[str, ...]:
    return ("dimmer",) if any(channel.role == "dimmer" for channel in profile.channels) else ()


def _channels_of(profile: Profile, role: str) -> RoleChannels:
    mine = [(offset, channel) for offset, channel in enumerate(profile.channels) if channel.role == role]
    coarse = tuple((offset, channel) for offset, channel in mine if not channel.fine)
    return RoleChannels(coarse, tuple(offset for offset, channel in mine if channel.fine), profile.curve)


def _radius(light: Light, pinned: Mapping[Light, object]) -> float:
    """The distance up to which a pinned colour attracts others: no farther than the next pinned colour."""
    return min([PULL, *(distance(light.xyz, other.xyz) for other in pinned if other != light)])
