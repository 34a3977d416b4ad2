"""A manual request as received on `<prefix>/override/set`, and the override or stop made of it. Pure.

An override has a look, an owner, a reason and an end, which is required and at most `longest` away. `skip` leaves out
one campaign until such an end. `resume` ends every override and skip; `stop` makes everything dark until `lift`, and
has precedence over all of them. A request that cannot be granted raises the reason as an entry of the catalogue. A stop
does not depend on the clock.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, LiteralString, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from controller.config.public_texts import LONGEST_TEXT, web_address
from controller.config.tower import IN_EACH_LANGUAGE, Parts, zone_named, zones_with_names
from controller.errors import Mistake
from controller.events.models import PRINTABLE, printable
from controller.gateways.base import Rejected
from controller.gateways.wire import ALWAYS, EARLIEST, LATEST, Instant, Version, ZoneLook, parse_document
from controller.lighting.color import Color, parse_color
from controller.lighting.look import Look, parse_brightness
from controller.lighting.names import DARK_WORDS
from controller.locale import languages
from controller.normal_form import normalized
from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.plan import Program
from controller.service.override_end import read_until

if TYPE_CHECKING:
    from controller.config.load import Setup

MAX_PAYLOAD = 16_384
MOST_NAMES = 20
"""Campaigns named in the answer to a request for one that does not exist."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _described_as(meant: LiteralString) -> WrapValidator:
    """A validator with one reason for all forms that a value may have, instead of the first form that fails."""

    def judge(value: object, read: ValidatorFunctionWrapHandler) -> object:
        try:
            return read(value)
        except ValidationError as error:
            raise PydanticCustomError(meant, "another form") from error

    return WrapValidator(judge)


def _language(word: str) -> str:
    if word not in languages():
        raise PydanticCustomError("not_a_language", "another form")
    return word


RequestedLook = Annotated[Line | Mapping[Line, Line], _described_as("not_a_look")]
Brightness = Annotated[Line | Annotated[float, Field(ge=0, le=1)], _described_as("not_a_brightness")]


LONGEST_FADE_S = 3600.0
FadeS = Annotated[float, Field(ge=0, le=LONGEST_FADE_S, allow_inf_nan=False)]

PublicLines = Annotated[
    Mapping[
        Annotated[str, AfterValidator(_language)],
        Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=PRINTABLE)],
    ],
    IN_EACH_LANGUAGE,
]
"""Text for the public, by language."""


class Request(BaseModel):
    """One request; unknown keys are ignored. `about` and `link` are for the public, like those of a campaign."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Version = 1
    id: Id
    action: Literal["override", "skip", "resume", "stop", "lift"] = "override"
    look: RequestedLook = "dark"
    brightness: Brightness = "100 %"
    fade_s: FadeS = 0.0
    campaign: Line = ""
    until: Line = ""
    owner: Line = "?"
    reason: Line = ""
    about: PublicLines = {}
    link: Line = ""


class StoredOverride(BaseModel):
    """An override or a stop as stored on disk; a stop has neither looks nor an end. `said` is the look as requested, or
    the name of the skipped campaign."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Id
    looks: Mapping[str, ZoneLook] = {}
    said: str = ""
    start: Instant
    end: Instant | None = None
    owner: str
    reason: str
    skips: str = ""
    fade_s: FadeS = 0.0
    about: Mapping[str, str] = {}
    link: str = ""

    @property
    def override(self) -> Override:
        """As the plan takes it."""
        looks: Mapping[str, Look] = {zone: look.look for zone, look in self.looks.items()}
        end = self.end or self.start
        return Override(self.id, looks, self.start, end, self.owner, self.reason, self.skips, self.fade_s)

    @property
    def stop(self) -> SafetyStop:
        """As the plan takes it."""
        return SafetyStop(ALWAYS, self.owner, self.reason, self.start)


@dataclass(frozen=True, slots=True)
class OverridePolicy:
    """What decides about a request: the rules in force without any override, the palette, and the longest override."""

    program: Program
    palette: Mapping[str, Color]
    longest: timedelta
    parts: Parts = field(default_factory=dict)
    """People's names of the zones: a request may use those too."""


def override_policy(setup: "Setup") -> OverridePolicy:
    """The policy for manual requests under these files."""
    return OverridePolicy(
        setup.program(), setup.tower.palette, setup.tower.overrides.longest, setup.tower.landmark.parts
    )


