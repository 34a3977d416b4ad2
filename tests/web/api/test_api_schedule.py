"""The schedule over the API: saved as text or as a draft, never over what was not seen."""

from pathlib import Path
from typing import Any

import pytest

from controller.config.load import SCHEDULE
from controller.state.roles import Role, Scope
from tests.web.answering import AnsweringService
from tests.web.api.programs import Program, token
from tests.web.conftest import Browser, SetClock

WEEK = "En vecka fri från våld"
BRIGHTNESS = {"edit": "rule", "group": "campaigns", "name": WEEK, "fields": {"brightness": "50 %"}}


def on_disk(tower: AnsweringService) -> str:
    """The file."""
    return path_of(tower).read_text("utf-8")


def path_of(tower: AnsweringService) -> Path:
    """Of the file."""
    assert tower.config is not None
    return tower.config / SCHEDULE


async def test_a_text_takes_the_place_of_the_file_that_was_read(program: Program, tower: AnsweringService) -> None:
    """It is in force, a version of its own, and in the audit, under the name of the token."""
    text = on_disk(tower).replace("color: orange", "color: blue  # sorg")
    answer = await program.ask("PUT", "/schedule", json={"text": text, "why": "sorg"}, headers=await program.base())
    assert answer.status_code == 200, answer.text
    saved = answer.json()
    assert (saved["saved"]["number"], saved["saved"]["why"], saved["taken"]) == (2, "sorg", True)
    assert (saved["saved"]["who"], saved["saved"]["source"]) == ("operator (Larm)", "api")
    assert on_disk(tower) == text
    found = await program.get("/schedule")
    assert found.headers["etag"].strip('"').startswith(saved["sha256"])
    assert (found.json()["is_in_force"], found.json()["text"]) == (True, text)
    assert tower.service.accounts.audit.rows()[-1].after == {"sha256": saved["sha256"], "version": 2}
    versions = (await program.get("/history", params={"limit": 1})).json()
    assert (versions["versions"][0]["number"], versions["next"]) == (2, 2)
    assert (await program.get("/history", params={"before": 2})).json()["next"] is None
    assert (await program.get("/history/2")).json()["changes"]["nights"]


async def test_nothing_is_saved_without_saying_over_what(program: Program, tower: AnsweringService) -> None:
    """428, and 412 with the sha256 of the file where it is another one."""
    before = on_disk(tower)
    body = {"text": before + "# mine\n"}
    for headers in ({}, {"if-match": "*"}, {"if-match": '"a", "b"'}):
        answer = await program.ask("PUT", "/schedule", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (428, "TWL-W209")
    base = await program.base()
    path_of(tower).write_text(before + "# theirs\n", "utf-8")
    answer = await program.ask("PUT", "/schedule", json=body, headers=base)
    assert (answer.status_code, answer.json()["code"]) == (412, "TWL-W210")
    assert answer.json()["fields"]["sha256"] == answer.headers["etag"].strip('"')
    assert on_disk(tower) == before + "# theirs\n"
    again = {"if-match": answer.headers["etag"]}
    assert (await program.ask("PUT", "/schedule", json=body, headers=again)).status_code == 200


async def test_a_text_with_mistakes_is_refused_with_all_of_them(program: Program, tower: AnsweringService) -> None:
    """Each with its place and what may be written instead, as `check --format json` has them."""
    before = on_disk(tower)
    text = before.replace("color: orange", "color: ornge\n    brightnes: 50 %")
    answer = await program.ask("PUT", "/schedule", json={"text": text}, headers=await program.base())
    assert (answer.status_code, answer.json()["code"]) == (422, "TWL-S000")
    findings = {each["code"]: each for each in answer.json()["findings"]}
    assert findings["TWL-S132"]["suggestion"]["text"] == "orange"
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "ornge" in each)
    assert (findings["TWL-S132"]["line"], findings["TWL-S132"]["column"]) == (line, 12)
    assert on_disk(tower) == before


