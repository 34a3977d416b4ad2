"""`database:` of tower.yaml: the PostgreSQL database in which the state is kept instead of in files."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from controller.config.tower_keys import Keys, OtherFile
from controller.errors import Mistake

ADDRESS = re.compile(r"postgres(?:ql)?://(?:(?P<login>[^@/?\s]*)@)?[^/?\s@]*/(?P<name>[^/?\s]+)(?:\?(?P<more>\S*))?")
SECRETS = {"password", "sslpassword"}


def _url(value: str) -> str:
    """Libpq's address with the name of the database; raises Mistake."""
    parts = ADDRESS.fullmatch(value)
    if parts is None:
        raise Mistake("TWL-S340", value=value.rpartition("@")[2])
    names = {pair.partition("=")[0].casefold() for pair in (parts["more"] or "").split("&")}
    if ":" in (parts["login"] or "") or SECRETS & names:
        raise Mistake("TWL-S341")
    return value


class DatabaseSettings(Keys):
    """Where it is, and the file with the password of the user that the address names."""

    url: Annotated[
        str,
        AfterValidator(_url),
        WithJsonSchema({"type": "string", "examples": ["postgresql://watertower@db/watertower"]}),
    ]
    password_file: OtherFile | None = None
