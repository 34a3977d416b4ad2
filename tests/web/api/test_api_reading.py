"""The API for reading: documents as they are described, who may ask for them, what is kept, and what is refused."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from controller.config.web_keys import Web
from controller.events import new_event
from controller.gateways.wled import Wled
from controller.state import History
from controller.state.history_rows import recorded
from controller.state.roles import Role
from controller.web import api, api_acts, api_request, api_schedule
from controller.web.app import create_app
from controller.web.running_service import RunningService
from tests.web.answering import AnsweringService, with_gateways
from tests.web.api.programs import BLUE, V1, Program, token
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of

WEEK = "En vecka fri från våld"


@pytest.fixture
def happened(service: RunningService, clock: SetClock) -> None:
    """A gateway was silent and came back, three times."""
    history = History(service.state)
    for minutes in (30, 20, 10):
        at = clock.wall - timedelta(minutes=minutes)
        history.write([recorded(new_event("TWL-G104", gateway="mast", age_s=60.0), at)])
        history.write([recorded(new_event("TWL-G105", gateway="mast"), at + timedelta(minutes=1))])
    history.close()


def readings() -> Iterator[tuple[str, type[BaseModel]]]:
    """Each address that is read, with what it answers."""
    for router in (api.router, api_acts.router, api_schedule.router):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if route.methods == {"GET"}:
                yield route.path.removeprefix(V1), route.response_model


def filled(path: str, draft: int) -> str:
    """With a gateway, a version or a draft that there is."""
    return path.replace("{name}", "mast").replace("{number}", str(draft) if "drafts" in path else "1")


@pytest.mark.parametrize(("path", "model"), list(readings()), ids=str)
async def test_what_is_answered_is_what_is_described(
    program: Program, happened: None, path: str, model: type[BaseModel]
) -> None:
    """With an override, a draft, events and a version: nothing is missing from the description, and nothing beside
    it but what it leaves open."""
    assert (await program.post("/overrides", BLUE)).status_code == 201
    edit = {"edit": "rule", "group": "campaigns", "name": WEEK, "fields": {"brightness": "50 %"}}
    draft = await program.post("/drafts", {"edits": [edit]}, headers=await program.base())
    assert draft.status_code == 201, draft.text
    found = await program.get(filled(path, draft.json()["id"]))
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/json"
    model.model_validate_json(found.content)
    assert not unknown_keys(found.json(), model), "keys that the description does not have"


def unknown_keys(value: dict[str, Any], model: type[BaseModel]) -> set[str]:
    """Of a document, at its top."""
    if model.model_config.get("extra") == "allow":
        return set()
    return value.keys() - {field.alias or name for name, field in model.model_fields.items()}


async def test_status_says_the_state_in_values_and_in_each_language(
    program: Program, tower: AnsweringService, clock: SetClock
) -> None:
    """The sentence of the page beside the values; what is set by hand too."""
    await program.post("/overrides", BLUE)
    clock.go(timedelta(minutes=1))
    tower.publish()
    found = (await program.get("/status")).json()
    assert found["now"]["looks"]["bowl"]["color"] == "#0000FF"
    assert found["gateways"]["mast"]["zones"]["bowl"]["status"] == "confirmed"
    assert found["sentence"]["sv"]["main"].startswith("Vattentornet lyser blått för hand")
    assert found["sentence"]["en"]["main"].startswith("The water tower is blue by hand")
    (by_hand,) = found["overrides"]
    assert (by_hand["owner"], by_hand["reason"], found["stop"]) == ("operator (Larm)", "sorg", None)


async def test_the_plan_of_the_api_is_that_of_the_schedule(program: Program) -> None:
    """What is set by hand is beside it, as in `plan --json`."""
    await program.post("/overrides", BLUE)
    found = (await program.get("/plan", params={"period": "20–26 november 2027"})).json()
    assert [night["night"] for night in found["nights"]][1] == "2027-11-20"
    assert WEEK in {cue["looks"]["bowl"]["rule"]["name"] for cue in found["cues"]}
    assert found["by_hand"]["overrides"][0]["reason"] == "sorg"
    assert not found["of_the_past"]


async def test_a_document_that_is_known_is_not_sent_again(program: Program) -> None:
    """Until it is another one; what may be kept is the asker's own."""
    first = await program.get("/stop")
    again = await program.get("/stop", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    weak = await program.get("/stop", headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
    assert weak.status_code == 304
    await program.post("/stop", {})
    changed = await program.get("/stop", headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert "private" in changed.headers["cache-control"]


async def test_events_come_page_by_page(program: Program, happened: None) -> None:
    """Each page names the next; the last none."""
    seen, before = [], {}
    while before is not None:
        page = (await program.get("/events", params={"limit": 2, "code": "TWL-G104", **before})).json()
        seen += [event["number"] for event in page["events"]]
        before = {"before": page["next"]} if page["next"] is not None else None
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)
    recent = (await program.get("/events", params={"since": "15 min", "gateway": "mast"})).json()["events"]
    assert [event["code"] for event in recent] == ["TWL-G105", "TWL-G104"]
    assert recent[0]["gateway"] == "mast"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/why?at=Krister", "TWL-Q120"),
        ("/plan?period=31 november", "TWL-S103"),
        ("/plan?period=2026-01-01T00:00..2036-01-01T00:00", "TWL-W214"),
        ("/proof?of=Krister", "TWL-Q150"),
        ("/events?since=x", "TWL-Q120"),
        ("/events?limit=100000", "TWL-W208"),
        ("/events?level=loud", "TWL-W208"),
        ("/events?before=-1", "TWL-W208"),
        ("/gateways?page=0", "TWL-W208"),
        ("/gateways?page=1e9", "TWL-W208"),
        ("/gateways?status=happy", "TWL-W208"),
        (f"/gateways?q={'x' * 300}", "TWL-W208"),
        ("/plan?period=%00", "TWL-Q105"),
    ],
)
async def test_what_cannot_be_meant_is_shown_with_its_code_and_cure(program: Program, path: str, code: str) -> None:
    """In the language of whoever asks."""
    english = await program.get(path)
    swedish = await program.get(path, headers={"accept-language": "sv"})
    assert english.status_code == 422, english.text
    found = english.json()
    assert english.headers["content-type"] == "application/problem+json"
    assert (found["code"], found["status"], found["type"]) == (code, 422, f"/code/{code}")
    assert found["action"]
    assert found["text"] != swedish.json()["text"]
    assert found["fields"] == swedish.json()["fields"]


