"""Who leads which site, with and without the database."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.service.leadership import RENEW_S, STALE_S, TAKEOVER_S, Leadership, Leaderships, fair_share
from controller.simulation.leased_host import LeaseTable
from controller.state.leases import Lease, LeaseAnswer


def test_only_who_holds_the_lease_speaks() -> None:
    """It does not lead before the first answer; when another leads it stops publishing at once."""
    one = Leadership("one")
    assert not one.may_publish(0)
    one.answered(Lease("one", 3, 5.0), asked_s=10)
    assert (one.may_publish(10), one.term) == (True, 3)
    one.answered(Lease("two", 4, 5.0), asked_s=11)
    assert not one.may_publish(11)


def test_a_lease_that_has_ended_is_nobodys() -> None:
    """The row may still bear the name."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 0.0), asked_s=10)
    assert not one.may_publish(10)


def test_a_leader_that_was_frozen_is_silent_until_it_has_asked() -> None:
    """A question that was asked before the freeze does not count, whatever the answer."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 5.0), asked_s=10)
    thawed = 10 + STALE_S + 30
    assert not one.may_publish(thawed)
    one.answered(Lease("one", 3, 1.0), asked_s=11)
    assert not one.may_publish(thawed)
    one.answered(Lease("one", 3, 5.0), asked_s=thawed)
    assert one.may_publish(thawed + 0.1)


def test_a_leader_goes_on_without_the_database() -> None:
    """It asks without an answer for an hour and may publish all the time, but not once another leads."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 5.0), asked_s=0)
    for second in range(1, 3600):
        one.unanswered(asked_s=second)
        assert one.may_publish(second + 0.9)
    one.answered(Lease("two", 4, 5.0), asked_s=3600)
    assert not one.may_publish(3600)


def test_a_standby_waits_for_the_database_while_the_leader_gives_signs_of_life() -> None:
    """A minute after the last word of the leader it takes over."""
    two = Leadership("two")
    two.answered(Lease("one", 3, 5.0), asked_s=0)
    for second in range(1, 200):
        two.unanswered(asked_s=second)
        if second <= 100:
            two.received_from_leader(at_s=second)
    assert two.leads
    two = Leadership("two")
    two.answered(Lease("one", 3, 5.0), asked_s=0)
    for second in range(1, 101):
        two.unanswered(asked_s=second)
        two.received_from_leader(at_s=second)
    for second in range(101, 100 + int(TAKEOVER_S)):
        two.unanswered(asked_s=second)
        assert not two.leads


