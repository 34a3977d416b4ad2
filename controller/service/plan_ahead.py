"""The cue in force and the plan ahead, worked out anew only when they can have changed."""

from datetime import datetime

from controller.schedule.plan import Cue, Program
from controller.service.desired import HORIZON, REFRESH, next_step


class PlanAhead:
    """A program looked at from now: `cue` in force, `following` it, and `ahead` as gateways are told it.

    `edition` counts the outlooks that gateways must hear of; `planned_at` is when the last was made, which holds until
    the next cue, and REFRESH at the longest. Before the first `look` there is none.
    """

    cue: Cue
    following: Cue | None
    ahead: tuple[Cue, ...]
    planned_at: datetime

    def __init__(self, program: Program) -> None:
        self.program = program
        self.edition = 0
        self._until: datetime | None = None
        self._step_at: datetime | None = None

    def follow(self, program: Program) -> None:
        """Other rules, from the next look on."""
        self.program = program
        self._until = None

    def look(self, now: datetime) -> bool:
        """What holds at this instant; True where gateways may have to be told something."""
        anew = self._until is None or not self.planned_at <= now < self._until
        if anew:
            self._plan(now)
        steps = self._step_at is not None and now >= self._step_at
        if anew or steps:
            self._step_at = next_step(self.cue, now)
        return anew or steps

    @property
    def wake_at(self) -> datetime | None:
        """The next instant at which a look brings something new."""
        return min((at for at in (self._until, self._step_at) if at is not None), default=None)

    def _plan(self, now: datetime) -> None:
        self.cue, self.following = self.program.look_at(now), self.program.next_cue(now)
        self.ahead = self.program.cues(now, now + HORIZON)
        self.planned_at = now
        self.edition += 1
        longest = now + REFRESH
        self._until = min(self.following.at, longest) if self.following is not None else longest
