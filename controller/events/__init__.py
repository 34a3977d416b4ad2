"""The catalogue of all events: codes, levels and fields in `catalogue/`, texts in `controller/locale`.

There is a file for each letter of the codes, `catalogue/S.toml` and `locale/sv/events/S.toml`, read when its first
code is needed: a command without events reads none.

Everything that is logged, refused or answered is an entry of CATALOGUE. A code never gets another meaning; a text may
be improved at any time. The placeholders of a text are fields of the event; the field of a figure ends in its unit
(`latency_s`).

ERROR: a lamp is or will be wrong and a person must act. WARNING: degraded, heals itself. INFO: a change of light or a
human act. DEBUG: traffic."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from controller.events.models import Event, EventKind, Lasting, Level, Text

FOLDER = Path(__file__).parent / "catalogue"


class _Catalogue(Mapping[str, EventKind]):
    """Code -> entry."""

    def __getitem__(self, code: str) -> EventKind:
        """Raises KeyError for a code that is not there."""
        letter = code.removeprefix("TWL-")[:1]
        if letter not in _letters():
            raise KeyError(code)
        return _kinds(letter)[code]

    def __iter__(self) -> Iterator[str]:
        return (code for letter in _letters() for code in _kinds(letter))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _letters() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def _kinds(letter: str) -> Mapping[str, EventKind]:
    entries = tomllib.loads((FOLDER / f"{letter}.toml").read_text("utf-8"))
    return {code: _kind(code, **entry) for code, entry in entries.items()}


def _kind(  # noqa: PLR0913  the keys of an entry
    code: str,
    *,
    name: str,
    level: str,
    fields: list[str] | None = None,
    lasting: dict[str, Any] | None = None,
    milder: dict[str, dict[str, str]] | None = None,
    level_of: str | None = None,
    secret: bool = False,
    notice: Literal["lamp_tests"] | None = None,
) -> EventKind:
    levels = {(word, value): Level(mild) for word, by in (milder or {}).items() for value, mild in by.items()}
    known = frozenset(fields or ())
    return EventKind(code, name, Level(level), known, _lasting(lasting), levels, level_of, secret, notice)


def _lasting(entry: dict[str, Any] | None) -> Lasting | None:
    if entry is None:
        return None
    until, about = tuple(entry.get("until", ())), tuple(entry.get("about", ()))
    fine = tuple((word, value) for word, value in entry.get("fine", ()))
    harmless, of_gateway = entry.get("harmless", False), entry.get("of_gateway", False)
    return Lasting(until, about, fine, entry.get("quiet_s"), harmless, of_gateway)


CATALOGUE: Mapping[str, EventKind] = _Catalogue()


def new_event(code: str, **fields: object) -> Event:
    """A new event; raises KeyError for a code or field that the catalogue does not contain."""
    kind = CATALOGUE[code]
    if set(fields) != set(kind.fields):
        raise KeyError(f"{code} has the fields {sorted(kind.fields)}, not {sorted(fields)}")
    return Event(kind, fields)


__all__ = ["CATALOGUE", "Event", "EventKind", "Level", "Text", "new_event"]
