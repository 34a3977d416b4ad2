"""One decision for many gateways. Pure.

Thousands of lamps differ in their names and topics only. At one instant, in the same state, they are in the same
situation: `reconcile` is asked for the first of them, and the others are given its answer in their own names. The state
that follows is one object that they share from then on, which takes the memory of one; so the next answer, too, serves
all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from controller.events import Event
from controller.gateways.base import DesiredState, Gateway, Report
from controller.service.gateway_state import Decision, DesiredLooks, GatewayState, Issued

SINGLY = 20
"""At a site with so many gateways or fewer each is told of by itself."""
TOLD_TOGETHER = frozenset({"TWL-G101", "TWL-G119"})
"""What is told as one event where there are more: it begins no trouble, and no log shows it of each."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for one gateway in a state: the looks and the command as it is sent them, and the event that
    tells of the command."""

    state: GatewayState
    looks: DesiredLooks
    decision: Decision
    desired: DesiredState | None
    commanded: Event | None


class AlikeDecisions:
    """Those of one instant, one outlook and one connection."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, bool], Decided] = {}
        self._last: GatewayState | None = None
        self.made = 0
        """So many were decided, and not found."""

    def find(self, alike: int, state: GatewayState, looks: DesiredLooks, *, is_first: bool) -> Decided | None:
        """What was decided for another one of its like that was in this state; `is_first` tells that no command was
        ever issued to it."""
        return self._known.get((alike, id(state), id(looks), is_first))

    def keep(self, alike: int, decided: Decided, *, is_first: bool) -> None:
        """For others, unless it was made for this gateway alone. What it holds keeps the ids from being used again."""
        self.made += 1
        if not decided.decision.is_own:
            self._known[alike, id(decided.state), id(decided.looks), is_first] = decided

    def shared(self, decision: Decision) -> Decision:
        """With the state of the decision before, where that is equal: so the states of thousands become few again."""
        if self._last == decision.state:
            return decision._replace(state=self._last)
        self._last = decision.state
        return decision


class AlikeReports:
    """What thousands of lamps report at one instant is mostly the same, of lamps in the same state."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._known: dict[tuple[int, int, bool], tuple[GatewayState, Report, GatewayState]] = {}
        self._last: GatewayState | None = None

    def after(self, state: GatewayState, report: Report, now_s: float, *, fresh: bool) -> GatewayState:
        """The state once this report has come, as `GatewayState.after` has it."""
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
        self._known[key] = state, report, after  # so that no id is used again
        return after


class AlikeEvents:
    """What is told in one turn: thousands of lamps that are decided as one are told of as one, too."""

    def __init__(self, gateways: int) -> None:
        self._are_many = gateways > SINGLY
        self._told: dict[int, tuple[Event, dict[str, str]]] = {}
        """By the id of the event that they share: of which gateways it is told, each with the id of its command."""

    def add(self, event: Event, gateway: Gateway, issued: Issued | None) -> None:
        """An event of this gateway or of one of its like, about the command that was issued to it."""
        known = self._told.get(id(event))
        if known is None:
            known = self._told[id(event)] = event, {}
        known[1][gateway.name] = issued.command_id if issued is not None else "–"

    def told(self) -> Iterator[Event]:
        """All of them, in the order in which they came first."""
        for event, each in self._told.values():
            if self._are_many and len(each) > 1 and event.code in TOLD_TOGETHER:
                yield replace(event, each=each)
            else:
                yield from (_in_name_of(gateway, command_id, event) for gateway, command_id in each.items())


def _in_name_of(gateway: str, command_id: str, event: Event) -> Event:
    own = {"gateway": gateway, **({"command_id": command_id} if "command_id" in event.fields else {})}
    return replace(event, fields={**event.fields, **own})
