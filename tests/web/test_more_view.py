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


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("sv-SE", "sv"),
        ("SV", "sv"),
        ("en-GB,sv;q=0.8", "en"),
        ("de-DE, de;q=0.9, en;q=0.8, sv;q=0.7", "en"),
        ("de", "sv"),
        ("", "sv"),
    ],
)
async def test_the_language_is_the_first_that_the_browser_accepts(
    browser: Browser, turned: None, accepted: str, language: str
) -> None:
    """In any variant; that of the site where there are texts in none of them."""
    page = (await browser().get("/more", headers={"accept-language": accepted})).text
    assert f'<html lang="{language}"' in page


VIEWS = ("/", "/public", "/schedule", "/history", "/gateways", "/events", "/proof", "/more", "/accessibility")


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_is_as_wide_as_its_screen_and_loads_nothing_from_elsewhere(
    browser: Browser, turned: None, view: str
) -> None:
    """A phone would otherwise lay it out for a desk and make it small; it may be enlarged by hand."""
    answer = await browser().get(view)
    assert answer.status_code == 200
    viewport = re.findall(r'<meta name="viewport" content="([^"]*)">', answer.text)
    assert viewport == ["width=device-width, initial-scale=1"]
    loaded = re.findall(r'<(?:link|script|img|iframe|source)\b[^>]*?\s(?:href|src)="([^"]*)"', answer.text)
    assert len(loaded) >= 3
    assert [each for each in loaded if not re.match(r"/(?!/)", each)] == []
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)


async def test_the_statement_is_open_to_everybody(browser: Browser, turned: None) -> None:
    """From outside too."""
    page = (await browser(Web(listen="0.0.0.0:8080"), "192.0.2.9").get("/accessibility")).text
    assert "https://www.digg.se/tdosanmalan" in page
    assert "Ingen person har prövat sidan med skärmläsare än." in page
