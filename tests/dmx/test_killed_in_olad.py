"""What a real receiver has while the programs that feed it are killed: `watertower gateway` and `watertower run`, with
the broker inside. Every day all day, since these programs live in the present."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.cli import group
from controller.config.load import load
from controller.gateways.dmx import Dmx
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from tests.parts import needs

pytestmark = [pytest.mark.real, needs("olad")]

SHIPPED = Path(__file__).parents[2] / "config" / "tower.yaml"
GATEWAYS = """gateways:
  - name: wire
    kind: dmx
    output: {kind: sacn, to: 127.0.0.1}
    fixtures:
      - {name: bowl-north, zone: bowl, profile: rgbw, address: 1}
      - {name: shaft-north, zone: shaft, profile: rgb, address: 1, universe: 2}
  - name: node
    kind: dmx
    runs: here
    output: {kind: artnet, to: 127.0.0.1}
    universe: 11
    fixtures:
      - {name: bowl-ring, zone: bowl, profile: rgb, address: 100}
      - {name: shaft-foot, zone: shaft, profile: rgba, address: 7, universe: 12}
"""
SCHEDULE = """version: 1
campaigns:
  - {name: Alltid, dates: every day, hours: all day, color: {bowl: orange, shaft: blue}}
"""
PROGRAMS = {"controller": ("run",), "gateway": ("gateway", "wire")}
SCHEDULED = {"bowl": Color("#FF6A00"), "shaft": Color("#0000FF")}
LOOK = ("bowl=orange", "shaft=blue", "--until", "2 h", "--reason", "prov", "--brightness")
WITHIN_S = 60.0


class Site:
    """The programs of a site, each with a folder of its own for its state as on boxes of their own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.config = folder / "config"
        self.config.mkdir()
        head = SHIPPED.read_text(encoding="utf-8").partition("gateways:")[0]
        head = head.replace("broker: embedded", f'broker: embedded\n  listen: "127.0.0.1:{port}"')
        head = head.replace('web: {listen: "127.0.0.1:8080"}', "web: off")
        (self.config / "tower.yaml").write_text(head + GATEWAYS, encoding="utf-8")
        (self.config / "schedule.yaml").write_text(SCHEDULE, encoding="utf-8")
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def watertower(self, *words: str) -> list[str]:
        """The command line of one program."""
        state = self._folder / f"state-{words[0]}"
        return [sys.executable, "-m", "controller", "--config", str(self.config), "--state", str(state), *words]

    def start(self, name: str) -> None:
        """Starts one of PROGRAMS."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(self.watertower(*PROGRAMS[name]), stderr=log)

    def kill(self, name: str) -> None:
        """Kill -9."""
        self._running[name].send_signal(signal.SIGKILL)
        self._running.pop(name).wait()

    def close(self) -> None:
        """Ends all that runs."""
        for name in tuple(self._running):
            self.kill(name)

    def levels(self, brightness: float) -> dict[int, bytes]:
        """What each universe is to have when the zones show their colours."""
        setup = load(self.config)
        zones = {zone: ZoneState(True, color, brightness) for zone, color in SCHEDULED.items()}
        patches = [setup.patch(gateway) for gateway in setup.tower.gateways if isinstance(gateway, Dmx)]
        return {universe: frame for patch in patches for universe, frame in patch.levels(zones).items()}

    def dim(self, percent: int) -> bool:
        """Asks the controller for an override; False where it does not run yet. In this process: a start of the command
        takes half a second."""
        words = self.watertower("override", *LOOK, f"{percent} %")
        return CliRunner().invoke(group, words[3:]).exit_code == 0

    @property
    def remembers(self) -> bool:
        """Whether both gateways have written the newest document to disk."""
        return all(any(self._folder.glob(f"state-*/gateway-{name}.json")) for name in ("wire", "node"))


@pytest.fixture
def site(olad: Any, tmp_path: Path) -> Iterator[Site]:
    """A site whose programs run, each of them heard by the receiver."""
    with ExitStack() as stack:
        made = Site(tmp_path, olad.free_port())
        stack.callback(made.close)
        for name in PROGRAMS:
            made.start(name)
        yield made


async def shows(olad: Any, frames: dict[int, bytes]) -> bool:
    """Whether every universe has its levels within a while."""
    return all([await olad.shows(universe, frame, within_s=WITHIN_S) for universe, frame in frames.items()])


async def test_what_was_killed_comes_back_without_a_flash(
    olad: Any, site: Site, soon: Callable[..., Any], in_one_direction: Callable[..., bool]
) -> None:
    """Gateway, controller, both: the receiver holds the look that was right, then dims straight to the next one."""
    look = site.levels(1.0)
    assert await shows(olad, look)
    await soon(lambda: site.remembers, WITHIN_S)
    for percent, victims in ((70, ["gateway"]), (40, ["controller"]), (20, ["controller", "gateway"])):
        dimmed = site.levels(percent / 100)
        with olad.watched(look) as seen:
            for name in victims:
                site.kill(name)
            for name in victims:
                site.start(name)
            async with asyncio.timeout(WITHIN_S):
                while not await asyncio.to_thread(site.dim, percent):
                    await asyncio.sleep(0.2)
            assert await shows(olad, dimmed)
        for universe in look:
            had = [one.levels for one in seen if one.universe == universe]
            assert (had[0], had[-1]) == (look[universe], dimmed[universe])
            assert in_one_direction(had)
        look = dimmed
