"""`watertower status`: what the health document says, in words."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli import group
from controller.cli.options import Options
from controller.cli.status import status_table
from controller.clock import Trust
from controller.config.load import load_tower
from controller.events.formatters import json_text
from controller.gateways.base import GatewayInfo
from controller.locale import Language
from controller.mqtt import Received
from controller.service.health import (
    CueHealth,
    Degradation,
    GatewayHealth,
    Health,
    LookValue,
    RuleValue,
    Unconfirmed,
    ZoneHealth,
    is_amiss,
)

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


def answer(monkeypatch: pytest.MonkeyPatch, *, is_retained: bool) -> None:
    """The broker has the summary of a dark tower, retained or just published."""

    async def items(_mqtt: object, _brokers: object) -> AsyncIterator[Received]:
        payload = health().model_dump_json().encode()
        yield Received("mqtt://127.0.0.1:1883", "watertower/controller/health", payload, is_retained, 0)
        await asyncio.Event().wait()

    monkeypatch.setattr("controller.cli.status.items", items)
    monkeypatch.setattr("controller.service.health_watch.PATIENCE_S", 0.2)


@pytest.mark.parametrize(("is_retained", "exit_code"), [(True, 69), (False, 0)])
def test_what_a_dead_controller_left_is_no_answer(
    config: Path, monkeypatch: pytest.MonkeyPatch, is_retained: bool, exit_code: int
) -> None:
    """It is shown as what it is, and the command ends with 69; of one that speaks, with 0."""
    answer(monkeypatch, is_retained=is_retained)
    result = CliRunner().invoke(group, ["--config", str(config), "--lang", "en", "status"])
    assert result.exit_code == exit_code
    dark = "The water tower is dark – confirmed by the gateway"
    lost = "No contact with the controller since 17:00. The water tower was dark then."
    assert result.stdout.startswith(f"{lost if is_retained else dark}\nT  2026-11-20 17:00:00")


def test_that_the_answer_took_long_is_told_beside_the_data(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr: what a program reads is the document alone."""
    answer(monkeypatch, is_retained=False)
    monkeypatch.setattr("controller.cli.status.LONG_S", -1.0)
    result = CliRunner().invoke(group, ["--config", str(config), "--lang", "en", "status", "--json"])
    assert (json.loads(result.stdout)["site"], result.exit_code) == ("T", 0)
    assert result.stderr == "The controller answered only after 0 s\n"


@pytest.mark.parametrize("language", ["en", "sv"])
def test_what_came_over_mqtt_does_not_steer_the_terminal(config: Path, language: Language) -> None:
    """A name that clears the screen, or that makes a line of its own, is shown as harmless text."""
    bad = "x\x1b[2J\nAll is well"
    shown = LookValue(on=True, color=bad, color_name=bad, rule=RuleValue(kind="override", owner=bad, reason=bad))
    zone = ZoneHealth(status="differs", desired=shown, reported=shown)
    now = CueHealth(at=NOW, looks={bad: shown})
    told = health("differs").model_copy(update={"site": bad, "now": now, "next": now})
    mast = gateway("differs").model_copy(update={"name": bad, "problems": (bad,), "code": bad, "zones": {bad: zone}})
    lines = table(told, mast, config=config, language=language).split("\n")
    assert not [line for line in lines if "\x1b" in line or line.startswith("All is well")]


DARK = LookValue(on=False, brightness=0.0)


def gateway(status: str = "confirmed", *, askable: bool = True) -> GatewayHealth:
    """The document of a lamp."""
    zone = ZoneHealth.model_validate({"status": status, "desired": DARK, "reported": DARK})
    return GatewayHealth.model_validate(
        {
            "version": 1, "at": NOW, "name": "mast", "kind": "dmx", "status": status, "online": True, "heard": NOW,
            "zones": {"bowl": zone}, "askable": askable,
        }
    )  # fmt: skip


def health(status: str = "confirmed", *degradations: Degradation, askable: bool = True) -> Health:
    """The summary of a tower with one lamp."""
    now = CueHealth(at=NOW, looks={"bowl": DARK.model_copy(update={"rule": RuleValue(kind=None)})})
    one = {"name": "mast", "kind": "dmx", "status": status, "zones": {"bowl": status}}
    return Health.model_validate(
        {
            "version": 2,
            "at": NOW,
            "site": "T",
            "clock": Trust.TRUSTED,
            "now": now,
            "next": None,
            "counts": {status: 1},
            "amiss": int(is_amiss({status}, askable)),  # type: ignore[arg-type]
            "unconfirmed": [one] if status != "confirmed" else [],
            "heard_s": {"mast": 1.0},
            "degradations": degradations,
        }
    )