class Requester(NamedTuple):
    """Who asks; the answer to a request repeats both fields."""

    id: str
    owner: str


def parse_request(payload: bytes) -> Request | Rejected:
    """A request, or why the payload is not one."""
    return parse_document(Request, payload, MAX_PAYLOAD)


def action_of(payload: bytes) -> str:
    """The action of a request; empty where it cannot be read."""
    request = parse_request(payload)
    return request.action if isinstance(request, Request) else ""


def requester_of(payload: bytes) -> Requester:
    """Who asks in a request that cannot be read, as far as possible; `?` for a missing field."""
    try:
        given = json.loads(payload) if len(payload) <= MAX_PAYLOAD else {}
    except (ValueError, RecursionError):
        given = {}
    values = (given.get(key) if isinstance(given, dict) else None for key in Requester._fields)
    return Requester(*(printable(value, 64) if isinstance(value, str | int) else "?" for value in values))


def override_of(request: Request, policy: OverridePolicy, now: datetime) -> StoredOverride:
    """The override that a request asks for: a look, or a skip of a campaign. Raises Mistake."""
    if not request.until:
        raise Mistake("TWL-O120")
    end = read_until(request.until, policy.program, now)
    if end <= now:
        raise Mistake("TWL-O123", until=request.until)
    if end - now > policy.longest:
        raise Mistake("TWL-O124", until=request.until, longest_h=policy.longest.total_seconds() / 3600)
    if request.action == "skip":
        name = _campaign(request.campaign, policy.program)
        given = {"id": request.id, "owner": request.owner, "reason": request.reason}
        return StoredOverride(said=name, skips=name, start=now, end=end, **given)
    if request.campaign:  # without its action a skip would make everything dark
        raise Mistake("TWL-O140")
    looks = _looks(request, policy)
    stored = {zone: ZoneLook.of(look, now, 0.0) for zone, look in looks.items()}
    said = request.look if isinstance(request.look, str) else ", ".join(map(" ".join, request.look.items()))
    public = {"about": request.about, "link": web_address(request.link) if request.link else ""}
    given = {"id": request.id, "owner": request.owner, "reason": request.reason}
    return StoredOverride(looks=stored, said=said, start=now, end=end, fade_s=request.fade_s, **given, **public)


def stop_of(request: Request, now: datetime) -> StoredOverride:
    """The safety stop that a request asks for."""
    start = min(max(now, EARLIEST), LATEST)
    return StoredOverride(id=request.id, start=start, owner=request.owner, reason=request.reason)


def _campaign(asked: str, program: Program) -> str:
    """The name of the campaign, or entry of every night, as the schedule has it."""
    names = [rule.name for rule in (*program.campaigns, *program.every_night)]
    found = next((name for name in names if _plain(name) == _plain(asked)), None)
    if found is not None:
        return found
    more = [", …"] if len(names) > MOST_NAMES else []
    raise Mistake("TWL-O139", campaign=asked, campaigns="".join((", ".join(names[:MOST_NAMES]) or "–", *more)))


def _plain(name: str) -> str:
    """A name without case, with composed letters and single spaces."""
    return " ".join(normalized("NFC", name).casefold().split())


def _looks(request: Request, policy: OverridePolicy) -> dict[str, Look]:
    """The looks by zone; a single look is for all zones."""
    zones = policy.program.zones
    if isinstance(request.look, str):
        requested = dict.fromkeys(zones, request.look)
    else:
        named = (
            (zone if zone in zones else zone_named(zone, policy.parts), look) for zone, look in request.look.items()
        )
        requested = dict(named)
    for zone in requested or ("",):
        if zone not in zones:
            raise Mistake("TWL-O125", zone=zone, zones=zones_with_names(zones, policy.parts))
    given = request.brightness
    brightness = parse_brightness(given) if isinstance(given, str) else given
    return {zone: _look(str(text), brightness, policy) for zone, text in requested.items()}


def _look(text: str, brightness: float, policy: OverridePolicy) -> Look:
    if text.strip().casefold() in DARK_WORDS:
        return Look()
    try:
        return Look((parse_color(text, policy.palette),), brightness)
    except Mistake:
        zone, _, color = text.strip().rpartition(" ")
        if zone_named(zone, policy.parts) in policy.program.zones:
            raise Mistake("TWL-O141", look=text, meant=f"{zone}={color}") from None
        raise
