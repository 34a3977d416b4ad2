"""One border of fifty sites, led by two controllers on one database, and by one: `python -m tests.bench --only pair`.

All are real: `watertower run`, PostgreSQL, a mosquitto. The border is the full minute, so each round takes one.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.apart import Apart, Cost, broker, now_s
from tests.bench.table import OURS, Rounds, Row
from tests.parts import ended_after
from tests.postgres import DATABASE, Postgres

SITES = 50
ALONE = "alone"
HOURS_AHEAD = 2
START_S, SETTLED_S, CALM_S, LONGEST_S = 600.0, 15.0, 10.0, 45.0
SHARED = """version: 1
mqtt: {{broker: "mqtt://127.0.0.1:{port}", topic_prefix: w}}
database: {{url: "{url}", password_file: "{password}"}}
zones: [bowl]
web: off
palette: {{orange: "#FF6A00", blue: "#0077B6"}}
"""
SITE = """version: 1
site: {{name: {name}, latitude: 56.9, longitude: 14.6, time_zone: UTC, language: en}}
gateways:
  - name: lamp-[1..{count}]
    kind: home-assistant
    zone: bowl
    command_topic: lamp/{name}-[1..{count}]/set
    state_topic: lamp/{name}-[1..{count}]
"""
BLUE = '  - {{name: Blue {0}, hours: "{0} to {1}", color: blue, dates: every day}}\n'
ORANGE = "  - {name: Orange, hours: all day, color: orange, dates: every day}\n"


def schedule(begin: datetime) -> str:
    """Blue in every second minute, for so many hours; the borders are the full minutes."""
    minutes = [begin + timedelta(minutes=2 * each) for each in range(30 * HOURS_AHEAD)]
    blues = (BLUE.format(f"{each:%H:%M}", f"{each + timedelta(minutes=1):%H:%M}") for each in minutes)
    return "version: 1\ncampaigns:\n" + "".join(blues) + ORANGE


def files(folder: Path, port: int, postgres: Postgres, count: int, sites: int) -> Path:
    """The configuration of all sites, with so many gateways each."""
    folder.mkdir()
    shared = SHARED.format(port=port, url=postgres.url, password=postgres.password_file)
    (folder / "tower.yaml").write_text(shared, encoding="utf-8")
    now = datetime.now(UTC)  # noqa: TID251 -- the programs go by it
    (folder / "schedule.yaml").write_text(schedule(now.replace(second=0, microsecond=0)), encoding="utf-8")
    for number in range(sites):
        own = folder / "sites" / f"s{number}"
        own.mkdir(parents=True)
        (own / "tower.yaml").write_text(SITE.format(name=own.name, count=count), encoding="utf-8")
    return folder


@contextmanager
def controllers(folder: Path, config: Path, how_many: int) -> Iterator[list[int]]:
    """So many `watertower run`: their numbers."""
    with ExitStack() as stack:
        pids = []
        for number in range(how_many):
            words = ["--config", str(config), "--state", str(folder / f"state-{number}"), "run"]
            log = stack.enter_context((folder / f"log-{number}").open("wb"))
            command = [sys.executable, "-m", "controller", *words]
            pids.append(stack.enter_context(ended_after(subprocess.Popen(command, stderr=log))).pid)
        yield pids


def await_all(fleet: Apart, count: int, within_s: float) -> dict[str, float]:
    """Until each gateway was commanded; raises RuntimeError."""
    end_s = now_s() + within_s
    while (told := fleet.ask("end"))["count"] < count:
        if now_s() > end_s:
            raise RuntimeError(f"{told['count']} of {count} were commanded")
        time.sleep(1.0)
    return told


def border(fleet: Apart, pids: list[int], count: int) -> dict[str, float]:
    """The next full minute: milliseconds until the first and the last command, and the CPU of each controller until all
    is calm again, at most and in all, microseconds a gateway."""
    wall_s = time.time()  # noqa: TID251 -- the programs go by it
    at_s = now_s() + 60.0 - wall_s % 60.0
    if at_s - now_s() < CALM_S:
        at_s += 60.0
    time.sleep(at_s - now_s() - CALM_S)
    before = [Cost.of(pid).cpu_s for pid in pids]
    fleet.ask("begin")
    time.sleep(CALM_S)
    told = await_all(fleet, count, LONGEST_S)
    time.sleep(max(0.0, told["last"] + CALM_S - now_s()))
    used = [Cost.of(pid).cpu_s - each for pid, each in zip(pids, before, strict=True)]
    return {
        "first": 1e3 * (told["first"] - at_s),
        "last": 1e3 * (told["last"] - at_s),
        "cpu_each": 1e6 * max(used) / count,
        "cpu_all": 1e6 * sum(used) / count,
        "load": os.getloadavg()[0],
    }


def pair(count: int, rounds: int) -> Iterable[Row]:
    """Two controllers beside one: when the last gateway is commanded, and what each costs."""
    sites = min(SITES, count)
    noted = Rounds()
    for who, how_many in ((OURS, 2), (ALONE, 1)):
        with TemporaryDirectory(ignore_cleanup_errors=True) as name, ExitStack() as stack:
            folder = Path(name)
            postgres = Postgres(folder)
            stack.callback(postgres.remove)
            port = stack.enter_context(broker(folder))
            fleet = stack.enter_context(Apart.running("fleet", port, "lamp", "echo"))
            fleet.answer()
            config = files(folder / "config", port, postgres, count // sites, sites)
            pids = stack.enter_context(controllers(folder, config, how_many))
            all_of_them = count // sites * sites
            await_all(fleet, all_of_them, START_S)
            time.sleep(SETTLED_S)
            leads = postgres.tell("SELECT count(*) FROM watertower.leases GROUP BY holder", database=DATABASE)
            if sorted(leads) != [(sites // how_many,)] * how_many:
                raise RuntimeError(f"{how_many} controllers lead {leads}")
            for _ in range(rounds):
                noted.note(who, border(fleet, pids, all_of_them))
    for figure, unit, times in (
        ("last", "ms", 1.1),
        ("first", "ms", None),
        ("cpu_each", "µs", 0.6),
        ("cpu_all", "µs", None),
        ("load", "", None),
    ):
        yield Row(f"pair: {WORDS[figure]}", count, unit, noted.median(figure), noted.beside(figure, ALONE), times=times)


WORDS = {
    "last": "last commanded",
    "first": "first commanded",
    "cpu_each": "CPU of each a gateway and border, at most",
    "cpu_all": "CPU of all a gateway and border",
    "load": "load of the machine",
}
