"""The dashboard for Grafana shows what is there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.metric_names import complaints, metrics
from tests.parts import needs, require

FILE = Path(__file__).parents[2] / "deploy" / "monitoring" / "grafana.json"
COLUMNS = 24


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    """As Grafana imports it."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def asked(dashboard: dict[str, Any]) -> list[str]:
    """Every expression, for all instances."""
    return [target["expr"].replace("$instance", ".*") for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_of_a_panel_exists(asked: list[str]) -> None:
    """With the labels that are asked for."""
    assert len(asked) > 15
    assert {expression: complaints(expression) for expression in asked} == {expression: [] for expression in asked}


def test_names_and_variables_of_the_dashboard_are_those_of_metrics(dashboard: dict[str, Any]) -> None:
    """Legends name labels, and the list of towers is made of a metric that is there."""
    text = json.dumps(dashboard)
    labels = set(re.findall(r"\{\{(\w+)\}\}", text))
    assert labels
    assert labels <= frozenset().union(*metrics().values())
    (instances,) = (each for each in dashboard["templating"]["list"] if each["name"] == "instance")
    metric = re.fullmatch(r"label_values\((\w+), instance\)", instances["query"]["query"])
    assert metric is not None
    assert metric[1] in metrics()
    assert set(re.findall(r"\$\{?(\w+)", text)) - {"__all"} == {
        each["name"] for each in dashboard["templating"]["list"]
    }


@pytest.mark.real
@needs("promtool")
def test_prometheus_reads_every_expression(asked: list[str], tmp_path: Path) -> None:
    """As it would those of recording rules."""
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run([require("promtool"), "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_panels_lie_beside_each_other(dashboard: dict[str, Any]) -> None:
    """Each with a number of its own, none on top of another."""
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        cells = {(place["x"] + column, place["y"] + row) for column in range(place["w"]) for row in range(place["h"])}
        assert not taken & cells, panel["title"]
        taken |= cells
