"""`schedule.yaml` as values: rules that carry their looks.

A colour of the file becomes what each zone of the tower shows, so that nothing after this asks the palette again. The
validators take `palette` and `zones` of the tower from the validation context; without zones (the tower's file is
broken) the colours are checked all the same.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from controller.config import color_texts
from controller.config.public_texts import About, Link
from controller.config.synonyms import near
from controller.config.tower import Parts, Version, is_triple, no_color, zone_named, zones_in_words
from controller.config.tower_keys import Keys
from controller.durations import DurationField
from controller.errors import Mistake, readable
from controller.lighting.color import Color, known_color, parse_color
from controller.lighting.look import SHORTEST_STEP_S, Look, parse_brightness
from controller.lighting.names import DARK_WORDS
from controller.locale import languages
from controller.schedule.campaign import Blackout, EveryNight, Limit, Lit

Colors = tuple[Color, ...]
"""None is dark, one is steady, several come one after another."""


def _color(value: object, info: ValidationInfo) -> object:
    return parse_color(value, (info.context or {}).get("palette", {})) if isinstance(value, str) else value


def _known_zone(zone: str, info: ValidationInfo) -> str:
    """The zone that is meant, by its own name or the one that people use; raises Mistake TWL-S068 or S136."""
    zones = (info.context or {}).get("zones")
    if zones is None or zone in zones:
        return zone
    parts: Parts = (info.context or {}).get("parts", {})
    if (meant := zone_named(zone, parts)) in zones:
        return meant
    known = zones_in_words(zones, parts)
    suggestion = near(zone, (*zones, *(name for names in parts.values() for name in names.values())))
    if suggestion is None:
        raise Mistake("TWL-S068", zone=zone, zones=known)
    raise Mistake("TWL-S136", zone=zone, suggestion=suggestion, zones=known)


def _one_or_several(value: object, info: ValidationInfo) -> Colors:
    """What one zone shows."""
    if isinstance(value, str):
        if value.strip().casefold() in DARK_WORDS:
            return ()
        if not value.strip():
            raise Mistake("TWL-S013", key="color")
        if not _is_color(value, info) and (colors := color_texts.several(value, partial(_is_color, info=info))):
            raise Mistake("TWL-S190", suggestion=color_texts.listed(colors))
        return (ONE.validate_python(value, context=info.context),)
    if not isinstance(value, list) or is_triple(value):
        raise no_color(value)
    if any(not isinstance(part, str) or part.strip().casefold() in DARK_WORDS for part in value):
        raise Mistake("TWL-S073")
    parts = [color_texts.several(part, partial(_is_color, info=info)) or [part] for part in value]
    if any(len(part) > 1 and not _is_color(text, info) for text, part in zip(value, parts, strict=True)):
        raise Mistake("TWL-S190", suggestion=color_texts.listed(chain(*parts)))
    return SEVERAL.validate_python(value, context=info.context)


def _zone_names(info: ValidationInfo) -> color_texts.ZoneNames:
    """What people call the zones, by language."""
    context = info.context or {}
    zones, parts = context.get("zones") or ("bowl", "shaft"), context.get("parts", {})
    return {each: [parts.get(zone, {}).get(each, zone) for zone in zones] for each in languages()}


def _is_zone(text: str, info: ValidationInfo) -> bool:
    try:
        return (info.context or {}).get("zones") is not None and bool(_known_zone(text, info))
    except Mistake as mistake:
        return mistake.code == "TWL-S136"  # a slip, which is then reported as that


def _is_color(text: str, info: ValidationInfo) -> bool:
    return readable(known_color, text.strip(), (info.context or {}).get("palette", {})) is not None


def _is_each_zone_once(value: Mapping[str, object], info: ValidationInfo) -> None:
    """Raises Mistake TWL-S161 where two keys are the same zone, once by its own name and once by people's."""
    parts: Parts = (info.context or {}).get("parts", {})
    first: dict[str, str] = {}
    for word in value:
        if (other := first.setdefault(zone_named(word, parts), word)) != word:
            raise Mistake("TWL-S161", zone=word, other=other)


