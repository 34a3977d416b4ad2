"""Two controllers, two brokers and one database, all real: whatever befalls one of them, every site is led, and no lamp
of ours shows a wrong look for a second."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.config.load import SCHEDULE
from tests.config.several_sites import write_sites
from tests.nights.ear import Listen
from tests.nights.programs import SECRET, Mosquitto, Program, Site
from tests.nights.waiting import until
from tests.parts import needs
from tests.postgres import Postgres

TAKEOVER_S = 8.0
ORANGE, BLUE = "#FFA500", "#0000FF"
SITES = ("north", "south")
ALWAYS = "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n"
SHARED = """version: 1
mqtt: {{broker: [{brokers}], topic_prefix: watertower, username: controller, password_file: mqtt-password}}
database: {{url: "{url}", password_file: database-password}}
web: off
"""
LAMP = "{name: one, zone: bowl, profile: rgb, address: 1}"
OWN = """version: 1
site: {{name: {name}, latitude: 56.9, longitude: 14.6, time_zone: Europe/Stockholm}}
zones: [bowl]
gateways:
  - {{name: {name}, kind: dmx, output: simulated, universe: 1, fixtures: [{lamp}]}}
"""

pytestmark = needs("mosquitto", "postgresql")


class County:
    """Two sites, each with a gateway; two controllers, each a machine of its own with the same files."""

    def __init__(self, folder: Path, postgres: Postgres, brokers: tuple[Mosquitto, Mosquitto], ear: Listen) -> None:
        for name in ("one", "two"):
            (folder / name).mkdir()
        self.machines = [Site(folder / name) for name in ("one", "two")]
        self.postgres, self.brokers, self.ear = postgres, brokers, ear(brokers[0])
        addresses = ", ".join(f"mqtt://127.0.0.1:{broker.port}" for broker in brokers)
        for machine in self.machines:
            self._write(machine.config, SHARED.format(brokers=addresses, url=postgres.url))
        self.gateways = [self._gateway(name) for name in SITES]
        self.controllers = [self.start(number) for number in (0, 1)]

    def start(self, number: int) -> Program:
        """A controller, the first or the second."""
        return self.machines[number].start("run", "--log-format", "json")

    def leader(self, site: str) -> int | None:
        """Which controller leads a site, by what they log; None for none that runs."""
        led = [
            (event["at"], number)
            for number, program in enumerate(self.controllers)
            for event in program.events("TWL-C060")
            if event["site"] == site and program.runs
        ]
        return max(led)[1] if led else None

    def has_confirmed(self, number: int, site: str) -> bool:
        """Whether a controller has heard from a gateway of the site that it shows what it should."""
        return any(event["site"] == site for event in self.controllers[number].events("TWL-G101"))

    def leaders(self) -> dict[str, int | None]:
        """Of each site."""
        return {site: self.leader(site) for site in SITES}

    def shows(self, site: str, color: str) -> bool:
        """Whether the gateway says so, and its controller confirms it."""
        report = self.ear.last(f"watertower/{site}/gateway/{site}/reported")
        health = self.ear.last(f"watertower/{site}/controller/health")
        return (
            report is not None
            and health is not None
            and report.document["zones"]["bowl"]["color"] == color
            and set(health.document["counts"]) == {"confirmed"}
        )

    def told(self, site: str, code: str, since: int) -> list[dict[str, Any]]:
        """The events of a site with this code, by whichever controller leads it."""
        events = (one.document for one in self.ear.on(f"watertower/{site}/controller/event", since))
        return [event for event in events if event["code"] == code]

    def is_dark(self, site: str) -> bool:
        """Whether the gateway says so."""
        report = self.ear.last(f"watertower/{site}/gateway/{site}/reported")
        return report is not None and not report.document["zones"]["bowl"]["on"]

    def override(self, site: str, color: str) -> None:
        """Asks for a look by hand."""
        request = {"version": 1, "id": f"{color}-{time.monotonic()}", "look": color, "until": "1 h"}
        words = json.dumps({**request, "owner": "test", "reason": "test"}).encode()
        self.ear.say(f"watertower/{site}/override/set", words)

    def colors_since(self, since: int) -> set[str]:
        """What lamps have shown since, by their own reports."""
        reports = [one for site in SITES for one in self.ear.on(f"watertower/{site}/gateway/{site}/reported", since)]
        return {one.document["zones"]["bowl"]["color"] for one in reports if not one.retain}

    def orders_only_rose(self) -> bool:
        """Whether no gateway obeyed an order after a higher one."""
        for site in SITES:
            told = [one.document for one in self.ear.on(f"watertower/{site}/gateway/{site}/reported") if not one.retain]
            orders = [(one["epoch"], one["revision"]) for one in told]
            if orders != sorted(orders):
                return False
        return True

    def close(self) -> None:
        """Ends all."""
        for machine in self.machines:
            machine.close()

    def _write(self, config: Path, shared: str) -> None:
        for path in config.iterdir():
            if path.is_file():
                path.unlink()
        (config / "mqtt-password").write_text(SECRET)
        (config / "database-password").write_text(self.postgres.password_file.read_text())
        for secret in ("mqtt-password", "database-password"):
            (config / secret).chmod(0o600)
        write_sites(config, *SITES, shared_tower=shared)
        (config / SCHEDULE).write_text(ALWAYS, encoding="utf-8")
        for name in SITES:
            (config / "sites" / name / "tower.yaml").write_text(OWN.format(name=name, lamp=LAMP), encoding="utf-8")

    def _gateway(self, name: str) -> Program:
        machine = self.machines[0]
        return machine.start("gateway", name, "--site", name, "--log-format", "json", state=f"gateway-{name}")


@pytest.fixture
def county(tmp_path: Path, mosquittos: Callable[..., Mosquitto], ear: Listen) -> Iterator[County]:
    """All is orange and confirmed, and each controller leads one site."""
    postgres = Postgres(tmp_path)
    brokers = (mosquittos(users=SITES), mosquittos(users=SITES))
    made = County(tmp_path, postgres, brokers, ear)
    try:
        until(lambda: all(made.shows(site, ORANGE) for site in SITES), "all is orange", 40)
        until(lambda: set(made.leaders().values()) == {0, 1}, "each leads one")
        yield made
    finally:
        made.close()
        postgres.stop()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_other_controller_takes_over(county: County, how: signal.Signals) -> None:
    """Within seconds it leads both sites and obeys a request by hand; the lamps show nothing else meanwhile, nor when
    the one that was frozen comes back."""
    gone = county.leader("north")
    assert gone is not None
    left = 1 - gone
    since = len(county.ear.heard)
    began = time.monotonic()
    county.controllers[gone].send(how)
    until(lambda: county.has_confirmed(left, "north"), "nobody takes over")
    assert time.monotonic() - began < TAKEOVER_S
    assert county.colors_since(since) <= {ORANGE}
    county.override("north", "blue")
    until(lambda: county.shows("north", BLUE), "it does not obey")
    since = len(county.ear.heard)
    if how is signal.SIGSTOP:
        county.controllers[gone].send(signal.SIGCONT)
    else:
        county.controllers[gone] = county.start(gone)
    until(lambda: set(county.leaders().values()) == {0, 1}, "they do not share again")
    until(lambda: county.shows("north", BLUE) and county.shows("south", ORANGE), "not confirmed in the end")
    assert county.colors_since(since) <= {BLUE, ORANGE}
    assert county.orders_only_rose()


def test_nobody_changes_places_while_the_database_is_away(county: County) -> None:
    """Each goes on with its site. What is set by hand is refused, with the reason; a safety stop acts at once, and is
    stored when the database is back."""
    before = county.leaders()
    since = len(county.ear.heard)
    county.postgres.stop()
    time.sleep(2 * TAKEOVER_S)
    assert (county.leaders(), county.colors_since(since)) == (before, {ORANGE})
    county.override("north", "blue")
    (refused,) = until(lambda: county.told("north", "TWL-O110", since), "nothing is refused")
    assert refused["level"] == "warning"
    county.ear.say(
        "watertower/north/override/set",
        json.dumps({"version": 1, "id": "s", "action": "stop", "owner": "test", "reason": "test"}).encode(),
    )
    until(lambda: county.is_dark("north"), "it does not stop")
    until(lambda: county.told("north", "TWL-O105", since), "the stop is not told")
    county.postgres.start()
    leads_north = before["north"]
    assert leads_north is not None
    until(lambda: county.controllers[leads_north].events("TWL-J041"), "it is not used again")
    time.sleep(TAKEOVER_S)
    assert county.leaders() == before
    county.controllers[leads_north].end(signal.SIGKILL)
    until(lambda: county.leader("north") == 1 - leads_north, "nobody takes over")
    until(lambda: county.has_confirmed(1 - leads_north, "north"), "not confirmed")
    assert county.is_dark("north"), "the other controller knows nothing of the stop"


def test_one_controller_after_the_other_is_replaced(county: County) -> None:
    """As for an upgrade: each hands its sites over before it ends, and no lamp shows anything else."""
    since = len(county.ear.heard)
    for number in (0, 1):
        county.controllers[number].end()
        other = 1 - number
        began = time.monotonic()
        until(lambda other=other: set(county.leaders().values()) == {other}, "not handed over")  # type: ignore[misc]
        assert time.monotonic() - began < TAKEOVER_S / 2
        county.controllers[number] = county.start(number)
        until(lambda: set(county.leaders().values()) == {0, 1}, "they do not share again")
    until(lambda: all(county.shows(site, ORANGE) for site in SITES), "not confirmed in the end")
    assert county.colors_since(since) == {ORANGE}
    assert county.orders_only_rose()
