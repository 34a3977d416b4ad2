"""Every view in every state, on a phone and on a desk, in both themes and both languages: nothing that hinders anybody,
nothing wider than the window, nothing asked of another host, nothing against the policy of the page."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import MakeTower
from tests.browser.screens import ALL_SCREENS, DESK, NARROW, PHONE, Screen, Screens, look_at, overflow, violations
from tests.browser.served import YEAR, ZONE_OF, ServedTower, lamp
from tests.browser.states import STATES, all_well
from tests.browser.views import ALL, CHANGED_BY_STATE

pytestmark = pytest.mark.timeout(1800)  # dozens of views in each test
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""


@pytest.fixture(scope="module")
def tower(towers: MakeTower) -> ServedTower:
    """Four lamps and a year of seven rules, on an evening of the campaign week."""
    return towers([lamp(*each) for each in ZONE_OF.items()], YEAR).serve().confirmed()


@pytest.fixture(scope="module", params=list(STATES))
def state(tower: ServedTower, request: pytest.FixtureRequest) -> Iterator[str]:
    """One state after another."""
    with ExitStack() as held:
        held.enter_context(STATES[request.param](tower))
        yield request.param


def shot(page: Page, name: str) -> None:
    """Keeps a picture of the page in the folder SCREENS, if there is one, for people to look at."""
    if folder := os.environ.get("SCREENS"):
        path = Path(folder, re.sub(r"[^\w.]+", "-", name).strip("-") + ".png")
        page.screenshot(path=path, full_page=True)


def faults_of(page: Page) -> list[str]:
    """What hinders somebody here."""
    wide = overflow(page)
    return [*violations(page), *([f"{wide} px too wide"] if wide > 0 else [])]


@pytest.mark.parametrize("screen", ALL_SCREENS, ids=str)
def test_a_view_hinders_nobody_in_any_state(tower: ServedTower, state: str, screen: Screen, screens: Screens) -> None:
    """0 violations of WCAG 2.2 AA in all views that a state changes."""
    page = screens.open(tower, screen, "admin")
    found = []
    for path in ALL if state == "all well" else CHANGED_BY_STATE:
        look_at(page, path)
        shot(page, f"{state}{path}-{screen}")
        found += [f"{path}: {fault}" for fault in faults_of(page)]
    assert not found, "\n".join(found)


@pytest.mark.smoke
@pytest.mark.parametrize("screen", [Screen(), Screen(DESK, "dark", "en")], ids=str)
def test_what_everybody_sees_hinders_nobody(tower: ServedTower, screen: Screen, screens: Screens) -> None:
    """The views that are looked at every day, while all is well."""
    page = screens.open(tower, screen, "operator")
    with all_well(tower):
        for path in ("/", "/schedule", "/override", "/gateways", "/public"):
            look_at(page, path)
            assert faults_of(page) == [], path


@pytest.mark.parametrize(
    ("width", "css"), [(NARROW, ""), (PHONE, SPACING), (NARROW, SPACING), (DESK // 2, "")], ids=str
)
def test_no_view_scrolls_sideways(tower: ServedTower, screens: Screens, width: int, css: str) -> None:
    """At 320 px, with the text spacing that WCAG 1.4.12 asks for, and at 200 % of a desk."""
    page = screens.open(tower, replace(Screen(), width=width), "admin", bypass_csp=bool(css))
    found = {}
    for path in ALL:
        look_at(page, path)
        if css:
            page.add_style_tag(content=css)
        shot(page, f"narrow{path}-{width}-{len(css)}")
        if (wide := overflow(page)) > 0:
            found[path] = wide
    assert found == {}


def test_without_script_every_view_says_the_same(tower: ServedTower, screens: Screens) -> None:
    """The sentence, the picture, and how old they are, with a link to look again."""
    page = screens.open(tower, replace(Screen(), with_script=False), "admin")
    for path in ALL:
        look_at(page, path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("[data-lost]:visible").count() == 0, path
    look_at(page, "/")
    assert "lyser orange" in page.locator("h1").inner_text()
    assert re.search(r"Bilden är från \d\d:\d\d:\d\d", page.locator(".live").inner_text())
    page.get_by_role("link", name="Läs om").click()
    assert page.url == f"{tower.url}/"


def test_every_title_is_unique_and_every_view_has_one_heading(tower: ServedTower, screens: Screens) -> None:
    """WCAG 2.4.2, and one h1, one main, a link that skips to it."""
    page = screens.open(tower, None, "admin")
    titles: dict[str, str] = {}
    for path in ALL:
        look_at(page, path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("main").count() == 1, path
        assert page.locator("a.skip[href='#main']").count() == 1, path
        other = titles.setdefault(page.title(), path)
        assert other.partition("?")[0] == path.partition("?")[0], (page.title(), path, other)
