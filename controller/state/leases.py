"""The leases of the sites, in a database that several controllers share: two tables, one transaction a round.

Only the clock of the database decides when a lease ends; those of the controllers may be hours apart. A round whose
answer was lost may have been stored: the next round finds out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.state.sql import Database, Migration, SqlConnection

TERM_S = 5.0
"""Seconds for which a lease is valid after it was renewed, by the clock of the database."""
REMEMBERED_S = 7 * 86_400.0
"""Seconds for which a controller that disappeared without `depart` is listed as gone."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A site's lease: its holder and term, the seconds until it ends (0: it has ended), since it changed hands and, if
    it has ended, since then."""

    holder: str
    term: int
    left_s: float
    held_s: float = 0.0
    ended_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PageNote:
    """A controller's description of its page, as text, and the address from which the database sees it."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class LeaseAnswer:
    """The database's answer to a round: the leases by site; the controllers that are alive, with the notes of their
    pages, the sites for which they reach no broker (`unreached`) and those that they can lead (`able`); seconds since
    the last round of those that disappeared; and the database's time."""

    leases: Mapping[str, Lease] = field(default_factory=dict)
    controllers: tuple[str, ...] = ()
    pages: Mapping[str, PageNote] = field(default_factory=dict)
    gone_s: Mapping[str, float] = field(default_factory=dict)
    unreached: Mapping[str, frozenset[str]] = field(default_factory=dict)
    able: Mapping[str, frozenset[str]] = field(default_factory=dict)
    at: datetime | None = None

    @property
    def cut_off(self) -> frozenset[str]:
        """The controllers that reach no broker of a site for which another controller reaches one; empty if that is
        true of all."""
        unreached = {name: self.unreached.get(name, frozenset()) for name in self.controllers}
        of_all = frozenset.intersection(*unreached.values()) if unreached else frozenset()
        cut_off = frozenset(name for name, sites in unreached.items() if sites - of_all)
        return cut_off if len(cut_off) < len(unreached) else frozenset()

    def able_to_lead(self, site: str, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these controllers that know a site and can start it; all of them if none can."""
        everybody = tuple(names)
        return tuple(name for name in everybody if name not in self.able or site in self.able[name]) or everybody

    def ready_for(self, site: str) -> tuple[str, ...]:
        """The live controllers that could lead a site next: able to, and not cut off from its brokers."""
        return self.able_to_lead(site, [name for name in self.controllers if name not in self.cut_off])

    def led_by(self, name: str) -> frozenset[str]:
        """The sites whose lease a controller holds."""
        return frozenset(site for site, lease in self.leases.items() if lease.holder == name and lease.left_s > 0)


@dataclass(frozen=True, slots=True)
class LeaseQuestion:
    """One round of a controller, which also shows that it is alive: its `page`; the leases to renew (`keep`), whose
    terms rise to the epochs that it has reached; those to give up (`leave`); the sites to `take` if nobody holds them;
    the sites for which it reaches no broker (`unreached`), and those that it could start (`able`)."""

    controller: str
    keep: Mapping[str, int] = field(default_factory=dict)
    take: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    page: str = ""
    unreached: tuple[str, ...] = ()
    able: tuple[str, ...] = ()


class LeaseStore(Protocol):
    """The part of the database that holds leases."""

    def exchange(self, question: LeaseQuestion) -> LeaseAnswer:
        """Runs one round in one transaction; returns the state after it. Raises Unusable if the database does not
        answer in time."""

    def depart(self, controller: str) -> None:
        """A controller stops, and gives up all its leases. Raises Unusable."""


TABLES: tuple[Migration, ...] = (
    (
        "CREATE TABLE controllers (name text PRIMARY KEY, until timestamptz NOT NULL)",
        """CREATE TABLE leases (
            site text PRIMARY KEY, holder text NOT NULL, term bigint NOT NULL, until timestamptz NOT NULL)""",
    ),
    (
        "ALTER TABLE controllers ADD COLUMN page text NOT NULL DEFAULT ''",
        "ALTER TABLE controllers ADD COLUMN address text NOT NULL DEFAULT ''",
        "ALTER TABLE controllers ADD COLUMN unreached text[] NOT NULL DEFAULT '{}'",
        "ALTER TABLE controllers ADD COLUMN able text[] NOT NULL DEFAULT '{}'",
        "ALTER TABLE leases ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp()",
    ),
)
LIVES = """INSERT INTO controllers (name, until, page, unreached, able, address)
    VALUES (?, clock_timestamp() + make_interval(secs => ?), ?, ?, ?, coalesce(host(inet_client_addr()), '127.0.0.1'))
    ON CONFLICT (name) DO UPDATE
    SET until = excluded.until, page = excluded.page, unreached = excluded.unreached, able = excluded.able,
    address = excluded.address"""
FORGET = "DELETE FROM controllers WHERE until < clock_timestamp() - make_interval(secs => ?)"
LEAVE = "UPDATE leases SET until = clock_timestamp() WHERE holder = ? AND site = ANY(?)"
RENEW = """UPDATE leases SET until = clock_timestamp() + make_interval(secs => ?), term = greatest(term, kept.epoch)
    FROM unnest(?::text[], ?::bigint[]) AS kept (site, epoch) WHERE leases.site = kept.site AND holder = ?"""
TAKE = """INSERT INTO leases (site, holder, term, until, since)
    SELECT site, ?, 1, clock_timestamp() + make_interval(secs => ?), clock_timestamp() FROM unnest(?::text[]) AS site
    ON CONFLICT (site) DO UPDATE SET holder = excluded.holder, term = leases.term + 1, until = excluded.until,
    since = excluded.since WHERE leases.until <= clock_timestamp()"""
SHORTEN = """UPDATE leases SET until = clock_timestamp() + make_interval(secs => ?)
    WHERE until > clock_timestamp() + make_interval(secs => ?)"""
"""No lease ends later than it was renewed for, unless the clock of the database was set back or somebody edited it."""
SECONDS = """extract(epoch FROM least(greatest({}, clock_timestamp() - interval '10 years'),
    clock_timestamp() + interval '1 day') - clock_timestamp())::float8"""
"""Seconds until an instant, which may be infinite if somebody edited it."""
LEASES = f"SELECT site, holder, term, {SECONDS.format('until')}, -{SECONDS.format('since')} FROM leases"  # noqa: S608
KNOWN = f"SELECT name, unreached, able, page, address, {SECONDS.format('until')} FROM controllers ORDER BY name"  # noqa: S608


class LeaseTables:
    """A `LeaseStore` in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exchange(self, question: LeaseQuestion) -> LeaseAnswer:
        """As `LeaseStore`."""

        def work(connection: SqlConnection) -> LeaseAnswer:
            name, sites = question.controller, sorted(question.keep)  # one order, so that two rounds never deadlock
            connection.execute(LIVES, (name, TERM_S, question.page, list(question.unreached), list(question.able)))
            connection.execute(FORGET, (REMEMBERED_S,))
            connection.execute(LEAVE, (name, list(question.leave)))
            connection.execute(RENEW, (TERM_S, sites, [question.keep[site] for site in sites], name))
            connection.execute(SHORTEN, (TERM_S, 2 * TERM_S))
            connection.execute(TAKE, (name, TERM_S, sorted(question.take)))
            leases = {
                site: Lease(holder, term, max(0.0, left_s), max(0.0, held_s), max(0.0, -left_s))
                for site, holder, term, left_s, held_s in connection.execute(LEASES)
            }
            known = connection.execute(KNOWN).fetchall()
            living = {name: PageNote(*page) for name, _, _, *page, left_s in known if 0 < left_s < 2 * TERM_S}
            gone = {name: -left_s for name, *_, left_s in known if left_s <= 0}
            unreached = {name: frozenset(sites) for name, sites, *_ in known}
            able = {name: frozenset(sites) for name, _, sites, *_ in known}
            (at,) = connection.execute("SELECT clock_timestamp()").fetchone()
            return LeaseAnswer(leases, tuple(living), living, gone, unreached, able, at)

        return self._database.write(work)

    def depart(self, controller: str) -> None:
        """As `LeaseStore`."""

        def work(connection: SqlConnection) -> None:
            connection.execute("UPDATE leases SET until = clock_timestamp() WHERE holder = ?", (controller,))
            connection.execute("DELETE FROM controllers WHERE name = ?", (controller,))

        self._database.write(work)