@pytest.mark.parametrize("text", ["", "\x00", "\ufeff", "a: *b", "[" * 20_000, "version: 1\ncampaigns: 7", "- - -"])
async def test_a_text_that_is_no_schedule_is_refused_with_findings(
    program: Program, tower: AnsweringService, text: str
) -> None:
    """Never a traceback, never a write."""
    before = on_disk(tower)
    answer = await program.ask("PUT", "/schedule", json={"text": text}, headers=await program.base())
    assert answer.status_code == 422, answer.text
    assert answer.json()["findings"]
    assert on_disk(tower) == before


async def test_a_draft_shows_what_it_would_do_and_then_does_it(program: Program, tower: AnsweringService) -> None:
    """Only what is given is changed, and only its line."""
    before = on_disk(tower)
    made = await program.post("/drafts", {"edits": [BRIGHTNESS]}, headers=await program.base())
    draft = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/drafts/{draft['id']}"
    assert (draft["findings"], draft["is_moved_on"]) == ([], False)
    assert len(draft["changes"]["nights"]) > 0
    assert [line[0] for line in draft["diff"] if line[0] in "+-"] == ["-", "+"]
    assert on_disk(tower) == before
    assert (await program.get("/drafts")).json()["drafts"] == [draft]
    saved = await program.post(f"/drafts/{draft['id']}/save", {"why": "sorg"}, headers=await program.base())
    assert saved.status_code == 200, saved.text
    assert on_disk(tower) == draft["text"]
    assert (await program.get("/drafts")).json()["drafts"] == []


async def test_what_somebody_else_saved_meanwhile_is_kept(program: Program, tower: AnsweringService) -> None:
    """The draft is computed again; a field that both changed is chosen first."""
    draft = (await program.post("/drafts", {"edits": [BRIGHTNESS]}, headers=await program.base())).json()
    base = await program.base()
    path_of(tower).write_text(on_disk(tower).replace("brightness: 100 %", "brightness: 70 %"), "utf-8")
    save = f"/drafts/{draft['id']}/save"
    assert (await program.post(save, {}, headers=base)).status_code == 412
    now = (await program.get(f"/drafts/{draft['id']}")).json()
    assert now["is_moved_on"]
    assert [(each["field"], each["now"], each["mine"]) for each in now["disputes"]] == [("brightness", "70 %", "50 %")]
    base = await program.base()
    asked = await program.post(save, {}, headers=base)
    field = f"campaigns/{WEEK}/brightness"
    assert (asked.status_code, asked.json()["fields"]) == (409, {"fields": field})
    wrong = await program.post(save, {"chosen": {"campaigns/x/brightness": "1 %"}}, headers=base)
    assert wrong.status_code == 409
    assert (await program.post(save, {"chosen": {field: "60 %"}}, headers=base)).status_code == 200
    assert "brightness: 60 %" in on_disk(tower)


@pytest.mark.parametrize(
    "edit",
    [
        {"edit": "rule", "group": "campaigns", "name": WEEK, "fields": {"days": "31 november"}},
        {"edit": "rule", "group": "campaigns", "name": WEEK, "fields": {"color": "ornge"}},
        {"edit": "rule", "group": "campaigns", "name": WEEK, "fields": {"name": ""}},
        {"edit": "rule", "group": "campaigns", "name": None, "fields": {}},
        {"edit": "rule", "group": "limits", "name": None, "fields": {"name": "x"}},
        {"edit": "rule", "group": "campaigns", "name": "Krister", "fields": {"color": "blue"}},
        {
            "edit": "rule",
            "group": "campaigns",
            "name": WEEK,
            "fields": {"color.": "x", "about.": "y", "color.roof": "z"},
        },
        {"edit": "move", "group": "campaigns", "name": "Krister", "to": 0},
        {"edit": "move", "group": "blackouts", "name": "Krister", "to": 0},
        {"edit": "remove", "group": "blackouts", "name": "Krister"},
        {"edit": "text", "text": ""},
    ],
    ids=str,
)
async def test_edits_that_cannot_be_made_are_shown_and_not_saved(
    program: Program, tower: AnsweringService, edit: dict[str, Any]
) -> None:
    """With findings; the draft is kept, since nothing that was sent is lost."""
    before = on_disk(tower)
    made = await program.post("/drafts", {"edits": [edit]}, headers=await program.base())
    assert made.status_code == 201, made.text
    assert made.json()["findings"], made.json()["diff"]
    saved = await program.post(f"/drafts/{made.json()['id']}/save", {}, headers=await program.base())
    assert saved.status_code == 422, saved.text
    assert on_disk(tower) == before


