"""Mer: how the page is to look is kept in the browser; the statement of accessibility is open to all."""

import re

import pytest

from controller.config.load import Setup
from controller.config.web_keys import Web
from controller.web.running_service import RunningService
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of


@pytest.fixture
def turned(service: RunningService, setup: Setup, clock: SetClock) -> None:
    """The controller has turned."""
    service.publish(snapshot_of(setup, clock.read()), is_new=True)


async def test_language_and_theme_are_kept(browser: Browser, turned: None) -> None:
    """What is not known is not."""
    client = browser()
    page = (await client.get("/more", headers={"accept-language": "sv"})).text
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf
    form = {"csrf": csrf[1], "lang": "en", "theme": "dark"}
    assert (await client.post("/more", data=form)).headers["location"] == "/more"
    page = (await client.get("/", headers={"accept-language": "sv"})).text
    assert '<html lang="en" data-theme="dark">' in page
    await client.post("/more", data=form | {"lang": "../x", "theme": "<b>"})
    assert '<html lang="en" data-theme="dark">' in (await client.get("/more")).text
    assert (await client.post("/more", data=form | {"csrf": "x"})).status_code == 403


async def test_a_language_that_was_chosen_stays(browser: Browser, turned: None) -> None:
    """On the views that follow."""
    client = browser(headers={"accept-language": "sv"})
    assert '<html lang="en"' in (await client.get("/gateways?lang=en")).text
    assert '<html lang="en"' in (await client.get("/more")).text
    assert "set-cookie" not in (await client.get("/public?lang=sv")).headers


async def test_the_statement_is_open_to_everybody(browser: Browser, turned: None) -> None:
    """From outside too."""
    page = (await browser(Web(listen="0.0.0.0:8080"), "192.0.2.9").get("/accessibility")).text
    assert "https://www.digg.se/tdosanmalan" in page
    assert "Ingen person har prövat sidan med skärmläsare än." in page
