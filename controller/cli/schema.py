"""`watertower schema`: the JSON Schemas of the two files, for editors, and of the documents on MQTT, for programs."""

import json

import click
from pydantic import BaseModel

from controller.cli.options import Options, common, for_service
from controller.config.schema import SCHEMAS, written

DOCUMENTS = ("desired", "reported", "health", "gateway")
"""Those that are shipped in `deploy/schemas/`: our contract with a gateway, and what the controller says of itself."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@click.command("schema")
@click.argument("file", type=click.Choice([*SCHEMAS, *DOCUMENTS]), default="schedule")
@common
@for_service
def command(options: Options, file: str) -> None:  # noqa: ARG001 -- the same in every language
    """Print a JSON Schema as it is shipped in `config/` or `deploy/schemas/`."""
    click.echo(document_schema(file) if file in DOCUMENTS else written(file), nl=False)


def document_schema(name: str) -> str:
    """The schema of a document, as text."""
    from controller.gateways.wire import DesiredDocument, ReportedDocument  # noqa: PLC0415 -- the two files need neither
    from controller.service.health import GatewayHealth, Health  # noqa: PLC0415

    models: dict[str, type[BaseModel]] = {
        "desired": DesiredDocument,
        "reported": ReportedDocument,
        "health": Health,
        "gateway": GatewayHealth,
    }
    schema = {"$schema": DIALECT, **models[name].model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
