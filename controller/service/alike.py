"""One decision for many identical gateways. Pure.

Thousands of lamps differ only in their names and topics. In the same state at the same instant they are in the same
situation: `reconcile` decides for the first, and the others get its decision under their own names. They also share the
resulting state object, which saves memory and lets the next decision be shared as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from controller.events import Event
from controller.gateways.base import DesiredState, Gateway, Report
from controller.service.gateway_state import Decision, DesiredLooks, GatewayState, Issued

SINGLY = 20
"""At a site with at most this many gateways, each has its own event."""
GROUPED = frozenset({"TWL-G101", "TWL-G119"})
"""Events that are grouped where there are more gateways: none of them reports a fault, and no log lists them singly."""


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
