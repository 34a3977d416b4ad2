"""Decides which of several controllers leads which site. Pure.

A site is led by the controller that holds its lease: a row in the database that ends by itself unless it is renewed.
Its term rises with each change of hands and is the epoch of the orders, so a gateway refuses orders of an earlier
leader. Only the clock of the database decides when a lease ends; a controller counts the seconds since it asked, on a
clock that is never stepped and includes suspend.

A controller that reaches no broker of a site, while another one does, leaves all its sites to that other one: a lease
alone lights nothing.

Without the database nobody knows who leads, and a dark tower is worse than one that gets the same orders twice. So the
leader goes on, and a standby waits; it takes over when no broker delivers a message of the leader either.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from controller.service.health import LeadHealth
from controller.service.health_watch import HEARTBEAT_S
from controller.service.override_request import action_of
from controller.service.overrides import STOPPED
from controller.state.leases import TERM_S, Lease, LeaseAnswer, LeaseQuestion

RENEW_S = 1.5
"""Seconds between renewals of a lease: three may fail."""
STALE_S = 0.8 * TERM_S
"""A leader that was frozen for longer sends nothing before it has asked again: another one may lead by now."""
JUST_AFTER_S = 0.05
PATIENT_ROUNDS = 3
SETTLED_S = 10.0
TAKEOVER_S = 60.0
"""Seconds after which a standby takes over, without the database and without a message of the leader on any broker."""
SURE_S = 1.5 * HEARTBEAT_S
"""A sign of life that comes this many seconds after a stop is from a leader that has received the stop."""
LIFTED = ("TWL-O106", "TWL-O108")
MOST_STOPS = 20
"""Most stops stored for a site; one would do, but each has somebody who waits for an answer."""


def fair_share(name: str, sites: Sequence[str], answer: LeaseAnswer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sites that a controller should take now, and those that it should leave to another.

    Every controller gets the same number of the sites that all can lead, or one more. It leaves a site only if another
    one with less than its share can take it, so no site changes hands twice when one controller comes or goes. A site
    that only some can lead goes to the first of them; for one that nobody can lead, all keep trying. A controller that
    is cut off from brokers that others reach has no share.
    """
    if name in answer.cut_off:
        return (), tuple(sorted(answer.led_by(name) & set(sites)))
    names = sorted({*answer.controllers, name} - answer.cut_off)
    able = {site: answer.able_to_lead(site, names) for site in sites}
    some = [site for site in sites if len(able[site]) < len(names)]
    take, leave = _even_share(name, [site for site in sites if site not in some], names, answer)
    held = frozenset().union(*(answer.led_by(each) for each in names))
    take += tuple(site for site in some if site not in held and able[site][0] == name)
    leave += tuple(site for site in some if site in answer.led_by(name) and name not in able[site])
    return take, leave


