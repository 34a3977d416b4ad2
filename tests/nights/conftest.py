"""The whole service as it runs on site: processes that can be killed, frozen and sent to another year, a mosquitto
with the shipped configuration, and an ear on the wire that shares no code with the service."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from controller.cli import group

ROOT = Path(__file__).parents[2]
SBIN = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin"
MOSQUITTO = shutil.which("mosquitto", path=SBIN)
PASSWD = shutil.which("mosquitto_passwd", path=SBIN)
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
GENEROUS_S = 60.0
"""How long a test waits before it gives up; what is promised is asserted on the instants in the documents."""
ORANGE = {"on": True, "color": "#FF6A00", "brightness": 1.0}
SECRET = "a-password-of-the-test"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], what: str, within_s: float = GENEROUS_S) -> Any:
    """The first truth that the condition gives."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {within_s:.0f} s in vain: {what}")


@dataclass(frozen=True)
class Heard:
    """One message, and when it came (seconds on the monotonic clock)."""

    topic: str
    payload: bytes
    retain: bool
    at_s: float

    @property
    def document(self) -> Any:
        """As JSON."""
        return json.loads(self.payload)

    @property
    def at(self) -> datetime:
        """The instant that the document tells."""
        return datetime.fromisoformat(self.document["at"])


class Ear:
    """Hears everything on one broker, and comes back by itself when the broker does."""

    def __init__(self, port: int, login: tuple[str, str] | None = None) -> None:
        self.heard: list[Heard] = []
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"ear-{os.getpid()}-{id(self)}")
        if login is not None:
            self._client.username_pw_set(*login)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda *_: self._client.subscribe("#", 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _, __, told: self.heard.append(
            Heard(told.topic, told.payload, told.retain, time.monotonic())
        )
        self._client.connect_async("127.0.0.1", port, keepalive=5)
        self._client.loop_start()
        assert self._ready.wait(GENEROUS_S), "the ear does not reach the broker"

    def close(self) -> None:
        """Takes leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Publishes, and waits until the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(GENEROUS_S)

    def on(self, topic: str, since: int = 0) -> list[Heard]:
        """What was said on a topic."""
        return [one for one in self.heard[since:] if one.topic == topic and one.payload]

    def last(self, topic: str, since: int = 0) -> Heard | None:
        """What was said last on a topic."""
        return next(iter(self.on(topic, since)[-1:]), None)

    def events(self, code: str, since: int = 0) -> list[dict[str, Any]]:
        """The events of the controller with this code."""
        told = (one.document for one in self.on("watertower/controller/event", since))
        return [event for event in told if event["code"] == code]

    def word(self, topic: str) -> bytes | None:
        """The last payload on a topic."""
        last = self.last(topic)
        return last.payload if last is not None else None

    def shows(self, zones: dict[str, Any], since: int = 0, gateway: str = "mast") -> Heard | None:
        """The last report, where it tells just this."""
        last = self.last(f"watertower/gateway/{gateway}/reported", since)
        return last if last is not None and shown(last.document) == zones else None

    def confirmed(self, since: int = 0) -> bool:
        """Whether the last health document of a living controller says that every zone is confirmed."""
        told = [one for one in self.on("watertower/controller/health", since) if not one.retain]
        if not told:
            return False
        zones = [zone for gateway in told[-1].document["gateways"] for zone in gateway["zones"].values()]
        return all(zone["standing"] == "confirmed" for zone in zones)


def shown(report: dict[str, Any]) -> dict[str, Any]:
    """The zones of a report; the colour of what is dark does not count."""
    return {zone: told if told["on"] else {"on": False} for zone, told in report["zones"].items()}


def everywhere(look: dict[str, Any]) -> dict[str, Any]:
    """The same in both zones of the shipped tower."""
    return {"bowl": look, "shaft": look}


class Program:
    """One process; its log is in a file, its data on stdout."""

    def __init__(self, words: list[str], log: Path, env: dict[str, str]) -> None:
        self.log_file = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=out, stdin=subprocess.DEVNULL, env=env
            )

    @property
    def log(self) -> str:
        """All that it said on stderr."""
        return self.log_file.read_text(encoding="utf-8")

    def events(self, code: str) -> list[dict[str, Any]]:
        """The events with this code in a log for programs."""
        lines = (line for line in self.log.splitlines() if code in line)
        return [event for event in map(json.loads, lines) if event["code"] == code]

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = GENEROUS_S) -> int:
        """Sends a signal and waits for the exit code."""
        self.process.send_signal(number)
        return self.wait(within_s)

    def wait(self, within_s: float = GENEROUS_S) -> int:
        """The exit code."""
        return self.process.wait(within_s)

    def close(self) -> None:
        """Whatever state it is in."""
        if self.runs:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Site:
    """A copy of the shipped configuration with a state folder, and the processes that were started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = Path(shutil.copytree(ROOT / "config", folder / "config"))
        self.state = folder / "state"
        self.port = free_port()
        self.programs: list[Program] = []
        self.env: dict[str, str] = {}
        self.edit("tower.yaml", "  broker: embedded", f'  broker: embedded\n  listen: "127.0.0.1:{self.port}"')

    def edit(self, name: str, old: str, new: str) -> None:
        """Changes one place of a file."""
        path = self.config / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def outside(self, port: int, login: str | None = None) -> "Site":
        """The gateway is a process of its own, and so is the broker."""
        self.on_broker(port, login)
        self.edit("tower.yaml", "    runs: here ", "    runs: elsewhere ")
        return self

    def on_broker(self, port: int, login: str | None = None) -> "Site":
        """The broker is a process of its own."""
        who = f"\n  username: {login}\n  password_file: mqtt-password" if login else ""
        (self.config / "mqtt-password").write_text(SECRET)
        listen = f'  broker: embedded\n  listen: "127.0.0.1:{self.port}"'
        self.edit("tower.yaml", listen, f"  broker: mqtt://127.0.0.1:{port}{who}")
        self.port = port
        return self

    def travel(self, instant: datetime) -> None:
        """What is started from now on lives in another time, in which it is this instant now."""
        if FAKETIME is None:
            pytest.skip("libfaketime is not installed: apt-get install faketime")
        offset_s = instant.timestamp() - time.time()  # noqa: TID251 -- the test is the one that bends the time
        self.env |= {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME": f"{offset_s:+.3f}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def start(self, *words: str, state: str = "state", lang: str | None = "en", **env: str) -> Program:
        """Starts `watertower …`, with a log for programs where it is a service."""
        command = [sys.executable, "-m", "controller", "--config", str(self.config)]
        command += ["--state", str(self.folder / state), *(("--lang", lang) if lang else ()), *words]
        log = self.folder / f"{len(self.programs)}.log"
        program = Program(command, log, {**os.environ, **self.env, **env})
        self.programs.append(program)
        return program

    def controller(self) -> Program:
        """The service."""
        return self.start("run", "--log-format", "json")

    def gateway(self) -> Program:
        """The gateway process."""
        return self.start("gateway", "mast", "--log-format", "json", state="mast")

    def ask(self, *words: str) -> str:
        """Calls a command, and gives what it says."""
        told = CliRunner().invoke(group, ["--config", str(self.config), "--lang", "en", *words])
        assert told.exit_code == 0, told.output
        return told.stdout

    def close(self) -> None:
        """Ends all that runs."""
        for program in self.programs:
            program.close()


class Mosquitto:
    """A mosquitto with the shipped configuration and the two users of its access list."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.port = free_port()
        self._folder = folder
        shipped = (ROOT / "deploy" / "mosquitto" / "watertower.conf").read_text(encoding="utf-8")
        (folder / "acl").write_text((ROOT / "deploy" / "mosquitto" / "watertower.acl").read_text(encoding="utf-8"))
        with (folder / "acl").open("a") as acl:
            acl.write("\nuser ear\ntopic readwrite #\n")
        (folder / "passwd").touch(0o600)
        for name in ("controller", "mast", "ear"):
            assert PASSWD
            subprocess.run([PASSWD, "-b", str(folder / "passwd"), name, SECRET], check=True, capture_output=True)
        for name in ("acl", "passwd"):
            (folder / name).chmod(0o600)
        user = "user root\n" if os.geteuid() == 0 else ""
        own = f"password_file {folder}/passwd\nacl_file {folder}/acl\npersistence_location {folder}/\n"
        (folder / "conf").write_text(f"{user}{own}{shipped}\nlistener {self.port} 127.0.0.1\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Mosquitto":
        """Starts it and waits until it listens."""
        assert MOSQUITTO
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", self._folder / "conf"], stdout=log, stderr=log)
        until(self._listens, "mosquitto does not listen")
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        assert self._process
        self._process.send_signal(number)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The shipped site on a port of its own."""
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """Makes sites beside each other."""
    made: list[Site] = []

    def make() -> Site:
        folder = tmp_path / f"site-{len(made)}"
        folder.mkdir()
        made.append(Site(folder))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def mosquittos(tmp_path: Path) -> Iterator[Callable[[], Mosquitto]]:
    """Makes running mosquittos."""
    if MOSQUITTO is None or PASSWD is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    made: list[Mosquitto] = []

    def make() -> Mosquitto:
        made.append(Mosquitto(tmp_path / f"mosquitto-{len(made)}").start())
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def mosquitto(mosquittos: Callable[[], Mosquitto]) -> Mosquitto:
    """A running mosquitto."""
    return mosquittos()


@pytest.fixture
def ear() -> Iterator[Callable[..., Ear]]:
    """Opens ears, on a mosquitto or on the port of an embedded broker."""
    made: list[Ear] = []

    def listen(where: Mosquitto | int) -> Ear:
        made.append(Ear(where.port, ("ear", SECRET)) if isinstance(where, Mosquitto) else Ear(where))
        return made[-1]

    yield listen
    for each in made:
        each.close()


@dataclass(frozen=True)
class Words:
    """What the tests share without importing each other."""

    until: Callable[..., Any] = until
    everywhere: Callable[[dict[str, Any]], dict[str, Any]] = everywhere
    shown: Callable[[dict[str, Any]], dict[str, Any]] = shown
    free_port: Callable[[], int] = free_port

    @property
    def orange(self) -> dict[str, Any]:
        """What a zone says in the campaign."""
        return dict(ORANGE)

    @property
    def all_orange(self) -> dict[str, Any]:
        """What a report says in the campaign."""
        return everywhere(ORANGE)

    @property
    def all_dark(self) -> dict[str, Any]:
        """What it says beside it."""
        return everywhere({"on": False})

    def instant(self, text: str) -> datetime:
        """UTC."""
        return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="session")
def words() -> Words:
    """Waiting, looks and instants."""
    return Words()
