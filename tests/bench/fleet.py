"""Many simulated lamps in a process apart: `python -m tests.bench.fleet PORT NAME [echo]`.

Each lamp listens on `<name>/<number>/set` and, with `echo`, reports on `<name>/<number>` what it was sent, at once. A
line `begin` on stdin starts a count anew; `end` writes what was counted since as a line of JSON: instants are seconds
of CLOCK_BOOTTIME, by which every process of the bench goes.
"""

import json
import selectors
import sys
import time

from tests.bench.mqtt_packets import Packets, opened, publish


class Fleet:
    """One connection that listens for all lamps, and one that speaks for them."""

    def __init__(self, port: int, name: str, *, echo: bool) -> None:
        self._listening = opened(port, f"fleet-{name}".encode(), f"{name}/+/set".encode())
        self._speaking = opened(port, f"fleet-{name}-reports".encode())
        self._echo = echo
        self._packets = Packets()
        self._mid = 0
        self.begin()

    def begin(self) -> None:
        """Count anew."""
        self._arrived: dict[bytes, float] = {}
        self._payloads: set[bytes] = set()
        self._twice = 0

    def counted(self) -> dict[str, object]:
        """What was counted since the beginning."""
        times = sorted(self._arrived.values())
        payloads = sorted(payload.decode() for payload in self._payloads)
        return {
            "count": len(times),
            "first": times[0] if times else None,
            "last": times[-1] if times else None,
            "twice": self._twice,
            "payloads": payloads[:5],
            "cpu_s": time.process_time(),
        }

    def work(self) -> None:
        """Until stdin ends."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ, self._hear)
            selector.register(self._speaking, selectors.EVENT_READ, lambda: self._speaking.recv(65536))
            selector.register(sys.stdin, selectors.EVENT_READ, self._obey)
            print("ready", flush=True)
            while True:
                for key, _ in selector.select():
                    if key.data() is False:
                        return

    def _obey(self) -> bool:
        word = sys.stdin.readline().strip()
        if word == "begin":
            self.begin()
            print("begun", flush=True)
        elif word == "end":
            print(json.dumps(self.counted()), flush=True)
        return bool(word)

    def _hear(self) -> None:
        data = self._listening.recv(1 << 18)
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        acks, reports = [], []
        for head, body in self._packets.cut(data):
            if head & 0xF0 != 0x30:
                continue
            size = int.from_bytes(body[:2])
            topic = body[2 : 2 + size]
            at = 2 + size
            if head & 0x06:
                acks.append(b"\x40\x02" + body[at : at + 2])
                at += 2
            payload = body[at:]
            if topic in self._arrived:
                self._twice += 1
            else:
                self._arrived[topic] = now
            if payload not in self._payloads:
                self._payloads.add(payload)
            if self._echo:
                self._mid = self._mid % 65_535 + 1
                reports.append(publish(topic.removesuffix(b"/set"), payload, self._mid))
        self._listening.sendall(b"".join(acks))
        if reports:
            self._speaking.sendall(b"".join(reports))


if __name__ == "__main__":
    Fleet(int(sys.argv[1]), sys.argv[2], echo="echo" in sys.argv[3:]).work()
