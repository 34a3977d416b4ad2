"""The alert rules for Prometheus: each comes when it should, and none when all is well."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.events import CATALOGUE
from tests.deploy.alerts import CASES, rule_tests
from tests.deploy.metric_names import complaints
from tests.parts import needs, require

pytestmark = pytest.mark.real

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
RULES = FOLDER / "watertower.rules.yml"


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """Those of the shipped file."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def test_every_metric_of_a_rule_exists(rules: list[dict[str, Any]]) -> None:
    """With the labels that are asked for."""
    assert {rule["alert"]: complaints(rule["expr"]) for rule in rules} == {rule["alert"]: [] for rule in rules}


def test_every_code_of_a_rule_is_in_the_catalogue(rules: list[dict[str, Any]]) -> None:
    """It leads to the runbook."""
    codes = {code for rule in rules for code in re.findall(r"TWL-\w+", str(rule))}
    assert len(codes) > 5
    assert codes <= set(CATALOGUE)


def test_every_alert_comes_in_a_case(rules: list[dict[str, Any]]) -> None:
    """And each case names alerts that are there."""
    assert {f"Watertower{alert}" for case in CASES for alert in case.alerts} == {rule["alert"] for rule in rules}


@needs("promtool")
def test_alerts_come_when_they_should_and_only_then(rules: list[dict[str, Any]], tmp_path: Path) -> None:
    """Labels are compared; of annotations only that their templates hold."""
    # promtool wants the annotations of an expected alert too: here the rules have none
    bare = tmp_path / "bare.yml"
    without = [{key: value for key, value in rule.items() if key != "annotations"} for rule in rules]
    bare.write_text(yaml.safe_dump({"groups": [{"name": "bare", "rules": without}]}), encoding="utf-8")
    cases = tmp_path / "cases.yml"
    severities = {rule["alert"]: rule["labels"]["severity"] for rule in rules}
    cases.write_text(rule_tests(str(bare), severities), encoding="utf-8")
    tested = subprocess.run([require("promtool"), "test", "rules", cases], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@needs("promtool")
@pytest.mark.parametrize("words", [["rules", str(RULES)], ["config", "--syntax-only", str(FOLDER / "prometheus.yml")]])
def test_promtool_finds_the_files_right(words: list[str]) -> None:
    """The rules with their annotations, and what Prometheus asks."""
    checked = subprocess.run([require("promtool"), "check", *words], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