@pytest.mark.parametrize(
    "path",
    [
        f"{V1}/nothing",
        "/api/",
        "/api/v2/status",
        f"{V1}/gateways/nobody",
        f"{V1}/gateways/..%2f..%2fetc%2fpasswd",
        f"{V1}/gateways/../../status",
        f"{V1}/gateways/%00",
        f"{V1}/gateways/%ff%fe",
        f"{V1}/gateways/{'x' * 20_000}",
        f"{V1}/history/0",
        f"{V1}/history/99",
        f"{V1}/history/1e3",
        f"{V1}/history/{'9' * 400}",
        f"{V1}/drafts/7",
        f"{V1}/drafts/%2e%2e",
    ],
)
async def test_an_address_that_leads_nowhere_is_shown(program: Program, path: str) -> None:
    """As a problem, and short."""
    found = await program.client.get(path, headers={"authorization": f"Bearer {program.secret}"})
    assert found.status_code == 404
    assert found.json()["code"] == "TWL-W204"
    assert len(found.content) < 2000


async def test_a_method_that_an_address_does_not_take_is_shown(program: Program) -> None:
    """With those that it does."""
    for method, path, allowed in (
        ("POST", "/status", "GET"),
        ("PATCH", "/overrides", "GET, POST"),
        ("PUT", "/stop", "GET, POST"),
    ):
        found = await program.ask(method, path)
        assert (found.status_code, found.json()["code"]) == (405, "TWL-W205")
        assert found.headers["allow"] == allowed


