"""Proves from the history for how much of the planned light the gateways confirmed that they showed it, minute by
minute, and finds the cause of each gap.

*Planned* is what the rules mean: for a recorded minute what the service meant then; for a minute that was not recorded,
or in which something was set by hand, what the schedule gives. So light that a stop or an override takes away is a gap,
with its owner, and light that was never planned is not counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from controller.config.load import Setup
from controller.lighting.look import NO_LIGHT
from controller.schedule.campaign import Rule
from controller.schedule.hours import Night, night_at, night_of
from controller.schedule.plan import Cue, Program
from controller.service.confirmed_minutes import look_document
from controller.service.past import WHOLE_S, PastSchedules
from controller.service.past_spans import (
    MEASURED,
    ON_PURPOSE,
    STARTED,
    PastFault,
    events_about_faults,
    fault_spans,
    set_by_hand,
)
from controller.service.proof import CauseKind, Gap, GapCause, Glow, NightProof, Proof
from controller.service.proof_period import ProofPeriod
from controller.state import History, LightChange, Minute
from controller.state.history import MINUTES_EVERY_S

WRITTEN_LATE = timedelta(seconds=MINUTES_EVERY_S + 120)
"""How late minutes may be written."""
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
MINUTE_S = 60.0
REPORT_DELAY = timedelta(minutes=3)
"""How long after a gap the event that explains it may come: commands are repeated before an event is emitted."""
SETTLES = timedelta(seconds=90)
"""How long after a change of light lamps may still be fading."""
Look = Mapping[str, Any]
State = Literal["confirmed", "by_hand", "unconfirmed", "not_recorded"]


def prove(
    history: History, setup: Setup, period: ProofPeriod, now: datetime, schedules: PastSchedules | None = None
) -> Proof:
    """The proof of a period, counted up to now, or up to the last written minute of the current night.

    `schedules` gives the rules that were in force then; without it those of `setup` are used. Raises NotRead.
    """
    program = setup.program()
    until = min(period.end, _counted_until(history, now))
    spans = set_by_hand(history, now, program.place.time_zone)
    by_hand = tuple(one for one in spans if one.overlaps(period.start, min(period.end, now)))
    events = events_about_faults(history, period.start, min(now, until + A_DAY))
    faults = fault_spans(events)
    starts = tuple(recorded.at for recorded in events if recorded.code == STARTED)
    zones_of = {gateway.name: gateway.zone_names for gateway in setup.tower.gateways}
    nights: list[NightProof] = []
    for night in _nights(period.start, until, program):
        start, end = max(night.start, period.start), min(night.end, until)
        found = _prove_night(
            _NightRecord(
                night=night,
                start=start,
                end=end,
                program=schedules.program_at(start) if schedules is not None else program,
                minutes=history.minutes(start, end),
                changes=_changes(history, start, end),
                faults=[each for each in faults if each.overlaps(start, end + A_DAY)],
                starts=starts,
                zones_of=zones_of,
                campaign=period.campaign,
            )
        )
        if found is not None:
            nights.append(found)
    versions = schedules.within(period.start, until) if schedules is not None else ()
    return Proof(period.start, period.end, until, period.campaign, tuple(nights), by_hand, versions)


def _nights(start: datetime, end: datetime, program: Program) -> Iterator[Night]:
    zone = program.place.time_zone
    day = night_at(start, zone).day
    while (night := night_of(day, zone)).start < end:
        yield night
        day += A_DAY


def _changes(history: History, start: datetime, end: datetime) -> list[LightChange]:
    """The light at the start, and the changes after it."""
    return [*history.light_at(start).values(), *history.light_between(start, end)]


def _counted_until(history: History, now: datetime) -> datetime:
    """Now, in whole minutes; while recent minutes may not be written yet, the end of the last one that is."""
    this_minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    recent = this_minute - WRITTEN_LATE
    rows = history.minutes(recent, this_minute)
    starts = history.events_between(recent, now, (STARTED,))
    known = [row.at + A_MINUTE for row in rows[-1:]] + [recorded.at for recorded in starts[-1:]]
    return max(known) if known else this_minute


# One night


@dataclass(frozen=True, slots=True)
class _NightRecord:
    """What is known of a night from `start` to `end`: the rules then, and the records of the history. `changes` include
    the light at the start, `zones_of` has the zones of each gateway of today, `starts` the starts of the service."""

    night: Night
    start: datetime
    end: datetime
    program: Program
    minutes: Sequence[Minute]
    changes: Sequence[LightChange]
    faults: Sequence[PastFault]
    starts: Sequence[datetime]
    zones_of: Mapping[str, tuple[str, ...]]
    campaign: str | None


@dataclass(frozen=True, slots=True)
class _PlannedMinute:
    """A minute in which a zone should have been lit."""

    at: datetime
    state: State
    confirmed_s: float
    rule: Mapping[str, Any]
    """The override, stop or skip behind it."""
    measured_s: float | None = None

    @property
    def missing_s(self) -> float:
        return MINUTE_S - self.confirmed_s

    @property
    def kind(self) -> tuple[object, ...]:
        """Consecutive minutes of one kind are one gap."""
        return self.state, self.rule.get("kind"), self.rule.get("owner"), self.rule.get("reason")


def _prove_night(record: _NightRecord) -> NightProof | None:
    """The proof of one night; None where nothing was planned in it."""
    if not record.minutes and not _has_light(record):
        return None  # skips the cues, which would search through the dark months around it
    cues = record.program.cues(record.start, record.end)
    by_zone = {zone: list(_planned_minutes(record, cues, zone)) for zone in record.program.zones}
    by_zone = {zone: minutes for zone, minutes in by_zone.items() if minutes}
    if not by_zone:
        return None
    tower: dict[datetime, float] = {}
    for minutes in by_zone.values():
        for minute in minutes:
            tower[minute.at] = min(minute.confirmed_s, tower.get(minute.at, MINUTE_S))
    return NightProof(
        night=record.night.day,
        start=min(tower),
        end=max(tower) + A_MINUTE,
        tower=Glow(MINUTE_S * len(tower), sum(tower.values())),
        zones={
            zone: sum((Glow(MINUTE_S, minute.confirmed_s, minute.measured_s) for minute in minutes), Glow())
            for zone, minutes in by_zone.items()
        },
        gaps=tuple(_gaps(record, by_zone)),
    )


def _has_light(record: _NightRecord) -> bool:
    """Whether any rule may light a zone in the whole night."""
    return any(piece.showing for plan in record.program.nights(record.start, record.end) for piece in plan.pieces)


def _planned_minutes(record: _NightRecord, cues: tuple[Cue, ...], zone: str) -> Iterator[_PlannedMinute]:
    rows = {row.at: row for row in record.minutes if row.zone == zone}
    changes = [change for change in record.changes if change.zone == zone]
    first, end, cue = 0, 0, 0
    for at in sorted({*rows, *_lit_minutes(record, cues, zone)}):
        while first + 1 < len(changes) and changes[first + 1].at <= at:
            first += 1
        while end < len(changes) and changes[end].at < at + A_MINUTE:
            end += 1
        while cue + 1 < len(cues) and cues[cue + 1].at <= at:
            cue += 1
        minute = _planned_minute(record, zone, (at, cues[cue]), rows.get(at), changes[first:end])
        if minute is not None:
            yield minute


def _lit_minutes(record: _NightRecord, cues: tuple[Cue, ...], zone: str) -> Iterator[datetime]:
    """The minutes in which cues light a zone."""
    for cue, end in zip(cues, (*(cue.at for cue in cues[1:]), record.end), strict=True):
        at = _whole_minute(max(cue.at, record.start))
        while at < end and zone in cue.looks:
            yield at
            at += A_MINUTE


def _planned_minute(
    record: _NightRecord, zone: str, meant: tuple[datetime, Cue], row: Minute | None, shown: Sequence[LightChange]
) -> _PlannedMinute | None:
    """A minute of a zone in which light was planned; None for dark. `shown` is the light at its begin and its changes.

    The row does not separate what was confirmed of other light set by hand: the seconds of such light do not count.
    """
    at, cue = meant
    if row is None:
        return _PlannedMinute(at, "not_recorded", 0.0, {}) if _is_meant(record, zone, cue, at) else None
    confirmed_s = MINUTE_S if row.confirmed_s >= WHOLE_S else row.confirmed_s
    by_hand = [(each, rule, held_s) for each, held_s in _held(shown, at) if (rule := _by_hand_of(each.rule))]
    if by_hand:
        is_planned = _is_meant(record, zone, cue, at)
    else:
        is_planned = row.planned and record.campaign in {None, _rule_in_the_middle(shown, at).get("name")}
    if not is_planned:
        return None
    unlike = [each for each in by_hand if not (row.planned and _is_alike(each[0].look, cue, zone))]
    if unlike:
        _, rule, _ = max(unlike, key=lambda each: each[2])
        confirmed_s = max(0.0, confirmed_s - sum(held_s for _, _, held_s in unlike))
        return _PlannedMinute(at, "by_hand", confirmed_s, rule, row.measured_s)
    state: State = "confirmed" if confirmed_s == MINUTE_S else "unconfirmed"
    return _PlannedMinute(at, state, confirmed_s, {}, row.measured_s)


def _held(shown: Sequence[LightChange], at: datetime) -> Iterator[tuple[LightChange, float]]:
    """Each light of a minute, with the seconds for which it lasted."""
    ends = (*(change.at for change in shown[1:]), at + A_MINUTE)
    for change, end in zip(shown, ends, strict=True):
        held_s = (end - max(at, change.at)).total_seconds()
        if held_s > 0:
            yield change, held_s


def _rule_in_the_middle(shown: Sequence[LightChange], at: datetime) -> Mapping[str, Any]:
    return next((change.rule for change in reversed(shown) if change.at < at + A_MINUTE / 2), {})


def _whole_minute(at: datetime) -> datetime:
    """The first whole minute from an instant on."""
    begun = at.replace(second=0, microsecond=0)
    return begun if begun == at else begun + A_MINUTE


def _is_meant(record: _NightRecord, zone: str, cue: Cue, at: datetime) -> bool:
    """Whether the schedule lights a zone at an instant, for the campaign that is proved."""
    part = cue.of(zone)
    if record.campaign is not None and not (isinstance(part.why.by, Rule) and part.why.by.name == record.campaign):
        return False
    look = cue.looks.get(zone, NO_LIGHT)
    return bool(look.at(max(0.0, (at - part.since).total_seconds())).on)


def _by_hand_of(rule: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The stop or override behind what a zone showed, or the skip that left a campaign out."""
    if rule.get("kind") in {"stop", "override"}:
        return rule
    skip = rule.get("skip")
    return {"kind": "skip", **skip} if isinstance(skip, Mapping) else None


