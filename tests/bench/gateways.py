"""DMX gateways of our own in a process apart: `python -m tests.bench.gateways PORT HOST COUNT [UNIVERSES]`.

They are what `watertower gateway` runs, each with a universe of its own, or one with many; their levels go by sACN to
HOST. The word `leap SECONDS` goes to so long before the next cue, any other only prints the time.
"""

import asyncio
import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from controller.app import broker_settings
from controller.app.assembly import process
from controller.config.load import load
from controller.events import Event
from controller.gateways import own_gateways
from controller.rfc3339 import rfc3339
from tests.bench.many_service import LeapingClock, files

LAMP = """  - name: lamp-{0}
    kind: dmx
    output: {{kind: sacn, to: {1}}}
    report_every: 10 min
    fixtures:
{2}"""
FIXTURE = "      - {{name: spot-{0}, zone: bowl, profile: rgb, universe: {0}, address: 1}}\n"


def lamps(host: str, count: int, universes: int) -> str:
    """`count` gateways with a universe each, or one with `universes` of them."""
    patched = [range(number, number + 1) for number in range(1, count + 1)] if count > 1 else [range(1, universes + 1)]
    return "".join(
        LAMP.format(number, host, "".join(FIXTURE.format(universe) for universe in patch))
        for number, patch in enumerate(patched, 1)
    )


async def main(port: int, host: str, count: int, universes: int = 1) -> None:
    """Until stdin ends."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        setup = load(files(folder / "config", port, lamps(host, count, universes)))
        clock, brokers = LeapingClock(), broker_settings.addresses(setup.tower.mqtt)
        loop = asyncio.get_running_loop()

        def tell(event: Event, at: datetime) -> None:
            del event, at

        works = [process(setup, gateway, clock, folder, tell) for gateway in own_gateways(setup.tower.gateways)]
        tasks = [asyncio.create_task(work.run(brokers, "Bench")) for work in works]
        while words := (await loop.run_in_executor(None, sys.stdin.readline)).split():
            cue = {"cue_s": clock.leap(float(words[1]))} if words[0] == "leap" else {}
            print(json.dumps(cue | {"wall": rfc3339(clock.read().wall)}), flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])))
