"""How often something may be done, and how long to wait before it is tried again. Pure."""

import math
from dataclasses import dataclass, replace

ROUNDING_S = 1e-6
"""Tolerance for rounding: a caller that wakes at `ready_s` is allowed."""


def backoff_s(attempts: int, first_s: float, longest_s: float) -> float:
    """Seconds to wait after this many failed attempts: `first_s` after the first, doubled with each further one, at
    most `longest_s`. The caller adds its own jitter."""
    return min(longest_s, first_s * 2.0 ** min(attempts - 1, 30))


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """`burst` uses at once, then one every `every_s` seconds. A value: spending gives another bucket.

    Instants are seconds of a clock that is never set back. `full_s` is when the whole burst is available again, which
    is all that has to be remembered (the generic cell rate algorithm of ITU-T I.371).
    """

    burst: int
    every_s: float
    full_s: float = -math.inf

    @property
    def ready_s(self) -> float:
        """When the next use is allowed; in the past where it is allowed already."""
        return self.full_s - (self.burst - 1) * self.every_s

    def allows(self, now_s: float) -> bool:
        """Whether there is a use left."""
        return now_s >= self.ready_s - ROUNDING_S

    def spend(self, now_s: float) -> "TokenBucket":
        """The bucket after one use. If none was left, the next one is allowed even later."""
        return replace(self, full_s=max(self.full_s, now_s) + self.every_s)

    def give_back(self) -> "TokenBucket":
        """The bucket without the last use."""
        return replace(self, full_s=self.full_s - self.every_s)
