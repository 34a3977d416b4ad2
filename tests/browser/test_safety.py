"""The safety stop, what everybody may read, and names that would like to be programs."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeTower
from tests.browser.screens import Screens
from tests.browser.served import PASSWORD, YEAR, ZONE_OF, ServedTower, lamp
from tests.browser.states import by_hand, stopped
from tests.browser.views import ALL
from tests.nights.waiting import until

EVIL = "<img src=x onerror=alert(1)>"
EVIL_SCHEDULE = f"""version: 1
campaigns:
  - name: "{EVIL}"
    dates: 20–26 november
    color: orange
    about: {{sv: "{EVIL}", en: "{EVIL}"}}
  - {{name: "'\\"><script>alert(2)</script>", nights: julafton, color: red}}
blackouts:
  - {{name: "{{{{7*7}}}}</title>{EVIL}", nights: 1 maj}}
"""


@pytest.fixture(scope="module")
def tower(towers: MakeTower) -> ServedTower:
    """Four lamps and a year of rules."""
    return towers([lamp(*each) for each in ZONE_OF.items()], YEAR).serve().confirmed()


@pytest.fixture
def lifted(tower: ServedTower) -> Iterator[ServedTower]:
    """Whatever a test stopped goes on afterwards."""
    yield tower
    tower.call("resume", "--lift")
    tower.call("resume")
    tower.confirmed()


def test_everything_is_dark_two_taps_from_the_tower(lifted: ServedTower, screens: Screens) -> None:
    """It is never beside the main act; it is audited, and survives a restart."""
    page = screens.open(lifted, None, "operator")
    assert page.locator("main a[href='/stop'], main form[action='/stop']").count() == 0
    page.get_by_role("link", name="Ändra ljuset nu").click()
    page.get_by_role("link", name=re.compile("Säkerhetsstopp")).click()
    expect(page.locator("main")).to_contain_text("Bryter inte strömmen")
    page.get_by_label("Anledning").fill("arbete på tornet")
    page.get_by_role("button", name="Släck allt nu").click()
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Säkerhetsstopp: vattentornet är släckt – bekräftat av 4 av 4 styrenheter")
    expect(page.locator(".banners")).to_contain_text("arbete på tornet")
    expect(page.locator(".banners")).to_contain_text("operator")
    assert json.loads(lifted.call("audit", "--json").stdout.splitlines()[-1])["name"] == "operator"
    assert lifted.program is not None
    lifted.program.close()
    lifted.travel(lifted.now)
    lifted.restart().confirmed()
    page.goto("/")
    expect(page.locator("h1")).to_contain_text("Säkerhetsstopp")


def test_lifting_a_stop_needs_a_reason_and_shows_what_will_be_lit(tower: ServedTower, screens: Screens) -> None:
    """On a page of its own, never by one tap."""
    page = screens.open(tower, None, "operator")
    with stopped(tower):
        page.goto("/")
        page.get_by_role("main").get_by_role("link", name="Häv stoppet …").last.click()
        expect(page.locator("main")).to_contain_text("orange")
        page.get_by_role("button", name=re.compile("Häv stoppet")).click()
        expect(page.locator("#summary, .summary")).to_be_visible()
        assert page.title().startswith("Fel: ")
        page.goto("/override")
        expect(page.locator("main")).to_contain_text("Häv stoppet")
        assert tower.get("/public")[1].count("släckt")


def test_names_are_text_wherever_they_are_shown(towers: MakeTower, screens: Screens) -> None:
    """Names, texts and reasons with markup in them run nothing, and are read as they were written."""
    tower = towers([lamp("norr", "bowl"), lamp("fot", "shaft")], EVIL_SCHEDULE).serve().confirmed()
    by_hand(tower, "override", "blue", "--until", "5 min", "--reason", EVIL)
    page = screens.open(tower, None, "admin")
    page.on("dialog", lambda dialog: screens.faults.append(f"a program ran: {dialog.message}"))
    for path in (*ALL, f"/events?gateway={EVIL}", f"/proof?what={EVIL}", f"/why?day={EVIL}", f"/code/{EVIL}"):
        page.goto(path)
        assert page.locator('img:not([src*="/fragment/preview.svg?"]), main script, [onerror]').count() == 0, path
    page.goto("/public")
    assert EVIL in page.locator("main").inner_text()
    for path in ("/public.json", "/calendar.ics"):
        assert tower.get(path)[0] == 200


def test_what_everybody_may_read_names_no_gateway_and_nobody(tower: ServedTower, screens: Screens) -> None:
    """Neither addresses nor reasons, while somebody has changed the light by hand."""
    by_hand(tower, "override", "blue", "--until", "5 min", "--reason", "hemlig anledning")
    for path in ("/public", "/public.json", "/calendar.ics", "/calendar/en-vecka-fri-fran-vald.ics"):
        status, text = tower.get(path)
        assert status == 200, path
        for secret in (*(f">{name}<" for name in ZONE_OF), '"norr"', "lamps/", "127.0.0.1:", "hemlig", "operator"):
            assert secret not in text.replace(tower.url, ""), (path, secret)
    by_hand(tower, "resume")


def test_a_visitor_without_an_account_reaches_nothing_that_changes(tower: ServedTower, screens: Screens) -> None:
    """What needs an account leads to the login, and back to where one was."""
    page = screens.open(tower)
    for path in ("/override", "/stop", "/schedule/file", "/accounts", "/tokens"):
        page.goto(path)
        assert "/login" in page.url or page.locator("main form[method=post]").count() == 0, path
    page.goto("/")
    page.get_by_role("link", name="Ändra ljuset nu").click()
    _log_in_here(page, "operator")
    assert page.url.endswith("/override")


def test_what_one_may_not_do_is_absent(tower: ServedTower, screens: Screens) -> None:
    """A reader finds no button that would be refused."""
    page = screens.open(tower, None, "viewer")
    for path in ("/schedule", "/history", "/gateways", "/accounts"):
        answer = page.goto(path)
        assert answer is not None
        assert page.locator("main form[method=post] button").count() == 0, path
    assert page.goto("/accounts").status == 403  # type: ignore[union-attr]  # it answers


def test_a_form_that_another_site_sends_changes_nothing(tower: ServedTower, screens: Screens) -> None:
    """Without the key of the session, or from another origin, it is refused."""
    page = screens.open(tower, None, "operator")
    context = page.context.request
    forged = context.post("/stop", form={"reason": "x"})
    assert forged.status == 403
    key = page.evaluate('fetch(\'/stop\').then(a => a.text()).then(t => t.match(/name="csrf" value="([^"]+)/)[1])')
    elsewhere = context.post("/stop", form={"reason": "x", "csrf": key}, headers={"Origin": "https://evil.example"})
    assert elsewhere.status == 403
    assert until(lambda: tower.status().get("amiss") == 0, "all is well")
    assert "Säkerhetsstopp" not in tower.get("/")[1]


def _log_in_here(page: Page, name: str) -> None:
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_load_state()
