"""The service with many gateways in a process of its own: `python -m tests.bench.many_service PORT COUNT [KIND]`.

It runs what `watertower run` runs, on a clock that leaps from one cue to the seconds before the next. It takes words on
stdin, one a line, and answers each with a line of JSON: `ready` once all gateways confirm; `leap SECONDS` goes to so
long before the next cue; `cue TICK` lives through it, looks at the loop every so many seconds, and prints what it cost;
`reload` saves another colour; `lost` once the broker has gone; `idle SECONDS`. Instants are seconds of CLOCK_BOOTTIME.
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
from controller.rfc3339 import rfc3339
from controller.service.degradations import Degradations
from controller.state import StateStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CUE = datetime(2026, 3, 1, 18, tzinfo=UTC)
DAY = timedelta(days=1)
LONGEST_S = 60.0
COLORS = "orange", "blue"
SCHEDULE = """version: 1
campaigns:
  - {name: Bench, hours: "19:00 to 05:00", color: %s, dates: every day}
"""
TOWER = """version: 1
site: {name: Bench, latitude: 56.9, longitude: 14.6, time_zone: Europe/Stockholm, language: en}
mqtt: {broker: "mqtt://127.0.0.1:%d", topic_prefix: w}
zones: [bowl]
web: off
palette: {orange: "#FF6A00", blue: "#0077B6"}
gateways:
"""
LAMPS = {
    "home-assistant": """  - name: lamp-[1..{0}]
    kind: home-assistant
    zone: bowl
    command_topic: lamp/[1..{0}]/set
    state_topic: lamp/[1..{0}]
""",
    "dmx": """  - name: lamp-[1..{0}]
    kind: dmx
    output: simulated
    report_every: 10 min
    fixtures: [{{name: spot, zone: bowl, profile: rgb, address: 1}}]
""",
}


class LeapingClock:
    """A trusted clock that leaps from cue to cue, and goes at the pace of the machine's own."""

    def __init__(self) -> None:
        self._next_cue = CUE
        self._wall, self._mono = NOON, boot_time()

    def leap(self, before_s: float) -> float:
        """It is so long before the next cue: when that is, in boot time."""
        self._wall, self._mono = self._next_cue - timedelta(seconds=before_s), boot_time()
        self._next_cue += DAY
        return self._mono + before_s

    def read(self) -> ClockReading:
        """Now."""
        mono = boot_time()
        return ClockReading(self._wall + timedelta(seconds=mono - self._mono), mono)

    def real_s(self, wall_s: float) -> float:
        """One to one."""
        return wall_s


def files(folder: Path, port: int, lamps: str) -> Path:
    """tower.yaml with these gateways, and schedule.yaml."""
    folder.mkdir()
    (folder / "tower.yaml").write_text(TOWER % port + lamps, encoding="utf-8")
    (folder / "schedule.yaml").write_text(SCHEDULE % COLORS[0], encoding="utf-8")
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
    folder: Path
    cue_s: float = 0.0
    reloads: int = 0

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
        self.cue_s = self.clock.leap(before_s)
        wall = rfc3339(self.clock.read().wall + timedelta(seconds=self.cue_s - boot_time()))
        await asyncio.sleep(max(0.0, before_s - 1.0))
        return {"is_confirmed": self.is_confirmed, "cue_s": self.cue_s, "wall": wall}

    async def cue(self, tick_s: float, after_s: float = 3.0) -> dict[str, object]:
        """Live through the cue, and so long after all confirm; a tick costs CPU itself, but shows how long the loop is
        held up."""
        cue_s, cpu_s, before = self.cue_s, time.process_time(), self.service.controller.cue
        held_up_s = {"before": 0.0, "after": 0.0}
        confirmed_s = confirmed_cpu_s = None
        due_s = boot_time() + tick_s
        while (now_s := boot_time()) < min(cue_s + LONGEST_S, (confirmed_s or now_s) + after_s):
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

    async def reload(self) -> dict[str, object]:
        """Another colour is saved; until all confirm it."""
        self.reloads += 1
        before = self.service.controller.program
        (self.folder / "schedule.yaml").write_text(SCHEDULE % COLORS[self.reloads % 2], encoding="utf-8")
        saved_s = boot_time()
        while self.service.controller.program is before:
            await asyncio.sleep(0.002)
        taken_s = boot_time()
        while self.is_confirmed and boot_time() < taken_s + 0.05:  # few have confirmed before we look
            await asyncio.sleep(0.002)
        return {"cue_s": saved_s, "taken_s": taken_s, "confirmed_s": (await self.ready())["at"]}

    async def lost(self) -> dict[str, object]:
        """The broker has gone."""
        while any(self.service.reach.values()):
            await asyncio.sleep(0.002)
        return {"at": boot_time()}

    async def back(self) -> dict[str, object]:
        """Connected again, and all confirm."""
        while not any(self.service.reach.values()):
            await asyncio.sleep(0.002)
        connected_s = boot_time()
        return {"connected_s": connected_s, "confirmed_s": (await self.ready())["at"]}

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
async def serving(setup: Setup, folder: Path, config: Path) -> AsyncIterator[Bench]:
    """As `watertower run`."""
    clock = LeapingClock()
    with (folder / "log").open("w", encoding="utf-8") as stream, Log("text", UTC, "en", stream) as log:
        degradations = Degradations(clock)
        async with StateStore(folder / "state", lambda event: log.emit(event, clock.read().wall)) as store:

            def tell(event: Event, at: datetime) -> None:
                log.emit(event, at)
                degradations.take(event, at)
                store.note(event, at)

            context = Context(setup, clock, store, folder / "state", tell, degradations, "en", config)
            async with running(context) as service:
                yield Bench(service, clock, config)


async def main(port: int, count: int, kind: str) -> None:
    """Until stdin ends, or `end`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # a copy of the files may still be made
        folder = Path(name)
        path = files(folder / "config", port, LAMPS[kind].format(count))
        began = time.process_time(), boot_time()
        setup = load(path)
        loaded = {"load_cpu_s": time.process_time() - began[0], "resident_kb": resident_kb()}
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        async with serving(setup, folder, path) as bench:
            loop = asyncio.get_running_loop()
            while (words := (await loop.run_in_executor(None, sys.stdin.readline)).split()) and words[0] != "end":
                match words:
                    case ["ready"]:
                        answer = {**loaded, "began_s": began[1], **await bench.ready()}
                    case [what, *seconds]:
                        answer = await getattr(bench, what)(*map(float, seconds))
                print(json.dumps(answer), flush=True)
            assert not bench.service.work.done()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "home-assistant"))
