"""What the controller remembers of one gateway: what it reported, and its phase.

The phases are the states of the table in `reconcile`. Each holds only the data that exist in it, so that a gateway
cannot be absent and confirmed at once, or wait for the answer to a question that was never asked.

Values that change with every report and decision are named tuples: `_replace` takes a quarter of the time that a frozen
dataclass needs.
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
"""confirmed: reported recently what is desired. pending: was sent a command and has time left to obey. differs: reports
something else, or did not obey. silent: does not answer, or reported `offline`. unknown: has never sent anything, or
has reported nothing recently and cannot be asked, for example without a broker."""

DesiredLooks = Mapping[str, ZoneState]

NEVER = float("-inf")
NOTHING: Mapping[str, Any] = MappingProxyType({})

MOST_SLEWED_S = 0.5
"""How far a gateway's clock may be slewed between two of its reports."""

REPAIRS = TokenBucket(burst=5, every_s=12.0)
"""Five differences that appear by themselves are repaired at once; after that as many a minute."""
ABSENCES = TokenBucket(burst=2, every_s=30.0)
"""Two short absences in a row are tolerated; a third within seconds is a fault of its own, and an event at once."""


Of = TypeVar("Of")


def laid_over(older: Mapping[str, Of], newer: Mapping[str, Of]) -> Mapping[str, Of]:
    """By zone, the newer value where there is one. Returns `newer` itself where it has all zones, to save memory."""
    return newer if older.keys() <= newer.keys() else {**older, **newer}