def _even_share(
    name: str, sites: Sequence[str], names: Sequence[str], answer: LeaseAnswer
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    led = {each: answer.led_by(each) & set(sites) for each in names}
    least, more = divmod(len(sites), len(names))
    # the extra site goes to whoever leads most already: fewer sites move
    by_size = sorted(names, key=lambda each: (-len(led[each]), each))
    share = {each: least + (rank < more) for rank, each in enumerate(by_size)}
    held = frozenset().union(*led.values())
    free = [site for site in sites if site not in held]
    missing = sum(max(0, share[each] - len(led[each])) for each in names if each != name) - len(free)
    surplus = min(len(led[name]) - share[name], missing)
    if surplus > 0:
        return (), tuple(sorted(led[name], reverse=True)[:surplus])
    wanted = max(0, share[name] - len(led[name]))
    # each starts at its own place, so that two that come at once seldom try to take the same site
    first = len(free) * names.index(name) // len(names)
    return tuple((free[first:] + free[:first])[:wanted]), ()


class Leadership:
    """Whether this controller leads a site. Instants are seconds that never step and count a suspend."""

    def __init__(self, name: str) -> None:
        self.term = 0
        """Term of the last lease held, or the epoch with which orders began since; 0 before the first, and while
        leading without a lease."""
        self.name = name
        """Name of this controller."""
        self.health: LeadHealth | None = None
        """Who leads and who is on standby, for people."""
        self._leads = False
        self._known_s = float("-inf")
        """When the last question was asked whose answer left us the lead."""
        self._alone_s: float | None = None
        """On a standby: since when neither the database nor another leader has answered."""

    def answered(self, lease: Lease | None, asked_s: float) -> None:
        """The database answered a question asked at `asked_s`."""
        self._alone_s = None
        self._leads = lease is not None and lease.holder == self.name and lease.left_s > 0
        if lease is not None and self._leads:
            self.term, self._known_s = lease.term, asked_s

    def began(self, epoch: int) -> None:
        """The site was built, at the start or again for other files: its orders begin with this epoch, so no other
        controller made them rise."""
        if self._leads and self.term > 0:
            self.term = max(self.term, epoch)

    def unanswered(self, asked_s: float, epoch: int = 0) -> None:
        """The database did not answer a question asked at `asked_s`. The leader goes on, unless its orders had to rise
        to an epoch above its term: then another controller gave orders under a newer one."""
        if self._leads and epoch > self.term > 0:
            self._leads, self._alone_s = False, asked_s
        elif self._leads:
            self._known_s = asked_s
            if self._alone_s is not None and asked_s - self._alone_s >= TAKEOVER_S + SETTLED_S:
                self.term, self._alone_s = epoch, None  # by now its orders are above all that it found on the brokers
        elif self._alone_s is None:
            self._alone_s = asked_s
        elif asked_s - self._alone_s >= TAKEOVER_S:
            self._leads, self._known_s, self.term = True, asked_s, 0

    def received_from_leader(self, at_s: float) -> None:
        """A message arrived from another controller that leads the site."""
        if self._alone_s is not None:
            self._alone_s = at_s

    @property
    def leads(self) -> bool:
        """Whether it leads by the last answer, though it may have been frozen since."""
        return self._leads

    def may_publish(self, now_s: float) -> bool:
        """Whether it may send orders at this instant."""
        return self._leads and now_s - self._known_s <= STALE_S


class Leaderships:
    """What one of several controllers does about all sites: what it asks the database, and which sites it leads."""

    def __init__(self, name: str, sites: Iterable[str] = ()) -> None:
        self.name = name
        self._sites = {site: Leadership(name) for site in sites}
        self._answer = LeaseAnswer()
        self._patience = 0
        """Number of rounds in which no site is taken: whoever led while the database was away may not have asked again
        yet."""
        self._unreached: frozenset[str] = frozenset()
        self._broken: frozenset[str] = frozenset()
        self._stopping: set[str] = set()
        """Sites that will be left once they have stopped here."""
        self._stopped: set[str] = set()

    def __getitem__(self, site: str) -> Leadership:
        """The leadership of one site, also of a site that `know` did not name."""
        return self._sites.setdefault(site, Leadership(self.name))

    @property
    def leads(self) -> frozenset[str]:
        """The sites that are to run here."""
        return frozenset(site for site, one in self._sites.items() if one.leads and site not in self._stopping)

    @property
    def answer(self) -> LeaseAnswer:
        """The last answer of the database."""
        return self._answer

    @property
    def leaders(self) -> Mapping[str, str]:
        """Site -> the controller that leads it, by the last answer of the database."""
        return {site: lease.holder for site, lease in self._answer.leases.items() if lease.left_s > 0}

    def know(self, sites: Iterable[str]) -> None:
        """Set the sites."""
        self._sites = {site: self._sites.get(site) or Leadership(self.name) for site in sites}

    def reach_all_but(self, sites: Iterable[str]) -> None:
        """Set the sites of which no broker is reached from here."""
        self._unreached = frozenset(sites)

    def run_all_but(self, sites: Iterable[str]) -> None:
        """Set the sites that cannot be started here, because of mistakes in their files or a wrong clock: others get
        them."""
        self._broken = frozenset(sites)

    def began(self, site: str, epoch: int) -> None:
        """A site was built here; its orders begin with this epoch."""
        if site in self._sites:
            self._sites[site].began(epoch)

    def stopped(self, site: str) -> None:
        """A site that was to stop has stopped here; its lease may go to another controller."""
        if site in self._stopping:
            self._stopped.add(site)

    @property
    def _share(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The sites to take and to leave, by what this controller knows about itself now."""
        before = self._answer
        unreached, able = {**before.unreached, self.name: self._unreached}, {**before.able, self.name: self._able}
        answer = replace(before, unreached=unreached, able=able)
        take, leave = fair_share(self.name, tuple(self._sites), answer)
        return () if self._patience else take, leave

    @property
    def _able(self) -> frozenset[str]:
        return frozenset(self._sites) - self._broken

    def question(self, epochs: Mapping[str, int]) -> LeaseQuestion:
        """The question to ask now, and every RENEW_S; `epochs` are those that the sites running here have reached."""
        take, surplus = self._share
        self._stopping |= set(surplus)
        leave = tuple(sorted(self._stopped & self._stopping))
        keep = {site: epochs.get(site, 0) for site, one in self._sites.items() if one.leads and site not in leave}
        return LeaseQuestion(
            self.name, keep, take, leave, unreached=tuple(sorted(self._unreached)), able=tuple(sorted(self._able))
        )

    def answered(self, question: LeaseQuestion, answer: LeaseAnswer, asked_s: float) -> None:
        """The database answered a question asked at `asked_s` with the state of all controllers."""
        self._answer, self._patience = answer, max(0, self._patience - 1)
        for site, one in self._sites.items():
            one.answered(answer.leases.get(site), asked_s)
        left = {site for site in self._stopping if site in question.leave or site not in answer.led_by(self.name)}
        self._stopping -= left
        self._stopped -= left

    def unanswered(self, asked_s: float, epochs: Mapping[str, int]) -> None:
        """The database did not answer; `epochs` as in `question`."""
        self._patience = PATIENT_ROUNDS
        for site, one in self._sites.items():
            one.unanswered(asked_s, epochs.get(site, 0))

    def wait_s(self, waited_s: float = 0.0) -> float:
        """Seconds to wait until the next question, `waited_s` after the last: until another's lease ends, if that is
        sooner, and none where there is a site to take that nobody holds."""
        others = {site: lease.left_s for site, lease in self._answer.leases.items() if lease.holder != self.name}
        soonest = min((left_s + JUST_AFTER_S for left_s in others.values() if left_s > 0), default=RENEW_S)
        ended = {site for site, left_s in others.items() if left_s <= 0}
        if ended and not ended.isdisjoint(self._share[0]):
            soonest = JUST_AFTER_S
        return max(0.0, min(RENEW_S, soonest) - waited_s)


class StoredStops:
    """The safety stops that came while nobody led a site, until the next leader acts on them. Instants are boot time.

    Every controller receives them. A leader that gives signs of life after a stop has received it too, and the next
    leader finds it in the database; while the database is away it is on the leader's disk alone, so we store it.
    """

    def __init__(self) -> None:
        self._stops: dict[str, dict[bytes, float]] = {}

    def receive(self, site: str, payload: bytes, now_s: float) -> None:
        """A request arrived. A lift also removes stops that nobody has acted on."""
        action = action_of(payload)
        if action == "lift":
            self._stops.pop(site, None)
        elif action == "stop":
            kept = self._stops.setdefault(site, {})
            if len(kept) < MOST_STOPS:
                kept.setdefault(payload, now_s)

    def receive_event(self, site: str, payload: bytes, now_s: float) -> None:
        """An event of the site's leader arrived: a stop or a lift from its page is no request that others receive."""
        try:
            event = json.loads(payload)
            code, request = event["code"], {key: event[key] for key in ("id", "owner")}
        except (ValueError, LookupError, TypeError, RecursionError):
            return
        if code in LIFTED:
            self._stops.pop(site, None)
        elif code in STOPPED and not self._stops.get(site):
            request |= {"version": 1, "action": "stop", "reason": event.get("reason") or "-"}
            self.receive(site, json.dumps(request).encode(), now_s)

    def received_from_leader(self, site: str, now_s: float) -> None:
        """A sign of life of the leader arrived, while the database works and so stores the stops."""
        kept = self._stops.get(site, {})
        self._stops[site] = {payload: received_s for payload, received_s in kept.items() if now_s - received_s < SURE_S}

    def of(self, site: str) -> tuple[bytes, ...]:
        """The stops that the leader of a site must act on, in the order in which they came."""
        return tuple(self._stops.get(site, ()))
