"""Processes that can be killed, frozen and sent to another year, and a mosquitto with the shipped configuration."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from controller.cli import group
from tests.nights.waiting import GENEROUS_S
from tests.parts import MOSQUITTO, await_listener, deployed, free_port, require, shipped_mosquitto

ROOT = Path(__file__).parents[2]
SECRET = "a-password-of-the-test"


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
        self.port, self.page_port = free_port(), free_port()
        self.programs: list[Program] = []
        self.env: dict[str, str] = {}
        self.edit("tower.yaml", "  broker: embedded", f'  broker: embedded\n  listen: "127.0.0.1:{self.port}"')
        self.edit("tower.yaml", 'web: {listen: "127.0.0.1:8080"}', "web: off")

    def edit(self, name: str, old: str, new: str) -> None:
        """Changes one place of a file."""
        path = self.config / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def with_page(self) -> "Site":
        """The page is served too."""
        self.edit("tower.yaml", "web: off", f'web: {{listen: "127.0.0.1:{self.page_port}"}}')
        return self

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

    def encrypted(self, mosquitto: "Mosquitto", login: str, host: str = "localhost") -> "Site":
        """The gateway is a process of its own, and the broker is reached over TLS under this name."""
        self.outside(mosquitto.tls_port, login)
        (self.config / "mqtt-password").chmod(0o600)
        shutil.copy(mosquitto.certificates / "ca.pem", self.config / "broker-ca.pem")
        plain = f"  broker: mqtt://127.0.0.1:{mosquitto.tls_port}"
        self.edit("tower.yaml", plain, f"  broker: mqtts://{host}:{mosquitto.tls_port}\n  ca_file: broker-ca.pem")
        return self

    def box(self, name: str) -> Path:
        """The configuration of a gateway on another box, which logs in as itself."""
        folder = Path(shutil.copytree(self.config, self.folder / f"config-{name}"))
        tower = (folder / "tower.yaml").read_text(encoding="utf-8")
        (folder / "tower.yaml").write_text(tower.replace("username: controller", f"username: {name}"), encoding="utf-8")
        return folder

    def travel(self, instant: datetime) -> None:
        """What is started from now on lives in another time, in which it is this instant now."""
        library = require("libfaketime")
        offset_s = instant.timestamp() - time.time()  # noqa: TID251 -- the test is the one that bends the time
        self.env |= {
            "LD_PRELOAD": library,
            "FAKETIME": f"{offset_s:+.3f}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def start(
        self, *words: str, state: str = "state", lang: str | None = "en", within: tuple[str, ...] = (), **env: str
    ) -> Program:
        """Starts `watertower …`, with a log for programs where it is a service; `within` are words before it."""
        command = [*within, sys.executable, "-m", "controller", "--config", str(self.config)]
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

    def call(self, *words: str, state: str = "state", lang: str = "en") -> Result:
        """Calls a command in this process, where it is not the program that is tested: a start costs half a second."""
        where = ["--config", str(self.config), "--state", str(self.folder / state), "--lang", lang]
        return CliRunner().invoke(group, [*where, *words])

    def ask(self, *words: str, code: int = 0) -> str:
        """Calls a command that is to end with this code, and gives what it says."""
        told = self.call(*words)
        assert told.exit_code == code, told.output
        return told.output

    def close(self) -> None:
        """Ends all that runs."""
        for program in self.programs:
            program.close()


class Mosquitto:
    """A mosquitto with the shipped configuration, on ports of its own, and the two users of its access list.

    `rules` are a part of the list and their replacement, `users` are further ones. With `tls` it has a
    certificate for localhost, and listens on `tls_port` too."""

    def __init__(
        self, folder: Path, rules: tuple[str, str] = ("", ""), users: tuple[str, ...] = (), *, tls: bool = False
    ) -> None:
        folder.mkdir()
        self.port, self.tls_port = free_port(), free_port()
        self.certificates = folder / "certs"
        self.folder = folder
        shipped_rules = (MOSQUITTO / "watertower.acl").read_text(encoding="utf-8")
        assert rules[0] in shipped_rules
        acl, secret = folder / "watertower.acl", folder / "secret"
        acl.write_text(shipped_rules.replace(*rules, 1) + "\nuser ear\ntopic readwrite #\n", encoding="utf-8")
        acl.chmod(0o600)
        secret.write_text(SECRET)
        require("mosquitto_passwd")
        for name in ("controller", "mast", "ear", *users):
            deployed("users.sh", "add", name, str(secret), PASSWORDS=str(folder / "watertower.passwd"))
        if tls:
            self.certify("server")
        self._encrypted = (self.tls_port,) if tls else ()
        conf = shipped_mosquitto(folder, self.port, *self._encrypted)
        (folder / "conf").write_text(conf, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def certify(self, *words: str) -> str:
        """Calls certificates.sh on the certificates of this broker."""
        return deployed("certificates.sh", *words, CERTIFICATES=str(self.certificates))

    def start(self) -> "Mosquitto":
        """Starts it and waits until it listens."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([require("mosquitto"), "-c", self.folder / "conf"], stdout=log, stderr=log)
        for port in (self.port, *self._encrypted):  # it opens one after the other
            await_listener(port, self._process)
        return self

    def listens_on(self, address: str) -> None:
        """It is reached at another address of this machine too, from the next start."""
        with (self.folder / "conf").open("a", encoding="utf-8") as conf:
            conf.write(f"\nlistener {self.port} {address}\n")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Sends a signal and waits; after SIGTERM what it retains is on the disk."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Kill -9."""
        self.end(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        assert self._process
        self._process.send_signal(number)
