"""Händelser: the newest first by days, filters in the address, repeats counted, help in place."""

import html
import re
from datetime import timedelta

import pytest

from controller.config.load import Setup
from controller.events import CATALOGUE, Event, Level, new_event
from controller.locale import languages
from controller.state import History
from controller.state.history_rows import RecordedEvent, recorded
from controller.web.running_service import RunningService
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of

SILENT = new_event("TWL-G104", gateway="mast", age_s=61.0)
BACK = new_event("TWL-G105", gateway="mast")
ACT = new_event("TWL-O101", id="a", owner="Kim", look="blå", until="2026-11-25 08:02:00", reason="<img onerror=x>")


@pytest.fixture
def history(service: RunningService, setup: Setup, clock: SetClock) -> History:
    """That of the service, which has turned."""
    service.publish(snapshot_of(setup, clock.read()), is_new=True)
    return History(service.state)


def happened(history: History, clock: SetClock, *events: tuple[float, Event]) -> None:
    """So many minutes ago each."""
    history.write([recorded(event, clock.wall - timedelta(minutes=ago)) for ago, event in events])
    history.close()


def codes(page: str) -> list[str]:
    """In the order of the page."""
    return re.findall(r'<span class="meta">(TWL-\w+)</span>', page)


async def test_the_newest_come_first_under_their_days(browser: Browser, history: History, clock: SetClock) -> None:
    """With the time of the tower, the level in words, and what to do."""
    happened(history, clock, (2000, SILENT), (1990, BACK), (5, ACT))
    page = (await browser().get("/events")).text
    assert codes(page) == ["TWL-O101", "TWL-G105", "TWL-G104"]
    assert re.findall(r'class="day">([^<]*)<', page) == ["I dag, tis 24 nov", "Mån 23 nov"]
    assert ">21:09:00</time>" in page
    assert "Inte av sig självt: någon behöver göra något." in page
    assert "watertower-gateway@mast" in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("level=error", ["TWL-G104"]),
        ("level=nonsense", ["TWL-O101", "TWL-G105", "TWL-G104"]),
        ("code=o101", ["TWL-O101"]),
        ("code=%27%3B%20DROP%20TABLE", []),
        ("gateway=mast", ["TWL-G105", "TWL-G104"]),
        ("gateway=mas", []),
        ("days=1", ["TWL-O101"]),
        ("since=2026-11-24T21:00", ["TWL-O101"]),
        ("until=2026-11-23T12:00", ["TWL-G104"]),
    ],
)
async def test_filters_are_in_the_address(
    browser: Browser, history: History, clock: SetClock, address: str, found: list[str]
) -> None:
    """Each by itself; what is for debugging is never shown."""
    happened(history, clock, (2000, SILENT), (1990, BACK), (5, ACT))
    history.write([RecordedEvent(clock.wall, "TWL-G101", Level.DEBUG, '{"gateway": "mast"}')])
    history.close()
    assert codes((await browser().get(f"/events?{address}")).text) == found


async def test_what_is_no_instant_is_shown_at_its_field(browser: Browser, history: History) -> None:
    """And stays there."""
    page = (await browser().get("/events", params={"since": "<img onerror>"})).text
    assert 'id="since-error"' in page
    assert 'value="&lt;img onerror&gt;"' in page
    assert "<img" not in page


async def test_repeats_are_counted_and_acts_never(browser: Browser, history: History, clock: SetClock) -> None:
    """Alike is what differs in figures only, in a row, on one day."""
    other = new_event("TWL-O101", id="b", owner="Sara", look="röd", until="2026-11-25 08:02:00", reason="prov")
    silences = [(10 + n, new_event("TWL-G104", gateway="mast", age_s=60.0 + n)) for n in range(12)]
    happened(history, clock, *reversed(silences), (3, ACT), (2, other))
    page = (await browser().get("/events")).text
    assert codes(page) == ["TWL-O101", "TWL-O101", "TWL-G104"]
    assert "12 gånger sedan 20:53" in page


