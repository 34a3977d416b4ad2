"""`watertower status`: what the health document says, in words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.cli.options import Options
from controller.cli.status import _table
from controller.clock import Trust
from controller.config.load import load_tower
from controller.events.formatters import json_text
from controller.locale import Language
from controller.service.health import CueHealth, Degradation, GatewayHealth, Health, ZoneHealth

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_what_came_over_mqtt_does_not_steer_the_terminal(config: Path, language: Language) -> None:
    """A name that clears the screen, or that makes a line of its own, is told as what it is."""
    bad = "x\x1b[2J\nAll is well"
    zone = ZoneHealth(standing="differs", wanted=bad, shown=bad)
    gateway = GatewayHealth(name=bad, kind="dmx", online=True, heard_s=1.0, zones={"bowl": zone})
    now = CueHealth(at=NOW, looks=bad, campaign=bad, why=bad)
    health = Health(at=NOW, site=bad, clock=Trust.TRUSTED, now=now, next=now, gateways=(gateway,))
    lines = _table(health, load_tower(config), Options(lang=language), lives=True).split("\n")
    assert not [line for line in lines if "\x1b" in line or line.startswith("All is well")]


def health(standing: str = "confirmed", *degradations: Degradation, askable: bool = True) -> Health:
    """That of a tower with one lamp."""
    zone = ZoneHealth.model_validate({"standing": standing, "wanted": "dark", "shown": "dark"})
    gateway = GatewayHealth(name="mast", kind="dmx", online=True, heard_s=1.0, zones={"bowl": zone}, askable=askable)
    now = CueHealth(at=NOW, looks="bowl dark", campaign=None, why="nothing applies: dark")
    return Health(
        at=NOW,
        site="T",
        clock=Trust.TRUSTED,
        now=now,
        next=None,
        gateways=(gateway,),
        degradations=degradations,
    )


def degradation(code: str, **fields: object) -> Degradation:
    """One that has stood since NOW."""
    return Degradation(code=code, since=NOW, fields=fields)


FULL = degradation("TWL-J003", file="/var/lib/watertower/history.db", reason="No space left on device")
REJECTED = degradation(
    "TWL-O131",
    count=2,
    where="schedule.yaml:5:12",
    first={"code": "TWL-S030", "fields": {}},
    taken="2026-11-19 09:30",
)


@pytest.mark.parametrize(
    ("told", "is_well"),
    [
        (health(), True),
        (health("pending"), True),
        (health("unknown", askable=False), True),
        (health("unknown"), False),
        (health("differs"), False),
        (health("silent"), False),
        (health("confirmed", FULL), False),
        (health("confirmed", REJECTED), False),
        (health("confirmed", degradation("TWL-O132", copied="–", reason="x")), False),
        (health("confirmed", degradation("TWL-T001", trust="suspect", before="trusted")), False),
        (health("confirmed", degradation("TWL-T001", trust="plausible", before="–")), True),
        (health("confirmed", degradation("TWL-M014", broker="mqtts://b:8883", days=12)), True),
        (health("confirmed", degradation("TWL-Z999", what="of a later version")), False),
    ],
)
def test_the_exit_code_is_1_for_what_asks_for_somebody(told: Health, is_well: bool) -> None:
    """A lamp that is not as it should be, a file, the disk, the clock; not what cannot be known or is still far off."""
    assert told.is_well == is_well


@pytest.mark.parametrize(
    ("language", "since", "full"), [("en", "since", "No space"), ("sv", "sedan", "disken är full")]
)
def test_every_degradation_is_a_line_with_its_code_and_since_when(
    config: Path, language: Language, since: str, full: str
) -> None:
    """In the site's time and the reader's language; also one that only a later version of the program knows."""
    later = degradation("TWL-Z999", what="of a later\nversion")
    told = _table(health("confirmed", FULL, later), load_tower(config), Options(lang=language), lives=True).split("\n")
    (line,) = [line for line in told if "TWL-J003" in line]
    assert f"! TWL-J003 {since} 2026-11-20 17:00:00: /var/lib/watertower/history.db" in line
    assert full in line
    assert [line for line in told if "TWL-Z999" in line and "of a later" in line]


@pytest.mark.parametrize(
    ("ahead_s", "told"), [(34_560_008.0, "+400 dygn"), (-3.0, "-3 sekunder"), (5_400.0, "+90 minuter")]
)
def test_how_far_the_clocks_are_apart_is_told_as_a_person_says_it(config: Path, ahead_s: float, told: str) -> None:
    """Days where it is days."""
    shown = _table(health(), load_tower(config), Options(lang="sv"), lives=True, ahead_s=ahead_s)
    assert f"! Den här datorns klocka skiljer sig från styrningens med {told}\n" in shown


def test_what_is_left_of_a_dead_controller_is_shown_as_such(config: Path) -> None:
    """Without an age, which only two clocks that agree could tell."""
    told = _table(health(), load_tower(config), Options(lang="en"), lives=False)
    assert "This is old: no controller answers" in told


def test_json_holds_no_character_that_steers_the_terminal() -> None:
    """U+009B begins an escape sequence as ESC [ does, U+202E turns the line round; a program reads the same text."""
    bad = "x\x9b31m\u202e\x7f\x1b[2J\u2028å😀\U000e0001"
    told = Health(
        at=NOW,
        site=bad,
        clock=Trust.TRUSTED,
        now=CueHealth(at=NOW, looks=bad, campaign=bad, why=bad),
        next=None,
        gateways=(),
    )
    said = json_text(told.model_dump(mode="json"), 2)
    assert all(char.isprintable() for char in said.replace("\n", ""))
    assert "å😀" in said
    assert Health.model_validate_json(said) == told
