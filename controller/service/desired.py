"""What every gateway should show now and over the plan ahead, and the revision of the documents that say so. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.gateways.base import Gateway, Order
from controller.gateways.wire import MAX_EPOCH
from controller.lighting.look import NO_LIGHT, Look, ZoneState
from controller.schedule.plan import Cue, Program

HORIZON = timedelta(hours=72)
"""How far ahead a gateway that keeps the plan is told; SPEC section 4 asks for 48 h at least."""
REFRESH = timedelta(hours=6)
"""How often the plan ahead is told anew though nothing changed; so it never reaches less than 66 h ahead."""
TELL_AFTER = timedelta(seconds=1)
"""How long after a cue the plan is told anew. Gateways that keep it take the cue by themselves: there is no hurry, and
at the instant others are sent theirs."""


def desired_looks(zones: Iterable[str], cue: Cue, now: datetime) -> dict[str, ZoneState]:
    """What these zones should show now, or will when the fade under way is done."""
    looks: Mapping[str, Look] = cue.looks
    return {zone: looks.get(zone, NO_LIGHT).at(_shown_s(cue, zone, now)) for zone in zones}


class LooksNow:
    """What is desired at one instant, as `desired_looks` has it: looked up once for all gateways of the same zones,
    which share it for as long as it stays the same."""

    def __init__(self) -> None:
        self._cue: Cue | None = None
        self._known: dict[tuple[str, ...], tuple[datetime, Mapping[str, ZoneState]]] = {}

    def at(self, zones: tuple[str, ...], cue: Cue, now: datetime) -> Mapping[str, ZoneState]:
        """By zone."""
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
    # never now, whichever way the seconds round: that would wake for ever
    return max(min(due), now + timedelta(milliseconds=1)) if due else None


def desired_key(gateway: Gateway, desired: Mapping[str, ZoneState], plan: int) -> object:
    """The whole wish as a value: it changes exactly when the gateway must be told something new.

    A gateway that keeps the plan takes the steps of a sequence by itself, and must hear of a changed plan; `plan`
    counts the changes of the plan and of the cue in force. To any other only what it can show of it is new.
    """
    return plan if gateway.KEEPS_PLAN else tuple(gateway.reduce(zone, state) for zone, state in desired.items())


@dataclass(frozen=True, slots=True)
class Outlook:
    """A program looked at from `at`: `cue` in force, `following` it, and `ahead` as gateways are told it. It holds
    until the next cue, and REFRESH at the longest."""

    at: datetime
    cue: Cue
    following: Cue | None
    ahead: tuple[Cue, ...]

    @property
    def until(self) -> datetime:
        """When it has to be looked at anew."""
        longest = self.at + REFRESH
        return min(self.following.at, longest) if self.following is not None else longest

    def foretells(self, cue: Cue) -> bool:
        """Whether gateways that were told it know this cue."""
        return any((each.at, each.looks, each.fade_s) == (cue.at, cue.looks, cue.fade_s) for each in self.ahead[1:])


def outlook(program: Program, now: datetime) -> Outlook:
    """A program looked at from an instant."""
    return Outlook(now, program.look_at(now), program.next_cue(now), program.cues(now, now + HORIZON))


class PlanAhead:
    """A program looked at from now, again at each cue. Before the first `look` there is no `outlook`.

    `edition` counts the outlooks that gateways must hear of: of a cue that they were told before, TELL_AFTER later.
    """

    outlook: Outlook

    def __init__(self, program: Program) -> None:
        self.program = program
        self.edition = 0
        self._until: datetime | None = None
        self._step_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._tell_at: datetime | None = None
        self._coming: Outlook | None = None

    def follow(self, program: Program) -> None:
        """Other rules, from the next look on."""
        self.program = program
        self._until = self._coming = None

    def look(self, now: datetime) -> bool:
        """What holds at this instant; True where the light may have to be another one."""
        anew = self._until is None or not self.outlook.at <= now < self._until
        if anew:
            self._plan(now)
        if self._tell_at is not None and now >= self._tell_at:
            self.edition, self._tell_at = self.edition + 1, None
        is_set_back = self._looked_at is not None and now < self._looked_at
        self._looked_at = now
        steps = is_set_back or (self._step_at is not None and now >= self._step_at)
        if anew or steps:
            self._step_at = next_step(self.outlook.cue, now)
        return anew or steps

    @property
    def wake_at(self) -> datetime | None:
        """The next instant at which a look brings something new."""
        ends = (self._until, self._step_at, self._tell_at)
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
        """The outlook that will be in force then, made once."""
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
        is_told = before is not None and before.foretells(cue)
        self._tell_at = cue.at + TELL_AFTER if is_told else now


MAX_FOLLOWED = MAX_EPOCH // 2


class Revisions:
    """Order of the desired documents: (epoch, revision), above what any controller may have issued before.

    `known` is the highest order kept on disk; one that no gateway would follow is not believed. Until the first
    document is issued, every order seen raises the epoch above it, so that a controller that lost its state starts
    above what it finds retained or reported; later an order above ours raises it again. Nobody can lead it to an
    order that gateways refuse: what is seen is followed to MAX_FOLLOWED at most, which leaves room up to MAX_EPOCH. A
    gateway that truly holds more is overcome by a document that names the order it replaces.
    """

    def __init__(self, known: Order = Order()) -> None:
        self._order = Order(known.epoch + 1 if known.epoch < MAX_EPOCH else 1, 0)

    @property
    def current(self) -> Order:
        """The order that was issued last."""
        return self._order

    def issue(self) -> Order:
        """The order of the next document."""
        self._order = Order(self._order.epoch, self._order.revision + 1)
        return self._order

    def rise_above(self, seen: Order) -> bool:
        """Go above an order that was seen; False where ours is above it already, or it is too high to be followed."""
        if seen.epoch > MAX_FOLLOWED or not self._order < seen:
            return False
        self._order = Order(seen.epoch + 1, 0)
        return True