def table(
    told: Health,
    *gateways: GatewayHealth,
    config: Path,
    language: Language = "en",
    lives: bool = True,
    ahead_s: float | None = None,
    exact: bool = False,
) -> str:
    """What the command prints."""
    zone, options = load_tower(config).site.place.time_zone, Options(lang=language)
    return status_table(told, gateways, zone, options, lives=lives, ahead_s=ahead_s, exact=exact)


def degradation(code: str, **fields: object) -> Degradation:
    """One that has lasted since NOW."""
    return Degradation(code=code, since=NOW, fields=fields)


FULL = degradation("TWL-J003", file="/var/lib/watertower/history.db", reason={"code": "ENOSPC"})
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
    ("language", "since", "full"), [("en", "since", "the disk is full"), ("sv", "sedan", "disken är full")]
)
def test_every_degradation_is_a_line_with_its_code_and_since_when(
    config: Path, language: Language, since: str, full: str
) -> None:
    """In the site's time and the reader's language; also one that only a later version of the program knows."""
    later = degradation("TWL-Z999", what="of a later\nversion")
    told = table(health("confirmed", FULL, later), config=config, language=language).split("\n")
    (line,) = [line for line in told if "TWL-J003" in line]
    assert f"! TWL-J003 {since} 2026-11-20 17:00:00: /var/lib/watertower/history.db" in line
    assert full in line
    assert [line for line in told if "TWL-Z999" in line and "of a later" in line]


def test_what_asks_for_nobody_is_marked_otherwise(config: Path) -> None:
    """A lamp that is to be tested is no fault."""
    told = table(health("confirmed", FULL, degradation("TWL-G130", gateway="mast", lamps="a")), config=config)
    marks = {line[2:10]: line[0] for line in told.split("\n") if line[2:5] == "TWL"}
    assert marks == {"TWL-J003": "!", "TWL-G130": "·"}


@pytest.mark.parametrize(
    ("ahead_s", "told"), [(34_560_008.0, "+400 dygn"), (-3.0, "-3 sekunder"), (5_400.0, "+90 minuter")]
)
def test_the_difference_of_the_clocks_is_in_the_unit_that_people_use(config: Path, ahead_s: float, told: str) -> None:
    """Days where it is days."""
    shown = table(health(), gateway(), config=config, language="sv", ahead_s=ahead_s)
    assert f"! Den här datorns klocka skiljer sig från styrningens med {told}\n" in shown


@pytest.mark.parametrize(
    ("language", "head"),
    [
        (
            "en",
            (
                "T  2026-11-20 17:00:00  clock: trusted",
                "Now: bowl orange 100 % – Orange",
                "Confirmed: 1 / 1 (as the gateways report)",
                "Next: 2026-11-21 07:53:00 bowl dark – nothing applies: dark",
            ),
        ),
        (
            "sv",
            (
                "T  2026-11-20 17:00:00  klocka: pålitlig",
                "Nu: bowl orange 100 % – Orange",
                "Bekräftade: 1 / 1 (enligt styrenheterna)",
                "Därefter: 2026-11-21 07:53:00 bowl släckt – inget gäller: släckt",
            ),
        ),
    ],
)
def test_the_table_begins_with_what_is_shown_now_and_next(
    config: Path, language: Language, head: tuple[str, ...]
) -> None:
    """Each with its rule; the next change by the clock of the place, and no line without one."""
    rule = RuleValue(kind="campaign", name="Orange", line=3)
    orange = LookValue(on=True, color="#FF6A00", color_name="orange", brightness=1.0, rule=rule)
    dark = DARK.model_copy(update={"rule": RuleValue(kind=None)})
    now = CueHealth(at=NOW - timedelta(minutes=19), looks={"bowl": orange})
    following = CueHealth(at=NOW + timedelta(hours=14, minutes=53), looks={"bowl": dark})
    told = health().model_copy(update={"now": now, "next": following})
    assert tuple(table(told, gateway(), config=config, language=language).split("\n")[:4]) == head
    last = told.model_copy(update={"next": None})
    assert table(last, gateway(), config=config, language=language).split("\n")[3].startswith("  mast (dmx)")


