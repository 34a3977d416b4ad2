"""The values that one turn is made of: what is wished, what was heard, what is under way, how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from controller.events import Event
from controller.gateways.base import Order, Report, ReportedLook
from controller.gateways.vendor import CONTRADICTED
from controller.lighting.look import ZoneState

Status = Literal["confirmed", "pending", "differs", "silent", "unknown"]
"""confirmed: said, not too long ago, what it was asked for. pending: asked, time left to say so. differs: says
something else, or did not do what it was asked. silent: was asked and does not answer, or said goodbye. unknown: never
heard, or cannot be asked."""

DesiredLooks = Mapping[str, ZoneState]


@dataclass(frozen=True, slots=True)
class ReportedState:
    """What one gateway has told. Instants are boot-time seconds; None is never.

    `online` is what it or its bridge said last; `left` says that this was goodbye, heard on this connection as it
    was said. `alive_s` is the last message that proves life. `reported_s` tells when each zone was last spoken of, as
    far as it was on this connection and by a message that was not retained: what is missing there confirms nothing,
    and only what was told so is laid together to one state. `last_reported_s` tells the same of whatever connection:
    how old the last known is. Of the last report of our own contract are `order`, `at` (by its clock), `uptime` (for how
    long it says that it runs, and when that came) and `clock_off_s` (how far its own clock is ahead of ours; None
    where it goes by ours, or nothing is known).
    `problems` are the codes in it; of a vendor's gateway, of the faults that it has shown since it was last right.
    `contradicted_s` is when it last said what its keys in `tower.yaml` rule out, `counted_s` when it last said live a
    brightness that they do not.
    """

    zones: Mapping[str, ReportedLook] = field(default_factory=dict)
    reported_s: Mapping[str, float] = field(default_factory=dict)
    last_reported_s: Mapping[str, float] = field(default_factory=dict)
    online: bool | None = None
    left: bool = False
    alive_s: float | None = None
    order: Order | None = None
    at: datetime | None = None
    uptime: tuple[float, float] | None = None
    by: str | None = None
    clock: str | None = None
    clock_off_s: float | None = None
    problems: tuple[str, ...] = ()
    contradicted_s: float | None = None
    counted_s: float | None = None

    def after(self, report: Report, now_s: float, fresh: bool) -> "ReportedState":
        """What is known once this report has come; `fresh` tells that it was not retained."""
        known = {zone: shown for zone, shown in self.zones.items() if zone in self.reported_s} if fresh else self.zones
        zones = {zone: told.over(known.get(zone, ReportedLook())) for zone, told in report.zones.items()}
        lives = fresh and report.alive and report.online is not False
        faults = (*self.problems, report.fault.code) if report.fault is not None else self.problems
        online = report.online if report.online is not None else (True if lives else self.online)
        is_contradicted = report.fault is not None and report.fault.code == CONTRADICTED
        is_counted = (
            fresh and not is_contradicted and any(look.brightness is not None for look in report.zones.values())
        )
        heard = replace(
            self,
            contradicted_s=now_s if is_contradicted else self.contradicted_s,
            counted_s=now_s if is_counted else self.counted_s,
            online=online,
            left=online is False and (self.left or (fresh and report.online is False)),
            alive_s=now_s if lives else self.alive_s,
            problems=tuple(dict.fromkeys(faults)),
            last_reported_s={**self.last_reported_s, **dict.fromkeys(zones, now_s)} if fresh else self.last_reported_s,
        )
        if report.order is None:
            over = {*zones, *(report.fault.zones if report.fault is not None else ())}
            reported_s = {zone: at_s for zone, at_s in self.reported_s.items() if zone not in over}
            return replace(
                heard,
                zones={**self.zones, **zones},
                reported_s={**reported_s, **dict.fromkeys(zones, now_s)} if fresh else reported_s,
            )
        # a report of our own contract is whole: a zone that it leaves out is not known any more
        return replace(
            heard,
            zones=zones,
            reported_s=dict.fromkeys(zones, now_s) if fresh else {},
            order=report.order,
            at=report.at if fresh else None,
            uptime=(report.uptime_s, now_s) if fresh and report.uptime_s is not None else None,
            by=report.by,
            clock=report.clock,
            problems=report.problems,
        )

    def mended(self) -> "ReportedState":
        """Once it is right, the faults that it has shown are over; a report of our own contract says so itself."""
        return self if self.order is not None else replace(self, problems=())

    def cleared(self) -> "ReportedState":
        """Once the lamp itself has shown that it was somebody else who contradicted its keys."""
        return replace(
            self, contradicted_s=None, problems=tuple(code for code in self.problems if code != CONTRADICTED)
        )

    def forgotten(self) -> "ReportedState":
        """The same when a new connection begins: still known, and proof of nothing."""
        return replace(self, reported_s={}, at=None, uptime=None, left=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """The last command to one gateway; a repetition carries the same."""

    order: Order
    command_id: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A command under way: since when, when it must have been obeyed, how often it was sent.

    No attempt: nothing was sent, the gateway takes this step by itself. Its confirmation is told unless it is `quiet`.
    """

    began_s: float
    due_s: float
    attempts: int = 1
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Recheck:
    """A contradiction that came at `about_s`, and when the gateway was asked whether it is so; None where no answer
    would prove anything."""

    about_s: float
    asked_s: float | None = None


