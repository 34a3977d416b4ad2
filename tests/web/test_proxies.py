"""nginx and Caddy before the page, as the shipped files set them up: run for real, with ports, certificate and page of
the test in place of those of a site."""

import asyncio
import contextlib
import re
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from controller.config.load import Setup
from controller.config.web_keys import Web
from controller.web.app import create_app
from controller.web.page_server import serving
from controller.web.running_service import RunningService
from tests.parts import await_listener, ended_after, free_port, needs, require
from tests.web.conftest import PASSWORD, SetClock
from tests.web.turned import snapshot_of

pytestmark = pytest.mark.real

FORM = {"content-type": "application/x-www-form-urlencoded"}
FOLDER = Path(__file__).parents[2] / "deploy" / "proxy"
NAME = "tower.example"
FORGED = {
    "X-Forwarded-For": "192.0.2.66",
    "X-Real-IP": "192.0.2.66",
    "Forwarded": "for=192.0.2.66;proto=https",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "elsewhere.example",
    "X-User": "admin",
    "X-Role": "admin",
}
"""What a browser may say of itself, and nobody should believe."""
PROXIES = [pytest.param(name, marks=needs(name, "openssl")) for name in ("nginx", "caddy")]
Opened = Callable[..., httpx.AsyncClient]


@dataclass
class Proxy:
    """A proxy that runs: its two ports, and that of the page behind it."""

    tls: int
    plain: int
    page: int


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Certificate and key of the tower's name."""
    cert, key = tmp_path / "tower.pem", tmp_path / "tower.key"
    command = [require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture
async def page(service: RunningService, setup: Setup, clock: SetClock) -> AsyncIterator[int]:
    """The port of a page that believes its proxy, which vouches for people too."""
    port = free_port()
    words = {"addresses": ["127.0.0.1"], "user_header": "X-User", "role_header": "X-Role"}
    server = serving(create_app, service, Web.model_validate({"listen": f"127.0.0.1:{port}", "proxy": words}))
    service.publish(snapshot_of(setup, clock.read()), is_new=True)
    yield port
    await asyncio.to_thread(server.stop)


@pytest.fixture
def proxy(page: int, certificate: tuple[Path, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """The one that the test asks for."""
    running = Proxy(free_port(), free_port(), page)
    start = {"nginx": nginx, "caddy": caddy}[request.param]
    with ended_after(start(running, certificate, tmp_path)) as process:
        await_listener(running.tls, process)
        yield running


def nginx(proxy: Proxy, certificate: tuple[Path, Path], folder: Path) -> "subprocess.Popen[bytes]":
    """In a configuration that holds nothing else."""
    text = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"listen \[::\].*\n", "", text).replace("listen 80;", f"listen 127.0.0.1:{proxy.plain};")
    text = text.replace("listen 443", f"listen 127.0.0.1:{proxy.tls}").replace(
        "127.0.0.1:8080", f"127.0.0.1:{proxy.page}"
    )
    text = text.replace("/etc/ssl/tower.pem", str(certificate[0])).replace(
        "/etc/ssl/private/tower.key", str(certificate[1])
    )
    temporary = "".join(
        f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; gzip on; {temporary}\n{text}\n}}\n",
        encoding="utf-8",
    )
    return subprocess.Popen([require("nginx"), "-c", file, "-p", folder], stderr=subprocess.DEVNULL)


