"""The health document: how it stands, as the page and the `status` command read it. One shape, both ends."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from controller.clock import Trust
from controller.events import Event, Level, new_event
from controller.events.models import Text, printable
from controller.events.translation import looks_in
from controller.gateways.base import Rejected
from controller.gateways.wire import parse_document
from controller.locale import Language
from controller.schedule.explanation import translated
from controller.service.gateway_state import Status

MAX_PAYLOAD = 4_194_304
WIDEST = 500
_SHOWS, _BY_CHANCE, _NEARLY, _SHOWED, _LAST_KNOWN, _WANTED = (
    Text("status", key) for key in ("shows", "by_chance", "nearly", "showed", "last_known", "wanted")
)
_LAST_CONFIRMED, _NOT_ASKED, _FADING, _NEVER_HEARD = (
    Text("status", key) for key in ("last_confirmed", "not_asked", "fading", "never_heard")
)


def _has_local_time(instant: datetime) -> datetime:
    """Far wider than any clock that is in doubt: the controller tells of itself whatever its clock says."""
    if not 1000 <= instant.year <= 9000:
        raise ValueError("an instant outside the years 1000 to 9000")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_has_local_time)]


class _HealthPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ZoneHealth(_HealthPart):
    """One zone of one gateway: what is wanted, what it says, and the state between them.

    `shown_at` is when it said so, where that is no news any more (None: nobody knows when), which `is_old` says.
    `confirmed_at` is when it was confirmed last, where it is not now.
    """

    standing: Status
    wanted: str
    shown: str
    is_old: bool = False
    shown_at: Instant | None = None
    confirmed_at: Instant | None = None


class GatewayHealth(_HealthPart):
    """One gateway; `heard_s` is how long ago it was heard, None for never. One that is not `askable` says what it shows
    when it likes, if at all: that it is unknown is no fault."""

    name: str
    kind: str
    online: bool | None
    heard_s: float | None
    by: str | None = None
    problems: tuple[str, ...] = ()
    askable: bool = True
    zones: Mapping[str, ZoneHealth]

    @property
    def is_well(self) -> bool:
        """Whether no zone is known to be wrong. One that is `pending` has time left; one that is `unknown` has not
        answered yet, unless it cannot be asked."""
        amiss = {"differs", "silent", *(["unknown"] if self.askable else [])}
        return amiss.isdisjoint(zone.standing for zone in self.zones.values())

    def said(self, zone: str, language: Language, now: datetime) -> str:
        """For people: what a zone shows or showed, what is wanted, and what else is to be known of it; `now` is in the
        time zone of the site."""
        health = self.zones[zone]
        told = [_shown(self.kind, health, language, now)]
        if health.standing == "unknown" and not self.askable:
            last = _LAST_CONFIRMED if health.confirmed_at is not None else _NOT_ASKED
            told.append(last.say(language, {"when": _when(health.confirmed_at, now)}))
        elif health.standing == "unknown" and self.heard_s is None:
            told.append(_NEVER_HEARD.say(language, {}))
        return "; ".join(told)


def _shown(kind: str, health: ZoneHealth, language: Language, now: datetime) -> str:
    fields = {"shown": health.shown, "wanted": health.wanted, "when": _when(health.shown_at, now)}
    if health.is_old:
        showed = _SHOWED if health.shown_at is not None else _LAST_KNOWN
        return (_WANTED if health.shown == "?" else showed).say(language, fields)
    if health.standing == "differs" and health.shown == health.wanted:
        return (_BY_CHANCE if kind == "dmx" else _NEARLY).say(language, fields)
    return _SHOWS.say(language, fields)


def _when(at: datetime | None, now: datetime) -> str:
    """`21:14` on the same day, else with the date."""
    if at is None:
        return "–"
    local = at.astimezone(now.tzinfo)
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


class CueHealth(_HealthPart):
    """A cue in words: when, what, which campaign and why; of one that is in force, until when the light fades to it."""

    at: Instant
    looks: str
    campaign: str | None
    why: str
    fades_until: Instant | None = None

    def said(self, language: Language, zone: tzinfo | None = None) -> str:
        """For people: the looks, and the campaign or the reason; and that the lamps are on their way to it, by the
        clock of a zone (UTC without one): until then they are lit though it says dark."""
        looks = looks_in(self.looks, language)
        if self.fades_until is None:
            return f"{looks} – {self.campaign or translated(self.why, language)}"
        until = f"{self.fades_until.astimezone(zone or UTC):%H:%M:%S}"
        fading = _FADING.say(language, {"until": until, "then": printable(looks, WIDEST)})
        return f"{fading} – {self.campaign}" if self.campaign else fading


class Degradation(_HealthPart):
    """What is wrong for longer than a moment: the event that told of it last, and since when.

    Its fields are plain values; an event among them is told by its code and its own fields.
    """

    code: str
    since: Instant
    fields: Mapping[str, Any] = {}

    @property
    def event(self) -> Event | None:
        """The event that began it; None where this version of the program does not know it."""
        return _event(self.code, self.fields)

    @property
    def is_harmless(self) -> bool:
        """Whether it asks for nobody."""
        event = self.event
        if event is None or event.kind.lasting is None:
            return False
        return event.kind.lasting.harmless or event.level is Level.INFO

    def said(self, language: Language) -> str:
        """For people: what is wrong."""
        event = self.event
        return event.text(language) if event is not None else printable(dict(self.fields), WIDEST)


class Health(_HealthPart):
    """The whole document; instants are UTC."""

    version: int = 1
    at: Instant
    site: str
    clock: Trust
    now: CueHealth
    next: CueHealth | None
    gateways: tuple[GatewayHealth, ...]
    degradations: tuple[Degradation, ...] = ()

    @property
    def confirmed(self) -> int:
        """How many gateways confirm all their zones."""
        return sum(all(zone.standing == "confirmed" for zone in gw.zones.values()) for gw in self.gateways)

    @property
    def is_well(self) -> bool:
        """Whether nothing asks for somebody: no lamp is known to be wrong, nor anything about the service itself."""
        lamps = all(gateway.is_well for gateway in self.gateways)
        return lamps and all(one.is_harmless for one in self.degradations)


def parse_health(payload: bytes) -> Health | Rejected:
    """A health document, or why it is none."""
    return parse_document(Health, payload, MAX_PAYLOAD)


def _event(code: str, fields: Mapping[str, object]) -> Event | None:
    """The same back from a document; None where it cannot be an event of ours."""
    try:
        return new_event(code, **{name: _unfolded(value) for name, value in fields.items()})
    except (KeyError, TypeError):
        return None


def _unfolded(value: object) -> object:
    if isinstance(value, Mapping):
        inner = value.get("fields")
        event = _event(str(value.get("code")), inner) if isinstance(inner, Mapping) else None
        return event if event is not None else printable(dict(value))
    return value
