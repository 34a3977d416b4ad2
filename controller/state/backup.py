"""A backup: one file with everything that a site needs to run elsewhere, its configuration folder and state directory.

A tar.gz: `manifest.json` first, then each file as `config/…` or `state/…`. The manifest has size and sha256 of each, so
that a damaged backup is noticed before anything is changed, and the form of those that have one, so that an older
program refuses what it cannot read. A person who can read a backup can log in as the service: only its owner may read
it.
"""

import errno
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import IO

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from controller import __version__, plain_file
from controller.errors import Refused
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state import accounts, accounts_file, atomic, history
from controller.state.database import REFUSALS, is_damage, open_to_read
from controller.state.in_use import LOCK, out_of_use
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
CHUNK = 256 * 1024
PRIVATE = 0o600
SQLITE = b"SQLite format 3\0"
STAGED, ASIDE = ".backup-", "before-restore-"
PASSING = (
    f"{LOCK}*",
    "*.new",
    "*.old",
    "*-wal",
    "*-shm",
    "*.corrupt-*",
    "*.newer-*",
    "*.migrated-*",
    f"{STAGED}*",
    f"{ASIDE}*",
)
"""Files that are not backed up: temporary ones, and those that were set aside."""


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


@dataclass(frozen=True)
class Backup:
    """The result of `make`; `left_out` are links that lead out of the folders, sockets, damaged databases."""

    manifest: Manifest
    size: int
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """The result of `restore`; `aside` are the folders with the previous files."""

    manifest: Manifest
    aside: tuple[Path, ...]


def make(file: Path, config: Path, state: Path, now: datetime) -> Backup:
    """Writes a backup of the two folders, also while programs use them. Raises Refused: TWL-J024 for what cannot be
    read or written, TWL-J025 if the file exists and is no backup, TWL-J026 if it is inside the folders."""
    folder = file.absolute().parent.resolve()
    if any(folder.is_relative_to(each.resolve()) for each in (config, state)):
        raise Refused("TWL-J026", file=str(file))
    if file.exists() and not _is_backup(file):
        raise Refused("TWL-J025", file=str(file))
    try:
        with TemporaryDirectory(dir=folder, prefix=STAGED) as temporary:
            copies = _Copies(Path(temporary))
            copies.take(CONFIG, config)
            copies.take(STATE, state)
            manifest = Manifest(program=__version__, made_at=now, files=copies.files)
            packed = Path(temporary, "packed")
            _pack(packed, manifest, Path(temporary))
            size = packed.stat().st_size
            with packed.open("rb") as source:
                atomic.write(file, iter(lambda: source.read(CHUNK), b""), PRIVATE)
    except (OSError, *REFUSALS) as error:
        is_full = getattr(error, "errno", None) == errno.ENOSPC  # the disk of the backup, whatever was read then
        named = None if is_full else getattr(error, "filename", None)
        raise Refused("TWL-J024", file=str(named or file), reason=reason_of(error)) from error
    return Backup(manifest, size, tuple(copies.left_out))


