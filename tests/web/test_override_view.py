"""Ändra ljuset nu and Säkerhetsstopp: what is read back, granted and refused, with nothing typed lost."""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.clock import Trust
from controller.config.load import Setup
from controller.service.gateway_state import Status
from controller.service.override_preview import looks_at, offered_ends
from controller.service.override_request import override_policy
from controller.state import passwords
from controller.state.roles import Role
from controller.web import running_service
from controller.web.running_service import Snapshot
from tests.web.answering import AnsweringService, LoggedIn, logged_in
from tests.web.conftest import Browser, SetClock

BLUE = {"color": "blå", "until": "sunrise", "brightness": "100 %", "reason": "sorg"}
SUNRISE = "ons 25 nov 08:02"


@pytest.fixture
async def controller(
    setup: Setup, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AnsweringService]:
    """The shipped tower on an evening of its campaign."""
    monkeypatch.setattr(passwords, "LOG_N", 4)
    monkeypatch.setattr(passwords, "RUNS", 1)
    made = AnsweringService(setup, clock, tmp_path)
    made.publish()
    yield made
    made.service.accounts.close()


@pytest.fixture
def service(controller: AnsweringService) -> running_service.RunningService:
    """What `browser` asks."""
    return controller.service


@pytest.fixture
def kim(controller: AnsweringService, clock: SetClock, browser: Browser) -> LoggedIn:
    """Somebody who may change the light."""
    return logged_in(controller.service, clock, browser(), Role.OPERATOR)


def checked(page: str, name: str) -> list[str]:
    """The values of the choices that are made."""
    return re.findall(rf'name="{name}" value="([^"]*)" checked', page)


