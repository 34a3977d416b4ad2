"""A real Chromium, and real services for it to look at."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import ServedTower
from tests.parts import require

pytest.importorskip("playwright", reason="playwright is not installed: pip install -e '.[browser]'")
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.screens import ARGUMENTS, Screens

MakeTower = Callable[..., ServedTower]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    browser = playwright.chromium.launch(
        executable_path=require("chromium"), chromium_sandbox=False, args=list(ARGUMENTS)
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeTower]:
    """Makes towers, which end with the module."""
    made: list[ServedTower] = []

    def make(*what: Any, **more: Any) -> ServedTower:
        folder: Path = tmp_path_factory.mktemp("tower")
        made.append(ServedTower(folder, *what, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def screens(chromium: Browser) -> Iterator[Screens]:
    """Opens pages; afterwards nothing was asked of another host, and nothing broke the policy of the page."""
    made = Screens(chromium)
    yield made
    made.close()
    assert made.faults == []
