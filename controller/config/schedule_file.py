"""`schedule.yaml` as values: rules with their looks.

A colour of the file becomes what each zone of the tower shows, so that nothing after this needs the palette. The
validators take `palette` and `zones` of the tower from the validation context; without zones (the tower's file is
broken) the colours are checked all the same. For a text that is no colour nothing is guessed: the finding shows how its
probable meaning is written, as several colours, by zone or with a brightness; both if there are two.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain, product
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

from controller.config.public_texts import About, Link
from controller.config.synonyms import near
from controller.config.tower import Parts, Version, is_triple, no_color, zone_named, zones_in_words
from controller.config.tower_keys import Keys
from controller.durations import DurationField
from controller.errors import Mistake, readable
from controller.events.models import InEachLanguage
from controller.lighting.color import Color, known_color, parse_color
from controller.lighting.look import SHORTEST_STEP_S, Look, parse_brightness
from controller.lighting.names import DARK_WORDS, plain
from controller.locale import languages
from controller.schedule.campaign import Blackout, EveryNight, Limit, Lit

Colors = tuple[Color, ...]
"""Empty is dark, one is steady, several alternate."""
SEPARATOR = re.compile(
    r"\s*[,;/+&|]\s*(?:(?:och|and)\s+)?|\s+(?:och|and|samt|med|with|eller|or|till|to|[-–—])\s+|\s+", re.I
)
BETWEEN_PAIRS = re.compile(r"\s*[,;/&|]\s*(?:(?:och|and)\s+)?|\s+(?:och|and|samt)\s+", re.IGNORECASE)
PAIR = re.compile(r"(?P<zone>[^\W\d][\w-]*)(?:\s*[:=]\s*|\s+)(?P<color>\S.*)")
FRAME = re.compile(r"[(<\[{]+(?P<inner>.*?)[)>\]}]+", re.DOTALL)
PERCENT = re.compile(
    r"(?P<color>.*?\S)\s*[,;]?\s+(?:(?:at|på|med|with|i)\s+)?(?P<percent>[0-9]{1,3})\s*(?:%|procent|percent)", re.I
)
FILLING = frozenset(
    ("blandat", "varannan", "växla", "växlande", "omväxlande", "alternating", "färg", "färger", "colors", "colours")
)
"""Words beside the names of several colours that add nothing."""
UNNAMED_COLORS = re.compile(
    "regnbåg|rainbow|pride|flagg|\\bflag\\b|flerfärg|färgglad|multi-?colou?r|(?:alla|olika) färger|all colou?rs",
    re.IGNORECASE,
)
"""Words for colours without naming them."""
MOST_COLORS = 8
"""A text with more parts is no list of colours."""
SHORTEST_NAME = 3


def _color(value: object, info: ValidationInfo) -> object:
    return parse_color(value, (info.context or {}).get("palette", {})) if isinstance(value, str) else value


def _known_zone(zone: str, info: ValidationInfo) -> str:
    """The zone, by its own name or people's; raises Mistake TWL-S068 or S136."""
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
    """The colours of one zone."""
    if isinstance(value, str):
        if value.strip().casefold() in DARK_WORDS:
            return ()
        if not value.strip():
            raise Mistake("TWL-S013", key="color")
        if not _is_color(value, info) and (colors := _several(value, info)):
            raise Mistake("TWL-S190", suggestion=_listed(colors))
        return (ONE.validate_python(value, context=info.context),)
    if not isinstance(value, list) or is_triple(value):
        raise no_color(value)
    if any(not isinstance(part, str) or part.strip().casefold() in DARK_WORDS for part in value):
        raise Mistake("TWL-S073")
    parts = [_several(part, info) or [part] for part in value]
    if any(len(part) > 1 and not _is_color(text, info) for text, part in zip(value, parts, strict=True)):
        raise Mistake("TWL-S190", suggestion=_listed(chain(*parts)))
    return SEVERAL.validate_python(value, context=info.context)


def _is_zone(text: str, info: ValidationInfo) -> bool:
    try:
        return (info.context or {}).get("zones") is not None and bool(_known_zone(text, info))
    except Mistake as mistake:
        return mistake.code == "TWL-S136"  # a typing error, which is then reported as that


def _is_color(text: str, info: ValidationInfo) -> bool:
    return readable(known_color, text.strip(), (info.context or {}).get("palette", {})) is not None


def _is_each_zone_once(value: Mapping[str, object], info: ValidationInfo) -> None:
    """Raises Mistake TWL-S161 if two keys are the same zone, once by its own name and once by people's."""
    parts: Parts = (info.context or {}).get("parts", {})
    first: dict[str, str] = {}
    for word in value:
        if (other := first.setdefault(zone_named(word, parts), word)) != word:
            raise Mistake("TWL-S161", zone=word, other=other)


def _by_zone(value: object, info: ValidationInfo) -> object:
    """`bowl: red, shaft: blue`, where a zone without a colour follows the rules below; or one colour for all zones."""
    if value == {}:
        raise Mistake("TWL-S013", key="color")
    if isinstance(value, dict):
        _is_each_zone_once(value, info)
        return ZONES.validate_python(value, context=info.context)
    if isinstance(value, str) and value.strip().casefold() not in DARK_WORDS and not _is_color(value, info):
        mistake = _meant_by(value, info)
        if mistake is not None:
            raise mistake
    if isinstance(value, list) and value and all(isinstance(part, dict) and part for part in value):
        pairs = [pair for part in value for pair in part.items()]  # `[bowl: red, shaft: blue]`
        if all(isinstance(color, str) for _, color in pairs):
            raise Mistake("TWL-S065", braced=_braced(pairs))
    colors = _one_or_several(value, info)
    return dict.fromkeys((info.context or {}).get("zones") or ("",), colors)


