"""The leases, as PostgreSQL keeps them and as the rehearsal does."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from controller.clock import SystemClock
from controller.simulation.leased_host import LeaseTable
from controller.state import leases
from controller.state.json_file import Unusable
from controller.state.leases import TABLES, LeaseAnswer, LeaseQuestion, LeaseStore, LeaseTables
from controller.state.postgresql import PostgresServer
from controller.state.storage import Storage
from tests.postgres import Postgres

SHORT_S = 0.4
"""How long a lease holds in these tests."""


@dataclass
class Kept:
    """A store, and how its time passes."""

    store: LeaseStore
    pass_s: Callable[[float], None]

    def ask(
        self, name: str, keep: dict[str, int] | None = None, *, take: tuple[str, ...] = (), leave: tuple[str, ...] = ()
    ) -> LeaseAnswer:
        """One round."""
        return self.store.exchange(LeaseQuestion(name, keep or {}, take, leave))


class Hand:
    """A clock that is moved by hand."""

    now_s = 100.0

    def move(self, seconds: float) -> None:
        """On by so many seconds."""
        self.now_s += seconds


@pytest.fixture(params=["virtual", pytest.param("postgresql", marks=pytest.mark.real)])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Each in turn, with leases that end soon."""
    monkeypatch.setattr(leases, "TERM_S", SHORT_S)
    if request.param == "virtual":
        monkeypatch.setattr("controller.simulation.leased_host.TERM_S", SHORT_S)
        clock = Hand()
        yield Kept(LeaseTable(lambda: clock.now_s), clock.move)
        return
    storage: Storage = request.getfixturevalue("postgres_storage")
    yield Kept(LeaseTables(storage.database("leases.db", TABLES, lambda _: None)), time.sleep)


def test_a_free_site_is_taken_once(kept: Kept) -> None:
    """Who comes second sees who was first."""
    assert kept.ask("one", take=("north",)).led_by("one") == {"north"}
    answer = kept.ask("two", take=("north", "south"))
    assert (answer.led_by("one"), answer.led_by("two")) == ({"north"}, {"south"})
    assert answer.controllers == ("one", "two")


def test_a_lease_that_is_renewed_does_not_end(kept: Kept) -> None:
    """For as long as it is; then the next one has it, in a higher term."""
    kept.ask("one", take=("north",))
    for _ in range(4):
        kept.pass_s(SHORT_S / 2)
        assert kept.ask("one", {"north": 0}).leases["north"].term == 1
        assert not kept.ask("two", take=("north",)).led_by("two")
    kept.pass_s(SHORT_S * 1.2)
    answer = kept.ask("two", take=("north",))
    assert (answer.led_by("two"), answer.leases["north"].term) == ({"north"}, 2)
    assert answer.controllers == ("two",)


def test_a_controller_that_reaches_no_broker_notifies_the_others(kept: Kept) -> None:
    """It is cut off while another reaches one, and until it says otherwise."""
    kept.ask("one", take=("north",))
    kept.store.exchange(LeaseQuestion("two", unreached=("north", "south")))
    assert kept.ask("one").cut_off == {"two"}
    assert not kept.store.exchange(LeaseQuestion("one", unreached=("north", "south"))).cut_off
    assert not kept.ask("two").cut_off - {"one"}
    assert not kept.ask("one").cut_off


def test_where_each_reaches_no_broker_of_one_site_nobody_is_cut_off(kept: Kept) -> None:
    """Else nobody would lead anything."""
    kept.store.exchange(LeaseQuestion("one", unreached=("north",)))
    assert not kept.store.exchange(LeaseQuestion("two", unreached=("south",))).cut_off
    assert kept.ask("three").cut_off == {"one", "two"}


def test_a_late_renewal_takes_nothing_from_another(kept: Kept) -> None:
    """It holds again only where nobody took it."""
    kept.ask("one", take=("north", "south"))
    kept.pass_s(SHORT_S * 1.2)
    kept.ask("two", take=("south",))
    answer = kept.ask("one", {"north": 0, "south": 0})
    assert (answer.led_by("one"), answer.led_by("two")) == ({"north"}, {"south"})
    assert [answer.leases[site].term for site in ("north", "south")] == [1, 2]


def test_a_term_rises_with_the_epoch_of_the_orders(kept: Kept) -> None:
    """And the next leader is above it; a lower epoch lowers nothing."""
    kept.ask("one", take=("north",))
    assert kept.ask("one", {"north": 40}).leases["north"].term == 40
    assert kept.ask("one", {"north": 7}).leases["north"].term == 40
    kept.ask("one", leave=("north",))
    assert kept.ask("two", take=("north",)).leases["north"].term == 41


