"""The guide for facilities staff says nothing that does not work."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.cli import COMMANDS
from controller.config.findings import Finding
from controller.config.load import Setup, read_schedule
from controller.events import CATALOGUE

LATHUND = (Path(__file__).parents[2] / "config" / "LATHUND.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", LATHUND, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0][10:])
def test_every_example_is_a_campaign(example: str, shipped: Setup) -> None:
    """Each block can be pasted below `campaigns:` as it stands."""
    schedule = read_schedule(f"version: 1\ncampaigns:\n{example}".encode(), shipped.tower)
    assert len(schedule.campaigns) == 1


def test_all_examples_live_together(findings: Callable[..., tuple[Finding, ...]]) -> None:
    """Ten of them, and pasted one below the other they make one schedule."""
    assert len(EXAMPLES) == 10
    assert findings(schedule="version: 1\ncampaigns:\n" + "\n".join(EXAMPLES)) == ()


def test_every_shipped_keyword_of_a_campaign_is_explained() -> None:
    """Nobody finds a keyword in the shipped schedule that the guide does not show."""
    shipped = (Path(__file__).parents[2] / "config" / "schedule.yaml").read_text(encoding="utf-8")
    for keyword in re.findall(r"^(?:  - |    )(\w+):", shipped, re.MULTILINE):
        assert f"{keyword}:" in LATHUND


def test_it_fits_on_two_sides_of_paper() -> None:
    """Short enough to be printed on one sheet."""
    assert len(LATHUND.splitlines()) <= 130


def test_every_command_exists() -> None:
    """Nothing is told to be typed that the program does not know."""
    assert set(re.findall(r"`watertower (\S+?)[ `]", LATHUND)) <= set(COMMANDS)


def test_the_code_that_is_explained_exists() -> None:
    """The sample of `watertower explain` finds an entry."""
    assert set(re.findall(r"TWL-\w+", LATHUND)) <= set(CATALOGUE)
