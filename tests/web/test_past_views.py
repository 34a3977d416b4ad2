"""Varför? and Bevis: what the history shows, on a page."""

from datetime import UTC, date, datetime, timedelta

import pytest

from controller.config.load import Setup
from controller.events import new_event
from controller.state import History, LightChange, Minute
from controller.state.history_rows import Row, recorded
from controller.state.roles import Source
from controller.state.versions import VersionStore
from controller.web.running_service import RunningService
from tests.web.conftest import SHIPPED, Browser, SetClock
from tests.web.turned import snapshot_of

YESTERDAY = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
"""23:00 in Alvesta."""
MINUTE = timedelta(minutes=1)
WEEK = "En vecka fri från våld"


@pytest.fixture
def past(service: RunningService, setup: Setup, clock: SetClock) -> None:
    """An hour of yesterday, stopped by Sara from 23:12 on; the gateway was silent before that."""
    orange, dark = {"colors": ["#FF6A00"], "names": ["orange"], "brightness": 1.0}, {"colors": [], "brightness": 1.0}
    stop = {"kind": "stop", "owner": "Sara", "reason": "arbete på tornet"}
    rows: list[Row] = [
        recorded(new_event("TWL-G104", gateway="mast", age_s=60.0), YESTERDAY + 6 * MINUTE),
        recorded(new_event("TWL-G105", gateway="mast"), YESTERDAY + 8 * MINUTE),
        recorded(new_event("TWL-O105", id="s", owner="Sara", reason="arbete på tornet"), YESTERDAY + 12 * MINUTE),
    ]
    for zone in setup.tower.zones:
        rows.append(LightChange(YESTERDAY, zone, orange, {"kind": "campaign", "name": WEEK}))
        rows.append(LightChange(YESTERDAY + 12 * MINUTE, zone, dark, stop))
        rows += [
            Minute(date(2026, 11, 23), zone, YESTERDAY + n * MINUTE, n < 12, 0.0 if 5 <= n < 8 else 60.0)
            for n in range(60)
        ]
    history = History(service.state)
    history.write(rows)
    history.close()
    text = (SHIPPED / "schedule.yaml").read_bytes()
    VersionStore(service.state, lambda _: None).add(
        text, at=YESTERDAY - timedelta(days=9), who="Kim", source=Source.PAGE
    )
    service.publish(snapshot_of(setup, clock.read()), is_new=True)


async def test_why_it_was_dark_yesterday_is_answered(browser: Browser, past: None) -> None:
    """With day and time as people type them: the stop, what would have held, and the version then."""
    found = (await browser().get("/why", params={"day": "i går", "time": "23:30"})).text
    assert "<li>Säkerhetsstopp av Sara från 2026-11-23 23:12, ”arbete på tornet”</li>" in found
    assert f"<li>Annars: {WEEK}, orange 100 %" in found
    assert "bekräftat för 2 av 2 delar" in found
    assert "Schemat då: version 1, sparad av Kim" in found
    assert 'value="i går"' in found


async def test_why_it_is_so_now_needs_no_history(browser: Browser, past: None) -> None:
    """The rule that holds, and the sentence."""
    found = (await browser().get("/why", headers={"accept-language": "en"})).text
    assert "The water tower is orange" in found
    assert f"<li>{WEEK}, orange 100 %" in found


async def test_a_fault_then_is_named_by_its_code(browser: Browser, past: None) -> None:
    """With the gateway."""
    found = (await browser().get("/why", params={"at": "2026-11-23T23:06"})).text
    assert "Fel då: TWL-G104 mast är tyst" in found
    assert "bekräftat för 0 av 2 delar" in found


@pytest.mark.parametrize("asked", [{"day": "nonsense", "time": "25:99"}, {"at": "<b>"}, {"day": "i går"}])
async def test_what_is_no_instant_is_shown_at_the_field(browser: Browser, past: None, asked: dict[str, str]) -> None:
    """Nothing typed is lost."""
    found = await browser().get("/why", params=asked, headers={"accept-language": "sv"})
    assert found.status_code == 422
    assert "<title>Fel: Varför?" in found.text
    assert "är ingen tidpunkt" in found.text
    typed = next(iter(asked.values())).replace("<", "&lt;").replace(">", "&gt;")
    assert f'value="{typed}"' in found.text


async def test_where_nothing_is_recorded_that_is_shown(browser: Browser, past: None) -> None:
    """And the rules of then follow."""
    found = (await browser().get("/why", params={"at": "2026-11-22T03:00"})).text
    assert "historiken har inget om den här minuten" in found
    assert f"<li>{WEEK}" in found


async def test_the_proof_has_nights_gaps_and_causes(browser: Browser, past: None) -> None:
    """Of the campaign that is on, counted until now."""
    found = (await browser().get("/proof")).text
    assert f"{WEEK}, fre 20 – " in found
    assert "TWL-G104 mast är tyst" in found
    assert "Säkerhetsstopp av Sara från 2026-11-23 23:12" in found
    assert "Räknat till 2026-11-24 21:14" in found
    assert "Tillfälliga ändringar: 1" in found
    assert "Schema: version 1, sparad av Kim" in found
    assert '<svg class="proof-bar"' in found


async def test_even_a_short_gap_of_a_night_can_be_seen(browser: Browser, past: None) -> None:
    """Three of 983 minutes are 1.8 of the 600 of the bar, and drawn as 2; 48 minutes are 29.3."""
    found = (await browser().get("/proof")).text
    assert '<rect class="gap" x="273.4" width="2" height="16"/>' in found
    assert '<rect class="gap" x="277.7" width="29.3" height="16"/>' in found


async def test_the_proof_can_be_asked_for_by_name_days_and_address(browser: Browser, past: None) -> None:
    """What is none of these is reported at the field."""
    page = browser()
    for path in ("/proof?of=20-26 november 2026", "/proof/en-vecka-fri-fran-vald/2026"):
        assert (await page.get(path)).status_code == 200
    assert (await page.get("/proof/other/2026")).status_code == 404
    assert (await page.get("/proof/en-vecka-fri-fran-vald/x")).status_code == 400
    refused = await page.get("/proof", params={"of": "Krister"})
    assert (refused.status_code, f"Kampanjerna är: {WEEK}" in refused.text) == (422, True)


async def test_the_past_is_for_those_who_may_read(browser: Browser, past: None) -> None:
    """Everybody else is led to the login."""
    elsewhere = browser(peer="192.0.2.7", url="http://tower.example")
    for path in ("/why", "/proof", "/proof/en-vecka-fri-fran-vald/2026"):
        assert (await elsewhere.get(path)).status_code == 303


async def test_a_history_that_cannot_be_read_is_shown(browser: Browser, past: None, service: RunningService) -> None:
    """No traceback."""
    (service.state / "history.db").write_bytes(b"not a database " * 1000)
    for path in ("/why?at=2026-11-23T23:30", "/proof"):
        found = await browser().get(path)
        assert found.status_code == 503
        assert "history.db" in found.text
