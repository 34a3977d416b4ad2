"""The commands as a user calls them: in this process for those that only read, else as processes of their own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.cli import group

SHIPPED = Path(__file__).parents[2] / "config"
Call = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, to be changed at will."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


@pytest.fixture
def call(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls `watertower …` on that copy, in English unless a test asks for another language."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Result:
        return CliRunner().invoke(group, ["--config", str(config), "--state", str(tmp_path / "state"), *words])

    return run