async def test_what_is_no_field_of_a_rule_is_left_out(program: Program) -> None:
    """A year that no rule may have, a name that is none."""
    fields = {"years.0000": "x", "years.9999": "1 maj", "shoe_size": "44"}
    edit = {"edit": "rule", "group": "campaigns", "name": WEEK, "fields": fields}
    made = await program.post("/drafts", {"edits": [edit]}, headers=await program.base())
    assert (made.status_code, made.json()["diff"]) == (201, [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"edits": []},
        {"edits": [BRIGHTNESS] * 101},
        {"edits": [{"edit": "dance"}]},
        {"edits": [{}]},
        {"edits": [{"edit": "rule", "group": "gateways", "name": "x", "fields": {}}]},
        {"edits": [{"edit": "rule", "group": "campaigns", "name": 7, "fields": {}}]},
        {"edits": [{"edit": "rule", "group": "campaigns", "name": "x", "fields": {"a": 1}}]},
        {"edits": [{"edit": "move", "group": "campaigns", "name": "x", "to": "1"}]},
        {"edits": [BRIGHTNESS], "base": "x"},
    ],
    ids=str,
)
async def test_a_draft_of_another_form_is_not_understood(program: Program, body: dict[str, Any]) -> None:
    """And none is kept."""
    answer = await program.post("/drafts", body, headers=await program.base())
    assert (answer.status_code, answer.json()["code"]) == (422, "TWL-W208")
    assert (await program.get("/drafts")).json()["drafts"] == []


async def test_a_draft_is_its_owners_own(
    program: Program, tower: AnsweringService, browser: Browser, clock: SetClock
) -> None:
    """Others neither see nor save nor drop it."""
    draft = (await program.post("/drafts", {"edits": [BRIGHTNESS]}, headers=await program.base())).json()
    path = f"/drafts/{draft['id']}"
    other = Program(browser(), token(tower.service, clock, Role.ADMIN, Scope.SCHEDULE))
    assert (await other.get("/drafts")).json()["drafts"] == []
    for answer in (
        await other.get(path),
        await other.ask("DELETE", path),
        await other.post(f"{path}/save", {}, headers=await other.base()),
    ):
        assert answer.status_code == 404
    assert (await program.ask("DELETE", path)).status_code == 204
    assert (await program.ask("DELETE", path)).status_code == 404


async def test_where_there_are_no_files_nothing_is_saved(program: Program, tower: AnsweringService) -> None:
    """As in a demo."""
    base = await program.base()
    tower.service.keeper = None
    for answer in (
        await program.get("/schedule"),
        await program.get("/history"),
        await program.ask("PUT", "/schedule", json={"text": "x"}, headers=base),
        await program.post("/drafts", {"edits": [BRIGHTNESS]}, headers=base),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "TWL-W110")


async def test_a_folder_that_cannot_be_written_is_shown_with_whose_it_is(
    program: Program, tower: AnsweringService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written."""

    def full(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("controller.state.atomic.rewrite", full)
    body = {"text": on_disk(tower) + "# x\n"}
    answer = await program.ask("PUT", "/schedule", json=body, headers=await program.base())
    assert (answer.status_code, answer.json()["code"]) == (503, "TWL-Q133")
    assert answer.json()["fields"]["reason"] == {"code": "EACCES"}
