"""What a cue costs at least: `python -m tests.bench.yardsticks KIND PORT COUNT [confirm]`, a process apart.

`socket`: packets encoded beforehand, written by a bare socket at the instant. `paho`: topics and payload ready, paho on
its own in one thread. A word `cue SECONDS` on stdin is answered by one line of JSON after it is over; instants are
seconds of CLOCK_BOOTTIME.
"""

import asyncio
import json
import sys
import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.mqtt_packets import Packets, opened, publish

PAYLOADS = (
    b'{"state":"ON","brightness":255,"color":{"r":255,"g":106,"b":0}}',
    b'{"state":"OFF"}',
)


def now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Socket:
    """Written at one stroke by a thread that waits for room; another connection hears the reports."""

    def __init__(self, port: int, count: int, *, confirm: bool) -> None:
        self._line = opened(port, b"bare")
        self._reports = opened(port, b"bare-reports", b"socket/+") if confirm else None
        self._count = count
        self._rounds = 0
        threading.Thread(target=self._drain, daemon=True).start()
        self._heard = 0
        self._confirmed_s: float | None = None
        if self._reports is not None:
            threading.Thread(target=self._hear, daemon=True).start()

    def _drain(self) -> None:
        while self._line.recv(65536):
            pass

    def _hear(self) -> None:
        assert self._reports is not None
        packets = Packets()
        while data := self._reports.recv(1 << 18):
            acks = []
            for head, body in packets.cut(data):
                if head & 0xF0 == 0x30:
                    at = 2 + int.from_bytes(body[:2])
                    acks.append(b"\x40\x02" + body[at : at + 2])
            self._reports.sendall(b"".join(acks))
            self._heard += len(acks)
            if self._heard >= self._count and self._confirmed_s is None:
                self._confirmed_s = now_s()

    async def cue(self, before_s: float) -> dict[str, object]:
        payload = PAYLOADS[self._rounds % 2]
        self._rounds += 1
        self._heard, self._confirmed_s = 0, None
        packets = b"".join(publish(b"socket/%d/set" % i, payload, i % 65_535 + 1) for i in range(self._count))
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        cue_s = now_s() + before_s

        def write() -> None:
            self._line.sendall(packets)
            done.set()

        loop.call_at(loop.time() + cue_s - now_s(), write)
        await done.wait()
        for _ in range(3000):
            await asyncio.sleep(0.01)
            if self._reports is None or self._confirmed_s is not None:
                break
        return {"cue_s": cue_s, "confirmed_s": self._confirmed_s}


class Paho:
    """`loop` driven by hand while it publishes: no thread. It hears no reports."""

    def __init__(self, port: int, count: int, **_: bool) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "paho")
        self._client.max_inflight_messages = 0
        self._client.connect("127.0.0.1", port)
        while not self._client.is_connected():
            self._client.loop(0.1)
        self._client.socket().setsockopt(6, 1, 1)
        self._topics = [f"paho/{i}/set" for i in range(count)]
        self._rounds = 0

    async def cue(self, before_s: float) -> dict[str, object]:
        payload = PAYLOADS[self._rounds % 2]
        self._rounds += 1
        cue_s = now_s() + before_s
        while now_s() < cue_s - 0.002:
            self._client.loop(max(0.0, min(1.0, cue_s - now_s() - 0.002)))
        while now_s() < cue_s:
            pass
        for topic in self._topics:
            self._client.publish(topic, payload, 1)
        until_s = now_s() + 1
        while self._client.want_write() or now_s() < until_s:
            self._client.loop(0.1)
        return {"cue_s": cue_s, "confirmed_s": None}


KINDS = {"socket": Socket, "paho": Paho}


async def main(kind: str, port: int, count: int, confirm: bool) -> None:
    yardstick = KINDS[kind](port, count, confirm=confirm)
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    while words := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        print(json.dumps(await yardstick.cue(float(words[1]))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), "confirm" in sys.argv[4:]))