class ReportedState(NamedTuple):
    """What one gateway has reported. Instants are boot-time seconds; None is never.

    `online` is the last availability that the gateway or its bridge reported; `went_offline`: it reported `offline` on
    this connection, not as a retained message. `alive_s`: when the last message arrived that proves it is alive.
    `reported_s`: when each zone was last reported on this connection, since the gateway last went offline, by a message
    that was not retained; a zone that is missing there confirms nothing, and only such reports are merged into one
    state. `last_reported_s`: when each zone was last reported at all.

    From the last report of our own contract: `order`, `at` (by the gateway's clock), `uptime` (seconds it had run, and
    when that report arrived) and `clock_off_s` (seconds its clock is ahead of ours; None where it has none or nothing
    is known). `problems`: the codes in that report; of a vendor's gateway, the faults it has shown since it was last
    right. `contradicted_s`: when it last reported something that its keys in `tower.yaml` rule out. `credible_s`: when
    it last reported live a brightness that they allow.
    """

    zones: Mapping[str, ReportedLook] = NOTHING
    reported_s: Mapping[str, float] = NOTHING
    last_reported_s: Mapping[str, float] = NOTHING
    online: bool | None = None
    went_offline: bool = False
    alive_s: float | None = None
    order: Order | None = None
    at: datetime | None = None
    uptime: tuple[float, float] | None = None
    by: str | None = None
    clock: str | None = None
    clock_off_s: float | None = None
    problems: tuple[str, ...] = ()
    contradicted_s: float | None = None
    credible_s: float | None = None
    info: GatewayInfo = GatewayInfo()

    def after(self, report: Report, now_s: float, fresh: bool) -> "ReportedState":
        """The state with this report merged in; `fresh`: it was not retained."""
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
            credible_s=now_s if counts else self.credible_s,
            online=online,
            info=report.info if report.info is not None else self.info,
            went_offline=online is False and (self.went_offline or (fresh and report.online is False)),
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
        # a report of our own contract is complete: the state of a zone that it leaves out is unknown
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
        """Whether a report was sent before the one that has arrived already, which happens with two brokers.

        The gateway's uptime decides, because no clock step changes it. A gateway that has restarted since also has a
        lower uptime: where that is possible, the report is older only if its clock is behind by the same amount. The
        difference may be at most `within_s`, the longest delay of a broker: one absurd uptime must not silence a
        gateway for ever.
        """
        if report.uptime_s is None or self.uptime is None:
            return False
        uptime_s, received_s = self.uptime
        earlier_s = uptime_s - report.uptime_s
        may_have_restarted = report.uptime_s <= now_s - received_s
        by_clock_s = (self.at - report.at).total_seconds() if self.at is not None and report.at is not None else None
        is_alike = by_clock_s is not None and abs(by_clock_s - earlier_s) < MOST_SLEWED_S
        return 0 < earlier_s <= within_s and (is_alike or not may_have_restarted)

    def mended(self) -> "ReportedState":
        """Without the faults of a vendor's gateway, now that it is right; our own contract reports the end itself."""
        return self if self.order is not None else self._replace(problems=())

    def cleared(self) -> "ReportedState":
        """Without the contradiction of its keys: the gateway's answer shows that somebody else wrote that report."""
        problems = tuple(code for code in self.problems if code != CONTRADICTED)
        return self._replace(contradicted_s=None, problems=problems)

    def forgotten(self) -> "ReportedState":
        """The state when a new connection begins: the last reports are still known but confirm nothing."""
        return self._replace(reported_s={}, at=None, uptime=None, went_offline=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """Order and id of the last command to one gateway; a repetition carries the same."""

    order: Order
    command_id: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that waits for confirmation: sent at `began_s`, to be obeyed by `due_s`, sent `attempts` times.

    With 0 `attempts` nothing was sent: the gateway takes this step by itself. Confirming a `quiet` command is no event,
    unless it is late. `steady`: the gateway showed the same looks before, so it does not fade to them."""

    began_s: float
    due_s: float
    attempts: int = 1
    quiet: bool = False
    steady: bool = False


@dataclass(frozen=True, slots=True)
class NoBroker:
    """No broker is connected. `missing_since_s` is set where the gateway's absence was an event before the connection
    ended. Any other gateway may have lost the broker together with us, and gets its full time again."""

    missing_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """Does not answer, or reported `offline`. `is_tolerated`: it may come back before an event is emitted;
    `is_reported`: the event was emitted."""

    since_s: float
    is_tolerated: bool = False
    is_reported: bool = False
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Commanded:
    """Was sent a command, or takes a sequence step by itself, and has not confirmed it yet."""

    command: Command


@dataclass(frozen=True, slots=True)
class Questioned:
    """Was asked, after a command, what its lamp shows."""

    command: Command
    asked_s: float


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Has recently reported what is desired."""


@dataclass(frozen=True, slots=True)
class Contested:
    """Somebody keeps changing it: the repair budget is used up."""


@dataclass(frozen=True, slots=True)
class LocalControl:
    """Somebody works on the gateway (walk test): its light is not corrected, but new orders are sent."""


@dataclass(frozen=True, slots=True)
class Unaskable:
    """Has had time to obey and has reported nothing recently, but cannot be asked."""


@dataclass(frozen=True, slots=True)
class Verifying:
    """Was asked about a report that contradicts its keys; afterwards the phase `resumes` continues."""

    resumes: "Phase"
    asked_s: float


Phase = NoBroker | Absent | Commanded | Questioned | Confirmed | Contested | LocalControl | Unaskable | Verifying


class GatewayState(NamedTuple):
    """The state of one gateway, kept from turn to turn.

    `desired_looks` and `cue`: what it was last sent. `desired_key`: identifies the whole command, None where it must be
    sent again. `confirmed_s`: when each zone last reported what is desired. `asked_s`: when the gateway was last sent
    anything. `faded_s`: when its last fade ends or ended. `ordered_s`: when it was last sent something other than it
    reported.

    `misses`: commands not obeyed since the last confirmation; `is_disobedience_reported`: an event was emitted about
    them. `unanswered`: commands and queries sent since its last message. `is_contested`: an event was emitted about the
    budget of `repairs`. `is_overwritten`: somebody else's order has replaced ours; `has_restarted`: it reported
    `online` again while it was online; a new command clears both. Contradictions of its keys up to `verified_s` are
    settled."""

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
    has_restarted: bool = False
    verified_s: float = NEVER

    def after(self, report: Report, now_s: float, *, fresh: bool) -> "GatewayState":
        """The state with this report merged in; `fresh`: it was not retained."""
        was_online = self.reported.online is True
        has_restarted = self.has_restarted or (fresh and report.online is True and was_online)
        return self._replace(reported=self.reported.after(report, now_s, fresh=fresh), has_restarted=has_restarted)

    @property
    def is_absence_reported(self) -> bool:
        """Whether an event reported the gateway absent and none has reported it back."""
        if isinstance(self.phase, Absent):
            return self.phase.is_reported
        return isinstance(self.phase, NoBroker) and self.phase.missing_since_s is not None

    @property
    def attempts(self) -> int:
        """How often the command that waits for confirmation was sent; 0 where none waits."""
        phase = self.phase.resumes if isinstance(self.phase, Verifying) else self.phase
        return phase.command.attempts if isinstance(phase, Commanded | Questioned) else 0

    @property
    def is_unknown(self) -> bool:
        """Whether no message from it has ever arrived, not even a retained one: its topics may be wrong."""
        return self.reported.alive_s is None and self.reported.online is None and not self.reported.zones


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """The facts of one turn: the looks that the gateway should show, their cue, and the last command issued to it.

    Times are boot-time seconds: `connected_s` is when the connection began, or the clock was trusted after it; `fade_s`
    is the time left of a fade."""

    now_s: float
    connected_s: float | None
    desired_looks: DesiredLooks
    desired_key: object
    cue: datetime
    fade_s: float
    issued: Issued | None


class Decision(NamedTuple):
    """What one turn decided for one gateway.

    `send` the desired state, under a `new_order` or the one issued before; `query` its state; `recheck` only a report
    that contradicts its keys; emit `events`; look again at `wake_s`. `unqueued`: sent so that the broker does not queue
    it for an absent gateway. `is_individual`: contains jitter by the gateway's name, so no other gateway can share it.
    """

    state: GatewayState
    send: bool = False
    new_order: bool = False
    query: bool = False
    recheck: bool = False
    unqueued: bool = False
    is_individual: bool = False
    events: tuple[Event, ...] = ()
    wake_s: float | None = None