def at_field(page: str, field: str) -> str:
    """What is wrong with a field, as text."""
    found = re.search(rf'id="{field}-error">(.*?)</p>', page, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", found[1])).strip() if found else ""


def read_part(page: str, part: str) -> str:
    """What is read back."""
    found = re.search(rf'data-read-part="{part}">(.*?)</(?:div|button)>', page, re.DOTALL)
    assert found
    return html.unescape(re.sub(r"<[^>]*>", " ", found[1])).strip()


async def test_by_night_the_sunrise_is_chosen_and_by_day_the_next_change(
    kim: LoggedIn, controller: AnsweringService, clock: SetClock
) -> None:
    """Each end with its time; one that lies farther off than allowed is not offered."""
    page = (await kim.get("/override")).text
    assert checked(page, "until") == ["sunrise"]
    assert SUNRISE in page
    clock.wall = datetime(2026, 11, 24, 12, tzinfo=UTC)
    controller.publish()
    page = (await kim.get("/override")).text
    assert checked(page, "until") == ["next"]
    assert "tis 24 nov 15:35" in page


def test_in_summer_the_next_change_is_farther_off_than_allowed(setup: Setup) -> None:
    """So it is not offered."""
    assert list(offered_ends(override_policy(setup), datetime(2027, 6, 1, 12, tzinfo=UTC))) == ["sunrise", "hour"]


def test_where_the_sun_stays_down_an_hour_is_offered(setup: Setup) -> None:
    """No sunrise comes in Longyearbyen that week."""
    site = setup.tower.site.model_copy(update={"latitude": 78.2, "longitude": 15.6})
    polar = replace(setup, tower=setup.tower.model_copy(update={"site": site}))
    assert "hour" in offered_ends(override_policy(polar), datetime(2026, 12, 20, 20, tzinfo=UTC))


async def test_what_it_would_do_is_read_back_and_not_done(kim: LoggedIn, controller: AnsweringService) -> None:
    """In the words of the sentence; the button says it too."""
    page = (await kim.post("/fragment/override", **BLUE)).text
    assert read_part(page, "result").endswith(
        f"Nu och till {SUNRISE}: vattentornet lyser blått. Sedan: vattentornet är släckt."
    )
    assert read_part(page, "act") == "Lys blått nu"
    assert controller.manager.in_force == ()
    dark = await kim.post("/fragment/override", **BLUE | {"color": "dark"})
    assert read_part(dark.text, "act") == "Släck nu"
    part = await kim.post("/fragment/override", **BLUE, zone="bowl")
    assert "skålen lyser blått och skaftet orange" in read_part(part.text, "result")
    assert read_part((await kim.post("/fragment/override", until="sunrise")).text, "result") == ""


async def test_it_is_done_recorded_and_confirmed_once(kim: LoggedIn, controller: AnsweringService) -> None:
    """Then the tower is the view, and reloading it says it no more."""
    answer = await kim.post("/override", **BLUE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    (stored,) = controller.manager.in_force
    assert (stored.said, stored.owner, stored.reason) == ("blå", "operator", "sorg")
    assert set(looks_at(controller.program, controller.clock.wall)["bowl"].model_dump()["color"]) == set("#0000FF")
    result = f"Mottaget. Vattentornet ska lysa blått till {SUNRISE}."
    assert result in (await kim.get("/")).text
    assert result not in (await kim.get("/")).text
    row = controller.service.accounts.audit.rows()[-1]
    assert (row.act, row.actor.name, row.after) == (
        "override.set",
        "operator",
        {"action": "override", "look": "blå", "brightness": "100 %", "until": "sunrise", "reason": "sorg"},
    )


async def test_two_at_once_are_both_kept(kim: LoggedIn, controller: AnsweringService) -> None:
    """The later on top; the form names those that hold, and what comes after it is the earlier."""
    await kim.post("/override", **BLUE)
    page = (await kim.post("/fragment/override", **BLUE | {"color": "röd", "until": "hour"})).text
    assert "Sedan: vattentornet lyser blått." in read_part(page, "result")
    await kim.post("/override", **BLUE | {"color": "röd", "until": "hour"})
    assert [each.said for each in controller.manager.in_force] == ["blå", "röd"]
    page = (await kim.get("/override")).text
    assert page.index("operator: rött till tis 24 nov 22:14 (sorg)") < page.index(
        f"operator: blått till {SUNRISE} (sorg)"
    )


@pytest.mark.parametrize(
    ("typed", "field", "text", "cures"),
    [
        ({"color": "own", "own": "bla"}, "own", "”bla” är ingen färg", ["blå"]),
        ({"color": "own", "own": "#F60"}, "own", "är inte skrivet som en färgkod", ["#FF6600"]),
        ({"color": "own", "own": "20000 K"}, "own", "är ingen färgtemperatur", []),
        ({"color": "own", "own": ""}, "own", "Välj en färg.", []),
        ({"color": ""}, "color", "Välj en färg.", []),
        ({"brightness": "50"}, "brightness", "saknar enhet", ["50 %"]),
        ({"brightness": "0,8"}, "brightness", "saknar enhet", ["80 %", "0,8 %"]),
        ({"brightness": "120 %"}, "brightness", "är ingen ljusstyrka", []),
        ({"until": "other", "until_text": "kl 6"}, "until_text", "kan betyda flera tider", ["06:00", "18:00"]),
        ({"until": "other", "until_text": "solupgång"}, "until_text", "är inget slut", ["soluppgång"]),
        ({"until": "other", "until_text": "2026-11-20T22:30"}, "until_text", "har redan varit", []),
        ({"until": "other", "until_text": "9 dagar"}, "until_text", "är längre än tillåtna 168 h", []),
        ({"until": "other", "until_text": ""}, "until_text", "Välj till när.", []),
        ({"until": ""}, "until", "Välj till när.", []),
        ({"reason": ""}, "reason", "Skriv en anledning", []),
        ({"reason": "x" * 201}, "reason", "högst 200 tecken", []),
        ({"zone": "<img onerror>"}, "zones", "ingen zon", []),
    ],
)
async def test_what_cannot_be_granted_is_shown_at_its_field(
    kim: LoggedIn, controller: AnsweringService, typed: dict[str, str], field: str, text: str, cures: list[str]
) -> None:
    """In the product's words, with what may be meant; everything typed is still there, and nothing is done."""
    given = BLUE | typed
    answer = await kim.post("/override", **given)
    page = answer.text
    assert answer.status_code == 422
    assert "<title>Fel: Ändra ljuset nu" in page
    assert f'<a href="#{field}">' in page
    assert text in at_field(page, field).replace('"', "”").replace("'", "”")
    assert [html.unescape(each) for each in re.findall(rf'name="apply" value="{field}=([^"]*)"', page)] == cures
    assert checked(page, "color") == [given["color"]] * bool(given["color"])
    assert checked(page, "until") == [given["until"]] * bool(given["until"])
    for name in ("own", "brightness", "until_text", "reason"):
        assert f'name="{name}" type="text" value="{html.escape(given.get(name, ""))}"' in page
    assert "<img" not in page
    assert controller.manager.in_force == ()


async def test_a_cure_is_applied_by_one_press(kim: LoggedIn, controller: AnsweringService) -> None:
    """And read back; the act is another press."""
    page = (
        await kim.post("/override", **BLUE | {"until": "other", "until_text": "kl 6", "apply": "until_text=06:00"})
    ).text
    assert 'value="06:00"' in page
    assert "Nu och till ons 25 nov 06:00" in read_part(page, "result")
    assert controller.manager.in_force == ()


async def test_under_a_stop_the_stop_is_to_be_lifted_first(kim: LoggedIn, controller: AnsweringService) -> None:
    """What is typed is kept."""
    await kim.post("/stop", reason="arbete")
    answer = await kim.post("/override", **BLUE)
    assert answer.status_code == 422
    assert "Säkerhetsstopp gäller. Häv stoppet först." in answer.text
    assert checked(answer.text, "color") == ["blå"]
    assert 'href="/stop/lift"' in (await kim.get("/override")).text


async def test_while_the_clock_is_suspect_only_the_stop_works(kim: LoggedIn, controller: AnsweringService) -> None:
    """No end can be found by it, as the page shows before anything is typed."""
    assert "Klockan är osäker" not in (await kim.get("/override")).text
    controller.trust = Trust.SUSPECT
    controller.publish()
    assert "Klockan är osäker" in (await kim.get("/override")).text
    answer = await kim.post("/override", **BLUE)
    assert answer.status_code == 422
    assert "Klockan är osäker" in answer.text
    assert controller.manager.in_force == ()
    assert (await kim.post("/stop")).status_code == 303
    assert controller.manager.stop is not None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("silent", "Ändringen når inte mast just nu."),
        ("differs", "Ändringen når inte mast just nu."),
        ("pending", ""),
        ("confirmed", ""),
    ],
)
async def test_whom_a_change_does_not_reach_is_shown(
    kim: LoggedIn, controller: AnsweringService, status: Status, text: str
) -> None:
    """Before somebody wonders why nothing happens."""
    zones = dict.fromkeys(controller.setup.tower.zones, status)

    def change(snapshot: Snapshot) -> Snapshot:
        states = {name: state._replace(status=zones) for name, state in snapshot.states.items()}
        return replace(snapshot, states=states)

    controller.change = change
    controller.publish()
    page = (await kim.get("/override")).text
    assert ("Ändringen når inte" in page) == bool(text)
    assert text in page


