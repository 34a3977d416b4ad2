"""Frames of the DMX gateway while all its universes fade: how far from a frame two packets are apart, and the CPU."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from controller.gateways.wire import DesiredDocument, ZoneLook
from tests.bench.apart import Apart, Cost, broker
from tests.bench.cues import HOSTS
from tests.bench.mqtt_packets import opened, publish
from tests.bench.table import OURS, Rounds, Row

FADE_S, LOOK_S = 4.0, 3.0
RED, GREEN = ZoneLook(on=True, color="#FF0000"), ZoneLook(on=True, color="#00FF00", fade_s=FADE_S)
"""From one to the other each frame has other levels than the one before."""


def desired(revision: int, look: ZoneLook, at: datetime) -> bytes:
    """A document that is dated now."""
    head = {"version": 1, "epoch": 1, "revision": revision, "command_id": ""}
    document = DesiredDocument(issued_at=at, valid_until=at + timedelta(days=2), zones={"bowl": look}, **head)
    return document.model_dump_json(exclude_none=True).encode()


def frames(count: int, rounds: int) -> Iterator[Row]:
    """So many universes of one gateway, beside as many bare packets each frame."""
    seen, bare = Rounds(), "datagrams"
    with ExitStack() as held:

        def running(*words: object) -> Apart:
            return held.enter_context(Apart.running(*words))

        port = held.enter_context(broker(Path(held.enter_context(TemporaryDirectory()))))
        sinks = {
            who: running("fleet", port, f"sink-{number}", "sink", host)
            for number, (who, host) in enumerate(HOSTS.items())
        }
        for sink in sinks.values():
            sink.answer()
        ours = running("gateways", port, HOSTS[OURS], 1, count)
        ours.ask("time")
        yardstick = running("yardsticks", "frames", HOSTS[bare], count)
        yardstick.ask("ready")
        line = opened(port, b"desk")
        for number in range(1, rounds + 1):
            yardstick.say(f"fade {FADE_S}")
            seen.note(bare, _looked(yardstick, sinks[bare]))
            yardstick.answer()
            for revision, look in ((2 * number, RED), (2 * number + 1, GREEN)):
                at = datetime.fromisoformat(ours.ask("time")["wall"])
                line.sendall(publish(b"w/gateway/lamp-1/desired", desired(revision, look, at), revision, retain=True))
                time.sleep(0.3)
            seen.note(OURS, _looked(ours, sinks[OURS]))
            time.sleep(1.0)
        line.close()
    what = f"{count} universe{'s' if count > 1 else ''}"
    for name, key, unit in (
        ("off by, median", "p50", "ms"),
        ("off by, 99th of 100", "p99", "ms"),
        ("CPU", "cpu", "% of a core"),
        ("frames a second", "hz", ""),
    ):
        yield Row(f"DMX frames, {what}: {name}", None, unit, seen.median(key), seen.beside(key, bare))


def _looked(program: Apart, sink: Apart) -> dict[str, float]:
    """A few seconds of frames."""
    time.sleep(0.3)
    before = Cost.of(program.process.pid)
    sink.ask("begin")
    time.sleep(LOOK_S)
    told = sink.ask("end")
    used = Cost.of(program.process.pid).since(before)
    return {
        "p50": 1e3 * told["jitter_p50_s"],
        "p99": 1e3 * told["jitter_p99_s"],
        "hz": told["frames"] / max(1, told["lit"]) / LOOK_S,
        "cpu": 100 * used["cpu_share"],
    }
