"""What people wait for at a desk: a year's plan, the state at an instant, `check` and `plan` from start to exit."""

import shutil
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from controller.schedule.campaign import Lit
from controller.schedule.hours import Place, night_at, night_of
from controller.schedule.plan import Program
from controller.schedule.plan_notes import notes
from controller.schedule.sun import SUNSET_DEG, below
from controller.schedule.tokens import MONTH_NAMES
from tests.bench.table import OURS, Rounds, Row

ALVESTA = Place(56.899, 14.556, ZoneInfo("Europe/Stockholm"))
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
LOOKS = 1_000
SHIPPED = Path(__file__).parents[2] / "config"
READ = """
import sys
import paho.mqtt.client, apscheduler.schedulers.background, pydantic, yaml
for path in sys.argv[1:]:
    yaml.safe_load(open(path, encoding="utf-8"))
"""
"""What a script that only reads the files takes, with the libraries that it would use."""


def campaigns(count: int) -> tuple[Lit, ...]:
    """So many, some every Friday, some by the sun, with fades."""
    return tuple(
        Lit.model_validate(
            {
                "name": f"campaign {number}",
                "nights": f"{1 + number % 20}–{6 + number % 20} {MONTH_NAMES[number % 12]['en']}"
                if number % 3
                else "every Friday",
                "hours": ["sunset to 23:00", "05:00 to sunrise"] if number % 2 else "sunset to sunrise",
                "fade_in": "30 s",
                "fade_out": "2 min",
            }
        )
        for number in range(count)
    )


def program(lit: tuple[Lit, ...]) -> Program:
    """Of which nothing is known yet."""
    below.cache_clear()
    return Program(ALVESTA, ("bowl", "shaft"), lit)


def once(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)


def sun_of_a_year() -> None:
    """Calculated again at each call."""
    below.cache_clear()
    first = night_at(NOW, ALVESTA.time_zone).day
    for number in range(365):
        night = night_of(first + timedelta(days=number), ALVESTA.time_zone)
        below(ALVESTA.latitude, ALVESTA.longitude, night.start, night.end, SUNSET_DEG)


def plan(count: int, rounds: int) -> Iterator[Row]:
    """A year of cues, all notes, and the state at an instant, beside the sun of as many nights and a bare search."""
    seen, lit = Rounds(), campaigns(count)
    for _ in range(rounds):
        asked = program(lit)
        cues = asked.cues(NOW, NOW + YEAR)
        instants = [cue.at for cue in cues]
        seconds = [NOW + timedelta(seconds=60 * number) for number in range(LOOKS)]
        seen.note("sun", {"cues": once(sun_of_a_year)})
        seen.note("bisect", {"look": once(lambda: [bisect_right(instants, at) for at in seconds])})  # noqa: B023
        seen.note(
            OURS,
            {
                "look": once(lambda: [asked.look_at(at) for at in seconds]),  # noqa: B023
                "cues": once(lambda: program(lit).cues(NOW, NOW + YEAR)),
                "notes": once(lambda: notes(program(lit), NOW)),
            },
        )
    what = f"{count} campaign{'s' if count > 1 else ''}"
    sun = seen.beside("cues", "sun")
    yield Row(f"plan of a year, {what}", None, "ms", seen.median("cues"), sun, most=300.0 if count == 30 else None)
    yield Row(f"notes of `check`, {what}", None, "ms", seen.median("notes"), sun)
    yield Row(f"look_at {LOOKS} times, {what}", None, "ms", seen.median("look"), seen.beside("look", "bisect"))


def commands(_: int, rounds: int) -> Iterator[Row]:
    """From start to exit, beside a script that reads the same files."""
    seen = Rounds()
    with TemporaryDirectory() as name:
        config = Path(shutil.copytree(SHIPPED, Path(name) / "config"))
        where = ("--config", str(config), "--state", str(Path(name) / "state"))
        words = {
            "python": ("-c", "pass"),
            "script": ("-c", READ, str(config / "tower.yaml"), str(config / "schedule.yaml")),
            "check": ("-m", "controller", *where, "check"),
            "plan": ("-m", "controller", *where, "plan"),
        }
        for _ in range(rounds + 1):  # the first compiles what is imported
            for who, command in words.items():
                began = time.perf_counter()
                subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
                seen.note(who, {"took": 1e3 * (time.perf_counter() - began)})
    beside = seen.beside("took", "script", "python")
    for command in ("check", "plan"):
        yield Row(f"`{command}` from start to exit", None, "ms", seen.median("took", command), beside, most=400.0)