def test_a_leader_without_the_database_gives_way_to_newer_orders() -> None:
    """Somebody got the lease, whom it cannot see: its own orders had to rise above its term."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 5.0), asked_s=0)
    one.unanswered(asked_s=1, epoch=3)
    assert one.may_publish(1)
    one.unanswered(asked_s=2, epoch=5)
    assert not one.may_publish(2)


def test_a_leader_that_is_built_again_without_the_database_goes_on() -> None:
    """Its own orders rise then, and nobody else gave any; to those of another it still gives way."""
    lead = Leadership("one")
    lead.answered(Lease("one", 3, 5.0), 0.0)
    lead.began(4)
    lead.unanswered(1.5, epoch=4)
    assert lead.leads
    assert lead.may_publish(1.5)
    lead.unanswered(3.0, epoch=6)
    assert not lead.leads


def test_who_took_over_alone_gives_way_too_once_its_orders_have_settled() -> None:
    """They rise above all that it finds at first; later, only above those of another leader."""
    two = Leadership("two")
    second = 0
    while not two.leads:
        two.unanswered(asked_s=(second := second + 1))
    for epoch in (4, 9):
        two.unanswered(asked_s=(second := second + 1), epoch=epoch)
    for _ in range(30):
        two.unanswered(asked_s=(second := second + 1), epoch=9)
        assert two.may_publish(second)
    two.unanswered(asked_s=second + 1, epoch=11)
    assert not two.may_publish(second + 1)


def test_nothing_is_taken_before_who_led_without_the_database_has_asked() -> None:
    """Its leases have ended, and it leads all the same: it has three rounds to ask."""
    one = Leaderships("one", ["north"])
    one.unanswered(1, {})
    taken = []
    for second in range(2, 7):
        question = one.question({})
        taken.append(question.take)
        one.answered(question, LeaseAnswer(controllers=("one",)), second)
    assert taken == [(), (), (), ("north",), ("north",)]


SITES = tuple(f"site-{number:02}" for number in range(10))


def rounds(sites: tuple[str, ...], names: list[str], held: dict[str, str], chance: random.Random) -> dict[str, int]:
    """All take turns, in any order, until nobody wants anything: how often each site was taken. `held` is changed."""
    taken = dict.fromkeys(sites, 0)
    for _ in range(4 * (len(sites) + len(names))):
        quiet = True
        for name in chance.sample(names, len(names)):
            answer = LeaseAnswer({site: Lease(holder, 1, 5.0) for site, holder in held.items()}, tuple(names))
            take, leave = fair_share(name, sites, answer)
            for site in leave:
                assert held.pop(site) == name
            for site in take:
                assert site not in held
                held[site] = name
                taken[site] += 1
            quiet = quiet and not take and not leave
        if quiet:
            return taken
    raise AssertionError("they never come to rest")


@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 10**6))
def test_sites_are_spread_evenly_and_move_once(sites: int, controllers: int, seed: int) -> None:
    """From nothing; when one more comes; when one goes: all are led, none has two more than another, and no site is
    taken more than once."""
    chance, held = random.Random(seed), dict[str, str]()
    row = tuple(f"site-{number:02}" for number in range(sites))
    names = [f"controller-{number}" for number in range(controllers)]
    gone = chance.choice(names)
    changes = (lambda: None, lambda: names.append("newcomer"), lambda: names.remove(gone))
    for change in changes:
        change()
        for site in [site for site, holder in held.items() if holder not in names]:
            del held[site]
        before = dict(held)
        taken = rounds(row, names, held, chance)
        sizes = [list(held.values()).count(name) for name in names]
        assert len(held) == len(row)
        assert max(sizes) - min(sizes) <= 1
        assert all(count <= 1 for count in taken.values())
        moved = sum(taken[site] for site in before)
        assert moved <= -(-len(row) // len(names)), "more moved than the newcomer's share"


@pytest.mark.parametrize(("sites", "controllers"), [(1, 2), (2, 1), (50, 2)])
def test_a_share_is_as_large_as_any_other(sites: int, controllers: int) -> None:
    """One site for two controllers leaves one with nothing to do."""
    row, names, held = SITES[:sites], [f"c{number}" for number in range(controllers)], dict[str, str]()
    rounds(row, names, held, random.Random(1))
    sizes = sorted(list(held.values()).count(name) for name in names)
    assert sum(sizes) == len(row)
    assert sizes[-1] - sizes[0] <= 1


class Company:
    """Controllers on one table of leases, each with sites of its own; `run` lets them ask for so many seconds."""

    def __init__(self, known: dict[str, tuple[str, ...]]) -> None:
        self.now_s = 100.0
        self.table = LeaseTable(lambda: self.now_s)
        self.members = {name: Leaderships(name, sites) for name, sites in known.items()}
        self.held: dict[str, str] = {}
        self.changes = 0

    def run(self, seconds: float) -> dict[str, str]:
        """Who leads what in the end."""
        for _ in range(int(seconds / RENEW_S)):
            self.now_s += RENEW_S
            for one in self.members.values():
                for site in self.held:
                    one.stopped(site)
                question = one.question({})
                one.answered(question, self.table.exchange(question), self.now_s)
            answer = next(iter(self.members.values())).answer
            held = {site: lease.holder for site, lease in answer.leases.items() if lease.left_s > 0}
            self.changes += sum(self.held.get(site) != holder for site, holder in held.items())
            self.held = held
        return self.held


@pytest.mark.parametrize("who", ["a", "b"])
def test_a_site_that_one_controller_alone_knows_is_led_by_it(who: str) -> None:
    """Whichever comes first in the row, and it stays there."""
    known = {"a": ("north", "south"), "b": ("north", "south")}
    company = Company({**known, who: ("north", "south", "west", "zone")})
    held = company.run(60)
    assert set(held) == {"north", "south", "west", "zone"}
    assert held["west"] == held["zone"] == who
    company.changes = 0
    assert company.run(60) == held
    assert company.changes == 0


@pytest.mark.parametrize("broken", [("north",), ("south",), ("north", "south")])
def test_a_site_that_cannot_be_started_is_left_to_another(broken: tuple[str, ...]) -> None:
    """Which keeps it, until it can be; who is alone goes on trying."""
    company = Company({"a": ("north", "south"), "b": ("north", "south")})
    company.run(15)
    company.members["a"].run_all_but(broken)
    held = company.run(60)
    assert {held[site] for site in broken} == {"b"}
    assert set(held) == {"north", "south"}
    company.changes = 0
    company.run(60)
    assert company.changes == 0
    del company.members["b"]
    assert set(company.run(30).values()) == {"a"}
