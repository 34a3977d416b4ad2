"""Processes apart that answer words, and what they cost, as Linux counts it."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts import mosquitto

OPEN = (
    "allow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\nlog_type none\n"
    "max_connections -1\n"
)
SACN_PORT, SACN_HEAD = 5568, 126
FRAME_S = 1 / 40
"""As the DMX gateway has it; a process that is measured must not import that."""
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 20.0
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


def now_s() -> float:
    """The clock by which every process of the bench goes: seconds of CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Apart:
    """A module of this folder in a process of its own: a word goes in, a line comes out."""

    def __init__(self, module: str, *words: object) -> None:
        self.began_s = now_s()
        command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, words)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @classmethod
    @contextmanager
    def running(cls, module: str, *words: object) -> Iterator["Apart"]:
        """Until the end of the block."""
        apart = cls(module, *words)
        try:
            yield apart
        finally:
            apart.end()

    def end(self) -> None:
        """In order where it can."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.stdin.close()
            self.process.wait(PATIENCE_S)
        self.process.kill()
        self.process.wait()

    def say(self, words: str) -> None:
        """Hand it words, whose answer is read later."""
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next line; raises RuntimeError where the process has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"ended too soon: {self.process.args!r}")
        return json.loads(line) if line.startswith("{") else {"said": line.strip()}

    def ask(self, words: str) -> dict[str, Any]:
        """The answer to these words."""
        self.say(words)
        return self.answer()


@dataclass(frozen=True)
class Cost:
    """What a process has used so far."""

    at_s: float
    cpu_s: float
    woken: int
    resident_kb: int

    @classmethod
    def of(cls, pid: int) -> "Cost":
        """Of a process and all its threads, also those that have ended; `woken` counts only those that live."""
        process = Path(f"/proc/{pid}")
        words = (process / "stat").read_text().rpartition(")")[2].split()
        lines = (line for task in (process / "task").iterdir() for line in (task / "status").read_text().splitlines())
        woken = sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))
        resident = int((process / "statm").read_text().split()[1])
        return cls(now_s(), (int(words[11]) + int(words[12])) / TICKS_A_SECOND, woken, resident * PAGE_KB)

    def since(self, before: "Cost") -> dict[str, float]:
        """Share of a core, and wake-ups a second, since a moment before; resident memory now."""
        took_s = self.at_s - before.at_s
        return {
            "cpu_share": (self.cpu_s - before.cpu_s) / took_s,
            "wake_ups_a_second": (self.woken - before.woken) / took_s,
            "resident_kb": self.resident_kb,
        }


@contextmanager
def broker(folder: Path, port: int = 0) -> Iterator[int]:
    """A mosquitto with nothing in its way: its port."""
    with mosquitto(folder, OPEN, port) as (taken, _):
        yield taken
