"""The page by keyboard alone, without colours, without motion, on paper."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeTower
from tests.browser.screens import DESK, PHONE, Screen, Screens, look_at
from tests.browser.served import YEAR, ZONE_OF, ServedTower, lamp
from tests.browser.views import ALL, CAMPAIGN

MOST_STOPS = 400
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  const label = e.closest('label');
  return {
    what: e.outerHTML.slice(0, 100),
    inWindow: box.bottom > 0 && box.top < innerHeight,
    covered: !!top && !e.contains(top) && !top.contains(e) && !(label && label.contains(top)),
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  };
}"""


@pytest.fixture(scope="module")
def tower(towers: MakeTower) -> ServedTower:
    """Four lamps and a year of rules."""
    return towers([lamp(*each) for each in ZONE_OF.items()], YEAR).serve().confirmed()


def walk(page: Page) -> list[dict[str, object]]:
    """Every stop of the Tab key, once around."""
    stops: list[dict[str, object]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or (stops and stop["what"] == stops[0]["what"] and len(stops) > 3):
            return stops
        stops.append(stop)
    raise AssertionError("Tab goes round for ever")


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("path", ["/", "/schedule", "/override", CAMPAIGN, "/stop", "/gateways", "/schedule/file"])
def test_the_focus_is_seen_wherever_tab_leads(tower: ServedTower, screens: Screens, path: str, width: int) -> None:
    """A ring, inside the window, under no fixed bar; first comes the link that skips to the content."""
    page = screens.open(tower, replace(Screen(), width=width), "operator")
    page.goto(path)
    page.evaluate("document.activeElement?.blur()")
    stops = walk(page)
    assert 'class="skip"' in str(stops[0]["what"])
    hidden = [stop["what"] for stop in stops[1:] if not stop["inWindow"] or stop["covered"] or not stop["ring"]]
    assert hidden == []


def test_the_skip_link_leads_to_the_content(tower: ServedTower, screens: Screens) -> None:
    """By Enter."""
    page = screens.open(tower)
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_light_is_changed_by_keyboard_alone(tower: ServedTower, screens: Screens) -> None:
    """Colour, end, reason, act: Tab, arrows, space, Enter."""
    page = screens.open(tower, replace(Screen(), width=DESK), "operator")
    page.goto("/")
    _tab_to(page, "Ändra ljuset nu")
    page.keyboard.press("Enter")
    page.wait_for_url("**/override")
    _tab_to(page, "", "input[name=color]")
    for _ in range(20):
        if page.evaluate("document.activeElement.closest('label').textContent.trim()") == "Blå":
            break
        page.keyboard.press("ArrowDown")
    _tab_to(page, "", "#reason")
    page.keyboard.type("sorg")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("blått")
    page.get_by_role("button", name="Följ schemat igen").press("Enter")
    expect(page.locator("h1")).to_contain_text("orange")


def test_an_error_has_the_focus_and_the_title(tower: ServedTower, screens: Screens) -> None:
    """The summary leads to the field, which is invalid and keeps what was typed, without script too."""
    for with_script in (True, False):
        page = screens.open(tower, replace(Screen(), with_script=with_script), "operator")
        page.goto(CAMPAIGN)
        page.get_by_label("Vilka dagar?").first.fill("31 november")
        page.get_by_role("button", name="Visa vad som ändras").click()
        expect(page.locator("#summary")).to_be_visible()
        assert page.title().startswith("Fel: ")
        assert page.get_by_label("Vilka dagar?").first.input_value() == "31 november"
        assert page.locator("#days").get_attribute("aria-invalid") == "true"
        if with_script:
            assert page.evaluate("document.activeElement.id") == "summary"
        page.locator("#summary a").first.click()
        assert page.evaluate("location.hash") == "#days"


def test_nothing_moves_where_motion_is_not_wanted(tower: ServedTower, screens: Screens) -> None:
    """No transition and no animation lasts."""
    page = screens.open(tower, None, "operator", reduced_motion="reduce")
    for path in ("/", "/schedule", CAMPAIGN):
        page.goto(path)
        lasting = "[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e); return "
        lasting += "parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none'; }).length"
        assert page.evaluate(lasting) == 0


def test_without_colours_everything_is_still_shown(tower: ServedTower, screens: Screens) -> None:
    """In forced colours the picture keeps its own, and what is chosen has a border of its own."""
    page = screens.open(tower, None, "operator", forced_colors="active")
    look_at(page, "/")
    assert page.locator(".picture").evaluate("e => getComputedStyle(e).forcedColorAdjust") == "none"
    look_at(page, "/override")
    chosen = page.locator("label.choice:has(:checked)").first
    assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_on_paper_there_are_no_buttons(tower: ServedTower, screens: Screens) -> None:
    """The proof and the tower are printed with their words, without menu, bars and forms."""
    page = screens.open(tower, None, "operator")
    page.emulate_media(media="print")
    for path in ("/", "/proof", "/schedule"):
        page.goto(path)
        for part in (".tabs", ".menu", ".actbar", "form", ".acts"):
            assert page.locator(f"{part}:visible").count() == 0, (path, part)
        assert page.locator("h1").is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_targets_are_large_enough_for_a_thumb(tower: ServedTower, screens: Screens) -> None:
    """Buttons and choices are 44 px high or more."""
    page = screens.open(tower, None, "operator")
    small = {}
    for path in ALL:
        look_at(page, path)
        found = page.eval_on_selector_all(
            "button:not(.default), .button, label.choice, summary, "
            "input:not([type=hidden], [type=radio], [type=checkbox], .visually-hidden)",
            "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5 && !e.closest('.plain'))"
            ".map(e => e.outerHTML.slice(0, 90))",
        )
        if found:
            small[path] = found
    assert small == {}


def _tab_to(page: Page, text: str, selector: str = "") -> None:
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = "([t, s]) => { const e = document.activeElement; return s ? e.matches(s) : e.textContent.trim() === t; }"
        if page.evaluate(here, [text, selector]):
            return
    raise AssertionError(f"Tab never leads to {text or selector}")


def test_the_language_of_the_page_is_declared(tower: ServedTower, screens: Screens) -> None:
    """To screen readers, for the page and for the link to the other language."""
    for language, other in (("sv", "en"), ("en", "sv")):
        page = screens.open(tower, replace(Screen(), language=language))
        page.goto("/")
        assert page.locator("html").get_attribute("lang") == language
        link = page.locator(f".who a[lang={other}]")
        assert link.get_attribute("hreflang") == other
        link.click()
        page.wait_for_url(re.compile(f"lang={other}"))
        assert page.locator("html").get_attribute("lang") == other
        page.goto("/schedule")
        assert page.locator("html").get_attribute("lang") == other
