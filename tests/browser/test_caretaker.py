"""The ten tasks of a caretaker on a phone, each within its taps; what came of them is read from `plan --json`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeTower
from tests.browser.screens import Screens
from tests.browser.served import ZONE_OF, ServedTower, lamp
from tests.browser.states import by_hand
from tests.nights.waiting import until

ORANGE, BLUE, WHITE = "#FF6A00", "#0000FF", "#FFFFFF"
WEEK = "En vecka fri från våld"
SHIPPED = (Path(__file__).parents[2] / "config" / "schedule.yaml").read_text(encoding="utf-8")


class Hand:
    """One hand on a phone: a tap is one press, or one field that is typed in."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0
        page.goto("/")

    def press(self, what: Locator) -> None:
        """One tap."""
        self.taps += 1
        what.click()

    def go(self, name: str) -> None:
        """One tap on a link in the bar at the foot, or in the page."""
        self.press(self.page.get_by_role("link", name=name, exact=True).locator("visible=true").first)

    def choose(self, name: str) -> None:
        """One tap on a choice of a form."""
        self.press(self.page.locator("label.choice", has_text=name).locator("visible=true").first)

    def button(self, name: str) -> None:
        """One tap on a button."""
        self.press(self.page.get_by_role("button", name=name, exact=True).locator("visible=true").first)

    def type(self, label: str, text: str) -> None:
        """One field."""
        self.taps += 1
        self.page.get_by_label(label, exact=True).locator("visible=true").first.fill(text)


@pytest.fixture(scope="module")
def tower(towers: MakeTower) -> ServedTower:
    """Four lamps under the shipped schedule."""
    return towers([lamp(*each) for each in ZONE_OF.items()]).serve().confirmed()


@pytest.fixture
def hand(tower: ServedTower, screens: Screens) -> Hand:
    """On Tornet, logged in, with the shipped schedule in force."""
    (tower.config / "schedule.yaml").write_text(SHIPPED, encoding="utf-8")
    tower.confirmed()
    return Hand(screens.open(tower, None, "operator"))


def shown(tower: ServedTower, local: str, zone: str = "bowl") -> str | None:
    """The colour at an instant of the place by `plan --json`, None where it is dark."""
    look = look_of(tower, local, zone)
    return look["color"] if look["on"] else None


def look_of(tower: ServedTower, local: str, zone: str = "bowl") -> dict[str, Any]:
    """What a part shows at an instant of the place, by `plan --json`."""
    return dict(json.loads(tower.ask("plan", "--json", "--at", local))["looks"][zone])


def in_force(hand: Hand) -> None:
    """It is saved; the page says whether the service has taken it over already, which a busy machine may delay."""
    expect(hand.page.locator(".banner.confirmed")).to_contain_text("Sparat.")


def test_a_campaign_is_moved_by_a_day_this_year_only(tower: ServedTower, hand: Hand) -> None:
    """21–27 November in 2026; in 2027 it is 20–26 as before, and the rest of the file is byte for byte the same."""
    hand.go("Schema")
    hand.go(WEEK)
    hand.type("Vilka dagar?", "21–27 november")
    hand.choose("Bara 2026")
    hand.button("Visa vad som ändras")
    expect(hand.page.locator("main")).to_contain_text("Fre 27 nov")
    hand.page.get_by_role("button", name="Spara").first.click()
    hand.taps += 1
    in_force(hand)
    assert hand.taps <= 6
    assert shown(tower, "2026-11-20T22:00") is None
    assert shown(tower, "2026-11-27T22:00") == ORANGE
    assert shown(tower, "2027-11-20T22:00") == ORANGE
    assert shown(tower, "2027-11-27T22:00") is None
    after = (tower.config / "schedule.yaml").read_text(encoding="utf-8").splitlines()
    changed = [line for line in SHIPPED.splitlines() if line not in after]
    assert len(changed) == 1
    assert "dates:" in changed[0]
    assert any("inget årtal" in line for line in after)


def test_the_tower_is_dark_in_the_small_hours(tower: ServedTower, hand: Hand) -> None:
    """Dark from 23:00, lit again from 05:00 to sunrise."""
    hand.go("Schema")
    hand.go(WEEK)
    hand.choose("Kväll och morgon")
    hand.button("Visa vad som ändras")
    hand.button("Spara")
    in_force(hand)
    assert hand.taps <= 5
    assert shown(tower, "2026-11-25T22:30") == ORANGE
    assert shown(tower, "2026-11-25T02:00") is None
    assert shown(tower, "2026-11-25T06:00") == ORANGE


def test_blue_until_sunrise_tonight(tower: ServedTower, hand: Hand) -> None:
    """With a reason, read back before the act; then as usual by itself."""
    hand.go("Ändra ljuset nu")
    hand.choose("Blå")
    hand.type("Anledning", "sorg")
    expect(hand.page.locator(".readback").last).to_contain_text("08:02")
    hand.button("Lys blått nu")
    expect(hand.page.locator("h1")).to_contain_text("lyser blått för hand")
    assert hand.taps <= 4
    assert tower.status()["now"]["looks"]["bowl"]["color"] == BLUE
    hand.page.goto("/")
    expect(hand.page.locator("main")).to_contain_text("sorg")
    hand.page.get_by_role("button", name="Följ schemat igen").click()
    expect(hand.page.locator("h1")).to_contain_text("lyser orange")