def test_who_departs_leaves_everything_at_once(kept: Kept) -> None:
    """And is not counted any more; what another has is still his."""
    kept.ask("one", take=("north", "south"))
    kept.ask("three", take=("west",))
    kept.store.depart("one")
    answer = kept.ask("two", take=("north", "south", "west"))
    assert answer.led_by("two") == {"north", "south"}
    assert answer.led_by("three") == {"west"}
    assert answer.controllers == ("three", "two")


@pytest.fixture
def postgres_storage(shared_postgres: Postgres, storage_name: str) -> Iterator[Storage]:
    """Tables of their own on the server that is there."""
    server = PostgresServer(shared_postgres.url, shared_postgres.password_file)
    yield Storage(shared_postgres.folder, server, storage_name)
    server.close()


@pytest.fixture
def storage_name(request: pytest.FixtureRequest) -> str:
    """A name that no other test has."""
    return f"leases-{abs(hash(request.node.nodeid)):x}"


@pytest.mark.real
def test_of_many_that_reach_for_it_at_once_one_has_it(shared_postgres: Postgres, storage_name: str) -> None:
    """Each over a connection of its own, again and again."""
    found: list[LeaseAnswer] = []

    def reach(name: str) -> None:
        server = PostgresServer(shared_postgres.url, shared_postgres.password_file)
        store = LeaseTables(Storage(shared_postgres.folder, server, storage_name).database("leases.db", TABLES, print))
        found.extend([store.exchange(LeaseQuestion(name, take=(site,))) for site in "abcdef"])
        server.close()

    threads = [threading.Thread(target=reach, args=(f"controller-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 24
    holders = {(site, lease.holder, lease.term) for answer in found for site, lease in answer.leases.items()}
    assert len(holders) == 6, "a site had two leaders"


@pytest.mark.real
def test_a_database_that_is_away_is_reported_by_an_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    """And the rounds go on when it is back, with what it kept."""
    postgres = Postgres(tmp_path_factory.mktemp("own"))
    server = PostgresServer(postgres.url, postgres.password_file)
    store = LeaseTables(Storage(postgres.folder, server).database("leases.db", TABLES, lambda _: None))
    store.exchange(LeaseQuestion("one", take=("north",)))
    postgres.stop()
    with pytest.raises(Unusable):
        store.exchange(LeaseQuestion("one", {"north": 1}))
    postgres.start()
    time.sleep(1.1)  # so long it is taken to be away still
    assert store.exchange(LeaseQuestion("one", {"north": 1})).led_by("one") == {"north"}
    server.close()
    postgres.stop()


@pytest.mark.real
@pytest.mark.parametrize("instant", ["infinity", "2999-01-01", "-infinity"])
def test_no_lease_lasts_longer_than_it_was_renewed_for(
    shared_postgres: Postgres, postgres_storage: Storage, instant: str
) -> None:
    """As where the clock of the database was set back, or somebody edited the tables by hand: whoever lives keeps
    what it leads, and what somebody led who is gone is taken."""
    database = postgres_storage.database("leases.db", TABLES, lambda _: None)
    store = LeaseTables(database)
    store.exchange(LeaseQuestion("one", take=("north",)))
    store.exchange(LeaseQuestion("gone", take=("south",)))
    for statement in ("leases SET until", "leases SET since", "controllers SET until"):
        database.write(
            partial(lambda text, connection: connection.execute(text, (instant,)), f"UPDATE {statement} = ?")
        )
    answer = store.exchange(LeaseQuestion("one", {"north": 0}))
    assert answer.led_by("one") == {"north"}
    assert answer.controllers == ("one",)
    if instant != "-infinity":
        assert (
            store.exchange(LeaseQuestion("one", {"north": 0}, take=("south",))).leases["south"].left_s <= leases.TERM_S
        )
        database.write(lambda connection: connection.execute("UPDATE leases SET until = clock_timestamp()"))
    assert store.exchange(LeaseQuestion("one", {"north": 0}, take=("south",))).led_by("one") == {"north", "south"}


@pytest.mark.real
def test_the_database_says_what_time_it_is_there(postgres_storage: Storage) -> None:
    """By its own clock, which may be another than ours."""
    clock = SystemClock()
    store = LeaseTables(postgres_storage.database("leases.db", TABLES, lambda _: None))
    before, at, after = clock.read().wall, store.exchange(LeaseQuestion("one")).at, clock.read().wall
    assert at is not None
    assert before < at < after
