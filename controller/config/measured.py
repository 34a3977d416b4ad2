"""`measured:` of tower.yaml: a meter that says whether a zone truly gives light."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from controller.config.tower_keys import Keys
from controller.durations import DurationField, between
from controller.errors import Mistake
from controller.gateways.base import Name
from controller.gateways.vendor import Topic

SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=1)
Level = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class ZoneMeter(Keys):
    """The meter of a zone. `value` is the way to the number in a JSON payload, its parts separated by points; without
    it the payload is the number. From `lit_above` on the zone is lit, up to `dark_below` it is dark, between them it is
    what it was. A value is believed for `max_age`."""

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
