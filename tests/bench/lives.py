"""From start to ready, from a broker's return to all confirmed, from a saved file to all commanded; and what it costs
that nothing happens."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.apart import Apart, Cost, broker
from tests.bench.cues import VENDOR, lead_s, leapt, since, site
from tests.bench.many_service import LAMPS, files
from tests.bench.table import OURS, Rounds, Row
from tests.parts import free_port

SETTLE_S, IDLE_S = 20.0, 30.0
SETTLE_MANY_S = 25.0


def start(count: int, rounds: int) -> Iterator[Row]:
    """From the start of the process until all confirm."""
    seen = Rounds()
    for _ in range(rounds):
        for who in ("script", OURS):
            with ExitStack() as held:
                port = held.enter_context(broker(Path(held.enter_context(TemporaryDirectory()))))
                fleet = "lamp" if who == OURS else who
                held.enter_context(Apart.running("fleet", port, fleet, "echo")).answer()
                words = ("many_service", port, count, VENDOR) if who == OURS else ("yardsticks", who, port, count)
                program = held.enter_context(Apart.running(*words))
                told = program.ask("ready")
                seen.note(who, {"took": 1e3 * (told["at"] - program.began_s), "load": 1e3 * told.get("load_cpu_s", 0)})
    yield Row("start to all confirmed", count, "ms", seen.median("took"), seen.beside("took", "script"))
    yield Row("of that, loading the files (CPU)", count, "ms", seen.median("load"), most=3_000.0)


def reload(count: int, rounds: int) -> Iterator[Row]:
    """From a saved schedule until the last lamp has the new colour; what the socket sends is encoded beforehand."""
    seen = Rounds()
    with site(count, "socket", OURS) as here:
        ours = here.programs[OURS]
        leapt(lead_s(count), ours)
        ours.ask("cue 0.005 0.5")
        for _ in range(rounds):
            for who, word in (("socket", "now"), (OURS, "reload")):
                here.fleets[who].ask("begin")
                told = here.programs[who].ask(word)
                heard = here.fleets[who].ask("end")
                seen.note(who, since(told | heard, "taken_s", "last", "confirmed_s"))
    yield Row("reload: noticed and read", count, "ms", seen.median("taken_s"))
    yield Row("reload: last commanded", count, "ms", seen.median("last"), seen.beside("last", "socket"))
    if count >= 1_000:  # of fewer it cannot be seen
        yield Row(
            "reload: all confirmed", count, "ms", seen.median("confirmed_s"), seen.beside("confirmed_s", "socket")
        )


@dataclass(frozen=True)
class Restarted:
    """A broker that can go and come back, with one program and its fleet."""

    folder: Path
    held: ExitStack
    port: int
    fleet: Apart
    program: Apart

    def restart(self) -> dict[str, float]:
        """Milliseconds from its return, as far as they are known."""
        self.program.say("lost")
        self.held.close()
        self.program.answer()
        self.held.enter_context(broker(self.folder, self.port))
        self.fleet.ask("begin")
        told = {"cue_s": time.clock_gettime(time.CLOCK_BOOTTIME)} | self.program.ask("back")
        return since(told, "connected_s", "confirmed_s")


@contextmanager
def restarted(who: str, count: int) -> Iterator[Restarted]:
    """Ready."""
    with TemporaryDirectory() as name, ExitStack() as running, ExitStack() as held:
        port = running.enter_context(broker(Path(name)))
        fleet = held.enter_context(Apart.running("fleet", port, "lamp" if who == OURS else who, "echo"))
        fleet.answer()
        words = ("many_service", port, count, VENDOR) if who == OURS else ("yardsticks", who, port, count)
        program = held.enter_context(Apart.running(*words))
        program.ask("ready")
        yield Restarted(Path(name), running, port, fleet, program)


def restart(count: int, rounds: int) -> Iterator[Row]:
    """From a broker that listens again, to which the lamps are connected, until all confirm."""
    seen = Rounds()
    for who in ("socket", "script", OURS):
        with restarted(who, count) as one:
            for _ in range(rounds):
                time.sleep(0.5)
                seen.note(who, one.restart())
    beside = seen.beside("confirmed_s", "socket", "script")
    yield Row("broker restarted: connected again", count, "ms", seen.median("connected_s"))
    yield Row("broker restarted: all confirmed", count, "ms", seen.median("confirmed_s"), beside)


def idle(count: int, rounds: int) -> Iterator[Row]:
    """`watertower run` when nothing happens, beside the script that waits; page off and on at the same time, each with
    a broker of its own."""
    is_short, seen = rounds == 1, (Rounds(), Rounds())
    with ExitStack() as held:
        pids = [_idlers(held, count, bool(page)) for page in range(2)]
        time.sleep(2.0 if is_short else SETTLE_S if count < 1_000 else SETTLE_MANY_S)
        before = [{who: Cost.of(pid) for who, pid in each.items()} for each in pids]
        time.sleep(2.0 if is_short else IDLE_S)
        for rows, each, began in zip(seen, pids, before, strict=True):
            for who, pid in each.items():
                rows.note(who, Cost.of(pid).since(began[who]))
    yield from _idle_rows("idle, page off", count, seen[0], 50.0)
    yield from _idle_rows("idle, page on", count, seen[1], 85.0)


def _idlers(held: ExitStack, count: int, page: bool) -> dict[str, int]:
    """Their processes."""
    folder = Path(held.enter_context(TemporaryDirectory()))
    port = held.enter_context(broker(folder))
    for fleet in ("lamp", "script"):
        held.enter_context(Apart.running("fleet", port, fleet, "echo")).answer()
    script = held.enter_context(Apart.running("yardsticks", "script", port, count))
    script.ask("ready")
    return {"script": script.process.pid, OURS: held.enter_context(_run(folder, port, count, page)).pid}


def _idle_rows(what: str, count: int, seen: Rounds, most_mib: float) -> Iterator[Row]:
    def row(name: str, unit: str, key: str, scale: float, most: float) -> Row:
        ours, beside = seen.median(key), seen.beside(key, "script")
        scaled = {who: scale * value for who, value in beside.items()}
        return Row(f"{what}: {name}", count, unit, ours and scale * ours, scaled, most=most if count == 1 else None)

    yield row("CPU", "% of a core", "cpu_share", 100.0, 0.2)
    yield row("wake-ups a second", "", "wake_ups_a_second", 1.0, 4.0)
    yield row("resident", "MiB", "resident_kb", 1 / 1024, most_mib)


@contextmanager
def _run(folder: Path, port: int, count: int, page: bool) -> Iterator[subprocess.Popen[bytes]]:
    """The service as it is installed, whose page, where there is one, was looked at."""
    config, web_port = files(folder / "config", port, LAMPS[VENDOR].format(count)), free_port()
    if page:
        tower = config / "tower.yaml"
        text = tower.read_text(encoding="utf-8")
        tower.write_text(text.replace("web: off", f'web: {{listen: "127.0.0.1:{web_port}"}}'), encoding="utf-8")
    words = ("--config", str(config), "--state", str(folder / "state"), "run")
    command = [sys.executable, "-m", "controller", *words]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log, env=os.environ) as run:
        try:
            if page:
                _look(web_port)
            yield run
        finally:
            run.terminate()


def _look(port: int) -> None:
    for path in ("/", "/schedule", "/public"):
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                    answer.read()
                    break
            except OSError:
                time.sleep(0.1)
