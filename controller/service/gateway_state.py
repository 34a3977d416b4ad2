"""What the controller remembers of one gateway: what it reported, and the phase that its life is in.

The phases are the states of `reconcile`'s table of transitions. Each holds the data that exist in it and no others, so
that a gateway cannot be absent and confirmed, or wait for the answer to a question that was never put.

What changes with every report and every decision is a named tuple, which is replaced in a quarter of the time of a
frozen dataclass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

from controller.events import Event
from controller.gateways.base import GatewayInfo, Order, Report, ReportedLook
from controller.gateways.vendor import CONTRADICTED
from controller.lighting.look import ZoneState
from controller.retry import TokenBucket

Status = Literal["confirmed", "pending", "differs", "silent", "unknown"]
"""confirmed: reported recently what is desired. pending: was sent a command and has time left to obey it. differs:
reports something else, or did not obey. silent: does not answer, or has said goodbye. unknown: never heard of, or has
reported nothing recently and cannot be asked, as while there is no broker."""

DesiredLooks = Mapping[str, ZoneState]

NEVER = float("-inf")
NOTHING: Mapping[str, Any] = MappingProxyType({})

SAME_COUNT_S = 0.5
"""How far a gateway's clock may be slewed between two of its reports."""

REPAIRS = TokenBucket(burst=5, every_s=12.0)
"""Five differences that appear by themselves are repaired at once; after that as many a minute."""
ABSENCES = TokenBucket(burst=2, every_s=30.0)
"""Two short absences in a row are borne; a third within seconds is a fault of its own, and an event at once."""


Of = TypeVar("Of")


def laid_over(older: Mapping[str, Of], newer: Mapping[str, Of]) -> Mapping[str, Of]:
    """By zone, the newer where there is one; it itself where it has all, which takes no memory."""
    return newer if older.keys() <= newer.keys() else {**older, **newer}


