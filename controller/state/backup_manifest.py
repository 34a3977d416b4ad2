"""The manifest of a backup: which files it holds, in which form. It comes first in the backup."""

import gzip
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePath

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from controller import plain_file
from controller.errors import Refused
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state import accounts, accounts_file, history
from controller.state.json_file import Content

CONFIG, STATE = "config", "state"
MANIFEST = "manifest.json"
FORM = 1
MOST_MANIFEST = 16 * 1024 * 1024
KNOWN = {
    f"{STATE}/{history.FILE}": len(history.MIGRATIONS),
    f"{STATE}/{accounts_file.ACCOUNTS}": len(accounts.MIGRATIONS),
}
"""The forms of databases that this version reads; any other file with a form has form 1."""
OF_SITE = re.compile(rf"(?<=^{STATE}/)sites/[^/]+/")
"""Each of several sites has its own state directory inside that of the service."""
BROKEN = (tarfile.TarError, zlib.error, EOFError, UnicodeDecodeError, ValidationError)


class BackedUp(BaseModel):
    """One file in a backup; `form` is the version of its content, None if it has none."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(ge=0)
    sha256: str
    mode: int = Field(ge=0, le=0o777)
    modified: float = Field(ge=0, le=2**40)
    form: int | None = None


class Manifest(BaseModel):
    """The content of `manifest.json`; `program` is the version that made the backup."""

    model_config = ConfigDict(frozen=True)

    version: int = FORM
    program: str
    made_at: AwareDatetime
    files: Mapping[str, BackedUp]


def read_manifest(file: Path) -> Manifest:
    """The manifest of a backup. Raises Refused: TWL-J020 for no backup, TWL-J021 for one of a newer version, TWL-J024
    if it cannot be read."""
    try:
        plain_file.require(file)
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
            content = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
            if first is None or content is None or first.size > MOST_MANIFEST:
                raise Refused("TWL-J020", file=str(file), reason=Reason("no_manifest"))
            text = content.read()
    except (*BROKEN, gzip.BadGzipFile) as error:
        raise Refused("TWL-J020", file=str(file), reason=reason_of(error)) from error
    except OSError as error:
        raise Refused("TWL-J024", file=str(file), reason=reason_of(error)) from error
    return _manifest(text, file)


def _manifest(text: bytes, file: Path) -> Manifest:
    try:
        form = Content.model_validate_json(text).version
        if form > FORM:
            raise Refused("TWL-J021", file=str(file), what=MANIFEST, found=form, known=FORM)
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise Refused("TWL-J020", file=str(file), reason=reason_of(error)) from error
    for name, each in manifest.files.items():
        known = KNOWN.get(OF_SITE.sub("", name), 1)
        if each.form is not None and each.form > known:
            raise Refused("TWL-J021", file=str(file), what=name, found=each.form, known=known)
        if not _is_inside(name):
            raise unsound(file, "unsafe_name", name)
    return manifest


def _is_inside(name: str) -> bool:
    """Whether a name is inside one of the two folders."""
    first, *rest = parts = name.split("/")
    is_plain = PurePath(name).parts == tuple(parts) and ".." not in parts and "\0" not in name
    return first in {CONFIG, STATE} and bool(rest) and is_plain


def unsound(file: Path, reason: str, name: str) -> Refused:
    """The refusal for a file in a backup that is not as it should be."""
    return Refused("TWL-J020", file=str(file), reason=Reason(reason, {"name": name}))
