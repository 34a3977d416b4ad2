"""Spans of the past, from the events of the history: what was set by hand, faults, and when the service ran.

Pure functions over events in the order of time. A span with the end None had not ended by the last event.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from controller.events import CATALOGUE, Event, EventKind, Level
from controller.events.models import SEVERITY, Lasting
from controller.rfc3339 import rfc3339
from controller.schedule.hours import read_instant
from controller.service.degradations import ends, key_of
from controller.state import History, RecordedEvent

SET, SKIPPED = "TWL-O101", "TWL-O104"
ENDED = "TWL-O103"
ALL_ENDED = frozenset({"TWL-O102", "TWL-O109"})
STOPPED = frozenset({"TWL-O105", "TWL-O107"})
LIFTED = frozenset({"TWL-O106", "TWL-O108"})
BY_HAND = frozenset({SET, SKIPPED, ENDED, *ALL_ENDED, *STOPPED, *LIFTED})
"""Codes of the events from which `by_hand_spans` finds what was set by hand."""

STARTED, ENDED_SERVICE = "TWL-C001", "TWL-C002"
WELL_AGAIN = frozenset({"TWL-G101", "TWL-G105", "TWL-G107", "TWL-G118"})
"""Codes after which nothing is wrong with the gateway any more."""
PROBLEM_OVER = "TWL-G115"
WALK_TEST, ONE_LAMP = "TWL-G130", "TWL-G140"
ON_PURPOSE = frozenset({WALK_TEST, ONE_LAMP})
"""These are no faults, but while they last their gateway shows something else."""
MEASURED = frozenset({"TWL-G160", "TWL-G162", "TWL-G164"})
"""About the meter of a zone, whatever its gateways confirm: this explains no gap."""
ELSEWHERE = frozenset(
    {"TWL-G136", "TWL-G153", "TWL-G155", "TWL-G156"}  # a lamp test was not made, or lamps failed it
    | {"TWL-M025"}  # documents for Home Assistant
    | {"TWL-T003", "TWL-T006", "TWL-T008"}  # clocks that differ
)
"""These change nothing that is shown and confirmed."""


def _is_fault(kind: EventKind) -> bool:
    if kind.code in ON_PURPOSE:
        return True
    if kind.code in ELSEWHERE or SEVERITY.index(kind.level) < SEVERITY.index(Level.WARNING):
        return False
    if kind.code[4] == "G":
        return _passes(kind) or kind.lasting is not None
    return kind.code[4] in "MT" and kind.lasting is not None and not kind.lasting.harmless


def _passes(kind: EventKind) -> bool:
    """Whether the fault is over when its event is emitted, and emitted again while it goes on."""
    return kind.code in {"TWL-G103", "TWL-G107", "TWL-G110", "TWL-G112", ONE_LAMP} or (
        kind.lasting is not None and kind.lasting.quiet_s is not None
    )


FAULTS = frozenset(code for code, kind in CATALOGUE.items() if _is_fault(kind))
"""Codes of faults that may keep a lamp from showing what it should: gateways, brokers, the clock."""
_ENDINGS = frozenset(end for code in FAULTS for end in (CATALOGUE[code].lasting or Lasting()).until)
FAULT_EVENTS = FAULTS | _ENDINGS | WELL_AGAIN | {PROBLEM_OVER, STARTED, ENDED_SERVICE}
"""Codes of the events from which `fault_spans` finds faults."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
REACH = timedelta(days=35)
"""How long before a period a fault may have begun."""
ByHandKind = Literal["stop", "override", "skip"]


@dataclass(frozen=True, slots=True)
class ByHand:
    """A look set by hand, a campaign skipped, or a safety stop: `until` is the planned end, `ended` the actual end;
    `what` is the look, or the name of the campaign."""

    kind: ByHandKind
    owner: str
    reason: str
    since: datetime
    until: datetime | None = None
    ended: datetime | None = None
    what: object = ""

    def is_on(self, at: datetime) -> bool:
        """Whether it was in force at an instant."""
        return self.since <= at and (self.ended is None or at < self.ended)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it was in force at some time of a period."""
        return self.since < end and (self.ended is None or start < self.ended)

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        ends_at = {name: rfc3339(at) for name, at in (("until", self.until), ("ended", self.ended)) if at is not None}
        return {
            "kind": self.kind,
            "owner": self.owner,
            "reason": self.reason,
            "from": rfc3339(self.since),
            **ends_at,
            **({"campaign": str(self.what)} if self.kind == "skip" else {}),
        }


@dataclass(frozen=True, slots=True)
class PastFault:
    """A fault that lasted: its event, which names the gateway (none: the service itself)."""

    event: Event
    start: datetime
    end: datetime | None = None

    @property
    def code(self) -> str:
        """The code of the event."""
        return self.event.code

    @property
    def gateway(self) -> str | None:
        """The gateway concerned; None for the service itself."""
        name = self.event.fields.get("gateway")
        return str(name) if name is not None else None

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it lasted at some time of a period; a fault without duration counts at its instant."""
        return self.start < end and (self.end is None or start <= self.end)

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "code": self.code,
            "gateway": self.gateway,
            "from": rfc3339(self.start),
            "until": rfc3339(self.end) if self.end is not None else None,
        }


