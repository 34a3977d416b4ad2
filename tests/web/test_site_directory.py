"""Several sites on one page: each below its own address, and a list of those that a visitor may see."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
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
from controller.state.roles import Role, Scope
from controller.state.storage import Storage
from controller.web.running_service import RunningService
from controller.web.site_directory import SiteDirectory, create_sites_app
from tests.web.conftest import BY, PASSWORD, SetClock
from tests.web.turned import snapshot_of

OPEN = Web(open="all")
Ask = Callable[..., httpx.AsyncClient]


def well(
    directory: SiteDirectory, setup: Setup, name: str, walks: LampWalks, state: Path, title: str | None = None
) -> RunningService:
    """A site whose lamps all show what they should; the only one has no name."""
    site = setup.tower.site.model_copy(update={"name": title or f"Tornet {name}", "language": "en"})
    of_site = replace(setup, tower=setup.tower.model_copy(update={"site": site}), site=name)
    service = RunningService(
        of_site,
        directory.clock,
        state=Storage(state),
        language="en",
        take=lambda _: None,
        emit=directory.emit,
        walks=walks,
        accounts=directory.accounts,
    )
    service.publish(snapshot_of(of_site, directory.clock.read()), is_new=True)
    return service


@pytest.fixture
async def directory(
    setup: Setup,
    clock: SetClock,
    tmp_path: Path,
    events: list[Event],
    walks: LampWalks,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[SiteDirectory]:
    """Two sites that are well, over the same accounts."""
    monkeypatch.setattr(passwords, "LOG_N", 4)
    monkeypatch.setattr(passwords, "RUNS", 1)
    accounts = AccountStore(tmp_path, events.append)
    made = SiteDirectory(accounts, clock, events.append)  # type: ignore[arg-type]
    for name in ("north", "south"):
        made.add(well(made, setup, name, walks, tmp_path / name))
    yield made
    accounts.close()


@pytest.fixture
async def ask(directory: SiteDirectory) -> AsyncIterator[Ask]:
    """Makes browsers; `peer` is where they are."""
    opened: list[httpx.AsyncClient] = []

    def make(web: Web | None = None, peer: str = "127.0.0.1", **more: object) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_sites_app(directory, web or Web()), client=(peer, 50_000))
        url = "http://127.0.0.1:8080"
        opened.append(httpx.AsyncClient(transport=transport, base_url=url, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for each in opened:
        await each.aclose()


def _logged_in(directory: SiteDirectory, clock: SetClock, name: str) -> dict[str, str]:
    session = directory.accounts.authenticate(name, PASSWORD, "127.0.0.1", clock.wall)
    return {"session": session.id}  # type: ignore[union-attr]


def _from_afar(ask: Ask, headers: dict[str, str] | None = None, **more: object) -> httpx.AsyncClient:
    """Over TLS and a proxy, where nothing is open without a login."""
    web = Web.model_validate({"proxy": {"addresses": ["127.0.0.1"]}})
    forwarded = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}
    return ask(web, headers={**forwarded, **(headers or {})}, **more)


async def test_the_list_has_a_sentence_for_each_site(ask: Ask) -> None:
    """With the address of its page; at the beginning and under a name of its own."""
    for address in ("/", "/sites"):
        page = await ask().get(address)
        assert page.status_code == 200
        assert re.findall(r'class="name" href="([^"]*)">([^<]*)<', page.text) == [
            ("/sites/north/", "Tornet north"),
            ("/sites/south/", "Tornet south"),
        ]


async def test_what_is_not_well_comes_first(ask: Ask, directory: SiteDirectory) -> None:
    """Also a site that could not even be started, with the reason."""
    directory.failed["west"] = new_event("TWL-S001")
    text = (await ask().get("/")).text
    assert text.index("west") < text.index("Tornet north")
    assert "Not running" in text


async def test_every_address_in_a_view_is_of_the_same_site(ask: Ask) -> None:
    """Nothing leads to another one but the list, and what all have in common."""
    for view in ("", "schedule", "gateways", "events", "proof", "more", "public", "accessibility", "start"):
        page = await ask().get(f"/sites/north/{view}")
        found = re.findall(r'(?:href|action|src|formaction|data-live|data-read|data-keep)="(/[^"]*)"', page.text)
        assert found, view
        assert {each for each in found if not each.startswith(("/sites/north/", "/static/"))} <= {"/sites"}, view


async def test_the_address_without_its_slash_leads_to_the_site(ask: Ask) -> None:
    """And what is no site is reported as that."""
    assert (await ask().get("/sites/north")).headers["location"] == "/sites/north/"
    for unknown in (
        "/sites/west/",
        "/schedule",
        "/sites/north/no-such",
        "/sites/North/",
        "/sites/north/sites",
        "/-/metrics",
    ):
        assert (await ask().get(unknown)).status_code == 404, unknown


async def test_what_answers_elsewhere_leads_to_the_same_site(ask: Ask) -> None:
    """A view that asks for a login comes back to itself; after a login the list can be asked for."""
    browser = ask(peer="192.0.2.7", follow_redirects=False)
    location = (await browser.get("/sites/south/schedule")).headers["location"]
    assert location == "/sites/south/login?next=%2Fschedule"
    assert (await browser.get("/login")).headers["location"] == "/sites/north/login?next=/sites"


async def test_the_api_has_the_site_in_its_path(ask: Ask) -> None:
    """Each answers for itself."""
    for name in ("north", "south"):
        status = (await ask().get(f"/sites/{name}/api/v1/status")).json()
        assert f"Tornet {name}" in str(status)
    assert (await ask().get("/api/v1/status")).status_code == 404


async def test_the_role_of_an_account_is_that_at_the_site(ask: Ask, directory: SiteDirectory, clock: SetClock) -> None:
    """An operator of one site is nobody at the other, and sees only the first in the list."""
    directory.accounts.add("anna", Role.OPERATOR, PASSWORD, BY, clock.wall, "north")
    browser = _from_afar(ask, cookies=_logged_in(directory, clock, "anna"))
    assert (await browser.get("/sites/north/override")).status_code == 200
    assert (await browser.get("/sites/north/gateways")).status_code == 200
    assert (await browser.get("/sites/south/gateways")).status_code == 403
    assert (await browser.get("/sites/south/override")).status_code == 403
    assert (await browser.get("/sites/south/public")).status_code == 200
    listed = (await browser.get("/")).text
    assert "Tornet north" in listed
    assert "Tornet south" not in listed
    assert (await browser.get("/metrics")).status_code == 403


async def test_another_role_at_another_site_holds_beside_the_first(
    ask: Ask, directory: SiteDirectory, clock: SetClock
) -> None:
    """And a role without a site is one at all of them."""
    directory.accounts.add("anna", Role.OPERATOR, PASSWORD, BY, clock.wall, "north")
    directory.accounts.set_role("anna", Role.VIEWER, BY, clock.wall, "south")
    browser = _from_afar(ask, cookies=_logged_in(directory, clock, "anna"))
    codes = [(await browser.get(f"/sites/{name}/override")).status_code for name in ("north", "south")]
    assert codes == [200, 403]
    assert (await browser.get("/sites/south/gateways")).status_code == 200
    directory.accounts.set_role("anna", Role.OPERATOR, BY, clock.wall)
    assert (await browser.get("/sites/south/override")).status_code == 200


async def test_a_token_can_do_no_more_than_its_owner_at_the_site(
    ask: Ask, directory: SiteDirectory, clock: SetClock
) -> None:
    """At the other site it may not even read."""
    directory.accounts.add("anna", Role.OPERATOR, PASSWORD, BY, clock.wall, "north")
    secret = directory.accounts.tokens.add("anna", "wall display", frozenset(Scope), BY, clock.wall)
    browser = _from_afar(ask, {"authorization": f"Bearer {secret}"})
    codes = [(await browser.get(f"/sites/{name}/api/v1/status")).status_code for name in ("north", "south")]
    assert codes[0] == 200
    assert codes[1] in {401, 403}


async def test_the_public_is_sentence_of_each_site_what_it_may_know(ask: Ask) -> None:
    """With the address of its public view, and of nothing else."""
    browser = ask(Web(listen="0.0.0.0:8080"), peer="192.0.2.7")
    page = await browser.get("/")
    assert re.findall(r'class="name" href="([^"]*)"', page.text) == ["/sites/north/public", "/sites/south/public"]
    assert (await browser.get("/metrics")).status_code == 403
    assert (await browser.get("/readyz")).status_code == 403


async def test_each_series_of_the_metrics_has_the_site(ask: Ask) -> None:
    """Once for each, under one head."""
    text = (await ask().get("/metrics")).text
    series = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.search(r'site="(north|south)"', line) for line in series)
    assert text.count("# TYPE watertower_gateways gauge") == 1
    assert len([line for line in series if line.startswith("watertower_degradations{")]) == 2
    assert 'site="' not in (await ask().get("/sites/north/metrics")).text


async def test_ready_is_the_service_whose_sites_all_are(ask: Ask, directory: SiteDirectory) -> None:
    """One that could not be started is not."""
    answer = await ask().get("/readyz")
    assert answer.json()["sites"].keys() == {"north", "south"}
    directory.failed["west"] = new_event("TWL-S001")
    answer = await ask().get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert (await ask().get("/healthz")).status_code == 200


@pytest.fixture
async def only(directory: SiteDirectory, setup: Setup, walks: LampWalks, tmp_path: Path) -> RunningService:
    """The only site there is."""
    for each in list(directory.sites.values()):
        directory.remove(each)
    service = well(directory, setup, "", walks, tmp_path, "Tornet")
    directory.add(service)
    return service


async def test_the_only_site_has_the_addresses_of_the_page(ask: Ask, only: RunningService) -> None:
    """Those for monitors too; there is nothing to list."""
    browser = ask()
    assert only.title in (await browser.get("/")).text
    assert "controller" in (await browser.get("/readyz")).json()["checks"]
    assert (await browser.get("/healthz")).text == "ok\n"
    assert 'site="' not in (await browser.get("/metrics")).text
    assert (await browser.get("/sites")).status_code == 404


async def test_of_the_only_site_that_others_may_lead_each_controller_reports_itself(
    ask: Ask, directory: SiteDirectory, only: RunningService
) -> None:
    """Whether or not it leads."""
    directory.pair = Pair("one", {"": LedSite("one")})
    assert (await ask().get("/readyz")).json()["controller"] == "one"
    directory.remove(only)
    assert (await ask().get("/readyz")).json()["sites"] == {}


async def test_what_open_pages_share_is_of_the_site_as_it_was_built_last(
    ask: Ask, directory: SiteDirectory, only: RunningService, setup: Setup, walks: LampWalks, tmp_path: Path
) -> None:
    """Though each build counts its states from the beginning."""
    live, browser = {"x-live": "1"}, ask()
    assert "Tornet</title>" in (await browser.get("/", headers=live)).text
    directory.remove(only)
    again = well(directory, setup, "", walks, tmp_path, "Slottet")
    assert again.version == only.version
    directory.add(again)
    assert "Slottet</title>" in (await browser.get("/", headers=live)).text


@pytest.mark.parametrize("address", ["/-/away", "/sites/north/-/away", "/-/lines"])
async def test_addresses_within_the_page_are_nobodys(ask: Ask, address: str) -> None:
    """What asks whether a site is away, and what controllers send each other."""
    assert (await ask().get(address)).status_code == 404


async def test_a_site_that_ends_is_no_longer_there(ask: Ask, directory: SiteDirectory) -> None:
    """And its open pages are let go."""
    south = directory.sites["south"]
    version = directory.version
    directory.remove(south)
    assert south.is_ending
    assert directory.version != version
    assert (await ask().get("/sites/south/")).status_code == 404
    assert "Tornet south" not in (await ask().get("/")).text


async def test_what_others_lead_is_looked_at_now_and_then(directory: SiteDirectory, clock: SetClock) -> None:
    """Where all sites are here nothing has to be."""
    for sites, is_looked_at in ((("north", "south"), False), (("north", "south", "west"), True)):
        directory.pair = Pair("one", {name: LedSite("one") for name in sites})
        version = directory.version
        clock.go(timedelta(seconds=10))
        assert (directory.version != version) is is_looked_at


async def test_the_list_is_notified_when_something_changes(ask: Ask, directory: SiteDirectory) -> None:
    """By the same kind of stream as the views of a site."""
    async with asyncio.timeout(30):
        asyncio.get_running_loop().call_later(3, directory.end)
        answer = await ask().get("/live")
    assert "event: state" in answer.text


@pytest.mark.parametrize("site", ["north", None])
def test_nobody_is_an_admin_of_one_site(directory: SiteDirectory, clock: SetClock, site: str | None) -> None:
    """Who keeps the accounts could give themselves the others."""
    try:
        directory.accounts.add("eva", Role.ADMIN, PASSWORD, BY, clock.wall, site)
    except Exception as error:
        assert (site, getattr(error, "code", "")) == ("north", "TWL-A019")
    else:
        assert site is None
