"""A site that another controller leads, on the page of this one: two pages on ports of their own, over the same
accounts."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from controller.config.load import Setup
from controller.config.web_keys import Web
from controller.events import Event, new_event
from controller.service.lamp_walk import LampWalks
from controller.service.pair import LedSite, Pair
from controller.state import passwords
from controller.state.accounts import AccountStore
from controller.state.leases import PageNote
from controller.state.roles import Role
from controller.web import elsewhere
from controller.web.elsewhere import Elsewhere
from controller.web.forwarding import other_page, own_page, sealed, unsealed
from controller.web.page_server import PageServer, serving
from controller.web.running_service import RunningService
from controller.web.site_directory import SiteDirectory, create_sites_app
from controller.web.visitors import Access
from tests.web.conftest import BY, PASSWORD, SetClock
from tests.web.turned import snapshot_of

SECURE = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https", "host": "tower.example"}


class County:
    """Two controllers, `one-a` with the site `north` and `two-b` with `south`, each with its page."""

    def __init__(self, make: Callable[[str, AccountStore], RunningService], accounts: AccountStore, clock: SetClock):
        self.make, self.accounts, self.clock = make, accounts, clock
        self.events: list[Event] = []
        self.requests: list[dict[str, object]] = []
        self.leaders = {"north": "one-a", "south": "two-b"}
        self.directories = {name: SiteDirectory(accounts, clock, self.events.append) for name in ("one-a", "two-b")}  # type: ignore[arg-type]
        self.servers: dict[str, PageServer] = {}

    def serve(self, web: Web) -> None:
        """Both pages, each with the address of the other."""
        for name, directory in self.directories.items():
            self.servers[name] = serving(create_sites_app, directory, web)
        for site, leader in self.leaders.items():
            self.directories[leader].add(self.make(site, self.accounts))
        self.know()

    def know(self) -> None:
        """Both know who leads what."""
        notes = {
            name: PageNote(own_page(Web(), server.port, self.directories[name].key), "127.0.0.1")
            for name, server in self.servers.items()
        }
        at = self.clock.wall - timedelta(minutes=5)
        led = {
            site: LedSite(leader, since=at) if leader else LedSite(until=at) for site, leader in self.leaders.items()
        }
        for name, directory in self.directories.items():
            directory.pair = Pair(name, led, {each: note for each, note in notes.items() if each != name})

    def move(self, site: str, leader: str) -> None:
        """A site is led by another, or by nobody."""
        before, self.leaders[site] = self.leaders[site], leader
        if before:
            directory = self.directories[before]
            directory.remove(directory.sites[site])
        if leader:
            self.directories[leader].add(self.make(site, self.accounts))
        self.know()

    def ask(self, of: str, **more: object) -> httpx.AsyncClient:
        """Somebody at one of the pages."""
        return httpx.AsyncClient(base_url=self.servers[of].url, timeout=20, **more)  # type: ignore[arg-type]

    def session(self, name: str, role: Role, site: str = "") -> dict[str, str]:
        """The cookie of somebody who has logged in."""
        self.accounts.add(name, role, PASSWORD, BY, self.clock.wall, site or None)
        found = self.accounts.authenticate(name, PASSWORD, "127.0.0.1", self.clock.wall)
        return {"session": found.id}  # type: ignore[union-attr]


@pytest.fixture
async def county(
    setup: Setup,
    clock: SetClock,
    tmp_path: Path,
    events: list[Event],
    walks: LampWalks,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[County]:
    """All is well."""
    monkeypatch.setattr(passwords, "LOG_N", 4)
    monkeypatch.setattr(passwords, "RUNS", 1)
    accounts = AccountStore(tmp_path, events.append)

    def make(site: str, accounts: AccountStore) -> RunningService:
        tower = setup.tower.model_copy(
            update={"site": setup.tower.site.model_copy(update={"name": f"Tornet {site}", "language": "en"})}
        )
        of_site = replace(setup, tower=tower, site=site)

        def take(payload: bytes) -> None:
            document = json.loads(payload)
            county.requests.append({"site": site, **document})
            fields = {"id": document["id"], "owner": document["owner"], "reason": document["reason"]}
            service.note(new_event("TWL-O105", **fields))

        service = RunningService(
            of_site,
            clock,  # type: ignore[arg-type]
            state=tmp_path / site,
            language="en",
            take=take,
            emit=events.append,
            walks=walks,
            accounts=accounts,
        )
        service.publish(snapshot_of(of_site, clock.read()), is_new=True)
        return service

    county = County(make, accounts, clock)
    with ExitStack() as stack:
        county.serve(
            Web.model_validate({"proxy": {"addresses": ["127.0.0.1"]}}).model_copy(update={"listen": "127.0.0.1:0"})
        )
        for server in county.servers.values():
            stack.callback(server.stop)
        yield county
        await asyncio.to_thread(stack.close)
    accounts.close()


async def test_every_page_shows_every_site(county: County) -> None:
    """Also for a visitor whose login was at the other page, and with the addresses of this one."""
    cookies = county.session("anna", Role.OPERATOR)
    for page in ("one-a", "two-b"):
        async with county.ask(page, headers=SECURE, cookies=cookies) as browser:
            for site in ("north", "south"):
                answer = await browser.get(f"/sites/{site}/")
                assert answer.status_code == 200
                assert f"Tornet {site}" in answer.text
                assert "anna" in answer.text
                assert "default-src 'none'" in answer.headers["content-security-policy"]
                status = await browser.get(f"/sites/{site}/api/v1/status")
                assert f"Tornet {site}" in status.text


async def test_the_list_has_every_site(county: County) -> None:
    """Each with the sentence of its leader."""
    cookies = county.session("anna", Role.VIEWER)
    for page in ("one-a", "two-b"):
        async with county.ask(page, headers=SECURE, cookies=cookies) as browser:
            text = (await browser.get("/")).text
            assert 'href="/sites/north/"' in text
            assert 'href="/sites/south/"' in text
            assert "All 2 sites are as they should be." in text


async def test_roles_hold_at_every_page(county: County) -> None:
    """An operator of one site sees that one in the list, and cannot act at the other."""
    cookies = county.session("anna", Role.OPERATOR, "south")
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        text = (await browser.get("/")).text
        assert ("/sites/south/" in text, "/sites/north/" in text) == (True, False)
        assert (await browser.get("/sites/south/override")).status_code == 200
        assert (await browser.get("/sites/north/override")).status_code == 403


async def test_the_leader_knows_the_visitor_as_the_first_page_does(county: County) -> None:
    """What was not over TLS is no more so at the second page, and who acts is reported with their own address."""
    cookies = county.session("anna", Role.ADMIN)
    async with county.ask("one-a", headers={**SECURE, "x-forwarded-proto": "http"}, cookies=cookies) as browser:
        answer = await browser.get("/sites/south/gateways")
        assert answer.headers["location"] == "/sites/south/login?next=%2Fgateways"
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        await _stop(browser, "south")
    assert county.accounts.audit.rows()[-1].actor.address == "192.0.2.7"


async def _stop(browser: httpx.AsyncClient, site: str) -> httpx.Response:
    page = (await browser.get(f"/sites/{site}/api/v1/status")).headers["x-csrf-token"]
    headers = {"x-csrf-token": page, "content-type": "application/json"}
    return await browser.post(f"/sites/{site}/api/v1/stop", headers=headers, json={"reason": "smoke"})


async def test_a_stop_reaches_the_leader(county: County) -> None:
    """From the other page."""
    cookies = county.session("anna", Role.OPERATOR)
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        answer = await _stop(browser, "south")
    assert answer.status_code == 200, answer.text
    assert [(one["site"], one["action"], one["owner"]) for one in county.requests] == [("south", "stop", "anna")]


async def test_a_stop_waits_for_the_next_leader(county: County) -> None:
    """Nobody leads when it is asked for; then this controller does."""
    cookies = county.session("anna", Role.OPERATOR)
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        token = (await browser.get("/sites/north/api/v1/status")).headers["x-csrf-token"]
        county.move("south", "")
        headers = {"x-csrf-token": token, "content-type": "application/json"}
        asked = asyncio.create_task(browser.post("/sites/south/api/v1/stop", headers=headers, json={"reason": "smoke"}))
        await asyncio.sleep(0.6)
        assert not county.requests
        county.move("south", "one-a")
        answer = await asked
    assert answer.status_code == 200, answer.text
    assert [one["site"] for one in county.requests] == ["south"]


@pytest.fixture
async def half_dead() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Makes pages that say something, and then nothing more; what others know of it."""
    servers: list[asyncio.Server] = []
    over = asyncio.Event()

    async def make(words: bytes, *, ends: bool = False) -> str:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(words)
            if not ends:
                await over.wait()
            writer.close()
            await writer.wait_closed()

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        port = servers[-1].sockets[0].getsockname()[1]
        return json.dumps({"host": "127.0.0.1", "port": port, "key": "key", "machine": socket.gethostname()})

    yield make
    over.set()
    for server in servers:
        server.close()
    await asyncio.sleep(0.2)


