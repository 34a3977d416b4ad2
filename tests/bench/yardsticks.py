"""What the same costs at least: `python -m tests.bench.yardsticks KIND PORT COUNT`, a process apart.

`socket`: packets encoded beforehand, written by a bare socket at the instant. `paho`: topics and payload ready, paho on
its own in one thread. `script`: `afternoon.py`. `frames` sends bare packets of sACN instead, to a HOST in the place of
the port. Words on stdin are answered by a line of JSON each; instants are seconds of
CLOCK_BOOTTIME:

`ready`: connected, and what all gateways report was heard once. `cue SECONDS`: one after another that fits into the
time. `now`: the packets at once. `lost`: the broker has gone; `back`: it is there again, was sent all once more, and
what all report was heard. `fade SECONDS`: frames at the pace of the DMX gateway.
"""

import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.afternoon import Script
from tests.bench.apart import FRAME_S, SACN_HEAD, SACN_PORT, now_s
from tests.bench.mqtt_packets import Packets, opened, publish

PAYLOADS = (
    b'{"state":"ON","brightness":255,"color":{"r":255,"g":106,"b":0}}',
    b'{"state":"OFF"}',
)
LONGEST_S = 30.0


class Yardstick:
    """What all share: a payload for each round, and the time at which all reports of it were heard."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._count = count
        self._rounds = 0

    def _next_payload(self) -> bytes:
        self._rounds += 1
        return PAYLOADS[self._rounds % 2]


class Socket(Yardstick):
    """Written at once by a thread that waits for room; another connection receives the reports."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(port, count)
        self._heard = threading.Event()
        self._missing, self._confirmed_s = 0, 0.0
        self._open()

    def _open(self) -> None:
        self._gone = threading.Event()
        self._line = opened(self._port, b"bare")
        reports = opened(self._port, b"bare-reports", b"socket/+")
        threading.Thread(target=self._drain, args=(self._line,), daemon=True).start()
        threading.Thread(target=self._hear, args=(reports,), daemon=True).start()

    def _drain(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while line.recv(65536):
                pass

    def _hear(self, reports: socket.socket) -> None:
        packets = Packets()
        with contextlib.suppress(OSError):
            while data := reports.recv(1 << 18):
                acks = []
                for head, body in packets.cut(data):
                    if head & 0xF0 == 0x30:
                        at = 2 + int.from_bytes(body[:2])
                        acks.append(b"\x40\x02" + body[at : at + 2])
                reports.sendall(b"".join(acks))
                self._missing -= len(acks)
                if acks and self._missing <= 0 and not self._heard.is_set():
                    self._confirmed_s = now_s()
                    self._heard.set()
        self._gone.set()

    def _prepared(self) -> bytes:
        payload = self._next_payload()
        self._missing = self._count
        self._heard.clear()
        return b"".join(publish(b"socket/%d/set" % i, payload, i % 65_535 + 1) for i in range(self._count))

    async def ready(self) -> dict[str, object]:
        """All is sent, and all reports have arrived."""
        return await self.now()

    async def now(self) -> dict[str, object]:
        """Packets ready, written at once."""
        packets = self._prepared()
        began_s = now_s()
        self._line.sendall(packets)
        await self._answered()
        return {"cue_s": began_s, "confirmed_s": self._confirmed_s}

    async def _answered(self) -> None:
        if not await asyncio.to_thread(self._heard.wait, LONGEST_S):
            raise TimeoutError("not all reports were heard")

    async def cue(self, before_s: float) -> dict[str, object]:
        """A bare `call_at`."""
        packets = self._prepared()
        loop = asyncio.get_running_loop()
        cue_s = now_s() + before_s
        loop.call_at(loop.time() + cue_s - now_s(), self._line.sendall, packets)
        await asyncio.sleep(before_s)
        await self._answered()
        return {"cue_s": cue_s, "confirmed_s": self._confirmed_s}

    async def lost(self) -> dict[str, object]:
        """The connection has ended."""
        await asyncio.to_thread(self._gone.wait)
        return {"at": now_s()}

    async def back(self) -> dict[str, object]:
        """Tried without a pause."""
        while True:
            with contextlib.suppress(OSError):
                self._open()
                return await self.now()
            await asyncio.sleep(0.005)


class Paho(Yardstick):
    """`loop` driven by hand while it publishes: no thread."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(port, count)
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "paho")
        self._client.max_inflight_messages = 0
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        while not self._client.is_connected():
            self._client.loop(0.1)
        line = self._client.socket()
        assert isinstance(line, socket.socket)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.subscribe("paho/+", 1)
        self._topics = [f"paho/{i}/set" for i in range(count)]

    def _hear(self, *_: object) -> None:
        self._missing -= 1

    async def ready(self) -> dict[str, object]:
        """All is sent, and all reports have arrived."""
        return await self.cue(0.2)

    async def cue(self, before_s: float) -> dict[str, object]:
        """Spins for the last 2 ms."""
        payload = self._next_payload()
        self._missing = self._count
        cue_s = now_s() + before_s
        while now_s() < cue_s - 0.002:
            self._client.loop(max(0.0, min(1.0, cue_s - now_s() - 0.002)))
        while now_s() < cue_s:
            pass
        for topic in self._topics:
            self._client.publish(topic, payload, 1)
        while self._missing > 0 and now_s() < cue_s + LONGEST_S:
            self._client.loop(0.1)
        return {"cue_s": cue_s, "confirmed_s": now_s()}


class Afternoon(Yardstick):
    """The script of an afternoon."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(port, count)
        self._script = Script(port, count, PAYLOADS[1])

    async def ready(self) -> dict[str, object]:
        """All is sent, and all reports have arrived."""
        confirmed_s = await asyncio.to_thread(self._confirmed_s)
        return {"at": confirmed_s, "confirmed_s": confirmed_s}

    def _confirmed_s(self) -> float | None:
        return now_s() if self._script.confirmed.wait(LONGEST_S) else None

    async def cue(self, before_s: float) -> dict[str, object]:
        """A job of the scheduler."""
        self._script.confirmed.clear()
        cue_s, wall_s = now_s() + before_s, time.clock_gettime(time.CLOCK_REALTIME) + before_s
        self._script.show_at(wall_s, self._next_payload())
        return {"cue_s": cue_s, "confirmed_s": await asyncio.to_thread(self._confirmed_s)}

    async def lost(self) -> dict[str, object]:
        """It answers at once, and waits for the connection in `back`."""
        self._script.confirmed.clear()
        return {"at": now_s()}

    async def back(self) -> dict[str, object]:
        """paho connects by itself."""
        return {"confirmed_s": await asyncio.to_thread(self._confirmed_s)}


class Frames(Yardstick):
    """Bare packets of levels to as many universes."""

    def __init__(self, host: str, count: int) -> None:
        super().__init__(SACN_PORT, count)
        self._to = host, SACN_PORT
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._send()

    def _send(self) -> None:
        self._rounds += 1
        head, levels = bytearray(SACN_HEAD), bytes([self._rounds & 0xFF]) * 512
        for universe in range(1, self._count + 1):
            head[113:115] = universe.to_bytes(2)
            self._line.sendto(bytes(head) + levels, self._to)

    async def ready(self) -> dict[str, object]:
        """At once."""
        return {}

    async def cue(self, before_s: float) -> dict[str, object]:
        """A bare `call_at`."""
        loop = asyncio.get_running_loop()
        cue_s = now_s() + before_s
        loop.call_at(loop.time() + cue_s - now_s(), self._send)
        await asyncio.sleep(before_s + 0.1)
        return {"cue_s": cue_s}

    async def fade(self, seconds: float) -> dict[str, object]:
        """So many seconds of frames."""
        loop = asyncio.get_running_loop()
        due_s, end_s = loop.time(), loop.time() + seconds
        while due_s < end_s:
            self._send()
            due_s += FRAME_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))
        return {}


KINDS: dict[str, type[Any]] = {"socket": Socket, "paho": Paho, "script": Afternoon}


async def main(kind: str, place: str, count: int) -> None:
    """Until stdin ends."""
    yardstick = Frames(place, count) if kind == "frames" else KINDS[kind](int(place), count)
    loop = asyncio.get_running_loop()
    while words := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        print(json.dumps(await getattr(yardstick, words[0])(*map(float, words[1:]))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
