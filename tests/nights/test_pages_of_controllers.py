"""What people see of two controllers, all real: every page shows every site, `status` says who leads, and what they ask
for while nobody does is not lost. A pair leads one tower, too."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.config.load import SCHEDULE
from tests.nights.county import (
    ALWAYS,
    BLUE,
    LAMP,
    ORANGE,
    OWN,
    PAGE,
    SHARED,
    SITES,
    TAKEOVER_S,
    County,
    page,
    write_secrets,
)
from tests.nights.ear import Listen
from tests.nights.programs import Mosquitto, Site
from tests.nights.waiting import until
from tests.parts import needs
from tests.postgres import Postgres

pytestmark = needs("mosquitto", "postgresql")


@pytest.fixture
def county(tmp_path: Path, mosquittos: Callable[..., Mosquitto], ear: Listen) -> Iterator[County]:
    """All is orange and confirmed, and each controller leads one site and has a page."""
    postgres = Postgres(tmp_path)
    brokers = (mosquittos(users=SITES), mosquittos(users=SITES))
    made = County(tmp_path, postgres, brokers, ear, pages=True)
    try:
        made.await_calm()
        yield made
    finally:
        made.close()
        postgres.stop()


def _status(machine: Site, below: str = "") -> Any:
    """What the API says of a site; None where it does not, or nobody listens yet."""
    try:
        status, text = page(machine, f"{below}/api/v1/status")
    except httpx.ConnectError:
        return None
    return json.loads(text) if status == 200 else None


def _lists_all(machine: Site) -> bool:
    return "All 2 sites" in page(machine, "/")[1]


def test_what_is_asked_for_while_nobody_leads(county: County) -> None:
    """A stop that is sent once, a moment after the leader died, is acted on by the next one, and a command is answered.
    Then `status` says who leads, and that there is no standby."""
    gone = county.leader("north")
    assert gone is not None
    left = 1 - gone
    since = len(county.ear.heard)
    county.controllers[gone].end(signal.SIGKILL)
    county.ask("north", action="stop")
    resume = county.machines[left].start("resume", "--site", "north")
    until(lambda: county.told("north", "TWL-O105", since), "the stop is not reported")
    assert county.leader("north") == left
    assert resume.wait() in {0, 1}, resume.log  # before or after the stop
    assert county.machines[left].start("resume", "--lift", "--site", "north").wait() == 0
    until(lambda: county.shows("north", ORANGE), "not lit again")
    until(lambda: "TWL-C063" in str(county.health("north")["degradations"]), "the standby is not missed")
    status = county.machines[left].start("status", "--site", "north")
    assert status.wait() == 1
    printed = status.process.stdout.read().decode() if status.process.stdout is not None else ""
    assert "nobody stands by" in printed
    assert "TWL-C063" in printed
    county.controllers[gone] = county.start(gone)
    until(lambda: set(county.leaders().values()) == {0, 1}, "they do not share again")
    until(lambda: county.health("north")["lead"]["standby"], "nobody stands by")
    until(lambda: "TWL-C063" not in str(county.health("north")["degradations"]), "still alone")


def test_the_page_of_each_controller_shows_every_site(county: County) -> None:
    """The one that another leads too, over TLS with a certificate of its own; while nobody leads it the page shows
    that, and the next leader shows it."""
    for machine in county.machines:
        for site in SITES:
            told = until(partial(_status, machine, f"/sites/{site}"), f"{site} on each page")
            assert told["site"] == site
        until(partial(_lists_all, machine), "the list")
        doctor = machine.start("doctor")
        assert doctor.wait() == 0, doctor.process.stdout and doctor.process.stdout.read().decode()
    gone = county.leader("north")
    assert gone is not None
    left = 1 - gone
    county.controllers[gone].end(signal.SIGKILL)
    told, end = set(), time.monotonic() + TAKEOVER_S
    while time.monotonic() < end:
        status, text = page(county.machines[left], "/sites/north/api/v1/status")
        told.add((status, "" if status == 200 else json.loads(text)["code"]))
        time.sleep(0.2)
    assert told >= {(200, "")}
    assert told - {(200, "")} <= {(503, "TWL-W111"), (503, "TWL-W112"), (503, "TWL-W211")}
    assert page(county.machines[left], "/sites/south/api/v1/status")[0] == 200


def test_a_pair_leads_one_tower_without_a_folder_of_sites(
    tmp_path: Path, mosquittos: Callable[..., Mosquitto], ear: Listen
) -> None:
    """With the topics, addresses and commands of one tower; the page of each controller shows it, whoever leads."""
    postgres, broker = Postgres(tmp_path), mosquittos(users=("north",))
    heard = ear(broker)
    machines = []
    try:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            machines.append(Site(tmp_path / name))
            write_secrets(machines[-1].config, postgres)
            address = f"mqtt://127.0.0.1:{broker.port}"
            shared = SHARED.format(brokers=address, url=postgres.url, web=PAGE.format(port=machines[-1].page_port))
            own = OWN.format(name="north", lamp=LAMP).replace("version: 1\n", "")
            (machines[-1].config / "tower.yaml").write_text(shared + own, encoding="utf-8")
            (machines[-1].config / SCHEDULE).write_text(ALWAYS, encoding="utf-8")
        machines[0].start("gateway", "north", "--log-format", "json", state="gateway")
        controllers = [machine.start("run", "--log-format", "json") for machine in machines]

        def is_confirmed(number: int) -> bool:
            told = _status(machines[number])
            return told is not None and told["counts"] == {"confirmed": 1}

        until(lambda: any(each.events("TWL-G101") for each in controllers), "nothing is confirmed", 40)
        until(lambda: is_confirmed(0) and is_confirmed(1), "not on both pages")
        leader = next(number for number in (0, 1) if controllers[number].events("TWL-C060"))
        left = 1 - leader
        assert controllers[left].events("TWL-C061")[0]["site"] == "north"
        assert page(machines[left], "/gateways")[0] == 200
        assert page(machines[left], "/healthz") == (200, "ok\n")
        ready = json.loads(page(machines[left], "/readyz")[1])
        assert (ready["ready"], ready["sites"], list(ready["led_elsewhere"])) == (True, {}, ["north"])
        asked = machines[left].start("override", "blue", "--until", "1 h", "--reason", "test")
        assert asked.wait() == 0, asked.log
        controllers[leader].end(signal.SIGKILL)
        until(lambda: controllers[left].events("TWL-G101"), "nobody takes over")
        until(lambda: is_confirmed(left), "not on the page")
        report = heard.last("watertower/gateway/north/reported")
        assert report is not None
        assert report.document["zones"]["bowl"]["color"] == BLUE
        assert machines[left].start("stop", "--reason", "test").wait() == 0
    finally:
        for machine in machines:
            machine.close()
        postgres.stop()
