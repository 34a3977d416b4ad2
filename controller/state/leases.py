"""The leases of the sites, in a database that several controllers share: two tables, one transaction a round.

The clock of the database alone says when a lease ends; those of the controllers may be hours apart. A round whose
answer was lost may have been stored: the next one finds out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

TERM_S = 5.0
"""How long a lease holds after it was renewed, by the clock of the database."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A site's lease: who holds it, its term, and the seconds until it ends (0: it has ended)."""

    holder: str
    term: int
    left_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says: the leases by site, and the controllers that live."""

    leases: Mapping[str, Lease] = field(default_factory=dict)
    controllers: tuple[str, ...] = ()

    def led_by(self, name: str) -> frozenset[str]:
        """The sites whose lease a controller holds."""
        return frozenset(site for site, lease in self.leases.items() if lease.holder == name and lease.left_s > 0)


@dataclass(frozen=True, slots=True)
class Question:
    """One round of a controller: it lives; it renews `keep`, whose terms rise to the epochs that it has reached; it
    gives up `leave`; of `take` it wants what nobody holds."""

    controller: str
    keep: Mapping[str, int] = field(default_factory=dict)
    take: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()


class LeaseStore(Protocol):
    """The database, as far as it keeps leases."""

    def exchange(self, question: Question) -> Standing:
        """One round, in one transaction: how all stand then. Raises Unusable where the database does not answer in
        time."""

    def depart(self, controller: str) -> None:
        """A controller ends, and holds nothing any more. Raises Unusable."""
