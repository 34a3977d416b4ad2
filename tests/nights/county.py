"""A county with two sites, led by two controllers with two brokers and one database, all real."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from controller.config.load import SCHEDULE
from tests.config.several_sites import write_sites
from tests.nights.ear import Listen
from tests.nights.far_box import FarBox
from tests.nights.programs import SECRET, Mosquitto, Program, Site
from tests.nights.waiting import until
from tests.postgres import Postgres

TAKEOVER_S = 8.0
ORANGE, BLUE = "#FFA500", "#0000FF"
SITES = ("north", "south")
ALWAYS = "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n"
SHARED = """version: 1
mqtt: {{broker: [{brokers}], topic_prefix: watertower, username: controller, password_file: mqtt-password}}
database: {{url: "{url}", password_file: database-password}}
web: {web}
"""
PAGE = '{{listen: "127.0.0.1:{port}", cert_file: page.pem, key_file: page.key}}'
LAMP = "{name: one, zone: bowl, profile: rgb, address: 1}"
OWN = """version: 1
site: {{name: {name}, latitude: 56.9, longitude: 14.6, time_zone: Europe/Stockholm}}
zones: [bowl]
gateways:
  - {{name: {name}, kind: dmx, output: simulated, universe: 1, fixtures: [{lamp}]}}