# What was meant by a text that is no colour


def _braced(pairs: Iterable[tuple[str, str]]) -> str:
    """Colours by zone as the file writes them; `#` begins a comment outside quotes."""
    return f"{{{', '.join(f'{zone}: {_as_written(color)}' for zone, color in pairs)}}}"


def _as_written(color: str) -> str:
    """A colour as written in the file."""
    return f'"{color}"' if color.startswith("#") or "," in color else color


def _listed(colors: Iterable[str]) -> str:
    """A list of colours as written in the file."""
    return f"[{', '.join(map(_as_written, colors))}]"


def _of_zones(colors: Sequence[str], info: ValidationInfo) -> InEachLanguage:
    """The first colours, each for a zone as people call it, in the order of the file."""
    context = info.context or {}
    zones, parts = context.get("zones") or ("bowl", "shaft"), context.get("parts", {})
    names = {each: [parts.get(zone, {}).get(each, zone) for zone in zones] for each in languages()}
    return InEachLanguage({each: _braced(zip(names[each], colors, strict=False)) for each in names})


def _meant_by(text: str, info: ValidationInfo) -> Mistake | None:
    """The probable meaning of the text of a whole `color:`; None if it is unknown."""
    if by_zone := _pairs(text, info):
        return Mistake("TWL-S065", braced=_braced(by_zone))
    if colors := _several(text, info):
        return Mistake("TWL-S074", suggestion=_listed(colors), by_zone=_of_zones(colors, info))
    if UNNAMED_COLORS.search(text):
        return Mistake("TWL-S181", value=text)
    found = PERCENT.fullmatch(text)
    if found and _is_color(found["color"], info):
        return Mistake("TWL-S182", color=_as_written(found["color"]), brightness=f"{found['percent']} %")
    return None


def _several(text: str, info: ValidationInfo) -> list[str]:
    """The colours named in a text, in order; empty if it names one, or contains any other word."""
    framed = FRAME.fullmatch(text.strip())
    parts = [part for part in SEPARATOR.split(framed["inner"].strip() if framed else text.strip()) if part]
    if len(parts) > MOST_COLORS:
        return []
    colors = [part for part in parts if part.casefold() not in FILLING]
    if len(colors) > 1 and all(_is_color(each, info) for each in colors):
        return colors
    return _compound(text.strip(), info) if len(colors) == 1 else []


def _compound(word: str, info: ValidationInfo) -> list[str]:
    """`blågul`, `röd-vit-blå`: names of colours without a space between them."""
    by_hyphen = re.split(r"\s*[-–—]\s*", word)
    if 1 < len(by_hyphen) <= MOST_COLORS and all(_is_color(each, info) for each in by_hyphen):
        return by_hyphen
    letters = plain(word)
    cuts = range(2, len(letters) - 1) if letters.isalpha() and len(letters) <= 20 else ()
    for cut, other in product(cuts, (*cuts, len(letters))):
        parts = [part for part in (letters[:cut], letters[cut:other], letters[other:]) if part]
        if (
            other > cut
            and all(len(part) > 1 and _is_color(part, info) for part in parts)
            and max(map(len, parts)) >= SHORTEST_NAME
        ):
            return parts
    return []


def _pairs(text: str, info: ValidationInfo) -> list[tuple[str, str]]:
    """`bowl vit, shaft=blå`, `(bowl: vit)`."""
    framed = FRAME.fullmatch(text.strip())
    parts = BETWEEN_PAIRS.split(framed["inner"].strip() if framed else text.strip())
    found = [PAIR.fullmatch(part.strip()) for part in parts]
    pairs = [(pair["zone"], pair["color"].strip("\"'")) for pair in found if pair]
    is_sure = len(pairs) == len(parts) and all(_is_zone(zone, info) and _is_color(color, info) for zone, color in pairs)
    return pairs if is_sure else []


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
    """The look of a rule: the keywords that become a look for each zone."""

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
                raise Mistake("TWL-S180", by_zone=_of_zones(written, info))
            raise Mistake("TWL-S066")
        if not changes and info.data.get("change_every") is not None:
            raise Mistake("TWL-S067")
        return value

    @property
    def looks(self) -> Mapping[str, Look]:
        """The look of each zone; a zone without one follows the rules below."""
        pace_s = self.change_every.total_seconds() if self.change_every else 0.0
        return {zone: Look(colors, self.brightness, pace_s) for zone, colors in self.color.items()}


class Campaign(Shows, Lit):
    """A named rule: which days, which hours, which look; and its text for the public."""

    about: About | None = None
    link: Link | None = None


class Nightly(Shows, EveryNight):
    """The light when no campaign applies."""


class BrightnessLimit(Limit):
    """The highest brightness on some days and hours."""

    brightness: Brightness


class Schedule(Keys):
    """The whole `schedule.yaml`; of two campaigns the higher one wins."""

    version: Version
    campaigns: tuple[Campaign, ...] = ()
    every_night: tuple[Nightly, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    limits: tuple[BrightnessLimit, ...] = ()
