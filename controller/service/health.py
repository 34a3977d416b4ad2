"""The controller's health documents: a summary, and one document for each gateway. They hold values and codes; the
`text` methods word them for people, where somebody reads them.

    <prefix>/controller/health           Health, version 2
    <prefix>/controller/gateway/<name>   GatewayHealth, version 1; written when it changes
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic_core import PydanticCustomError

from controller.clock import Trust
from controller.events import Event, Level, new_event
from controller.events.models import WIDEST, Phrase, Text, printable
from controller.events.words import look_words, rule_words
from controller.gateways.base import GatewayInfo, Rejected
from controller.gateways.wire import parse_document
from controller.locale import Language
from controller.service.gateway_state import Status

MAX_PAYLOAD = 4_194_304
WORST_FIRST: tuple[Status, ...] = ("silent", "differs", "unknown", "pending", "confirmed")
_SHOWS, _BY_CHANCE, _NEARLY, _SHOWED, _LAST_KNOWN, _WANTED = (
    Text("status", key) for key in ("shows", "by_chance", "nearly", "showed", "last_known", "wanted")
)
_LED, _LED_ALONE = (Text("status", key) for key in ("led", "led_alone"))
_LAST_CONFIRMED, _NOT_ASKED, _FADING, _NEVER_HEARD = (
    Text("status", key) for key in ("last_confirmed", "not_asked", "fading", "never_heard")
)


def _has_local_time(instant: datetime) -> datetime:
    """Years far wider than any wrong clock: the controller reports whatever its clock shows."""
    if not 1000 <= instant.year <= 9000:
        raise PydanticCustomError("outside_years", "an instant outside the years", {"first": 1000, "last": 9000})
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_has_local_time)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _HealthPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class _Sparse(_HealthPart):
    """Leaves out of JSON the fields that are null or false, except those in ALWAYS."""

    ALWAYS: ClassVar[frozenset[str]]

    @model_serializer(mode="wrap")
    def _sparse(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {
            key: value
            for key, value in dump(self).items()
            if key in self.ALWAYS or (value is not None and value is not False)
        }


class RuleValue(_Sparse):
    """The rule, override or stop that decides what is shown. `name` and `line` are those of a rule of schedule.yaml, in
    `file` where several sites share it. `owner` and `reason` belong to an override, in force `until`, or a safety stop,
    in force `since`. `day` and `night` give the position and the length of the campaign's occurrence. Where nothing
    applies, `kind` is null and `idle` is the rule of this night that is outside its hours, with the local times at
    which they `ended` and `begin`. `limit` reduces the light, `skip` leaves out the campaign that would decide."""

    ALWAYS = frozenset({"kind", "name", "line"})

    kind: Literal["campaign", "every_night", "blackout", "otherwise", "override", "stop"] | None
    name: str | None = None
    line: int | None = None
    file: str | None = None
    owner: str | None = None
    reason: str | None = None
    until: Instant | None = None
    since: Instant | None = None
    day: tuple[int, int] | None = None
    night: tuple[int, int] | None = None
    idle: Mapping[str, str | None] | None = None
    limit: Mapping[str, str | int | float | None] | None = None
    skip: Mapping[str, str] | None = None

    def text(self, language: Language) -> str:
        """For people."""
        return rule_words(self.model_dump(), language)


class LookValue(_Sparse):
    """What a zone shows. In a report `on` is null where nothing is known. `colors` is the number of colours in a
    sequence; the fields after it are reported by some gateways only."""

    ALWAYS = frozenset({"on", "color", "color_name", "brightness"})

    on: bool | None
    color: str | None = None
    color_name: str | None = None
    brightness: Share | None = None
    rule: RuleValue | None = None
    colors: int | None = None
    xy: tuple[float, float] | None = None
    kelvin: int | None = None
    levels: tuple[tuple[int, int], ...] | None = None
    unsteady: bool = False

    def text(self, language: Language, *, exact: bool = False) -> str:
        """For people; `exact` with the hex value."""
        return look_words(self.model_dump(exclude={"rule"}), language, exact=exact)


class ZoneHealth(_HealthPart):
    """One zone of one gateway: what is desired, what it reports, and its status.

    `reported_at` is the time of the report where it `is_old` (null: not known). `confirmed_at` is when the zone was
    last confirmed, where it is not confirmed now.
    """

    status: Status
    desired: LookValue
    reported: LookValue
    is_old: bool = False
    reported_at: Instant | None = None
    confirmed_at: Instant | None = None


class GatewayHealth(_HealthPart):
    """One gateway. `heard` is when the last message arrived from it, as known when this was written; `code` is the
    event that names the fault. A gateway that is not `askable` reports when it likes, if at all: unknown is no fault
    then."""

    version: Literal[1]
    at: Instant
    name: str
    kind: str
    status: Status
    online: bool | None
    heard: Instant | None
    code: str | None = None
    by: str | None = None
    problems: tuple[str, ...] = ()
    askable: bool = True
    info: GatewayInfo = GatewayInfo()
    zones: Mapping[str, ZoneHealth]

    @property
    def is_well(self) -> bool:
        """Whether no zone is known to be wrong. A `pending` zone has time left; an `unknown` one is wrong only if the
        gateway can be asked and has not answered."""
        return not is_amiss({zone.status for zone in self.zones.values()}, self.askable)

    @property
    def cause(self) -> str | None:
        """The code that leads to the remedy: the gateway's own code where it reports why it differs."""
        return self.problems[0] if self.problems and self.status == "differs" else self.code

    def zone_text(self, zone: str, language: Language, now: datetime, *, exact: bool = False) -> str:
        """For people: what a zone shows or showed, what is desired, and what else is known; `now` is in the time zone
        of the site."""
        health = self.zones[zone]
        parts = [_shown(self.kind, health, language, now, exact)]
        if health.status == "unknown" and not self.askable:
            last = _LAST_CONFIRMED if health.confirmed_at is not None else _NOT_ASKED
            parts.append(last.format(language, {"when": _when(health.confirmed_at, now)}))
        elif health.status == "unknown" and self.heard is None:
            parts.append(_NEVER_HEARD.format(language, {}))
        return "; ".join(parts)