def set_by_hand(history: History, now: datetime, zone: ZoneInfo) -> tuple[ByHand, ...]:
    """All that was ever set by hand. Raises NotRead."""
    return by_hand_spans(history.events_between(LONG_AGO, now, BY_HAND), zone, now)


def events_about_faults(history: History, start: datetime, end: datetime) -> tuple[RecordedEvent, ...]:
    """The events from which `fault_spans` finds the faults of a period, up to `end`. Raises NotRead."""
    return history.events_between(start - REACH, end, FAULT_EVENTS)


def by_hand_spans(events: Iterable[RecordedEvent], zone: ZoneInfo, now: datetime) -> tuple[ByHand, ...]:
    """What was set by hand, the oldest first; `events` have codes of BY_HAND. The end inside an event is local time."""
    in_force: dict[str, ByHand] = {}
    over: list[ByHand] = []

    def end(names: Iterable[str], at: datetime) -> None:
        over.extend(replace(in_force.pop(name), ended=at) for name in list(names) if name in in_force)

    for recorded in events:
        event, at, code = recorded.event, recorded.at, recorded.code
        name = f"override {event.fields.get('id')}"
        end([each for each, one in in_force.items() if one.until is not None and one.until <= at], at)
        if code in {SET, SKIPPED}:
            in_force.setdefault(name, _set(event, at, zone))
        elif code in STOPPED:
            in_force.setdefault("stop", _stop(event, at))
        elif code == ENDED:
            end([name], at)
        elif code in ALL_ENDED:
            end([each for each in in_force if each != "stop"], at)
        elif code in LIFTED:
            end(["stop"], at)
    end([each for each, one in in_force.items() if one.until is not None and one.until <= now], now)
    found = (_ended_in_time(one) for one in (*over, *in_force.values()))
    return tuple(sorted(found, key=lambda one: one.since))


def _set(event: Event, at: datetime, zone: ZoneInfo) -> ByHand:
    fields = event.fields
    try:
        until = read_instant(str(fields.get("until")), zone)
    except ValueError:
        until = None
    is_skip = event.code == SKIPPED
    what = fields.get("campaign" if is_skip else "look", "")
    kind: ByHandKind = "skip" if is_skip else "override"
    return ByHand(kind, str(fields.get("owner", "")), str(fields.get("reason", "")), at, until, what=what)


def _stop(event: Event, at: datetime) -> ByHand:
    """A stop; one that could not be stored has no reason."""
    return ByHand("stop", str(event.fields.get("owner", "")), str(event.fields.get("reason", "")), at)


def _ended_in_time(one: ByHand) -> ByHand:
    """An override ends at its planned end, however late its event came."""
    if one.until is None or one.ended is None:
        return one
    return replace(one, ended=min(one.ended, one.until))


def fault_spans(events: Iterable[RecordedEvent]) -> tuple[PastFault, ...]:
    """Faults from their begin to their end, in the order in which they began; `events` are those of FAULT_EVENTS.

    A gateway has one fault at a time, and one for each problem that it reports itself: the next replaces the one
    before. A restart of the service ends all faults: the event of each that is still there is emitted again.
    """
    lasting: dict[tuple[str, ...], PastFault] = {}
    over: list[PastFault] = []
    for recorded in events:
        event, at = recorded.event, recorded.at
        if event.code == STARTED:
            ended = list(lasting)
        else:
            ended = [key for key, fault in lasting.items() if _ends_fault(event, fault)]
        over.extend(replace(lasting.pop(key), end=at) for key in ended)
        if event.code in FAULTS and _passes(event.kind):
            over.append(PastFault(event, at, at))
        elif event.code in FAULTS and not _is_fine(event):
            key = _fault_key(event)
            if key in lasting and lasting[key].code == event.code:
                continue  # emitted again
            if key in lasting:
                over.append(replace(lasting.pop(key), end=at))
            lasting[key] = PastFault(event, _began(event, at))
    return tuple(sorted((*over, *lasting.values()), key=lambda fault: fault.start))


def _ends_fault(event: Event, fault: PastFault) -> bool:
    if fault.code == WALK_TEST:
        return ends(event, fault.event)
    if fault.gateway is None:
        return ends(event, fault.event) or (event.code == fault.code and _is_fine(event))
    if event.fields.get("gateway") != fault.gateway:
        return False
    if "problem" in fault.event.fields:
        return event.code == PROBLEM_OVER and event.fields.get("problem") == fault.event.fields["problem"]
    return event.code in WELL_AGAIN


def _is_fine(event: Event) -> bool:
    """Whether the fields of the event say that nothing is wrong."""
    return event.code not in ON_PURPOSE and SEVERITY.index(event.level) < SEVERITY.index(Level.WARNING)


def _fault_key(event: Event) -> tuple[str, ...]:
    if "gateway" not in event.fields:
        return key_of(event)
    return ("gateway", str(event.fields["gateway"]), str(event.fields.get("problem", "")))


def _began(event: Event, at: datetime) -> datetime:
    """When a fault began: a gateway became silent when its last message came, before the event."""
    age_s = event.fields.get("age_s")
    return at - timedelta(seconds=age_s) if isinstance(age_s, int | float) and age_s >= 0 else at