def restore(file: Path, config: Path, state: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Replaces the content of the two folders with a backup: all of it, or nothing is changed. With `replace` their
    previous content is moved to a folder `before-restore-…` inside each. Raises Refused: TWL-J020 for no sound backup,
    TWL-J021 for one of a newer version, TWL-J022 if a program runs on the directory, TWL-J027 for a folder that is not
    empty, TWL-J024 for what cannot be read or written."""
    manifest, folders = read_manifest(file), {CONFIG: config, STATE: state}
    try:
        with ExitStack() as stack:
            for folder in folders.values():
                stack.enter_context(_made(folder))
            stack.enter_context(out_of_use(state))
            for left in (left for folder in folders.values() for left in folder.glob(f"{STAGED}*")):
                shutil.rmtree(left, ignore_errors=True)  # left over from a power cut
            before = {folder: _contents(folder) for folder in folders.values()}
            for folder, contents in before.items():
                if contents and not replace:
                    raise Refused("TWL-J027", folder=str(folder))
            staged = {
                name: Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix=STAGED)))
                for name, folder in folders.items()
            }
            _unpack(file, manifest, staged, folders)
            accounts_file.end_all_sessions(staged[STATE] / accounts_file.ACCOUNTS)
            asides = {folder: folder / f"{ASIDE}{now:%Y%m%dT%H%M%SZ}" for folder, held in before.items() if held}
            for aside in asides.values():
                aside.mkdir(mode=0o700)
                stack.callback(_drop_empty, aside)
            away = [(path, aside / path.name) for folder, aside in asides.items() for path in before[folder]]
            here = [(path, folders[name] / path.name) for name, place in staged.items() for path in place.iterdir()]
            atomic.move_all([*away, *here])
    except OSError as error:
        raise Refused("TWL-J024", file=str(error.filename or file), reason=reason_of(error)) from error
    return Restored(manifest, tuple(asides.values()))


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
            raise _unsound(file, "unsafe_name", name)
    return manifest


def _is_inside(name: str) -> bool:
    """Whether a name is inside one of the two folders."""
    first, *rest = parts = name.split("/")
    is_plain = PurePath(name).parts == tuple(parts) and ".." not in parts and "\0" not in name
    return first in {CONFIG, STATE} and bool(rest) and is_plain


def _unsound(file: Path, reason: str, name: str) -> Refused:
    """The refusal for a file in a backup that is not as it should be."""
    return Refused("TWL-J020", file=str(file), reason=Reason(reason, {"name": name}))


def _is_backup(file: Path) -> bool:
    try:
        read_manifest(file)
    except Refused as error:
        return error.code == "TWL-J021"
    return True


def _passes(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in PASSING)


def _contents(folder: Path) -> list[Path]:
    """The files that a backup replaces: all but the lock and those that an earlier restore set aside."""
    return [path for path in folder.iterdir() if not path.name.startswith((LOCK, STAGED, ASIDE))]


def _drop_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Makes the folder if needed; removes it again if something fails."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise


@dataclass
class _Copies:
    """Copies of the files of both folders below `place`, each as it was at one instant."""

    place: Path
    files: dict[str, BackedUp] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def take(self, name: str, folder: Path, root: Path | None = None) -> None:
        """Copies the files of a folder, and of the folders in it, under this name. Programs that write several files as
        one wait meanwhile. Raises OSError and the errors of SQLite."""
        root = (root or folder).resolve()
        with atomic.locked(folder):
            # databases come last: a file that belongs to one, as `audit.head`, may be older than it, never newer
            for path in sorted(folder.iterdir(), key=lambda path: (path.suffix == ".db", path.name)):
                inside = f"{name}/{path.name}"
                if _passes(path.name):
                    continue
                if path.is_dir() and not path.is_symlink():
                    self.take(inside, path, root)
                elif (
                    path.is_file() and (path.resolve().is_relative_to(root) or _is_open_yaml(path)) and _is_text(inside)
                ):
                    with suppress(FileNotFoundError):  # deleted meanwhile
                        self._copy(inside, path)
                else:  # a link that leads out of the folder, perhaps to a secret; a socket; a name that is not UTF-8
                    self.left_out.append(str(path))

    def _copy(self, name: str, path: Path) -> None:
        copy = self.place / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        about = path.stat()
        if plain_file.head(path, len(SQLITE)) == SQLITE:
            try:
                form: int | None = _copy_database(path, copy)
            except REFUSALS as error:
                if not is_damage(error):
                    raise
                self.left_out.append(str(path))
                return
        else:
            shutil.copyfile(path, copy)
            form = _form_of(copy)
        self.files[name] = BackedUp(
            size=copy.stat().st_size,
            sha256=_digest(copy),
            mode=stat.S_IMODE(about.st_mode) & 0o777,
            modified=max(0.0, about.st_mtime),
            form=form,
        )


def _is_open_yaml(path: Path) -> bool:
    """Whether it is a YAML file that everybody may read anyway: people who may make links need not be allowed to read
    all that the user who makes the backup may read."""
    return path.suffix == ".yaml" and bool(path.stat().st_mode & stat.S_IROTH)


def _is_text(name: str) -> bool:
    """Whether a name can be encoded as UTF-8, as in the manifest."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _copy_database(path: Path, copy: Path) -> int:
    """Copies a database as it is at one instant, while others write to it; returns the number of its schema. Raises the
    errors of SQLite, for example if it is damaged."""
    with closing(open_to_read(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # so that one file has everything
        verdict = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        return int(target.execute("PRAGMA user_version").fetchone()[0])


def _form_of(path: Path) -> int | None:
    """The version of a JSON document; None for anything else."""
    if path.suffix != ".json":
        return None
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return None
    form = found.get("version") if isinstance(found, dict) else None
    return form if isinstance(form, int) else None


def _pack(packed: Path, manifest: Manifest, place: Path) -> None:
    with tarfile.open(packed, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        text = manifest.model_dump_json(indent=1).encode()
        about = tarfile.TarInfo(MANIFEST)
        about.size, about.mode, about.mtime = len(text), PRIVATE, manifest.made_at.timestamp()
        archive.addfile(about, io.BytesIO(text))
        for name, each in manifest.files.items():
            about = tarfile.TarInfo(name)
            about.size, about.mode, about.mtime = each.size, each.mode, each.modified
            with (place / name).open("rb") as source:
                archive.addfile(about, source)


def _unpack(file: Path, manifest: Manifest, staged: Mapping[str, Path], folders: Mapping[str, Path]) -> None:
    """Writes the files of a backup below the folders `staged`, with the owner of `folders`. Raises Refused TWL-J020 if
    one is missing or differs, OSError."""
    left = set(manifest.files)
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if member.name == MANIFEST:
                    continue
                if content is None or member.name not in left:
                    raise _unsound(file, "not_in_manifest", member.name)
                left.remove(member.name)
                about = manifest.files[member.name]
                first, _, inside = member.name.partition("/")
                if member.size == about.size:  # else it might fill the disk
                    _write(content, about, staged[first] / inside, folders[first].stat())
                if member.size != about.size or _digest(staged[first] / inside) != about.sha256:
                    raise _unsound(file, "other_checksum", member.name)
    except (*BROKEN, gzip.BadGzipFile) as error:
        raise Refused("TWL-J020", file=str(file), reason=reason_of(error)) from error
    if left:
        raise _unsound(file, "missing_in_archive", min(left))


def _write(content: IO[bytes], about: BackedUp, path: Path, owner: os.stat_result) -> None:
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, iter(lambda: content.read(CHUNK), b""), about.mode)
    path.chmod(about.mode)
    os.utime(path, (about.modified, about.modified))
    if os.geteuid() == 0:
        for each in (path, *made):
            os.chown(each, owner.st_uid, owner.st_gid)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