PROVEN = Recheck(float("inf"))
"""It has said the same when it was asked."""


@dataclass(frozen=True, slots=True)
class GatewayState:
    """One gateway from turn to turn.

    `desired_looks` is what it was last asked to show, under which `cue`; `desired_key` identifies the whole command,
    None where it must be sent anew; `confirmed` the looks that it confirms; `confirmed_s` when each zone last reported
    what is desired. `asked_s` is when it was last sent anything, `faded_s` when its last fade ends or ended,
    `ordered_s` when it was last told to show something else than it said.

    `misses` counts the commands that it did not obey since it last confirmed, `alarmed` says that this was told.
    `unanswered` counts what it was sent since it was last heard.
    `silent_s` is since when it is silent, `missed` says that this was told. `flaps_s` is until when its absences so far
    are borne.
    `overwritten` says that somebody else's order stands in place of ours. `paid_s` is until when the repairs so far
    are paid for, `contested` says that they are too many. `greeted` says that it said `online` once more. `proof_s`
    is when it was asked, after its last command, what its lamp shows. `recheck` is how it stands with what it last said
    against its keys.
    """

    reported: ReportedState = ReportedState()
    pending: Pending | None = None
    desired_looks: DesiredLooks | None = None
    cue: datetime | None = None
    desired_key: object = None
    confirmed: DesiredLooks | None = None
    confirmed_s: Mapping[str, float] = field(default_factory=dict)
    status: Mapping[str, Status] = field(default_factory=dict)
    asked_s: float | None = None
    faded_s: float = 0.0
    ordered_s: float = 0.0
    misses: int = 0
    unanswered: int = 0
    alarmed: bool = False
    silent_s: float | None = None
    flaps_s: float = 0.0
    missed: bool = False
    overwritten: bool = False
    paid_s: float = 0.0
    contested: bool = False
    greeted: bool = False
    proof_s: float | None = None
    recheck: Recheck | None = None

    @property
    def silent(self) -> bool:
        """Whether it is silent."""
        return self.silent_s is not None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing was ever told of it, not even by what the broker keeps: its topics may be wrong."""
        return self.reported.alive_s is None and self.reported.online is None and not self.reported.zones


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """The facts of this turn: the wish for this gateway, under which cue, and the command issued to it last.

    `desired_key` is compared as a whole, `fade_s` is what is left of a fade, `connected_s` is when this connection
    began; all in seconds of boot time.
    """

    now_s: float
    connected_s: float | None
    desired_looks: DesiredLooks
    desired_key: object
    cue: datetime
    fade_s: float
    issued: Issued | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What one turn decided for one gateway: send the wish (`anew` under a new order, else the one it has had), ask
    for its state or only for what it said against its keys, what to tell, when to look again. What is `spare` is
    sent so that the broker keeps none of it for a gateway that is away."""

    state: GatewayState
    send: bool = False
    anew: bool = False
    query: bool = False
    recheck: bool = False
    spare: bool = False
    events: tuple[Event, ...] = ()
    wake_s: float | None = None
