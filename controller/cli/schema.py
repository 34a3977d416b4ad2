"""`watertower schema`: the JSON Schemas of the two files, for editors, and of the documents on MQTT, for programs.

All are made from the models, and shipped. With the schema of a file (draft 7) an editor completes keywords, shows their
meaning in both languages, and marks mistakes. The schema is the more tolerant check: it accepts what only
`watertower check` can judge (a 31st of November, a zone that does not exist). An editor reads `2026` as a number and an
empty value as nothing where the loader reads text, so a name may be a number here, a number may be in quotes, and a
list may be empty.
"""

import json
from typing import Any

import click
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from controller.cli.options import Options, common, for_service
from controller.config.keys import DECIMAL, WHOLE
from controller.config.schedule_file import Schedule
from controller.config.tower import OFF, ON, Tower
from controller.gateways.base import NAME
from controller.locale import DEFAULT, languages, template, texts

FILES: dict[str, type[BaseModel]] = {"schedule": Schedule, "tower": Tower}
"""The files whose schema is shipped in `config/`."""
DOCUMENTS = ("desired", "reported", "health", "gateway")
"""Documents whose schema is shipped in `deploy/schemas/`: our contract with a gateway, and the controller's own
documents."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SINGLE_OR_LIST = frozenset({"dates", "nights", "except", "hours", "broker", "to", "confirmed_for", "quiet"})
"""Keywords with a list whose only item may be written without a list."""
NEVER_EMPTY = frozenset({"dates", "nights", "hours"})
"""Those of them whose list may not be empty."""
NAME_OR_RANGE = r"^(?:[a-z0-9_-]|\[[0-9]+\.\.[0-9]+\])+$"
"""The name of one lamp, or of many (`ranges.py`)."""
SWITCHED = frozenset({"web", "home_assistant"})
"""Keywords that accept a word in place of their keys."""
SWITCHES = {"enum": [True, False, *sorted(OFF | ON)]}
"""Both readings of YAML, which may take `off` as a boolean or as text."""
NOT_IN_FILE = frozenset({"line", "shared_file", "below"})
NEW_CAMPAIGN = {"dates": "${2:20–26 November}", "hours": "${3:sunset to sunrise}", "color": "${4:orange}"}
"""The snippet of a new campaign in an editor, besides its name."""


@click.command("schema")
@click.argument("file", type=click.Choice([*FILES, *DOCUMENTS]), default="schedule")
@common
@for_service
def command(options: Options, file: str) -> None:  # noqa: ARG001 -- the same in every language
    """Print a JSON Schema as it is shipped in `config/` or `deploy/schemas/`."""
    click.echo(written(file), nl=False)


def written(name: str) -> str:
    """The text of a schema as it is shipped."""
    schema = file_schema(FILES[name]) if name in FILES else document_schema(name)
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def document_schema(name: str) -> dict[str, Any]:
    """The schema of a document."""
    from controller.gateways.wire import DesiredDocument, ReportedDocument  # noqa: PLC0415 -- the two files need neither
    from controller.service.health import GatewayHealth, Health  # noqa: PLC0415

    models: dict[str, type[BaseModel]] = {
        "desired": DesiredDocument,
        "reported": ReportedDocument,
        "health": Health,
        "gateway": GatewayHealth,
    }
    return {"$schema": DIALECT, **models[name].model_json_schema()}


class _Draft7(GenerateJsonSchema):
    """Values that are text in the file are text; defaults are in the descriptions."""

    schema_dialect = "http://json-schema.org/draft-07/schema#"

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = self.generate_inner(schema["schema"])
        may_be_empty = schema.get("default") == () or schema.get("default_factory") is dict
        return {**made, "type": [made["type"], "null"]} if may_be_empty and "type" in made else made

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        made = {**super().str_schema(schema), "type": ["string", "number", "boolean"]}
        return {**made, "pattern": NAME_OR_RANGE} if made.get("pattern") == NAME else made

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {**super().int_schema(schema), "type": ["integer", "string"], "pattern": f"^(?:{WHOLE.pattern})$"}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {**super().float_schema(schema), "type": ["number", "string"], "pattern": f"^(?:{DECIMAL.pattern})$"}

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:  # noqa: ARG002
        return dict(SWITCHES)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "string"}

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "string"}


def file_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one file."""
    made = model.model_json_schema(by_alias=True, ref_template="#/definitions/{model}", schema_generator=_Draft7)
    definitions = made.pop("$defs", {})
    for one in (made, *definitions.values()):
        _explain(one)
    # with several sites each file has a part of the keywords, and the shared one the rest
    made["required"] = [word for word in made["required"] if word == "version"]
    return {"$schema": _Draft7.schema_dialect, **made, "definitions": definitions}


def _explain(one: dict[str, Any]) -> None:
    one.pop("title", None)
    one.pop("description", None)
    for word in NOT_IN_FILE & one.get("properties", {}).keys():
        del one["properties"][word]
    for word, value in one.get("properties", {}).items():
        one["properties"][word] = _explained(word, value)


def _explained(word: str, value: dict[str, Any]) -> dict[str, Any]:
    kept = {key: part for key, part in _present(value).items() if key not in {"title", "description", "discriminator"}}
    if word in SINGLE_OR_LIST and "items" in kept:
        never_empty = {"minItems": 1} if word in NEVER_EMPTY else {}
        kept = {"anyOf": [kept["items"], {**kept, **never_empty}]}
    if word == "zone":
        kept = {"anyOf": [kept, {"type": "array", "items": kept}]}
    if word in SWITCHED:
        kept = {"anyOf": [kept, SWITCHES]}
    if word == "campaigns":
        label, name = " / ".join(_texts("editor.new_campaign")), _texts("editor.name")[0]
        kept["defaultSnippets"] = [{"label": label, "body": [{"name": f"${{1:{name}}}", **NEW_CAMPAIGN}]}]
    if word not in texts(DEFAULT, "keywords"):
        return kept
    first, *others = _texts(word)
    emphasized = "\n\n".join((first, *(f"*{text}*" for text in others)))
    return {"description": " / ".join((first, *others)), "markdownDescription": emphasized, **kept}


def _texts(key: str) -> list[str]:
    """A text about keywords in each language; English comes last, where its readers look for it."""
    order = sorted(languages(), key=lambda language: language == DEFAULT)
    return [template(language, "keywords", key) for language in order]


def _present(value: dict[str, Any]) -> dict[str, Any]:
    """Without `null`: missing values are left out of the file."""
    written = [one for one in value.get("anyOf", ()) if one != {"type": "null"}]
    if len(written) != 1:
        return value
    return {**{key: part for key, part in value.items() if key != "anyOf"}, **written[0]}
