"""What the files would change if they were saved where the service runs: night by night, against the last good copy."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from controller.cli.days import say_day
from controller.cli.options import Options
from controller.config.load import Setup
from controller.errors import Refused
from controller.schedule.plan import NightPlan, Program
from controller.service.files import last_good
from controller.service.wishes import goal
from controller.service.words import shows

AHEAD = timedelta(days=400)
MOST = 20


def against_running(setup: Setup, options: Options, now: datetime) -> str:
    """The nights of the next AHEAD that would differ; raises Refused TWL-Q109 where nothing has run here."""
    running = _running(options.state_dir, options.config_dir)
    before, after = running.program(), setup.program()
    lines = list(_changes(before, after, now, options))
    if running.tower != setup.tower:
        lines.insert(0, options.say("tower.yaml differs: the service builds everything anew"))
    if not lines:
        return options.say("nothing changes")
    more = [f"… {len(lines) - MOST}"] if len(lines) > MOST else []
    return "\n".join((*lines[:MOST], *more))


def _running(state: Path, config: Path) -> Setup:
    copy = last_good(config, state)
    if copy is None:
        raise Refused("TWL-Q109", state=str(state))
    return copy


def _changes(before: Program, after: Program, now: datetime, options: Options) -> Iterator[str]:
    for old, new in zip(before.nights(now, now + AHEAD), after.nights(now, now + AHEAD), strict=False):
        was, will = (_lit(program, night, options.say("dark")) for program, night in ((before, old), (after, new)))
        if was != will:
            yield f"{say_day(new.night.day, options.say)}: {was or '–'} → {will or '–'}"


def _lit(program: Program, night: NightPlan, dark: str) -> str:
    """The light of a night in words."""
    zone = program.place.time_zone
    return "; ".join(
        f"{piece.start.astimezone(zone):%H:%M}–{piece.end.astimezone(zone):%H:%M} "
        f"{shows(goal(program.zones, program.look_at(piece.start), piece.start), dark)}"
        for piece in night.pieces
        if piece.shows is not None
    )
