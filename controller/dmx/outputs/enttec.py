"""ENTTEC DMX USB Pro and compatible widgets: the message as a pure function, and the output that writes it.

The widget itself repeats the last levels while it has power. They are sent repeatedly all the same, so that a widget
that lost its power or its plug shows them again, and its loss is noticed.
"""

import asyncio
import errno
import os
import termios
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from controller.dmx.output import FRAME_S, SLOTS, OnEvent, Output, OutputSource, OutputStatus, now
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.gateways.outputs import EnttecOutput
from controller.threads import run_blocking

if TYPE_CHECKING:
    import serial

START, END = 0x7E, 0xE7
SEND_DMX = 6
START_CODE = b"\0"

MEND_S = 1.0
"""Seconds between attempts to open a lost port by its name: plugged in again, it is another device."""
STALL_S = 2.0
"""Seconds without progress after which a port is closed and opened again."""
OPEN_LIMIT_S = 5.0
CLOSE_LIMIT_S = 0.2
FAULTS = (OSError, termios.error)


def message(label: int, data: bytes) -> bytes:
    """One message to the widget; the length is little-endian."""
    return bytes((START, label)) + len(data).to_bytes(2, "little") + data + bytes((END,))


def dmx(levels: bytes) -> bytes:
    """The message that sends a universe."""
    return message(SEND_DMX, START_CODE + levels)


class Enttec(Output):
    """Drives the one universe of a widget."""

    def __init__(self, settings: EnttecOutput, source: OutputSource, on_event: OnEvent) -> None:
        super().__init__(source)
        self._path = settings.port
        self._status = OutputStatus(source.gateway, settings.port, on_event)
        self._port: serial.Serial | None = None
        self._abandoned: list[serial.Serial] = []
        self._rest = b""
        self._moved_at = 0.0
        self._broken = asyncio.Event()

    @property
    def problems(self) -> tuple[str, ...]:
        """The code of what is wrong now."""
        return self._status.problems

    def send(self, universe: int, levels: bytes) -> None:
        """Takes the newest levels; raises ValueError for a second universe."""
        if self._pacer.streams.keys() - {universe}:
            raise ValueError(f"the widget has one universe, and {universe} would be another")
        super().send(universe, levels)

    def _transmit(self, universe: int, levels: bytes) -> bool:  # noqa: ARG002
        if self._rest:
            self._write()
        if self._port is None or self._rest:
            return False
        self._rest = dmx(levels.ljust(SLOTS, b"\0"))  # some widgets accept only 256 or 512 slots
        self._moved_at = now()
        self._write()
        return self._port is not None and not self._rest

    def _write(self) -> None:
        """Writes as much of the rest as the port accepts, and asks to be called again for what is left."""
        if self._port is None:
            return
        try:
            taken = _write_some(self._port, self._rest)
        except OSError as error:
            self._break("TWL-X111", reason_of(error))
            return
        self._rest = self._rest[taken:]
        if taken:
            self._moved_at = now()
        if not self._rest:
            asyncio.get_running_loop().remove_writer(self._port.fileno())
            self._status.works(now())
        elif now() - self._moved_at > STALL_S:
            self._break("TWL-X112", Reason("nothing_taken"))
        else:
            asyncio.get_running_loop().add_writer(self._port.fileno(), self._write)

    def _read(self) -> None:
        """Discards what the widget sends; end of file means that the widget is gone."""
        try:
            gone = self._port is not None and not os.read(self._port.fileno(), 4096)
        except BlockingIOError:
            return
        except OSError as error:
            self._break("TWL-X111", reason_of(error))
            return
        if gone:
            self._break("TWL-X111", Reason("unplugged"))

    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        return {f"mend {self._path}": self._mend()}

    async def _mend(self) -> NoReturn:
        while True:
            self._broken.clear()
            try:
                async with asyncio.timeout(OPEN_LIMIT_S):  # a USB driver may hang
                    port = await run_blocking(f"open {self._path}", self._open)
            except FAULTS as error:
                is_locked = getattr(error, "errno", None) == errno.EAGAIN  # by another program
                self._status.fails("TWL-X111", Reason("port_in_use") if is_locked else reason_of(error), now())
            else:
                asyncio.get_running_loop().add_reader(port.fileno(), self._read)
                self._port = port
                await self._broken.wait()
            await self._shut()
            await asyncio.sleep(MEND_S)

    def _open(self) -> "serial.Serial":
        import serial  # noqa: PLC0415  takes 0.3 MB, and few towers have a widget

        # the rate is a dummy: the widget's USB chip ignores it
        return serial.Serial(self._path, baudrate=57_600, timeout=0, write_timeout=0, exclusive=True)

    def _break(self, code: str, error: Reason) -> None:
        self._status.fails(code, error, now())
        self._pacer.lose()
        self._let_go()
        self._broken.set()

    def _let_go(self) -> None:
        if self._port is not None:
            asyncio.get_running_loop().remove_reader(self._port.fileno())
            asyncio.get_running_loop().remove_writer(self._port.fileno())
            self._abandoned.append(self._port)
        self._port, self._rest = None, b""

    async def _farewell(self) -> None:
        """Waits until the last levels have left the computer."""
        if self._rest:
            await asyncio.sleep(FRAME_S)
        if self._port is not None and not self._rest:
            with suppress(*FAULTS):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await run_blocking(f"drain {self._path}", self._port.flush)

    async def _close(self) -> None:
        self._let_go()
        await self._shut()

    async def _shut(self) -> None:
        while self._abandoned:
            port = self._abandoned.pop()
            with suppress(*FAULTS):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await run_blocking(f"close {self._path}", partial(_discard, port))


def _write_some(port: "serial.Serial", data: bytes) -> int:
    """Number of bytes that the port accepted; pyserial's own write would spin while the port is full."""
    try:
        return os.write(port.fileno(), data)
    except BlockingIOError:
        return 0


def _discard(port: "serial.Serial") -> None:
    """Closes a port and drops its output, for which a close would wait (30 s, tty closing_wait)."""
    with suppress(*FAULTS):
        port.reset_output_buffer()
    port.close()
