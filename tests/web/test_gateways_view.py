"""Styrenheter: the unwell first, however many there are; and one gateway with what is known of it."""

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.config.load import Setup
from controller.config.tower import PreflightSettings
from controller.events import new_event
from controller.gateways.base import ReportedLook
from controller.gateways.wled import Wled
from controller.lighting.color import Color
from controller.locale import languages
from controller.service.gateway_state import Absent, Command, Commanded, GatewayState, ReportedState, Status
from controller.service.health import WORST_FIRST
from controller.state import History
from controller.state.history_rows import recorded
from controller.web.running_service import RunningService, Snapshot
from tests.web.answering import with_gateways
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of

ORANGE = ReportedLook(on=True, color=Color("#FF6A00"), brightness=1.0)
BLUE = replace(ORANGE, color=Color("#0000FF"))


def many(setup: Setup, count: int) -> Setup:
    """So many gateways, half of them at the bowl."""
    return with_gateways(
        setup,
        tuple(
            Wled.model_validate(
                {"name": f"lamp-{n}", "kind": "wled", "topic": f"wled/{n}", "zone": ("bowl", "shaft")[n % 2]}
            )
            for n in range(count)
        ),
    )


def standing(setup: Setup, clock: SetClock, statuses: Mapping[str, Status]) -> Snapshot:
    """As many gateways as there are, confirmed but for these."""
    found = snapshot_of(setup, clock.read())
    states = {name: as_status(state, statuses.get(name, "confirmed"), clock) for name, state in found.states.items()}
    every = [statuses.get(name, "confirmed") for name in states]
    counts = {status: every.count(status) for status in WORST_FIRST}
    return replace(found, states=states, health=found.health.model_copy(update={"counts": counts}))


def as_status(state: GatewayState, status: Status, clock: SetClock) -> GatewayState:
    """It reported two minutes ago."""
    ago_s = clock.mono - 120
    look = BLUE if status == "differs" else ORANGE
    zones = ("bowl", "shaft")
    known = ReportedState(
        zones=dict.fromkeys(zones, look),
        reported_s=dict.fromkeys(zones, ago_s),
        alive_s=ago_s,
        clock="own",
        clock_off_s=3.2,
    )
    phase = Commanded(Command(0.0, 9e9, attempts=3)) if status == "pending" else Absent(0.0)
    reported = ReportedState() if status == "unknown" else known
    return state._replace(status=dict.fromkeys(zones, status), reported=reported, phase=phase)


def names(page: str) -> list[str]:
    """Of the gateways in the list, in its order."""
    return re.findall(r'class="name" href="/gateways/([^"]*)"', page)


@pytest.fixture
def five_hundred(setup: Setup, clock: SetClock, service: RunningService) -> None:
    """Three of them unwell."""
    bad: dict[str, Status] = {"lamp-7": "differs", "lamp-8": "silent", "lamp-400": "pending"}
    service.publish(standing(many(setup, 500), clock, bad), is_new=True)


async def test_of_500_the_unwell_come_first_and_50_a_page(browser: Browser, five_hundred: None) -> None:
    """With their counts; the rest is folded."""
    page = (await browser().get("/gateways")).text
    assert names(page)[:4] == ["lamp-8", "lamp-7", "lamp-400", "lamp-0"]
    assert len(names(page)) == 50
    assert page.index("<summary>47 av 497 bekräftade") < page.index('href="/gateways/lamp-0"')
    for words in ("Alla 500", "Bekräftad 497", "Väntar 1", "Okänd 0", "Avviker 1", "Tyst 1"):
        assert words in page
    assert "Sida 1 av 10" in page
    second = (await browser().get("/gateways", params={"page": "2"})).text
    assert names(second)[0] == "lamp-49"
    assert "<summary>" not in second
    for asked, shown in (("0", 1), ("10", 10), ("11", 10), ("99", 10)):
        page_asked = (await browser().get("/gateways", params={"page": asked})).text
        assert f"Sida {shown} av 10" in page_asked
        assert len(names(page_asked)) == 50
    assert len(page) < 60_000


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("status=silent", ["lamp-8"]),
        ("status=unconfirmed", ["lamp-8", "lamp-7", "lamp-400"]),
        ("q=LAMP-40", ["lamp-400", "lamp-40", *(f"lamp-40{n}" for n in range(1, 10))]),
        ("q=sk%C3%A5len&status=differs", []),
        ("q=skaftet&status=differs", ["lamp-7"]),
        ("q=<img onerror>", []),
        ("status=nonsense&q=lamp-499", ["lamp-499"]),
    ],
)
async def test_filters_are_in_the_address(browser: Browser, five_hundred: None, address: str, found: list[str]) -> None:
    """By name, kind, the part of the landmark as people call it, and status."""
    page = (await browser().get(f"/gateways?{address}")).text
    assert names(page) == found
    assert ("Ingen styrenhet stämmer" in page) == (not found)
    assert "<img" not in page


