"""The picture follows the lamps, and never shows as known what is not: check by check what the open page promises."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeTower
from tests.browser.lamps import BLUE, Lamps
from tests.browser.screens import Screens
from tests.browser.served import ServedTower, lamp
from tests.browser.states import await_count, lamps_of
from tests.nights.waiting import until

ORANGE = re.compile("#FF6A00", re.IGNORECASE)
LOST_S = 25.0
"""So long after the last word of the service the page says that it knows nothing."""
DRIVER_S = 5.0
"""What a loaded machine adds to it."""


@pytest.fixture(scope="module")
def tower(towers: MakeTower) -> ServedTower:
    """One lamp for each part, so that each part is one path."""
    return towers([lamp("norr", "bowl"), lamp("fot", "shaft")]).serve().confirmed()


@pytest.fixture
def lamps(tower: ServedTower) -> Iterator[Lamps]:
    """They obey, and are mended afterwards."""
    tower.confirmed()
    yield lamps_of(tower)
    lamps_of(tower).mend()
    tower.confirmed()


def part(page: Page, zone: str) -> Locator:
    """A part of the picture."""
    return page.locator(f".picture [data-zone={zone}]")


def since(page: Page) -> float:
    """Seconds for which the page has been up, by its own clock."""
    return float(page.evaluate("performance.now()")) / 1000


@pytest.mark.smoke
def test_the_picture_shows_what_the_lamps_report_within_a_second(
    tower: ServedTower, lamps: Lamps, screens: Screens
) -> None:
    """`data-shown` is the report, exactly, without a reload."""
    page = screens.open(tower)
    page.goto("/")
    expect(part(page, "shaft")).to_have_attribute("data-shown", ORANGE)
    assert part(page, "bowl").get_attribute("data-brightness") == "1"
    expect(page.locator(".live.on")).to_be_visible()
    page.evaluate(
        """new MutationObserver(() => { window.seen ??= performance.now(); }).observe(
            document.querySelector('.picture'), {subtree: true, attributes: true, attributeFilter: ['data-shown']})"""
    )
    began = page.evaluate("performance.now()")
    lamps.shows("fot", BLUE)
    expect(part(page, "shaft")).to_have_attribute("data-shown", re.compile("#0000FF", re.IGNORECASE))
    assert page.evaluate("window.seen") - began < 1000 * (1 + DRIVER_S)


def test_a_lamp_that_differs_is_shown_in_words_line_and_banner(
    tower: ServedTower, lamps: Lamps, screens: Screens
) -> None:
    """The sentence is case 8a; after a while a banner says what to do, with its code."""
    page = screens.open(tower)
    page.goto("/")
    lamps.shows("fot", BLUE)
    expect(page.locator("h1")).to_contain_text("ska lysa orange, men 1 av 2 styrenheter visar något annat")
    expect(page.locator(".picture [stroke-dasharray='7 5']").first).to_be_attached()
    expect(page.locator(".banners")).to_contain_text("TWL-G")
    assert "visar blått" in page.locator(".picture").inner_text() or "blå" in page.locator(".picture").inner_text()
    assert page.title().startswith("Vattentornet ska lysa orange, men")
    lamps.mend()
    expect(page.locator("h1")).to_contain_text("bekräftat av 2 av 2")
    expect(page.locator(".banners .banner")).to_have_count(0)


def test_a_lamp_that_is_unplugged_is_hatched(tower: ServedTower, lamps: Lamps, screens: Screens) -> None:
    """The sentence is case 9, and the part shows the last colour under a hatch."""
    page = screens.open(tower)
    page.goto("/")
    lamps.unplug("norr")
    expect(page.locator("h1")).to_contain_text("ska lysa orange – 1 av 2 styrenheter bekräftar, 1 svarar inte")
    assert part(page, "bowl").get_attribute("data-status") == "silent"
    assert page.locator(".picture [fill*=hatch]").count() == 1
    assert "tyst" in page.locator(".picture").inner_text()


def test_a_waiting_lamp_is_not_shown_as_confirmed(tower: ServedTower, lamps: Lamps, screens: Screens) -> None:
    """While no answer has come the colour is the reported one, and the sentence waits."""
    page = screens.open(tower)
    page.goto("/")
    lamps.deafen("norr", "fot")
    tower.call("override", "blue", "--until", "5 min", "--reason", "prov")
    expect(page.locator("h1")).not_to_contain_text("bekräftat")
    expect(part(page, "bowl")).to_have_attribute("data-shown", ORANGE)
    lamps.mend()
    tower.call("resume")


def test_a_page_that_has_lost_contact_shows_no_green_and_comes_back_by_itself(
    towers: MakeTower, screens: Screens
) -> None:
    """Within 25 seconds after the service was killed the sentence is case 1, in grey; back within some seconds."""
    tower = towers([lamp("norr", "bowl"), lamp("fot", "shaft")]).serve().confirmed()
    assert tower.program is not None
    page = screens.open(tower)
    page.goto("/")
    expect(page.locator(".live.on")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("bekräftat av 2 av 2")
    tower.program.close()
    killed = since(page)
    expect(page.locator("body.stale")).to_be_attached()
    assert since(page) - killed < LOST_S + DRIVER_S
    lost = page.locator("[data-lost]")
    expect(lost).to_be_visible()
    assert re.fullmatch(
        r"Ingen kontakt med styrningen sedan 21:\d\d\. Då lyste vattentornet orange\.", lost.inner_text().strip()
    )
    assert page.locator("[data-known]").is_hidden()
    green = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ok')").strip()
    colors = page.evaluate("[...document.querySelectorAll('.chip, .icon')].map(e => getComputedStyle(e).color)")
    assert not {f"rgb({', '.join(str(int(green[at : at + 2], 16)) for at in (1, 3, 5))})"} & set(colors)
    assert page.get_by_role("link", name="Ändra ljuset nu").is_visible()
    tower.travel(tower.now)
    tower.restart()
    back = time.monotonic()
    expect(page.locator("body.stale")).to_have_count(0)
    expect(page.locator("[data-known] h1")).to_be_visible()
    assert time.monotonic() - back < 5 + DRIVER_S


def test_a_tab_that_wakes_never_shows_old_green(towers: MakeTower, screens: Screens) -> None:
    """Hidden for ten minutes while the service is dead: it is stale before it is painted again."""
    tower = towers([lamp("norr", "bowl"), lamp("fot", "shaft")]).serve().confirmed()
    assert tower.program is not None
    page = screens.open(tower)
    page.clock.install()
    page.goto("/")
    expect(page.locator(".live.on")).to_be_attached()
    hide = "h => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => h}); "
    hide += "document.dispatchEvent(new Event('visibilitychange')); return document.body.classList.contains('stale'); }"
    assert page.evaluate(hide, True) is False
    tower.program.close()
    page.clock.pause_at(page.evaluate("Date.now()") + 600_000)
    assert page.evaluate(hide, False) is True
    assert page.locator("[data-known]").is_hidden()


@pytest.mark.smoke
def test_the_sentence_is_painted_within_a_second(tower: ServedTower, lamps: Lamps, screens: Screens) -> None:
    """The first paint with content, as the browser measures it; the machine may be busy."""
    page = screens.open(tower)
    page.goto("/")
    assert "lyser orange" in page.locator("h1").inner_text()
    assert "Släcks i morgon, ons 25 nov, 08:02" in page.locator(".next").inner_text()
    paints = "performance.getEntriesByName('first-contentful-paint').map(e => e.startTime)"
    until(lambda: page.evaluate(paints), "the first paint")
    assert page.evaluate(paints)[0] < 1000 * (1 + DRIVER_S)


def test_a_screen_reader_announces_changes_only(tower: ServedTower, lamps: Lamps, screens: Screens) -> None:
    """Two live regions; the age of the picture and the countdown are in neither."""
    page = screens.open(tower)
    page.goto("/")
    live = page.locator("[role=status], [aria-live=polite]")
    assert live.count() == 2
    for each in live.all():
        assert each.locator(".live, [data-until]").count() == 0


@pytest.mark.parametrize("language", ["sv", "en"])
def test_nothing_of_a_program_is_in_the_sentence(
    tower: ServedTower, lamps: Lamps, screens: Screens, language: str
) -> None:
    """No hex, no None, no braces, in any state that lamps can be in."""
    page = screens.open(tower)
    await_count(tower, "confirmed", 2)
    said = []
    for change in (lambda: None, lambda: lamps.shows("fot", BLUE), lambda: lamps.unplug("norr")):
        change()
        page.goto(f"/?lang={language}")
        said += [page.locator("[data-known]").inner_text(), page.title()]
    assert not [each for each in said if re.search(r"#[0-9A-Fa-f]{6}|None|\{|\}|TWL-", each)]
