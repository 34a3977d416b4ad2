"""`tower.yaml` as values: the place, the zones, the palette, the broker connection, the gateways.

Every validator that needs another part of the file takes it from the validation context: `palette`, `zones`,
`directory` (of the file; other files are named relative to it). Checks of several entries are in `checks`."""

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from controller.config import broker_urls
from controller.config.landmark_drawing import LandmarkFile
from controller.config.timezones import farther_than_swapped, near_time_zone, time_zones
from controller.config.tower_keys import (
    DatabaseSettings,
    Heartbeat,
    Keys,
    OtherFile,
    Receiver,
    SiteLanguage,
    ZoneMeter,
    beside,
    needs,
)
from controller.config.web_keys import Web
from controller.durations import DurationField, between
from controller.errors import Mistake, readable
from controller.events.models import PRINTABLE, InEachLanguage
from controller.gateways import GATEWAYS
from controller.gateways.base import Gateway, Name
from controller.gateways.vendor import Topic
from controller.lighting.color import Color, parse_color
from controller.lighting.names import DARK_WORDS, plain
from controller.locale import Language, languages
from controller.schedule.hours import Place
from controller.schedule.hours_grammar import DAY, read_time
from controller.schedule.lamp_tests import LampTestTimes

OFF = frozenset({"off", "no", "false", "av", "nej"})
ON = frozenset({"on", "yes", "true", "på", "ja"})


def _version(value: object) -> object:
    if isinstance(value, str) and value != "1":
        raise Mistake("TWL-S051", found=value)
    return value


Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"enum": [1, "1"]})]
Title = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=PRINTABLE)]


IN_EACH_LANGUAGE = BeforeValidator(lambda value: dict.fromkeys(languages(), value) if isinstance(value, str) else value)
"""One text applies to all languages."""
ONE_OR_EACH = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {each: {"type": "string"} for each in languages()},
                "additionalProperties": False,
            },
        ]
    }
)
NameForPeople = Annotated[Mapping[SiteLanguage, Title], IN_EACH_LANGUAGE, ONE_OR_EACH]
"""One name, or one for each language."""


class Site(Keys):
    """The place, which decides when the sun sets."""

    name: Title
    time_zone: str
    latitude: Annotated[float, Field(json_schema_extra={"minimum": -90, "maximum": 90})]
    longitude: Annotated[float, Field(json_schema_extra={"minimum": -180, "maximum": 180})]
    language: SiteLanguage = "sv"

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value in time_zones():
            return value
        if not time_zones():
            raise Mistake("TWL-S099", value=value)
        near = near_time_zone(value)
        if near:
            raise Mistake("TWL-S083", value=value, suggestion=near)
        raise Mistake("TWL-S084", value=value)

    @field_validator("latitude")
    @classmethod
    def _is_latitude(cls, value: float) -> float:
        if not -90 <= value <= 90:
            raise Mistake("TWL-S080", value=f"{value:.15g}")
        return value

    @field_validator("longitude")
    @classmethod
    def _is_longitude(cls, value: float, info: ValidationInfo) -> float:
        if not -180 <= value <= 180:
            raise Mistake("TWL-S081", value=f"{value:.15g}")
        latitude, time_zone = info.data.get("latitude"), info.data.get("time_zone")
        if latitude is not None and time_zone and farther_than_swapped(time_zone, latitude, value):
            raise Mistake("TWL-S082", time_zone=time_zone, latitude=str(value), longitude=str(latitude))
        return value

    @property
    def place(self) -> Place:
        """The place for the schedule."""
        return Place(self.latitude, self.longitude, ZoneInfo(self.time_zone))


