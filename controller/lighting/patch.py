"""The patch: the address of each lamp, the levels of whole universes, and what levels show.

A fixture takes the channels `address` to `address + n - 1` of its universe, n being its profile's; two may not share
one, and none may pass 512.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from controller.errors import Mistake
from controller.lighting.color import Color, parse_color
from controller.lighting.lamp import NOTHING, Lamp
from controller.lighting.light import Light
from controller.lighting.look import ZoneState
from controller.lighting.profile import BUILT_IN, Profile
from controller.likeness import likeliest

SLOTS = 512
DEFAULT_UNIVERSE = 1
"""The universe of a fixture that names none, unless its gateway does."""
VISIBLE = 5.0
"""CIEDE2000 from which on two lamps side by side look different."""
Shine = ZoneState | Light


class Fixture(BaseModel):
    """One lamp in the patch: `address` is its first channel, 1..512; `universe` None is that of its gateway."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    zone: str
    profile: str
    address: Annotated[int, Field(ge=1, le=SLOTS)]
    universe: Annotated[int, Field(ge=0, le=63999)] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A fixture with its lamp and its channels, counted from 0."""

    fixture: Fixture
    lamp: Lamp

    @property
    def universe(self) -> int:
        """The universe of its channels."""
        return _universe(self.fixture)

    @property
    def channels(self) -> range:
        """Its channels, counted from 0."""
        start = self.fixture.address - 1
        return range(start, start + len(self.lamp.dark))

    def cut(self, levels: Mapping[int, bytes]) -> bytes:
        """Its levels, cut out of those of all universes; missing ones are 0."""
        own = levels.get(self.universe, b"")[self.channels.start : self.channels.stop]
        return bytes(own).ljust(len(self.channels), b"\0")


@dataclass(frozen=True, slots=True)
class LevelReading:
    """What levels show, and the zones whose fixtures visibly disagree."""

    zones: Mapping[str, ZoneState]
    uneven: frozenset[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """What one fixture will show of a zone's light: its levels, their CIE 1931 xy, and the distance from that
    colour."""

    fixture: Fixture
    levels: bytes
    xy: tuple[float, float]
    in_gamut: bool
    delta_e: float


class Patch:
    """Fixtures with their profiles; raises the first Mistake that `mistakes` finds."""

    def __init__(
        self,
        fixtures: Sequence[Fixture],
        profiles: Mapping[str, Profile] = BUILT_IN,
        palette: Mapping[str, Color] = NOTHING,
    ) -> None:
        for mistake in mistakes(fixtures, profiles):
            raise mistake
        known = {**BUILT_IN, **profiles}
        lamps = {name: Lamp(known[name], palette) for name in {fixture.profile for fixture in fixtures}}
        self.placed = tuple(Placed(f, lamps[f.profile]) for f in fixtures)
        self.zones = tuple(dict.fromkeys(fixture.zone for fixture in fixtures))
        self.universes = tuple(sorted({place.universe for place in self.placed}))
        self._groups: dict[tuple[str, Lamp], list[Placed]] = {}
        for place in self.placed:
            self._groups.setdefault((place.fixture.zone, place.lamp), []).append(place)

    def levels(self, states: Mapping[str, Shine]) -> dict[int, bytes]:
        """All 512 levels of each universe that show the states or lights of the zones; a zone without one is dark."""
        frames = {universe: bytearray(SLOTS) for universe in self.universes}
        lights = {zone: _light(state) for zone, state in states.items()}
        for (zone, lamp), group in self._groups.items():
            own = lamp.levels(lights.get(zone, Light()))
            for place in group:
                frames[place.universe][place.channels.start : place.channels.stop] = own
        return {universe: bytes(frame) for universe, frame in frames.items()}

    def shown(
        self, levels: Mapping[int, bytes], meant: Mapping[str, ZoneState] | None = None
    ) -> Mapping[str, ZoneState]:
        """What levels show, by zone, as in `reading`."""
        return self.reading(levels, meant).zones

    def reading(self, levels: Mapping[int, bytes], meant: Mapping[str, ZoneState] | None = None) -> LevelReading:
        """What levels show, by zone, and which zones are uneven: those whose fixtures visibly differ.

        Many states have the same levels, since lamps round; where the state that was meant has exactly those levels, it
        is what they show. Otherwise the lights of a zone's fixtures are predicted and averaged.
        """
        zones, uneven = {}, set()
        for zone in self.zones:
            state = (meant or {}).get(zone)
            cuts = [(place.lamp, place.cut(levels)) for place in self.placed if place.fixture.zone == zone]
            if state is not None and all(lamp.levels(Light.of(state)) == cut for lamp, cut in set(cuts)):
                zones[zone] = state
                continue
            read = {key: key[0].light(key[1]) for key in set(cuts)}
            mean = _mean([read[key] for key in cuts])
            zones[zone] = mean.state
            if _differ(read.values(), mean):
                uneven.add(zone)
        return LevelReading(zones, frozenset(uneven))

    def preview(self, states: Mapping[str, ZoneState]) -> tuple[Preview, ...]:
        """What each fixture will show, in the order of the patch."""
        return tuple(self._preview(place, states) for place in self.placed)

    def _preview(self, place: Placed, states: Mapping[str, ZoneState]) -> Preview:
        state = states.get(place.fixture.zone)
        light = Light.of(state) if state is not None else Light()
        own = place.lamp.levels(light)
        x, y, _ = place.lamp.predict(own)
        color = light.state.color
        in_gamut = color is None or place.lamp.can_show(color)
        return Preview(place.fixture, own, (x, y), in_gamut, place.lamp.delta_e_of_levels(light, own))


def mistakes(
    fixtures: Sequence[Fixture],
    profiles: Mapping[str, Profile],
    palette: Mapping[str, Color] | None = None,
) -> Iterator[Mistake]:
    """Everything that is wrong with a patch, TWL-F101 to F106; the field `fixture` names the one to change.

    With a palette also TWL-F127, once for each pinned color that is none.
    """
    known = {**BUILT_IN, **profiles}
    taken: dict[int, list[tuple[Fixture, range]]] = {}
    names: set[str] = set()
    for fixture in fixtures:
        if fixture.name in names:
            yield Mistake("TWL-F105", fixture=fixture.name)
        names.add(fixture.name)
        if fixture.profile not in known:
            yield _unknown_profile(fixture, known)
            continue
        channels = range(fixture.address, fixture.address + len(known[fixture.profile].channels))
        if channels.stop - 1 > SLOTS:
            yield _past_the_end(fixture, channels)
        taken.setdefault(_universe(fixture), []).append((fixture, channels))
    for number, places in taken.items():
        yield from _overlaps(number, places)
    if palette is not None:
        yield from _unknown_pinned({f.profile: f for f in reversed(fixtures) if f.profile in known}, known, palette)


def _unknown_pinned(
    users: Mapping[str, Fixture], profiles: Mapping[str, Profile], palette: Mapping[str, Color]
) -> Iterator[Mistake]:
    for name, fixture in users.items():
        for color in profiles[name].pinned:
            try:
                parse_color(color, palette)
            except Mistake as mistake:
                suggestion = mistake.fields.get("suggestion", next(iter(palette), "orange"))
                yield Mistake("TWL-F127", fixture=fixture.name, profile=name, color=color, suggestion=suggestion)


def _overlaps(universe: int, places: Sequence[tuple[Fixture, range]]) -> Iterator[Mistake]:
    """Each fixture that overlaps an earlier one, with the first such, and a free address."""
    used: set[int] = set()
    to_move: list[tuple[Fixture, range, Fixture, range]] = []
    for count, (fixture, own) in enumerate(places):
        pairs = ((other, range(max(own.start, its.start), min(own.stop, its.stop))) for other, its in places[:count])
        shared = next(((other, channels) for other, channels in pairs if channels), None)
        if shared is None:
            used.update(own)
        else:
            to_move.append((fixture, own, *shared))
    for fixture, own, other, channels in to_move:
        free = _free(len(own), used)
        used.update(() if free is None else range(free, free + len(own)))
        yield _overlap(fixture, other, (universe, channels), free)


def _overlap(fixture: Fixture, other: Fixture, where: tuple[int, range], free: int | None) -> Mistake:
    universe, shared = where
    names = {"fixture": fixture.name, "other": other.name}
    fields: dict[str, Any] = {**names, "channels": _span(shared), "universe": universe}
    return Mistake("TWL-F106", **fields) if free is None else Mistake("TWL-F101", free=free, **fields)


def _free(count: int, used: set[int]) -> int | None:
    """The first address with this many free channels."""
    run = 0
    for channel in range(1, SLOTS + 1):
        run = 0 if channel in used else run + 1
        if run == count:
            return channel - count + 1
    return None


def _past_the_end(fixture: Fixture, channels: range) -> Mistake:
    highest = max(1, SLOTS - len(channels) + 1)
    return Mistake("TWL-F102", fixture=fixture.name, channels=_span(channels), highest=highest)


def _unknown_profile(fixture: Fixture, known: Mapping[str, Profile]) -> Mistake:
    names = {name.casefold(): name for name in known}
    near = likeliest(fixture.profile.casefold(), names)
    fields: dict[str, Any] = {"fixture": fixture.name, "profile": fixture.profile, "known": ", ".join(known)}
    return Mistake("TWL-F103", suggestion=names[near], **fields) if near else Mistake("TWL-F107", **fields)


def _span(channels: range) -> str:
    first, last = channels.start, channels.stop - 1
    return str(first) if first == last else f"{first}–{last}"


def _universe(fixture: Fixture) -> int:
    return DEFAULT_UNIVERSE if fixture.universe is None else fixture.universe


def _light(state: Shine) -> Light:
    return state if isinstance(state, Light) else Light.of(state)


def _mean(lights: Sequence[Light]) -> Light:
    parts = (sum(column) / len(lights) for column in zip(*(light.parts for light in lights), strict=True))
    return Light(*parts)


def _differ(lights: Collection[Light], mean: Light) -> bool:
    """Whether any of the lights is visibly different from their mean."""
    lit = [light.brightness > 0 for light in lights]
    return any(lit) != all(lit) or any(light.difference(mean) > VISIBLE for light in lights if light != mean)
