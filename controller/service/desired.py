"""What every gateway should show now and over the plan ahead, and the revision of the desired documents. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.gateways.base import Gateway, Order
from controller.gateways.wire import MAX_EPOCH
from controller.lighting.look import NO_LIGHT, Look, ZoneState
from controller.schedule.plan import Cue, Program

HORIZON = timedelta(hours=72)
"""Length of the plan ahead that a gateway is sent; SPEC section 4 asks for at least 48 h."""
REFRESH = timedelta(hours=6)
"""How often an unchanged plan ahead is published again, so that it always covers at least 66 h."""
PUBLISH_AFTER = timedelta(seconds=1)
"""Delay after a cue before the plan is published again. Gateways that keep it take the cue by themselves, and other
gateways are sent their commands at that instant."""


def desired_looks(zones: Iterable[str], cue: Cue, now: datetime) -> dict[str, ZoneState]:
    """By zone, what it should show now, or at the end of a fade that is under way."""
    looks: Mapping[str, Look] = cue.looks
    return {zone: looks.get(zone, NO_LIGHT).at(_shown_s(cue, zone, now)) for zone in zones}


class LooksNow:
    """`desired_looks` at one instant, computed once for all gateways of the same zones. They share one object as long
    as the looks stay equal."""

    def __init__(self) -> None:
        self._cue: Cue | None = None
        self._known: dict[tuple[str, ...], tuple[datetime, Mapping[str, ZoneState]]] = {}

    def at(self, zones: tuple[str, ...], cue: Cue, now: datetime) -> Mapping[str, ZoneState]:
        """By zone, what it should show."""
        if self._cue is not cue:
            self._cue, self._known = cue, {}
        known = self._known.get(zones)
        if known is not None and known[0] == now:
            return known[1]
        looks: Mapping[str, ZoneState] = desired_looks(zones, cue, now)
        if known is not None and known[1] == looks:
            looks = known[1]
        self._known[zones] = now, looks
        return looks


def _shown_s(cue: Cue, zone: str, now: datetime) -> float:
    """Seconds since the rule of a zone began to hold."""
    return max(0.0, (now - cue.of(zone).since).total_seconds())


def fade_left_s(cue: Cue, now: datetime) -> float:
    """Seconds left of the fade into this cue."""
    return max(0.0, cue.fade_s - (now - cue.at).total_seconds())


def next_step(cue: Cue, now: datetime) -> datetime | None:
    """The next instant at which a sequence of this cue takes its next step."""
    looks: Mapping[str, Look] = cue.looks
    steps = [(cue.of(zone).since, look.next_step(_shown_s(cue, zone, now))) for zone, look in looks.items()]
    due = [since + timedelta(seconds=step) for since, step in steps if step is not None]
    # never `now` through rounding: the loop would wake without end
    return max(min(due), now + timedelta(milliseconds=1)) if due else None


def desired_key(gateway: Gateway, desired: Mapping[str, ZoneState], edition: int) -> object:
    """A value that changes exactly when the gateway must be sent something new.

    A gateway that keeps the plan takes the steps of a sequence by itself, but must be sent each new `edition` of the
    plan. Any other gateway is sent only what changes the light it can show.
    """
    return edition if gateway.KEEPS_PLAN else tuple(gateway.reduce(zone, state) for zone, state in desired.items())


@dataclass(frozen=True, slots=True)
class Outlook:
    """A program seen from `at`: the `cue` in force, the `following` one, and the cues `ahead` that gateways are sent.
    Valid until the next cue, at most REFRESH."""

    at: datetime
    cue: Cue
    following: Cue | None
    ahead: tuple[Cue, ...]

    @property
    def until(self) -> datetime:
        """When it must be computed again."""
        longest = self.at + REFRESH
        return min(self.following.at, longest) if self.following is not None else longest

    def has_ahead(self, cue: Cue) -> bool:
        """Whether this cue is among those that gateways were sent ahead."""
        return any((each.at, each.looks, each.fade_s) == (cue.at, cue.looks, cue.fade_s) for each in self.ahead[1:])


def outlook(program: Program, now: datetime) -> Outlook:
    """The outlook of a program from an instant."""
    return Outlook(now, program.look_at(now), program.next_cue(now), program.cues(now, now + HORIZON))


class PlanAhead:
    """The outlook of a program, renewed at each cue. Before the first `look` there is no `outlook`.

    `edition` rises when gateways must be sent a new plan; after a cue that they know already, PUBLISH_AFTER later.
    """

    outlook: Outlook

    def __init__(self, program: Program) -> None:
        self.program = program
        self.edition = 0
        self._until: datetime | None = None
        self._step_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._publish_at: datetime | None = None
        self._coming: Outlook | None = None

    def follow(self, program: Program) -> None:
        """Follow other rules from the next `look` on."""
        self.program = program
        self._until = self._coming = None

    def look(self, now: datetime) -> bool:
        """Update the outlook to this instant. True where the light may have changed."""
        is_outdated = self._until is None or not self.outlook.at <= now < self._until
        if is_outdated:
            self._plan(now)
        if self._publish_at is not None and now >= self._publish_at:
            self.edition, self._publish_at = self.edition + 1, None
        is_set_back = self._looked_at is not None and now < self._looked_at
        self._looked_at = now
        steps = is_set_back or (self._step_at is not None and now >= self._step_at)
        if is_outdated or steps:
            self._step_at = next_step(self.outlook.cue, now)
        return is_outdated or steps

    @property
    def wake_at(self) -> datetime | None:
        """The next instant at which `look` has something to update."""
        ends = (self._until, self._step_at, self._publish_at)
        return min((at for at in ends if at is not None), default=None)

    @property
    def changes_at(self) -> datetime | None:
        """The next instant at which the light changes, as far as it is known."""
        if self._until is None:
            return None
        following = self.outlook.following
        cue_at = following.at if following is not None and following.at == self._until else None
        return min((at for at in (cue_at, self._step_at) if at is not None), default=None)

    def at_next_change(self) -> Outlook:
        """The outlook that will be in force at `changes_at`, computed once."""
        if self.changes_at != self._until or self._until is None:
            return self.outlook
        if self._coming is None:
            self._coming = outlook(self.program, self._until)
        return self._coming

    def _plan(self, now: datetime) -> None:
        before = self.outlook if self._until is not None and now >= self._until else None
        coming, self._coming = self._coming, None
        is_foreseen = coming is not None and before is not None and coming.at == before.until and now < coming.until
        self.outlook = coming if coming is not None and is_foreseen else outlook(self.program, now)
        self._until = self.outlook.until
        cue = self.outlook.cue
        is_known = before is not None and before.has_ahead(cue)
        self._publish_at = cue.at + PUBLISH_AFTER if is_known else now


MAX_FOLLOWED = MAX_EPOCH // 2


class Orders:
    """The order (epoch, revision) of desired documents, above what any controller may have issued before.

    `known` is the highest order stored on disk; one that no gateway would accept is ignored. Every order that is seen
    retained or reported above ours raises our epoch above it, so that a controller that has lost its state still
    issues the highest order. Orders above MAX_FOLLOWED are not followed, so that nobody can drive ours beyond
    MAX_EPOCH, which gateways refuse. A gateway that does hold such an order is sent a document that names the order it
    replaces.
    """

    def __init__(self, known: Order = Order()) -> None:
        self._order = Order(known.epoch + 1 if known.epoch < MAX_EPOCH else 1, 0)

    @property
    def current(self) -> Order:
        """The order issued last."""
        return self._order

    def issue(self) -> Order:
        """The order of the next document."""
        self._order = Order(self._order.epoch, self._order.revision + 1)
        return self._order

    def rise_above(self, seen: Order) -> bool:
        """Raise ours above an order that was seen. False where ours is above it already, or it is too high to
        follow."""
        if seen.epoch > MAX_FOLLOWED or not self._order < seen:
            return False
        self._order = Order(seen.epoch + 1, 0)
        return True
