"""Lamptest on the page: a technician with a phone, without JavaScript, from the first lamp to what was found."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.clock import ClockReading
from controller.events import Event
from controller.gateways.base import Message
from controller.gateways.wire import Walk
from controller.locale import languages
from controller.schedule.campaign import SafetyStop
from controller.service.controller import Controller
from controller.service.gateway_state import ReportedState
from controller.service.lamp_walk import AWAY_S, LampWalks
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampResult, LampResults
from controller.state.roles import Role
from controller.web import walk_view
from controller.web.running_service import RunningService
from tests.web.answering import LoggedIn, logged_in
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of

WALK = "/gateways/mast/walk"
LAMPS = ["bowl-north", "bowl-south", "shaft-north", "shaft-south"]


def publish(service: RunningService, reading: ClockReading, by: str) -> None:
    """What the gateway goes by: `local` while its lamps are tested."""
    found = snapshot_of(service.setup, reading)
    states = {name: state._replace(reported=ReportedState(by=by)) for name, state in found.states.items()}
    service.publish(replace(found, states=states), is_new=True)


@pytest.fixture
def sara(service: RunningService, clock: SetClock, browser: Browser) -> LoggedIn:
    """A technician at a gateway that follows the test."""
    publish(service, clock.read(), "local")
    return logged_in(service, clock, browser(), Role.ADMIN)


def seen(page: str) -> str:
    """What a person reads."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def lit(sent: list[Message]) -> str | None:
    """The fixture of the step sent last."""
    return Walk.model_validate_json(sent[-1].payload).fixture


async def press(sara: LoggedIn, act: str, step: int = 0, **more: str) -> str:
    """A button; the page that follows."""
    answer = await sara.post(WALK, act=act, step=str(step), **more)
    assert (answer.status_code, answer.headers["location"]) == (303, WALK)
    return (await sara.get(WALK)).text


async def test_lamp_after_lamp_to_what_was_found(
    sara: LoggedIn, sent: list[Message], service: RunningService, events: list[Event]
) -> None:
    """Each answer is kept at once; the end is reported, audited and shown lamp by lamp."""
    page = (await sara.get(WALK)).text
    assert "Lampor att prova: 4" in page
    page = await press(sara, "start")
    for number, (lamp, word) in enumerate(zip(LAMPS, ("yes", "no", "skipped", "yes"), strict=True)):
        assert lit(sent) == lamp
        assert f"Lampa {number + 1} av 4 mast/{lamp}" in seen(page)
        assert "Lyser den, och ingen annan?" in page
        page = await press(sara, word, number)
    assert lit(sent) is None
    assert "2 av 4 lyste, 1 gjorde det inte" in seen(page)
    assert re.findall(r"mast/(\S+) \([^)]*\) (Lyser inte|Lyser|Överhoppad)", seen(page)) == [
        *zip(LAMPS, ("Lyser", "Lyser inte", "Överhoppad", "Lyser"), strict=True)
    ]
    results = LampResults(service.state, events.append).read().people
    assert {lamp: result.lit for lamp, result in results.items()} == {
        "mast/bowl-north": True,
        "mast/bowl-south": False,
        "mast/shaft-south": True,
    }
    rows = [row for row in service.accounts.audit.rows() if row.act == "gateway.walk_test"]
    assert [row.actor.name for row in rows] == ["admin", "admin"]
    assert {"gateway": "mast", "steps": 4} in [row.after for row in rows]
    assert [event.code for event in events] == ["TWL-G130", "TWL-G131"]


async def test_an_answer_outlives_the_service(sara: LoggedIn, service: RunningService, events: list[Event]) -> None:
    """Nothing that somebody saw is lost when it stops in the middle."""
    await press(sara, "start")
    await press(sara, "no", 0)
    assert not LampResults(service.state, events.append).read().people["mast/bowl-north"].lit


async def test_the_page_of_the_gateway_says_what_the_last_test_found(sara: LoggedIn, clock: SetClock) -> None:
    """Also the day after."""
    assert "Lamporna har inte provats" in (await sara.get("/gateways/mast")).text
    await press(sara, "start")
    await press(sara, "no", 0)
    await press(sara, "yes", 1)
    await press(sara, "end", 2)
    clock.go(timedelta(hours=4))
    page = seen((await sara.get("/gateways/mast")).text)
    assert "1 av 2 provade lampor lyste inte. Senaste test tis 24 nov" in page
    assert "Lyste inte bowl-north" in page
    await press(sara, "start")
    await press(sara, "yes", 0)
    assert "Alla provade lampor lyste (2)" in seen((await sara.get("/gateways/mast")).text)


async def test_the_page_of_the_gateway_says_what_the_service_found_itself(
    sara: LoggedIn, service: RunningService, events: list[Event], clock: SetClock
) -> None:
    """And what people saw, where they did."""
    results, now = LampResults(service.state, events.append), clock.read().wall
    found = {"bowl-north": True, "bowl-south": False}
    results.note_found({f"mast/{lamp}": LampResult(at=now, lit=lit, by="report") for lamp, lit in found.items()})
    page = seen((await sara.get("/gateways/mast")).text)
    assert "Tjänstens eget lamptest tis 24 nov 21:14: 1 av 2 underkända." in page
    assert "Underkänd bowl-south" in page
    assert "Lamporna har inte provats" not in page
    results.note({"mast/bowl-south": True}, now + timedelta(minutes=1))
    page = seen((await sara.get("/gateways/mast")).text)
    assert "Alla provade lampor lyste (1)" in page
    assert "Underkänd bowl-south" not in page