def _lead_from(county: County, note: str) -> None:
    """The page of the leader of `south` is this one."""
    directory = county.directories["one-a"]
    assert directory.pair is not None
    directory.pair = replace(directory.pair, others={"two-b": PageNote(note, "127.0.0.1")})


async def test_a_stop_is_handed_to_the_next_leader_where_one_hangs(
    county: County, half_dead: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything else is shown to be in doubt: it may have been done."""
    monkeypatch.setattr(elsewhere, "STOP_S", 0.5)
    monkeypatch.setattr(elsewhere, "READ_S", 0.5)
    cookies = county.session("anna", Role.OPERATOR)
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        token = (await browser.get("/sites/north/api/v1/status")).headers["x-csrf-token"]
        headers = {"x-csrf-token": token, "content-type": "application/json"}
        _lead_from(county, await half_dead(b""))
        asked = asyncio.create_task(browser.post("/sites/south/api/v1/stop", headers=headers, json={"reason": "smoke"}))
        answer = await browser.post("/sites/south/api/v1/override", headers=headers, json={"look": "red"})
        assert (answer.status_code, answer.json()["code"]) == (503, "TWL-W113")
        county.move("south", "one-a")
        answer = await asked
    assert answer.status_code == 200, answer.text
    assert [one["site"] for one in county.requests] == ["south"]


async def test_a_leader_that_dies_within_an_answer_leaves_no_half_one(
    county: County, half_dead: Callable[..., Awaitable[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """A stream of events ends, a page says that it is not known."""
    cookies = county.session("anna", Role.VIEWER)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata\n\r\n"
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        _lead_from(county, await half_dead(head % b"text/event-stream", ends=True))
        assert (await browser.get("/sites/south/live")).text == "data\n"
        _lead_from(county, await half_dead(head % b"text/html", ends=True))
        assert (await browser.get("/sites/south/")).status_code == 503
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


async def test_a_site_that_nobody_leads_is_reported_plainly(county: County) -> None:
    """By the page in the visitor's language, with when it was last known, and by the API with 503."""
    county.move("south", "")
    cookies = county.session("anna", Role.VIEWER)
    for language, words in (("en", "We do not know now"), ("sv", "Just nu vet vi inte")):
        async with county.ask("one-a", headers={**SECURE, "accept-language": language}, cookies=cookies) as browser:
            page = await browser.get("/sites/south/gateways")
            assert page.status_code == 503
            assert words in page.text
            until = county.directories["one-a"].pair.sites["south"].until.astimezone()  # type: ignore[union-attr]
            assert f"{until:%Y-%m-%d %H:%M:%S}" in page.text
            assert 'href="/sites/south/gateways"' in page.text
            assert f"{until:%H:%M:%S}" in (await browser.get("/")).text
            api = await browser.get("/sites/south/api/v1/status")
            assert (api.status_code, api.json()["code"]) == (503, "TWL-W111")
            assert api.headers["retry-after"]


async def test_a_leader_whose_page_is_gone_is_named(county: County) -> None:
    """Also where it listens on another machine's loopback only."""
    await asyncio.to_thread(county.servers["two-b"].stop)
    cookies = county.session("anna", Role.VIEWER)
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        api = await browser.get("/sites/south/api/v1/status")
        assert (api.status_code, api.json()["code"]) == (503, "TWL-W112")
        assert "two-b" in (await browser.get("/sites/south/")).text
        directory = county.directories["one-a"]
        note = json.loads(directory.pair.others["two-b"].text)  # type: ignore[union-attr]
        far = {"two-b": PageNote(json.dumps({**note, "machine": "far"}), "192.0.2.1")}
        directory.pair = replace(directory.pair, others=far)  # type: ignore[type-var, arg-type]
        assert (await browser.get("/sites/south/api/v1/status")).json()["code"] == "TWL-W115"
        directory.pair = replace(directory.pair, others={"two-b": PageNote("", "192.0.2.1")})  # type: ignore[type-var]
        assert (await browser.get("/sites/south/api/v1/status")).json()["code"] == "TWL-W114"


async def test_there_is_one_hop(county: County) -> None:
    """Where both believe that the other one leads, nothing goes in circles; what nobody has sealed is not believed."""
    for name, directory in county.directories.items():
        other = {"one-a": "two-b", "two-b": "one-a"}[name]
        for service in list(directory.sites.values()):
            directory.remove(service)
        directory.pair = replace(directory.pair, sites={"north": LedSite(other), "south": LedSite("one-a")})  # type: ignore[type-var]
    cookies = county.session("anna", Role.VIEWER)
    began = time.monotonic()
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        assert (await browser.get("/sites/north/api/v1/status")).json()["code"] == "TWL-W112"
        assert time.monotonic() - began < 5
        forged = await browser.get("/sites/south/", headers={"watertower-seal": "YWJj.0000"})
        assert forged.status_code == 421
        assert (await browser.get("/-/lines")).status_code == 404


async def test_events_stream_through(county: County) -> None:
    """As they come, until the reader goes."""
    cookies = county.session("anna", Role.VIEWER)
    async with (
        county.ask("one-a", headers=SECURE, cookies=cookies) as browser,
        browser.stream("GET", "/sites/south/live") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        parts = stream.aiter_text()
        text = ""
        async with asyncio.timeout(10):
            while "event: state" not in text:
                text += await anext(parts)


async def test_a_body_that_is_too_long_is_refused(county: County) -> None:
    """By the page that would forward it."""
    cookies = county.session("anna", Role.OPERATOR)
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        answer = await browser.post("/sites/south/override", content=b"x" * 9_000_000)
        assert answer.status_code == 413
        answer = await browser.post("/sites/south/api/v1/stop", content=b"x" * 100_000)
        assert answer.status_code in {403, 413, 415}
    async with county.ask("one-a", headers=SECURE) as stranger:
        assert (await stranger.post("/sites/south/login", content=b"x" * 70_000)).status_code == 413
        assert (await stranger.post("/sites/south/login", content=b"x" * 60_000)).status_code == 415


async def test_ready_claims_no_light_for_others(county: County) -> None:
    """It names the leader of the others; a standby without a database takes no part."""
    cookies = county.session("anna", Role.VIEWER)
    async with county.ask("one-a", headers=SECURE, cookies=cookies) as browser:
        ready = (await browser.get("/readyz")).json()
        assert list(ready["sites"]) == ["north"]
        assert ready["led_elsewhere"] == {"south": "two-b"}
        county.move("north", "two-b")
        assert (await browser.get("/readyz")).status_code == 200
        directory = county.directories["one-a"]
        directory.pair = replace(directory.pair, is_known=False)  # type: ignore[type-var]
        assert (await browser.get("/readyz")).status_code == 503
        assert (await browser.get("/healthz")).status_code == 200


def test_a_seal_is_of_one_request_and_one_key() -> None:
    """Whoever changes anything of it is nobody."""
    access = Access("192.0.2.7", True, None, True, "anna", Role.ADMIN)
    seal = sealed(access, "GET", b"/sites/north/", "key")
    assert unsealed(seal, "GET", b"/sites/north/", "key") == access
    for method, target, key in (
        ("POST", b"/sites/north/", "key"),
        ("GET", b"/", "key"),
        ("GET", b"/sites/north/", "k"),
    ):
        assert unsealed(seal, method, target, key) is None
    assert unsealed(sealed(access, "GET", b"/", ""), "GET", b"/", "") is None


async def test_strangers_are_shown_no_names_of_machines(county: County) -> None:
    """Nor addresses, on the page and by the API, where the leader cannot be asked."""
    await asyncio.to_thread(county.servers["two-b"].stop)
    async with county.ask("one-a", headers=SECURE) as stranger:
        for path in ("/sites/south/public", "/sites/south/api/v1/status", "/"):
            answer = await stranger.get(path)
            assert "two-b" not in answer.text
            assert answer.status_code == (200 if path == "/" else 503)
        assert (await stranger.get("/sites/south/api/v1/status")).json()["code"] == "TWL-W116"


@pytest.mark.parametrize(
    "note",
    [
        "null",
        "[" * 5_000,
        '{"host": 5, "port": 1, "key": "k"}',
        '{"host": "", "port": "80", "key": "k"}',
        '{"host": "", "port": 1, "key": 5}',
        '{"host": "", "port": 1, "key": "k", "certificate": 5}',
    ],
)
def test_a_note_that_no_controller_wrote_is_no_page(note: str) -> None:
    """Whoever keeps the database may have edited it by hand."""
    assert other_page(PageNote(note, "192.0.2.1")) is None


def test_other_controllers_are_given_the_certificate_and_nothing_else_of_its_file(tmp_path: Path) -> None:
    """The file may begin with the key, have notes in any encoding, and end with the chain."""
    certificate, chain = (
        f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----" for text in ("own", "chain")
    )
    key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"
    file = tmp_path / "page.pem"
    file.write_bytes("\n".join((key, "friendlyName: Växjö", certificate, chain)).encode("latin-1"))
    web = Web.model_validate({"listen": "0.0.0.0:8443"}).model_copy(update={"cert_file": file})
    page = other_page(PageNote(own_page(web, 8443, "k"), "192.0.2.1"))
    assert page is not None
    assert page.certificate == certificate


def test_what_came_encrypted_is_handed_on_encrypted(tmp_path: Path, events: list[Event], clock: SetClock) -> None:
    """A leader without a certificate, on another machine, is not asked by a page that has one."""
    directory = SiteDirectory(AccountStore(tmp_path, events.append), clock, events.append)  # type: ignore[arg-type]
    note = PageNote(json.dumps({"host": "", "port": 8080, "key": "k", "machine": "far"}), "192.0.2.1")
    directory.pair = Pair("one-a", {"south": LedSite("two-b")}, {"two-b": note})
    scope = {"type": "http", "method": "GET", "raw_path": b"/sites/south/", "headers": [], "query_string": b""}
    web = Web.model_validate({"listen": "0.0.0.0:8443"}).model_copy(update={"cert_file": tmp_path / "page.pem"})
    answer = asyncio.run(Elsewhere(directory, web).answer("south", "/", scope, b""))
    assert isinstance(answer, Event)
    assert answer.code == "TWL-W117"
