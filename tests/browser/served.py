"""A real service with its page, in another time, with accounts and lamps."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result

from controller.state.accounts import AccountStore
from controller.state.audit import Actor
from controller.state.roles import Role, Source
from tests.browser.lamps import Lamps
from tests.nights.programs import Program, Site
from tests.nights.waiting import until
from tests.parts import free_port

PASSWORD = "häst batteri klammer"
EVENING = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
"""14 minutes past nine on the fifth evening of the campaign week."""
PATIENT_S = 200.0
"""A lamp that did not answer gets one command a minute."""
ZONE_OF = {"norr": "bowl", "soder": "bowl", "fot": "shaft", "entre": "shaft"}
YEAR = """version: 1
# Året i ljus. Raderna nedan är avsiktligt skrivna på olika sätt.

campaigns:
  - name: Julafton
    nights: julafton
    color: dark
  - name: En vecka fri från våld
    dates: 20–26 november         # arrangören bestämmer
    hours: sunset to sunrise
    color: orange
    brightness: 100 %
    fade_in: 30 s
    fade_out: 2 min
    about: {sv: Kommuner i hela landet uppmärksammar våld i nära relationer., en: Towns all over the country light up.}
    link: https://www.alvesta.se/
  # läggs ut av nätverket
  - name: Orange the World
    nights: 25 nov–10 dec
    hours: sunset to 23:00
    color: orange
    brightness: 60 %
  - name: Advent och jul
    nights: first Sunday of Advent to 13 januari
    hours: [sunset to 23:00, "05:00 to sunrise"]
    color: varmvit
  - name: Alvesta Pride
    nights: 23–29 augusti 2027
    color: [red, orange, yellow, green, blue, violet]
    change_every: 60 s
  - {name: Sveriges nationaldag, nights: 6 juni, color: {bowl: yellow, shaft: blue}}

every_night: []
blackouts:
  - {name: Flyttfåglar, nights: 1–10 maj, hours: 22:00 to 04:00}
"""
"""A year of seven rules, in which some give way."""


def lamp(name: str, zone: str) -> dict[str, str]:
    """The keys of a gateway that `Lamps` plays."""
    topic = f"lamps/{name}"
    return {
        "name": name,
        "kind": "home-assistant",
        "zone": zone,
        "command_topic": f"{topic}/set",
        "state_topic": topic,
        "availability_topic": f"{topic}/there",
    }


class ServedTower(Site):
    """A copy of the shipped site with its page; its lamps are simulated here, where `gateways` is true. One account of
    each role is named after it; all have PASSWORD."""

    def __init__(self, folder: Path, gateways: Iterable[dict[str, Any]] | None = None, schedule: str = "") -> None:
        super().__init__(folder)
        self.web_port = free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.edit("tower.yaml", "web: off", f'web: {{listen: "127.0.0.1:{self.web_port}"}}')
        self.lamps: Lamps | None = None
        self.program: Program | None = None
        self._began = EVENING, time.monotonic()
        if gateways is not None:
            self.put_gateways(gateways)
        if schedule:
            (self.config / "schedule.yaml").write_text(schedule, encoding="utf-8")

    def put_gateways(self, gateways: Iterable[dict[str, Any]]) -> None:
        """In place of those that are there."""
        path = self.config / "tower.yaml"
        head, _, _ = path.read_text(encoding="utf-8").partition("gateways:\n")
        lines = "".join(f"  - {json.dumps(each, ensure_ascii=False)}\n" for each in gateways)
        path.write_text(f"{head}gateways:{' []' if not lines else ''}\n{lines}", encoding="utf-8")

    def add_people(self) -> None:
        """Before or while the service runs."""
        self.state.mkdir(exist_ok=True)
        store, by = AccountStore(self.state, lambda _: None), Actor("root", Source.COMMAND_LINE)
        for role in Role:
            store.add(role.value, role, PASSWORD, by, EVENING)
        store.close()

    def serve(self, at: datetime = EVENING, *, people: bool = True, lang: str = "sv") -> "ServedTower":
        """Starts the service, and waits until its page shows something; the lamps confirm after that."""
        if people and not self.state.exists():
            self.add_people()
        self._began = at, time.monotonic()
        self.travel(at)
        return self.restart(lang)

    @property
    def now(self) -> datetime:
        """The time in which the service lives."""
        at, mono = self._began
        return at + timedelta(seconds=time.monotonic() - mono)

    def restart(self, lang: str = "sv") -> "ServedTower":
        """Starts the service again."""
        self.program = self.start("run", "--log-format", "json", lang=lang)
        until(self._answers, f"the page does not answer: {self.program.log}")
        if self.lamps is None:
            self.lamps = Lamps(self)
        return self

    def confirmed(self) -> "ServedTower":
        """Waits until every gateway confirms."""
        until(lambda: self.status().get("amiss") == 0, "not all gateways confirm", PATIENT_S)
        return self

    def status(self) -> dict[str, Any]:
        """The output of `status --json`; nothing before the first turn."""
        return dict(json.loads(self.call("status", "--json").stdout or "{}"))

    def call(self, *words: str, state: str = "state", lang: str = "en") -> Result:
        """As of any site, but in a thread: the driver of browsers has a running loop in this one."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(super().call, *words, state=state, lang=lang).result()

    def get(self, path: str) -> tuple[int, str]:
        """Without a browser and without an account."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310  our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def _answers(self) -> bool:
        assert self.program is not None
        assert self.program.runs, self.program.log
        try:
            return self.get("/public")[0] == 200
        except OSError:
            return False

    def close(self) -> None:
        """Ends all that runs."""
        if self.lamps is not None:
            self.lamps.close()
        super().close()
