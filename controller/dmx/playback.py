"""By what the gateway acts at an instant: the document it accepted, and the time by which that goes. Pure.

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
