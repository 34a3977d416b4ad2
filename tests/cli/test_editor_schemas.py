"""The schemas that editors use: made from the models, shipped as made, and kinder than the models, never stricter."""

import json
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from jsonschema import Draft7Validator

from controller.cli.schema import FILES, file_schema, written
from controller.config.load import parse
from tests.config.several_sites import OWN_SCHEDULE, OWN_TOWER, SHARED_SCHEDULE, SHARED_TOWER

CONFIG = Path(__file__).parents[2] / "config"
BAD = Path(__file__).parents[1] / "config" / "bad"


class CoreSchema(yaml.SafeLoader):
    """The core schema of YAML 1.2, which editors go by: `off` is a text, `010` is ten."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+", [*"-+0123456789"]),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
):
    CoreSchema.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)
CoreSchema.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))


def _as_an_editor_reads(text: str) -> Any:
    """YAML 1.2 with the types of JSON."""
    return json.loads(json.dumps(yaml.load(text, CoreSchema), default=str))  # noqa: S506 -- a SafeLoader


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_schema_is_the_one_of_the_models(name: str) -> None:
    """To renew: `watertower schema NAME > config/NAME.schema.json`."""
    assert (CONFIG / f"{name}.schema.json").read_text(encoding="utf-8") == written(name)


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_file_fits_its_schema(name: str) -> None:
    """The schema is valid itself, and an editor shows no error in the shipped file."""
    schema = json.loads(written(name))
    Draft7Validator.check_schema(schema)
    text = (CONFIG / f"{name}.yaml").read_text(encoding="utf-8")
    assert list(Draft7Validator(schema).iter_errors(_as_an_editor_reads(text))) == []


@pytest.mark.parametrize("name", FILES)
def test_the_modeline_names_the_schema_beside_it(name: str) -> None:
    """The first line of each file is what the YAML language server looks for."""
    first = (CONFIG / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={name}.schema.json"


@pytest.mark.parametrize("name", FILES)
def test_every_keyword_is_explained_in_both_languages(name: str) -> None:
    """What facilities staff and technicians meet at the outermost level and in a campaign has words beside it."""
    schema = json.loads(written(name))
    told = [schema["properties"], *(schema["definitions"][one]["properties"] for one in EXPLAINED[name])]
    every = [(word, value.get("description", "")) for properties in told for word, value in properties.items()]
    missing = [word for word, description in every if " / " not in description]
    assert missing == []


EXPLAINED = {"schedule": ("Campaign", "Nightly", "Blackout"), "tower": ("Site", "MqttSettings", "Dmx", "Fixture")}


@pytest.mark.parametrize(
    ("case", "fits"),
    [
        ("schedule-18-swedish-key", False),
        ("schedule-58-single-campaign", False),
        ("schedule-31-no-such-day", True),
        ("schedule-28-brightness-without-unit", False),
        ("schedule-51-no-version", False),
    ],
)
def test_an_editor_marks_what_a_schema_can_see(case: str, fits: bool) -> None:
    """Keywords and shapes; what a day or an hour means is left to `check`."""
    value = _as_an_editor_reads((BAD / f"{case}.yaml").read_text(encoding="utf-8"))
    assert Draft7Validator(file_schema(FILES["schedule"])).is_valid(value) is fits


@pytest.mark.parametrize(
    "color",
    ["orange", "{bowl: gul, shaft: [red, blue]}", "[red, blue]", '"#FF6A00"', "2700 K"],
)
def test_every_form_of_a_color_fits(color: str) -> None:
    """A name, a map of zones, a list, a code, a temperature."""
    rule = f"{{name: a, dates: [6 June, week 47], hours: [sunset to 23:00], color: {color}, change_every: 5 s}}"
    value = _as_an_editor_reads(f"version: 1\ncampaigns: [{rule}]\n")
    assert Draft7Validator(file_schema(FILES["schedule"])).is_valid(value)


HEAD = "version: 1\ncampaigns:\n  - name: Test\n    "
RULES = [
    *(f"dates: {days}\n    color: red" for days in ("2026-11-20", "[2026-11-20, 6 June]", "week 47", "november")),
    *(f"dates: 6 June\n    color: {color}" for color in ("off", "2700 K", "[red]", "{bowl: dark}", "rgb(1, 2, 3)")),
    *(
        f"dates: 6 June\n    color: red\n    {line}"
        for line in (
            "confirmed_for: 2026",
            'confirmed_for: ["2026"]',
            "confirmed_for:",
            "except:",
            "except: [6 June, 7 June]",
            "hours: 17:00 to 18:00",
            "hours: [17:00 to 18:00]",
            "fade_in: 0 s",
            'brightness: "50 %"',
            "otherwise: dark",
            "otherwise: släckt",
        )
    ),
]
WORDS = [
    ("version: 1", 'version: "1"'),
    ("name: Alvesta vattentorn", "name: 2026"),
    ("name: Alvesta vattentorn", "name: true"),
    ("latitude: 56.899", 'latitude: "56.899"'),
    ("longitude: 14.556", "longitude: 14"),
    ("broker: embedded", "broker: [mqtt://a, mqtts://b]"),
    ("broker: embedded", "broker: mqtt://a\n  username: 123"),
    ("topic_prefix: watertower", "topic_prefix: 1"),
    ('  orange: "#FF6A00"', ""),
    ("universe: 1", 'universe: "1"'),
    ("universe: 1", "universe: 1\n    after: {hold: 24 h, look: dark}"),
    ("name: mast", "name: 1"),
    ("address: 13", 'address: "13"'),
    ("output: simulated", "output: {kind: simulated}"),
    ("output: simulated", 'output: {kind: sacn, to: [a, b], priority: "100"}'),
    ("output: simulated", "output: {kind: artnet, to: h, net: 0, sub_net: 0}"),
]
GATEWAYS = [
    "{name: 7, kind: wled, zone: bowl, topic: 5}",
    "{name: e, kind: esphome, topic: e, zones: {bowl: a, shaft: b}}",
    '{name: e, kind: tasmota, zone: bowl, topic: e, channels: "3"}',
    "{name: e, kind: shelly-gen1, zone: bowl, device: 123}",
    '{name: e, kind: dmx-channels, map_topic: a, base: "0", fixtures: [{name: 5, zone: bowl, profile: rgb, address: 1}]}',  # noqa: E501
]


HOME_ASSISTANT = ["on", "ja", "off", "false", "{}", "{control: no}", "{control: nej}", "{discovery_prefix: hass/x}"]


def test_what_check_takes_an_editor_takes_too() -> None:
    """Numbers in quotes, names that look like numbers, lists left empty, and every other shape of a value."""
    shipped = {name: (CONFIG / f"{name}.yaml").read_text(encoding="utf-8") for name in FILES}
    tower = shipped["tower"]
    schedules = [HEAD + rule + "\n" for rule in RULES] + ["version: 1\ncampaigns:\nevery_night:\nblackouts:\n"]
    towers = [f"{tower}home_assistant: {value}\n" for value in HOME_ASSISTANT]
    towers += [tower.replace(old, new) for old, new in WORDS] + [f"{tower}  - {gateway}\n" for gateway in GATEWAYS]
    assert tower not in towers
    for name, texts in (("schedule", schedules), ("tower", towers)):
        schema = Draft7Validator(file_schema(FILES[name]))
        for text in texts:
            files = {**shipped, name: text}
            parse(files["tower"].encode(), files["schedule"].encode(), CONFIG)
            assert schema.is_valid(_as_an_editor_reads(text)), text


def test_an_editor_marks_figures_and_lists_that_can_never_be_right() -> None:
    """Beyond the poles, and days or hours without any."""
    tower = (CONFIG / "tower.yaml").read_text(encoding="utf-8")
    assert not Draft7Validator(file_schema(FILES["tower"])).is_valid(
        _as_an_editor_reads(tower.replace("56.899", "568.99"))
    )
    for line in ("dates: []", "nights: []", "dates: 6 June\n    hours: []"):
        value = _as_an_editor_reads(HEAD + line + "\n    color: red\n")
        assert not Draft7Validator(file_schema(FILES["schedule"])).is_valid(value), line


def test_each_file_of_several_sites_fits() -> None:
    """A site's own and the shared one have a part of the keywords each."""
    for text in (SHARED_TOWER, OWN_TOWER):
        assert list(Draft7Validator(file_schema(FILES["tower"])).iter_errors(_as_an_editor_reads(text))) == []
    for text in (SHARED_SCHEDULE, OWN_SCHEDULE):
        assert list(Draft7Validator(file_schema(FILES["schedule"])).iter_errors(_as_an_editor_reads(text))) == []