STATE_TEXTS = {
    "sv": {
        "confirmed": "visar orange",
        "pending": "ska visa orange, väntar på svar, försök 3",
        "differs": "visar blått, ska visa orange",
        "silent": "tyst sedan 21:12, ska visa orange",
        "unknown": "har aldrig hörts",
    },
    "en": {
        "confirmed": "shows orange",
        "pending": "should show orange, waiting for an answer, attempt 3",
        "differs": "shows blue, should show orange",
        "silent": "silent since 21:12, should show orange",
        "unknown": "has not reported yet",
    },
}


@pytest.mark.parametrize("status", WORST_FIRST)
@pytest.mark.parametrize("language", languages())
async def test_each_state_is_shown(
    setup: Setup, clock: SetClock, service: RunningService, browser: Browser, language: str, status: Status
) -> None:
    """In the list and on the page of the gateway, where everything else is known too."""
    snapshot = standing(setup, clock, {"mast": status})
    service.publish(replace(snapshot, codes={"mast": "TWL-G104"} if status == "silent" else {}), is_new=True)
    for path in ("/gateways", "/gateways/mast"):
        page = html.unescape((await browser().get(path, params={"lang": language})).text)
        assert STATE_TEXTS[language][status][1:] in page
        assert "None" not in page
        assert ("/code/TWL-G104" in page) == (status == "silent")


async def test_what_a_silent_gateway_showed_is_not_shown_as_current(
    browser: Browser, setup: Setup, clock: SetClock, service: RunningService
) -> None:
    """With its time; and one that took leave of the broker, or whose connection ended, is shown to have left."""
    snapshot = standing(setup, clock, {"mast": "silent"})
    state = snapshot.states["mast"]
    for online, words in ((None, "tyst sedan 21:12, ska visa"), (False, "tyst sedan 21:12 och har lämnat brokern")):
        heard = state.reported._replace(online=online, last_reported_s=state.reported.reported_s)
        states = {"mast": state._replace(reported=heard)}
        service.publish(replace(snapshot, states=states), is_new=True)
        page = (await browser().get("/gateways/mast")).text
        assert words in page.replace("Tyst", "tyst")
        assert "<td>senast orange" in page
        assert ", 21:12</td>" in page


async def test_one_gateway_shows_its_clock_its_answer_and_its_events(
    setup: Setup, clock: SetClock, service: RunningService, browser: Browser
) -> None:
    """And nothing of others."""
    history = History(service.state)
    shows = {"bowl": {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}}
    confirmed = {"attempts": 1, "command_id": "c", "latency_s": 0.25, "shows": shows}
    history.write(
        [
            recorded(new_event("TWL-G101", gateway="mast", **confirmed), clock.wall - timedelta(minutes=3)),
            recorded(new_event("TWL-G105", gateway="other"), clock.wall - timedelta(minutes=2)),
            recorded(new_event("TWL-G104", gateway="mast", age_s=61.0), clock.wall - timedelta(minutes=1)),
        ]
    )
    history.close()
    service.publish(standing(setup, clock, {}), is_new=True)
    page = (await browser().get("/gateways/mast")).text
    for fact in ("0,2 s", "går 3,2 s före", "dmx", "21:12"):
        assert f"<dd>{fact}</dd>" in page
    assert re.findall(r'<a href="/code/([^"]*)">', page) == ["TWL-G104", "TWL-G101"]
    assert "Ämnen i MQTT" not in page
    assert (await browser().get("/gateways/nobody")).status_code == 404


async def test_a_site_without_gateways_has_a_text_instead(
    setup: Setup, clock: SetClock, service: RunningService, browser: Browser
) -> None:
    """Nothing can be searched."""
    service.publish(standing(with_gateways(setup, ()), clock, {}), is_new=True)
    page = (await browser().get("/gateways")).text
    assert "Inga styrenheter i tower.yaml" in page
    assert 'role="search"' not in page


async def test_a_day_later_the_silence_has_its_date(
    setup: Setup, clock: SetClock, service: RunningService, browser: Browser
) -> None:
    """Since an hour alone would be taken for today's."""
    snapshot = standing(setup, clock, {"mast": "silent"})
    state = snapshot.states["mast"]
    old = state._replace(reported=state.reported._replace(alive_s=clock.mono - 90_000))
    service.publish(replace(snapshot, states={"mast": old}), is_new=True)
    assert isinstance(clock.wall, datetime)
    assert "Tyst sedan mån 23 nov 20:14" in (await browser().get("/gateways")).text


async def test_the_next_test_of_the_lamps_is_shown(
    browser: Browser, service: RunningService, setup: Setup, clock: SetClock
) -> None:
    """Where there is one soon."""
    tower = setup.tower.model_copy(update={"preflight": PreflightSettings()})
    rules = b"version: 1\ncampaigns:\n  - {name: Lucia, dates: 13 December, color: white}\n"
    tested = replace(setup, tower=tower, schedule=setup.schedule_of(rules))
    service.publish(snapshot_of(tested, clock.read()), is_new=True)
    assert "Lamporna provas sön 6 dec 12:00, inför Lucia." in (await browser().get("/gateways")).text
    service.publish(snapshot_of(setup, clock.read()), is_new=True)
    assert "Lamporna provas" not in (await browser().get("/gateways")).text
