"""One of several controllers of a site in the simulated world, and the database that they share.

Its process runs all the time, its control loop only while it holds the lease. Rounds are beats of the world: the leader
is the first to act after a lull, so that no lease ends in one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from controller.config.load import Setup
from controller.gateways.base import Message
from controller.service.control_loop import ControlLoop
from controller.service.leadership import Leadership, Leaderships
from controller.simulation.controller_host import ControllerHost, Observer, SimulatedDisk
from controller.simulation.kernel import AgendaEntry, Kernel
from controller.simulation.network import SimulatedBroker
from controller.state.leases import TERM_S, Lease, LeaseAnswer, LeaseQuestion, PageNote

SITE = "site"


class LeaseTable:
    """The leases as PostgreSQL stores them: a `LeaseStore` whose clock is `now_s`."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._until: dict[str, float] = {}
        """Controller -> until when it lives."""
        self._pages: dict[str, PageNote] = {}
        self._unreached: dict[str, frozenset[str]] = {}
        self._able: dict[str, frozenset[str]] = {}
        self._leases: dict[str, tuple[str, int, float]] = {}
        """Site -> holder, term, end."""
        self._since: dict[str, float] = {}
        """Site -> when its lease changed hands."""

    def exchange(self, question: LeaseQuestion) -> LeaseAnswer:
        """As `LeaseStore`."""
        now_s, name = self._now_s(), question.controller
        self._until[name], self._pages[name] = now_s + TERM_S, PageNote(question.page, "127.0.0.1")
        self._unreached[name], self._able[name] = frozenset(question.unreached), frozenset(question.able)
        for site in question.leave:
            holder, term, _ = self._leases.get(site, ("", 0, now_s))
            if holder == name:
                self._leases[site] = (holder, term, now_s)
        for site, epoch in question.keep.items():
            holder, term, _ = self._leases.get(site, ("", 0, now_s))
            if holder == name:
                self._leases[site] = (name, max(term, epoch), now_s + TERM_S)
        for site in question.take:
            _, term, until_s = self._leases.get(site, ("", 0, now_s))
            if until_s <= now_s:
                self._leases[site], self._since[site] = (name, term + 1, now_s + TERM_S), now_s
        leases = {
            site: Lease(holder, term, max(0.0, end - now_s), now_s - self._since[site], max(0.0, now_s - end))
            for site, (holder, term, end) in self._leases.items()
        }
        living = {each: self._pages[each] for each, end in sorted(self._until.items()) if end > now_s}
        gone = {each: now_s - end for each, end in self._until.items() if end <= now_s}
        return LeaseAnswer(leases, tuple(living), living, gone, self._unreached, self._able)

    def depart(self, controller: str) -> None:
        """As `LeaseStore`."""
        self._until.pop(controller, None)
        for site, (holder, term, _) in self._leases.items():
            if holder == controller:
                self._leases[site] = (holder, term, self._now_s())


class SimulatedDatabase:
    """What the controllers share: the leases, and the overrides stored on `disk`. While not `up` it answers nobody, and
    never a controller in `cut`."""

    def __init__(self, world: Kernel, disk: SimulatedDisk) -> None:
        self.leases = LeaseTable(lambda: world.now)
        self.disk = disk
        self.up = True
        self.cut: set[LeasedControllerHost] = set()
        self.controllers: list[LeasedControllerHost] = []

    def answers(self, host: "LeasedControllerHost") -> bool:
        """Whether a controller reaches it."""
        return self.up and host not in self.cut

    @contextmanager
    def used_by(self, host: "LeasedControllerHost") -> Iterator[None]:
        """A context in which nothing can be stored if the controller does not reach the database."""
        was_full = self.disk.file.full
        self.disk.file.full = was_full or not self.answers(host)
        try:
            yield
        finally:
            self.disk.file.full = was_full


