"""What the gateway shows at an instant: the part of the accepted document that holds, and the fade into it. Pure.

The first that applies holds
1. no document at all                     boot: dark
2. before `valid_until`                   desired, until the first later cue begins; then plan: the last cue begun
3. `hold_s` after `valid_until`           after: the last look is held
4. later                                  after: the zones of `after`, reached by their own fade
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.gateways.wire import By, DesiredDocument, ZoneLook
from controller.lighting.light import Light, mix
from controller.lighting.look import DARK, ZoneState


@dataclass(frozen=True, slots=True)
class Playback:
    """What holds, since when (None: from the moment it is first known), and by what."""

    by: By
    since: datetime | None
    zones: Mapping[str, ZoneLook] = field(default_factory=dict)


def act(document: DesiredDocument | None, now: datetime) -> Playback:
    """By what to act."""
    if document is None:
        return Playback("boot", None)
    if now < document.valid_until:
        return _planned(document, now)
    ends = document.valid_until + timedelta(seconds=document.after.hold_s)
    if now < ends:
        last = _planned(document, document.valid_until)
        return Playback("after", last.since, last.zones)
    return Playback("after", ends, document.after.zones)


def _planned(document: DesiredDocument, now: datetime) -> Playback:
    begun = [cue for cue in document.cues if document.issued_at < cue.at <= now]
    if not begun:
        return Playback("desired", document.issued_at, document.zones)
    cue = max(begun, key=lambda cue: cue.at)
    return Playback("plan", cue.at, cue.zones)


def next_instant(document: DesiredDocument | None, now: datetime) -> datetime | None:
    """When another rule or cue begins to hold; None where nothing is ahead."""
    if document is None:
        return None
    ends = document.valid_until + timedelta(seconds=document.after.hold_s)
    ahead = (*(cue.at for cue in document.cues), document.valid_until, ends)
    return min((at for at in ahead if at > now), default=None)


@dataclass(frozen=True, slots=True)
class Fade:
    """From `start` to `goal` in `fade_s` seconds since `began_s`, both on whichever clock the caller counts."""

    start: Light
    goal: ZoneState
    began_s: float = 0.0
    fade_s: float = 0.0

    def at(self, now_s: float) -> Light:
        """The light at an instant; the goal's own once the fade is done."""
        if self.is_done(now_s):
            return Light.of(self.goal)
        share = max(0.0, (now_s - self.began_s) / self.fade_s)
        return mix(self.start, Light.of(self.goal), share)

    def towards(self, goal: ZoneState, now_s: float) -> "Fade":
        """From the light of this instant to another goal, done when this one would have been."""
        return Fade(self.at(now_s), goal, now_s, max(0.0, self.began_s + self.fade_s - now_s))

    def is_done(self, now_s: float) -> bool:
        """Whether the goal is reached."""
        return self.fade_s <= 0 or now_s >= self.began_s + self.fade_s


AT_REST_DARK = Fade(Light.of(DARK), DARK)
