"""Two sites in one process, with everything real: each below its own topics, and none pulls the other along."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.config.several_sites import OWN_TOWER, SHARED_TOWER, write_site, write_sites
from tests.nights.programs import Program, Site
from tests.nights.waiting import until

PASSWORD = "häst batteri klammer"


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Site]:
    """Two sites with the embedded broker and the page."""
    made = Site(tmp_path)
    shutil.rmtree(made.config)
    shared = SHARED_TOWER.replace("broker: embedded", f'broker: embedded, listen: "127.0.0.1:{made.port}"')
    write_sites(made.config, "north", "south", shared_tower=shared.replace(":8080", f":{made.page_port}"))
    yield made
    made.close()


def _confirmed(county: Site, name: str) -> bool:
    told = county.call("status", "--site", name, "--json")
    return told.exit_code in {0, 1} and json.loads(told.stdout)["counts"].get("confirmed") == 1


def _running(county: Site) -> Program:
    service = county.start("run", "--log-format", "json")
    until(lambda: all(_confirmed(county, name) for name in ("north", "south")), "both are confirmed")
    return service


def _look(county: Site, name: str) -> tuple[bool, ...]:
    document = json.loads(county.call("status", "--site", name, "--json").stdout)
    return tuple(look["on"] for look in document["now"]["looks"].values())


def test_what_is_set_by_hand_at_one_site_is_nothing_to_the_other(county: Site) -> None:
    """It outlives kill -9 there, and a stop of all reaches both."""
    service = _running(county)
    before = _look(county, "south")
    told = county.call("override", "blue", "--until", "2 h", "--reason", "visit", "--site", "north")
    assert told.exit_code == 0, told.output
    until(lambda: _look(county, "north") == (True, True), "north is lit by hand")
    assert _look(county, "south") == before
    service.end(signal.SIGKILL)
    _running(county)
    assert _look(county, "north") == (True, True)
    told = county.call("stop", "--all-sites", "--reason", "storm")
    assert told.exit_code == 0, told.output
    assert {line.partition(":")[0] for line in told.stdout.splitlines()} == {"north", "south"}
    for name in ("north", "south"):
        until(lambda name=name: _look(county, name) == (False, False), f"{name} is dark")  # type: ignore[misc]


def test_a_site_that_is_broken_removed_and_added_leaves_the_other_alone(county: Site) -> None:
    """The other has one connection from the first to the last moment."""
    service = _running(county)
    write_site(county.config, "north", OWN_TOWER.replace("kind: dmx", "kind: dmxx"))
    until(lambda: [each for each in service.events("TWL-O131") if each["site"] == "north"], "the mistake is told")
    assert _confirmed(county, "north")
    write_site(county.config, "east")
    until(lambda: _confirmed(county, "east"), "the new one is confirmed")
    shutil.rmtree(county.config / "sites" / "north")
    until(lambda: service.events("TWL-C052"), "the end is told")
    until(lambda: [each for each in service.events("TWL-C002") if each.get("site") == "north"], "it has ended")
    assert county.call("status", "--site", "north").exit_code == 2
    assert county.call("status").exit_code == 0
    assert len([each for each in service.events("TWL-M001") if each["site"] == "south"]) == 2
    assert [each for each in service.events("TWL-M002") if each["site"] == "south"] == []


def test_the_page_the_metrics_and_the_backup_know_all_sites(county: Site) -> None:
    """And come to life elsewhere with what was set by hand."""
    service = _running(county)
    page = f"http://127.0.0.1:{county.page_port}"
    assert "Tornet north" in httpx.get(f"{page}/").text
    assert "Tornet south" in httpx.get(f"{page}/sites/south/").text
    assert httpx.get(f"{page}/readyz").status_code == 200
    assert 'site="south"' in httpx.get(f"{page}/metrics").text
    (county.folder / "password").write_text(PASSWORD, encoding="utf-8")
    words = ("--role", "operator", "--site", "north", "--password-file", str(county.folder / "password"))
    assert county.call("user", "add", "anna", *words).exit_code == 0
    county.call("stop", "--site", "north", "--reason", "storm")
    file = county.folder / "county.tar.gz"
    made = county.call("backup", str(file))
    assert made.exit_code == 0, made.output
    service.end()
    shutil.rmtree(county.state)
    shutil.rmtree(county.config)
    restored = county.call("restore", str(file))
    assert restored.exit_code == 0, restored.output
    _running(county)
    until(lambda: _look(county, "north") == (False, False) and _stopped(county, "north"), "the stop holds")
    assert not _stopped(county, "south")
    (account,) = json.loads(county.call("user", "list", "--json").stdout)["accounts"]
    assert account["sites"] == {"north": "operator"}


def _stopped(county: Site, name: str) -> bool:
    return '"kind": "stop"' in county.call("status", "--site", name, "--json").stdout
