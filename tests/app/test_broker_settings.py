"""Passwords of the embedded broker: how a line is made, who logs in how, and what is warned of."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.app.broker_settings import addresses, listed_users, own_password, secret_findings, users, users_of_sites
from controller.broker.access import Rights, is_password
from controller.cli import group
from controller.config.load import load
from controller.config.site_folder import SiteFolder
from controller.config.tower import MqttSettings
from tests.config.several_sites import SHARED_TOWER, write_sites


def settings(config: Path, lines: str) -> MqttSettings:
    """The shipped site with these lines under `mqtt:`."""
    file = config / "tower.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("  topic_prefix") == 1
    file.write_text(text.replace("  topic_prefix", f"{lines}  topic_prefix"), encoding="utf-8")
    return load(config).tower.mqtt


def test_a_line_of_the_users_file_holds_the_hash_of_what_was_typed(config: Path) -> None:
    """The last line end is no part of it, and the file can be used as it is."""
    result = CliRunner().invoke(group, ["password", "mast"], input="high tower\n")
    assert result.exit_code == 0
    (config / "users").write_text(result.stdout)
    listed, _ = listed_users(settings(config, "  users_file: users\n"))
    assert is_password(listed["mast"].secret, b"high tower")
    assert "high tower" not in result.output


def test_without_one_a_password_is_made(config: Path) -> None:
    """It is printed beside the line, once; each password is different."""
    told = [CliRunner().invoke(group, ["password", "mast"], input="") for _ in range(2)]
    words = [each.stderr.strip() for each in told]
    assert len(set(words)) == 2
    assert all(len(word) >= 20 for word in words)
    (config / "users").write_text(told[0].stdout)
    listed, _ = listed_users(settings(config, "  users_file: users\n"))
    assert is_password(listed["mast"].secret, words[0].encode())


@pytest.mark.parametrize("name", ["", " a", "a:b", "#a", "a\nb"])
def test_a_name_that_would_make_another_line_is_refused(name: str) -> None:
    """With exit code 1."""
    result = CliRunner().invoke(group, ["--lang", "en", "password", name], input="x")
    assert result.exit_code == 1
    assert "TWL-Q119" in result.stderr


def test_the_password_of_the_service_is_kept_and_private(tmp_path: Path) -> None:
    """Over restarts too; a truncated one is created again; if nothing can be written there is one all the same."""
    first = own_password(tmp_path / "state")
    file = tmp_path / "state" / "broker-password"
    assert own_password(tmp_path / "state") == first == file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("short")
    assert len(own_password(tmp_path / "state")) > 30
    (tmp_path / "file").write_text("")
    assert len(own_password(tmp_path / "file")) > 30


def test_a_command_logs_in_by_name_else_as_the_service_does(config: Path, tmp_path: Path) -> None:
    """Where it may read the state directory; else as `controller`, if that password is not hashed; else without."""
    (config / "users").write_text("mast:high\ncontroller:calm\n")
    (config / "secret").write_text("high")
    state = tmp_path / "state"
    mqtt = settings(config, "  users_file: users\n")
    assert [(one.username, one.password) for one in addresses(mqtt, state)] == [("controller", "calm")]
    own_password(state)
    (ours,) = addresses(mqtt, state)
    assert (ours.username, ours.password) == ("controller", state / "broker-password")
    named = mqtt.model_copy(update={"username": "mast", "password_file": config / "secret"})
    assert [(one.username, one.password) for one in addresses(named, state)] == [("mast", config / "secret")]
    (config / "users").write_text("mast:high\n")
    assert [one.username for one in addresses(mqtt)] == [None]


def test_secrets_that_anybody_may_read_and_plain_ones_are_warned_of(config: Path, call: Any) -> None:
    """By `check` at the key that names the file, with exit code 0; hashed and private nothing is said."""
    users = config / "users"
    users.write_text("mast:high\ngate:wide\n")
    users.chmod(0o644)
    mqtt = settings(config, "  users_file: users\n")
    assert [(key, event.code) for key, event in secret_findings(mqtt)] == [
        ("users_file", "TWL-B053"),
        ("users_file", "TWL-B054"),
    ]
    result = call("check", "--lang", "en")
    assert result.exit_code == 0
    line = next(n for n, text in enumerate((config / "tower.yaml").read_text().splitlines(), 1) if "users_file" in text)
    assert f"tower.yaml:{line}:" in result.stdout
    assert "TWL-B053" in result.stdout
    assert "mast, gate" in result.stdout
    users.chmod(0o600)
    users.write_text(CliRunner().invoke(group, ["password", "mast"], input="high").stdout)
    assert list(secret_findings(mqtt)) == []
    assert "TWL-B05" not in call("check").stdout


@pytest.mark.parametrize(
    ("user", "read", "written"),
    [
        ("controller", {"desired", "walk", "reported", "availability", "entrance", "set"}, None),
        ("mast", {"desired", "walk", "availability"}, {"reported", "availability"}),
        ("entrance", {"entrance"}, {"entrance"}),
        ("tower", {"reported"}, {"set"}),
    ],
)
def test_who_may_read_and_write_what(config: Path, user: str, read: set[str], written: set[str] | None) -> None:
    """The controller everything, a gateway its own topics in one direction, a device its own, others what is listed."""
    (config / "users").write_text(
        "controller:calm\nmast:high\nentrance:low\ntower:orange\n"
        "topic read watertower/gateway/+/reported\ntopic write watertower/override/set\n"
    )
    settings(config, "  users_file: users\n")
    file = config / "tower.yaml"
    device = "gateways:\n  - {name: entrance, kind: wled, topic: wled/entrance, zone: bowl}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("gateways:\n", device), encoding="utf-8")
    rights = Rights(users(load(config).tower))
    topics = {leaf: f"watertower/gateway/mast/{leaf}" for leaf in ("desired", "walk", "reported", "availability")}
    topics |= {"entrance": "wled/entrance/api", "set": "watertower/override/set"}
    assert {name for name, topic in topics.items() if rights.allow(user, "read", topic)} == read
    assert {name for name, topic in topics.items() if rights.allow(user, "write", topic)} == (written or read)
    assert rights.allow(user, "read", "watertower/controller/status")
    assert rights.allow(user, "write", "watertower/controller/status") is (user == "controller")


def test_a_user_who_is_listed_twice_is_warned_of_and_has_the_last_entry(config: Path, call: Any) -> None:
    """Only the rights below the last entry count; users listed in between get none of them."""
    file = config / "users"
    file.write_text("a:first\ntopic read first/#\nb:other\na:last\ntopic write last/#\n")
    file.chmod(0o600)
    mqtt = settings(config, "  users_file: users\n")
    found, repeated = listed_users(mqtt)
    assert repeated == ("a",)
    assert (found["a"].secret, found["a"].read, found["a"].write) == ("last", (), ("last/#",))
    assert (found["b"].secret, found["b"].read, found["b"].write) == ("other", (), ())
    (warning,) = (event for _, event in secret_findings(mqtt) if event.code == "TWL-B055")
    assert warning.fields == {"path": str(file), "users": "a"}
    result = call("check", "--lang", "en")
    assert result.exit_code == 0
    assert "TWL-B055" in result.stdout


def test_a_password_file_that_anybody_may_read_is_warned_of(config: Path) -> None:
    """The client's own as well."""
    (config / "secret").write_text("high")
    (config / "secret").chmod(0o644)
    mqtt = settings(config, "  username: mast\n  password_file: secret\n")
    assert [(key, event.code) for key, event in secret_findings(mqtt)] == [("password_file", "TWL-B053")]
    (config / "secret").chmod(0o640)
    assert list(secret_findings(mqtt)) == []


