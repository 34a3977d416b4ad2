"""The plan: what should be shown when, and why; a pure function of place, rules, overrides and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a cue: who wins, who loses, and in which words of the file."""

    winner: str | None
    rule: str
    losers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at` on, `looks` are shown, reached in `fade_s` seconds; a zone without a look is dark.

    `since` is when the looks began, from which the steps of a sequence are counted. Instants are UTC. This room never
    opens a look: it is whatever the rule carries.
    """

    at: datetime
    looks: Mapping[str, Any]
    since: datetime
    fade_s: float
    campaign: str | None
    why: Why = field(default_factory=lambda: Why(None, "nothing applies"))
