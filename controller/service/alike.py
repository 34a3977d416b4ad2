"""One decision for many gateways. Pure.

Thousands of lamps differ in their names and topics only. At one instant, in the same state, they are in the same
situation: `reconcile` is asked for the first of them, and the others are given its answer in their own names. The state
that follows is one object that they share from then on, which takes the memory of one; so the next answer, too, serves
all of them.
"""

from dataclasses import dataclass, replace

from controller.events import Event
from controller.gateways.base import DesiredState, Gateway, Report
from controller.service.gateway_state import Decision, DesiredLooks, GatewayState, Issued


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
        self._known: dict[tuple[object, ...], Decided] = {}
        self._last: GatewayState | None = None
        self.made = 0
        """So many were decided, and not found."""

    def find(self, alike: object, state: GatewayState, looks: DesiredLooks, *, is_first: bool) -> Decided | None:
        """What was decided for another one of its like that was in this state; `is_first` tells that no command was
        ever issued to it."""
        return self._known.get((alike, id(state), id(looks), is_first))

    def keep(self, alike: object, decided: Decided, *, is_first: bool) -> None:
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


def in_name_of(gateway: Gateway, issued: Issued | None, event: Event) -> Event:
    """An event of one of its like, told of this gateway and its command."""
    own: dict[str, object] = {"gateway": gateway.name}
    if "command_id" in event.fields:
        own["command_id"] = issued.command_id if issued is not None else "–"
    return replace(event, fields={**event.fields, **own})
