"""Many simulated lamps in a process apart: `python -m tests.bench.fleet PORT NAME [echo] [real COUNT] [sink HOST]`.

Each lamp listens on `<name>/<number>/set` and, with `echo`, reports on `<name>/<number>` what it was sent, at once.
With the name `dmx` each is a gateway of our own contract that obeys its document and keeps its plan; the first COUNT of
them are real ones elsewhere, and not answered for. A `sink` takes their sACN. When the broker is gone, they come back.

Words on stdin, each answered with a line of JSON; instants are seconds of CLOCK_BOOTTIME, by which every process of the
bench goes: `begin` resets the counts; `end [INSTANT]` prints the counts since; `cue INSTANT WALL` has those of our
contract do then what their plan says of the time WALL.
"""

import contextlib
import json
import math
import selectors
import socket
import statistics
import sys
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from tests.bench.apart import FRAME_S, SACN_HEAD, SACN_PORT, now_s
from tests.bench.mqtt_packets import Packets, opened, publish

CONTRACT = "dmx"
AGAIN_S, AWAY_S = 0.001, 60.0
ROOM = 1 << 22


def reported(document: dict[str, Any], zones: dict[str, Any], by: str, at: str) -> bytes:
    """What a gateway reports that shows these zones of its document."""
    shown = {name: {key: look.get(key) for key in ("on", "color", "brightness")} for name, look in zones.items()}
    order = {key: document[key] for key in ("version", "epoch", "revision", "command_id")}
    return json.dumps(order | {"at": at, "zones": shown, "by": by, "clock": "own"}).encode()


