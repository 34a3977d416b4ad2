"""Shared parts of the keywords of `tower.yaml`: sets of keywords, named files, languages of the site; and the sections
that need nothing of the rest of the file.

Addresses of receivers and passwords are secrets, and are therefore in files of their own."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from controller.durations import DurationField, between
from controller.errors import Mistake
from controller.gateways.base import Name
from controller.gateways.vendor import Topic
from controller.locale import Language, languages
from controller.schedule.hours import Hours

if TYPE_CHECKING:
    SiteLanguage = Language
else:
    SiteLanguage = Literal[tuple(sorted(languages(), reverse=True))]


Needing = TypeVar("Needing")


class Keys(BaseModel):
    """A set of keywords of the file; an unknown one is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)


def beside(value: object, info: ValidationInfo) -> Path:
    """A file named relative to the folder of tower.yaml."""
    if not isinstance(value, str):
        raise Mistake("TWL-S054", key=info.field_name)
    if "\0" in value or not value.strip():
        raise Mistake("TWL-S063", key=info.field_name, value=value)
    return Path((info.context or {}).get("directory", "."), value)


OtherFile = Annotated[Path, BeforeValidator(beside)]


def needs(other: str) -> AfterValidator:
    """For a keyword that only has a meaning beside another one, which is above it."""

    def checked(value: Needing | None, info: ValidationInfo) -> Needing | None:
        if value is not None and other in info.data and info.data[other] is None:
            raise Mistake("TWL-S093", key=info.field_name, other=other)
        return value

    return AfterValidator(checked)


# measured:


SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=1)
Level = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class ZoneMeter(Keys):
    """The meter of a zone, which measures whether it truly gives light. `value` is the path to the number in a JSON
    payload, its parts separated by dots; without it the payload is the number. From `lit_above` on the zone is lit, up
    to `dark_below` it is dark, in between it keeps its previous state. A value is valid for `max_age`."""

    zone: Name
    topic: Topic
    value: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)] | None = None
    dark_below: Level
    lit_above: Level
    unit: Literal["W", "lux"] = "W"
    max_age: Annotated[DurationField, between(SHORTEST, LONGEST, "TWL-S324")] = timedelta(minutes=15)

    @field_validator("lit_above")
    @classmethod
    def _is_above(cls, value: float, info: ValidationInfo) -> float:
        dark_below = info.data.get("dark_below")
        if dark_below is not None and value <= dark_below:
            raise Mistake("TWL-S322", lit_above=f"{value:g}", dark_below=f"{dark_below:g}")
        return value


# notices: and heartbeat: who is notified of what, and when not


NoticeKind = Literal["lights", "faults", "reports", "reminders", "lamp_tests"]
"""lights: the first light of a campaign. faults: a lasting problem, and its end. reports: proof of light after a
campaign. reminders: before a campaign whose dates or lamps are in doubt. lamp_tests: results of the lamp tests before
a campaign."""
Kinds = tuple[NoticeKind, ...]
OFTEN, SELDOM = timedelta(seconds=10), timedelta(days=1)
"""Limits between two signs of life."""
EVERY: Kinds = ("lights", "faults", "reports", "reminders", "lamp_tests")


class Receiver(Keys):
    """Somebody who receives notices: `url_file` holds an address for apprise. During the hours of `quiet` everything
    but `quiet_except` is held back."""

    name: Name
    url_file: OtherFile
    language: SiteLanguage | None = None
    tell: Annotated[Kinds, Field(min_length=1)] = EVERY
    quiet: Hours = ()
    quiet_except: Kinds = ()


class Heartbeat(Keys):
    """An address that is requested regularly while the service lives: a monitor alarms when that ends."""

    url_file: OtherFile
    every: Annotated[DurationField, between(OFTEN, SELDOM, "TWL-S295")] = timedelta(minutes=1)


# database:


DATABASE_ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:(?P<login>[^@/?\s]*)@)?[^/?\s@]*/(?P<name>[^/?\s]+)(?:\?(?P<more>\S*))?"
)
SECRETS = {"password", "sslpassword"}


def _database_url(value: str) -> str:
    """Libpq's address with the name of the database; raises Mistake."""
    parts = DATABASE_ADDRESS.fullmatch(value)
    if parts is None:
        raise Mistake("TWL-S340", value=value.rpartition("@")[2])
    names = {pair.partition("=")[0].casefold() for pair in (parts["more"] or "").split("&")}
    if ":" in (parts["login"] or "") or SECRETS & names:
        raise Mistake("TWL-S341")
    return value


class DatabaseSettings(Keys):
    """The PostgreSQL database in which the state is stored instead of in files, and the file with the password of the
    user that its address names."""

    url: Annotated[
        str,
        AfterValidator(_database_url),
        WithJsonSchema({"type": "string", "examples": ["postgresql://watertower@db/watertower"]}),
    ]
    password_file: OtherFile | None = None
