"""The drill: a backup of a running service comes to life elsewhere with all that people have done."""

import json
from pathlib import Path

from tests.nights.programs import Site
from tests.nights.waiting import until

PASSWORD = "häst batteri klammer"


def elsewhere(site: Site, *words: str, code: int = 0) -> str:
    """Calls a command on the folders of another machine."""
    config, state = site.folder / "new" / "config", "new/state"
    before, site.config = site.config, config
    try:
        told = site.call(*words, state=state)
    finally:
        site.config = before
    assert told.exit_code == code, told.output
    return told.output


def test_a_site_comes_to_life_from_its_backup(site: Site) -> None:
    """A stop, an account, the version of a schedule and what was logged are there; the first service never stopped."""
    service = site.controller()
    until(lambda: site.call("status").exit_code == 0, "all is confirmed")
    (site.folder / "password").write_text(PASSWORD, encoding="utf-8")
    site.ask("user", "add", "Kim", "--role", "admin", "--password-file", str(site.folder / "password"))
    site.edit("schedule.yaml", "color: orange", "color: blue")
    until(lambda: len(json.loads(site.ask("history", "--json"))["versions"]) == 2, "the edit is a version")
    site.ask("stop", "--reason", "storm")
    file = site.folder / "tower.tar.gz"
    assert str(file) in site.ask("backup", str(file))
    refused = site.call("restore", "--replace", str(file))
    assert (refused.exit_code, refused.output.split(":")[0]) == (1, "TWL-J022")
    assert service.runs
    service.end()

    elsewhere(site, "restore", str(file))
    assert not list(Path(site.folder, "new", "state").glob("before-restore-*"))
    site.config = site.folder / "new" / "config"
    again = site.start("run", "--log-format", "json", state="new/state")
    until(lambda: stopped(site), "the stop holds")
    assert again.runs
    assert "blue" in (site.config / "schedule.yaml").read_text(encoding="utf-8")
    assert [each["name"] for each in json.loads(elsewhere(site, "user", "list", "--json"))["accounts"]] == ["Kim"]
    assert len(json.loads(elsewhere(site, "history", "--json"))["versions"]) == 2
    assert "TWL-O105" in elsewhere(site, "logs", "--code", "TWL-O105")
    assert elsewhere(site, "audit", "verify")
    assert "backup.restored" in elsewhere(site, "audit", "--json")


def stopped(site: Site) -> bool:
    """Whether the new service shows the stop."""
    return '"kind": "stop"' in site.call("status", "--json", state="new/state").stdout
