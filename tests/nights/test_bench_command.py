"""The command that prints the table works: one round of each figure, with few gateways."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import FIGURES, LONG, MOST_QUICKLY
from tests.parts import needs

ROOT = Path(__file__).parents[2]


@needs("mosquitto", "proc")
@pytest.mark.timeout(900)
def test_the_table_has_every_figure() -> None:
    """In `--quick`, but for what takes long: each row has a value of ours, and sizes are those of few gateways."""
    command = [sys.executable, "-m", "tests.bench", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=850)
    assert done.returncode == 0, done.stderr
    told = [line.removesuffix(" …").split() for line in done.stderr.splitlines() if line.endswith(" …")]
    assert {name for name, _ in told} == FIGURES.keys() - LONG
    assert all(int(size.replace(",", "")) <= MOST_QUICKLY for _, size in told)
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in done.stdout.splitlines()[2:]]
    assert len(rows) > 2 * len(FIGURES)
    assert all(ours != "–" for _, _, ours, *_ in rows), done.stdout
    assert any("socket" in beside and "script" in beside for _, _, _, _, beside, *_ in rows)
