"""The service with many gateways in a process of its own: `python -m tests.bench.many_service PORT COUNT [KIND]`.

It runs what `watertower run` runs, on a clock that leaps from one cue to the seconds before the next. It takes words on
stdin, one a line, and answers each with a line of JSON: `ready` once all gateways confirm; `leap SECONDS` goes to so
long before the next cue; `cue TICK` lives through it, looks at the loop every so many seconds, and tells what it cost;
`idle SECONDS`. Instants are seconds of CLOCK_BOOTTIME.
"""

import asyncio
import gc
import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.app.assembly import Context, Running, running
from controller.app.log_writer import Log
from controller.cli.run import COLLECT_AFTER
from controller.clock import ClockReading, boot_time
from controller.config.load import Setup, load
from controller.events import Event
from controller.service.degradations import Degradations
from controller.state import StateStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CUE = datetime(2026, 3, 1, 18, tzinfo=UTC)
DAY = timedelta(days=1)
LONGEST_S = 60.0
SCHEDULE = """version: 1
campaigns:
  - {name: Bench, hours: "19:00 to 05:00", color: orange, dates: every day}
"""
TOWER = """version: 1
site: {name: Bench, latitude: 56.9, longitude: 14.6, time_zone: Europe/Stockholm, language: en}
mqtt: {broker: "mqtt://127.0.0.1:%d", topic_prefix: w}
zones: [bowl]
web: off
palette: {orange: "#FF6A00"}
gateways:
"""
LAMP = (
    """  - {{name: lamp-{0}, kind: home-assistant, zone: bowl, command_topic: lamp/{0}/set, state_topic: lamp/{0}}}\n"""
)


class LeapingClock:
    """A trusted clock whose wall time can be set, at the pace of the machine's own."""

    def __init__(self, wall: datetime) -> None:
        self.leap(wall)

    def leap(self, wall: datetime) -> None:
        """It is this time now."""
        self._wall, self._mono = wall, boot_time()

    def read(self) -> ClockReading:
        """Now."""
        mono = boot_time()
        return ClockReading(self._wall + timedelta(seconds=mono - self._mono), mono)

    def real_s(self, wall_s: float) -> float:
        """One to one."""
        return wall_s

    def boot_s(self, wall: datetime) -> float:
        """When this time is."""
        return self._mono + (wall - self._wall).total_seconds()


def files(folder: Path, port: int, count: int) -> Path:
    """tower.yaml and schedule.yaml with so many gateways."""
    folder.mkdir()
    lamps = "".join(LAMP.format(number) for number in range(count))
    (folder / "tower.yaml").write_text(TOWER % port + lamps, encoding="utf-8")
    (folder / "schedule.yaml").write_text(SCHEDULE, encoding="utf-8")
    return folder


def resident_kb() -> int:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def switches() -> int:
    """How often a thread of this process has waited: each time it was woken."""
    tasks = Path("/proc/self/task").iterdir()
    lines = (line for task in tasks for line in (task / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))


@dataclass
class Bench:
    """The running service, and what is measured of it."""

    service: Running
    clock: LeapingClock
    next_cue: datetime = CUE
    cue_s: float = 0.0

    @property
    def is_confirmed(self) -> bool:
        """Whether all gateways confirm what is desired now."""
        controller = self.service.controller
        return len(controller.confirmed_zones) == len(controller.program.zones)

    async def ready(self) -> dict[str, object]:
        """All confirm for the first time."""
        while not self.is_confirmed:
            await asyncio.sleep(0.01)
        return {"at": boot_time(), "resident_kb": resident_kb(), "cpu_s": time.process_time()}

    async def leap(self, before_s: float) -> dict[str, object]:
        """Go to so long before the next cue, and return a second before it."""
        self.clock.leap(self.next_cue - timedelta(seconds=before_s))
        self.cue_s = self.clock.boot_s(self.next_cue)
        self.next_cue += DAY
        await asyncio.sleep(max(0.0, self.cue_s - 1.0 - boot_time()))
        return {"is_confirmed": self.is_confirmed}

    async def cue(self, tick_s: float) -> dict[str, object]:
        """Live through the cue; a tick costs CPU itself, but tells how long the loop is held up."""
        cue_s, cpu_s, before = self.cue_s, time.process_time(), self.service.controller.cue
        held_up_s = {"before": 0.0, "after": 0.0}
        confirmed_s = confirmed_cpu_s = None
        due_s = boot_time() + tick_s
        while (now_s := boot_time()) < min(cue_s + LONGEST_S, (confirmed_s or now_s) + 3.0):
            await asyncio.sleep(max(0.0, due_s - boot_time()))
            now_s = boot_time()
            when = "after" if now_s >= cue_s else "before"
            held_up_s[when] = max(held_up_s[when], now_s - due_s)
            due_s = max(due_s + tick_s, now_s + tick_s / 2)
            if confirmed_s is None and self.service.controller.cue is not before and self.is_confirmed:
                confirmed_s, confirmed_cpu_s = now_s, time.process_time() - cpu_s
        return {
            "cue_s": cue_s,
            "confirmed_s": confirmed_s,
            "held_up_s": held_up_s["after"],
            "held_up_before_s": held_up_s["before"],
            "cpu_confirmed_s": confirmed_cpu_s,
            "cpu_s": time.process_time() - cpu_s,
            "resident_kb": resident_kb(),
        }

    async def idle(self, seconds: float) -> dict[str, object]:
        """Nothing happens."""
        begun_s, woken, cpu_s = boot_time(), switches(), time.process_time()
        await asyncio.sleep(seconds)
        took_s = boot_time() - begun_s
        return {
            "wake_ups_a_second": (switches() - woken) / took_s,
            "cpu_share": (time.process_time() - cpu_s) / took_s,
            "resident_kb": resident_kb(),
        }


@asynccontextmanager
async def serving(setup: Setup, folder: Path) -> AsyncIterator[Bench]:
    """As `watertower run`."""
    clock = LeapingClock(NOON)
    with (folder / "log").open("w", encoding="utf-8") as stream, Log("text", UTC, "en", stream) as log:
        degradations = Degradations(clock)
        async with StateStore(folder / "state", lambda event: log.tell(event, clock.read().wall)) as store:

            def tell(event: Event, at: datetime) -> None:
                log.tell(event, at)
                degradations.take(event, at)
                store.note(event, at)

            context = Context(setup, clock, store, folder / "state", tell, degradations, "en")
            async with running(context) as service:
                yield Bench(service, clock)


async def main(port: int, count: int) -> None:
    """Until stdin ends, or `end`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = files(folder / "config", port, count)
        began = time.process_time(), boot_time()
        setup = load(path)
        loaded = {"load_cpu_s": time.process_time() - began[0], "resident_kb": resident_kb()}
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        async with serving(setup, folder) as bench:
            loop = asyncio.get_running_loop()
            while (words := (await loop.run_in_executor(None, sys.stdin.readline)).split()) and words[0] != "end":
                match words:
                    case ["ready"]:
                        answer = {**loaded, "began_s": began[1], **await bench.ready()}
                    case [what, seconds]:
                        answer = await getattr(bench, what)(float(seconds))
                print(json.dumps(answer), flush=True)
            assert not bench.service.work.done()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
