"""Controllers that share sites through leases, on a virtual clock."""

import random

from hypothesis import given
from hypothesis import strategies as st

from controller.service.leadership import Leaderships
from controller.simulation.leased_host import LeaseTable

SITES = tuple(f"site-{number}" for number in range(6))
STEP_S = 0.25
TAKEOVER_S = 6.0


class World:
    """Controllers on one table. `frozen` ones do nothing, `cut` ones do not reach the table, and of a `deaf` one the
    rounds are stored and the answers lost."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.now_s = 0.0
        self.table = LeaseTable(lambda: self.now_s)
        self.all = {name: Leaderships(name, SITES) for name in names}
        self.due_s = dict.fromkeys(names, 0.0)
        self.frozen: set[str] = set()
        self.cut: set[str] = set()
        self.deaf: set[str] = set()
        self.terms: dict[str, int] = {}

    def run(self, seconds: float) -> None:
        """Goes on for so long."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            for name in self.all.keys() - self.frozen:
                if self.now_s >= self.due_s[name]:
                    self.ask(name)
            self.now_s += STEP_S

    def ask(self, name: str) -> None:
        """One round of one of them."""
        one = self.all[name]
        for site in SITES:  # what is to stop has stopped by the next round
            if one[site].leads and site not in one.leads:
                one.stopped(site)
        question = one.question({})
        if name not in self.cut:
            answer = self.table.exchange(question)
            for site, lease in answer.leases.items():
                assert lease.term >= self.terms.get(site, 0), "a term went down"
                self.terms[site] = lease.term
            if name not in self.deaf:
                one.answered(question, answer, self.now_s)
        if name in self.cut | self.deaf:
            one.unanswered(self.now_s, {})
        self.due_s[name] = self.now_s + one.wait_s()

    def speakers(self, site: str) -> set[str]:
        """Who may give orders to a site now."""
        return {name for name in self.all if name not in self.frozen and self.all[name][site].may_publish(self.now_s)}

    def spread(self) -> list[int]:
        """How many sites each leads that is not frozen; fails where one is led by nobody, or by two."""
        assert all(len(self.speakers(site)) == 1 for site in SITES)
        return sorted(len(self.all[name].leads) for name in self.all.keys() - self.frozen)


def test_two_share_the_sites_and_one_takes_over_from_a_frozen_one() -> None:
    """It thaws, publishes nothing, and gets its share again."""
    world = World(("one", "two"))
    world.run(10)
    assert world.spread() == [3, 3]
    world.frozen.add("one")
    world.run(TAKEOVER_S)
    assert world.spread() == [6]
    world.run(20)
    world.frozen.clear()
    assert all(world.speakers(site) == {"two"} for site in SITES)
    world.run(10)
    assert world.spread() == [3, 3]


def test_a_leader_without_the_database_goes_on_and_the_other_takes_what_is_free() -> None:
    """Cut off alone, it is led by two for that time, which does no harm; together, nothing changes hands."""
    world = World(("one", "two"))
    world.run(10)
    before = {name: world.all[name].leads for name in world.all}
    world.cut = {"one", "two"}
    world.run(50)
    assert {name: world.all[name].leads for name in world.all} == before
    assert world.spread() == [3, 3]
    world.cut.clear()
    world.run(10)
    assert {name: world.all[name].leads for name in world.all} == before


def test_answers_that_are_lost_take_the_lead_from_nobody() -> None:
    """The rounds are stored, so the lease is kept; a controller that asks without success goes on."""
    world = World(("one", "two"))
    world.run(10)
    before = world.all["one"].leads
    world.deaf.add("one")
    world.run(30)
    assert world.all["one"].leads == before
    assert world.all["two"].leads == set(SITES) - before


@given(st.integers(0, 10**6))
def test_whatever_happens_each_site_is_led_by_one_in_the_end(seed: int) -> None:
    """Freezes, cuts and lost answers at any time, of up to three controllers: ten seconds after the last, all is spread
    evenly, and the terms of a site only rose."""
    chance = random.Random(seed)
    world = World(("one", "two", "three"))
    for _ in range(12):
        chance.choice((world.frozen, world.cut, world.deaf)).add(chance.choice(tuple(world.all)))
        if chance.random() < 0.5:
            chance.choice((world.frozen, world.cut, world.deaf)).clear()
        world.run(chance.uniform(0.5, 9))
    world.frozen.clear(), world.cut.clear(), world.deaf.clear()
    world.run(15)
    assert world.spread() == [2, 2, 2]


def test_who_reaches_no_broker_leaves_all_to_one_that_does() -> None:
    """Within seconds, and gets its share again; where none reaches one, nobody changes places."""
    world = World(("one", "two"))
    world.run(10)
    world.all["one"].reach_all_but(SITES)
    world.run(TAKEOVER_S)
    assert world.all["two"].leads == set(SITES)
    world.run(20)
    assert world.all["two"].leads == set(SITES)
    world.all["two"].reach_all_but(SITES)
    world.run(20)
    assert world.spread() == [3, 3]
    for one in world.all.values():
        one.reach_all_but(())
    world.run(10)
    assert world.spread() == [3, 3]


def test_one_site_whose_broker_another_reaches_is_enough() -> None:
    """Who does not reach it leads nothing; where two lack one each, both go on."""
    world = World(("one", "two", "three"))
    world.run(10)
    world.all["one"].reach_all_but(SITES[:1])
    world.run(TAKEOVER_S)
    assert world.spread() == [0, 3, 3]
    for number, one in enumerate(world.all.values()):
        one.reach_all_but(SITES[number : number + 1])
    world.run(20)
    assert world.spread() == [2, 2, 2]


def test_nobody_takes_what_another_led_while_the_database_was_away() -> None:
    """Who asks first when it is back finds that the other's lease has ended, and leaves it time to ask."""
    world = World(("one", "two"))
    world.run(10)
    led = {name: one.leads for name, one in world.all.items()}
    world.cut = {"one", "two"}
    world.run(20)
    world.cut = {"two"}
    world.run(1.5)
    world.cut = set()
    world.run(10)
    assert {name: one.leads for name, one in world.all.items()} == led
