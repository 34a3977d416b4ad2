"""The template for Zabbix asks for what is there, and is in the form that Zabbix 6.0 imports."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.events import CATALOGUE
from tests.deploy.metric_names import complaints, metrics

FILE = Path(__file__).parents[2] / "deploy" / "monitoring" / "zabbix.yaml"
MASTER = "watertower.metrics"
TYPES = {None, "CHAR", "FLOAT", "TEXT"}
PRIORITIES = {"INFO", "WARNING", "AVERAGE", "HIGH", "DISASTER"}
STEPS = {
    "PROMETHEUS_PATTERN": 3,
    "PROMETHEUS_TO_JSON": 1,
    "DISCARD_UNCHANGED_HEARTBEAT": 1,
    "SIMPLE_CHANGE": 1,
}
"""Preprocessing -> how many parameters it has."""


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The only one of the file."""
    export = yaml.safe_load(FILE.read_text(encoding="utf-8"))["zabbix_export"]
    assert export["version"] == "6.0"
    (found,) = export["templates"]
    return dict(found)


def items(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that are there at once, and those of each gateway and zone."""
    return [*template["items"], *(each for rule in template["discovery_rules"] for each in rule["item_prototypes"])]


def triggers(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Of all items."""
    return [
        trigger
        for item in items(template)
        for trigger in [*item.get("triggers", ()), *item.get("trigger_prototypes", ())]
    ]


def everything(value: object) -> Iterator[dict[str, Any]]:
    """Each object of the template, whatever it is."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from everything(each)


def test_every_metric_of_an_item_exists(template: dict[str, Any]) -> None:
    """With its labels, also that by which zones and gateways are found."""
    asked = [
        step["parameters"][0]
        for part in everything(template)
        for step in part.get("preprocessing", ())
        if step["type"].startswith("PROMETHEUS")
    ]
    assert len(asked) > 15
    assert {pattern: complaints(pattern) for pattern in asked} == {pattern: [] for pattern in asked}
    for rule in template["discovery_rules"]:
        (metric,) = rule["preprocessing"][0]["parameters"]
        (macro,) = rule["lld_macro_paths"]
        assert macro["path"].removeprefix("$.labels.") in metrics()[metric]
        assert all(macro["lld_macro"] in item["key"] for item in rule["item_prototypes"])


def test_every_item_is_made_of_the_one_that_asks(template: dict[str, Any]) -> None:
    """In steps that Zabbix knows, with as many parameters as they take."""
    assert [item["key"] for item in items(template) if item["type"] == "HTTP_AGENT"] == [MASTER]
    for part in [*items(template), *template["discovery_rules"]]:
        assert part.get("value_type") in TYPES
        if part["key"] == MASTER:
            continue
        assert (part["type"], part["master_item"]) == ("DEPENDENT", {"key": MASTER})
        for step in part["preprocessing"]:
            assert len(step["parameters"]) == STEPS[step["type"]]


def test_every_trigger_looks_at_items_of_the_template(template: dict[str, Any]) -> None:
    """And every code that it names is in the runbook."""
    keys = {item["key"] for item in items(template)}
    assert triggers(template)
    for trigger in triggers(template):
        named = re.findall(r"\(/([^/]+)/(\w[\w.]*(?:\[[^\]]*\])?)", trigger["expression"])
        assert named, trigger["name"]
        assert {host for host, _ in named} == {template["template"]}
        assert {key for _, key in named} <= keys
        assert trigger["expression"].count("(/") == len(named)
        assert trigger["priority"] in PRIORITIES
        assert set(re.findall(r"TWL-\w+", trigger["description"])) <= set(CATALOGUE)


def test_everything_has_an_id_of_its_own_as_zabbix_demands(template: dict[str, Any]) -> None:
    """UUIDs of version 4, without hyphens."""
    ids = [part["uuid"] for part in everything(template) if "uuid" in part]
    assert len(ids) == len(set(ids)) > 30
    assert [one for one in ids if not re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", one)] == []


def test_the_words_for_values_and_macros_are_there(template: dict[str, Any]) -> None:
    """Each that is named."""
    named = {part["valuemap"]["name"] for part in everything(template) if "valuemap" in part}
    assert named == {each["name"] for each in template["valuemaps"]}
    macros = set(re.findall(r"\{\$[\w.]+\}", str(template["items"])))
    assert macros == {each["macro"] for each in template["macros"]}