class Lights:
    """The sACN that reaches a socket: when the levels of each universe changed."""

    def __init__(self, host: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every receiver of sACN on a host
        self.socket.bind((host, SACN_PORT))
        self.socket.setblocking(False)
        self._levels: dict[bytes, bytes] = {}
        self.begin()

    def begin(self) -> None:
        """Reset the counts."""
        self._changed: dict[bytes, list[float]] = defaultdict(list)

    def take(self) -> None:
        """Whatever waits."""
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = self.socket.recv(1_000)
                universe, levels = packet[113:115], packet[SACN_HEAD:]
                if levels != self._levels.get(universe):
                    if universe in self._levels:
                        self._changed[universe].append(now_s())
                    self._levels[universe] = levels

    def counted(self) -> dict[str, object]:
        """First and last of the universes to change, and how far from a frame two changes of one are apart."""
        firsts = [times[0] for times in self._changed.values()]
        apart = [b - a for times in self._changed.values() for a, b in pairwise(times)]
        late = sorted(abs(each - FRAME_S) for each in apart)
        frames = sum(len(times) for times in self._changed.values())
        told: dict[str, object] = {"lit": len(firsts), "frames": frames}
        if firsts:
            told |= {"first_lit": min(firsts), "last_lit": max(firsts)}
        if late:
            told |= {"jitter_p50_s": statistics.median(late), "jitter_p99_s": late[int(0.99 * len(late))]}
        return told


class Fleet:
    """One connection that listens for all lamps, and one that speaks for them."""

    def __init__(self, port: int, name: str, *, echo: bool, real: int, sink: str | None) -> None:
        self._port, self._name, self._echo, self._real = port, name, echo, real
        self._lights = Lights(sink) if sink else None
        self._selector = selectors.DefaultSelector()
        self._mid = 0
        self._due: tuple[float, str] | None = None
        self._documents: dict[bytes, dict[str, Any]] = {}
        self._answers: dict[bytes, bytes] = {}
        self.begin()
        self._connect()

    def _connect(self) -> None:
        """Again and again, for AWAY_S; raises SystemExit."""
        listens = b"w/gateway/+/desired" if self._name == CONTRACT else f"{self._name}/+/set".encode()
        self._packets, self._is_gone = Packets(), False
        until_s = now_s() + AWAY_S
        while True:
            with contextlib.suppress(OSError):
                self._speaking = opened(self._port, f"fleet-{self._name}-reports".encode())
                self._listening = opened(self._port, f"fleet-{self._name}".encode(), listens)
                break
            if now_s() > until_s:
                raise SystemExit("the broker has gone for good")
            time.sleep(AGAIN_S)
        self._selector.register(self._listening, selectors.EVENT_READ, self._hear)
        self._selector.register(self._speaking, selectors.EVENT_READ, self._acknowledged)

    def _connect_again(self) -> None:
        for line in (self._listening, self._speaking):
            self._selector.unregister(line)
            line.close()
        self._connect()

    def begin(self) -> None:
        """Reset the counts."""
        self._arrived: dict[bytes, float] = {}
        self._payloads: set[bytes] = set()
        self._twice = 0
        if self._lights is not None:
            self._lights.begin()

    def counted(self, until_s: float = math.inf) -> dict[str, object]:
        """What was counted since the beginning; `before` came until an instant."""
        times = sorted(self._arrived.values())
        payloads = sorted(payload.decode() for payload in self._payloads)
        lights = self._lights.counted() if self._lights is not None else {}
        return {
            "count": len(times),
            "before": bisect_right(times, until_s),
            "first": times[0] if times else None,
            "last": times[-1] if times else None,
            "twice": self._twice,
            "payloads": payloads[:5],
            "cpu_s": time.process_time(),
            **lights,
        }

    def work(self) -> None:
        """Until stdin ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ, self._obey)
        if self._lights is not None:
            self._selector.register(self._lights.socket, selectors.EVENT_READ, self._lights.take)
        print("{}", flush=True)
        while True:
            wait_s = None if self._due is None else max(0.0, self._due[0] - now_s())
            for key, _ in self._selector.select(wait_s):
                if key.data() is False:
                    return
            if self._is_gone:
                self._connect_again()
            if self._due is not None and now_s() >= self._due[0]:
                self._keep_plan()

    def _obey(self) -> bool:
        words = sys.stdin.readline().split()
        told: dict[str, object] = {}
        match words:
            case ["begin"]:
                self.begin()
            case ["end", *until]:
                told = self.counted(*map(float, until))
            case ["cue", instant, wall]:
                self._due = float(instant), wall
                self._prepare(wall)
        if words:
            print(json.dumps(told), flush=True)
        return bool(words)

    def _prepare(self, wall: str) -> None:
        self._answers = {}
        for topic, document in self._documents.items():
            planned = [cue["zones"] for cue in document["cues"] if cue["at"] <= wall]
            zones = planned[-1] if planned else document["zones"]
            self._answers[topic] = reported(document, zones, "plan", wall)

    def _keep_plan(self) -> None:
        self._due = None
        self._say(self._answers.items())

    def _say(self, reports: Iterable[tuple[bytes, bytes]]) -> None:
        packets = []
        for topic, payload in reports:
            self._mid = self._mid % 65_535 + 1
            packets.append(publish(topic, payload, self._mid))
        with contextlib.suppress(OSError):  # the broker has gone; whoever listens finds it out
            self._speaking.sendall(b"".join(packets))

    def _acknowledged(self) -> None:
        with contextlib.suppress(OSError):
            if self._speaking.recv(1 << 16):
                return
        self._is_gone = True

    def _hear(self) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = self._listening.recv(1 << 18)
        if not data:
            self._is_gone = True
            return
        now = now_s()
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
            if self._name != CONTRACT:
                self._payloads.add(payload)
                reports.append((topic.removesuffix(b"/set"), payload))
            elif payload and int(topic.split(b"/")[2].rpartition(b"-")[2]) > self._real:
                reports += self._obeyed(topic, payload)
        with contextlib.suppress(OSError):
            self._listening.sendall(b"".join(acks))
        if self._echo:
            self._say(reports)

    def _obeyed(self, topic: bytes, payload: bytes) -> Iterator[tuple[bytes, bytes]]:
        document = json.loads(payload)
        answers = topic.replace(b"/desired", b"/reported")
        if answers not in self._documents:
            yield topic.replace(b"/desired", b"/availability"), b"online"
        self._documents[answers] = document
        yield answers, reported(document, document["zones"], "desired", document["issued_at"])


def main(words: list[str]) -> None:
    """With the arguments of a command line."""
    port, name, *more = words
    options = dict(pairwise(more))
    Fleet(int(port), name, echo="echo" in more, real=int(options.get("real", 0)), sink=options.get("sink")).work()


if __name__ == "__main__":
    main(sys.argv[1:])
