"""The landmark as SVG: each part in the light that its gateways report, under the sky that the sun makes. Pure: no
style, no script, every name escaped; `prefix` keeps the ids of several pictures on one page apart.

A part has the attributes `data-zone`, `data-shown` (`#RRGGBB`, empty where it is dark or nothing is known) and
`data-brightness`. What is not as desired has a dashed line, what is not known now a hatch as well; where the gateways
of a part disagree it is cut into slices by their number.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.config.tower import Tower
from controller.locale import Language, template
from controller.service.clauses import Names, SaidLook, said_look
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health, LookValue
from controller.web.landmark_shapes import AXIS, MOST_LABELLED, SHAPES, PartShape, custom
from controller.web.picture_scenery import GLOW_BELOW_DEG, HEIGHT, WIDTH, scenery
from controller.web.svg import (
    DAY_WALL,
    FONTS,
    NIGHT_WALL,
    blend,
    daylight,
    element,
    full_color,
    light_of,
    on_wall,
    sky,
    text,
)

WORST: tuple[Status, ...] = ("differs", "silent", "unknown", "pending", "confirmed")
"""What a part is said to be, the worst first."""
MOST_SLICES = 4
MOST_TOWER_PARTS = 6
NIGHT_BELOW_DEG = -6.0
LABEL_X, LABEL_WIDTH = 240, 116
LONGEST_LABEL = 16
OUTLINED = frozenset({"differs", "silent", "unknown"})
HATCHED = frozenset({"silent", "unknown"})
UNSEEN = LookValue(on=None)


@dataclass(frozen=True, slots=True)
class PartLight:
    """What a number of gateways report of one part; without a status it is a preview, which nobody reports."""

    look: LookValue
    status: Status | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class PicturePart:
    """One zone: its lights, those of most gateways first; what is desired, and since when it is silent by the
    clock of the place."""

    zone: str
    lights: tuple[PartLight, ...]
    desired: LookValue = UNSEEN
    silent_since: datetime | None = None

    @property
    def status(self) -> Status | None:
        """The worst that its gateways have."""
        found = {light.status for light in self.lights}
        return next((status for status in WORST if status in found), None)

    @property
    def said(self) -> PartLight:
        """The light that is told: of the worst status."""
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
    """The parts as gateways report them. `gateways` are the documents of all gateways, or of those at least that are
    not confirmed, up to as many as the summary names: the others are counted under what it says of them."""
    documents = {each.name: each for each in gateways}
    named = Counter(document.status for document in documents.values())
    hidden = {status: max(0, count - named[status]) for status, count in health.counts.items() if status != "confirmed"}
    mine = Counter(zone for gateway in tower.gateways for zone in gateway.zone_names)
    parts = []
    for zone in tower.zones:
        desired = health.now.looks.get(zone, UNSEEN)
        told = [document.zones[zone] for document in documents.values() if zone in document.zones]
        lights = Counter(PartLight(_bare(each.reported), each.status) for each in told)
        rest = max(0, mine[zone] - len(told))
        for status, count in hidden.items():
            share = min(rest, round(count * mine[zone] / max(1, len(tower.gateways))))
            lights[PartLight(UNSEEN, status)] += share
            rest -= share
        lights[PartLight(_bare(desired), "confirmed")] += rest
        found = tuple(PartLight(one.look, one.status, count) for one, count in lights.most_common() if count)
        zone_at = tower.site.place.time_zone
        since = (each.reported_at.astimezone(zone_at) for each in told if each.status == "silent" and each.reported_at)
        parts.append(PicturePart(zone, found, desired, min(since, default=None)))
    return tuple(parts)


def preview_of(tower: Tower, looks: Mapping[str, LookValue]) -> tuple[PicturePart, ...]:
    """The parts as they would be lit; what has no look is dark."""
    dark = LookValue(on=False, brightness=0.0)
    return tuple(PicturePart(zone, (PartLight(_bare(looks.get(zone, dark))),)) for zone in tower.zones)


def _bare(look: LookValue) -> LookValue:
    return look.model_copy(update={"rule": None, "levels": None})


def picture(scene: PictureScene, language: Language, *, prefix: str = "p", labels: bool = True) -> str:
    """The picture as an element `svg` with `role="img"`, a title and a text for those who hear it."""
    return "".join(_Drawing(scene, language, prefix).elements(labels))


class _Drawing:
    """One picture."""

    def __init__(self, scene: PictureScene, language: Language, prefix: str) -> None:
        self._scene, self._language, self._prefix = scene, language, prefix
        self._day = daylight(scene.sun_deg)
        self._wall = blend(NIGHT_WALL, DAY_WALL, self._day)
        count = max(1, len(scene.parts))
        shape = scene.shape if scene.shape in SHAPES else "water-tower"
        if shape == "water-tower" and count > MOST_TOWER_PARTS:
            shape = "facade"
        file = scene.names.landmark.file
        own = file.drawing if file is not None and scene.shape == "custom" else None
        self._shape = custom(own) if own is not None else SHAPES[shape](count)
        self._is_preview = all(part.status is None for part in scene.parts)

    def elements(self, labels: bool) -> Iterator[str]:
        scene = self._scene
        shown = labels and len(scene.parts) <= MOST_LABELLED
        title = "title_preview" if self._is_preview else "title"
        who = scene.names.subject(self._language)
        yield element(
            "svg",
            element("title", text(self._say(title, who=who)), id=self._id("title")),
            element("desc", text(" ".join(self._said())), id=self._id("desc")),
            element("defs", *self._definitions()),
            *scenery(scene.sun_deg, self._url("sky")),
            *self._glows(),
            *self._tower(),
            *(self._labels() if shown else ()),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            aria_labelledby=f"{self._id('title')} {self._id('desc')}",
            font_family=FONTS,
            preserveAspectRatio="xMidYMax slice",
        )

    def _id(self, name: object) -> str:
        return f"{self._prefix}-{name}"

    def _url(self, name: object) -> str:
        return f"url(#{self._id(name)})"

    # Sky and ground

    def _definitions(self) -> Iterator[str]:
        top, bottom = sky(self._scene.sun_deg)
        yield _gradient(self._id("sky"), ((0, top, 1), (1, bottom, 1)), x2=0, y2=1)
        shade = ((0, "#000", 0.42), (0.3, "#000", 0.04), (0.42, "#FFF", 0.1), (0.6, "#000", 0.02), (1, "#000", 0.5))
        yield _gradient(self._id("shade"), shade, x2=1, y2=0)
        hatch = element("path", d="M0 0V8", stroke="#0B0F18", stroke_width=3.4, stroke_opacity=0.85)
        light = element("path", d="M3.4 0V8", stroke="#FFF", stroke_width=1.2, stroke_opacity=0.7)
        yield element(
            "pattern", hatch, light, id=self._id("hatch"), width=8, height=8, patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        )  # fmt: skip
        if self._scene.sun_deg < GLOW_BELOW_DEG:
            for at, part in enumerate(self._scene.parts):
                brightest = max(part.lights, key=lambda light: light_of(light.look), default=PartLight(UNSEEN))
                if strength := 0.5 * light_of(brightest.look) ** 0.5:
                    color = full_color(brightest.look)
                    stops = ((0, color, strength), (0.55, color, strength * 0.36), (1, color, 0))
                    yield _gradient(self._id(f"glow{at}"), stops, kind="radialGradient")
        for at, part in enumerate(self._scene.parts):
            if len(part.lights) > 1:
                yield _gradient(self._id(f"slices{at}"), self._stops(part), x2=1, y2=0)
                for number, (start, end, _) in enumerate(_slices(part)):
                    box = element("rect", x=start, y=0, width=end - start, height=1)
                    yield element("clipPath", box, id=self._id(f"clip{at}-{number}"), clipPathUnits="objectBoundingBox")

    def _stops(self, part: PicturePart) -> tuple[tuple[float, str, float], ...]:
        """Hard borders between the slices."""
        return tuple(
            (at, on_wall(light.look, self._wall), 1) for start, end, light in _slices(part) for at in (start, end)
        )

    def _glows(self) -> Iterator[str]:
        if self._scene.sun_deg >= GLOW_BELOW_DEG:
            return
        for at, (part, shape) in enumerate(zip(self._scene.parts, self._shape.parts, strict=False)):
            if any(light_of(light.look) for light in part.lights):
                x, y, wide, high = shape.glow
                yield element("ellipse", cx=x, cy=y, rx=wide, ry=high, fill=self._url(f"glow{at}"))

    # The landmark

    def _tower(self) -> Iterator[str]:
        parts = list(enumerate(zip(self._scene.parts, self._shape.parts, strict=False)))
        yield self._shape.behind
        if self._shape.roof:
            yield element("path", d=self._shape.roof, fill=blend("#191E27", "#4A5260", self._day))
        for at, (part, shape) in parts:
            yield from self._zone(at, part, shape)
        for _, (_, shape) in parts if self._shape.is_round else ():
            yield element("path", d=shape.path, fill=self._url("shade"))
        yield self._shape.over
        for at, (part, shape) in parts:
            yield from self._marks(at, part, shape)
        if self._scene.is_stopped:
            yield self._padlock()

    def _zone(self, at: int, part: PicturePart, shape: PartShape) -> Iterator[str]:
        """A part in its light; its attributes say the light of most gateways, or of the worst."""
        look = part.said.look
        brightness = look.brightness if look.brightness is not None else 1.0
        for path, transform in shape.outlines:
            yield element(
                "path",
                class_="zone",
                d=path,
                transform=transform,
                fill=self._url(f"slices{at}") if len(part.lights) > 1 else on_wall(look, self._wall),
                data_zone=part.zone,
                data_status=part.status,
                data_shown=(look.color or full_color(look)) if look.on else "",
                data_brightness="" if look.on is None else float(brightness if look.on else 0),
            )

    def _marks(self, at: int, part: PicturePart, shape: PartShape) -> Iterator[str]:
        """The hatch over what is not known now, and the line around what is not as desired."""
        slices = list(_slices(part))
        for number, (_, _, light) in enumerate(slices):
            if light.status in HATCHED:
                clip = self._url(f"clip{at}-{number}") if len(slices) > 1 else None
                for path, transform in shape.outlines:
                    yield element("path", d=path, fill=self._url("hatch"), clip_path=clip, transform=transform)
        if part.status in OUTLINED:
            for path, transform in shape.outlines:
                line = {"d": path, "transform": transform, "fill": "none", "stroke_linejoin": "round"}
                still = {"vector_effect": "non-scaling-stroke"} if transform else {}
                yield element("path", **line, **still, stroke="#0B0F18", stroke_width=5)
                yield element("path", **line, **still, stroke="#FFF", stroke_width=2.5, stroke_dasharray="7 5")

    def _padlock(self) -> str:
        """A safety stop holds."""
        box = element("rect", x=AXIS - 13, y=134, width=26, height=20, rx=4, fill="#FFF")
        bow = element("path", d="M142 134v-6a8 8 0 0 1 16 0v6", fill="none", stroke="#FFF", stroke_width=4)
        hole = element("path", d="M150 140a3 3 0 0 1 1.5 5.6V149h-3v-3.4A3 3 0 0 1 150 140z", fill="#9B1519")
        return element("circle", cx=AXIS, cy=140, r=25, fill="#0B0F18", fill_opacity=0.84) + bow + box + hole

    # Words

    def _labels(self) -> Iterator[str]:
        count = len(self._scene.parts)
        high = 38.0 if count <= MOST_TOWER_PARTS else 20.0
        wanted = [shape.anchor[1] - high / 2 - 6 for shape in self._shape.parts[:count]]
        for part, shape, top in zip(self._scene.parts, self._shape.parts, _apart(wanted, high + 4), strict=False):
            x, y = shape.anchor
            middle = top + high / 2
            line = element(
                "path", d=f"M{x:g} {y:g}L{LABEL_X} {middle:g}", stroke="#FFF", stroke_opacity=0.85, stroke_width=1.2
            )
            dot = element("circle", cx=x, cy=y, r=2.6, fill="#FFF")
            box = element(
                "rect", x=LABEL_X, y=top, width=LABEL_WIDTH, height=high, rx=7, fill="#0B0F18", fill_opacity=0.84
            )
            yield element("g", line, dot, box, *self._lines(part, top, high), aria_hidden="true")

    def _lines(self, part: PicturePart, top: float, high: float) -> Iterator[str]:
        name = _cut(self._scene.names.title(part.zone, self._language), LONGEST_LABEL)
        state = self._state(part)
        if high < 30:
            words = _cut(f"{name}: {state}", LONGEST_LABEL + 6)
            yield element("text", text(words), x=LABEL_X + 7, y=top + 14, font_size=10.5, fill="#FFF")
            return
        mark = " ▲" if part.status == "differs" else ""
        yield element("text", text(name + mark), x=LABEL_X + 10, y=top + 16, font_size=13, font_weight=650, fill="#FFF")
        yield element(
            "text", text(_cut(state, LONGEST_LABEL + 4)), x=LABEL_X + 10, y=top + 31, font_size=12, fill="#E4E7EC"
        )

    def _state(self, part: PicturePart) -> str:
        """The second line of a label."""
        how = self._how(part.said.look)
        if part.status == "silent" and part.silent_since is not None:
            return self._say("label.silent_since", time=f"{part.silent_since:%H:%M}")
        return self._say(f"label.{part.status or 'shown'}", how=how)

    def _said(self) -> Iterator[str]:
        """The picture in words."""
        height = self._scene.sun_deg
        yield self._say("sky.night" if height < NIGHT_BELOW_DEG else "sky.twilight" if height < 0 else "sky.day")
        if self._scene.is_stopped:
            yield self._say("said.stopped")
        for part in self._scene.parts[:MOST_LABELLED]:
            who = self._scene.names.title(part.zone, self._language)
            how, wanted = self._how(part.said.look), self._how(part.desired)
            yield self._say(f"said.{part.status or 'shown'}", who=who, how=how, wanted=wanted)
        if len(self._scene.parts) > MOST_LABELLED:
            yield self._say("more", count=len(self._scene.parts) - MOST_LABELLED)

    def _how(self, look: LookValue) -> str:
        said: SaidLook = said_look(look, self._scene.names.palette, self._language)
        return said.how if said.kind == "color" else self._say(f"label.{said.kind}", how=said.how)

    def _say(self, key: str, **fields: object) -> str:
        return template(self._language, "picture", key).format_map(fields)


def _slices(part: PicturePart) -> Iterator[tuple[float, float, PartLight]]:
    """Where each light of a part begins and ends, 0..1; of more than MOST_SLICES those of most gateways, and always one
    of the worst status."""
    kept = list(part.lights[:MOST_SLICES])
    if part.said not in kept and part.lights:
        kept[-1] = part.said
    total = sum(light.count for light in kept)
    start = 0.0
    for light in kept:
        # a single gateway among many is still seen
        share = max(light.count / total, 0.08)
        share /= sum(max(each.count / total, 0.08) for each in kept)
        yield start, start + share, light
        start += share


def _gradient(name: str, stops: Sequence[tuple[float, str, float]], kind: str = "linearGradient", **axis: int) -> str:
    ends = {"x1": 0, "y1": 0, **axis} if axis else {}
    drawn = (
        element("stop", offset=float(at), stop_color=color, stop_opacity=float(opacity) if opacity < 1 else None)
        for at, color, opacity in stops
    )
    return element(kind, *drawn, id=name, **ends)


def _apart(wanted: Sequence[float], high: float) -> list[float]:
    """The tops of labels, as near to where they are wanted as they can lie one below another."""
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
