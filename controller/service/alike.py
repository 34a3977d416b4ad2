"""One decision for many identical gateways, and one event for what they have in common. Pure.

Thousands of lamps differ only in their names and topics. In the same state at the same instant they are in the same
situation: `reconcile` decides for the first, and the others get its decision under their own names. They also share the
resulting state object, which saves memory and lets the next decision be shared as well.

Their confirmations are logged as one event: a person wants to know that 250 lamps confirm; the history wants to know
which, each with the id of its command.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from controller.events import Event, new_event
from controller.gateways.base import DesiredState, Gateway, Report
from controller.service.gateway_state import Decision, DesiredLooks, GatewayState, Issued

SINGLY = 20
"""At a site with at most this many gateways, each has its own event."""
GROUPED = frozenset({"TWL-G101", "TWL-G119"})
"""Events that are grouped where there are more gateways: none of them reports a fault."""
CONFIRMED, MANY_CONFIRMED = "TWL-G101", "TWL-G125"
GATHER_S = 1.0
"""Seconds that the first of many confirmations waits for the others."""
TimedEvent = tuple[Event, datetime]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for one gateway in a state: its looks, the desired state that is sent, and the command's
    event."""

    state: GatewayState
    looks: DesiredLooks
    decision: Decision
    desired: DesiredState | None
    commanded: Event | None


class AlikeDecisions:
    """The decisions of one instant, one outlook and one connection, for gateways that are alike."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, bool], Decided] = {}
        self._last: GatewayState | None = None
        self.made = 0
        """Number of decisions that were made, not found."""

    def find(self, alike: int, state: GatewayState, looks: DesiredLooks, *, is_first: bool) -> Decided | None:
        """The decision for an identical gateway in this state, if any; `is_first`: it was never issued a command."""
        return self._known.get((alike, id(state), id(looks), is_first))

    def keep(self, alike: int, decided: Decided, *, is_first: bool) -> None:
        """Keep a decision for others, unless it is individual. Holding the objects keeps their ids from being
        reused."""
        self.made += 1
        if not decided.decision.is_individual:
            self._known[alike, id(decided.state), id(decided.looks), is_first] = decided

    def shared(self, decision: Decision) -> Decision:
        """The decision with the state object of the previous one where both are equal, so that gateways share
        states."""
        if self._last == decision.state:
            return decision._replace(state=self._last)
        self._last = decision.state
        return decision


class AlikeReports:
    """The states that follow from reports at one instant: identical lamps in one state mostly report the same."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._known: dict[tuple[int, int, bool], tuple[GatewayState, Report, GatewayState]] = {}
        self._last: GatewayState | None = None

    def after(self, state: GatewayState, report: Report, now_s: float, *, fresh: bool) -> GatewayState:
        """The state with this report merged in, as by `GatewayState.after`."""
        if now_s != self._now_s:
            self._now_s, self._known = now_s, {}
        key = id(state), id(report), fresh
        known = self._known.get(key)
        if known is not None:
            return known[2]
        after = state.after(report, now_s, fresh=fresh)
        if self._last == after:
            after = self._last
        self._last = after
        self._known[key] = state, report, after  # holding the objects keeps their ids from being reused
        return after


class GroupedEvents:
    """The events of one turn: what thousands of lamps share is one event."""

    def __init__(self, gateways: int) -> None:
        self._are_many = gateways > SINGLY
        self._shared: dict[int, tuple[Event, dict[str, str]]] = {}
        """By the id of the event object: the event, and the command id of each gateway that it is about."""

    def add(self, event: Event, gateway: Gateway, issued: Issued | None) -> None:
        """Add an event of this gateway, or of an identical one, about the command that was issued to it."""
        known = self._shared.get(id(event))
        if known is None:
            known = self._shared[id(event)] = event, {}
        known[1][gateway.name] = issued.command_id if issued is not None else "–"

    def events(self) -> Iterator[Event]:
        """All events, in the order in which each was first added."""
        for event, each in self._shared.values():
            if self._are_many and len(each) > 1 and event.code in GROUPED:
                yield replace(event, each=each)
            else:
                yield from (_in_name_of(gateway, command_id, event) for gateway, command_id in each.items())


def _in_name_of(gateway: str, command_id: str, event: Event) -> Event:
    own = {"gateway": gateway, **({"command_id": command_id} if "command_id" in event.fields else {})}
    return replace(event, fields={**event.fields, **own})


@dataclass
class _Alike:
    """Confirmations of the same light; the event for all of them has the fields of the last and the longest latency."""

    events: list[TimedEvent] = field(default_factory=list)
    count: int = 0
    latency_s: float = 0.0

    def add(self, event: Event, at: datetime) -> None:
        """Add a confirmation. Once there are more than SINGLY they are marked as logged together, each as it comes:
        marking thousands at the end would take too long."""
        self.latency_s = max(self.latency_s, float(str(event.fields["latency_s"])))
        were_many = self.count > SINGLY
        self.count += event.count
        if self.count > SINGLY:
            event = _with_others(event)
            if not were_many:
                self.events = [(_with_others(one), when) for one, when in self.events]
        self.events.append((event, at))

    def due(self) -> list[TimedEvent]:
        """The events to emit."""
        if self.count <= SINGLY:
            return [(single, at) for event, at in self.events for single in event.singly()]
        event, at = self.events[-1]
        fields = {"count": self.count, "shows": event.fields["shows"], "latency_s": self.latency_s}
        return [*self.events, (new_event(MANY_CONFIRMED, **fields), at)]


def _with_others(event: Event) -> Event:
    return replace(event, is_grouped=True)


class Confirmations:
    """Confirmations that wait to be emitted. At a site with SINGLY gateways or fewer none waits."""

    def __init__(self, gateways: int) -> None:
        self._are_many = gateways > SINGLY
        self._alike: defaultdict[str, _Alike] = defaultdict(_Alike)
        """By what they show."""
        self._words: dict[int, str] = {}
        """The same as text, by the id of the field, which many waiting events share."""
        self.due_s = inf
        """When the waiting events are emitted (boot time); infinity where none waits."""

    def gather(self, event: Event, at: datetime, now_s: float) -> bool:
        """Whether this event was taken to wait: a confirmation at a site with many gateways."""
        if event.code != CONFIRMED or not self._are_many:
            return False
        shows = event.fields["shows"]
        if id(shows) not in self._words:
            self._words[id(shows)] = str(shows)
        self._alike[self._words[id(shows)]].add(event, at)
        self.due_s = min(self.due_s, now_s + GATHER_S)
        return True

    def due(self, now_s: float) -> list[TimedEvent]:
        """The events to emit now; behind more than SINGLY confirmations of the same light one event for all of them."""
        if now_s < self.due_s:
            return []
        found = [timed for alike in self._alike.values() for timed in alike.due()]
        self._alike.clear()
        self._words.clear()
        self.due_s = inf
        return found
