"""`watertower gateway NAME`: one of each name at a time, and which changes of the files concern it."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from controller.app import reload
from controller.app.log_writer import Log
from controller.cli import gateway as gateway_command
from controller.cli.gateway import GatewayFiles, GatewaySettings
from controller.clock import SystemClock
from controller.config.load import load
from controller.state.in_use import in_use

BLUE = "version: 1\ncampaigns:\n  - {name: Blå, dates: every day, color: blue}\n"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The gateways that would run until a signal; here each ends at once."""
    names: list[str] = []

    async def serve(settings: GatewaySettings, _files: GatewayFiles) -> None:
        names.append(settings.gateway.name)

    monkeypatch.setattr(gateway_command, "serve", serve)
    return names


def test_gateways_of_different_names_run_on_one_machine(call: Any, tmp_path: Path, served: list[str]) -> None:
    """Beside one another and beside the service, with one state directory."""
    with in_use(tmp_path / "state"), in_use(tmp_path / "state", "gateway-gate"):
        assert call("gateway", "mast").exit_code == 0
    assert served == ["mast"]


def test_a_gateway_does_not_run_twice(call: Any, tmp_path: Path, served: list[str]) -> None:
    """Two would send the same levels in turn."""
    with in_use(tmp_path / "state", "gateway-mast"):
        refused = call("gateway", "mast")
    assert (refused.exit_code, served) == (1, [])
    assert "TWL-J028" in refused.stderr


def test_a_gateway_that_is_not_in_the_file_is_refused_with_those_that_are(call: Any, served: list[str]) -> None:
    """By its name as typed."""
    refused = call("gateway", "mats")
    assert served == []
    assert all(word in refused.stderr for word in ("TWL-Q103", "mats", "mast"))


class Following:
    """A gateway that follows the files of a folder: its settings after each change, and the lines that it logs."""

    def __init__(self, folder: Path, log: Log, lines: io.StringIO) -> None:
        self.config = folder / "config"
        files = GatewayFiles(self.config, folder / "state", folder / "service", log, SystemClock())
        settings = GatewaySettings.of(load(self.config), "mast", folder / "service")
        self._changed = files.changed(settings)
        self.next = asyncio.ensure_future(anext(self._changed))
        self.lines = lines

    def save(self, name: str, text: str) -> None:
        """As an editor does."""
        new = self.config / f"{name}.new"
        new.write_text(text, encoding="utf-8")
        new.replace(self.config / name)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for what must come."""
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Follows them no longer."""
        self.next.cancel()
        await asyncio.wait([self.next])
        await self._changed.aclose()


@pytest.fixture
async def following(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Following]:
    """On a copy of the shipped files; seconds are hundredths."""
    for name in ("LOOK_S", "STILL_S", "RETRY_S"):
        monkeypatch.setattr(reload, name, getattr(reload, name) / 50)
    (tmp_path / "state").mkdir()
    lines = io.StringIO()
    with Log("text", UTC, "en", lines) as log:
        files = Following(config.parent, log, lines)
        await files.until((tmp_path / "state" / "last-good" / "tower.yaml").exists)
        yield files
        await files.end()


async def test_a_new_schedule_does_not_restart_a_gateway(following: Following, tmp_path: Path) -> None:
    """It gets the schedule from the controller; the copy for its next start has the new file."""
    following.save("schedule.yaml", BLUE)
    copy = tmp_path / "state" / "last-good" / "schedule.yaml"
    await following.until(lambda: copy.read_text("utf-8") == BLUE)
    assert not following.next.done()


async def test_a_gateway_goes_on_with_good_files_and_takes_the_mended_ones(following: Following) -> None:
    """What is wrong is logged; the changed address is the one that it restarts with."""
    tower = (following.config / "tower.yaml").read_text("utf-8")
    following.save("tower.yaml", tower.replace("address: 13", "address: 12"))
    await following.until(lambda: "TWL-O131" in following.lines.getvalue())
    assert not following.next.done()
    following.save("tower.yaml", tower.replace("address: 13", "address: 17"))
    await following.until(following.next.done)
    assert following.next.result().gateway.fixtures[-1].address == 17


async def test_a_gateway_that_is_taken_out_of_the_file_goes_on(following: Following) -> None:
    """Its lamps would go out with it; the reason is logged."""
    tower = (following.config / "tower.yaml").read_text("utf-8")
    following.save("tower.yaml", tower.replace("name: mast", "name: roof"))
    await following.until(lambda: "TWL-O131" in following.lines.getvalue())
    assert not following.next.done()
    assert "mast" in following.lines.getvalue()
