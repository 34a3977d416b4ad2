"""Files that somebody else has named: a pipe, a device or a folder in their place neither hangs nor fills memory."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller import plain_file
from controller.cli import group
from controller.config.load import SCHEDULE, TOWER

SHIPPED = Path(__file__).parents[1] / "config"
LIMIT_S = 20


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped configuration that names a broker of its own, at which nobody listens."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    tower = folder / TOWER
    secret = "broker: mqtt://127.0.0.1:9\n  username: me\n  password_file: secret"
    tower.write_text(tower.read_text(encoding="utf-8").replace("broker: embedded", secret, 1), encoding="utf-8")
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "secret").write_text("x", encoding="utf-8")
    return folder


def replace(path: Path, what: str) -> None:
    """Put something in the place of a file: a pipe, a folder, a device that never ends, or a link to one."""
    path.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(what)


def said(config: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of a command."""
    options = ("--config", str(config), "--state", str(config / "state"), "--lang", "en")
    told = CliRunner().invoke(group, [*options, *words])
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told.exit_code, told.output


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("what", ["pipe", "folder", "/dev/zero", "/dev/tty", "/dev/full"])
@pytest.mark.parametrize("name", [SCHEDULE, TOWER, "profiles/ours.yaml"])
def test_what_is_in_the_place_of_a_file_of_ours_is_reported(config: Path, name: str, what: str) -> None:
    """By `check`, as a mistake of that file."""
    replace(config / name, what)
    code, output = said(config, "check")
    assert code == 78
    assert "TWL-S003" in output
    assert name in output


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("what", ["pipe", "folder", "/dev/zero"])
@pytest.mark.parametrize("command", ["status", "resume"])
def test_what_is_in_the_place_of_a_secret_is_reported(config: Path, command: str, what: str) -> None:
    """Before anybody is asked anything; and `check` refuses it, as the service would."""
    replace(config / "secret", what)
    code, output = said(config, command)
    assert code == 78
    assert "TWL-Q106" in output
    code, output = said(config, "check")
    assert code == 78
    assert "TWL-S256" in output


def test_a_file_that_is_too_large_is_read_no_further(tmp_path: Path) -> None:
    """Its head alone, or an error."""
    large = tmp_path / "large"
    with large.open("wb") as opened:
        opened.truncate(10**12)
    assert len(plain_file.head(large, 100)) == 100
    with pytest.raises(OSError, match="larger than allowed"):
        plain_file.read(large, 100)


def test_a_file_of_just_the_length_is_read(tmp_path: Path) -> None:
    """The border itself is allowed."""
    (tmp_path / "a").write_bytes(b"12345")
    assert plain_file.read(tmp_path / "a", 5) == b"12345"
