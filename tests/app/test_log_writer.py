"""The log of a service: a line an event, whatever becomes of what it is written to."""

import errno
import io
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.app import log_writer
from controller.app.log_writer import Log
from controller.events import new_event

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Disk(io.StringIO):
    """A log file on a disk that is full for a while."""

    full = False
    refused = 0

    def flush(self) -> None:
        """Fails as a file does."""
        if self.full:
            self.refused += self.getvalue().count("\n")
            self.seek(0)
            self.truncate()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Pipe(io.StringIO):
    """A pipe that nobody reads until the test does."""

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
                log.emit(new_event("TWL-J004", file=f"{full} {number}"), NOON)
            end_s = time.monotonic() + 20
            while disk.refused < 3 and time.monotonic() < end_s:
                time.sleep(0.01)
    lost, *lines = map(json.loads, disk.getvalue().splitlines())
    assert (lost["code"], lost["count"]) == ("TWL-C041", 3)
    assert [line["file"] for line in lines] == [f"False {number}" for number in range(3)]


def test_nobody_waits_for_a_log_that_takes_nothing() -> None:
    """Neither the code that logs nor the shutdown waits."""
    pipe = Pipe()
    began = time.monotonic()
    with Log("text", UTC, "en", pipe) as log:
        for number in range(12_000):
            log.emit(new_event("TWL-J004", file=number), NOON)
        told = time.monotonic()
    ended = time.monotonic()
    pipe.read.set()
    assert ended - told < 20
    assert told - began < 60


def test_lines_for_which_there_was_no_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the log knows how many are missing."""
    monkeypatch.setattr(log_writer, "ROOM", 200)
    monkeypatch.setattr(log_writer, "DRAIN_S", 30.0)
    pipe, count = Pipe(), 300
    with Log("json", UTC, "en", pipe) as log:
        for number in range(count):
            log.emit(new_event("TWL-J004", file=number), NOON)
        pipe.read.set()
    written = [json.loads(line) for line in pipe.getvalue().splitlines()]
    missing = [each["count"] for each in written if each["code"] == "TWL-C041"]
    assert sum(missing) >= 90
    assert sum(missing) + len(written) - len(missing) == count


@pytest.fixture
def journald(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What journald receives."""
    monkeypatch.setattr(log_writer, "JOURNAL", str(tmp_path / "journal"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "journal"))
        heard.settimeout(5)
        yield heard


def test_the_journal_gets_the_fields_of_an_event(
    journald: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the line; what comes from outside makes no field of its own."""
    with (tmp_path / "log").open("w") as stream:
        file = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{file.st_dev}:{file.st_ino}")
        with Log("text", UTC, "sv", stream) as log:
            log.emit(new_event("TWL-G104", gateway="mast\nPRIORITY=0", age_s=75.0), NOON)
            told = journald.recv(10_000).decode()
        assert (tmp_path / "log").read_text() == ""
    fields = dict(line.split("=", 1) for line in told.splitlines())
    assert len(told.splitlines()) == len(fields)
    assert fields["MESSAGE"].startswith("2026-11-20 12:00:00 ERROR   TWL-G104 mast\\nPRIORITY=0 är tyst")
    assert (fields["WATERTOWER_GATEWAY"], fields["WATERTOWER_AGE_S"]) == ("mast\\nPRIORITY=0", "75")
    assert (fields["PRIORITY"], fields["WATERTOWER_CODE"]) == ("3", "TWL-G104")
    assert len(fields["MESSAGE_ID"]) == 32


@pytest.mark.usefixtures("journald")
def test_a_log_that_journald_does_not_read_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the terminal of a desktop, which hands on the variable of its own log."""
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    with (tmp_path / "log").open("w") as stream, Log("text", UTC, "en", stream) as log:
        log.emit(new_event("TWL-G105", gateway="mast"), NOON)
    assert (tmp_path / "log").read_text() == "2026-11-20 12:00:00 INFO    TWL-G105 mast is back\n"
