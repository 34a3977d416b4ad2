"""The leases of the sites, in a database that several controllers share: two tables, one transaction a round.

The clock of the database alone says when a lease ends; those of the controllers may be hours apart. A round whose
answer was lost may have been stored: the next one finds out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from controller.state.sql import Database, Migration, SqlConnection

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


TABLES: tuple[Migration, ...] = (
    (
        "CREATE TABLE controllers (name text PRIMARY KEY, until timestamptz NOT NULL)",
        """CREATE TABLE leases (
            site text PRIMARY KEY, holder text NOT NULL, term bigint NOT NULL, until timestamptz NOT NULL)""",
    ),
)
LIVES = """INSERT INTO controllers VALUES (?, clock_timestamp() + make_interval(secs => ?))
    ON CONFLICT (name) DO UPDATE SET until = excluded.until"""
LEAVE = "UPDATE leases SET until = clock_timestamp() WHERE holder = ? AND site = ANY(?)"
RENEW = """UPDATE leases SET until = clock_timestamp() + make_interval(secs => ?), term = greatest(term, kept.epoch)
    FROM unnest(?::text[], ?::bigint[]) AS kept (site, epoch) WHERE leases.site = kept.site AND holder = ?"""
TAKE = """INSERT INTO leases
    SELECT site, ?, 1, clock_timestamp() + make_interval(secs => ?) FROM unnest(?::text[]) AS site
    ON CONFLICT (site) DO UPDATE SET holder = excluded.holder, term = leases.term + 1, until = excluded.until
    WHERE leases.until <= clock_timestamp()"""
LEASES = "SELECT site, holder, term, greatest(0, extract(epoch FROM until - clock_timestamp()))::float8 FROM leases"
LIVING = "SELECT name FROM controllers WHERE until > clock_timestamp() ORDER BY name"


class LeaseTables:
    """A `LeaseStore` in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exchange(self, question: Question) -> Standing:
        """As `LeaseStore`."""

        def work(connection: SqlConnection) -> Standing:
            name, sites = question.controller, sorted(question.keep)  # in one order: two rounds never wait crosswise
            connection.execute(LIVES, (name, TERM_S))
            connection.execute(LEAVE, (name, list(question.leave)))
            connection.execute(RENEW, (TERM_S, sites, [question.keep[site] for site in sites], name))
            connection.execute(TAKE, (name, TERM_S, sorted(question.take)))
            leases = {site: Lease(*rest) for site, *rest in connection.execute(LEASES)}
            return Standing(leases, tuple(name for (name,) in connection.execute(LIVING)))

        return self._database.write(work)

    def depart(self, controller: str) -> None:
        """As `LeaseStore`."""

        def work(connection: SqlConnection) -> None:
            connection.execute("UPDATE leases SET until = clock_timestamp() WHERE holder = ?", (controller,))
            connection.execute("DELETE FROM controllers WHERE name = ?", (controller,))

        self._database.write(work)
