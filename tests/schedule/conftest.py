"""Programs read from a schedule file as staff would write it, for a tower at any place."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import load, parse
from controller.schedule.plan import Cue, Program

CONFIG = Path(__file__).parents[2] / "config"
ALVESTA = (56.899, 14.556, "Europe/Stockholm")


@pytest.fixture(scope="session")
def shipped() -> Program:
    """The schedule that is shipped in `config/`."""
    return load(CONFIG).program()


@pytest.fixture(scope="session")
def planned() -> Callable[..., Program]:
    """A program from the lines below `version: 1`, at latitude, longitude and time zone."""
    tower = (CONFIG / "tower.yaml").read_text("utf-8")

    def read(schedule: str, place: tuple[float, float, str] = ALVESTA) -> Program:
        latitude, longitude, zone = place
        moved = (
            tower.replace("latitude: 56.899", f"latitude: {latitude}")
            .replace("longitude: 14.556", f"longitude: {longitude}")
            .replace("Europe/Stockholm", zone)
        )
        return parse(moved.encode(), f"version: 1\n{schedule}".encode(), CONFIG).program()

    return read


Light = tuple[str | None, datetime, datetime]


@pytest.fixture(scope="session")
def lights() -> Callable[[Program, str, str], list[Light]]:
    """What the cues light from the midnight of one local date to that of another: name, beginning and end."""

    def lit(program: Program, first: str, last: str) -> list[Light]:
        zone = program.place.time_zone
        start, end = (datetime.fromisoformat(day).replace(tzinfo=zone) for day in (first, last))
        cues = program.cues(start, end)
        borders = [start, *(_border(cue).astimezone(zone) for cue in cues[1:]), end]
        spans = zip(cues, borders, borders[1:], strict=False)
        return [(cue.campaign, begin, until) for cue, begin, until in spans if cue.looks]

    return lit


@pytest.fixture(scope="session")
def lit_texts(lights: Callable[[Program, str, str], list[Light]]) -> Callable[[Program, str, str], list[str]]:
    """The same to the minute, as `Fri 20 15:41–Sat 21 07:56 name`."""

    def as_text(program: Program, first: str, last: str) -> list[str]:
        return [f"{_minute(begin)}–{_minute(until)} {name}" for name, begin, until in lights(program, first, last)]

    return as_text


def _border(cue: Cue) -> datetime:
    """A fade out is done when the dark begins; a look begins at its border, whenever its cross-fade does."""
    return cue.since if cue.looks else cue.at + timedelta(seconds=cue.fade_s)


def _minute(at: datetime) -> str:
    return f"{at + timedelta(seconds=30):%a %d %H:%M}"