def _is_alike(shown: Look, cue: Cue, zone: str) -> bool:
    """Whether what was set by hand is the light that the schedule means."""
    meant = look_document(cue.looks.get(zone, NO_LIGHT), cue.at)
    return all(shown.get(key) == meant[key] for key in ("colors", "brightness"))


# Gaps


def _gaps(record: _NightRecord, by_zone: Mapping[str, list[_PlannedMinute]]) -> Iterator[Gap]:
    """The gaps in the order of time; zones with the same gap share one."""
    found: dict[tuple[datetime, datetime, tuple[GapCause, ...]], dict[str, float]] = {}
    for zone, minutes in by_zone.items():
        lacking = [minute for minute in minutes if minute.missing_s > 0]
        for run in _runs(lacking):
            key = (run[0].at, run[-1].at + A_MINUTE, _causes(record, zone, run))
            found.setdefault(key, {})[zone] = sum(minute.missing_s for minute in run)
    for (start, end, causes), missing in sorted(found.items(), key=lambda item: item[0][:2]):
        yield Gap(start, end, tuple(missing), max(missing.values()), causes)


def _runs(minutes: Iterable[_PlannedMinute]) -> Iterator[list[_PlannedMinute]]:
    """Runs of consecutive minutes of one kind."""
    numbered = enumerate(minutes)
    for _, run in groupby(numbered, key=lambda pair: (pair[1].kind, pair[1].at - pair[0] * A_MINUTE)):
        yield [minute for _, minute in run]