@pytest.mark.parametrize("how", ["missing", "folder", "pipe", "binary", "empty", "nonsense"])
def test_a_users_file_that_the_service_would_refuse_is_an_error_of_check(config: Path, how: str) -> None:
    """Where it is named, with exit code 78, and not `no errors`."""
    file = config / "users"
    if how == "folder":
        file.mkdir()
    elif how == "pipe":
        os.mkfifo(file)
    elif how != "missing":
        file.write_bytes({"binary": b"\xff\xfe", "empty": b"", "nonsense": b"nobody\n"}[how])
    settings(config, "  users_file: users\n")
    result = CliRunner().invoke(group, ["--config", str(config), "--lang", "en", "check"])
    assert result.exit_code == 78
    assert "error[TWL-Q106]" in result.stdout
    assert "no errors" not in result.output


def test_a_secret_that_systemd_makes_at_the_start_is_no_error_of_check(config: Path) -> None:
    """It is there only while the service runs."""
    settings(config, "  users_file: /run/credentials/watertower.service/mqtt-users\n")
    assert CliRunner().invoke(group, ["--config", str(config), "check"]).exit_code == 0


def test_a_gateway_of_one_of_several_sites_has_the_rights_of_that_site(tmp_path: Path) -> None:
    """By `<site>/<gateway>`; by its name alone it would be that of every site."""
    shared = SHARED_TOWER.replace("broker: embedded", "broker: embedded, users_file: users")
    root = write_sites(tmp_path, "north", "south", shared_tower=shared)
    (root / "users").write_text(
        "controller:a\nnorth/mast:b\nmast:c\ntopic read own/#\nwest/mast:d\nnorth/controller:e\n", encoding="utf-8"
    )
    towers = {name: load(SiteFolder(root, name)).tower for name in ("north", "south")}
    found = users_of_sites(towers)
    assert found is not None
    rights = Rights(found)
    assert rights.allow("north/mast", "write", "watertower/north/gateway/mast/reported")
    assert rights.allow("north/mast", "read", "watertower/north/gateway/mast/desired")
    assert rights.allow("controller", "write", "watertower/south/override/set")
    for name in ("north/mast", "mast", "west/mast", "north/controller"):
        assert not rights.allow(name, "write", "watertower/south/gateway/mast/reported"), name
        assert not rights.allow(name, "write", "watertower/north/override/set"), name
    assert rights.allow("mast", "read", "own/x")
    without = {
        name: tower.model_copy(update={"mqtt": MqttSettings(broker="embedded")}) for name, tower in towers.items()
    }
    assert users_of_sites(without) is None
