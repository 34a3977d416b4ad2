"""Towers that are not as ours is: without campaigns, with many gateways, with a clock that nobody can trust."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeTower
from tests.browser.screens import DESK, Screen, Screens, look_at, overflow, violations
from tests.browser.served import ServedTower, lamp

pytestmark = pytest.mark.timeout(1200)  # dozens of views in each test
EMPTY = "version: 1\ncampaigns: []\nevery_night: []\nblackouts: []\n"
VIEWS = ("/", "/schedule", "/override", "/stop", "/gateways", "/events", "/proof", "/public", "/schedule/file")
MANY = 60


def hinders_nobody(tower: ServedTower, screens: Screens, screen: Screen) -> None:
    """No violation and nothing too wide in any view."""
    page = screens.open(tower, screen, "operator")
    found = []
    for path in VIEWS:
        look_at(page, path)
        found += [f"{path}: {each}" for each in violations(page)]
        if (wide := overflow(page)) > 0:
            found.append(f"{path}: {wide} px too wide")
    assert not found, "\n".join(found)


def test_a_tower_without_campaigns_is_dark_and_says_how_to_begin(towers: MakeTower, screens: Screens) -> None:
    """It claims no reason that there is not."""
    tower = towers([lamp("norr", "bowl"), lamp("fot", "shaft")], EMPTY).serve().confirmed()
    hinders_nobody(tower, screens, Screen())
    page = screens.open(tower, None, "operator")
    page.goto("/")
    expect(page.locator("h1")).to_contain_text("är släckt")
    page.goto("/schedule")
    expect(page.get_by_role("link", name="Ny kampanj").first).to_be_visible()


def test_many_gateways_are_counted_not_listed(towers: MakeTower, screens: Screens) -> None:
    """Tornet names at most a few; the list has pages, and finds one by its name."""
    names = [(f"lampa-{number:03}", "bowl" if number % 2 else "shaft") for number in range(MANY)]
    tower = towers([lamp(*each) for each in names]).serve().confirmed()
    hinders_nobody(tower, screens, Screen(DESK, "dark", "sv"))
    page = screens.open(tower, None, "operator")
    page.goto("/")
    expect(page.locator("h1")).to_contain_text(f"bekräftat av {MANY} av {MANY} styrenheter")
    assert page.locator("a[href^='/gateways/']").count() <= 5
    page.goto("/gateways")
    assert page.locator("a.name").count() <= 50
    page.locator("main form input[type=text], main form input[type=search]").first.fill("lampa-021")
    page.get_by_role("button", name="Sök").click()
    expect(page.locator("a.name")).to_have_count(1)


def test_a_clock_in_doubt_refuses_an_override_and_lets_a_stop_pass(towers: MakeTower, screens: Screens) -> None:
    """The machine has woken long before the program was made."""
    tower = towers([lamp("norr", "bowl"), lamp("fot", "shaft")])
    tower.serve(datetime(2019, 11, 24, 20, 14, tzinfo=UTC))
    hinders_nobody(tower, screens, Screen())
    page = screens.open(tower, None, "operator")
    page.goto("/")
    expect(page.locator("main")).to_contain_text("klockan är osäker", ignore_case=True)
    page.goto("/stop")
    page.get_by_role("button", name="Släck allt nu").click()
    expect(page.locator("h1")).to_contain_text("Säkerhetsstopp")
