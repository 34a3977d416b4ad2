"""The USB widget: messages byte by byte, and a port that comes, goes and gets stuck."""

import asyncio
import itertools
import os
import tty
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from controller.dmx import output as dmx_output
from controller.dmx.output import OutputSource
from controller.dmx.outputs import Enttec, enttec
from controller.dmx.outputs.enttec import SEND_DMX, dmx, message
from controller.events import Event
from controller.events.models import Reason
from controller.gateways.outputs import EnttecOutput
from tests.parts import require

FRAME = 518


class Widget:
    """The other end of a pseudo terminal, and the name under which the system knows our end."""

    def __init__(self, name: Path) -> None:
        self.heard = b""
        require("terminal")
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._name = name
        name.unlink(missing_ok=True)
        name.symlink_to(os.ttyname(slave))
        os.close(slave)

    def read(self) -> bytes:
        """Everything that came so far."""
        while True:
            try:
                self.heard += os.read(self._master, 65_536)
            except OSError:  # nothing more, or nobody has the other end open
                return self.heard

    def say(self, data: bytes) -> None:
        """What a widget sends by itself."""
        os.write(self._master, data)

    @property
    def frames(self) -> list[bytes]:
        """The levels of the whole frames so far."""
        heard = self.read()
        return [heard[at + 5 : at + FRAME - 1] for at in range(0, len(heard) - FRAME + 1, FRAME)]

    def unplug(self) -> None:
        """Pulls the widget out."""
        self._name.unlink(missing_ok=True)
        if self._master >= 0:
            os.close(self._master)
        self._master = -1


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The paces are constants; what happens in their order is the same in a fifth of the time."""
    for module, name in ((enttec, "MEND_S"), (enttec, "STALL_S"), (dmx_output, "SETTLE_S")):
        monkeypatch.setattr(module, name, getattr(module, name) / 5)


@pytest.fixture
def plug_in(tmp_path: Path) -> Iterator[Callable[[], Widget]]:
    """Plugs a widget in, always under the same name."""
    widgets: list[Widget] = []

    def make() -> Widget:
        widgets.append(Widget(tmp_path / "widget"))
        return widgets[-1]

    yield make
    for widget in widgets:
        widget.unplug()


@pytest.fixture
def settings(tmp_path: Path) -> EnttecOutput:
    """The widget by its name."""
    return EnttecOutput(kind="enttec-usb-pro", port=str(tmp_path / "widget"))


@pytest.mark.parametrize(
    "name",
    ["enttec-ref-empty", "enttec-ref-serial", "enttec-ref-dmx5", "enttec-orange-24", "enttec-orange-full"],
)
def test_messages_are_those_of_others(vector: Callable[[str], Any], name: str) -> None:
    """Byte by byte as other implementations have them."""
    given, wanted = vector(name)["given"], bytes.fromhex(vector(name)["payload"])
    if "data" in given:
        assert message(given["label"], bytes(given["data"])) == wanted
    else:
        assert given["label"] == SEND_DMX
        levels = given.get("dmx") or given["dmx_first"]
        assert dmx(bytes(levels).ljust(given.get("dmx_len", 0), b"\0")) == wanted


async def test_levels_reach_the_widget(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
) -> None:
    """All 512 slots, again and again; what the widget says is thrown away."""
    widget = plug_in()
    async with Enttec(settings, source, events.append) as output:
        output.send(7, b"\xff\x6a\x00")
        widget.say(b"\x7e\x05\x02\x00\x00\x00\xe7" * 50)
        await soon(lambda: len(widget.frames) >= 4)
        assert output.sent(7) == b"\xff\x6a\x00"
        assert output.problems == ()
    assert widget.read() == dmx(b"\xff\x6a\x00" + bytes(509)) * len(widget.frames)
    assert events == []


async def test_a_port_that_another_program_uses_is_reported_as_such(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
) -> None:
    """Locked by it; the system itself only says that the port gives nothing now."""
    plug_in()
    with serial.Serial(settings.port, exclusive=True):
        async with Enttec(settings, source, events.append):
            await soon(lambda: events)
    assert (events[0].code, events[0].fields["error"]) == ("TWL-X111", Reason("port_in_use"))


async def test_the_last_levels_are_written_before_the_end(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The widget goes on with them alone."""
    # a pseudo-terminal has nothing to drain: what its kernel thread has not moved on by then would be discarded
    monkeypatch.setattr("serial.Serial.reset_output_buffer", lambda _: None)
    widget = plug_in()
    async with Enttec(settings, source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.sent(1))
        output.send(1, b"\x02")
    await soon(lambda: widget.frames[-1][0] == 2)