def test_what_is_left_of_a_dead_controller_is_shown_as_such(config: Path) -> None:
    """It has no age, which could only be calculated from two clocks that agree."""
    told = table(health(), config=config, lives=False)
    assert "This is old: no controller answers" in told


def test_json_holds_no_character_that_steers_the_terminal() -> None:
    """U+009B begins an escape sequence as ESC [ does, U+202E turns the line round; a program reads the same text."""
    bad = "x\x9b31m\u202e\x7f\x1b[2J\u2028å😀\U000e0001"
    now = CueHealth(at=NOW, looks={"bowl": DARK.model_copy(update={"color_name": bad})})
    told = health().model_copy(update={"site": bad, "now": now})
    said = json_text(told.model_dump(mode="json"), 2)
    assert all(char.isprintable() for char in said.replace("\n", ""))
    assert "å😀" in said
    assert Health.model_validate_json(said) == told


def test_a_gateway_that_has_left_the_broker_is_distinguished_from_one_that_hangs(config: Path) -> None:
    """Its process, power or network are to be looked at, and no access rules."""
    for online, is_left in ((False, True), (True, False), (None, False)):
        mast = gateway("silent").model_copy(update={"online": online})
        assert ("has left the broker" in table(health("silent"), mast, config=config)) == is_left
    pending = gateway("pending").model_copy(update={"online": False})
    assert "has left the broker" not in table(health("pending"), pending, config=config), "it may be back in a moment"


def test_what_is_wrong_with_a_gateway_is_named_by_its_code(config: Path) -> None:
    """Beside what it reports itself, each once, with its meaning: `explain` shows what to do."""
    mast = gateway("silent").model_copy(update={"code": "TWL-G114", "problems": ("TWL-X121", "TWL-Z999")})
    lines = table(health("silent"), mast, config=config).split("\n")
    at = lines.index("  mast (dmx)  heard 1 s  TWL-G114 TWL-X121 TWL-Z999")
    assert lines[at + 1].startswith("    TWL-X121: A rehearsed fault")
    assert "TWL-Z999" not in lines[at + 2]


def test_what_a_gateway_reports_about_itself_is_beside_its_name(config: Path) -> None:
    """Nothing is there for a gateway that reports nothing."""
    mast = gateway().model_copy(update={"info": GatewayInfo(program="1.2")})
    assert "  mast (dmx)  heard 1 s  program 1.2" in table(health(), mast, config=config).split("\n")
    assert "  mast (dmx)  heard 1 s" in table(health(), gateway(), config=config).split("\n")


def test_the_hex_value_is_shown_where_a_technician_asks(config: Path) -> None:
    """`-v`; else the name that the file uses."""
    orange = LookValue(on=True, color="#FF6A00", color_name="orange", brightness=1.0)
    reported = orange.model_copy(update={"color": "#FF6B00", "color_name": None})
    zone = ZoneHealth(status="confirmed", desired=orange, reported=reported)
    mast = gateway().model_copy(update={"zones": {"bowl": zone}})
    assert "shows orange 100 %, wanted orange 100 %" in table(health(), mast, config=config)
    exact = table(health(), mast, config=config, exact=True)
    assert "shows #FF6B00 100 %, wanted orange #FF6A00 100 %" in exact


def test_of_thousands_the_counts_are_shown_and_those_that_are_not_confirmed(config: Path) -> None:
    """And how many more there are than the summary names."""
    counts = {"confirmed": 9_700, "silent": 200, "pending": 100}
    named = tuple(
        Unconfirmed(name=f"lamp-{number}", kind="wled", status="silent", code="TWL-G104", zones={"bowl": "silent"})
        for number in range(100)
    )
    told = health("silent").model_copy(update={"counts": counts, "amiss": 200, "unconfirmed": named})
    silent = [gateway("silent").model_copy(update={"name": each.name}) for each in named]
    lines = table(told, gateway(), *silent, config=config, language="sv").split("\n")
    assert "Bekräftade: 9700 / 10000 (enligt styrenheterna)" in lines
    assert "✕ tyst: 200  ▲ avviker: 0  ? okänd: 0  … väntar: 100  ✓ bekräftad av styrenheten: 9700" in lines
    assert len([line for line in lines if line.startswith("  lamp-")]) == 100
    assert not [line for line in lines if line.startswith("  mast")]
    assert lines[-1] == "  … 200"
    told = told.model_copy(update={"counts": {**counts, "pending": 0, "silent": 101}})
    assert table(told, *silent, config=config).split("\n")[-1] == "  … 1"