async def test_without_a_token_only_what_is_open_is_read(browser: Browser, service: RunningService) -> None:
    """On this machine that is all; from elsewhere nothing, and with a token only over TLS."""
    assert (await browser().get(f"{V1}/status")).status_code == 200
    elsewhere = await browser(peer="192.0.2.7", url="http://tower.example").get(f"{V1}/status")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (401, "TWL-W201")
    assert elsewhere.headers["www-authenticate"] == "Bearer"


async def test_a_token_is_taken_where_nobody_can_listen_only(
    browser: Browser, service: RunningService, clock: SetClock
) -> None:
    """Beyond this machine over TLS; one that is not in force is never taken for nobody's."""
    bearer = {"authorization": f"Bearer {token(service, clock, Role.VIEWER)}"}
    plain = await browser(peer="192.0.2.7", url="http://tower.example").get(f"{V1}/status", headers=bearer)
    assert (plain.status_code, plain.json()["code"]) == (403, "TWL-W213")
    over_tls = await browser(peer="192.0.2.7", url="https://tower.example").get(f"{V1}/status", headers=bearer)
    assert over_tls.status_code == 200
    service.accounts.tokens.revoke(1, service.accounts.audit.rows()[0].actor, clock.wall)
    revoked = await browser().get(f"{V1}/status", headers=bearer)
    assert (revoked.status_code, revoked.json()["code"]) == (401, "TWL-W201")


async def test_a_demo_takes_any_token_where_it_is_open_and_none_elsewhere(
    browser: Browser, service: RunningService
) -> None:
    """A program can be tried out without an account; beyond this machine a demo shows no more than any page."""
    service.is_demo = True
    bearer = {"authorization": "Bearer anything"}
    assert (await browser().get(f"{V1}/status", headers=bearer)).status_code == 200
    for headers in ({}, bearer):
        elsewhere = await browser(peer="192.0.2.7", url="https://tower.example").get(f"{V1}/status", headers=headers)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (401, "TWL-W201")
    for address, shown in (("127.0.0.1", True), ("192.0.2.7", False)):
        page = await browser(peer=address, url=f"http://{address}:8080").get("/")
        assert ("Demo" in page.text) is shown


async def test_a_proxy_may_pass_on_the_token_with_which_it_knows_people(browser: Browser) -> None:
    """What it says of them counts, not a token that is none of ours."""
    web = Web.model_validate({"proxy": {"addresses": ["10.0.0.5"], "user_header": "X-User", "role_header": "X-Role"}})
    known = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-user": "Kim", "x-role": "viewer"}
    client = browser(web, peer="10.0.0.5", url="http://tower.example", headers={"authorization": "Bearer of the proxy"})
    assert (await client.get(f"{V1}/status", headers=known)).status_code == 200


async def test_a_plan_of_four_hundred_nights_is_made_and_of_more_refused(program: Program) -> None:
    """To the minute."""
    longest = {"period": "2026-01-01T00:00..2027-02-05T00:00"}
    assert (await program.get("/plan", params=longest)).status_code == 200
    refused = await program.get("/plan", params={"period": longest["period"].removesuffix("00") + "01"})
    assert (refused.status_code, refused.json()["code"]) == (422, "TWL-W214")
    assert refused.json()["fields"]["most"] == 400


