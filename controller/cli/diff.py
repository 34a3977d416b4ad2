"""What the files change where the service runs: night by night, against what runs there, or ran before they were taken.

A service takes a file within seconds after it was saved. So the last good copy may hold already what is checked; then
the one before it tells what was changed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from controller.cli.date_format import say_day
from controller.cli.options import Options
from controller.config.load import Setup
from controller.errors import Refused
from controller.schedule.plan import NightPlan, Program
from controller.service.desired import desired_looks
from controller.service.formatting import shows
from controller.service.reload import BEFORE, copied_at, is_last_good, last_good, local

AHEAD = timedelta(days=400)
MOST = 20


def against_running(setup: Setup, options: Options, now: datetime) -> str:
    """The nights of the next AHEAD that differ; raises Refused TWL-Q109 where nothing has run here."""
    config, state, say = options.config_dir, options.state_dir, options.say
    running = last_good(config, state)
    if running is None:
        raise Refused("TWL-Q109", state=str(state))
    taken = local(copied_at(state), setup)
    if not _is_taken(setup, config, state):
        head = f"{say('Not taken by the service yet; in force since')} {taken}."
        return "\n".join((head, *_differences(running, setup, now, options)))
    before = last_good(config, state, BEFORE)
    head = f"{say('Taken by the service')} {taken}."
    if before is None:
        return f"{head} {say('What ran before is not known.')}"
    return "\n".join((f"{head} {say('Against what ran before:')}", *_differences(before, setup, now, options)))


def _is_taken(setup: Setup, config: Path, state: Path) -> bool:
    try:
        return is_last_good(setup, config, state)
    except OSError:
        return False


def _differences(before: Setup, after: Setup, now: datetime, options: Options) -> tuple[str, ...]:
    lines = list(_changes(before.program(), after.program(), now, options))
    if before.tower != after.tower:
        lines.insert(0, options.say("tower.yaml differs: the service builds everything anew"))
    if not lines:
        return (options.say("nothing changes"),)
    more = [f"… {len(lines) - MOST}"] if len(lines) > MOST else []
    return (*lines[:MOST], *more)


def _changes(before: Program, after: Program, now: datetime, options: Options) -> Iterator[str]:
    for old, new in zip(before.nights(now, now + AHEAD), after.nights(now, now + AHEAD), strict=False):
        was, will = (_lit(program, night, options.say("dark")) for program, night in ((before, old), (after, new)))
        day = say_day(new.night.day, options.say)
        if was != will:
            yield f"{day}: {was or '–'} → {will or '–'}"
        elif _cues(before, old) != _cues(after, new):
            yield f"{day}: {will} ({options.say('other fades or steps of a sequence')})"


def _cues(program: Program, night: NightPlan) -> list[object]:
    """What the night's words do not tell: fades, and every step of a sequence."""
    cues = program.cues(night.night.start, night.night.end)
    return [(cue.at, cue.fade_s, tuple(cue.looks.items())) for cue in cues]


def _lit(program: Program, night: NightPlan, dark: str) -> str:
    """The light of a night in words."""
    zone = program.place.time_zone
    return "; ".join(
        f"{piece.start.astimezone(zone):%H:%M}–{piece.end.astimezone(zone):%H:%M} "
        f"{shows(desired_looks(program.zones, program.look_at(piece.start), piece.start), dark)}"
        for piece in night.pieces
        if piece.shows is not None
    )
