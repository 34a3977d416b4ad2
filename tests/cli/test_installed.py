"""Commands for the files of the service that is installed under systemd."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli import group
from controller.cli.options import Options, log_in_as_installed


@pytest.fixture
def installed(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service is installed, with these files; the caller is root and in another folder."""
    folder = Path(shutil.copytree(config, tmp_path / "etc"))
    monkeypatch.setattr("controller.cli.options.INSTALLED", folder)
    monkeypatch.setattr("controller.cli.options.INSTALLED_STATE", tmp_path / "var")
    monkeypatch.setattr("controller.cli.options.CREDENTIALS", (tmp_path / "run", folder))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    for name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path / "etc")
    return folder


@pytest.mark.parametrize("is_named", [True, False])
def test_root_sees_the_state_of_the_installed_service(installed: Path, tmp_path: Path, is_named: bool) -> None:
    """Also before there is any, as for `restore`; in the folder of the files as well."""
    assert Options(config=installed if is_named else None).state_dir == tmp_path / "var"


def test_other_files_and_other_users_have_their_own(
    installed: Path, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a folder that is named, by the caller or by systemd, holds."""
    own = tmp_path / "home" / "watertower"
    assert Options(config=config).state_dir == own
    assert Options(config=installed, state=Path("named")).state_dir == Path("named")
    with monkeypatch.context() as systemd:
        systemd.setenv("STATE_DIRECTORY", "given")
        assert Options(config=installed).state_dir == Path("given")
        systemd.setenv("STATE_DIRECTORY", "given:other")  # several names under StateDirectory= of a unit
        assert Options(config=installed).state_dir == Path("given")
        systemd.setenv("STATE_DIRECTORY", "")
        assert Options(config=config).state_dir == own
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert Options(config=installed).state_dir == own


def test_root_logs_in_with_the_password_of_the_installed_service(installed: Path, config: Path, tmp_path: Path) -> None:
    """With the one that systemd handed over, else with the one that it would; never for other files."""
    log_in_as_installed(Options(config=installed))
    assert "CREDENTIALS_DIRECTORY" not in os.environ
    (installed / "mqtt-password").write_text("new")
    log_in_as_installed(Options(config=config))
    assert "CREDENTIALS_DIRECTORY" not in os.environ
    log_in_as_installed(Options(config=installed))
    assert os.environ.pop("CREDENTIALS_DIRECTORY") == str(installed)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mqtt-password").write_text("in use")
    log_in_as_installed(Options(config=installed))
    assert os.environ["CREDENTIALS_DIRECTORY"] == str(tmp_path / "run")


@pytest.mark.parametrize(
    "words",
    [
        ("logs",),
        ("report",),
        ("history",),
        ("undo",),
        ("audit",),
        ("user", "list"),
        ("backup", "b"),
        ("check", "--against-running"),
        ("plan", "--at", "2020-11-24T02:00"),
    ],
    ids=" ".join,
)
def test_another_user_gets_no_claim_that_the_service_has_kept_nothing(
    words: tuple[str, ...], installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only root may read is not nothing."""
    (tmp_path / "var").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    refused = CliRunner().invoke(group, ["--config", str(installed), *words])
    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "TWL-Q137")
    own = CliRunner().invoke(group, ["--config", str(installed), "--state", str(tmp_path / "own"), *words])
    assert "TWL-Q137" not in own.stderr


@pytest.mark.parametrize("words", [("check",), ("plan",), ("preview", "orange")], ids=" ".join)
def test_another_user_reads_the_files_all_the_same(
    words: tuple[str, ...], installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are no secret."""
    (tmp_path / "var").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert CliRunner().invoke(group, ["--config", str(installed), *words]).exit_code == 0