def _by_zone(value: object, info: ValidationInfo) -> object:
    """`bowl: red, shaft: blue`, a zone without a colour following the rules below; or one colour for all zones."""
    if value == {}:
        raise Mistake("TWL-S013", key="color")
    if isinstance(value, dict):
        _is_each_zone_once(value, info)
        return ZONES.validate_python(value, context=info.context)
    if isinstance(value, str) and value.strip().casefold() not in DARK_WORDS and not _is_color(value, info):
        mistake = color_texts.in_words(
            value, _zone_names(info), partial(_is_zone, info=info), partial(_is_color, info=info)
        )
        if mistake is not None:
            raise mistake
    if isinstance(value, list) and value and all(isinstance(part, dict) and part for part in value):
        pairs = [pair for part in value for pair in part.items()]  # `[bowl: red, shaft: blue]`
        if all(isinstance(color, str) for _, color in pairs):
            raise Mistake("TWL-S065", braced=color_texts.braced(pairs))
    colors = _one_or_several(value, info)
    return dict.fromkeys((info.context or {}).get("zones") or ("",), colors)


OneColor = Annotated[Color, BeforeValidator(_color)]
ONE: TypeAdapter[Color] = TypeAdapter(OneColor)
SEVERAL: TypeAdapter[Colors] = TypeAdapter(Annotated[tuple[OneColor, ...], Field(min_length=1)])
ZONES: TypeAdapter[dict[str, Colors]] = TypeAdapter(
    dict[Annotated[str, AfterValidator(_known_zone)], Annotated[Colors, BeforeValidator(_one_or_several)]]
)

ONE_OR_SEVERAL = [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
ByZone = Annotated[
    Mapping[str, Colors],
    BeforeValidator(_by_zone),
    WithJsonSchema(
        {
            "anyOf": [
                *ONE_OR_SEVERAL,
                {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": ONE_OR_SEVERAL}},
            ],
            "examples": ["orange", "#FF6A00", "2700 K", "dark", ["red", "blue"], {"bowl": "yellow", "shaft": "blue"}],
        }
    ),
]
Brightness = Annotated[
    float,
    BeforeValidator(lambda value: parse_brightness(value) if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "examples": ["100 %", "80 %"]}),
]


class Shows(BaseModel):
    """What a rule shows: the keywords that turn into a look for each zone."""

    brightness: Brightness = 1.0
    change_every: DurationField | None = None
    color: ByZone

    @field_validator("otherwise", mode="before", check_fields=False)
    @classmethod
    def _in_any_word_for_dark(cls, value: object) -> object:
        return "dark" if isinstance(value, str) and value.strip().casefold() in DARK_WORDS else value

    @field_validator("change_every")
    @classmethod
    def _never_flashes(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value.total_seconds() < SHORTEST_STEP_S:
            raise Mistake("TWL-S130", value=f"{value.total_seconds():g} s", shortest_s=SHORTEST_STEP_S)
        return value

    @field_validator("color")
    @classmethod
    def _changes_with_a_pace(cls, value: Mapping[str, Colors], info: ValidationInfo) -> Mapping[str, Colors]:
        changes = any(len(colors) > 1 for colors in value.values())
        if changes and info.data.get("change_every", ...) is None:
            first, *others = value.values()
            if others and all(colors == first for colors in others):  # one list for all zones
                written = [color.name or color.hex for color in first]
                raise Mistake("TWL-S180", by_zone=color_texts.of_zones(written, _zone_names(info)))
            raise Mistake("TWL-S066")
        if not changes and info.data.get("change_every") is not None:
            raise Mistake("TWL-S067")
        return value

    @property
    def looks(self) -> Mapping[str, Look]:
        """What each zone shows; a zone that is not named follows the rules below."""
        pace_s = self.change_every.total_seconds() if self.change_every else 0.0
        return {zone: Look(colors, self.brightness, pace_s) for zone, colors in self.color.items()}


class Campaign(Shows, Lit):
    """A named rule: which days, which hours, which look; and what the public is told of it."""

    about: About | None = None
    link: Link | None = None


class Nightly(Shows, EveryNight):
    """What is shown when no campaign is."""


class BrightnessLimit(Limit):
    """The highest brightness of whatever is shown on some days and hours."""

    brightness: Brightness


class Schedule(Keys):
    """The whole of `schedule.yaml`; of two campaigns the higher one wins."""

    version: Version
    campaigns: tuple[Campaign, ...] = ()
    every_night: tuple[Nightly, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    limits: tuple[BrightnessLimit, ...] = ()
