"""The answer to a request by hand, as it is shown to the person who asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from controller.cli import group
from controller.cli.override import show
from controller.errors import Refused
from controller.events import Event, new_event
from controller.events.formatters import document
from controller.events.models import Advice
from controller.gateways.base import Message
from controller.mqtt import Received

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
STOP = document(new_event("TWL-O105", id="a", owner="Eva", reason="storm"), NOW, "sv")


def test_an_answer_is_shown_in_the_language_of_who_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The service may log in another one."""
    show(STOP, "en")
    assert capsys.readouterr().out.startswith("TWL-O105: SAFETY STOP by Eva")
    show(STOP, "sv")
    assert capsys.readouterr().out == f"TWL-O105: {STOP['text']}\n"


@pytest.mark.parametrize("more", [{"code": "TWL-O999"}, {"code": None}, {"told": 1}])
def test_an_answer_of_another_version_is_shown_as_it_came(
    more: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the service's words, and on one line."""
    show({**STOP, "text": "allt\när väl", **more}, "en")
    assert capsys.readouterr().out.endswith(": allt\\när väl\n")


def test_a_refusal_is_no_success() -> None:
    """It ends the command with 1."""
    with pytest.raises(Refused):
        show(document(new_event("TWL-O110", id="a", owner="Eva", reason="no"), NOW, "en"), "en")


@pytest.mark.parametrize(
    ("code", "fields", "swedish"),
    [
        ("TWL-O121", {"until": "sen"}, "TWL-O121: 'sen' är inget slut; till när? Skriv `soluppgång`"),
        ("TWL-O125", {"zone": "topp", "zones": "bowl, shaft"}, "TWL-O125: "),
        (
            "TWL-S145",
            {"value": "blåå", "example": "orange"},
            'TWL-S145: "blåå" är ingen färg som är känd här; skriv ett',
        ),
    ],
)
def test_a_refusal_has_its_reason_in_the_language_of_who_asked(code: str, fields: dict[str, str], swedish: str) -> None:
    """The service may use another one; a reason that is not known here is shown as the service wrote it."""
    reason = Advice(new_event(code, **fields))
    answer = json.loads(json.dumps(document(new_event("TWL-O110", id="a", owner="Eva", reason=reason), NOW, "en")))
    with pytest.raises(Refused) as raised:
        show(answer, "sv")
    said = new_event(raised.value.code, **raised.value.fields)
    assert swedish in said.text("sv")
    assert said.text("en") == answer["text"]
    for other in ({"code": "TWL-O999", "fields": {}}, {"code": code, "fields": {"code": 1}}, {"code": []}, 7):
        with pytest.raises(Refused) as raised:
            show({**answer, "reason": other}, "sv")
        assert raised.value.fields["reason"] == (other.get("code") if isinstance(other, dict) else other)


def test_a_resume_that_a_safety_stop_holds_against_is_no_success() -> None:
    """Done, and dark all the same: it names what lifts the stop, and ends the command with 1."""
    answer = document(new_event("TWL-O109", id="a", owner="Eva", reason="–", by="Bo"), NOW, "en")
    with pytest.raises(Refused) as raised:
        show(answer, "sv")
    said = new_event(raised.value.code, **raised.value.fields).text("sv")
    assert said.endswith("säkerhetsstoppet av Bo gäller: allt förblir släckt tills `watertower resume --lift`")


def test_a_stop_that_is_not_confirmed_dark_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """The gateways whose lamps may be lit are named, and the exit code is 1; confirmed darkness is shown."""
    with pytest.raises(Refused) as raised:
        show(document(new_event("TWL-O113", owner="Eva", gateways="mast, entrance"), NOW, "en"), "sv")
    assert "från mast, entrance" in new_event(raised.value.code, **raised.value.fields).text("sv")
    show(document(new_event("TWL-O114", owner="Eva"), NOW, "sv"), "en")
    assert capsys.readouterr().out == "TWL-O114: safety stop by Eva: every gateway confirms that it is dark\n"


def answer_requests(monkeypatch: pytest.MonkeyPatch, *events: Event) -> None:
    """The controller answers the next request with these events, of which the first has its id."""
    asked: list[bytes] = []

    def publish(_mqtt: object, message: Message) -> None:
        asked.append(message.payload)

    async def items(_mqtt: object, _brokers: object) -> AsyncIterator[Received]:
        while not asked:
            await asyncio.sleep(0.01)
        identity = {"id": json.loads(asked[0])["id"]}
        for event in events:
            payload = json.dumps({**document(event, NOW, "en"), **identity}).encode()
            yield Received("mqtt://127.0.0.1:1883", "watertower/controller/event", payload, retain=False, qos=1)
            identity = {}
        await asyncio.Event().wait()

    monkeypatch.setattr("controller.cli.override.Mqtt.publish", publish)
    monkeypatch.setattr("controller.cli.override.items", items)


@pytest.mark.parametrize(
    ("after", "exit_code", "told"),
    [
        (new_event("TWL-O114", owner="Eva"), 0, "TWL-O114: safety stop by Eva: every gateway confirms that it is dark"),
        (new_event("TWL-O113", owner="Eva", gateways="mast"), 1, "mast"),
    ],
)
def test_a_stop_waits_for_what_the_gateways_confirm(
    monkeypatch: pytest.MonkeyPatch, after: Event, exit_code: int, told: str
) -> None:
    """That it is granted is printed, and then whether it is dark."""
    answer_requests(monkeypatch, new_event("TWL-O105", id="a", owner="Eva", reason="storm"), after)
    result = CliRunner().invoke(group, ["--config", "config", "--lang", "en", "stop", "--reason", "storm"])
    assert "TWL-O105: SAFETY STOP by Eva" in result.output
    assert told in result.output
    assert result.exit_code == exit_code


def test_what_is_no_text_is_asked_with_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of another character set types bytes that are no UTF-8, which no message can hold."""
    asked: list[bytes] = []

    def publish(_mqtt: object, message: Message) -> None:
        asked.append(message.payload)

    monkeypatch.setattr("controller.cli.override.Mqtt.publish", publish)
    monkeypatch.setattr("controller.cli.override.ANSWER_WITHIN_S", 0.2)
    result = CliRunner().invoke(
        group, ["--config", "config", "override", "red", "--until", "1 h", "--reason", "v\udce5r"]
    )
    assert result.exit_code == 69
    assert asked
    assert all(b'"reason": "v?r"' in payload for payload in asked)


@pytest.mark.parametrize("words", [["red", "--campaign", "En vecka"], ["skip"], ["hoppa", "över"]])
def test_a_look_and_a_campaign_to_leave_out_are_not_asked_for_at_once(words: list[str]) -> None:
    """Nobody can say which was meant; nothing is sent."""
    given = ["override", *words, "--until", "1 h", "--reason", "prov"]
    result = CliRunner().invoke(group, ["--config", "config", "--lang", "en", *given])
    assert result.exit_code == 2
    assert "TWL-Q121" in result.output
