"""`run` and its like before they begin: what a person must correct gives exit code 78, a text and a place."""

import asyncio
import gc
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH

import pytest
from click.testing import CliRunner

from controller.cli import group
from tests.parts import free_port

COMMANDS = [
    ("run",),
    ("gateway", "mast"),
    ("status",),
    ("override", "dark", "--until", "1 h", "--reason", "x"),
    ("resume",),
    ("stop", "--reason", "x"),
    ("demo",),
    ("check",),
    ("plan",),
    ("preview", "orange"),
]


def embedded(config: Path, more: str) -> None:
    """Writes lines of `mqtt:` in place of the embedded broker's."""
    path = config / "tower.yaml"
    head, _, rest = path.read_text(encoding="utf-8").partition("  broker: embedded")
    path.write_text(head + more + rest[rest.index("\n") :], encoding="utf-8")


def bad_word(config: Path) -> None:
    path = config / "schedule.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("20–26 November", "20–26 Novembr"), encoding="utf-8")


def binary(config: Path) -> None:
    (config / "tower.yaml").write_bytes(bytes(range(256)) * 20)


def empty(config: Path) -> None:
    (config / "schedule.yaml").write_bytes(b"")


def gone(config: Path) -> None:
    config.rename(config.with_name("elsewhere"))


def a_folder(config: Path) -> None:
    (config / "tower.yaml").unlink()
    (config / "tower.yaml").mkdir()


@pytest.mark.parametrize("spoil", [bad_word, binary, empty, gone, a_folder])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_files_that_are_wrong_end_every_command(
    call: Any, config: Path, spoil: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    """With 78 and the file's name; nothing has been started. A broker that runs on this machine is not asked."""
    embedded(config, f"  broker: mqtt://127.0.0.1:{free_port()}")
    spoil(config)
    result = call(*command)
    assert result.exit_code == 78, result.output
    assert ".yaml" in result.output
    assert "TWL-" in result.output
    assert isinstance(result.exception, SystemExit)


NEEDS_SECRET = COMMANDS[:6]


@pytest.mark.parametrize("secret", ["gone", ".", "binary", "huge"])
@pytest.mark.parametrize("command", NEEDS_SECRET, ids=lambda command: command[0])
def test_a_password_file_that_cannot_be_read_is_reported(
    call: Any, config: Path, command: tuple[str, ...], secret: str
) -> None:
    """Not there, a folder, no text, too large: 78 with its path."""
    (config / "binary").write_bytes(b"\xff\xfe\x00")
    (config / "huge").write_bytes(b"x" * 20_000)
    embedded(config, f"  broker: mqtt://127.0.0.1:1\n  username: a\n  password_file: {secret}")
    result = call(*command)
    assert result.exit_code == 78, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("text", [None, "", "# nobody\n", "name", "name:", ":word", "a:b\nbroken\n"])
def test_a_users_file_that_says_nothing_is_reported(call: Any, config: Path, text: str | None) -> None:
    """The embedded broker does not start without the users it was promised."""
    if text is not None:
        (config / "users").write_text(text)
    embedded(config, "  broker: embedded\n  users_file: users")
    result = call("run")
    assert result.exit_code == 78, result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("command", [("run",), ("gateway", "mast")], ids=lambda command: command[0])
def test_a_user_without_a_home_is_asked_for_a_folder(
    config: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """A container may run as a number that no user has."""
    for name in ("HOME", "STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    result = CliRunner().invoke(group, ["--config", str(config), "--lang", "en", *command])
    assert result.exit_code == 2, result.output
    assert "--state" in result.stderr


def test_a_gateway_that_the_files_do_not_have_is_a_matter_of_usage(call: Any) -> None:
    """Exit code 2, on which systemd does not start it again, and the names of those that there are."""
    result = call("gateway", "nope")
    assert result.exit_code == 2
    assert "mast" in result.stderr


def test_an_unknown_command_is_a_matter_of_usage(call: Any) -> None:
    """Exit code 2."""
    assert call("illuminate").exit_code == 2
    assert call("run", "--nonsense").exit_code == 2


def test_every_command_has_a_help(call: Any) -> None:
    """`--help` for all of them, from the list that `--help` prints."""
    names = re.findall(r"^  (\S+)", call("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert {"run", "demo", "check", "plan", "status", "override", "resume", "gateway", "test-lamps", "explain"} <= {
        *names
    }
    for name in names:
        result = call(name, "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage:")


@pytest.fixture
def thawed() -> Iterator[None]:
    """Leaves the garbage collector as it was."""
    yield
    gc.unfreeze()


@pytest.mark.parametrize("command", [("run",), ("gateway", "mast")], ids=lambda command: command[0])
def test_what_is_loaded_at_the_start_is_no_more_looked_through(
    call: Any, thawed: None, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """A full garbage collection would hold up ticks and frames for as long as it takes to walk all modules."""
    frozen = []

    def begin(work: Any) -> int:
        work.close()
        frozen.append(gc.get_freeze_count())
        return 0

    monkeypatch.setattr(asyncio, "run", begin)
    assert call(*command).exit_code == 0
    assert frozen[0] > 10_000


@pytest.mark.real
@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize("of_the_system", [True, False], ids=["system's", "none"])
def test_time_zones_that_were_taken_away(config: Path, tmp_path: Path, command: str, of_the_system: bool) -> None:
    """Without the package the system's own are used; without either, the error names what to install."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['tzdata'] = None\n", encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(tmp_path), "LC_ALL": "C.UTF-8"}
    if of_the_system and not any(Path(folder).is_dir() for folder in TZPATH):
        pytest.skip("this system has no time zones of its own: apt-get install tzdata")
    words = [sys.executable, "-m", "controller", "--config", str(config), "--lang", "en", command]
    result = subprocess.run(
        words, env=env | ({} if of_the_system else {"PYTHONTZPATH": ""}), capture_output=True, text=True, check=False
    )
    assert "Traceback" not in result.stderr
    assert result.returncode == (0 if of_the_system else 78), result.stderr
    assert of_the_system or "pip install tzdata" in result.stdout + result.stderr
