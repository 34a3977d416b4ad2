"""The light by hand over the API: overrides and the safety stop, by whom, and what is refused."""

import json
from typing import Any

import pytest

from controller.clock import Trust
from controller.state.roles import Role, Scope, Source
from controller.web import running_service
from tests.web.answering import AnsweringService, logged_in
from tests.web.api.programs import BLUE, V1, Program, token
from tests.web.conftest import Browser, SetClock


async def test_an_override_is_answered_with_what_was_granted_and_recorded(
    program: Program, tower: AnsweringService
) -> None:
    """The event of the controller, as over MQTT; the audit names account and token."""
    answer = await program.post("/overrides", BLUE | {"brightness": 0.5, "look": {"bowl": "blå"}})
    assert (answer.status_code, answer.json()["code"]) == (201, "TWL-O101")
    (stored,) = tower.manager.in_force
    assert (stored.owner, stored.reason, stored.looks["bowl"].brightness) == ("operator (Larm)", "sorg", 0.5)
    row = tower.service.accounts.audit.rows()[-1]
    assert (row.act, row.actor.name, row.actor.source) == ("override.set", "operator (Larm)", Source.API)


async def test_the_same_request_twice_counts_once(program: Program, tower: AnsweringService) -> None:
    """A program that got no answer asks again with the same id."""
    first, second = [await program.post("/overrides", BLUE | {"id": "door-7"}) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"] == "door-7"
    assert len(tower.manager.in_force) == 1


async def test_a_campaign_is_left_out_and_all_is_ended(program: Program, tower: AnsweringService) -> None:
    """A skip, and the schedule again."""
    body = {"action": "skip", "campaign": "en vecka fri från våld", "until": "sunrise", "reason": "storm"}
    assert (await program.post("/overrides", body)).json()["code"] == "TWL-O104"
    assert (await program.get("/overrides")).json()["overrides"][0]["skips"] == "En vecka fri från våld"
    assert (await program.post("/overrides/end", {})).json()["code"] == "TWL-O102"
    assert (await program.get("/overrides")).json()["overrides"] == []


async def test_a_stop_needs_no_reason_and_its_end_does(program: Program, tower: AnsweringService) -> None:
    """And while it holds no override is granted."""
    assert (await program.post("/stop", {})).status_code == 200
    refused = await program.post("/overrides", BLUE)
    assert (refused.status_code, refused.json()["code"]) == (409, "TWL-O111")
    assert (await program.get("/stop")).json()["stop"]["owner"] == "operator (Larm)"
    assert (await program.post("/stop/lift", {})).status_code == 422
    assert (await program.post("/stop/lift", {"reason": " "})).status_code == 422
    assert (await program.post("/stop/lift", {"reason": "klart"})).json()["code"] == "TWL-O106"
    assert (await program.get("/stop")).json() == {"version": 1, "stop": None}


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"look": "blurple"}, "TWL-S145", None),
        ({"look": {"roof": "blå"}}, "TWL-O125", None),
        ({"until": "yesterday"}, "TWL-O121", None),
        ({"until": "600 h"}, "TWL-O124", None),
        ({"brightness": "7 %%"}, "TWL-S137", None),
        ({"action": "skip", "campaign": "Krister"}, "TWL-O139", None),
        ({"link": "javascript:alert(1)"}, "TWL-S281", None),
        ({"campaign": "x"}, "TWL-O140", None),
        ({"look": None}, "TWL-W208", "look"),
        ({"look": 7}, "TWL-W208", "look"),
        ({"look": {"bowl": {"bowl": "blå"}}}, "TWL-W208", "look"),
        ({"reason": ""}, "TWL-W208", "reason"),
        ({"reason": "x" * 201}, "TWL-W208", "reason"),
        ({"reason": "a\nb"}, "TWL-W208", "reason"),
        ({"reason": None}, "TWL-W208", "reason"),
        ({"until": 3}, "TWL-W208", "until"),
        ({"brightness": 7}, "TWL-W208", "brightness"),
        ({"action": "stop"}, "TWL-W208", "action"),
        ({"owner": "Kim"}, "TWL-W208", "owner"),
        ({"version": 1}, "TWL-W208", "version"),
        ({"id": "a b"}, "TWL-W208", "id"),
        ({"about": {"klingon": "x"}}, "TWL-W208", "about.klingon.[key]"),
    ],
)
async def test_what_cannot_be_meant_changes_nothing(
    program: Program, tower: AnsweringService, change: dict[str, Any], code: str, place: str | None
) -> None:
    """The code of the mistake; of a value that is none of those that may be given, its place."""
    answer = await program.post("/overrides", BLUE | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    if place is not None:
        assert answer.json()["fields"]["reason"]["place"] == place
    assert not tower.manager.in_force
    assert tower.service.accounts.audit.rows()[-1].act == "token.added"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/json", 422, "TWL-W208"),
        (b"{", "application/json", 422, "TWL-W208"),
        (b"[]", "application/json", 422, "TWL-W208"),
        (b"null", "application/json", 422, "TWL-W208"),
        (b"\xff\xfe{}", "application/json", 422, "TWL-W208"),
        (b'{"look": "\\ud800", "until": "sunrise", "reason": "x"}', "application/json", 422, "TWL-W208"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "application/json", 413, "TWL-W206"),
        (b'{"a":' * 1_000 + b"1" + b"}" * 1_000, "application/json", 422, "TWL-W208"),
        (b'{"reason": ' + b"9" * 5_000 + b"}", "application/json", 422, "TWL-W208"),
        (b'{"reason": NaN}', "application/json", 422, "TWL-W208"),
        (b" " * 2_000_000, "application/json", 413, "TWL-W206"),
        (json.dumps(BLUE).encode(), "text/plain", 415, "TWL-W207"),
        (json.dumps(BLUE).encode(), "application/x-www-form-urlencoded", 415, "TWL-W207"),
        (json.dumps(BLUE).encode(), "", 415, "TWL-W207"),
    ],
)
async def test_a_body_that_is_no_request_is_a_clear_status(
    program: Program, tower: AnsweringService, content: bytes, kind: str, status: int, code: str
) -> None:
    """Too long, of another kind, broken: never a traceback, never an act."""
    answer = await program.ask("POST", "/overrides", content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert not tower.manager.in_force


async def test_a_controller_that_does_not_answer_is_shown(
    program: Program, tower: AnsweringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have acted: that is no success, and no refusal."""
    monkeypatch.setattr(running_service, "ANSWER_WITHIN_S", 0.05)
    tower.is_away = True
    answer = await program.post("/stop", {"reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "TWL-W104")


async def test_while_the_clock_is_in_doubt_only_a_stop_is_taken(program: Program, tower: AnsweringService) -> None:
    """No end can be found then."""
    tower.trust = Trust.SUSPECT
    tower.publish()
    assert (await program.post("/overrides", BLUE)).json()["code"] == "TWL-O126"
    assert (await program.post("/stop", {})).status_code == 200


@pytest.mark.parametrize("scopes", [(), (Scope.READ,), (Scope.SCHEDULE,)], ids=str)
async def test_a_token_without_the_scope_changes_no_light(
    tower: AnsweringService, browser: Browser, clock: SetClock, scopes: tuple[Scope, ...]
) -> None:
    """The answer names the scope that it needs."""
    other = Program(browser(), token(tower.service, clock, Role.ADMIN, *scopes))
    for path, body in (("/overrides", BLUE), ("/overrides/end", {}), ("/stop", {}), ("/stop/lift", {"reason": "x"})):
        answer = await other.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "TWL-W202")
        assert answer.json()["fields"] == {"role": "operator", "scope": "override"}
    assert tower.manager.stop is None


async def test_a_token_may_no_more_than_its_account(tower: AnsweringService, browser: Browser, clock: SetClock) -> None:
    """Whatever scopes it was given."""
    other = Program(browser(), token(tower.service, clock, Role.VIEWER, *Scope))
    assert (await other.post("/stop", {})).status_code == 403


async def test_over_a_login_an_act_must_show_that_it_comes_from_a_page_of_ours(
    tower: AnsweringService, browser: Browser, clock: SetClock
) -> None:
    """The header with the value from the answers, and no sign from the browser that another site asks."""
    kim = logged_in(tower.service, clock, browser(), Role.OPERATOR)
    mark = (await kim.get(f"{V1}/status")).headers["x-csrf-token"]
    assert mark == kim.csrf
    for headers in (
        {},
        {"x-csrf-token": ""},
        {"x-csrf-token": "x"},
        {"x-csrf-token": "ä".encode()},
        {"x-csrf-token": mark, "origin": "https://evil.example"},
        {"x-csrf-token": mark, "sec-fetch-site": "cross-site"},
        {"x-csrf-token": mark, "sec-fetch-site": "same-site"},
    ):
        answer = await kim.client.post(f"{V1}/stop", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "TWL-W203"), headers
    assert tower.manager.stop is None
    own = {"x-csrf-token": mark, "sec-fetch-site": "same-origin"}
    assert (await kim.client.post(f"{V1}/stop", json={}, headers=own)).status_code == 200
    assert tower.service.accounts.audit.rows()[-1].actor.source is Source.PAGE


async def test_a_form_of_another_site_is_never_an_act(tower: AnsweringService, browser: Browser) -> None:
    """Where reading is open to all and nobody has logged in, nothing can be changed."""
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer = await browser().post(f"{V1}/stop", content=b"{}", headers={"content-type": kind})
        assert (answer.status_code, answer.json()["code"]) == (401, "TWL-W201")
    assert tower.manager.stop is None


async def test_an_override_is_shown_with_its_text_for_the_public(program: Program) -> None:
    """A text in some languages, and a link."""
    body = BLUE | {"about": {"sv": "För Ukraina"}, "link": "https://alvesta.example/blatt"}
    assert (await program.post("/overrides", body)).status_code == 201
    (found,) = (await program.get("/overrides")).json()["overrides"]
    assert (found["about"], found["link"]) == ({"sv": "För Ukraina"}, "https://alvesta.example/blatt")
