"""The pictures of the README, as the page looks today; with PICTURES=1 they are taken again into deploy/images."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeTower
from tests.browser.screens import DESK, PHONE, Screen, Screens
from tests.browser.served import YEAR, ZONE_OF, ServedTower, lamp
from tests.browser.views import CAMPAIGN

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "deploy" / "images"
MOST_BYTES = 60_000
PEOPLES_FONT = "body, svg text { font-family: Roboto, system-ui, sans-serif; }"
"""What an Android phone has as its system's font."""


@pytest.fixture(scope="module")
def tower(towers: MakeTower) -> ServedTower:
    """Four lamps and a year of rules, on an evening of the campaign week."""
    return towers([lamp(*each) for each in ZONE_OF.items()], YEAR).serve().confirmed()


def open_at(tower: ServedTower, screens: Screens, path: str, width: int, role: str | None) -> Page:
    """A page whose fonts are those of a phone."""
    page = screens.open(
        tower, replace(Screen(), width=width), role, bypass_csp=True, device_scale_factor=1.5 if width == PHONE else 1
    )
    page.goto(path)
    page.add_style_tag(content=PEOPLES_FONT)
    expect(page.locator("h1")).to_be_visible()
    return page


def keep(name: str, taken: bytes) -> None:
    """It is small; it is written where it is asked for, and is there otherwise."""
    assert len(taken) <= MOST_BYTES, (name, len(taken))
    if "PICTURES" in os.environ:
        IMAGES.mkdir(exist_ok=True)
        (IMAGES / name).write_bytes(taken)
    assert (IMAGES / name).stat().st_size <= MOST_BYTES


def test_the_tower_at_night(tower: ServedTower, screens: Screens) -> None:
    """The first thing in the README: the tower, and the sentence beside it, on a desk."""
    page = open_at(tower, screens, "/", DESK, None)
    page.set_viewport_size({"width": DESK, "height": 535})
    keep("tower.jpg", page.screenshot(type="jpeg", quality=75))


@pytest.mark.parametrize(("name", "path"), [("tower-phone.jpg", "/"), ("edit-phone.jpg", CAMPAIGN)])
def test_a_phone(tower: ServedTower, screens: Screens, name: str, path: str) -> None:
    """Tornet, and Redigera, as a caretaker has them in the hand."""
    page = open_at(tower, screens, path, PHONE, "operator")
    page.set_viewport_size({"width": PHONE, "height": 780})
    keep(name, page.screenshot(type="jpeg", quality=68))


def test_the_readme_begins_with_the_tower() -> None:
    """And each picture that it shows is there, with words for those who do not see it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r'<img src="([^"]+)" alt="([^"]+)"|!\[([^]]+)]\(([^)]+)\)', text)
    assert "deploy/images/tower.jpg" in text.partition("##")[0]
    for src, alt, words, path in found:
        assert (ROOT / (src or path)).is_file()
        assert len(alt or words) > 15