async def test_older_ones_are_on_further_pages(browser: Browser, history: History, clock: SetClock) -> None:
    """Each event on one of them."""
    many = [(float(250 - n), new_event("TWL-O102", id=str(n), owner=f"P{n}", reason="x")) for n in range(250)]
    happened(history, clock, *many)
    seen: list[str] = []
    address: str | None = "/events"
    client = browser()
    while address:
        page = (await client.get(address)).text
        seen += re.findall(r"P(\d+) återgår", page)
        older = re.search(r'class="button" href="(/events\?[^"]*before=\d+)"', page)
        address = html.unescape(older[1]) if older else None
    assert seen == [str(n) for n in reversed(range(250))]


async def test_new_ones_wait_while_somebody_reads(browser: Browser, history: History, clock: SetClock) -> None:
    """The page asks with the number of the newest that it shows, and gets a count beside the list."""
    happened(history, clock, (5, SILENT))
    client = browser()
    page = (await client.get("/events")).text
    newest = re.search(r'data-newest="(\d+)"', page)
    assert newest
    assert "nya händelser" not in page
    happened(history, clock, (3, BACK), (2, SILENT), (1, BACK))
    asked = {"x-live": "1", "x-seen": newest[1]}
    assert "3 nya händelser" in (await client.get("/events", headers=asked)).text
    assert "1 ny händelse" in (await client.get("/events?level=error", headers=asked)).text


async def test_nothing_and_a_history_that_cannot_be_read_are_distinguished(
    browser: Browser, history: History, service: RunningService
) -> None:
    """By the code of what is wrong."""
    assert "Inga händelser." in (await browser().get("/events")).text
    history.close()
    (service.state / "history.db").write_bytes(b"no database" * 500)
    for path in ("/events", "/gateways/mast", "/code/TWL-G104"):
        assert (await browser().get(path)).status_code == 200
    assert "history.db" in (await browser().get("/events")).text


async def test_an_event_of_another_version_is_shown(browser: Browser, history: History, clock: SetClock) -> None:
    """With its bare fields."""
    history.write([RecordedEvent(clock.wall, "TWL-Z999", Level.WARNING, '{"lamp": "n<b>"}')])
    history.close()
    page = (await browser().get("/events")).text
    assert codes(page) == ["TWL-Z999"]
    assert "lamp=n&lt;b&gt;" in page.replace("Lamp", "lamp")
    assert (await browser().get("/code/TWL-Z999")).status_code == 404


@pytest.mark.parametrize("language", languages())
async def test_a_code_has_its_page(browser: Browser, history: History, language: str) -> None:
    """Without braces, in words, with what ends what lasts."""
    client = browser()
    for code, kind in [*list(CATALOGUE.items())[::7], ("TWL-W102", CATALOGUE["TWL-W102"])]:
        page = (await client.get(f"/code/{code}", params={"lang": language})).text
        assert f"<h1>{code}</h1>" in page
        assert "{{" not in page
        assert not any(f"{{{name}}}" in page for name in kind.fields - {"time"})
        if kind.lasting is not None:
            assert all(each in page for each in kind.lasting.until)
    assert "{listen: &#34;127.0.0.1:8090&#34;}" in page  # to be typed as it is
    assert (await client.get("/code/twl-g104")).status_code == 200
    assert (await client.get("/code/..%2f..%2fetc")).status_code == 404


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e3", "\u0661", "x", "0" * 5000])
async def test_what_is_no_number_filters_nothing(browser: Browser, number: str) -> None:
    """Thousands of digits neither, which Python refuses to read."""
    page = browser()
    for answer in (
        await page.get("/events", params={"days": number}),
        await page.get("/events", headers={"x-live": "1", "x-seen": number.encode()}),
    ):
        assert answer.status_code == 200
