"""Notices and the sign of life over real connections: a web hook and a mail server of our own, which deliver, refuse,
hang, and are down; and a service that restarts meanwhile."""

import asyncio
import json
import resource
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from controller.app import notice_sender, notifier
from controller.app.notice_sender import AddressUnusable, examine, send, send_heartbeat
from controller.app.notifier import Courier, send_heartbeats
from controller.clock import SystemClock
from controller.config.tower_keys import Heartbeat, Receiver
from controller.events import Event
from controller.events.models import Reason
from controller.service.notices import NoticeMessage
from controller.state.json_file import JsonDocument, Unusable
from controller.state.notice_file import FILE, NoticeMemory
from tests.app.test_assembly import Site
from tests.conftest import left_running

pytestmark = pytest.mark.real

SECRET = "hemligt-7f3a"
MESSAGE = NoticeMessage("Alvesta: Vattentornet lyser – åäö <b>", "Första raden & <i>andra</i>\növer två", "success")


class Hook:
    """A web hook on a port of its own, which records what came. `answer` is its status, None hangs."""

    def __init__(self) -> None:
        self.answer: int | None = 200
        self.got: list[dict[str, Any]] = []
        self.gets: list[str] = []
        self.released = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.answered():
                    hook.got.append(document)

            def do_GET(self) -> None:
                hook.gets.append(self.path)
                self.answered()

            def answered(self) -> bool:
                if hook.answer is None:
                    hook.released.wait(30)
                    return False
                self.send_response(hook.answer)
                self.end_headers()
                return hook.answer == 200

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def titles(self) -> list[str]:
        """Of what came."""
        return [each["title"] for each in self.got]

    def close(self) -> None:
        """Nobody answers any more."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def no_call_under_way() -> Iterator[None]:
    """A service that ends does not wait for a process that delivers, which ends by itself: here it is waited for."""
    yield
    end_s = time.monotonic() + 60
    while any("apprise" in command for command in left_running().values()) and time.monotonic() < end_s:
        time.sleep(0.05)


@pytest.fixture
def hook() -> Iterator[Hook]:
    """One that is closed at the end."""
    found = Hook()
    yield found
    found.close()


@pytest.fixture
def mails() -> Iterator[tuple[int, list[bytes], list[bytes]]]:
    """A mail server: its port, the lines of commands and the mails that came."""
    commands: list[bytes] = []
    received: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                commands.append(line.strip())
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                        lines.append(part)
                    received.append(b"".join(lines))
                self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 fine\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1], commands, received
        server.shutdown()


@pytest.fixture
def address(tmp_path: Path) -> Callable[[str], Path]:
    """Writes an address into a file."""

    def write(text: str) -> Path:
        file = tmp_path / "notices.url"
        file.write_text(f"{text}\n", encoding="utf-8")
        file.chmod(0o600)
        return file

    return write


Write = Callable[[str], Path]


def hook_url(hook: Hook, scheme: str = "json") -> str:
    """The address of the hook, with secrets in it."""
    return f"{scheme}://kim:{SECRET}@127.0.0.1:{hook.port}/{SECRET}-path?rto=20&cto=20"


async def soon(holds: Callable[[], Any], within_s: float = 20.0) -> None:
    """Waits until it holds."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


def test_a_web_hook_gets_the_notice_word_for_word(hook: Hook, address: Write) -> None:
    """With its manner."""
    assert send(address(hook_url(hook)), MESSAGE) is None
    assert [(each["title"], each["message"], each["type"]) for each in hook.got] == [
        (MESSAGE.title, MESSAGE.body, "success")
    ]


def test_a_mail_has_its_letters_its_lines_and_no_header_of_others(
    mails: tuple[int, list[bytes], list[bytes]], address: Write
) -> None:
    """Swedish in the subject; what looks like HTML is text, also in HTML; a line break in a title adds no header."""
    port, _, received = mails
    url = f"mailto://127.0.0.1:{port}?from=tower@example.org&to=kim@example.org&mode=insecure"
    assert send(address(url), MESSAGE) is None
    assert send(address(f"{url}&format=html"), NoticeMessage("a\r\nBcc: x@example.org", MESSAGE.body, "info")) is None
    first, second = map(message_from_bytes, received)
    assert str(make_header(decode_header(first["Subject"]))) == MESSAGE.title
    assert first["To"] == "kim@example.org"
    assert second["Bcc"] is None
    assert text_of(first).splitlines() == MESSAGE.body.splitlines()
    assert "&lt;i&gt;andra&lt;/i&gt;" in text_of(second)
    assert "<br" in text_of(second)


def text_of(mail: Message) -> str:
    """The last text of a mail."""
    payload = [part for part in mail.walk() if part.get_content_maintype() == "text"][-1].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