"""


def write_secrets(config: Path, postgres: Postgres) -> None:
    """Nothing but passwords, and a certificate for the page."""
    for path in config.iterdir():
        if path.is_file():
            path.unlink()
    (config / "mqtt-password").write_text(SECRET)
    (config / "database-password").write_text(postgres.password_file.read_text())
    for secret in ("mqtt-password", "database-password"):
        (config / secret).chmod(0o600)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 99 -subj /CN=page"
    files = ("-keyout", config / "page.key", "-out", config / "page.pem")
    subprocess.run([*command.split(), *files], check=True, capture_output=True)


def page(machine: Site, path: str) -> tuple[int, str]:
    """What the page of a controller answers."""
    answer = httpx.get(f"https://127.0.0.1:{machine.page_port}{path}", verify=False, timeout=20)  # noqa: S501
    return answer.status_code, answer.text


class County:
    """Two sites, each with a gateway; two controllers, each a machine of its own with the same files.

    In a far box the first controller reaches each broker, and the database, over a cable of its own. A `spare` is the
    server that the database is looked for on where the first one takes no writes."""

    def __init__(
        self,
        folder: Path,
        postgres: Postgres,
        brokers: tuple[Mosquitto, Mosquitto],
        ear: Listen,
        far_box: FarBox | None = None,
        spare: Postgres | None = None,
        *,
        pages: bool = False,
    ) -> None:
        for name in ("one", "two"):
            (folder / name).mkdir()
        self.machines = [Site(folder / name) for name in ("one", "two")]
        self.postgres, self.brokers, self.ear = postgres, brokers, ear(brokers[0])
        self._box = far_box
        ways = far_box.addresses if far_box is not None else ["127.0.0.1"] * 3
        for machine, (*hosts, host) in zip(self.machines, (ways, ["127.0.0.1"] * 3), strict=True):
            addresses = (f"mqtt://{each}:{broker.port}" for each, broker in zip(hosts, brokers, strict=True))
            url = postgres.url_at(host) if spare is None else postgres.url_with(spare)
            web = PAGE.format(port=machine.page_port) if pages else "off"
            self._write(machine.config, SHARED.format(brokers=", ".join(addresses), url=url, web=web))
        self.gateways = [self._gateway(name) for name in SITES]
        self.controllers = [self.start(number) for number in (0, 1)]

    def start(self, number: int) -> Program:
        """A controller, the first or the second."""
        within = self._box.within if self._box is not None and number == 0 else ()
        return self.machines[number].start("run", "--log-format", "json", within=within)

    def cut(self, *cables: int) -> None:
        """Pulls cables of the far box."""
        assert self._box is not None
        for cable in cables:
            self._box.pull(cable)

    def mend(self, *cables: int) -> None:
        """Puts them back."""
        assert self._box is not None
        for cable in cables:
            self._box.put_back(cable)

    def await_calm(self) -> None:
        """Until each controller leads one site, and is obeyed."""
        until(lambda: {self.obeyed(site) for site in SITES} == {0, 1}, "each leads one", 60)

    def obeyed(self, site: str) -> int | None:
        """Which controller leads a site and is obeyed."""
        return next((number for number in (0, 1) if self.obeys(site, number)), None)

    def leads(self, site: str) -> tuple[int, int] | None:
        """Which controller leads a site, and in which term, by what they log; None where it has ended since."""
        led = [
            (event["term"], number)
            for number, program in enumerate(self.controllers)
            for event in program.events("TWL-C060")
            if event["site"] == site
        ]
        term, number = max(led, default=(0, 0))
        return (number, term) if term and self.controllers[number].runs else None

    def leader(self, site: str) -> int | None:
        """Which controller leads a site."""
        leads = self.leads(site)
        return leads[0] if leads else None

    def obeys(self, site: str, number: int) -> bool:
        """Whether the gateway of a site has an order of this controller, which leads it, and is confirmed."""
        leads, report = self.leads(site), self.ear.last(f"watertower/{site}/gateway/{site}/reported")
        if leads is None or leads[0] != number or report is None or report.document["epoch"] < leads[1]:
            return False
        health = self.ear.last(f"watertower/{site}/controller/health", self.ear.heard.index(report))
        return health is not None and set(health.document["counts"]) == {"confirmed"}

    def await_takeover(self, number: int, site: str, fault: Callable[[], object]) -> float:
        """Until this controller leads a site after a fault, and is obeyed: seconds since the fault."""
        began = time.monotonic()
        fault()
        until(lambda: self.obeys(site, number), "nobody takes over")
        return time.monotonic() - began

    def leaders(self) -> dict[str, int | None]:
        """Of each site."""
        return {site: self.leader(site) for site in SITES}

    def shows(self, site: str, color: str) -> bool:
        """Whether the gateway reports it, and its controller confirms it."""
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

    def health(self, site: str) -> dict[str, Any]:
        """What its leader says of it."""
        last = self.ear.last(f"watertower/{site}/controller/health")
        return last.document if last is not None else {}

    def is_dark(self, site: str) -> bool:
        """Whether the gateway reports it."""
        report = self.ear.last(f"watertower/{site}/gateway/{site}/reported")
        return report is not None and not report.document["zones"]["bowl"]["on"]

    def override(self, site: str, color: str, end: str = "1 h") -> None:
        """Asks for a look by hand."""
        self.ask(site, look=color, until=end)

    def ask(self, site: str, **words: str) -> None:
        """Asks for something by hand."""
        request = {"version": 1, "id": f"asked-{time.monotonic()}", **words, "owner": "test", "reason": "test"}
        self.ear.say(f"watertower/{site}/override/set", json.dumps(request).encode())

    def colors_since(self, since: int) -> set[str]:
        """What lamps have shown since, by their own reports."""
        reports = [one for site in SITES for one in self.ear.on(f"watertower/{site}/gateway/{site}/reported", since)]
        return {one.document["zones"]["bowl"]["color"] for one in reports if not one.retain}

    def is_unchanged(self, site: str, color: str, since: int) -> bool:
        """Whether the lamps of a site have shown nothing else since, by their own reports."""
        reports = self.ear.on(f"watertower/{site}/gateway/{site}/reported", since)
        return {one.document["zones"]["bowl"]["color"] for one in reports if not one.retain} <= {color}

    def orders_only_rose(self) -> bool:
        """Whether no gateway obeyed an order after a higher one."""
        for site in SITES:
            told = [one.document for one in self.ear.on(f"watertower/{site}/gateway/{site}/reported") if not one.retain]
            orders = [(one["epoch"], one["revision"]) for one in told]
            if orders != sorted(orders):
                return False
        return True

    def close(self) -> None:
        """Ends all that runs."""
        for machine in self.machines:
            machine.close()

    def _write(self, config: Path, shared: str) -> None:
        write_secrets(config, self.postgres)
        write_sites(config, *SITES, shared_tower=shared)
        (config / SCHEDULE).write_text(ALWAYS, encoding="utf-8")
        for name in SITES:
            (config / "sites" / name / "tower.yaml").write_text(OWN.format(name=name, lamp=LAMP), encoding="utf-8")

    def _gateway(self, name: str) -> Program:
        machine = self.machines[0]
        return machine.start("gateway", name, "--site", name, "--log-format", "json", state=f"gateway-{name}")
