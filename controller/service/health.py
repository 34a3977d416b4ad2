"""The health document: how it stands, as the page and the `status` command read it. One shape, both ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from controller.clock import Trust
from controller.events.kind import Language, Text
from controller.events.reasons import looks_in
from controller.gateways.documents import parse_document
from controller.gateways.gateway import Rejected
from controller.schedule.reasons import translated
from controller.service.state import Standing

MAX_PAYLOAD = 4_194_304
_ZONE = Text("shows {shown}, wanted {wanted}", "visar {shown}, ska visa {wanted}")


def _has_local_time(instant: datetime) -> datetime:
    """Far wider than any clock that is in doubt: the controller tells of itself whatever its clock says."""
    if not 1000 <= instant.year <= 9000:
        raise ValueError("an instant outside the years 1000 to 9000")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_has_local_time)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ZoneHealth(_Part):
    """One zone of one gateway: what is wanted, what it says, and the state between them."""

    standing: Standing
    wanted: str
    shown: str

    def said(self, language: Language) -> str:
        """For people: what it says and what is wanted."""
        return _ZONE.say(language, {"shown": self.shown, "wanted": self.wanted})


class GatewayHealth(_Part):
    """One gateway; `heard_s` is how long ago it was heard, None for never."""

    name: str
    kind: str
    online: bool | None
    heard_s: float | None
    by: str | None = None
    problems: tuple[str, ...] = ()
    zones: Mapping[str, ZoneHealth]


class CueHealth(_Part):
    """A cue in words: when, what, which campaign and why."""

    at: Instant
    looks: str
    campaign: str | None
    why: str

    def said(self, language: Language) -> str:
        """For people: the looks, and the campaign or the reason."""
        return f"{looks_in(self.looks, language)} – {self.campaign or translated(self.why, language)}"


class Health(_Part):
    """The whole document; instants are UTC."""

    version: int = 1
    at: Instant
    site: str
    clock: Trust
    now: CueHealth
    next: CueHealth | None
    gateways: tuple[GatewayHealth, ...]

    @property
    def confirmed(self) -> int:
        """How many gateways confirm all their zones."""
        return sum(all(zone.standing == "confirmed" for zone in gw.zones.values()) for gw in self.gateways)


def parse_health(payload: bytes) -> Health | Rejected:
    """A health document, or why it is none."""
    return parse_document(Health, payload, MAX_PAYLOAD)