@pytest.mark.parametrize(
    ("count", "text"),
    [(5, "Ändringen når inte m0, m1, m2, m3, m4 just nu."), (6, "Ändringen når inte 6 styrenheter just nu.")],
)
async def test_of_more_than_five_that_are_not_reached_the_number_is_shown(
    kim: LoggedIn, controller: AnsweringService, count: int, text: str
) -> None:
    """Nobody reads a longer list."""
    (mast, *_) = controller.setup.tower.gateways
    gateways = tuple(mast.model_copy(update={"name": f"m{number}"}) for number in range(count))
    setup = replace(controller.setup, tower=controller.setup.tower.model_copy(update={"gateways": gateways}))

    def change(snapshot: Snapshot) -> Snapshot:
        (state, *_) = snapshot.states.values()
        silent = state._replace(status=dict.fromkeys(mast.zone_names, "silent"))
        return replace(snapshot, setup=setup, states=dict.fromkeys((each.name for each in gateways), silent))

    controller.change = change
    controller.publish()
    assert text in (await kim.get("/override")).text


async def test_a_campaign_is_left_out(kim: LoggedIn, controller: AnsweringService) -> None:
    """That of tonight is offered, once."""
    choice = "skip:En vecka fri från våld"
    assert f'value="{choice}"' in (await kim.get("/override")).text
    page = (await kim.post("/fragment/override", **BLUE | {"color": choice})).text
    assert f"hoppas över till {SUNRISE}. Till dess: vattentornet är släckt." in read_part(page, "result")
    assert (await kim.post("/override", **BLUE | {"color": choice})).status_code == 303
    assert [each.skips for each in controller.manager.in_force] == ["En vecka fri från våld"]
    page = (await kim.get("/override")).text
    assert choice not in page
    assert "operator hoppar över En vecka fri från våld till" in page


