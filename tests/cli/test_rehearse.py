"""`watertower rehearse`: figures, tables, exit codes, and the same bytes for the same seed."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from controller.lighting.patch import Patch

EVENING = "2026-11-20T18:00..2026-11-20T21:00"
NIGHT = "2026-11-20T12:00..2026-11-21T12:00"
BULBS = """gateways:
  - {name: entrance, kind: wled, topic: wled/entrance, zone: bowl}
  - {name: foot, kind: wled, topic: wled/foot, zone: shaft}
"""


def test_a_sound_night_exits_with_0_and_prints_its_figures(call: Any) -> None:
    """The keys that programs rely on."""
    result = call("rehearse", NIGHT, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert {"nights", "lit_s", "wrong_colour_s", "undetected_s", "availability"} <= figures.keys()
    assert {"acknowledged_lost", "false_alarms", "seed"} <= figures.keys()
    assert (figures["wrong_colour_s"], figures["availability"], figures["false_alarms"]) == (0, 1, 0)
    assert [night["night"] for night in figures["nights"]] == ["2026-11-20"]
    assert (figures["from"], figures["until"]) == ("2026-11-20T11:00:00Z", "2026-11-21T11:00:00Z")
    assert figures["nights"][0]["lit_s"] == figures["lit_s"]


def test_the_same_seed_gives_the_same_bytes(call: Any) -> None:
    """And another seed others."""
    words = ("rehearse", EVENING, "--faults", "storm", "--json", "--seed")
    assert call(*words, "5").stdout_bytes == call(*words, "5").stdout_bytes
    assert call(*words, "5").stdout_bytes != call(*words, "6").stdout_bytes


def test_what_was_wrong_is_below_the_table_with_its_cause(call: Any) -> None:
    """Lamps that stick over a border show the wrong thing; the controller sees it, so that no target is missed."""
    result = call("rehearse", "2026-11-25T12:00..2026-11-26T12:00", "--faults", "stick", "--seed", "10")
    assert result.exit_code == 0, result.output
    assert "mast/bowl" in result.stdout
    assert "(stick)" in result.stdout


def test_a_miss_exits_with_1_and_is_named(call: Any, config: Path) -> None:
    """Gateways of a vendor are dark in a power cut: in some storm of four hours that is more than one in a thousand."""
    tower = config / "tower.yaml"
    shipped, _, _ = tower.read_text(encoding="utf-8").partition("gateways:")
    tower.write_text(shipped + BULBS, encoding="utf-8")
    for seed in range(7, 40):  # where nothing has changed the storms, the first is one
        result = call("rehearse", "2026-11-20T18:00..2026-11-20T22:00", "--faults", "storm", "--seed", str(seed))
        if result.exit_code:
            assert result.exit_code == 1
            assert result.stdout.splitlines()[-1] == "Missed: Availability"
            return
    raise AssertionError("no seed missed")


def test_a_tower_that_stays_dark_is_reported_with_night_lamp_and_alarms(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in the levels, planted; alone and of several seeds, which are named."""
    monkeypatch.setattr(Patch, "levels", lambda patch, _: {universe: bytes(512) for universe in patch.universes})
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # processes of their own would have no mistake
    words = ("rehearse", "2026-11-25T15:20..2026-11-25T15:45")
    result = call(*words)
    assert result.exit_code == 1, result.output
    assert re.search(r"^Wed 25 Nov 2026 .* 6\d\d\.\d s", result.stdout, re.MULTILINE)
    assert re.search(r"mast/bowl .*dark instead of lit", result.stdout)
    assert re.search(r"^False alarms:\n  2026-11-25 15:\d\d:\d\d  TWL-G", result.stdout, re.MULTILINE)
    assert result.stdout.splitlines()[-1] == "Missed: wrong, false alarms"
    several = call(*words, "--seeds", "2", "--seed", "7")
    assert several.exit_code == 1
    assert several.stdout.splitlines()[-1] == "Missed: wrong, false alarms (seeds 7, 8)"


def test_the_table_speaks_swedish(call: Any) -> None:
    """Every phrase has its translation."""
    result = call("rehearse", EVENING, "--faults", "clock", "--lang", "sv")
    assert result.exit_code in {0, 1}, result.output
    assert "Tillgänglighet" in result.stdout
    assert "fre 20 nov 2026" in result.stdout


def test_several_seeds_give_the_median_and_the_worst(call: Any) -> None:
    """In processes of their own, and in order."""
    document = json.loads(call("rehearse", EVENING, "--faults", "controller", "--seeds", "3", "--json").stdout)
    assert [one["seed"] for one in document["seeds"]] == [0, 1, 2]
    assert document["worst"]["availability"] <= document["median"]["availability"] <= 1
    assert document["gateways"][0]["name"] == "mast"


def test_several_seeds_are_held_one_by_one_where_processes_cannot_be_had(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may let nobody write into /dev/shm, where their semaphores lie."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("controller.cli.rehearse.ProcessPoolExecutor", refused)
    document = json.loads(call("rehearse", EVENING, "--faults", "controller", "--seeds", "2", "--json").stdout)
    assert [one["seed"] for one in document["seeds"]] == [0, 1]


def test_an_unknown_set_of_faults_names_those_that_there_are(call: Any) -> None:
    """Usage is exit code 2."""
    result = call("rehearse", NIGHT, "--faults", "gremlins")
    assert result.exit_code == 2
    assert "storm" in result.output


def test_the_table_shows_the_longest_recovery(call: Any) -> None:
    """Of a seed whose recoveries were not all as long."""
    for seed in range(3, 20):  # where nothing has changed the faults, the first is one
        words = ("rehearse", EVENING, "--faults", "flap", "--seed", str(seed))
        recovery_s = json.loads(call(*words, "--json").stdout)["recovery_s"]
        if recovery_s["median"] < recovery_s["worst"]:
            assert f"recovery {recovery_s['worst']:.1f} s" in call(*words).stdout
            return
    raise AssertionError("no seed with recoveries of different lengths")