def is_amiss(statuses: set[Status], askable: bool) -> bool:
    """Whether a gateway with zones of these statuses needs attention."""
    return not statuses.isdisjoint({"differs", "silent", *(["unknown"] if askable else [])})


def worst(statuses: set[Status]) -> Status:
    """The worst of these statuses, which is the status of a gateway with such zones."""
    return next((each for each in WORST_FIRST if each in statuses), "unknown")


def _shown(kind: str, health: ZoneHealth, language: Language, now: datetime, exact: bool) -> str:
    desired = health.desired.text(language, exact=exact)
    # a gateway confirms within its tolerance: a slightly different value is the colour that was commanded
    is_same = health.status == "confirmed" and not exact and not health.is_old
    shown = desired if is_same else health.reported.text(language, exact=exact)
    fields = {"shown": shown, "wanted": desired, "when": _when(health.reported_at, now)}
    if health.is_old:
        showed = _SHOWED if health.reported_at is not None else _LAST_KNOWN
        return (_WANTED if health.reported.on is None and not health.reported.levels else showed).format(
            language, fields
        )
    if health.status == "differs" and shown == desired:
        return (_BY_CHANCE if kind == "dmx" else _NEARLY).format(language, fields)
    return _SHOWS.format(language, fields)


def _when(at: datetime | None, now: datetime) -> str:
    """`21:14` on the same day, else with the date."""
    if at is None:
        return "–"
    local = at.astimezone(now.tzinfo)
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


class CueHealth(_HealthPart):
    """A cue: when, and what each zone shows by which rule. `fades_until` is the end of the fade of a cue in force,
    `done_at` that of a cue ahead."""

    at: Instant
    looks: Mapping[str, LookValue]
    fades_until: Instant | None = None
    done_at: Instant | None = None

    @property
    def is_dark(self) -> bool:
        """Whether no zone is lit."""
        return not any(look.on for look in self.looks.values())

    @property
    def seen_at(self) -> datetime:
        """When people see it: light begins with its fade, and is out when the fade is over."""
        return self.done_at if self.is_dark and self.done_at is not None else self.at

    def looks_words(self, language: Language, *, exact: bool = False) -> str:
        """For people: what each zone shows."""
        return ", ".join(f"{zone} {look.text(language, exact=exact)}" for zone, look in self.looks.items())

    def text(self, language: Language, zone: tzinfo | None = None, *, exact: bool = False) -> str:
        """For people: the looks and the rules behind them. During a fade also until when, by the clock of `zone` (UTC
        without one): lamps that fade to dark are still lit."""
        looks = self.looks_words(language, exact=exact)
        if self.fades_until is not None:
            until = f"{self.fades_until.astimezone(zone or UTC):%H:%M:%S}"
            looks = _FADING.format(language, {"until": until, "then": printable(looks, WIDEST)})
        by_rule: dict[str, list[str]] = {}
        for name, look in self.looks.items():
            # during a fade to dark no rule applies yet
            if look.rule is not None and not (self.fades_until is not None and look.rule.kind is None):
                by_rule.setdefault(look.rule.text(language), []).append(name)
        if len(by_rule) == 1:
            return f"{looks} – {next(iter(by_rule))}"
        return "; ".join((looks, *(f"{', '.join(names)}: {rule}" for rule, names in by_rule.items())))


