"""`watertower backup` and `restore`: what they say and how they end."""

from pathlib import Path

import pytest

from controller.app.last_good import write_last_good
from tests.cli.conftest import Call


@pytest.fixture
def state(tmp_path: Path, config: Path) -> Path:
    """The state directory of a service that ran."""
    (tmp_path / "state").mkdir()
    write_last_good({"tower.yaml": (config / "tower.yaml").read_bytes()}, tmp_path / "state")
    return tmp_path / "state"


def test_a_state_directory_without_a_service_is_no_backup(call: Call, tmp_path: Path) -> None:
    """As where `--state` was forgotten: a backup without overrides and accounts would be found out too late."""
    result = call("backup", str(tmp_path / "b"))
    assert (result.exit_code, result.stderr.split(":")[0]) == (2, "TWL-Q109")
    assert not (tmp_path / "b").exists()


@pytest.mark.usefixtures("state")
def test_a_backup_of_the_installed_service_names_what_was_added_to_its_units(
    call: Call, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them a restored service has no password."""
    added = tmp_path / "units" / "watertower.service.d" / "broker.conf"
    added.parent.mkdir(parents=True)
    added.touch()
    monkeypatch.setattr("controller.cli.backup.UNITS", tmp_path / "units")
    assert call("backup", str(tmp_path / "b")).stderr == ""
    monkeypatch.setattr("controller.cli.options.INSTALLED", config)
    result = call("backup", str(tmp_path / "b"))
    assert (result.exit_code, result.stderr.rpartition(": ")[2]) == (0, f"{added}\n")


@pytest.mark.usefixtures("state")
def test_a_backup_says_what_is_not_in_it(call: Call, config: Path, tmp_path: Path) -> None:
    """A secret elsewhere that tower.yaml names; exit code 1 only for what lies in the folders."""
    users = tmp_path / "users"
    users.write_text("mast:secret\n")
    tower = (config / "tower.yaml").read_text(encoding="utf-8")
    (config / "tower.yaml").write_text(
        tower.replace("broker: embedded", f"broker: embedded\n  users_file: {users}"), encoding="utf-8"
    )
    result = call("backup", str(tmp_path / "b"))
    assert result.exit_code == 0, result.output
    assert result.stderr == f"not in it, because it is outside the two folders: {users}\n"
    url = tmp_path / "hook.url"
    url.write_text("json://example.org\n")
    with (config / "tower.yaml").open("a", encoding="utf-8") as file:
        file.write(f"notices: [{{name: drift, url_file: {url}}}]\nheartbeat: {{url_file: {url}}}\n")
    result = call("backup", str(tmp_path / "b"))
    assert [line.rpartition(": ")[2] for line in result.stderr.splitlines()] == [str(users), str(url)]
    (config / "notes").symlink_to(users)
    result = call("backup", str(tmp_path / "b"))
    assert result.exit_code == 1
    assert f"not in it: {config / 'notes'}\n" in result.stderr


@pytest.mark.usefixtures("state")
def test_what_a_database_keeps_is_neither_backed_up_nor_restored(call: Call, config: Path, tmp_path: Path) -> None:
    """Which is as it should be, and is said each time; also while it is away."""
    with (config / "tower.yaml").open("a", encoding="utf-8") as file:
        file.write("database: {url: 'postgresql://nobody@127.0.0.1:1/nothing'}\n")
    made = call("backup", str(tmp_path / "b"))
    assert (made.exit_code, "127.0.0.1/nothing" in made.stderr, "pg_dump" in made.stderr) == (0, True, True)
    done = call("restore", "--replace", str(tmp_path / "b"))
    assert done.exit_code == 0, done.output
    assert "in the database 127.0.0.1/nothing, which was not touched" in done.stderr
    assert "must be done again" not in done.stderr


@pytest.mark.usefixtures("state")
def test_a_backup_of_wrong_files_is_a_backup(call: Call, config: Path, tmp_path: Path) -> None:
    """The last good ones are in the state directory."""
    (config / "tower.yaml").write_text("nonsense: [")
    assert call("backup", str(tmp_path / "b")).exit_code == 0


def test_what_was_there_is_named(call: Call, config: Path, state: Path, tmp_path: Path) -> None:
    """In Swedish too."""
    call("backup", str(tmp_path / "b"))
    refused = call("restore", str(tmp_path / "b"))
    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "TWL-J027")
    done = call("restore", "--replace", str(tmp_path / "b"), "--lang", "sv")
    assert done.exit_code == 0, done.output
    (aside,) = config.glob("before-restore-*")
    assert f"det som fanns där förut: {aside}" in done.stdout
    assert done.stderr.startswith("Starta nu tjänsten: `systemctl start watertower`.")
    assert len(done.stderr.splitlines()) == 1
    assert (aside / "schedule.yaml").read_bytes() == (config / "schedule.yaml").read_bytes()
    assert list(state.glob("before-restore-*"))
