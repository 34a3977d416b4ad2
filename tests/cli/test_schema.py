"""`watertower schema`: what is printed is what is shipped, and describes the shipped files."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest


@pytest.mark.parametrize("name", ["schedule", "tower"])
def test_the_printed_schema_is_the_shipped_one(call: Any, config: Path, name: str) -> None:
    """And a valid one."""
    told = json.loads(call("schema", name).stdout)
    assert told == json.loads((config / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(told).check_schema(told)


def test_without_a_name_it_is_the_schedules(call: Any) -> None:
    """The file that is edited most."""
    assert call("schema").stdout == call("schema", "schedule").stdout
    assert call("schema", "lamps").exit_code == 2
