"""`watertower check`: mistakes for people, programs and code review, in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest


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


@pytest.mark.parametrize("language", ["en", "sv"])
def test_all_mistakes_are_told_at_once(call: Any, spoiled: Path, language: str) -> None:
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
    told = call("check")
    assert told.exit_code == 0, told.output
    assert "No light in the next 400 nights" in told.stdout


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
    assert "nothing changes" in result.stderr