def caddy(proxy: Proxy, certificate: tuple[Path, Path], folder: Path) -> "subprocess.Popen[bytes]":
    """With the certificate of the test: nothing is fetched."""
    text = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{proxy.page}")
    text = text.replace(f"{NAME} {{\n", f"{NAME} {{\n\ttls {certificate[0]} {certificate[1]}\n\tbind 127.0.0.1\n")
    ports = f"{{\n\tadmin off\n\thttp_port {proxy.plain}\n\thttps_port {proxy.tls}\n\tdefault_bind 127.0.0.1\n}}\n"
    file = folder / "Caddyfile"
    file.write_text(ports + text, encoding="utf-8")
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [require("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]
    return subprocess.Popen(command, env=home, stderr=subprocess.DEVNULL)


@pytest.fixture
async def opened(proxy: Proxy, certificate: tuple[Path, Path]) -> AsyncIterator[Opened]:
    """Makes browsers that know the tower by its name, through the proxy."""
    trusted = ssl.create_default_context(cafile=certificate[0])
    clients = contextlib.AsyncExitStack()

    def make(**headers: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            base_url=f"https://{NAME}:{proxy.tls}",
            headers=headers,
            transport=Named(verify=trusted),
            timeout=20,
        )
        clients.push_async_callback(client.aclose)
        return client

    yield make
    await clients.aclose()


class Named(httpx.AsyncHTTPTransport):
    """Finds the tower's name on this machine."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Asks there, and for the name all the same."""
        there = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": NAME},
        )
        return await super().handle_async_request(there)


async def log_in(client: httpx.AsyncClient, origin: str, **headers: str) -> httpx.Response:
    """As a browser does, which sends where a form comes from."""
    form = await client.get("/login", headers=headers)
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', form.text)
    assert found, form.text
    fields = {"csrf": found[1], "name": "operator", "password": PASSWORD}
    return await client.post("/login", data=fields, headers={"Origin": origin, **headers})


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
async def test_people_log_in_over_tls_and_from_their_own_address(
    opened: Opened, proxy: Proxy, service: RunningService
) -> None:
    """What a browser says of its address, its name and its role is not believed."""
    client = opened()
    assert (await client.get("/")).status_code in {200, 303}
    answer = await log_in(client, f"https://{NAME}:{proxy.tls}", **FORGED)
    assert answer.status_code == 303, answer.text
    assert answer.headers["set-cookie"].startswith("__Host-session=")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert (await client.get("/accounts")).status_code == 403
    addresses = {row.actor.address for row in service.accounts.audit.rows() if row.actor.name == "operator"}
    assert addresses == {"127.0.0.1"}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
async def test_nobody_is_let_in_by_a_header_of_theirs(opened: Opened) -> None:
    """Who has not logged in sees what everybody sees."""
    client = opened(**FORGED)
    assert (await client.get("/metrics")).status_code == 403
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/public.json")).status_code == 200


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
async def test_open_pages_are_notified_at_once_of_a_change(
    opened: Opened, proxy: Proxy, service: RunningService, setup: Setup, clock: SetClock
) -> None:
    """`/live` is not held back until a buffer is full."""
    client = opened(**{"Accept-Encoding": "gzip"})
    await log_in(client, f"https://{NAME}:{proxy.tls}")
    async with client.stream("GET", "/live") as stream, asyncio.timeout(9):  # a tick would come after ten
        assert stream.headers["content-type"].startswith("text/event-stream")
        messages = (line async for line in stream.aiter_lines() if line.startswith("event: "))
        assert await anext(messages) == "event: state"
        await asyncio.sleep(1)
        began = time.monotonic()
        service.publish(snapshot_of(setup, clock.read()), is_new=True)
        assert await anext(messages) == "event: state"
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
async def test_what_no_act_is_as_long_as_ends_at_the_proxy(opened: Opened) -> None:
    """The page takes less; it is not asked."""
    answer = await opened().post("/login", content=b"x" * 1_100_000, headers=FORM)
    assert answer.status_code in {413, 502}  # the second is Caddy 2.6's word for it
    assert "Content-Security-Policy" not in answer.headers


@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
async def test_plain_http_leads_to_tls(proxy: Proxy) -> None:
    """Nothing is shown there."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{proxy.plain}/schedule", headers={"Host": NAME})
    assert answer.status_code == 308
    assert answer.headers["location"].startswith(f"https://{NAME}")
    assert answer.headers["location"].endswith("/schedule")


@pytest.mark.usefixtures("people")
async def test_who_is_not_the_proxy_is_not_believed(page: int) -> None:
    """Another address of this machine, with the headers of a proxy."""
    elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    forged = {"X-Forwarded-Proto": "https", "X-User": "admin", "X-Role": "admin"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{page}", transport=elsewhere, headers=forged) as client:
        assert (await client.get("/metrics")).status_code == 403
        assert (await client.get("/login")).status_code == 403


def test_the_proxies_are_those_of_the_guide() -> None:
    """Each is named there."""
    guide = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.iterdir() if f"proxy/{path.name}" not in guide] == []
