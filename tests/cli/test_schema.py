"""`watertower schema`: what is printed is what is shipped, and describes the files and the documents on MQTT."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from controller.clock import ClockReading, Trust
from controller.config.load import load
from controller.gateways.wire import ReportedDocument, ZoneReport
from controller.service.controller import Controller
from controller.service.health_report import HealthReport

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("desired", "reported", "health", "gateway")
SHIPPED = dict.fromkeys(("schedule", "tower"), ROOT / "config") | dict.fromkeys(DOCUMENTS, ROOT / "deploy" / "schemas")
START = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_printed_schema_is_the_shipped_one(call: Any, name: str) -> None:
    """And a valid one."""
    document = json.loads(call("schema", name).stdout)
    assert document == json.loads((SHIPPED[name] / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(document).check_schema(document)


def test_without_a_name_it_is_the_schedules(call: Any) -> None:
    """The file that is edited most."""
    assert call("schema").stdout == call("schema", "schedule").stdout
    assert call("schema", "lamps").exit_code == 2


def reading(seconds: float) -> ClockReading:
    """So long after the start."""
    return ClockReading(START.replace(second=int(seconds)), 100.0 + seconds, Trust.TRUSTED)


def validator(name: str) -> Any:
    """Of a shipped schema."""
    schema = json.loads((SHIPPED[name] / f"{name}.schema.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.fixture
def sent() -> dict[str, dict[str, Any]]:
    """What a controller writes to the gateway of the shipped tower, and of it: by the last part of the topic."""
    setup = load(ROOT / "config")
    controller, report = Controller(setup.tower.gateways, "w", setup.program()), HealthReport("T", "w")
    controller.connected(reading(0))
    found = {}
    for seconds in (0, 1, 20):
        turn = controller.turn(reading(seconds))
        for message in (*turn.messages, *report.messages(controller, reading(seconds), turn.changed)):
            found[message.topic.rsplit("/", 1)[-1]] = json.loads(message.payload)
    return found


def test_what_the_controller_writes_is_what_the_schemas_say(sent: dict[str, dict[str, Any]]) -> None:
    """The desired document, the summary and the document of the gateway; and a key that is missing is found."""
    for name, topic in (("desired", "desired"), ("health", "health"), ("gateway", "mast")):
        document = sent[topic]
        validator(name).validate(document)
        assert list(validator(name).iter_errors({key: value for key, value in document.items() if key != "version"}))


def test_what_a_gateway_reports_is_what_the_schema_says() -> None:
    """And a colour that is none is found."""
    zones = {"bowl": ZoneReport(on=True, color="#FF6A00", brightness=1.0)}
    report = ReportedDocument(version=1, epoch=1, revision=1, at=START, zones=zones, by="plan", clock="own")
    document = json.loads(report.model_dump_json(exclude_none=True))
    validator("reported").validate(document)
    document["zones"]["bowl"]["color"] = "orange"
    assert list(validator("reported").iter_errors(document))
