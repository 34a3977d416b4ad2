"""`watertower check`: mistakes for people, programs and code review, in both languages."""

import json
import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from controller.app.last_good import contents_of, write_last_good
from controller.cli import group
from controller.config.load import load


@pytest.fixture
def spoiled(config: Path) -> Path:
    """Two mistakes in the schedule, one in the technicians' file."""
    for name, old, new in (
        ("schedule.yaml", "20–26 November", "20–26 Novembr"),
        ("schedule.yaml", "color: orange", "color: ornge"),
        ("tower.yaml", "latitude: 56.899", "latitude: 156.899"),
    ):
        path = config / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return config


def test_the_shipped_files_are_right(call: Any) -> None:
    """Exit code 0, and when it is lit next."""
    result = call("check")
    assert result.exit_code == 0
    assert "no errors" in result.stdout
    assert re.search(r"Next light: \d{4}-\d\d-\d\d \d\d:\d\d, En vecka fri från våld", result.stdout)
    swedish = call("check", "--lang", "sv").stdout
    assert "inga fel" in swedish
    assert "no errors" not in swedish


def test_the_folder_of_the_files_may_be_the_current_one(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the guide says it, so that its `cp` and its commands work side by side."""
    monkeypatch.chdir(config)
    result = CliRunner().invoke(group, ["--state", str(tmp_path / "state"), "check"])
    assert result.exit_code == 0, result.output
    assert f"{config / 'schedule.yaml'}" in result.stdout


def test_another_folder_of_an_installed_service_is_named(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no folder is named and the two differ: who edits the wrong one wonders why nothing changes."""
    installed = tmp_path / "installed"
    shutil.copytree(config, installed)
    monkeypatch.setattr("controller.cli.options.INSTALLED", installed)
    monkeypatch.chdir(config.parent)
    words = ["--state", str(tmp_path / "state"), "check", "--lang", "en"]
    assert "TWL-S269" not in CliRunner().invoke(group, words).stdout
    (installed / "schedule.yaml").write_text("version: 1\n", encoding="utf-8")
    result = CliRunner().invoke(group, words)
    assert result.exit_code == 0
    assert f"--config {installed}" in result.stdout


@pytest.mark.parametrize("command", ["status", "doctor", "resume"])
def test_a_command_says_that_it_asks_another_service_than_the_installed_one(
    command: str, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed in the folder of the program it reads the example there, and would blame the broker of that one."""
    installed = tmp_path / "installed"
    shutil.copytree(config, installed)
    tower = (config / "tower.yaml").read_text(encoding="utf-8")
    (config / "tower.yaml").write_text(
        tower.replace("broker: embedded", "broker: mqtt://127.0.0.1:1"), encoding="utf-8"
    )
    monkeypatch.setattr("controller.cli.options.INSTALLED", installed)
    monkeypatch.chdir(config.parent)
    words = ["--state", str(tmp_path / "state"), command, "--lang", "en"]
    output = CliRunner().invoke(group, words).stderr
    assert "tower.yaml" in output
    assert "TWL-S269" in output
    assert f"--config {installed}" in output
    named = CliRunner().invoke(group, ["--config", str(config), *words])
    assert "TWL-S269" not in named.stderr


@pytest.mark.parametrize("language", ["en", "sv"])
def test_all_mistakes_are_reported_at_once(call: Any, spoiled: Path, language: str) -> None:
    """Each with file, line, caret and a near word; exit code 78."""
    result = call("check", "--lang", language)
    assert result.exit_code == 78
    for code in ("TWL-S102",):
        assert code in result.stdout
    assert "schedule.yaml:11:18" in result.stdout
    assert "tower.yaml:" in result.stdout
    assert "^^^^^^^" in result.stdout
    assert "November" in result.stdout
    assert "orange" in result.stdout


def test_json_lists_the_mistakes(call: Any, spoiled: Path) -> None:
    """`--json` and `--format json` are the same document, whatever is wrong."""
    result = call("check", "--json")
    assert result.exit_code == 78
    assert result.stdout == call("check", "--format", "json").stdout
    assert "TWL-S102" in json.dumps(json.loads(result.stdout))


def test_json_of_right_files_is_a_document_too(call: Any) -> None:
    """A program reads the same shape."""
    result = call("check", "--json")
    assert result.exit_code == 0
    json.loads(result.stdout)


def test_github_lines_name_file_line_and_column(call: Any, spoiled: Path) -> None:
    """Workflow commands, one a line, nothing else."""
    result = call("check", "--format", "github")
    assert result.exit_code == 78
    lines = result.stdout.splitlines()
    assert len(lines) >= 3
    assert all(re.match(r"::(error|warning) file=[^,]+,title=TWL-\w+,line=\d+,col=\d+", line) for line in lines)
    assert call("check", "--format", "xml").exit_code == 2


def test_a_campaign_that_is_dark_is_no_next_light(call: Any, config: Any) -> None:
    """Earth Hour is not called the next light, and a schedule of darkness alone comes to an end."""
    only = "version: 1\ncampaigns:\n  - {name: Earth Hour, nights: every day, hours: 20:30 to 21:30, color: dark}\n"
    (config / "schedule.yaml").write_text(only, encoding="utf-8")
    result = call("check")
    assert result.exit_code == 0, result.output
    assert "No light in the next 400 nights" in result.stdout


@pytest.mark.parametrize("form", ["json", "github"])
def test_what_programs_read_is_not_mixed_with_what_would_change(
    call: Any, config: Path, tmp_path: Path, form: str
) -> None:
    """The comparison with the running service is for people then, on stderr."""
    kept = tmp_path / "state" / "last-good"
    kept.mkdir(parents=True)
    for name in ("schedule.yaml", "tower.yaml"):
        (kept / name).write_bytes((config / name).read_bytes())
    result = call("check", "--format", form, "--against-running")
    assert result.exit_code == 0
    assert result.stdout == call("check", "--format", form).stdout
    assert "What ran before is not known" in result.stderr


def edit(path: Path, old: str, new: str) -> None:
    """As a person does."""
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def take(config: Path, state: Path) -> None:
    """As the running service does, a second or two after the files were saved."""
    write_last_good(contents_of(load(config), config), state)


def test_a_file_that_the_service_has_taken_already_is_held_against_what_ran_before(
    call: Any, config: Path, tmp_path: Path
) -> None:
    """It is saved and taken within seconds, before anybody can ask; and before that, against what runs."""
    state, schedule = tmp_path / "state", config / "schedule.yaml"
    state.mkdir()
    take(config, state)
    assert "What ran before is not known" in call("check", "--against-running").stdout
    edit(schedule, "color: orange", "color: blue")
    before = call("check", "--against-running").stdout
    assert "has not taken these files yet" in before
    assert " orange 100 %, gets " in before
    take(config, state)
    after = call("check", "--against-running").stdout
    assert "Taken by the service 20" in after
    assert after.splitlines()[-5:] == before.splitlines()[-5:]
    edit(schedule, "campaigns:  ", "campaigns:   ")
    assert "None of the next 400 nights changes." in call("check", "--against-running").stdout


def test_check_shows_which_files_were_read_and_when_they_were_saved(call: Any, config: Path) -> None:
    """There may be a folder of that name elsewhere, and the editor may not have saved; also if the files are wrong."""
    saved = datetime(2026, 11, 20, 15, 41, 7, tzinfo=ZoneInfo("Europe/Stockholm"))
    os.utime(config / "schedule.yaml", (saved.timestamp(), saved.timestamp()))
    line = f"Read: {config / 'schedule.yaml'}, saved 2026-11-20 15:41:07"
    assert line in call("check").stdout
    document = json.loads(call("check", "--json").stdout)["files"]
    assert document[0] == {"path": str(config / "schedule.yaml"), "saved": "2026-11-20T14:41:07Z"}
    edit(config / "schedule.yaml", "orange", "ornge")
    result = call("check")
    assert result.exit_code == 78
    assert f"Read: {config / 'schedule.yaml'}, saved 20" in result.stdout


@pytest.mark.parametrize(("file", "shown"), [("schedule.yaml", "15:41:07 CET"), ("tower.yaml", "14:41:07 UTC")])
def test_the_time_of_saving_is_in_the_time_of_the_site_and_not_of_the_machine(
    call: Any, config: Path, monkeypatch: pytest.MonkeyPatch, file: str, shown: str
) -> None:
    """Also where a file is wrong; where that hides the site, in UTC."""
    monkeypatch.setenv("TZ", "America/Lima")
    time.tzset()
    saved = datetime(2026, 11, 20, 14, 41, 7, tzinfo=UTC).timestamp()
    (config / file).write_text("version: 1\nnonsense: 1\n")
    os.utime(config / file, (saved, saved))
    output = call("check").stdout
    monkeypatch.undo()
    time.tzset()
    assert f"Read: {config / file}, saved 2026-11-20 {shown}" in output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fade_in: 30 s", "fade_in: 20 min"),
        ("fade_out: 2 min", "fade_out: 1 min"),
    ],
)
def test_a_change_of_fades_is_a_change(call: Any, config: Path, tmp_path: Path, old: str, new: str) -> None:
    """Though each night begins at the same time and in the same colour."""
    (tmp_path / "state").mkdir()
    take(config, tmp_path / "state")
    edit(config / "schedule.yaml", old, new)
    output = call("check", "--against-running").stdout
    assert "nights change\n" in output
    assert "other fades or steps of a sequence" in output
    assert "andra toningar eller steg" in call("check", "--against-running", "--lang", "sv").stdout


def test_a_sequence_that_begins_black_is_light(call: Any, config: Path) -> None:
    """Its other steps are lit."""
    edit(config / "schedule.yaml", "color: orange", 'color: ["#000000", orange]\n    change_every: 60 s')
    output = call("check").stdout
    assert "No light" not in output
    assert "En vecka fri från våld" in output


def test_nights_that_stay_dark_are_no_change(call: Any, config: Path, tmp_path: Path) -> None:
    """Though the campaign before them ends on another day."""
    (tmp_path / "state").mkdir()
    take(config, tmp_path / "state")
    edit(config / "schedule.yaml", "20–26 November", "20–27 November")
    output = call("check", "--against-running").stdout.splitlines()
    assert [line.split()[1] for line in output if ", gets " in line] == ["26", "27"]
    assert not [line for line in output if "fades" in line]


def test_a_limit_is_no_next_light_while_it_is_lit(call: Any, config: Path) -> None:
    """It dims and lifts several times a night; the tower is lit all the time."""
    rule = "every_night:\n  - {name: Always, hours: all day, color: orange}\n"
    limits = "limits:\n  - {name: Birds, hours: [noon to 20:00, 22:00 to 02:00, 04:00 to 08:00], brightness: 30 %}\n"
    (config / "schedule.yaml").write_text(f"version: 1\ncampaigns: []\n{rule}{limits}", "utf-8")
    output = call("check").output
    assert "Lit now: Always" in output
    assert "Next light" not in output