def _causes(record: _NightRecord, zone: str, run: list[_PlannedMinute]) -> tuple[GapCause, ...]:
    start, end = run[0].at, run[-1].at + A_MINUTE
    first = run[0]
    if first.state == "by_hand":
        owner, reason = first.rule.get("owner"), first.rule.get("reason")
        return (GapCause(first.rule["kind"], owner=owner, reason=reason),)
    if first.state == "not_recorded":
        has_started = any(start <= at <= end + REPORT_DELAY for at in record.starts)
        return (GapCause("not_running" if has_started else "not_recorded"),)
    faults = [
        each
        for each in record.faults
        if each.code not in MEASURED and zone in record.zones_of.get(each.gateway or "", (zone,))
    ]
    lasting = [each for each in faults if each.overlaps(start, end)]
    reported_later = [each for each in faults if each.code not in ON_PURPOSE and each.overlaps(end, end + REPORT_DELAY)]
    causes = dict.fromkeys(map(_cause_of, lasting or reported_later))
    if causes:
        return tuple(causes)
    if any(start <= at < end for at in record.starts):
        return (GapCause("not_running"),)
    changes = (change.at for change in record.changes if change.zone == zone)
    settles = any(start - SETTLES < at < end and end - start <= 2 * A_MINUTE for at in changes)
    return (GapCause("change" if settles else "unknown"),)


def _cause_of(fault: PastFault) -> GapCause:
    kind: CauseKind = "clock" if fault.code[4] == "T" else "gateway" if fault.gateway is not None else "service"
    return GapCause(kind, fault.code, fault.gateway, event=fault.event)
