"""The values that one turn is made of: what is wished, what was heard, what is under way, how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from controller.events import Event
from controller.gateways.gateway import Order, Report, Shown
from controller.lighting.look import ZoneState

Standing = Literal["confirmed", "pending", "differs", "silent", "unknown"]
"""confirmed: says what it was asked for. pending: asked, time left to say so. differs: says something else, or did not
do what it was asked. silent: has not been heard for too long. unknown: never heard, or cannot say."""

Goal = Mapping[str, ZoneState]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one gateway has told. Instants are boot-time seconds; None is never.

    `alive_s` is the last message that proves life (a retained one proves nothing); `told_s` the last that spoke of
    every zone it drives or of any of them.
    """

    zones: Mapping[str, Shown] = field(default_factory=dict)
    online: bool | None = None
    alive_s: float | None = None
    told_s: float | None = None
    order: Order = Order()
    by: str | None = None
    clock: str | None = None
    problems: tuple[str, ...] = ()

    def after(self, report: Report, now_s: float, fresh: bool) -> "Heard":
        """What is known once this report has come; `fresh` tells that it speaks of now."""
        zones = {
            **self.zones,
            **{zone: told.over(self.zones.get(zone, Shown())) for zone, told in report.zones.items()},
        }
        online = report.online if report.online is not None else (True if fresh else self.online)
        return replace(
            self,
            zones=zones,
            online=online,
            alive_s=now_s if fresh and report.online is not False else self.alive_s,
            told_s=now_s if fresh and report.zones else self.told_s,
            order=max(self.order, report.order, key=lambda order: (order.epoch, order.revision))
            if report.order is not None
            else self.order,
            by=report.by or self.by,
            clock=report.clock or self.clock,
            problems=report.problems if report.order is not None else self.problems,
        )


@dataclass(frozen=True, slots=True)
class Pending:
    """A command under way: for which goal, when it was sent, when it must have been obeyed, how often it was sent."""

    command_id: str
    goal: Goal
    began_s: float
    due_s: float
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Track:
    """One gateway from turn to turn.

    `goal` is the last goal it was asked for, `wish` names the whole wish (it changes when a plan changes although the
    goal does not), `confirmed` the goal that it last confirmed. `since_s` is when this connection began.
    """

    heard: Heard = Heard()
    pending: Pending | None = None
    goal: Goal | None = None
    wish: int | None = None
    confirmed: Goal | None = None
    standing: Mapping[str, Standing] = field(default_factory=dict)
    silent: bool = False
    repairs: tuple[float, ...] = ()
    asked_s: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What one turn decided for one gateway: send the wish, ask for its state, what to tell, when to look again."""

    track: Track
    send: bool = False
    query: bool = False
    events: tuple[Event, ...] = ()
    wake_s: float | None = None
