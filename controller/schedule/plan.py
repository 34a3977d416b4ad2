"""The plan: what should be shown when, and why; a pure function of place, rules, limits, overrides and time.

Rules are planned by `rule_plan`, once for each group of zones with the same rules. Two layers lie over that: skipped
campaigns, which do not exist until the skip ends, and limits, which cap the brightness of whatever is shown, overrides
included. From the start of a limit nothing is brighter, and from its end it dims nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import chain, pairwise
from typing import Any

from controller.schedule.campaign import Blackout, EveryNight, Limit, Lit, Override, Rule, SafetyStop
from controller.schedule.explanation import Why
from controller.schedule.hours import Night, Place, night_at, night_of
from controller.schedule.precedence import Claim, NightPlan, Nights, Piece
from controller.schedule.recurrence import days_of
from controller.schedule.rule_plan import ANCHOR, INSTANT, OVERRIDE_FADE_S, REACH, Cue, RulePlan, reach

__all__ = ["ANCHOR", "OVERRIDE_FADE_S", "REACH", "Cue", "Program"]

MOST_FADES = 8
"""If more fades than this cut each other short, the light before them is assumed, which may be too bright."""
Looks = Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """Everything the plan depends on except the time."""

    place: Place
    zones: tuple[str, ...]
    campaigns: tuple[Lit, ...] = ()
    every_night: tuple[EveryNight, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    limits: tuple[Limit, ...] = ()
    overrides: tuple[Override, ...] = ()
    stop: SafetyStop | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, the stronger first."""
        return (*self.blackouts, *self.campaigns, *self.every_night)

    def with_overrides(self, overrides: tuple[Override, ...], stop: SafetyStop | None) -> "Program":
        """The same rules under other overrides; shares the computed nights."""
        program = replace(self, overrides=overrides, stop=stop)
        for shared in ("_groups", "_worked_out", "_all_nights", "_limit_nights"):
            vars(program)[shared] = getattr(self, shared)
        return program

    @property
    def by_schedule(self) -> "Program":
        """The same without overrides of looks and without a stop; skipped campaigns stay skipped."""
        return self.with_overrides(tuple(override for override in self.overrides if override.skips), None)

    def look_at(self, moment: datetime) -> Cue:
        """The cue in force at an instant."""
        moment = moment.astimezone(UTC)
        uncapped = self._uncapped(moment)
        cue = self._under_limits(uncapped, moment)
        limits = self._dimming(uncapped.looks)
        arrived = cue.at + timedelta(seconds=cue.fade_s)
        for border in self._borders_back(moment, cue.at, moment if limits else arrived):
            if self._is_skip(border):
                before, after = self._between_borders(border - INSTANT), self._between_borders(border)
                if _shown(before) == _shown(after):  # another plan applies before it, with the same look
                    return replace(self.look_at(border - INSTANT), why=cue.why, limits=cue.limits, parts=cue.parts)
                return replace(cue, at=border, fade_s=self._fade_s(border, after))
            if self._is_limit_border(border, limits) or (border < arrived and self._is_too_bright(border)):
                return replace(cue, at=border, fade_s=self._fade_s(border, cue))
        return cue

    def next_cue(self, moment: datetime) -> Cue | None:
        """The first cue after an instant; None if nothing changes for REACH nights."""
        moment = moment.astimezone(UTC)
        return next(self._cues_after(moment, reach(moment, REACH, self.place).end), None)

    def cues(self, start: datetime, end: datetime) -> tuple[Cue, ...]:
        """The cue in force at `start`, then all cues after it and before `end`."""
        return (self.look_at(start), *self._cues_after(start.astimezone(UTC), end.astimezone(UTC)))

    def nights(self, start: datetime, end: datetime) -> tuple[NightPlan, ...]:
        """The nights of a period, without overrides; a piece ends where the light changes."""
        first, last = (night_at(at, self.place.time_zone).day for at in (start, max(start, end - INSTANT)))
        plans = (self._all_nights.of(day) for day in days_of(first, last))
        return tuple(self._by_zones(plan) for plan in plans if plan.pieces)

    def looks_of(self, piece: Piece) -> Looks:
        """What is shown in a piece of one of the `nights`, by zone; a zone without a look is dark."""
        day = night_at(piece.start, self.place.time_zone).day
        groups = [each.nights.of(day) for each in self._plans(frozenset())]
        return _capped(self._looks_at(groups, piece.start), self._limits_at(piece.start))[0]

    def explain(self, moment: datetime) -> Why:
        """Which rule or override decides at an instant, and which rules it overrules."""
        moment = moment.astimezone(UTC)
        skipped = self._skipped(moment)
        why = self._strongest([plan.explain(moment) for plan in self._plans(skipped)])
        if not isinstance(why.by, SafetyStop):
            why = replace(why, limit=self._limit_that_matters(moment), skip=self._skip_that_matters(moment))
        return why

    def why(self, cue: Cue, now: datetime) -> Why:
        """Why a cue shows what it shows at an instant. A cue in which nothing applies only knows the night in which
        that began, which may be months ago: the rules of this night are named."""
        if cue.why.by is not None:
            return cue.why
        return self.explain(max(now, cue.at + timedelta(seconds=cue.fade_s)))

    def highest(self, start: datetime, end: datetime) -> float:
        """The highest brightness, 0..1, that the limits allow at every instant from `start` until `end`."""
        borders = (start, *self._limit_borders_after(start, end))
        return min((limit.brightness for at in borders for limit in self._limits_at(at)), default=1.0)

    # Zones

    @cached_property
    def _groups(self) -> tuple[tuple[tuple[str, ...], tuple[Rule, ...]], ...]:
        """Zones in which the same rules decide, and these rules."""
        groups: dict[tuple[int, ...], tuple[list[str], tuple[Rule, ...]]] = {}
        for zone in self.zones:
            rules = tuple(rule for rule in self.rules if rule.concerns(zone))
            groups.setdefault(tuple(map(id, rules)), ([], rules))[0].append(zone)
        return tuple((tuple(zones), rules) for zones, rules in groups.values()) or (((), self.rules),)

    @cached_property
    def _worked_out(self) -> dict[tuple[frozenset[str], tuple[str, ...]], Nights]:
        """By skipped campaigns and zones; shared by programs with other overrides."""
        return {}

    @cached_property
    def _known_plans(self) -> dict[frozenset[str], tuple[RulePlan, ...]]:
        return {}

    def _plans(self, skipped: frozenset[str]) -> tuple[RulePlan, ...]:
        """One for each group of zones, without the skipped campaigns."""
        if skipped not in self._known_plans:
            plans = []
            for zones, every in self._groups:
                rules = tuple(rule for rule in every if isinstance(rule, Blackout) or rule.name not in skipped)
                overrides = tuple(each for each in self.overrides if not each.looks.keys().isdisjoint(zones))
                plan = RulePlan(self.place, zones, rules, overrides, self.stop)
                nights = self._all_nights if rules == self.rules else Nights(rules, self.place)
                vars(plan)["nights"] = self._worked_out.setdefault((skipped, zones), nights)
                plans.append(plan)
            self._known_plans[skipped] = tuple(plans)
        return self._known_plans[skipped]

    @cached_property
    def _all_nights(self) -> Nights:
        return Nights(self.rules, self.place)

    def _strongest(self, whys: list[Why]) -> Why:
        """The reason for all groups of zones: a stop or override if there is one, else the highest rule; a rule that
        shows in other zones has not lost."""
        ranks = {id(rule): rank for rank, rule in enumerate(self.rules)}
        by_hand = [why for why in whys if isinstance(why.by, SafetyStop | Override)]
        lit = [why for why in whys if isinstance(why.by, Rule) and why.verdict == "lit"]
        decided = lit or [why for why in whys if why.by is not None] or whys
        first = by_hand[0] if by_hand else min(decided, key=lambda why: ranks.get(id(why.by), len(ranks)))
        losers = dict.fromkeys(id(rule) for why in whys for rule in why.losers)
        showing = {id(why.by) for why in whys}
        return replace(first, losers=tuple(r for r in self.rules if id(r) in losers and id(r) not in showing))

    def _uncapped(self, moment: datetime) -> Cue:
        """The cue in force, before limits, as if the campaigns that are skipped now were skipped at all times."""
        plans = self._plans(self._skipped(moment))
        cues = [plan.look_at(moment) for plan in plans]
        if len(cues) == 1:
            return cues[0]
        at = max(cue.at for cue in cues)
        why = self._strongest([cue.why for cue in cues])
        first = next(cue for cue in cues if cue.why.by is why.by)
        parts = {zone: cue for plan, cue in zip(plans, cues, strict=True) for zone in plan.zones}
        looks = {zone: part.looks[zone] for zone, part in parts.items() if zone in part.looks}
        fade_s = max(cue.fade_s for cue in cues if cue.at == at)
        return Cue(at, looks, first.since, fade_s, first.campaign, why, parts)

    # Skipped campaigns and limits

    def _skipped(self, moment: datetime) -> frozenset[str]:
        return frozenset(each.skips for each in self.overrides if each.skips and each.start <= moment < each.end)

    def _is_skip(self, border: datetime) -> bool:
        """Whether a skip begins or ends here."""
        return self._skipped(border) != self._skipped(border - INSTANT)

    def _skip_that_matters(self, moment: datetime) -> Override | None:
        """The skip of a campaign that would show now."""
        if not self._skipped(moment):
            return None
        shows = (plan.nights.at(moment).piece_at(moment).shows for plan in self._plans(frozenset()))
        names = {rule.name for rule in shows if rule is not None}
        skips = (each for each in self.overrides if each.skips in names and each.start <= moment < each.end)
        return max(skips, key=lambda each: each.end, default=None)

    @cached_property
    def _limit_nights(self) -> Nights:
        return Nights(self.limits, self.place)

    def _limits_at(self, moment: datetime) -> list[Limit]:
        if not self.limits:
            return []
        claims = self._limit_nights.at(moment).claims_at(moment)
        return [claim.rule for claim in claims if isinstance(claim.rule, Limit)]

    def _limit_that_matters(self, moment: datetime) -> Limit | None:
        """The limit that reduces the light now."""
        if not (limits := self._limits_at(moment)):
            return None
        return next(iter(_capped(self._uncapped(moment).looks, limits)[1].values()), None)

    def _between_borders(self, moment: datetime) -> Cue:
        """The cue in force as if the current skips and limits always applied."""
        return self._under_limits(self._uncapped(moment), moment)

    def _under_limits(self, cue: Cue, moment: datetime) -> Cue:
        looks, limits = _capped(cue.looks, self._limits_at(moment))
        skip = self._skip_that_matters(moment)
        if not limits and skip is None:
            return cue
        why = replace(cue.why, limit=next(iter(limits.values()), None), skip=skip)
        return replace(cue, looks=looks, limits=limits, why=why)

    def _dimming(self, looks: Looks) -> list[Limit]:
        """The limits that would reduce these looks, at any time."""
        return [limit for limit in self.limits if _capped(looks, [limit])[1]]

    def _highest(self, moment: datetime, limits: list[Limit]) -> float:
        """The highest brightness that these limits allow at an instant."""
        return min((limit.brightness for limit in self._limits_at(moment) if limit in limits), default=1.0)

    def _is_limit_border(self, border: datetime, limits: list[Limit]) -> bool:
        """Whether the highest brightness by these limits changes here."""
        return bool(limits) and self._highest(border, limits) != self._highest(border - INSTANT, limits)

    @cached_property
    def _skip_borders(self) -> list[datetime]:
        return sorted({at for each in self.overrides if each.skips for at in (each.start, each.end)})

    def _limit_borders(self, night: Night) -> list[datetime]:
        return sorted({at for claim in self._limit_nights.of(night.day).claims for at in (claim.start, claim.end)})

    def _borders_back(self, moment: datetime, earliest: datetime, latest: datetime) -> Iterator[datetime]:
        """Possible borders of skips and limits, from an instant back to another, both included; of limits back from
        `latest`, and REACH nights at most."""
        by_limits = self._limit_borders_back(min(moment, latest), earliest) if self.limits else ()
        skips = (at for at in reversed(self._skip_borders) if earliest <= at <= moment)
        yield from merge(by_limits, skips, reverse=True)

    def _limit_borders_back(self, moment: datetime, earliest: datetime) -> Iterator[datetime]:
        night = night_at(moment, self.place.time_zone)
        for _ in range(REACH):
            yield from (at for at in reversed(self._limit_borders(night)) if earliest <= at <= moment)
            if night.start <= earliest:
                return
            night = night_of(night.day - timedelta(days=1), self.place.time_zone)

    def _limit_borders_after(self, moment: datetime, end: datetime) -> Iterator[datetime]:
        """The borders after an instant and before another."""
        night = night_at(moment, self.place.time_zone)
        while self.limits and night.start < end:
            yield from (at for at in self._limit_borders(night) if moment < at < end)
            night = night_of(night.day + timedelta(days=1), self.place.time_zone)

    def _cues_after(self, moment: datetime, end: datetime) -> Iterator[Cue]:
        plans = self._plans(self._skipped(moment))
        if len(plans) == 1 and not self.limits and not self._skip_borders:
            yield from plans[0].cues_after(moment, end)
            return
        last, cue = moment, self.look_at(moment)
        limits = self._dimming(self._uncapped(moment).looks)
        for at, is_limit in merge(
            ((at, False) for at in self._changes_after(moment, end)),
            ((at, True) for at in self._limit_borders_after(moment, end)),
        ):
            # nights that are dark, or always under the same limit, need not be examined
            has_arrived = at >= cue.at + timedelta(seconds=cue.fade_s)
            if at == last or (is_limit and has_arrived and not self._is_limit_border(at, limits)):
                continue
            last, cue = at, self.look_at(at)
            limits = limits if is_limit else self._dimming(self._uncapped(at).looks)
            if cue.at == at:
                yield cue

    def _changes_after(self, moment: datetime, end: datetime) -> Iterator[datetime]:
        """Possible changes of the light by rules, overrides or skips, in order."""
        borders = (at for at in self._skip_borders if moment < at < end)
        for border in chain(borders, (end,)):
            plans = self._plans(self._skipped(moment))
            yield from merge(*((cue.at for cue in plan.cues_after(moment, border)) for plan in plans))
            if border < end:
                yield border
            moment = border

    def _fade_s(self, border: datetime, after: Cue) -> float:
        """Seconds of the fade at a border: the rest of a running fade goes on. There is none if a limit begins and the
        light may be brighter."""
        if self._is_too_bright(border):
            return 0.0
        left_s = max(0.0, after.fade_s - (border - after.at).total_seconds())
        return max(OVERRIDE_FADE_S, left_s) if self._is_skip(border) else left_s

    def _is_too_bright(self, border: datetime) -> bool:
        """Whether the light just before may be brighter than allowed by a limit that begins here."""
        before = {id(limit) for limit in self._limits_at(border - INSTANT)}
        new = [limit for limit in self._limits_at(border) if id(limit) not in before]
        at = border
        for _ in range(MOST_FADES if new else 0):
            cue = self.look_at(at - INSTANT)
            if _capped(cue.looks, new)[1]:
                return True
            if cue.at + timedelta(seconds=cue.fade_s) <= border:
                return False
            at = cue.at
        return bool(new)

    # Nights

    def _by_zones(self, plan: NightPlan) -> NightPlan:
        """A night cut where the light changes in any zone, by another rule or by a limit."""
        groups = [each.nights.of(plan.night.day) for each in self._plans(frozenset())]
        if len(groups) == 1 and not self.limits:
            return plan
        borders = {at for night in groups for piece in night.pieces for at in (piece.start, piece.end)}
        limits = self._limit_nights.of(plan.night.day) if self.limits else None
        borders.update(at for claim in (limits.claims if limits else ()) for at in (claim.start, claim.end))
        pieces: list[Piece] = []
        shown: list[tuple[Looks, Claim | None]] = []
        for start, end in pairwise(sorted(borders)):
            claims = [claim for night in groups if (claim := night.piece_at(start).claim) is not None]
            looks, taken = _capped(self._looks_at(groups, start), self._limits_at(start))
            claim = self._decides(claims)
            also = tuple(each.rule for each in claims if each.lit and claim and each.rule is not claim.rule)
            piece = Piece(start, end, claim, also, next(iter(taken.values()), None))
            if pieces and _is_same(pieces[-1], piece) and shown[-1][0] == looks:
                pieces[-1] = replace(pieces[-1], end=end)
            else:
                pieces.append(piece)
                shown.append((looks, claim))
        return replace(plan, pieces=tuple(pieces))

    def _looks_at(self, groups: Iterable[NightPlan], at: datetime) -> dict[str, Any]:
        looks: dict[str, Any] = {}
        for (zones, _), night in zip(self._groups, groups, strict=True):
            rule = night.piece_at(at).shows
            looks |= {zone: look for zone, look in rule.looks.items() if zone in zones} if rule is not None else {}
        return looks

    def _decides(self, claims: list[Claim]) -> Claim | None:
        """The highest lit claim, else the highest."""
        ranks = {id(rule): rank for rank, rule in enumerate(self.rules)}
        return min(claims, key=lambda claim: (not claim.lit, ranks[id(claim.rule)]), default=None)


def _is_same(one: Piece, other: Piece) -> bool:
    mine, theirs = one.claim, other.claim
    if mine is None or theirs is None:
        return mine is theirs
    rules = [tuple(map(id, (piece.claim and piece.claim.rule, *piece.also, piece.limit))) for piece in (one, other)]
    return mine.lit == theirs.lit and rules[0] == rules[1]


def _shown(cue: Cue) -> tuple[Looks, tuple[datetime, ...]]:
    """The looks of a cue, with the steps of its sequences; dark is dark whenever it began."""
    return cue.looks, tuple(cue.of(zone).since for zone in cue.looks)


def _capped(looks: Looks, limits: Iterable[Limit]) -> tuple[Looks, Mapping[str, Limit]]:
    """The looks under limits, and by zone the limit that reduces the light."""
    taken: dict[str, Limit] = {}
    capped = dict(looks)
    for limit in limits:
        for zone, look in capped.items():
            dimmed = look.at_most(limit.brightness)
            if dimmed != look:
                capped[zone], taken[zone] = dimmed, limit
    return capped, taken
