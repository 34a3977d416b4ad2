"""Real parts that some tests need and not every machine has: a test skips with the reason where its part is absent.

`needs("git")` marks a test or a module; `require("git")` skips from within a test or fixture, and is its path.
In CI every part is there, and a skip is a failure (tests/conftest.py).
"""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

# services lie in folders that a user's PATH need not name
PATHS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin:/usr/local/sbin:/opt/homebrew/sbin"
MOSQUITTO = Path(__file__).parents[1] / "deploy" / "mosquitto"
PROGRAMS = {
    "bash": "bash",
    "caddy": "caddy",
    "chromium": "chromium",
    "faketime": "faketime",
    "git": "git",
    "ip": "iproute2",
    "journalctl": "systemd",
    "mosquitto": "mosquitto",
    "mosquitto_passwd": "mosquitto",
    "nginx": "nginx-light",
    "olad": "ola",
    "openssl": "openssl",
    "promtool": "prometheus",
    "strace": "strace",
    "systemd-analyze": "systemd",
}
"""Name -> the package of Debian that brings it."""


def libfaketime() -> str | None:
    """The library by which a program lives in another time."""
    return next((str(path) for path in sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


def _terminal() -> str | None:
    try:
        ours, theirs = os.openpty()
    except OSError:
        return None
    try:
        return os.ttyname(theirs)
    except OSError:
        return None
    finally:
        os.close(ours)
        os.close(theirs)


def _localhost() -> str | None:
    try:
        return socket.gethostbyname("localhost")
    except OSError:
        return None


def _root() -> str | None:
    return "root" if os.geteuid() == 0 else None


def _postgresql() -> str | None:
    """The folder of the server's programs, which is in no PATH."""
    return next((str(path.parent) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


def _process_folder() -> str | None:
    return "/proc/self" if Path("/proc/self/statm").exists() else None


Text = TypeVar("Text", str, bytes)

THINGS: dict[str, tuple[Callable[[], str | None], str]] = {
    "libfaketime": (libfaketime, "libfaketime is not installed: apt-get install faketime"),
    "terminal": (_terminal, "this system has no pseudo terminals: /dev/pts is not mounted"),
    "localhost": (_localhost, "this system does not know the name localhost: it is missing from /etc/hosts"),
    "root": (_root, "only root may do this"),
    "postgresql": (_postgresql, "PostgreSQL is not installed: apt-get install postgresql"),
    "proc": (_process_folder, "this system does not show its processes in /proc"),
}
"""What is no program: where it is, or None, and what is said then."""


@cache
def find(part: str) -> str | None:
    """Where a part is, or None."""
    if part in THINGS:
        return THINGS[part][0]()
    assert part in PROGRAMS
    return shutil.which(part, path=PATHS)


def reason(part: str) -> str:
    """What is said where it is absent."""
    return THINGS[part][1] if part in THINGS else f"{part} is not installed: apt-get install {PROGRAMS[part]}"


def needs(*parts: str) -> pytest.MarkDecorator:
    """A mark: skipped where one of the parts is absent."""
    absent = [reason(part) for part in parts if find(part) is None]
    return pytest.mark.skipif(bool(absent), reason="; ".join(absent) or "nothing is absent")


def require(part: str) -> str:
    """Where it is; skips where it is absent."""
    place = find(part)
    if place is None:
        pytest.skip(reason(part))
    return place


# Tests run side by side, and a port is given away before a program listens on it: each process begins at a place of its
# own, below the ports that the kernel gives to those who ask for none (32768 and more).
_ports = (20_000 + number % 12_000 for number in itertools.count(os.getpid() * 97))


def examples(few: int) -> int:
    """The number of examples of a property that says it itself: so few, and more or fewer as another profile asks."""
    return max(1, few * settings().max_examples // settings.get_profile("any machine").max_examples)


def free_port() -> int:
    """A port that nobody listens on, and that no other test is given."""
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable: the ports begin anew")


@contextlib.contextmanager
def ended_after(process: subprocess.Popen[Text]) -> Iterator[subprocess.Popen[Text]]:
    """Ends a process with the block, also where the test fails: its own `with` would only wait for it."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def await_listener(port: int, process: subprocess.Popen[bytes], within_s: float = 20.0) -> None:
    """Until the process listens; raises AssertionError where it ends or takes too long."""
    end = time.monotonic() + within_s
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.01)
    raise AssertionError("nobody listens: the program ended, or takes too long")


def deployed(script: str, *words: str, **env: str) -> str:
    """What a script of deploy/mosquitto says; raises CalledProcessError where it fails."""
    command = [require("bash"), str(MOSQUITTO / script), *words]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PATH": PATHS, **env}
    ).stdout


def end_in(days: int, folder: Path, whose: str = "server") -> None:
    """Issues again what certificates.sh made in a folder, to end so many days from now, or ago: the certificate of the
    `server`, or of the `authority` itself."""
    file = folder / "server.pem" if whose == "server" else folder / "authority" / "ca.pem"
    asked, made, conf = folder / "request", folder / "made", str(folder / "authority" / "openssl.conf")
    last = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))  # noqa: TID251 -- openssl's clock
    names = ("-batch", "-notext", "-config", conf, "-in", str(asked), "-out", str(made), "-extensions", whose)
    dates = ("-startdate", "20200101000000Z", "-enddate", last)
    itself = ("-selfsign", "-keyfile", str(file)) if whose == "authority" else ()
    for words in (
        ("req", "-new", "-key", str(file), "-subj", "/CN=mosquitto", "-config", conf, "-out", str(asked)),
        ("ca", *names, *dates, *itself),
    ):
        subprocess.run([require("openssl"), *words], check=True, capture_output=True)
    key = file.read_text(encoding="ascii").partition("-----BEGIN PRIVATE KEY")
    file.write_text(made.read_text(encoding="ascii") + "".join(key[1:]), encoding="ascii")


def shipped_mosquitto(folder: Path, port: int, tls_port: int = 0) -> str:
    """The configuration that is shipped for mosquitto, with its files in this folder and ports on this machine; without
    `tls_port` it lacks the listener that needs a certificate."""
    text = (MOSQUITTO / "watertower.conf").read_text(encoding="utf-8")
    own = {"/etc/mosquitto": str(folder), "listener 1883": f"listener {port}", "listener 8883": f"listener {tls_port}"}
    for place, here in own.items():
        assert place in text
        text = text.replace(place, here)
    user = f"user {folder.owner()}\npersistence_location {folder}/\n"
    return user + (text if tls_port else text.partition(f"listener {tls_port}\n")[0])


@contextlib.contextmanager
def mosquitto(
    folder: Path, more: str = "allow_anonymous true\n", port: int = 0
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A running mosquitto: its port and its process; `more` are further lines of its configuration."""
    program = require("mosquitto")
    port = port or free_port()
    file = folder / f"mosquitto-{port}.conf"
    file.write_text(f"listener {port} 127.0.0.1\nuser root\n{more}", encoding="utf-8")
    with ended_after(subprocess.Popen([program, "-c", file], stderr=subprocess.DEVNULL)) as process:
        await_listener(port, process)
        yield port, process