class MqttSettings(Keys):
    """The connection to the broker, or to several: to all of them at once."""

    broker: Annotated[
        tuple[Annotated[str, AfterValidator(broker_urls.broker)], ...],
        AfterValidator(broker_urls.several),
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
        Field(min_length=1),
    ]
    topic_prefix: Topic = "watertower"
    username: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    password_file: Annotated[OtherFile | None, needs("username")] = None
    ca_file: OtherFile | None = None
    cert_file: OtherFile | None = None
    key_file: Annotated[OtherFile | None, needs("cert_file")] = None
    users_file: OtherFile | None = None
    listen: Annotated[str, AfterValidator(broker_urls.listen)] | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the service runs its own broker."""
        return self.broker == (broker_urls.EMBEDDED,)

    @field_validator("ca_file", "cert_file", "key_file")
    @classmethod
    def _tls_is_used(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        brokers = info.data.get("broker")
        if brokers and not any(one.startswith("mqtts:") for one in brokers):
            raise Mistake("TWL-S092", key=info.field_name)
        return value

    @field_validator("listen", "users_file")
    @classmethod
    def _broker_is_ours(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("broker", (broker_urls.EMBEDDED,)) != (broker_urls.EMBEDDED,):
            raise Mistake("TWL-S094", key=info.field_name)
        return value

    @field_validator("listen")
    @classmethod
    def _others_need_names(cls, value: str | None, info: ValidationInfo) -> str | None:
        host = (value or "localhost:").rpartition(":")[0].strip("[]")
        beyond = host != "localhost" and not ipaddress.ip_address(host).is_loopback
        if beyond and "users_file" in info.data and info.data["users_file"] is None:
            raise Mistake("TWL-S098", value=value)
        return value


def _palette_name(name: str) -> str:
    plain = name.strip()
    if not plain or plain.casefold() in DARK_WORDS or plain[0] in "#0123456789" or len(plain) > 60:
        raise Mistake("TWL-S089", value=name)
    return plain


def _palette_color(value: object) -> object:
    if isinstance(value, Color):
        return value
    if not isinstance(value, str):
        raise no_color(value)
    return parse_color(value, {})


def no_color(value: object) -> Mistake:
    """The mistake for a colour that is not one text: TWL-S135 for three numbers, TWL-S119 for anything else."""
    if not isinstance(value, list) or not is_triple(value):
        return Mistake("TWL-S119", found=type(value).__name__)
    meant = Color.from_rgb(*(min(255, int(part)) for part in value)).hex
    return Mistake("TWL-S135", value=f"[{', '.join(value)}]", suggestion=meant)


def is_triple(parts: list[object]) -> bool:
    """Whether a list looks like red, green and blue."""
    return len(parts) == 3 and all(isinstance(part, str) and part.isdecimal() and len(part) <= 3 for part in parts)


PaletteName = Annotated[str, AfterValidator(_palette_name)]
PaletteColor = Annotated[Color, BeforeValidator(_palette_color)]
if TYPE_CHECKING:
    AnyGateway = Gateway
else:
    AnyGateway = Annotated[Union[tuple(GATEWAYS.values())], Field(discriminator="kind")]  # noqa: UP007


Parts = Mapping[str, Mapping[Language, str]]
"""People's names for each zone, by language."""


def zone_named(text: str, parts: Parts) -> str:
    """The zone that people call so, ignoring case, spaces and hyphens; the text itself without one."""
    name = plain(text)
    return next((zone for zone, names in parts.items() if name in map(plain, names.values())), text)


def zones_in_words(zones: Iterable[str], parts: Parts) -> InEachLanguage:
    """The zones for people, each with its name in the file: `Skålen (bowl), Skaftet (shaft)`."""
    names = {language: {zone: parts.get(zone, {}).get(language) for zone in zones} for language in languages()}
    return InEachLanguage(
        {
            language: ", ".join(
                f"{name} ({zone})" if name and plain(name) != zone else zone for zone, name in called.items()
            )
            for language, called in names.items()
        }
    )


def zones_with_names(zones: Iterable[str], parts: Parts) -> str:
    """The same for a document, which has no language: `bowl (Skålen), shaft (Skaftet)`."""
    others = {
        zone: dict.fromkeys(name for name in parts.get(zone, {}).values() if plain(name) != zone) for zone in zones
    }
    return ", ".join(f"{zone} ({', '.join(names)})" if names else zone for zone, names in others.items())


def _own_drawing(value: object, info: ValidationInfo) -> LandmarkFile | None:
    """The drawing for `shape: custom`."""
    is_custom = info.data.get("shape") == "custom"
    if value is None and not is_custom:
        return None
    if value is None or not is_custom:
        raise Mistake("TWL-S292" if is_custom else "TWL-S293")
    return LandmarkFile.read(beside(value, info), (info.context or {}).get("zones"))


