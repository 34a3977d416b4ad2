"""The bytes of a file as lines of text, or the reason why it is no text.

UTF-8 with or without a byte order mark; lines end in LF, CRLF or CR. The finding names a document file, a binary file
or another encoding; a file in Windows-1252 is read on, so that its other mistakes are found in the same run."""

import codecs
import errno
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from controller import plain_file
from controller.config.findings import FilePlace, Finding, SourceText
from controller.config.synonyms import near
from controller.events.reasons import reason_of

# no more is read of any file; 10,000 gateways with two lamps each are 2 MB
LIMIT = 8 * 1024 * 1024
LONGEST_LINE = 1000
DOCUMENTS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "Word, OpenDocument, ZIP"),
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\xd0\xcf\x11\xe0", "Word 97"),
    (b"\x1f\x8b", "gzip"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)
LINE_END = re.compile(r"\r\n|\r|\n")
OTHERS = frozenset({".json", ".swp"})
"""Files beside the two that are no copies of them."""
COPY = re.compile(
    r"(?<![^\W_])(?:kopia|copy|konflikt|conflict|ny|new)(?![^\W_])|\(\d+\)|(?<!\d)\d$|\.ya?ml$", re.IGNORECASE
)
"""Parts of the name of a copy, as made by an editor, Explorer, a synchronised folder or people."""
TEXTS = frozenset({".yaml", ".yml", ".txt"})
MOST_BESIDE = 1000
"""Number of files of a folder that are examined."""
INSTALLED, INSTALLED_STATE = Path("/etc/watertower"), Path("/var/lib/watertower")
"""The folders of the installed service."""
CREDENTIAL = "mqtt-password"
"""The name of the systemd credential with the broker's password."""
LENIENT = "as-windows-1252"
UNREAD = frozenset({"TWL-S002", "TWL-S335", "TWL-S003", "TWL-S005", "TWL-S019", "TWL-S043", "TWL-S194"})
"""Findings of a file that could not be read at all, and which may be readable the next time."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def read_file(path: Path, file: str) -> tuple[bytes, tuple[Finding, ...]]:
    """The bytes of a file, at most one more than LIMIT; `file` is its name for the user."""
    try:
        return plain_file.head(path, LIMIT + 1), ()
    except FileNotFoundError:
        return b"", (_missing(path, file),)
    except PermissionError:
        return b"", (SourceText(file).finding("TWL-S005", None),)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.EISDIR}:
            return b"", (SourceText(file).finding("TWL-S003", None),)
        return b"", (SourceText(file).finding("TWL-S043", None, reason=reason_of(error)),)


def _missing(path: Path, file: str) -> Finding:
    """The file is missing; perhaps an editor gave it another name: `schedule.yaml.txt`, `Schedule.yaml`."""
    try:
        others = [other.name for other in path.parent.iterdir() if other.suffix not in OTHERS]
        copies = [name for name in others if _is_named_like(path, name)]
        found = near(path.name, others) or (copies[0] if len(copies) == 1 else None)
    except OSError:
        found = None
    if found is not None:
        return SourceText(file).finding("TWL-S019", None, found=found, name=path.name)
    folder = path.parent.absolute()
    for other in (folder / "config", folder.parent, folder.parent / "config", INSTALLED):
        if other != folder and (other / path.name).is_file():
            return SourceText(file).finding("TWL-S194", None, folder=folder, found=other)
    return SourceText(file).finding("TWL-S002", None, folder=folder)


def _is_named_like(path: Path, name: str) -> bool:
    """Whether the name of a file contains that of another one, as `Kopia av schedule.yaml` and `schedule
    (1).yaml` do."""
    return re.search(rf"(?<![^\W_]){re.escape(path.stem)}(?![^\W\d_])", name, re.IGNORECASE) is not None


def copies_beside(path: Path) -> Iterator[str]:
    """Files that are mistaken for this one: beside it under the name of a copy, or, saved later, under a similar name
    or in a folder of this folder. A file with the same content does not count. Raises OSError."""
    content, saved = plain_file.read(path, LIMIT), path.stat().st_mtime
    for other in sorted(islice(path.parent.iterdir(), MOST_BESIDE)):
        if other.is_dir():
            found, sure = other / path.name, False
        else:
            found = other
            sure = other.suffix == ".yml" or COPY.search(other.name.removesuffix(other.suffix)) is not None
            if other.suffix not in TEXTS or other.name == path.name or not _is_named_like(path, other.name):
                continue
        if found.is_file() and (sure or found.stat().st_mtime > saved) and plain_file.read(found, LIMIT) != content:
            yield str(found.relative_to(path.parent))


def decode(data: bytes, file: str) -> tuple[SourceText, tuple[Finding, ...]]:
    """The lines of a text; none if it cannot be read as text at all."""
    fault = _no_text(data, SourceText(file))
    if fault:
        return SourceText(file), (fault,)
    data = data.removeprefix(b"\xef\xbb\xbf")
    faults: tuple[Finding, ...] = ()
    try:
        source = _source(data.decode(), file)
    except UnicodeDecodeError as error:
        source = _source(data.decode(errors=LENIENT), file)
        place = _place(data[: error.start].decode())
        faults = (source.finding("TWL-S009", place, found=f"byte {data[error.start]:02X}"),)
    for number, line in enumerate(source.lines, start=1):
        if len(line) > LONGEST_LINE:
            place = FilePlace(number, LONGEST_LINE + 1, LONGEST_LINE + 2)
            return SourceText(file), (source.finding("TWL-S042", place, limit=LONGEST_LINE),)
    odd = UNPRINTABLE.search("\n".join(source.lines))
    if odd is None:
        return source, faults
    place = _place("\n".join(source.lines)[: odd.start()])
    return SourceText(file), (source.finding("TWL-S008", place, what=f"U+{ord(odd[0]):04X}"),)


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """The letters of bytes that are not UTF-8; the rest of the file stays as it is."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(LENIENT, _as_windows_1252)


def _no_text(data: bytes, source: SourceText) -> Finding | None:
    if len(data) > LIMIT:
        return source.finding("TWL-S006", None, limit_kb=LIMIT // 1024)
    for magic, name in DOCUMENTS:
        if data.lstrip()[:16].lower().startswith(magic.lower()):
            return source.finding("TWL-S007", None, format=name)
    if data.startswith(UTF16) or abs(data[::2].count(0) - data[1::2].count(0)) * 3 > max(len(data), 9):
        return source.finding("TWL-S009", None, found="UTF-16")
    return None


def _source(text: str, file: str) -> SourceText:
    return SourceText(file, tuple(LINE_END.split(text)))


def _place(before: str) -> FilePlace:
    lines = LINE_END.split(before)
    return FilePlace(len(lines), len(lines[-1]) + 1, len(lines[-1]) + 2)