class LeasedControllerHost(ControllerHost):
    """One of several controllers; `start` and `stop` are for its process."""

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        setup: Setup,
        database: SimulatedDatabase,
        observer: Observer,
        name: str,
    ) -> None:
        super().__init__(world, brokers, setup, database.disk, observer)
        self.is_frozen = False
        self._name = name
        self._starts = 0
        self._database = database
        self._leaderships: Leaderships | None = None
        self._next_round: AgendaEntry | None = None
        self._delayed: list[Callable[[], None]] = []
        database.controllers.append(self)

    @property
    def runs(self) -> bool:
        """Whether its process runs, as leader or standby."""
        return self._leaderships is not None

    @property
    def lead(self) -> Leadership | None:
        """Its lease of the site."""
        return self._leaderships[SITE] if self._leaderships is not None else None

    def start(self) -> None:
        """Start the process, which asks for the lease."""
        if self._leaderships is None:
            self._starts += 1
            self._leaderships = Leaderships(f"{self._name}-{self._starts}", (SITE,))
            self._round(self._leaderships)

    def stop(self) -> None:
        """Kill -9, even of a frozen process."""
        self._leaderships = None
        self._delayed.clear()
        if self.is_frozen:
            self.thaw()
        if self._next_round is not None:
            self._next_round.cancel()
        super().stop()

    def publish(self, *messages: Message) -> None:
        """Send messages of the controller, while its lease allows."""
        if self.lead is not None and self.lead.may_publish(self.clock.mono):
            super().publish(*messages)

    def freeze(self) -> None:
        """SIGSTOP: the process does nothing, and the brokers think its connections whole until they miss it."""
        self.is_frozen = True
        for line in self.client.lines:
            line.part()

    def thaw(self) -> None:
        """SIGCONT: everything that was due runs at once, in order."""
        self.is_frozen = False
        for line in self.client.lines:
            line.mend()
        delayed, self._delayed = self._delayed, []
        for action in delayed:
            action()

    def turn(self) -> None:
        """Run a turn of the control loop, if there is one and the process is not frozen."""
        if self.is_frozen:
            self._delayed.append(self.turn)
        else:
            super().turn()

    @property
    def _reaches_a_broker(self) -> bool:
        """Whether it reaches a broker; a standby would have connections of its own, which are not simulated."""
        return self.client.connected if self.loop is not None else any(line.is_open for line in self.client.lines)

    def _receives_from(self, other: "LeasedControllerHost") -> bool:
        """Whether the signs of life of another controller that leads arrive here over some broker."""
        if other.loop is None or other.is_frozen:
            return False
        ways = zip(self.client.lines, other.client.lines, strict=True)
        return any(theirs.connected and not theirs.cut and ours.is_open for ours, theirs in ways)

    def _answer(self, loop: ControlLoop) -> None:
        if self.is_frozen:
            self._delayed.append(lambda: self._answer(loop))
            return
        with self._database.used_by(self):
            super()._answer(loop)

    def _round(self, leaderships: Leaderships) -> None:
        """Ask the database, act on its answer, and plan the next round."""
        if self.is_frozen:
            self._delayed.append(lambda: self._round(leaderships))
            return
        if leaderships is not self._leaderships:
            return
        epochs = {SITE: self.loop.controller.order.epoch} if self.loop is not None else {}
        leaderships.reach_all_but(() if self._reaches_a_broker else (SITE,))
        question, asked_s = leaderships.question(epochs), self.clock.mono
        if self._database.answers(self):
            leaderships.answered(question, self._database.leases.exchange(question), asked_s)
        else:
            leaderships.unanswered(asked_s, epochs)
            if self.loop is None and any(self._receives_from(each) for each in self._database.controllers):
                leaderships[SITE].received_from_leader(asked_s)
        if leaderships.leads and self.loop is None:
            super().start()
        elif not leaderships.leads and self.loop is not None:
            super().stop()
            leaderships.stopped(SITE)
        when = self._world.now + leaderships.wait_s()
        self._next_round = self._world.beat(when, lambda: self._round(leaderships), listens=not leaderships.leads)
