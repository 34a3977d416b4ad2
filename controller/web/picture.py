"""The landmark as SVG: each part in the light that its gateways report, under the sky as the sun makes it. Pure: no
style, no script, every name escaped.

A part has the attributes `data-zone`, `data-shown` (`#RRGGBB`, empty if it is dark or nothing is known) and
`data-brightness`. A part that is not as desired has a dashed outline, a part whose light is not known now is hatched
as well; where the gateways of a part disagree it is cut into slices by their number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from controller.config.tower import Tower
from controller.locale import Language, template
from controller.service.clauses import LookPhrase, Names, look_phrase
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health, LookValue
from controller.web.landmark_shapes import MOST_LABELLED, SHAPES, LandmarkShape, PartShape, custom
from controller.web.svg import DAY_WALL, NIGHT_WALL, blend, daylight, drawn, full_color, light_of, on_wall, sky

WORST: tuple[Status, ...] = ("differs", "silent", "unknown", "pending", "confirmed")
"""The statuses, the worst first; a part has the worst of its gateways."""
MOST_SLICES = 4
MOST_TOWER_PARTS = 6
NIGHT_BELOW_DEG = -6.0
HEIGHT = 300
GLOW_BELOW_DEG, STARS_BELOW_DEG = -0.8, -9.0
LABEL_HEIGHT, LOW_LABEL_HEIGHT = 38.0, 20.0
LONGEST_LABEL = 16
LAND = {
    "hills": ("#0C1026", "#8499A6"),
    "near": ("#080B1A", "#6F8570"),
    "roofs": ("#05070F", "#6B5A50"),
    "trees": ("#04060D", "#42593F"),
    "ground": ("#03050B", "#56684A"),
    "roof": ("#191E27", "#4A5260"),
}
"""Surroundings of the landmark, and its own roof: their colours by night and by day."""
OUTLINED = frozenset({"differs", "silent", "unknown"})
HATCHED = frozenset({"silent", "unknown"})
UNSEEN = LookValue(on=None)


@dataclass(frozen=True, slots=True)
class PartLight:
    """A light that several gateways report for one part; without a status in a preview, which no gateway reports."""

    look: LookValue
    status: Status | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class PicturePart:
    """One zone: its lights, that of most gateways first; the desired light, and since when it is silent by the clock
    of the place."""

    zone: str
    lights: tuple[PartLight, ...]
    desired: LookValue = UNSEEN
    silent_since: datetime | None = None

    @property
    def status(self) -> Status | None:
        """The worst status of its gateways."""
        found = {light.status for light in self.lights}
        return next((status for status in WORST if status in found), None)

    @property
    def worst_light(self) -> PartLight:
        """The light with the worst status: the one that texts name."""
        return next((light for light in self.lights if light.status == self.status), PartLight(UNSEEN))


@dataclass(frozen=True)
class PictureScene:
    """What a picture shows: the parts from above, the `shape` of `landmark:`, the height of the sun in degrees."""

    names: Names
    parts: tuple[PicturePart, ...]
    shape: str
    sun_deg: float
    is_stopped: bool = False


def parts_of(tower: Tower, health: Health, gateways: Iterable[GatewayHealth]) -> tuple[PicturePart, ...]:
    """The parts as gateways report them. `gateways` are the documents of all gateways, or at least of those that are
    not confirmed, up to as many as the summary names; the others are counted by the summary."""
    documents = {each.name: each for each in gateways}
    named = Counter(document.status for document in documents.values())
    hidden = {status: max(0, count - named[status]) for status, count in health.counts.items() if status != "confirmed"}
    mine = Counter(zone for gateway in tower.gateways for zone in gateway.zone_names)
    parts = []
    for zone in tower.zones:
        desired = health.now.looks.get(zone, UNSEEN)
        reported = [document.zones[zone] for document in documents.values() if zone in document.zones]
        lights = Counter(PartLight(_bare(each.reported), each.status) for each in reported)
        rest = max(0, mine[zone] - len(reported))
        for status, count in hidden.items():
            share = min(rest, round(count * mine[zone] / max(1, len(tower.gateways))))
            lights[PartLight(UNSEEN, status)] += share
            rest -= share
        lights[PartLight(_bare(desired), "confirmed")] += rest
        found = tuple(PartLight(one.look, one.status, count) for one, count in lights.most_common() if count)
        zone_at = tower.site.place.time_zone
        since = (
            each.reported_at.astimezone(zone_at) for each in reported if each.status == "silent" and each.reported_at
        )
        parts.append(PicturePart(zone, found, desired, min(since, default=None)))
    return tuple(parts)


def preview_of(tower: Tower, looks: Mapping[str, LookValue]) -> tuple[PicturePart, ...]:
    """The parts as they would be lit; a part without a look is dark."""
    dark = LookValue(on=False, brightness=0.0)
    return tuple(PicturePart(zone, (PartLight(_bare(looks.get(zone, dark))),)) for zone in tower.zones)


def _bare(look: LookValue) -> LookValue:
    return look.model_copy(update={"rule": None, "levels": None})


def picture(scene: PictureScene, language: Language, *, labels: bool = True) -> str:
    """The picture as an `svg` element with `role="img"`, a title and a text for screen readers."""
    words = PictureWords(scene, language)
    day = daylight(scene.sun_deg)
    shape = _shape_of(scene)
    pairs = zip(scene.parts, shape.parts, strict=False)
    parts = [_drawn_part(scene, each, number, of) for number, (each, of) in enumerate(pairs)]
    height = LABEL_HEIGHT if len(scene.parts) <= MOST_TOWER_PARTS else LOW_LABEL_HEIGHT
    return drawn(
        "picture",
        id="p",
        title=words.title,
        desc=" ".join(words.sentences()),
        sky=sky(scene.sun_deg),
        stars=min(1.0, (STARS_BELOW_DEG - scene.sun_deg) / 5) * 0.8 if scene.sun_deg < STARS_BELOW_DEG else 0,
        land={name: blend(night, noon, day) for name, (night, noon) in LAND.items()},
        is_dark=scene.sun_deg < GLOW_BELOW_DEG,
        is_stopped=scene.is_stopped,
        shape=shape,
        parts=parts,
        labels=list(_labels(words, shape, height)) if labels and len(scene.parts) <= MOST_LABELLED else [],
        label_height=height,
    )


def _shape_of(scene: PictureScene) -> LandmarkShape:
    """The shape that the site asks for; a water tower with many parts would be unreadable."""
    count, file = max(1, len(scene.parts)), scene.names.landmark.file
    if scene.shape == "custom" and file is not None and file.drawing is not None:
        return custom(file.drawing)
    shape = scene.shape if scene.shape in SHAPES else "water-tower"
    return SHAPES["facade" if shape == "water-tower" and count > MOST_TOWER_PARTS else shape](count)


class PartGlow(NamedTuple):
    """The light around a part."""

    color: str
    strength: float


class PartSlice(NamedTuple):
    """One light of a part: its start and end, 0..1, and the colour of the wall in it."""

    number: int
    start: float
    end: float
    color: str
    is_hatched: bool


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """A part as it is drawn: its data is the light of most gateways, or the worst; `slices` are all its lights."""

    number: int
    zone: str
    status: Status | None
    shape: PartShape
    color: str
    shown: str
    brightness: float | str
    slices: tuple[PartSlice, ...]
    glow: PartGlow | None
    is_outlined: bool


def _drawn_part(scene: PictureScene, part: PicturePart, number: int, shape: PartShape) -> DrawnPart:
    wall = blend(NIGHT_WALL, DAY_WALL, daylight(scene.sun_deg))
    look = part.worst_light.look
    lit = look.brightness if look.brightness is not None else 1.0
    brightest = max(part.lights, key=lambda light: light_of(light.look), default=PartLight(UNSEEN)).look
    strength = 0.5 * light_of(brightest) ** 0.5 if scene.sun_deg < GLOW_BELOW_DEG else 0.0
    return DrawnPart(
        number,
        part.zone,
        part.status,
        shape,
        color=on_wall(look, wall),
        shown=(look.color or full_color(look)) if look.on else "",
        brightness="" if look.on is None else float(lit if look.on else 0),
        slices=tuple(
            PartSlice(place, start, end, on_wall(light.look, wall), light.status in HATCHED)
            for place, (start, end, light) in enumerate(_slices(part))
        ),
        glow=PartGlow(full_color(brightest), strength) if strength else None,
        is_outlined=part.status in OUTLINED,
    )


# Words


@dataclass(frozen=True, slots=True)
class PictureLabel:
    """A label beside the picture; with room for one line only, `name` holds everything."""

    anchor: tuple[float, float]
    top: float
    name: str
    state: str = ""


def _labels(words: "PictureWords", shape: LandmarkShape, height: float) -> Iterator[PictureLabel]:
    parts = words.scene.parts
    tops = _apart([each.anchor[1] - height / 2 - 6 for each in shape.parts[: len(parts)]], height + 4)
    for part, of, top in zip(parts, shape.parts, tops, strict=False):
        name, state = _cut(words.name(part), LONGEST_LABEL), words.state(part)
        if height == LOW_LABEL_HEIGHT:
            yield PictureLabel(of.anchor, top, _cut(f"{name}: {state}", LONGEST_LABEL + 6))
        else:
            mark = " ▲" if part.status == "differs" else ""
            yield PictureLabel(of.anchor, top, name + mark, _cut(state, LONGEST_LABEL + 4))


@dataclass(frozen=True, slots=True)
class PictureWords:
    """A picture in words."""

    scene: PictureScene
    language: Language

    @property
    def title(self) -> str:
        """Name of the landmark; a preview is marked as such."""
        is_preview = all(part.status is None for part in self.scene.parts)
        return self._text("title_preview" if is_preview else "title", who=self.scene.names.subject(self.language))

    def name(self, part: PicturePart) -> str:
        """What people call a part."""
        return self.scene.names.title(part.zone, self.language)

    def state(self, part: PicturePart) -> str:
        """The second line of a label."""
        if part.status == "silent" and part.silent_since is not None:
            return self._text("label.silent_since", time=f"{part.silent_since:%H:%M}")
        return self._text(f"label.{part.status or 'shown'}", how=self._how(part.worst_light.look))

    def sentences(self) -> Iterator[str]:
        """Everything the picture shows, for those who cannot see it."""
        height, parts = self.scene.sun_deg, self.scene.parts
        yield self._text("sky.night" if height < NIGHT_BELOW_DEG else "sky.twilight" if height < 0 else "sky.day")
        if self.scene.is_stopped:
            yield self._text("said.stopped")
        for part in parts[:MOST_LABELLED]:
            how, wanted = self._how(part.worst_light.look), self._how(part.desired)
            yield self._text(f"said.{part.status or 'shown'}", who=self.name(part), how=how, wanted=wanted)
        if len(parts) > MOST_LABELLED:
            yield self._text("more", count=len(parts) - MOST_LABELLED)

    def _how(self, look: LookValue) -> str:
        words: LookPhrase = look_phrase(look, self.scene.names.palette, self.language)
        return words.how if words.kind == "color" else self._text(f"label.{words.kind}", how=words.how)

    def _text(self, key: str, **fields: object) -> str:
        return template(self.language, "picture", key).format_map(fields)


def _slices(part: PicturePart) -> Iterator[tuple[float, float, PartLight]]:
    """Start and end of each light of a part, 0..1; of more than MOST_SLICES those of most gateways, and always one of
    the worst status."""
    kept = list(part.lights[:MOST_SLICES])
    if part.worst_light not in kept and part.lights:
        kept[-1] = part.worst_light
    total = sum(light.count for light in kept)
    start = 0.0
    for light in kept:
        # a single gateway among many is still visible
        share = max(light.count / total, 0.08)
        share /= sum(max(each.count / total, 0.08) for each in kept)
        yield start, start + share, light
        start += share


def _apart(wanted: Sequence[float], high: float) -> list[float]:
    """Tops of labels, as near to the wanted ones as they fit below each other."""
    tops: list[float] = []
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed = dict.fromkeys(range(len(wanted)), 0.0)
    for at in order:
        tops.append(max(8.0, wanted[at], tops[-1] + high if tops else 0.0))
    over = (tops[-1] + high - (HEIGHT - 4)) if tops else 0.0
    for number in range(len(tops) - 1, -1, -1):
        limit = HEIGHT - 4 - high * (len(tops) - number)
        tops[number] = min(tops[number], limit) if over > 0 else tops[number]
        placed[order[number]] = tops[number]
    return [placed[at] for at in range(len(wanted))]


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"
