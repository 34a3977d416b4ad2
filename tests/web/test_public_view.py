"""The public view: everybody gets an answer, and nobody's name."""

import json
from dataclasses import replace
from datetime import timedelta

import icalendar
import pytest

from controller.config.load import Setup
from controller.gateways.wire import ZoneLook
from controller.schedule.campaign import Override, SafetyStop
from controller.service.override_request import StoredOverride
from controller.web.running_service import RunningService
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of

ELSEWHERE = {"peer": "192.0.2.7", "url": "http://tower.example"}
STRANGE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def evening(service: RunningService, setup: Setup, clock: SetClock) -> None:
    """The campaign is lit."""
    service.publish(snapshot_of(setup, clock.read()), is_new=True)


async def test_anybody_gets_the_answer(browser: Browser, evening: None) -> None:
    """In the language of their browser; it may be kept for a while."""
    page = browser(**ELSEWHERE)
    swedish = await page.get("/public", headers={"accept-language": "sv"})
    assert "<h1>Varför lyser vattentornet orange?</h1>" in swedish.text
    assert "I natt lyser det till 08:0" in swedish.text
    english = await page.get("/public", headers={"accept-language": "en"})
    assert "<h1>Why is the water tower orange?</h1>" in english.text
    assert (swedish.status_code, swedish.headers["cache-control"]) == (200, "public, max-age=30")
    assert "set-cookie" not in swedish.headers
    assert (await page.get("/varfor")).headers["location"] == "/public"


async def test_what_somebody_sees_who_is_logged_in_is_not_kept(
    browser: Browser, evening: None, service: RunningService
) -> None:
    """It has their name on it."""
    service.is_demo = True
    assert (await browser().get("/public")).headers["cache-control"] == "no-store"


async def test_public_values_name_neither_staff_nor_gateways(
    browser: Browser, service: RunningService, setup: Setup, clock: SetClock
) -> None:
    """Whatever was set by hand."""
    now = clock.read().wall
    end, looks = now + timedelta(hours=1), {"bowl": ZoneLook(on=True, color="#FF6A00")}
    by_hand = StoredOverride(
        id="1", looks=looks, start=now, end=end, owner="Kim", reason="sorg", about={"sv": "Vi minns."}
    )
    override = Override("1", setup.schedule.campaigns[0].looks, now, now + timedelta(hours=1), "Kim", "sorg")
    for snapshot in (
        replace(snapshot_of(setup, clock.read(), (override,)), overrides=(by_hand,)),
        snapshot_of(setup, clock.read(), stop=SafetyStop(now, "Kim", "sorg")),
    ):
        service.publish(snapshot, is_new=True)
        page = browser(**ELSEWHERE)
        texts = [(await page.get(path)).text for path in ("/public", "/public.json", "/calendar.ics")]
        assert ("Vi minns." in texts[1]) is bool(snapshot.overrides)
        assert [word for word in ("Kim", "sorg", "mast", "127.0.0.1") if any(word in text for text in texts)] == []


async def test_a_faulty_lamp_makes_no_claim(
    browser: Browser, service: RunningService, setup: Setup, clock: SetClock
) -> None:
    """It should be lit."""
    service.publish(snapshot_of(setup, clock.read(), counts={"silent": 1}), is_new=True)
    answer = (await browser(**ELSEWHERE).get("/public.json", headers={"accept-language": "sv"})).json()
    assert (answer["claim"], answer["title"]) == ("planned", "Vattentornet ska lysa orange i natt.")


async def test_values_can_be_read_by_other_sites(browser: Browser, evening: None) -> None:
    """And are JSON."""
    answer = await browser(**ELSEWHERE).get("/public.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert json.loads(answer.text)["kind"] == "campaign"


async def test_before_the_first_turn_the_calendar_is_there(browser: Browser) -> None:
    """And the values; the page says that it starts."""
    page = browser(**ELSEWHERE)
    assert (await page.get("/public.json")).json()["kind"] == "unknown"
    assert (await page.get("/public")).status_code == 503
    found = await page.get("/calendar.ics")
    assert found.headers["content-type"] == "text/calendar; charset=utf-8"
    assert len(icalendar.Calendar.from_ical(found.text).walk("VEVENT")) >= 8


async def test_each_campaign_has_a_calendar(browser: Browser, evening: None) -> None:
    """By its name in the address; an unknown one is a plain 404."""
    page = browser(**ELSEWHERE)
    public = (await page.get("/public")).text
    assert 'href="/calendar/en-vecka-fri-fran-vald.ics"' in public
    assert (await page.get("/calendar/en-vecka-fri-fran-vald.ics")).status_code == 200
    for path in ("/calendar/other.ics", "/calendar/..%2f..%2fetc.ics"):
        assert (await page.get(path)).status_code == 404


async def test_a_strange_name_is_text(browser: Browser, service: RunningService, setup: Setup, clock: SetClock) -> None:
    """Not an element."""
    text = f"version: 1\ncampaigns:\n  - {{name: '{STRANGE}', dates: 20–26 November, color: orange}}\n"
    strange = replace(setup, schedule=setup.schedule_of(text.encode()))
    service.publish(snapshot_of(strange, clock.read()), is_new=True)
    page = browser()
    for path in ("/public", "/why", "/why?at=2026-11-24T20:00", "/proof"):
        found = (await page.get(path)).text
        assert STRANGE not in found
        assert "&lt;img src=x onerror=alert(1)&gt;" in found
