"""`watertower doctor`: what it prints, and how it ends where nobody answers."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.parts import free_port

pytestmark = pytest.mark.real


def on_a_free_port(config: Path) -> None:
    """A broker that is not there."""
    text = (config / "tower.yaml").read_text(encoding="utf-8")
    told = text.replace("broker: embedded", f"broker: mqtt://127.0.0.1:{free_port()}")
    (config / "tower.yaml").write_text(told, encoding="utf-8")


def test_each_finding_is_shown_with_its_cure(call: Call, config: Path) -> None:
    """In Swedish too, and after a check that was not made why; exit code 69 where no broker answers."""
    on_a_free_port(config)
    result = call("doctor", "--lang", "sv")
    assert result.exit_code == 69
    lines = result.stdout.splitlines()
    login = next(number for number, line in enumerate(lines) if line.startswith("✕ Brokrar: "))
    assert lines[login + 1].startswith("    TWL-M007: ")
    assert lines[login + 2].startswith("    = Det beror på skälet")
    assert "    inte kontrollerat: ingen broker nåddes" in lines
    assert lines[-1].endswith("inte kontrollerade")


def test_without_files_the_machine_is_examined_all_the_same(call: Call, config: Path) -> None:
    """That the files are wrong is the first thing to mend: exit code 1."""
    shutil.rmtree(config)
    result = call("doctor", "--json")
    assert result.exit_code == 1
    found = {each["check"]: each for each in json.loads(result.stdout)["checks"]}
    assert [event["code"] for event in found["files"]["findings"]] == ["TWL-S000"]
    assert found["login"]["unchecked"] == {"code": "no_good_files"}
    assert found["time_zones"]["verdict"] in {"fine", "note"}


def test_a_typo_in_the_schedule_does_not_hide_the_broker(call: Call, config: Path) -> None:
    """The brokers are those of tower.yaml, which is right."""
    on_a_free_port(config)
    (config / "schedule.yaml").write_text("version: 1\ncampaigns: nonsense\n", encoding="utf-8")
    result = call("doctor")
    assert result.exit_code == 69
    assert "TWL-S000" in result.stdout
    assert "TWL-M007" in result.stdout


def test_a_secret_that_cannot_be_read_is_a_finding(call: Call, config: Path) -> None:
    """No connection was tried with it: exit code 1."""
    on_a_free_port(config)
    text = (config / "tower.yaml").read_text(encoding="utf-8")
    (config / "tower.yaml").write_text(
        text.replace("mqtt:\n", "mqtt:\n  username: eva\n  password_file: nowhere\n"), encoding="utf-8"
    )
    result = call("doctor")
    assert result.exit_code == 1
    assert "TWL-Q106" in result.stdout