def test_orange_the_world_is_added_without_disturbing_the_week(tower: ServedTower, hand: Hand) -> None:
    """Fainter, in another period, below what is there."""
    hand.go("Schema")
    hand.go("Ny kampanj")
    hand.type("Namn", "Orange the World")
    hand.type("Vilka dagar?", "25 november–10 december")
    hand.choose("Varje år")
    hand.type("Ljusstyrka", "60 %")
    hand.button("Visa vad som ändras")
    hand.button("Spara")
    in_force(hand)
    assert hand.taps <= 8
    assert look_of(tower, "2026-11-25T20:00")["brightness"] == 1.0
    assert look_of(tower, "2026-12-05T20:00")["brightness"] == 0.6
    assert look_of(tower, "2027-12-05T20:00")["brightness"] == 0.6


def test_christmas_eve_is_dark_all_night(tower: ServedTower, hand: Hand) -> None:
    """A blackout every year."""
    hand.go("Schema")
    hand.go("Lägg till släckning")
    hand.type("Namn", "Julafton")
    hand.type("Vilka dagar?", "julafton")
    hand.choose("Varje år")
    hand.button("Visa vad som ändras")
    hand.button("Spara")
    in_force(hand)
    assert hand.taps <= 7
    assert look_of(tower, "2026-12-24T20:00")["rule"]["name"] == "Julafton"
    assert look_of(tower, "2027-12-24T20:00")["rule"]["kind"] == "blackout"


def test_advent_is_warm_white(tower: ServedTower, hand: Hand) -> None:
    """From first Advent to the 20th day of Christmas, over New Year."""
    hand.go("Schema")
    hand.go("Ny kampanj")
    hand.type("Namn", "Advent och jul")
    hand.type("Vilka dagar?", "första advent till tjugondag Knut")
    hand.choose("Varje år")
    hand.choose("Varmvit")
    hand.button("Visa vad som ändras")
    hand.button("Spara")
    in_force(hand)
    assert hand.taps <= 8
    for day in ("2026-11-29T20:00", "2027-01-13T20:00", "2027-12-15T20:00"):
        assert look_of(tower, day)["rule"]["name"] == "Advent och jul", day
    assert shown(tower, "2027-01-15T20:00") is None


def test_two_colours_of_which_one_is_dark_in_print(tower: ServedTower, hand: Hand) -> None:
    """White above, the green of a municipality below: the form says how faint it is, and offers its full light."""
    hand.go("Schema")
    hand.go(WEEK)
    hand.choose("Olika färg")
    bowl, shaft = hand.page.locator(".zone-colors > fieldset").all()
    hand.press(bowl.locator("label.choice", has_text="Vit").first)
    hand.press(shaft.locator("label.choice", has_text="Egen färg").first)
    hand.taps += 1
    shaft.get_by_label("Vilken färg?").fill("#2E7D32")
    expect(hand.page.locator("form.editor")).to_contain_text(re.compile(r"mörk i tryck, svag som ljus: 2\d %"))
    hand.button("Använd fullt ljus")
    hand.button("Visa vad som ändras")
    hand.page.get_by_role("button", name="Spara").first.click()
    hand.taps += 1
    in_force(hand)
    assert hand.taps <= 9
    assert shown(tower, "2026-11-25T20:00", "bowl") == WHITE
    green = shown(tower, "2026-11-25T20:00", "shaft")
    assert green is not None
    assert max(int(green[at : at + 2], 16) for at in (1, 3, 5)) == 255


def test_a_mistake_in_the_file_is_mended_by_one_tap(tower: ServedTower, hand: Hand) -> None:
    """The banner leads to the line; the cure is a button."""
    tower.edit("schedule.yaml", "20–26 November", "20–26 Novembr")
    until(lambda: "Novembr" in str(tower.status()["degradations"]) or tower.status()["degradations"], "the mistake")
    hand.page.goto("/")
    hand.page.get_by_role("link", name="Visa felet").first.wait_for()
    hand.go("Visa felet")
    expect(hand.page.locator("main")).to_contain_text("Novembr")
    hand.press(hand.page.get_by_role("button", name="Byt till").first)
    hand.button("Visa vad som ändras")
    hand.button("Spara")
    in_force(hand)
    assert hand.taps <= 4
    assert shown(tower, "2026-11-25T20:00") == ORANGE


def test_why_it_was_dark_is_answered_for_a_minute_of_the_past(tower: ServedTower, hand: Hand) -> None:
    """Who stopped it, why, and what the schedule would have shown."""
    by_hand(tower, "stop", "--reason", "arbete på tornet")
    by_hand(tower, "resume", "--lift")
    hand.go("Varför?")
    hand.go("I går kväll")
    hand.type("Klockslag", "23:30")
    hand.button("Visa")
    assert hand.taps <= 4
    expect(hand.page.locator("main")).to_contain_text(WEEK)
    assert "23:30" in hand.page.locator("main").inner_text()


def test_the_last_change_is_undone(tower: ServedTower, hand: Hand) -> None:
    """Undo of an undo gives back the bytes."""
    hand.go("Schema")
    hand.go(WEEK)
    hand.type("Ljusstyrka", "70 %")
    hand.button("Visa vad som ändras")
    hand.page.get_by_role("button", name="Spara").first.click()
    in_force(hand)
    changed = (tower.config / "schedule.yaml").read_bytes()
    assert b"70 %" in changed
    hand.page.goto("/")
    hand.taps = 0
    hand.go("Historik")
    hand.button("Ångra senaste")
    hand.page.get_by_role("button", name="Spara").first.click()
    hand.taps += 1
    in_force(hand)
    assert hand.taps <= 3
    assert (tower.config / "schedule.yaml").read_text(encoding="utf-8") == SHIPPED
    hand.page.goto("/history")
    hand.button("Ångra senaste")
    hand.page.get_by_role("button", name="Spara").first.click()
    in_force(hand)
    assert (tower.config / "schedule.yaml").read_bytes() == changed
