"""The walk test of a DMX gateway's lamps: one fixture, or one of its channels, alone, for a while.

    technician -> <prefix>/gateway/<name>/walk    not retained    Walk

Rules
1. A step lasts `for_s` and is then over by itself, so that nobody who goes home leaves a tower in a test.
2. A step without a fixture ends the test at once.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from controller.gateways.base import Rejected
from controller.gateways.wire import Version, parse_document

MAX_PAYLOAD = 4_096
LONGEST_S = 600.0


class Walk(BaseModel):
    """One step: `channel` counts from 1 within the fixture; without it the whole fixture is white."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Version = 1
    fixture: Annotated[str, StringConstraints(max_length=100)] | None = None
    channel: Annotated[int, Field(ge=1, le=512)] | None = None
    for_s: Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)] = 30.0


def parse_walk(payload: bytes) -> Walk | Rejected:
    """A step of a walk test, or why it is none."""
    return parse_document(Walk, payload, MAX_PAYLOAD)
