"""Schema: what the rules say, in the language of whoever reads."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from controller.web.running_service import RunningService
from tests.web.conftest import SHIPPED, Browser, SetClock
from tests.web.desk import Person, Site, person


@pytest.fixture
def site(service: RunningService, clock: SetClock, tmp_path: Path) -> Site:
    """The shipped files in a folder of their own."""
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED, folder)
    return Site(service, clock, folder)


@pytest.fixture
def kim(site: Site, browser: Browser) -> Person:
    """A caretaker."""
    return person(site, browser, "kim")


async def test_cards_say_days_and_hours_in_the_words_of_the_reader(kim: Person) -> None:
    """The shipped file is written in English."""
    await kim.go("/schedule")
    assert "20–26 november · solnedgång till soluppgång" in kim.words
    kim.client.headers["accept-language"] = "en"
    await kim.go("/schedule")
    assert "20–26 November · sunset to sunrise" in kim.words


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (19, "Nästa gång: fre 20 nov"),
        (20, "Pågår sedan fre 20 nov"),
        (26, "Pågår sedan fre 20 nov"),
        (28, "Nästa gång: "),
    ],
)
async def test_a_card_says_when_its_days_are(site: Site, kim: Person, clock: SetClock, day: int, said: str) -> None:
    """From the first of them on they are now."""
    clock.go(timedelta(days=day - 24))
    site.take()
    await kim.go("/schedule")
    assert said in kim.words


async def test_limits_are_in_the_list_and_lead_to_their_form(site: Site, kim: Person) -> None:
    """With the brightness that they leave, and no colour of their own."""
    await kim.go("/schedule")
    assert "Inga gränser för ljusstyrkan." in kim.words
    assert 'href="/schedule/new?kind=limit"' in kim.html
    limit = "limits: [{name: Svagt efter midnatt, hours: midnight to sunrise, brightness: 30 %}]"
    site.write(site.text.replace("limits: []", limit))
    await kim.go("/schedule")
    assert "Svagt efter midnatt varje natt · midnatt till soluppgång högst 30 %" in kim.words
    await kim.go("/schedule/limit/svagt-efter-midnatt")
    assert (kim.status, 'value="30 %"' in kim.html) == (200, True)