async def test_who_is_not_logged_in_has_a_limit_by_the_address(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that asks in a loop holds up nobody else."""
    monkeypatch.setattr(api_request, "BURST", 20)
    page = create_app(service, Web(open="all"))
    status = {}
    for peer in ("192.0.2.1", "192.0.2.2"):
        transport = httpx.ASGITransport(page, client=(peer, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            status[peer] = [(await client.get(f"{V1}/plan")).status_code for _ in range(3)]
    assert status == {"192.0.2.1": [200, 200, 429], "192.0.2.2": [200, 200, 429]}


async def test_a_program_that_asks_in_a_loop_has_to_wait(
    program: Program, service: RunningService, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as the answer says; others need not, nor another token of the same owner, and a stop never."""
    monkeypatch.setattr(api_request, "BURST", 20)
    answers = [await program.get("/plan") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    wait_s = int(answers[2].headers["retry-after"])
    assert answers[2].json()["fields"] == {"seconds": wait_s}
    assert (await program.client.get(f"{V1}/plan")).status_code == 200
    by = service.accounts.audit.rows()[0].actor
    other = service.accounts.tokens.add("operator", "Skärm", frozenset(), by, clock.wall)
    assert (await Program(program.client, other).get("/plan")).status_code == 200
    assert (await program.post("/stop", {"reason": "arbete"})).status_code == 200
    clock.go(timedelta(seconds=wait_s))
    assert (await program.get("/status")).status_code == 200


async def test_before_the_first_turn_a_program_is_asked_to_wait(
    program: Program, service: RunningService, tower: AnsweringService
) -> None:
    """Nothing is asked of the controller then."""
    service.snapshot = None
    for answer in (
        await program.get("/status"),
        await program.post("/overrides", BLUE),
        await program.post("/stop", {}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "TWL-W211")
        assert answer.headers["retry-after"]


async def test_a_history_that_cannot_be_read_is_no_traceback(program: Program, service: RunningService) -> None:
    """The rest is answered."""
    (service.state / "history.db").write_bytes(b"not a database " * 1000)
    for path in ("/events", "/proof", "/why?at=2026-11-23T23:30"):
        answer = await program.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "TWL-J008")
    assert (await program.get("/status")).status_code == 200


async def test_a_mistake_in_the_program_is_reported_and_logged(
    tower: AnsweringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a problem without a traceback; the log has the place."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(api, "status_value", broken)
    transport = httpx.ASGITransport(create_app(tower.service, Web()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        answer = await client.get(f"{V1}/status")
    await asyncio.sleep(0)
    assert [event.code for event in tower.events] == ["TWL-W106"]
    assert (answer.status_code, answer.json()["code"]) == (500, "TWL-W106")
    assert "Traceback" not in answer.text


async def test_the_description_names_every_address_and_every_schema_that_it_uses(browser: Browser) -> None:
    """No reference leads nowhere, and no page is in it."""
    found = await browser().get("/api/openapi.json")
    described = found.json()
    own = {route.path for router in (api.router, api_acts.router, api_schedule.router) for route in router.routes}  # type: ignore[attr-defined]
    assert described["paths"].keys() == own
    names = {"#/components/schemas/" + name for name in described["components"]["schemas"]}
    assert set(references(described)) <= names


def references(value: object) -> Iterator[str]:
    """Every `$ref`."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


async def test_a_long_plan_counts_for_more(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody keeps the page busy with one year after another."""
    monkeypatch.setattr(api_request, "BURST", 40)
    year = {"period": "2026-01-01T00:00..2026-12-31T00:00"}
    assert [(await program.get("/plan", params=year)).status_code for _ in range(2)] == [200, 429]


async def test_one_page_of_ten_thousand_gateways_is_a_page(program: Program, tower: AnsweringService) -> None:
    """The worst first; each on one page, and on none behind the last."""
    gateways = tuple(Wled(name=f"w{n}", kind="wled", topic=f"wled/w{n}", zone="bowl") for n in range(10_000))
    tower.setup = with_gateways(tower.setup, gateways)
    snapshot = snapshot_of(tower.setup, tower.reading)
    silent = snapshot.states["w77"]._replace(status={"bowl": "silent"})
    tower.service.publish(replace(snapshot, states={**snapshot.states, "w77": silent}), is_new=True)
    first = (await program.get("/gateways", params={"limit": 500})).json()
    assert (first["total"], first["found"], first["pages"], len(first["gateways"])) == (10_000, 10_000, 20, 500)
    assert first["gateways"][0]["name"] == "w77"
    last = (await program.get("/gateways", params={"limit": 500, "page": 20})).json()["gateways"]
    assert (len(last), last[-1]["name"]) == (500, "w9999")
    assert (await program.get("/gateways", params={"page": 1_000})).json()["gateways"] == []
    assert (await program.get("/gateways", params={"limit": 300})).json()["pages"] == 34
    assert (await program.get("/gateways", params={"q": "nobody"})).json()["pages"] == 1
    assert (await program.get("/gateways", params={"status": "unconfirmed"})).json()["found"] == 1
    assert (await program.get("/gateways", params={"q": "w 123"})).json()["found"] == 11
    assert len((await program.get("/status")).content) < 60_000
