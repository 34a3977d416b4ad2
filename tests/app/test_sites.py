"""Several sites in one process: each by itself, and none disturbs another. Judged by the log, as people read it."""

import asyncio
import io
import json
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from controller.app.log_writer import Log
from controller.app.sites import Sites
from tests.config.several_sites import OWN_TOWER, SHARED_TOWER, write_site, write_sites
from tests.parts import free_port

PATIENCE_S = 30.0
NAMES = ("north", "south")


class Service:
    """Runs the sites of a folder, and reads what the log says."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.state = state
        self._stream = io.StringIO()

    @property
    def log(self) -> list[dict[str, Any]]:
        """Each line as a document."""
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def events_of(self, code: str, site: str | None = None) -> list[dict[str, Any]]:
        """The events of a code, of one site where that is given."""
        return [each for each in self.log if each["code"] == code and site in {None, each.get("site")}]

    async def until(self, condition: Callable[[], object]) -> None:
        """Until something is so; fails where it is not in time."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def running(self, only: str | None = None) -> AsyncIterator[None]:
        """Runs all, or one of them, and ends them as a signal would."""
        with Log("json", ZoneInfo("Europe/Stockholm"), "en", self._stream) as log:
            end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            work = asyncio.create_task(Sites(self.root, self.state, log, "en", only).run(end))
            try:
                yield
            finally:
                end.set_result("test")
                async with asyncio.timeout(PATIENCE_S):
                    await work


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Two sites with a broker of the service's own, without a page."""
    listen = f"127.0.0.1:{free_port()}"
    shared = SHARED_TOWER.replace("broker: embedded", f'broker: embedded, listen: "{listen}"')
    shared = shared.replace('web: {listen: "127.0.0.1:8080"}', "web: off")
    return Service(write_sites(tmp_path / "config", "north", "south", shared_tower=shared), tmp_path / "state")


async def test_each_site_confirms_its_own_light(service: Service) -> None:
    """Over one broker, each below its own prefix and with its own state."""
    async with service.running():
        await service.until(lambda: service.events_of("TWL-G101", "north") and service.events_of("TWL-G101", "south"))
    assert len(service.events_of("TWL-B010")) == 1
    assert {each["site"] for each in service.events_of("TWL-C001")} == {"north", "south"}
    for name in ("north", "south"):
        assert (service.state / "sites" / name / "history.db").exists()
        assert (service.state / "sites" / name / "last-good" / "shared" / "schedule.yaml").exists()
        assert service.events_of("TWL-C002", name)


async def test_only_one_may_be_run(service: Service) -> None:
    """As on a computer of its own."""
    async with service.running("south"):
        await service.until(lambda: service.events_of("TWL-G101", "south"))
        await asyncio.sleep(1.5)
    assert not service.events_of("TWL-C001", "north")


async def test_a_site_that_is_broken_is_reported_once_and_disturbs_no_other(service: Service) -> None:
    """It is started as soon as its files are good."""
    good = OWN_TOWER
    write_site(service.root, "north", good.replace("kind: dmx", "kind: dmxx"))
    async with service.running():
        await service.until(lambda: service.events_of("TWL-G101", "south"))
        (told,) = service.events_of("TWL-C053", "north")
        assert "TWL-S056" in json.dumps(told)
        write_site(service.root, "north", good)
        await service.until(lambda: service.events_of("TWL-G101", "north"))
    assert len(service.events_of("TWL-C053")) == 1


async def test_a_site_runs_on_its_last_good_copy(service: Service) -> None:
    """Of the shared files too: a mistake there rejects nothing that runs."""
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 2)
    (service.root / "schedule.yaml").write_text("campaigns: [\n", encoding="utf-8")
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 4)
    assert {each["site"] for each in service.events_of("TWL-O131")} == {"north", "south"}


async def test_a_shared_schedule_that_is_saved_is_taken_by_all(service: Service) -> None:
    """Each site reports what changes there; nothing is rebuilt."""
    path = service.root / "schedule.yaml"
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 2)
        path.write_text(path.read_text(encoding="utf-8").replace("color: orange", "color: blue"), encoding="utf-8")
        await service.until(lambda: len({each["site"] for each in service.events_of("TWL-O130")}) == 2)
    assert len(service.events_of("TWL-C001")) == 2


