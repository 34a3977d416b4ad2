"""Writes events as lines for people or for machines, in its own thread, so that a reader who stopped reading never
delays the light. What does not fit in the queue, or on a full disk, is dropped and counted.

Under systemd each event is an entry of the journal with its own fields, by which it can be searched."""

import contextlib
import os
import queue
import socket
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal, TextIO

from controller.events import CATALOGUE, Event, Level, new_event
from controller.events.formatters import json_line, text_line
from controller.events.journal import entry
from controller.locale import DEFAULT, Language, load
from controller.threads import in_thread

LogFormat = Literal["text", "json"]
JOURNAL = "/run/systemd/journal/socket"
ROOM = 10_000
DRAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Voice:
    """The local time and language of lines, and the site they are about, if there are several."""

    zone: tzinfo
    language: Language
    site: str = ""


class Log:
    """Writes events to a stream until closed; DEBUG ones are left out. `voice` is that of the lines from now on. Raises
    OSError where its texts cannot be read."""

    def __init__(self, form: LogFormat, zone: tzinfo, language: Language, stream: TextIO = sys.stderr) -> None:
        self._form = form
        self.voice = voice_of(zone, language)
        self._stream = stream
        self._journal = _journal_behind(stream)
        self._lines: queue.Queue[tuple[datetime, str] | None] = queue.Queue(ROOM)
        self._dropped = 0
        self._is_over = threading.Event()

    def __enter__(self) -> "Log":
        in_thread("log", self._work)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._lines.put(None, timeout=DRAIN_S)
        except queue.Full:
            return
        self._is_over.wait(DRAIN_S)

    def emit(self, event: Event, at: datetime, voice: Voice | None = None) -> None:
        """Queues one event; returns immediately."""
        if event.level is Level.DEBUG:
            return
        try:
            self._lines.put_nowait((at, self._line(event, at, voice or self.voice)))
        except queue.Full:
            self._dropped += 1

    def _line(self, event: Event, at: datetime, voice: Voice) -> str:
        line = (
            json_line(event, at, voice.language, voice.site)
            if self._form == "json"
            else text_line(event, at, voice.zone, voice.language, voice.site)
        )
        return entry(event, line, voice.language, voice.site) if self._journal else f"{line}\n"

    def _work(self) -> None:
        try:
            self._write()
        finally:
            if self._journal:
                self._journal.close()
            self._is_over.set()

    def _write(self) -> None:
        while (queued := self._lines.get()) is not None:
            at, line = queued
            missing, self._dropped = self._dropped, 0
            try:
                if missing:
                    self._put(self._line(new_event("TWL-C041", count=missing), at, self.voice))
                self._put(line)
            except (BrokenPipeError, ValueError):
                return
            except OSError:
                self._dropped += missing + 1

    def _put(self, line: str) -> None:
        if self._journal:
            self._journal.sendall(line.encode("utf-8", "replace"))
        else:
            self._stream.write(line)
            self._stream.flush()


def voice_of(zone: tzinfo, language: Language, site: str = "") -> Voice:
    """A voice whose texts are loaded now, so that a service can go on logging when its files can no longer be read.
    Raises OSError if they cannot be read now."""
    for each in {language, DEFAULT}:
        load(each)
    len(CATALOGUE)  # reads every entry
    return Voice(zone, language, site)


def _journal_behind(stream: TextIO) -> socket.socket | None:
    """A socket to journald, if journald reads the stream (systemd.exec(5), JOURNAL_STREAM=); else None."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: a closed stream, or one without a file
        file = os.fstat(stream.fileno())
        if os.environ.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}":
            with contextlib.ExitStack() as unreachable:
                journal = unreachable.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
                journal.connect(JOURNAL)
                unreachable.pop_all()
                return journal
    return None