async def test_a_widget_is_found_again_after_it_was_unplugged(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
) -> None:
    """The loss is noticed at once, reported once, and shown; plugged in again it gets the present light."""
    widget = plug_in()
    async with Enttec(settings, source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: len(widget.frames) >= 4)  # the next frame is 0.9 s away
        widget.unplug()
        await soon(lambda: output.problems == ("TWL-X111",))
        assert output.sent(1) is None
        output.send(1, b"\x02")
        await asyncio.sleep(1.2 * enttec.MEND_S)
        again = plug_in()
        await soon(lambda: again.frames)
        assert again.frames[0][0] == 2
        await soon(lambda: output.sent(1) == b"\x02")
        await soon(lambda: output.problems == ())
    assert [event.code for event in events] == ["TWL-X111", "TWL-X103"]


async def test_a_widget_may_come_later(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
) -> None:
    """No port at the start is a problem that heals, not a reason to end."""
    async with Enttec(settings, source, events.append) as output:
        output.send(1, b"\x03")
        await soon(lambda: output.problems == ("TWL-X111",))
        widget = plug_in()
        await soon(lambda: widget.frames)
    assert events[0].fields["to"] == settings.port


@pytest.mark.parametrize("content", [None, b"no serial port"])
async def test_what_is_no_serial_port_is_a_problem(
    tmp_path: Path,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    content: bytes | None,
) -> None:
    """A folder or a file in the place of the device."""
    path = tmp_path / "thing"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    settings = EnttecOutput(kind="enttec-usb-pro", port=str(path))
    async with Enttec(settings, source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.problems == ("TWL-X111",))


async def test_a_stuck_port_stalls_nobody(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
) -> None:
    """Nobody reads: the loop goes on, the problem is shown, and later frames are whole again."""
    widget = plug_in()
    async with Enttec(settings, source, events.append) as output:
        turns = itertools.cycle(range(256))
        await soon(lambda: output.send(1, bytes([next(turns)])) or output.problems == ("TWL-X112",))
        assert output.sent(1) is None
        output.send(1, b"\xaa")
        widget.read()
        widget.heard = b""
        await soon(lambda: widget.frames and widget.frames[-1][0] == 0xAA)
    assert [event.code for event in events][:1] == ["TWL-X112"]


async def test_a_stuck_port_does_not_hold_up_the_end(
    plug_in: Callable[[], Widget],
    settings: EnttecOutput,
    source: OutputSource,
    events: list[Event],
) -> None:
    """What the widget will never take is not waited for."""
    plug_in()
    async with asyncio.timeout(10):
        async with Enttec(settings, source, events.append) as output:
            for turn in range(50):
                output.send(1, bytes([turn]))
                await asyncio.sleep(0.025)


async def test_a_widget_has_one_universe(settings: EnttecOutput, source: OutputSource, events: list[Event]) -> None:
    """A second one would have to be shown in the place of the first."""
    async with Enttec(settings, source, events.append) as output:
        output.send(5, b"\x01")
        output.send(5, b"\x02")
        with pytest.raises(ValueError, match="one universe"):
            output.send(6, b"\x01")
