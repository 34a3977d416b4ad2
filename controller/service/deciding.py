"""Decides what a gateway is sent at an instant and which events follow; identical gateways share a decision. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from controller.clock import ClockReading
from controller.gateways.base import DesiredState, Gateway, Message
from controller.schedule.plan import Cue
from controller.service.alike import AlikeDecisions, Decided
from controller.service.desired import (
    HORIZON,
    LooksNow,
    Orders,
    Outlook,
    PlanAhead,
    desired_key,
    fade_left_s,
)
from controller.service.gateway_state import (
    Decision,
    DesiredLooks,
    GatewayState,
    Issued,
    TurnFacts,
)
from controller.service.gateway_table import GatewayTable
from controller.service.reconcile import reconcile
from controller.service.situation import command_event


class Prepared(NamedTuple):
    """What was decided for one gateway, or for an identical one: the order under which it is sent, and the messages."""

    decided: Decided
    issued: Issued | None
    messages: tuple[Message, ...]


class Decider:
    """Decides for the gateways of a table. Commands take the next of the `orders`; topics are below `prefix`."""

    def __init__(self, table: GatewayTable, orders: Orders, plan: PlanAhead, prefix: str) -> None:
        self.alone: Mapping[str, DesiredLooks] = {}
        """What these gateways show instead of the plan: a test of lamps."""
        self._table = table
        self._orders = orders
        self._plan = plan
        self._prefix = prefix
        self._looks_now = LooksNow()

    def decide(
        self,
        gateway: Gateway,
        outlook: Outlook,
        reading: ClockReading,
        decisions: AlikeDecisions,
        expected_since_s: float | None,
    ) -> Prepared:
        """Decide for one gateway under an outlook and a clock reading; may issue an order."""
        state, before = self._table.states[gateway.name], self._table.issued.get(gateway.name)
        alike, looks = self._table.alike[gateway.name], self._desired(gateway, outlook.cue, reading.wall)
        decided = decisions.find(alike, state, looks, is_first=before is None)
        if decided is not None:
            issued = self._issue(decided.decision, before)
        else:
            facts = self._facts(gateway, looks, outlook, reading, expected_since_s)
            decision = decisions.shared(reconcile(gateway, state, facts))
            issued = self._issue(decision, before)
            desired = (
                self._to_send(gateway, looks, issued, outlook, reading)
                if decision.send and issued is not None
                else None
            )
            decided = Decided(state, looks, decision, desired, command_event(gateway, decision, issued))
            decisions.keep(alike, decided, is_first=before is None)
        return Prepared(decided, issued, self._messages(gateway, decided))

    def _facts(
        self,
        gateway: Gateway,
        looks: DesiredLooks,
        outlook: Outlook,
        reading: ClockReading,
        expected_since_s: float | None,
    ) -> TurnFacts:
        return TurnFacts(
            now_s=reading.mono,
            connected_s=expected_since_s,
            desired_looks=looks,
            desired_key=self._key(gateway, self._table.states[gateway.name], looks),
            cue=outlook.cue.at,
            fade_s=fade_left_s(outlook.cue, reading.wall) / reading.pace,
            issued=self._table.issued.get(gateway.name),
        )

    def _desired(self, gateway: Gateway, cue: Cue, now: datetime) -> DesiredLooks:
        alone = self.alone.get(gateway.name)
        return alone if alone is not None else self._looks_now.at(gateway.zone_names, cue, now)

    def _key(self, gateway: Gateway, state: GatewayState, desired: DesiredLooks) -> object:
        is_known = desired is state.desired_looks and state.desired_key is not None and not gateway.KEEPS_PLAN
        return state.desired_key if is_known else desired_key(gateway, desired, self._plan.edition)

    def _issue(self, decision: Decision, issued: Issued | None) -> Issued | None:
        """The command to send; a repetition carries the order and id of the first."""
        if not decision.send or (issued is not None and not decision.new_order):
            return issued
        order = self._orders.issue()
        return Issued(order, order.text)

    def _to_send(
        self, gateway: Gateway, looks: DesiredLooks, issued: Issued, outlook: Outlook, reading: ClockReading
    ) -> DesiredState:
        accepted = self._table.states[gateway.name].reported.order
        return DesiredState(
            now=reading.wall,
            zones=looks,
            fade_s=fade_left_s(outlook.cue, reading.wall),
            order=issued.order,
            replaces=accepted if accepted is not None and issued.order < accepted else None,
            command_id=issued.command_id,
            cues=outlook.ahead,
            valid_until=outlook.at + HORIZON,
        )

    def _messages(self, gateway: Gateway, decided: Decided) -> tuple[Message, ...]:
        decision = decided.decision
        messages = (
            *(gateway.encode(decided.desired, self._prefix) if decided.desired is not None else ()),
            *(gateway.query(self._prefix) if decision.query else ()),
            *(gateway.recheck(decided.looks) if decision.recheck else ()),
        )
        if decision.unqueued:
            return tuple(message if message.retain else message._replace(qos=0) for message in messages)
        return messages