async def test_the_schedule_is_followed_again(kim: LoggedIn, controller: AnsweringService) -> None:
    """By one press on the tower, which then shows the schedule."""
    await kim.post("/override", **BLUE)
    assert 'action="/override/end"' in (await kim.get("/")).text
    assert (await kim.post("/override/end")).headers["location"] == "/"
    assert controller.manager.in_force == ()
    assert "Tornet följer schemat." in (await kim.get("/")).text
    assert controller.service.accounts.audit.rows()[-1].before == ["blå"]


async def test_where_nobody_answers_the_form_stays(
    kim: LoggedIn, controller: AnsweringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not certain that it was done."""
    monkeypatch.setattr(running_service, "ANSWER_WITHIN_S", 0.05)
    controller.is_away = True
    for path, typed in (("/override", BLUE), ("/override/end", {}), ("/stop", BLUE), ("/stop/lift", BLUE)):
        answer = await kim.post(path, **typed)
        assert answer.status_code in {422, 503}
        assert "svarade inte" in answer.text


async def test_what_other_people_typed_is_text(kim: LoggedIn, controller: AnsweringService) -> None:
    """In reasons as in colours."""
    await kim.post("/override", **BLUE | {"reason": "<img onerror=x>"})
    await kim.post("/stop", reason="<script>x")
    for path in ("/override", "/stop", "/stop/lift", "/"):
        page = (await kim.get(path)).text
        assert "<img" not in page
        assert "<script>" not in page


async def test_the_reason_for_lifting_a_stop_has_two_hundred_signs_at_most(
    kim: LoggedIn, controller: AnsweringService
) -> None:
    """A longer one is refused and stays where it was typed."""
    await kim.post("/stop", reason="")
    refused = await kim.post("/stop/lift", reason="x" * 201)
    assert (refused.status_code, "200" in at_field(refused.text, "reason")) == (422, True)
    assert "x" * 201 in refused.text
    assert controller.manager.stop is not None
    assert (await kim.post("/stop/lift", reason="x" * 200)).status_code == 303
    assert controller.manager.stop is None


async def test_a_stop_needs_no_reason_and_lifting_it_does(kim: LoggedIn, controller: AnsweringService) -> None:
    """The page first shows what is lit then; both are recorded."""
    assert (await kim.post("/stop", reason="")).headers["location"] == "/"
    assert controller.manager.stop is not None
    assert "Säkerhetsstopp är satt." in (await kim.get("/")).text
    assert "Gäller nu: säkerhetsstopp av operator sedan tis 24 nov 21:14" in (await kim.get("/stop")).text
    page = (await kim.get("/stop/lift")).text
    assert "Vattentornet lyser orange." in page
    refused = await kim.post("/stop/lift", reason="")
    assert refused.status_code == 422
    assert at_field(refused.text, "reason") == "Skriv varför stoppet kan hävas."
    assert controller.manager.stop is not None
    assert (await kim.post("/stop/lift", reason="klart")).headers["location"] == "/"
    assert controller.manager.stop is None
    acts = [(row.act, row.after) for row in controller.service.accounts.audit.rows()][-2:]
    assert acts == [("stop.set", {"reason": ""}), ("stop.lifted", {"reason": "klart"})]
    assert "Inget säkerhetsstopp gäller." in (await kim.get("/stop/lift")).text


async def test_a_stop_that_the_disk_refuses_is_in_force_and_reported_as_not_stored(
    kim: LoggedIn, controller: AnsweringService
) -> None:
    """A restart would forget it."""
    controller.disk.file.full = True
    assert (await kim.post("/stop")).status_code == 303
    assert controller.manager.stop is not None
    assert "är inte sparat" in (await kim.get("/")).text


@pytest.mark.parametrize(("language", "title"), [("sv", "Ändra ljuset nu"), ("en", "Change the light now")])
async def test_both_languages_have_every_view(kim: LoggedIn, language: str, title: str) -> None:
    """And words that the product understands: what is chosen in one is granted in it."""
    page = (await kim.get("/override", params={"lang": language})).text
    assert f"<h1>{title}</h1>" in page
    for color in re.findall(r'name="color" value="([^":]*)"', page):
        answer = await kim.post("/fragment/override", **BLUE | {"color": color, "own": "2700 K"})
        assert answer.status_code == 200
        assert read_part(answer.text, "result"), color
