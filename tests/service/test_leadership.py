"""Who leads which site, with and without the database."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.service.leadership import FORSAKEN_S, STALE_S, Leadership, fair_share
from controller.state.leases import Lease, Standing


def test_only_who_holds_the_lease_speaks() -> None:
    """Nobody before he was told; who is told that another leads is silent at once."""
    one = Leadership("one")
    assert not one.may_speak(0)
    one.answered(Lease("one", 3, 5.0), asked_s=10)
    assert (one.may_speak(10), one.term) == (True, 3)
    one.answered(Lease("two", 4, 5.0), asked_s=11)
    assert not one.may_speak(11)


def test_a_lease_that_has_ended_is_nobodys() -> None:
    """The row may still bear the name."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 0.0), asked_s=10)
    assert not one.may_speak(10)


def test_a_leader_that_was_frozen_is_silent_until_it_has_asked() -> None:
    """A question that was asked before the freeze does not count, whatever the answer."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 5.0), asked_s=10)
    thawed = 10 + STALE_S + 30
    assert not one.may_speak(thawed)
    one.answered(Lease("one", 3, 1.0), asked_s=11)
    assert not one.may_speak(thawed)
    one.answered(Lease("one", 3, 5.0), asked_s=thawed)
    assert one.may_speak(thawed + 0.1)


def test_a_leader_goes_on_without_the_database() -> None:
    """It asks in vain for an hour and speaks all the time, and not at all once it is told that another leads."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 5.0), asked_s=0)
    for second in range(1, 3600):
        one.unanswered(asked_s=second)
        assert one.may_speak(second + 0.9)
    one.answered(Lease("two", 4, 5.0), asked_s=3600)
    assert not one.may_speak(3600)


def test_who_stands_by_waits_for_the_database_while_the_leader_is_heard() -> None:
    """A minute after the last word of the leader it takes over."""
    two = Leadership("two")
    two.answered(Lease("one", 3, 5.0), asked_s=0)
    for second in range(1, 200):
        two.unanswered(asked_s=second)
        if second <= 100:
            two.heard_leader(at_s=second)
    assert two.leads
    two = Leadership("two")
    two.answered(Lease("one", 3, 5.0), asked_s=0)
    for second in range(1, 101):
        two.unanswered(asked_s=second)
        two.heard_leader(at_s=second)
    for second in range(101, 100 + int(FORSAKEN_S)):
        two.unanswered(asked_s=second)
        assert not two.leads


def test_a_leader_without_the_database_gives_way_to_newer_orders() -> None:
    """Somebody got the lease, whom it cannot see: its own orders had to rise above its term."""
    one = Leadership("one")
    one.answered(Lease("one", 3, 5.0), asked_s=0)
    one.unanswered(asked_s=1, epoch=3)
    assert one.may_speak(1)
    one.unanswered(asked_s=2, epoch=5)
    assert not one.may_speak(2)


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
        assert two.may_speak(second)
    two.unanswered(asked_s=second + 1, epoch=11)
    assert not two.may_speak(second + 1)


SITES = tuple(f"site-{number:02}" for number in range(10))


def rounds(sites: tuple[str, ...], names: list[str], held: dict[str, str], chance: random.Random) -> dict[str, int]:
    """All take turns, in any order, until nobody wants anything: how often each site was taken. `held` is changed."""
    taken = dict.fromkeys(sites, 0)
    for _ in range(4 * (len(sites) + len(names))):
        quiet = True
        for name in chance.sample(names, len(names)):
            standing = Standing({site: Lease(holder, 1, 5.0) for site, holder in held.items()}, tuple(names))
            take, leave = fair_share(name, sites, standing)
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