async def test_a_form_sent_again_answers_no_other_lamp(sara: LoggedIn, sent: list[Message]) -> None:
    """Pressed twice, or sent again from the browser's history."""
    await press(sara, "start")
    await press(sara, "yes", 0)
    page = await press(sara, "no", 0)
    assert "Lampa 2 av 4" in page
    assert lit(sent) == "bowl-south"
    assert "Lampa 1 av 4" in await press(sara, "back", 1)


async def test_each_color_by_itself(sara: LoggedIn, sent: list[Message]) -> None:
    """As many steps as there are channels that light something alone."""
    page = await press(sara, "start", channels="yes")
    assert "Lampa 1 av 16" in page
    assert Walk.model_validate_json(sent[-1].payload).channel == 1


async def test_a_gateway_that_does_not_follow_is_shown(
    sara: LoggedIn, service: RunningService, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one would look for the fault in lamps that nobody lights."""
    monkeypatch.setattr(walk_view, "FOLLOWS_S", 0.2)
    publish(service, clock.read(), "desired")
    assert "inte säkert att någon lampa är tänd" not in (await sara.get(WALK)).text
    await sara.post(WALK, act="start")
    clock.go(timedelta(seconds=4))
    assert "inte säkert att någon lampa är tänd" in (await sara.get(WALK)).text


async def test_a_test_that_ended_by_itself_is_shown_as_such(sara: LoggedIn, walks: LampWalks, clock: SetClock) -> None:
    """Whoever comes back finds the answers given so far, and may begin again."""
    await press(sara, "start")
    await press(sara, "yes", 0)
    clock.go(timedelta(seconds=AWAY_S))
    walks.turn(clock.read())
    page = seen((await sara.get(WALK)).text)
    assert "eftersom ingen tryckte på något på fem minuter: 1 av 4 lyste" in page
    assert "Prova en gång till" in page
    await press(sara, "yes", 1)
    assert "Lampa 1 av 4" in await press(sara, "start")


async def test_under_a_safety_stop_no_lamp_is_lit(
    sara: LoggedIn, controller: Controller, clock: SetClock, sent: list[Message]
) -> None:
    """With the reason and what to do."""
    controller.follow(controller.program.with_overrides((), SafetyStop(clock.wall, "kim", "arbete")))
    answer = await sara.post(WALK, act="start", channels="yes")
    assert answer.status_code == 409
    assert "<title>Fel: Lamptest: mast" in answer.text
    assert "Häv stoppet först" in seen(answer.text)
    assert 'name="channels" value="yes" checked' in answer.text, "what was chosen is not lost"
    assert not sent


async def test_an_answer_that_cannot_be_kept_is_shown(sara: LoggedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test goes on all the same."""

    def full(*_: object) -> None:
        raise Unusable(None)  # type: ignore[arg-type]

    monkeypatch.setattr(LampResults, "note", full)
    await press(sara, "start")
    page = await press(sara, "no", 0)
    assert "kunde inte sparas" in page
    assert "Lampa 2 av 4" in page


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        (WALK, {"act": "dance", "step": "0"}, 400),
        (WALK, {"act": "yes"}, 400),
        (WALK, {"act": "yes", "step": "first"}, 400),
        (WALK, {"act": "yes", "step": "9" * 5000}, 400),
        (WALK, {}, 400),
        (WALK, {"act": "yes", "step": "0"}, 303),
        (WALK, {"act": "end"}, 303),
        ("/gateways/<img onerror>/walk", {"act": "start"}, 404),
    ],
)
async def test_what_no_button_sends_lights_nothing(
    sara: LoggedIn, sent: list[Message], path: str, fields: dict[str, str], status: int
) -> None:
    """Before a test has begun there is nothing to answer or to end."""
    assert (await sara.post(path, **fields)).status_code == status
    assert not sent


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_only_technicians_find_the_test(
    browser: Browser, service: RunningService, clock: SetClock, role: Role
) -> None:
    """What one may not use is absent; what was found is there for all."""
    publish(service, clock.read(), "desired")
    somebody = logged_in(service, clock, browser(), role)
    page = (await somebody.get("/gateways/mast")).text
    assert WALK not in page
    assert "Lamporna har inte provats" in page
    assert (await somebody.get(WALK)).status_code == 403


@pytest.mark.parametrize("language", languages())
async def test_each_state_in_each_language(sara: LoggedIn, language: str) -> None:
    """Before, during and after it, without a key or a brace left over."""
    for act in ("", "start", "end"):
        if act:
            await sara.post(WALK, act=act)
        page = seen((await sara.get(f"{WALK}?lang={language}")).text)
        assert not re.search(r"walk\.|[{}]|None", page), page
