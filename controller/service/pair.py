"""Who leads which site and who is on standby, as one of several controllers knows it. Pure values, for people and
pages."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.service.health import LeadHealth
from controller.state.leases import TERM_S, LeaseAnswer, PageNote

MET_S = 2 * TERM_S
"""Seconds after which another controller is expected to stay: its absence is reported."""
RETURN_S = TERM_S
"""Seconds that the others have to report in, after the database answers again."""


@dataclass(frozen=True, slots=True)
class LedSite:
    """Who leads a site and since when; `leader` is empty where nobody does, and `until` is when somebody last did. Both
    instants are None where not known."""

    leader: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """What the controller `own` knows about all sites, about the `others` that live, by name with their pages, and who
    is `ready` to lead which site.

    `is_known`: the database answered a moment ago; while it does not, its last answer is kept.
    """

    own: str
    sites: Mapping[str, LedSite] = field(default_factory=dict)
    others: Mapping[str, PageNote] = field(default_factory=dict)
    ready: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_known: bool = True


def pair_of(before: Pair, answer: LeaseAnswer, sites: Iterable[str], now: datetime) -> Pair:
    """The pair by the database's answer, on the clock of this controller; unchanged entries keep their instants."""
    found = {}
    for site in sites:
        lease, known = answer.leases.get(site), before.sites.get(site, LedSite())
        if lease is None:
            found[site] = known if not known.leader else LedSite(until=now)
        elif lease.left_s > 0:
            is_same = lease.holder == known.leader
            found[site] = known if is_same else LedSite(lease.holder, now - timedelta(seconds=lease.held_s))
        else:
            found[site] = known if known.until is not None else LedSite(until=now - timedelta(seconds=lease.ended_s))
    others = {name: page for name, page in answer.pages.items() if name != before.own}
    return Pair(before.own, found, others, {site: answer.ready_for(site) for site in found})


def lead_of(pair: Pair, site: str) -> LeadHealth | None:
    """Who leads a site, for people; None where nobody does."""
    led = pair.sites.get(site, LedSite())
    if led.since is None:
        return None
    standby = sorted({*pair.ready.get(site, ())} - {led.leader})
    return LeadHealth(controller=led.leader, since=led.since, standby=tuple(standby))


class PairAlarms:
    """Alarms about the other controllers: whether any is on standby, and can lead what this one leads. Instants are
    boot time; `title` gives the name of a site for people."""

    def __init__(self, own: str, emit: Callable[[Event], None], title: Callable[[str], str] = str) -> None:
        self._own = own
        self._emit = emit
        self._title = title
        self._met_s: dict[str, float] = {}
        """Other controllers, and since when they have been seen."""
        self._alone = Alarm(emit)
        self._missed: dict[str, Alarm] = {}
        self._unready: dict[str, Alarm] = {}
        self._is_away = False
        self._back_s = -inf

    def unanswered(self) -> None:
        """The database is away: no controller can report in."""
        self._is_away = True

    def know(self, answer: LeaseAnswer, now_s: float) -> None:
        """The database has answered. A controller that was there only for a moment may be this machine before a
        restart."""
        if self._is_away:
            self._is_away, self._back_s = False, now_s
        others = [name for name in answer.controllers if name != self._own]
        self._met_s = {name: self._met_s.get(name, now_s) for name in {*self._met_s, *others}}
        self._know_unready(answer)
        living = {machine_of(name) for name in (self._own, *others)}
        gone = {machine_of(name) for name in answer.gone_s} - living
        was_met = any(now_s - met_s > MET_S for met_s in self._met_s.values())
        if others:
            self._met_s = {name: met_s for name, met_s in self._met_s.items() if name in others}
            self._alone.clear(new_event("TWL-C064", controller=self._own, others=", ".join(others)))
        if now_s - self._back_s < RETURN_S:
            return
        if not others and (gone or was_met):
            self._alone.raise_(new_event("TWL-C063", controller=self._own))
        for machine in gone if others else ():
            self._missed.setdefault(machine, Alarm(self._emit)).raise_(new_event("TWL-C065", machine=machine))
        for machine in self._missed.keys() - gone:
            self._missed.pop(machine).clear(new_event("TWL-C066", machine=machine))

    def _know_unready(self, answer: LeaseAnswer) -> None:
        unready: dict[str, list[str]] = {}
        for site in sorted(answer.led_by(self._own)):
            for name in {*answer.controllers} - {*answer.ready_for(site)}:
                unready.setdefault(machine_of(name), []).append(self._title(site))
        for machine, sites in unready.items():
            event = new_event("TWL-C067", machine=machine, sites=", ".join(sites))
            alarm = self._unready.setdefault(machine, Alarm(self._emit))
            alarm.raise_(event, again=event != alarm.raised)
        for machine in self._unready.keys() - unready.keys():
            self._unready.pop(machine).clear(new_event("TWL-C068", machine=machine))


def machine_of(controller: str) -> str:
    """The machine that a controller is named after."""
    return controller.rpartition("-")[0]
