"""What every output must have. An output that forgets any of it fails here, and the message says what."""

import ast
import importlib
import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from controller import locale
from controller.dmx.output import Output, OutputSource
from controller.dmx.outputs import OUTPUTS
from controller.events import CATALOGUE, Event
from controller.gateways.outputs import OutputSettings
from controller.locale import languages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "controller" / "dmx" / "outputs"
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
SETTINGS = {settings.model_fields["kind"].annotation.__args__[0]: settings for settings in get_args(OutputSettings)}
NEEDED = {"to": "127.0.0.1", "port": "/nowhere"}


def constants(value: Any) -> Iterator[str]:
    """Every `const` of a JSON Schema."""
    if isinstance(value, dict):
        yield from ([value["const"]] if isinstance(value.get("const"), str) else [])
        for part in value.values():
            yield from constants(part)
    elif isinstance(value, list):
        for part in value:
            yield from constants(part)


def forgotten(kind: str) -> list[str]:
    """What the kind of output lacks."""
    schema = json.loads((ROOT / "config" / "tower.schema.json").read_text("utf-8"))
    guide = (ROOT / "deploy" / "README.md").read_text("utf-8")
    missing = []
    if kind != "simulated" and f"kind: {kind}" not in guide:  # the shipped tower.yaml has that one
        missing.append(f"an example `kind: {kind}` in the table of outputs in deploy/README.md")
    if kind not in OUTPUTS:
        missing.append("an entry in OUTPUTS of controller/dmx/outputs/__init__.py")
    if kind not in SETTINGS:
        missing.append("its settings in OutputSettings of controller/gateways/outputs.py")
    if kind not in set(constants(schema)):
        missing.append("its keys in config/tower.schema.json (`watertower schema tower`)")
    for language in languages():
        keywords = tomllib.loads((ROOT / "controller" / "locale" / language / "keywords.toml").read_text("utf-8"))
        if not any(kind in text for text in texts(keywords)):
            missing.append(f"its name in the text of `output` in controller/locale/{language}/keywords.toml")
    return missing


def texts(value: Any) -> Iterator[str]:
    """Every text of a TOML file."""
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("kind", sorted(OUTPUTS.keys() | SETTINGS.keys()))
def test_a_kind_of_output_forgets_nothing(kind: str) -> None:
    """Driver, settings, schema, texts and guide."""
    missing = forgotten(kind)
    assert not missing, "\n".join(missing)


def test_of_a_kind_that_forgot_all_each_part_is_named() -> None:
    """Where somebody adds `osc` and does nothing else."""
    missing = "\n".join(forgotten("osc"))
    for place in ("deploy/README.md", "dmx/outputs/__init__.py", "gateways/outputs.py", "tower.schema.json"):
        assert place in missing
    assert all(f"locale/{language}/keywords.toml" in missing for language in languages())


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_outputs_is_registered_and_tested(file: str) -> None:
    """Whoever writes the file and forgets the registry, or the test."""
    used = {inspect.getmodule(make).__name__.rpartition(".")[2] for make in OUTPUTS.values()}  # type: ignore[union-attr]
    assert file in used, f"{file}.py has no entry in OUTPUTS of controller/dmx/outputs/__init__.py"
    assert (Path(__file__).parent / f"test_{file}.py").exists(), f"there is no tests/dmx/test_{file}.py"


@pytest.mark.parametrize("file", FILES)
def test_what_an_output_can_report_is_in_the_catalogue(file: str) -> None:
    """`status` and the log show a problem by its code; the trouble of an output says where it goes and why."""
    codes = set(re.findall(r"TWL-X\d+", (FOLDER / f"{file}.py").read_text("utf-8")))
    assert codes <= CATALOGUE.keys(), f"controller/events/catalogue/X.toml lacks {sorted(codes - CATALOGUE.keys())}"


@pytest.mark.parametrize("file", [*FILES, "../output", "../network_output"])
def test_what_an_output_says_in_words_of_its_own_has_words_in_every_language(file: str) -> None:
    """The reasons of its problems, by their code."""
    tree = ast.parse((FOLDER / f"{file}.py").read_text("utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    reasons = [call.args[0] for call in calls if call.func.id == "Reason"]  # type: ignore[attr-defined]
    assert all(isinstance(code, ast.Constant) for code in reasons), "its code is in the call"
    for language in languages():
        missing = {code.value for code in reasons if isinstance(code, ast.Constant)} - set(
            locale.texts(language, "reasons")
        )
        assert missing == set(), f"controller/locale/{language}/reasons.toml"


@pytest.mark.parametrize("kind", sorted(OUTPUTS))
async def test_an_output_begins_and_ends_whatever_is_at_the_other_end(kind: str, events: list[Event]) -> None:
    """It takes the levels of a universe and refuses anything else; before anything went out it reports that."""
    fields = SETTINGS[kind].model_fields
    settings = SETTINGS[kind].model_validate({"kind": kind, **{k: v for k, v in NEEDED.items() if k in fields}})
    async with OUTPUTS[kind](settings, OutputSource("Alvesta", "mast"), events.append) as output:
        assert output.sent(1) is None
        assert set(output.problems) <= CATALOGUE.keys()
        output.send(1, b"\x01")
        with pytest.raises(ValueError, match="are not a universe"):
            output.send(1, bytes(513))


def test_outputs_are_independent_of_each_other_by_pattern() -> None:
    """A new file is under the contract without being named in it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    independent = [module for each in contracts if each["type"] == "independence" for module in each["modules"]]
    assert "controller.dmx.outputs.*" in independent
    for file in FILES:
        module = importlib.import_module(f"controller.dmx.outputs.{file}")
        drivers = [one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, Output)]
        assert any(driver.__module__ == module.__name__ for driver in drivers), f"{file}.py holds no output"