class ReportedState(NamedTuple):
    """What one gateway has reported. Instants are boot-time seconds; None is never.

    `online` is what it or its bridge said last; `said_goodbye` tells that this was on this connection, and not kept by
    the broker. `alive_s` is when the last message came that proves life. `reported_s` tells when each zone was last
    reported on this connection, since its last goodbye, by a message that was not retained: a zone missing there
    confirms nothing, and only such reports are laid together to one state. `last_reported_s` tells when each zone was
    last reported at all.

    From the last report of our own contract come `order`, `at` (by the gateway's clock), `uptime` (how long it had run,
    and when that came) and `clock_off_s` (how far its own clock is ahead of ours; None where it has none, or nothing is
    known).
    `problems` are the codes in that report; of a vendor's gateway, the faults shown since it was last right.
    `contradicted_s` is when it last reported what its keys in `tower.yaml` rule out, `counted_s` when it last reported
    live a brightness that they allow.
    """

    zones: Mapping[str, ReportedLook] = NOTHING
    reported_s: Mapping[str, float] = NOTHING
    last_reported_s: Mapping[str, float] = NOTHING
    online: bool | None = None
    said_goodbye: bool = False
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
    info: GatewayInfo = GatewayInfo()

    def after(self, report: Report, now_s: float, fresh: bool) -> "ReportedState":
        """What is known once this report has come; `fresh` tells that it was not retained."""
        known = {zone: look for zone, look in self.zones.items() if zone in self.reported_s} if fresh else self.zones
        zones: Mapping[str, ReportedLook] = {
            zone: look.over(known.get(zone, ReportedLook())) for zone, look in report.zones.items()
        }
        if all(zones[zone] is look for zone, look in report.zones.items()):
            zones = report.zones  # which many gateways share
        at_s = dict.fromkeys(zones, now_s)
        is_alive = fresh and report.alive and report.online is not False
        online = report.online if report.online is not None else (True if is_alive else self.online)
        contradicts = report.fault is not None and report.fault.code == CONTRADICTED
        counts = fresh and not contradicts and any(look.brightness is not None for look in report.zones.values())
        faults = (*self.problems, report.fault.code) if report.fault is not None else self.problems
        reported = self._replace(
            contradicted_s=now_s if contradicts else self.contradicted_s,
            counted_s=now_s if counts else self.counted_s,
            online=online,
            info=report.info if report.info is not None else self.info,
            said_goodbye=online is False and (self.said_goodbye or (fresh and report.online is False)),
            alive_s=now_s if is_alive else self.alive_s,
            problems=tuple(dict.fromkeys(faults)),
            last_reported_s=laid_over(self.last_reported_s, at_s) if fresh else self.last_reported_s,
        )
        if report.order is None:
            replaced = {*zones, *(report.fault.zones if report.fault is not None else ())}
            if fresh and report.online is False:
                replaced.update(self.reported_s)  # after a power cut it may be `online` before it reports another state
            kept_s = {zone: since_s for zone, since_s in self.reported_s.items() if zone not in replaced}
            return reported._replace(
                zones=laid_over(self.zones, zones),
                reported_s=laid_over(kept_s, at_s) if fresh else kept_s,
            )
        # a report of our own contract is whole: a zone that it leaves out is not known any more
        return reported._replace(
            zones=zones,
            reported_s=at_s if fresh else {},
            order=report.order,
            at=report.at if fresh else None,
            uptime=(report.uptime_s, now_s) if fresh and report.uptime_s is not None else None,
            by=report.by,
            clock=report.clock,
            problems=report.problems,
        )

    def overtakes(self, report: Report, within_s: float, now_s: float) -> bool:
        """Whether a report was made before the one that has come already, as happens over two brokers.

        The gateway's own count of seconds since it started decides, since no step of a clock moves it. A gateway that
        has started anew since has a lower count, too: where it may have, the report is the older one only if its clock
        lies as far back as its count. And only as far back as a broker may lag: one absurd count must not silence a
        gateway for ever.
        """
        if report.uptime_s is None or self.uptime is None:
            return False
        uptime_s, came_s = self.uptime
        earlier_s = uptime_s - report.uptime_s
        may_have_started_since = report.uptime_s <= now_s - came_s
        by_clock_s = (self.at - report.at).total_seconds() if self.at is not None and report.at is not None else None
        is_alike = by_clock_s is not None and abs(by_clock_s - earlier_s) < SAME_COUNT_S
        return 0 < earlier_s <= within_s and (is_alike or not may_have_started_since)

    def mended(self) -> "ReportedState":
        """Without the faults that a vendor's gateway has shown, now that it is right; our own contract reports its
        own."""
        return self if self.order is not None else self._replace(problems=())

    def cleared(self) -> "ReportedState":
        """Without a contradiction of its keys, since the gateway itself has shown that somebody else wrote it."""
        problems = tuple(code for code in self.problems if code != CONTRADICTED)
        return self._replace(contradicted_s=None, problems=problems)

    def forgotten(self) -> "ReportedState":
        """The same when a new connection begins: still known, and proof of nothing."""
        return self._replace(reported_s={}, at=None, uptime=None, said_goodbye=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """The last command to one gateway; a repetition carries the same."""

    order: Order
    command_id: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that waits to be confirmed: since when, until when the gateway has time, and how often it was sent.

    With 0 `attempts` nothing was sent: the gateway takes this step by itself. The confirmation of a `quiet` one is no
    event. `steady` tells that the gateway showed the same looks before, so that it does not fade to them.
    """

    began_s: float
    due_s: float
    attempts: int = 1
    quiet: bool = False
    steady: bool = False


@dataclass(frozen=True, slots=True)
class NoBroker:
    """No connection. `missing_since_s` is set for a gateway whose absence was reported before the connection ended; one
    whose absence was not may have lost the broker together with us, and has all the time again."""

    missing_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """Does not answer, or said goodbye. `is_borne` tells that it may have time to come back before that is an event,
    `is_reported` that there was one."""

    since_s: float
    is_borne: bool = False
    is_reported: bool = False
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Commanded:
    """Was sent a command, or takes a step by itself, and has not confirmed yet."""

    command: Command


@dataclass(frozen=True, slots=True)
class Questioned:
    """Was asked after its command what its lamp shows."""

    command: Command
    asked_s: float


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Reported recently what is desired."""


@dataclass(frozen=True, slots=True)
class Contested:
    """Somebody changes it again and again: the budget of repairs is used up."""


@dataclass(frozen=True, slots=True)
class LocalControl:
    """Somebody works on it (a walk test): left alone."""


@dataclass(frozen=True, slots=True)
class Unasked:
    """Has had the time to obey, has reported nothing recently, and cannot be asked."""


@dataclass(frozen=True, slots=True)
class Verifying:
    """Was asked whether it holds what a report in its name said against its keys; then life goes on where it was."""

    resumes: "Phase"
    asked_s: float


Phase = NoBroker | Absent | Commanded | Questioned | Confirmed | Contested | LocalControl | Unasked | Verifying


class GatewayState(NamedTuple):
    """One gateway from turn to turn.

    `desired_looks` is what it was last sent, under which `cue`; `desired_key` identifies the whole command, None where
    it must be sent anew. `confirmed_s` is when each zone last reported what is desired. `asked_s` is when the gateway
    was last sent anything, `faded_s` when its last fade ends or ended, `ordered_s` when it was last sent something else
    than it reported.

    `misses` counts the commands that it did not obey since it last confirmed, `is_disobedience_reported` tells that
    there was an event about them. `unanswered` counts what it was sent since it was last heard. `is_contested` tells
    that there was an event about the budget of `repairs`. `is_overwritten` tells that somebody else's order stands in
    place of ours, `said_online` that it said so once more; both are cleared by what is sent next. Contradictions of its
    keys up to `verified_s` need no question.
    """

    phase: Phase = NoBroker()
    status: Mapping[str, Status] = NOTHING
    reported: ReportedState = ReportedState()
    desired_looks: DesiredLooks | None = None
    cue: datetime | None = None
    desired_key: object = None
    confirmed_s: Mapping[str, float] = NOTHING
    asked_s: float = NEVER
    faded_s: float = 0.0
    ordered_s: float = 0.0
    misses: int = 0
    is_disobedience_reported: bool = False
    unanswered: int = 0
    repairs: TokenBucket = REPAIRS
    is_contested: bool = False
    absences: TokenBucket = ABSENCES
    is_overwritten: bool = False
    said_online: bool = False
    verified_s: float = NEVER

    def after(self, report: Report, now_s: float, *, fresh: bool) -> "GatewayState":
        """The state once this report has come; `fresh` tells that it was not retained."""
        was_online = self.reported.online is True
        said_online = self.said_online or (fresh and report.online is True and was_online)
        return self._replace(reported=self.reported.after(report, now_s, fresh=fresh), said_online=said_online)

    @property
    def is_absence_reported(self) -> bool:
        """Whether there was an event that the gateway is absent, and none that it is back."""
        if isinstance(self.phase, Absent):
            return self.phase.is_reported
        return isinstance(self.phase, NoBroker) and self.phase.missing_since_s is not None

    @property
    def attempts(self) -> int:
        """How often the command that waits to be confirmed was sent; 0 where none waits."""
        phase = self.phase.resumes if isinstance(self.phase, Verifying) else self.phase
        return phase.command.attempts if isinstance(phase, Commanded | Questioned) else 0

    @property
    def is_unknown(self) -> bool:
        """Whether nothing was ever heard of it, not even from what the broker keeps: its topics may be wrong."""
        return self.reported.alive_s is None and self.reported.online is None and not self.reported.zones


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """The facts of this turn: what this gateway should show, under which cue, and the command issued to it last.

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


class Decision(NamedTuple):
    """What one turn decided for one gateway: send the desired state (`anew` under a new order, else under the one it
    has had), ask for its state or only for what it reported against its keys, which events, when to look again. What is
    `spare` is sent so that the broker keeps none of it for a gateway that is away. `is_own` tells that the times in it
    are spread by the name of the gateway, so that it holds for no other one."""

    state: GatewayState
    send: bool = False
    anew: bool = False
    query: bool = False
    recheck: bool = False
    spare: bool = False
    is_own: bool = False
    events: tuple[Event, ...] = ()
    wake_s: float | None = None
