"""The log of a service: a line an event, whatever becomes of what it is written to."""

import errno
import io
import json
import os
import threading
import time
from datetime import UTC, datetime

from controller.app.log_writer import Log
from controller.events import new_event

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Disk(io.StringIO):
    """A log file on a disk that is full for a while."""

    full = False

    def flush(self) -> None:
        """Fails as a file does."""
        if self.full:
            self.seek(0)
            self.truncate()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Pipe(io.StringIO):
    """A pipe that nobody reads, until told."""

    def __init__(self) -> None:
        super().__init__()
        self.read = threading.Event()

    def write(self, text: str) -> int:
        """Waits."""
        self.read.wait()
        return super().write(text)


def test_a_log_on_a_full_disk_goes_on_when_there_is_room() -> None:
    """What could not be written is counted, in a line like any other."""
    disk = Disk()
    with Log("json", UTC, "en", disk) as log:
        for full in (True, False):
            disk.full = full
            for number in range(3):
                log.tell(new_event("TWL-J004", file=f"{full} {number}"), NOON)
            time.sleep(0.2)
    lost, *lines = map(json.loads, disk.getvalue().splitlines())
    assert (lost["code"], lost["count"]) == ("TWL-C041", 3)
    assert [line["file"] for line in lines] == [f"False {number}" for number in range(3)]


def test_nobody_waits_for_a_log_that_takes_nothing() -> None:
    """Neither who tells, nor who ends."""
    pipe = Pipe()
    began = time.monotonic()
    with Log("text", UTC, "en", pipe) as log:
        for number in range(12_000):
            log.tell(new_event("TWL-J004", file=number), NOON)
        told = time.monotonic()
    ended = time.monotonic()
    pipe.read.set()
    assert ended - told < 3
    assert told - began < 10