async def test_a_folder_that_comes_is_started_and_one_that_goes_is_stopped(service: Service) -> None:
    """Only that site is affected; the event describes what becomes of its lamps."""
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 2)
        write_site(service.root, "east")
        await service.until(lambda: service.events_of("TWL-G101", "east"))
        shutil.rmtree(service.root / "sites" / "north")
        await service.until(lambda: service.events_of("TWL-C002", "north"))
        assert [each["level"] for each in service.events_of("TWL-C052")] == ["warning"]
        assert not service.events_of("TWL-C002", "south")


async def test_all_that_vanish_at_once_go_on(service: Service) -> None:
    """A share that is not mounted looks like that, and no tower is to be left alone for it."""
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 2)
        (service.root / "sites").rename(service.root / "elsewhere")
        await asyncio.sleep(3)
        assert not service.events_of("TWL-C002")
        assert not service.events_of("TWL-C052")


async def test_systemd_is_notified_once_every_site_has_been_tried(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one of them cannot start."""
    write_site(service.root, "north", "version: 1\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        async with service.running():
            told = b""
            while told != b"READY=1":
                async with asyncio.timeout(PATIENCE_S):
                    told = await asyncio.get_running_loop().sock_recv(systemd, 100)
            assert service.events_of("TWL-C053", "north")
            assert service.events_of("TWL-C001", "south")


async def test_broker_and_page_move_when_the_shared_file_changes(service: Service) -> None:
    """Broker and page listen where it says now, every site follows, and nobody has to start anything."""
    path = service.root / "tower.yaml"
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 2)
        text = path.read_text(encoding="utf-8")
        broker, page = free_port(), free_port()
        text = re.sub(r'listen: "[^"]*"', f'listen: "127.0.0.1:{broker}"', text)
        path.write_text(text.replace("web: off", f'web: {{listen: "127.0.0.1:{page}"}}'), encoding="utf-8")
        await service.until(lambda: [each for each in service.events_of("TWL-B010") if each["port"] == broker])
        await service.until(lambda: service.events_of("TWL-W101"))
        await service.until(
            lambda: all(str(broker) in json.dumps(service.events_of("TWL-M001", name)) for name in NAMES)
        )
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{page}") as browser:
            for name in NAMES:
                assert (await browser.get(f"/sites/{name}/")).status_code == 200
    assert not service.events_of("TWL-C053")


async def test_a_site_with_mistakes_in_its_files_does_not_hold_the_page_where_it_was(service: Service) -> None:
    """It runs on as it was, and the page is where the others have it now."""
    write_site(service.root, "west")
    path = service.root / "tower.yaml"
    before, page = free_port(), free_port()
    text = path.read_text(encoding="utf-8").replace("web: off", f'web: {{listen: "127.0.0.1:{before}"}}')
    path.write_text(text, encoding="utf-8")
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 3)
        with (service.root / "sites" / "north" / "tower.yaml").open("a") as own:
            own.write("nonsense: 1\n")
        await service.until(lambda: service.events_of("TWL-O131", "north"))
        path.write_text(text.replace(str(before), str(page)), encoding="utf-8")
        await service.until(lambda: len(service.events_of("TWL-W101")) == 2)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{page}") as browser:
            assert (await browser.get("/sites/north/")).status_code == 200


async def test_another_user_of_the_broker_needs_no_site_to_be_built_again(service: Service) -> None:
    """The broker is restarted, and each site connects again by itself."""
    path, users = service.root / "tower.yaml", service.root / "users"
    users.write_text("north/mast:secret\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("broker: embedded,", "broker: embedded, users_file: users,"), encoding="utf-8")
    async with service.running():
        await service.until(lambda: len(service.events_of("TWL-G101")) == 2)
        users.write_text("north/mast:secret\nsouth/mast:secret\n", encoding="utf-8")
        await service.until(lambda: len(service.events_of("TWL-B010")) == 2)
        await service.until(lambda: all(len(service.events_of("TWL-M001", name)) == 4 for name in NAMES))
    assert len(service.events_of("TWL-C001")) == 2


async def test_a_controller_that_leads_nothing_reports_what_keeps_it_from_the_database(service: Service) -> None:
    """Somebody who sees that there is no standby looks into its own log."""
    with (service.root / "tower.yaml").open("a") as shared:
        shared.write("database: {url: 'postgresql://nobody@127.0.0.1:1/nothing'}\n")
    async with service.running():
        await service.until(lambda: service.events_of("TWL-J040"))
        assert not service.events_of("TWL-C060")