class LeadHealth(_HealthPart):
    """Which of several controllers leads the site, since when, and which are on standby."""

    controller: str
    since: Instant
    standby: tuple[str, ...] = ()

    def phrase(self, zone: tzinfo) -> Phrase:
        """For people, by the clock of a zone."""
        fields = {"controller": self.controller, "since": f"{self.since.astimezone(zone):%Y-%m-%d %H:%M:%S}"}
        return (
            Phrase(_LED, {**fields, "standby": ", ".join(self.standby)}) if self.standby else Phrase(_LED_ALONE, fields)
        )


class Degradation(_HealthPart):
    """Something wrong that lasts: the code and fields of its latest event, and since when.

    Fields are plain values; an event among them is `{"code", "fields"}`.
    """

    code: str
    since: Instant
    fields: Mapping[str, Any] = {}

    @property
    def event(self) -> Event | None:
        """The latest event; None where this version of the program does not know it."""
        return _event(self.code, self.fields)

    @property
    def is_harmless(self) -> bool:
        """Whether it needs no attention."""
        event = self.event
        if event is None or event.kind.lasting is None:
            return False
        return event.kind.lasting.harmless or event.level is Level.INFO

    def text(self, language: Language) -> str:
        """For people: what is wrong."""
        event = self.event
        return event.text(language) if event is not None else printable(dict(self.fields), WIDEST)


class Unconfirmed(_HealthPart):
    """Short entry for a gateway with a zone that is not confirmed; its own document has the details."""

    name: str
    kind: str
    status: Status
    code: str | None = None
    zones: Mapping[str, Status]


class Health(_HealthPart):
    """The summary; instants are UTC.

    `counts` has the number of gateways by status, `amiss` how many of them need attention, `never_heard` from how many
    no message has arrived since the controller started. `unconfirmed` are those not confirmed, at most MOST_NAMED.
    `heard_s` has the age in seconds of each gateway's last message (null: none), for those and, at a small site, for
    all. `lead` is null where there is one controller.
    """

    version: Literal[2]
    at: Instant
    site: str
    clock: Trust
    now: CueHealth
    next: CueHealth | None
    counts: Mapping[Status, int]
    amiss: int
    never_heard: int = 0
    unconfirmed: tuple[Unconfirmed, ...] = ()
    heard_s: Mapping[str, float | None] = {}
    lead: LeadHealth | None = None
    degradations: tuple[Degradation, ...] = ()

    @property
    def confirmed(self) -> int:
        """How many gateways confirm all their zones."""
        return self.counts.get("confirmed", 0)

    @property
    def total(self) -> int:
        """How many gateways there are."""
        return sum(self.counts.values())

    @property
    def is_well(self) -> bool:
        """Whether nothing needs attention: neither a lamp nor the service itself is known to be wrong."""
        return not self.amiss and all(one.is_harmless for one in self.degradations)


def status_value(health: Health, gateways: Iterable[GatewayHealth]) -> dict[str, Any]:
    """The summary with the documents of gateways by name, as one document."""
    documents = {each.name: each.model_dump(mode="json") for each in gateways}
    return {**health.model_dump(mode="json"), "gateways": documents}


def parse_health(payload: bytes) -> Health | Rejected:
    """A summary, or why the payload is not one."""
    return parse_document(Health, payload, MAX_PAYLOAD)


def parse_gateway_health(payload: bytes) -> GatewayHealth | Rejected:
    """The document of one gateway, or why the payload is not one."""
    return parse_document(GatewayHealth, payload)


def _event(code: str, fields: Mapping[str, object]) -> Event | None:
    """The event from a document; None where it is not one of our events."""
    try:
        return new_event(code, **{name: _unfolded(value) for name, value in fields.items()})
    except (KeyError, TypeError):
        return None


def _unfolded(value: object) -> object:
    match value:
        case {"code": str(code), "fields": dict(fields)}:
            event = _event(code, fields)
            return event if event is not None else printable(value)
    return value
