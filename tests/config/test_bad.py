"""Each file of `bad/` and everything that must be reported of it, in both languages.

`bad/schedule-…yaml` and `bad/tower-…yaml` each replace one of the shipped files; the figures in front are those
of the list of mistakes that people make. `note-…yaml` are schedules that are right and still deserve a word. Beside
each is the text that it must give. A message that was improved is copied by hand, or by
`WATERTOWER_RENEW=1 pytest tests/config/test_bad.py` and a look at the difference.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.findings import Finding
from controller.config.load import parse
from controller.config.setup_notes import notes

BAD = Path(__file__).parent / "bad"
SHIPPED_TOWER = Path(__file__).parents[2] / "config" / "tower.yaml"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

Found = Callable[..., tuple[Finding, ...]]


@pytest.mark.parametrize("case", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_findings_of_a_file(case: Path, findings: Found) -> None:
    """Code, line, column, text and cure are those in the file beside the case."""
    text = _as_text(_found(case, findings))
    beside = case.with_suffix(".txt")
    if os.environ.get("WATERTOWER_RENEW"):
        beside.write_text(text, encoding="utf-8")
    assert text
    assert text == beside.read_text(encoding="utf-8")


def _found(case: Path, findings: Found) -> tuple[Finding, ...]:
    kind = case.name.partition("-")[0]
    if kind != "note":
        return findings(**{kind: case.read_bytes()})
    return notes(parse(SHIPPED_TOWER.read_bytes(), case.read_bytes(), Path("config")), NOW)


def _as_text(found: tuple[Finding, ...]) -> str:
    return "\n".join(_lines(finding) for finding in found)


def _lines(finding: Finding) -> str:
    place = f":{finding.place.line}:{finding.place.column}" if finding.place else ""
    texts = (finding.event.text("en"), finding.event.action("en"), finding.event.text("sv"), finding.event.action("sv"))
    return "\n    ".join((f"{finding.file}{place} {finding.code}", *texts)) + "\n"