@pytest.mark.parametrize("url", ["nonsense", "what://x", f"tgram://{SECRET}", "", "json://a\njson://b", "mailto://"])
def test_what_is_no_address_is_reported_without_itself(address: Write, url: str) -> None:
    """It may be a password that somebody wrote alone."""
    with pytest.raises(AddressUnusable) as refused:
        examine(address(url))
    assert SECRET not in refused.value.reason.text("en")
    assert refused.value.reason.code in {"not_an_address", "not_one_line"}


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(AddressUnusable) as refused:
        examine(tmp_path / "gone.url")
    assert "gone.url" in refused.value.reason.text("en")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"json://kim:{SECRET}@127.0.0.1:1/{SECRET}", "nobody listens there"),
        (f"mailto://kim:{SECRET}@127.0.0.1:1?from=a@example.org&mode=insecure", "nobody listens there"),
        (f"discord://{SECRET}a/{SECRET}b", ""),
        (f"tgram://123456789:{SECRET.replace('-', '_')}_abcdefghijklmnop/12345678/", ""),
    ],
)
def test_why_it_was_not_delivered_is_reported_without_secrets(
    address: Write, url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the address no part but the host of a mail server or a web hook; no network is needed here."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    reason = send(address(url), MESSAGE)
    assert reason is not None
    said = reason.text("en")
    assert why in said
    assert not any(secret in said for secret in (SECRET, SECRET.replace("-", "_"), "123456789", "12345678", "kim"))


def test_a_hook_that_refuses_is_reported_with_its_status(
    hook: Hook, address: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the address is in the log of the process."""
    hook.answer = 401
    reason = send(address(hook_url(hook)), MESSAGE)
    assert reason is not None
    assert "401" in reason.text("en")
    assert SECRET not in "".join(capfd.readouterr())


CHUNKED = b"HTTP/1.1 %s\r\nLocation: /again\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
ENDLESS = {
    "body": (CHUNKED % b"200 OK", CHUNK),
    "redirect": (CHUNKED % b"302 Found", CHUNK),
    "header": (b"HTTP/1.1 200 OK\r\n", b"X-a: " + b"y" * 1000 + b"\r\n"),
    "greeting": (b"", b"220-" + b"hello " * 1000 + b"\r\n"),
}


@pytest.fixture
def endless(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server that begins to answer and does not end."""
    first, then = ENDLESS[request.param]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if first:
                self.request.recv(0x10000)
            with suppress(OSError):
                self.request.sendall(first)
                while True:
                    self.request.sendall(then)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("endless", ENDLESS, indirect=True)
def test_a_server_that_answers_without_end_takes_no_memory_of_the_service(
    endless: int, address: Write, request: pytest.FixtureRequest
) -> None:
    """It is given up; the service that lights the lamps has a bound of memory, and would be ended."""
    is_mail = request.node.callspec.params["endless"] == "greeting"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    url = (
        f"mailto://127.0.0.1:{endless}?from=a@b.se&to=c@d.se&mode=insecure"
        if is_mail
        else f"json://127.0.0.1:{endless}"
    )
    assert send(address(url), MESSAGE) is not None
    if not is_mail:
        send_heartbeat(address(f"http://127.0.0.1:{endless}/"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_a_server_that_never_lets_go_is_left(hook: Hook, address: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly it goes on."""
    monkeypatch.setattr(notice_sender, "CALL_S", 2.0)
    hook.answer = None
    assert send(address(hook_url(hook)), MESSAGE) == Reason("no_answer_in_time")


def test_the_address_is_in_no_list_of_processes(hook: Hook, address: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is on the machine may read that; nor in the surroundings of the process."""
    seen: list[object] = []
    run = subprocess.run

    def watched(command: list[str], **keys: Any) -> Any:
        seen.extend((command, keys["env"]))
        return run(command, **keys)

    monkeypatch.setattr(notice_sender.subprocess, "run", watched)
    assert send(address(hook_url(hook)), MESSAGE) is None
    assert seen
    assert SECRET not in str(seen)


def receiver(file: Path, **more: Any) -> Receiver:
    """One with its address in this file."""
    return Receiver.model_validate({"name": "drift", "url_file": str(file), **more})


async def test_a_receiver_that_fails_is_tried_again_later_and_reported_once(
    hook: Hook, address: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is reached."""
    monkeypatch.setattr(notifier, "FIRST_S", 0.2)
    events: list[Event] = []
    found = Courier(receiver(address(hook_url(hook))), SystemClock(), events.append)
    hook.answer = 503
    assert await found.deliver(MESSAGE) is not None
    assert not found.is_ready
    await soon(lambda: found.is_ready)
    assert await found.deliver(MESSAGE) is not None
    found.is_late("2026-11-20 15:00", 2, Reason("no_answer"))
    hook.answer = 200
    assert await found.deliver(MESSAGE) is None
    assert [event.code for event in events] == ["TWL-N108", "TWL-N101", "TWL-N102"]
    assert found.is_ready


async def test_a_receiver_that_hangs_is_not_called_again_before_it_lets_go(
    hook: Hook, address: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging server costs one thread."""
    monkeypatch.setattr(notifier, "ANSWER_S", 5.0)
    monkeypatch.setattr(notifier, "FIRST_S", 0.0)
    found = Courier(receiver(address(hook_url(hook))), SystemClock(), lambda _: None)
    hook.answer = None
    reason = await found.deliver(MESSAGE)
    assert reason is not None
    assert reason.code == "no_answer_in_time"
    assert not found.is_ready
    hook.released.set()
    await soon(lambda: found.is_ready)
    hook.answer = 200
    async with asyncio.timeout(60):  # a process that takes so long to start is late, too
        while await found.deliver(MESSAGE) is not None:
            await soon(lambda: found.is_ready)


async def test_an_address_that_is_mended_is_used_again(
    hook: Hook, address: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart."""
    monkeypatch.setattr(notifier, "EXAMINE_S", 0.0)
    events: list[Event] = []
    found = Courier(receiver(address("nonsense")), SystemClock(), events.append)
    await found.examine()
    await found.examine()
    assert not found.is_ready
    address(hook_url(hook))
    await found.examine()
    assert found.is_ready
    assert [event.code for event in events] == ["TWL-N103", "TWL-N104"]


# In a whole service


@pytest.fixture
def site(config: Path, tmp_path: Path, hook: Hook, address: Write, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The shipped site on the evening of its campaign, which notifies a hook, quickly."""
    monkeypatch.setattr(notifier, "LOOK_S", 0.1)
    monkeypatch.setattr(notifier, "FIRST_S", 0.1)
    monkeypatch.setattr(notifier, "LONGEST_S", 0.1)
    file = address(hook_url(hook))
    with (config / "tower.yaml").open("a", encoding="utf-8") as tower:
        tower.write(f"notices:\n  - {{name: drift, url_file: {file}}}\n")
    return Site(config, tmp_path / "state")


def memory(site: Site) -> NoticeMemory:
    """What is on disk."""
    try:
        return NoticeMemory.model_validate_json((site.state / FILE).read_bytes())
    except FileNotFoundError:
        return NoticeMemory()


LIGHT = "Alvesta vattentorn: Vattentornet lyser orange – bekräftat av styrenheten"


async def test_a_service_reports_the_first_light_once(site: Site, hook: Hook) -> None:
    """It is not reported again after a restart of the service."""
    async with site.service():
        await soon(lambda: "TWL-N100" in site.codes)
    async with site.service():
        await soon(lambda: site.codes.count("TWL-G101") == 2)
        await asyncio.sleep(0.5)
    assert hook.titles == [LIGHT]
    assert hook.got[0]["message"].startswith("En vecka fri från våld")
    assert site.codes.count("TWL-N100") == 1


async def test_what_could_not_be_delivered_is_delivered_after_a_restart(site: Site, hook: Hook) -> None:
    """It waited on disk, and nothing of the address is shown anywhere."""
    hook.answer = 503
    async with site.service():
        await soon(lambda: "drift" in memory(site).failing)
    assert "TWL-N108" in site.codes
    assert [each.title for each in memory(site).waiting] == [LIGHT]
    hook.answer = 200
    async with site.service():
        await soon(lambda: hook.got and not memory(site).waiting)
    assert hook.titles == [LIGHT]
    told = "".join(f"{event.text('sv')} {event.fields}" for event in site.events)
    assert SECRET not in told + (site.state / FILE).read_text("utf-8")


async def test_a_hook_that_hangs_holds_up_neither_the_light_nor_the_stop(site: Site, hook: Hook) -> None:
    """The service ends at once."""
    hook.answer = None
    async with site.service() as service:
        await soon(lambda: "TWL-G101" in site.codes and memory(site).waiting)
        await asyncio.sleep(0.3)
        assert not service.work.done()
        begun = time.monotonic()
    assert time.monotonic() - begun < 15  # the hook hangs for 30
    assert hook.got == []


async def test_what_breaks_is_reported_and_the_service_goes_on(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and when it works again."""
    broken = True

    def queued(*words: Any) -> Any:
        if broken:
            raise ZeroDivisionError
        return real(*words)

    real = notifier.queued
    monkeypatch.setattr(notifier, "queued", queued)
    async with site.service() as service:
        await soon(lambda: "TWL-N106" in site.codes)
        broken = False
        await soon(lambda: "TWL-N107" in site.codes and hook.got)
        assert not service.work.done()
    assert site.codes.count("TWL-N106") == 1


async def test_what_could_not_be_kept_is_kept_as_soon_as_there_is_room(
    site: Site, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has changed since: else a restart would lose what waits."""
    hook.answer = 503
    is_full, save = True, JsonDocument.save

    def full(self: Any, content: Any) -> None:
        if is_full and isinstance(content, NoticeMemory):
            raise Unusable(Reason("ENOSPC"), full=True)
        save(self, content)

    monkeypatch.setattr(JsonDocument, "save", full)
    async with site.service():
        await soon(lambda: "TWL-N108" in site.codes)
        await asyncio.sleep(0.5)
        assert not memory(site).waiting
        is_full = False
        await soon(lambda: memory(site).waiting)


async def test_a_demo_notifies_nobody(site: Site, hook: Hook) -> None:
    """Whatever its files say."""
    async with site.service(is_demo=True):
        await soon(lambda: "TWL-G101" in site.codes)
        await asyncio.sleep(0.5)
    assert hook.got == []


# The sign of life


@pytest.fixture
def heartbeat(hook: Hook, address: Write) -> Heartbeat:
    """One that beats without a pause."""
    file = address(f"http://127.0.0.1:{hook.port}/ping/{SECRET}")
    return Heartbeat.model_validate({"url_file": str(file)}).model_copy(update={"every": timedelta(seconds=0.05)})


async def test_a_monitor_is_called_for_as_long_as_turns_come(hook: Hook, heartbeat: Heartbeat) -> None:
    """Not before the first one, nor once they hang."""
    clock = SystemClock()
    turned_s: float | None = None
    task = asyncio.create_task(send_heartbeats(heartbeat, lambda: turned_s, clock, lambda _: None))
    await asyncio.sleep(0.3)
    assert hook.gets == []
    turned_s = clock.read().mono
    await soon(lambda: len(hook.gets) > 1)
    turned_s = clock.read().mono - 60
    async with asyncio.timeout(20):
        count = 0
        while len(hook.gets) > count:  # one may be under way
            count = len(hook.gets)
            await asyncio.sleep(0.5)
    assert set(hook.gets) == {f"/ping/{SECRET}"}
    task.cancel()


async def test_a_monitor_that_is_not_reached_is_reported_until_it_is(
    hook: Hook, heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, without its address."""
    monkeypatch.setattr(notifier, "HEARTBEAT_LATE_S", 0.2)
    clock, events = SystemClock(), list[Event]()
    hook.answer = 500
    task = asyncio.create_task(send_heartbeats(heartbeat, lambda: clock.read().mono, clock, events.append))
    await soon(lambda: events)
    await asyncio.sleep(0.3)
    hook.answer = 200
    await soon(lambda: len(events) > 1)
    task.cancel()
    assert [event.code for event in events] == ["TWL-N111", "TWL-N112"]
    assert "HTTP 500" in events[0].text("en")
    assert SECRET not in events[0].text("en")


async def test_a_call_that_fails_now_and_then_alarms_nobody(hook: Hook, heartbeat: Heartbeat) -> None:
    """The monitor itself waits longer."""
    clock, events = SystemClock(), list[Event]()
    hook.answer = 500
    task = asyncio.create_task(send_heartbeats(heartbeat, lambda: clock.read().mono, clock, events.append))
    await soon(lambda: len(hook.gets) > 2)
    task.cancel()
    assert events == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense"])
def test_a_monitor_is_called_over_http_alone(address: Write, url: str) -> None:
    """No file of this machine is read."""
    with pytest.raises(AddressUnusable):
        send_heartbeat(address(url))


def test_a_monitor_that_does_not_answer_is_no_error(address: Write) -> None:
    """But a reason."""
    reason = send_heartbeat(address(f"http://127.0.0.1:1/{SECRET}"))
    assert reason == Reason("ECONNREFUSED")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("mailto://kim:x@example.org?from=a@b.se", ("example.org", 25)),
        ("mailtos://kim:x@example.org:465?from=a@b.se", ("example.org", 465)),
        ("json://example.org/x", ("example.org", 80)),
        ("jsons://example.org/x", ("example.org", 443)),
        (f"discord://{SECRET}a/{SECRET}b", None),
    ],
)
def test_the_server_behind_an_address_is_known_where_it_is_no_secret(
    address: Write, url: str, server: tuple[str, int] | None
) -> None:
    """Other addresses have a token in the place of a host."""
    assert examine(address(url)) == server
