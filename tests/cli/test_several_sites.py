"""Commands where `config/sites/` holds several sites: all of them, or the one that `--site` names."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.config.several_sites import OWN_SCHEDULE, OWN_TOWER, write_site, write_sites
from tests.parts import free_port


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two sites, of which the north one has a schedule of its own."""
    root = write_sites(tmp_path / "config", "north", "south")
    write_site(root, "north", schedule=OWN_SCHEDULE)
    return root


def test_check_speaks_of_every_site(call: Call) -> None:
    """One after another with a heading, each with its own next light."""
    result = call("check")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line.startswith("==")] == ["== north ==", "== south =="]
    north, _, south = result.stdout.partition("== south ==")
    assert "Stadens dag" in north
    assert "En vecka fri från våld" in south


def test_the_exit_code_is_that_of_the_worst(call: Call, config: Path) -> None:
    """The other sites are well, and are shown all the same."""
    write_site(config, "north", OWN_TOWER.replace("kind: dmx", "kind: dmxx"))
    result = call("check")
    assert result.exit_code == 78
    assert "TWL-S056" in result.stdout
    assert "/sites/south: no errors" in result.stdout


def test_json_is_one_document_with_an_object_for_each_site(call: Call) -> None:
    """With what the command says of that site by itself."""
    both = json.loads(call("check", "--json").stdout)
    assert [(each["name"], each["exit_code"]) for each in both["sites"]] == [("north", 0), ("south", 0)]
    one = json.loads(call("check", "--json", "--site", "south").stdout)
    assert both["sites"][1] == {"name": "south", "exit_code": 0, **one}


def test_plan_of_a_site_names_the_file_of_a_shared_rule(call: Call) -> None:
    """In words and in JSON."""
    words = ("plan", "--site", "south", "--at", "2026-11-22T20:00")
    assert "(line 3 of schedule.yaml for all sites)" in call(*words).stdout
    looks = json.loads(call(*words, "--json").stdout)["looks"]
    assert {look["rule"]["file"] for look in looks.values()} == {"schedule.yaml"}


@pytest.mark.parametrize(
    "words",
    [
        ("stop", "--reason", "x"),
        ("override", "red", "--until", "sunrise", "--reason", "x"),
        ("resume",),
        ("test-lamps",),
        ("new",),
        ("undo",),
        ("plan", "--csv"),
        ("status", "--watch"),
    ],
)
def test_what_acts_on_one_site_or_shows_one_asks_which(call: Call, words: tuple[str, ...]) -> None:
    """And names them."""
    result = call(*words)
    assert result.exit_code == 2
    assert "TWL-Q136" in result.stderr
    assert "north, south" in result.stderr


def test_a_site_that_is_not_there_is_reported_with_those_that_are(call: Call) -> None:
    """Before anything is done."""
    result = call("check", "--site", "west")
    assert result.exit_code == 2
    assert "Write one of north, south." in result.stderr


def test_site_is_an_option_of_several_sites_only(call: Call, config: Path) -> None:
    """A folder with one site has no use for it, and help does not speak of it."""
    assert "--site" in call("check", "--help").stdout
    shutil.rmtree(config / "sites")
    assert "--site" not in call("check", "--help").stdout
    result = call("check", "--site", "north")
    assert result.exit_code == 2
    assert "TWL-Q134" in result.stderr


def test_a_folder_for_sites_without_any_is_reported(call: Call, config: Path) -> None:
    """With what to do, and not taken for one site."""
    shutil.rmtree(config / "sites")
    (config / "sites").mkdir()
    result = call("check")
    assert result.exit_code == 78
    assert "TWL-S333" in result.stderr


def test_a_folder_that_cannot_be_a_site_is_reported_beside_the_others(call: Call, config: Path) -> None:
    """It would be dark otherwise, and nobody would know why."""
    (config / "sites" / "Östra").mkdir()
    result = call("check")
    assert result.exit_code == 78
    assert "ostra" in result.stderr
    assert "== south ==" in result.stdout


def test_explain_and_the_like_are_not_about_a_site(call: Call) -> None:
    """They ask for none."""
    assert call("explain", "TWL-S330").exit_code == 0


def test_beside_json_an_error_says_which_site_it_is_of(call: Call, config: Path) -> None:
    """There are no headings then."""
    shared = (config / "tower.yaml").read_text(encoding="utf-8")
    (config / "tower.yaml").write_text(shared.replace("embedded", '"mqtt://127.0.0.1:1"'), encoding="utf-8")
    result = call("status", "--json")
    assert [each["exit_code"] for each in json.loads(result.stdout)["sites"]] == [69, 69]
    assert {line.partition(":")[0] for line in result.stderr.splitlines() if "TWL-M007" in line} == {"north", "south"}


def test_a_stop_of_all_sites_that_reaches_none_of_them_is_no_success(call: Call, config: Path) -> None:
    """Each is named, and the exit code is that of the worst."""
    tower = config / "tower.yaml"
    listen = f'broker: embedded, listen: "127.0.0.1:{free_port()}"'
    tower.write_text(tower.read_text(encoding="utf-8").replace("broker: embedded", listen), encoding="utf-8")
    result = call("stop", "--all-sites", "--reason", "storm")
    assert result.exit_code == 69
    assert all(f"{name}: TWL-Q101" in result.stderr for name in ("north", "south"))


@pytest.mark.parametrize("name", ["north", "south"])
def test_check_names_the_files_that_it_read(call: Call, config: Path, name: str) -> None:
    """A schedule of the site's own where there is one, and what all sites share."""
    read = [each["path"] for each in json.loads(call("check", "--site", name, "--json").stdout)["files"]]
    own = {"north": ["schedule.yaml", "tower.yaml"], "south": ["tower.yaml"]}[name]
    shared = [config / "schedule.yaml", config / "tower.yaml"]
    assert read == [str(path) for path in (*(config / "sites" / name / file for file in own), *shared)]