class Landmark(Keys):
    """People's names for the landmark and its parts, each one name or one for each language; `shape` is how it is
    drawn, and `file` the drawing of a custom one."""

    name: NameForPeople = Field(default_factory=dict)
    shape: Literal["water-tower", "mast", "chimney", "bridge", "facade", "custom"] = "water-tower"
    file: Annotated[LandmarkFile | None, BeforeValidator(_own_drawing), WithJsonSchema({"type": "string"})] = Field(
        default=None, validate_default=True
    )
    parts: Mapping[Name, NameForPeople] = Field(default_factory=dict)

    def zone_names(self, language: Language) -> dict[str, str]:
        """People's names for the zones in a language; without zones that have none."""
        return {zone: names[language] for zone, names in self.parts.items() if language in names}


class Overrides(Keys):
    """What may be set by hand: `longest` limits how far ahead the end of an override may be."""

    longest: DurationField = timedelta(days=7)


def _clock_time(value: object) -> object:
    """`12:00` as minutes since 00:00."""
    if isinstance(value, int):
        return value
    found = readable(read_time, value) if isinstance(value, str) else None
    if found is None or found.shift or not isinstance(found.what, int):
        raise Mistake("TWL-S320", value=value)
    return found.what % DAY


SHORTEST_TEST, LONGEST_TEST = timedelta(seconds=20), timedelta(minutes=10)
"""Limits of the test of one lamp: the slowest vendors' gateways need 20 s to report; more than a walk around the tower
helps nobody."""
ClockTime = Annotated[
    int,
    BeforeValidator(_clock_time),
    PlainSerializer(lambda value: f"{value // 60:02}:{value % 60:02}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["12:00"]}),
]


class PreflightSettings(Keys):
    """The test of all lamps by the service itself: this many days before a campaign, `at` a local time (minutes since
    00:00), each lamp for the time given as `for`."""

    days_before: Annotated[int, Field(ge=1, le=60)] = 7
    at: ClockTime = 12 * 60
    each: Annotated[DurationField, between(SHORTEST_TEST, LONGEST_TEST, "TWL-S321")] = Field(
        default=timedelta(minutes=1), alias="for"
    )

    @property
    def times(self) -> LampTestTimes:
        """The same for the plan."""
        return LampTestTimes(self.days_before, self.at, self.each)


def _switch(value: object) -> object:
    """False for a word of OFF, True for one of ON; anything else as it is."""
    word = value.strip().casefold() if isinstance(value, str) else None
    return False if word in OFF else True if word in ON else value


class Discovery(Keys):
    """The site as a device of Home Assistant. `discovery_prefix` is the setting there; without `control` it only
    shows."""

    discovery_prefix: Topic = "homeassistant"
    control: Annotated[bool, BeforeValidator(_switch)] = True


def _off(value: object) -> object:
    """`off` is None, `on` is the defaults."""
    found = _switch(value)
    return found if not isinstance(found, bool) else {} if found else None


def _one_each(meters: tuple[ZoneMeter, ...]) -> tuple[ZoneMeter, ...]:
    for meter in meters:
        if sum(each.zone == meter.zone for each in meters) > 1:
            raise Mistake("TWL-S323", zone=meter.zone)
    return meters


class Tower(Keys):
    """The whole `tower.yaml`. `web`, `home_assistant` and `preflight` are None for `off`."""

    version: Version
    site: Site
    mqtt: MqttSettings
    zones: Annotated[tuple[Name, ...], Field(min_length=1)]
    palette: Mapping[PaletteName, PaletteColor] = Field(default_factory=dict)
    gateways: tuple[AnyGateway, ...]
    landmark: Landmark = Landmark()
    overrides: Overrides = Overrides()
    measured: Annotated[tuple[ZoneMeter, ...], AfterValidator(_one_each)] = ()
    preflight: Annotated[PreflightSettings | None, BeforeValidator(_off)] = None
    web: Annotated[Web | None, BeforeValidator(_off)] = Web()
    home_assistant: Annotated[Discovery | None, BeforeValidator(_off)] = None
    notices: tuple[Receiver, ...] = ()
    heartbeat: Heartbeat | None = None
    database: DatabaseSettings | None = None

    @property
    def context(self) -> dict[str, object]:
        """The validation context of a schedule."""
        return {"palette": self.palette, "zones": self.zones, "parts": self.landmark.parts}
