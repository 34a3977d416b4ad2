"""A controller that hangs or runs out of memory: it ends, or is ended, and what comes after it is right."""

import contextlib
import json
import resource
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.schedule.plan import OVERRIDE_FADE_S
from tests.nights.ear import Ear, Listen, Words
from tests.nights.programs import Mosquitto, Program, Site
from tests.parts import needs

SOON = timedelta(seconds=5)
WATCHDOG_S = 2.0
ALWAYS = "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n"


class Systemd:
    """As much of it as a service of `Type=notify` with a watchdog sees."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self.env = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}

    def hears(self, word: str, within_s: float) -> bool:
        """Whether this arrives in time."""
        end = time.monotonic() + within_s
        with contextlib.suppress(TimeoutError):
            while (left_s := end - time.monotonic()) > 0:
                self._socket.settimeout(left_s)
                if self._socket.recv(100).decode() == word:
                    return True
        return False

    def close(self) -> None:
        """No more."""
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    """It listens."""
    made = Systemd(tmp_path)
    yield made
    made.close()


def in_force_again(listens: Ear, program: Program, words: Words, since: int) -> None:
    """Confirmed within SOON of the start, by the log of the service."""
    words.until(lambda: listens.confirmed(since), f"not confirmed: {program.log}", 40)
    began, confirmed = (datetime.fromisoformat(program.events(code)[0]["at"]) for code in ("TWL-C001", "TWL-G101"))
    assert confirmed - began <= SOON


def test_a_controller_that_hangs_is_found_out(
    site: Site, mosquitto: Mosquitto, ear: Listen, words: Words, systemd: Systemd
) -> None:
    """The watchdog is fed while it turns, and no more when it hangs. The gateway crosses the end of an override
    alone meanwhile, and the controller that systemd starts then finds all as it should be."""
    (site.config / "schedule.yaml").write_text(ALWAYS, encoding="utf-8")
    site.outside(mosquitto.port, "controller")
    listens = ear(mosquitto)
    site.gateway()
    controller = site.start("run", "--log-format", "json", **systemd.env)
    assert systemd.hears("READY=1", 60)
    words.until(listens.confirmed, "not confirmed at the start")
    assert systemd.hears("WATCHDOG=1", 2 * WATCHDOG_S)
    end = datetime.now(UTC) + timedelta(seconds=5)  # noqa: TID251  the test is the one that knows the time
    asked = {"version": 1, "id": "a", "look": "blue", "until": end.isoformat(), "owner": "test", "reason": "test"}
    listens.say("watertower/override/set", json.dumps(asked).encode())
    blue = words.everywhere({"on": True, "color": "#0000FF", "brightness": 1.0})
    words.until(lambda: listens.shows(blue), "not blue")
    controller.send(signal.SIGSTOP)
    while systemd.hears("WATCHDOG=1", 0.05):
        pass
    assert not systemd.hears("WATCHDOG=1", 1.5 * WATCHDOG_S), "somebody else feeds it"
    back = words.until(lambda: listens.shows(words.all_orange), "the gateway does not go on alone")
    assert back.at <= end + timedelta(seconds=OVERRIDE_FADE_S + 2)
    controller.end(signal.SIGKILL)
    since = len(listens.heard)
    in_force_again(listens, site.controller(), words, since)


def answers(listens: Ear) -> bool:
    """Whether a request is answered soon."""
    since = len(listens.heard)
    listens.say("watertower/override/set", b'{"id": "hello-%d", "action": "resume"}' % since)
    time.sleep(1)
    return bool(listens.events("TWL-O102", since))


@needs("proc")
def test_a_controller_without_memory_ends_and_is_started_again(
    site: Site, mosquitto: Mosquitto, ear: Listen, words: Words
) -> None:
    """It may outlive a flood within its limit; if not, the exit code shows it, and the next one is right."""
    (site.config / "schedule.yaml").write_text(ALWAYS, encoding="utf-8")
    site.outside(mosquitto.port, "controller")
    listens = ear(mosquitto)
    site.gateway()
    controller = site.controller()
    words.until(listens.confirmed, "not confirmed at the start")
    pid = controller.process.pid
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + 500_000
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
    for number in range(100):
        listens.say("watertower/override/set", b'{"id": "%d", "x": "' % number + b"a" * 60_000 + b'"}')
        if not controller.runs:
            break
    words.until(lambda: not controller.runs or answers(listens), "it lives and says nothing", 30)
    controller.close()
    assert controller.process.returncode != 0
    since = len(listens.heard)
    in_force_again(listens, site.controller(), words, since)
