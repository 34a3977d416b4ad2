"""The last test result of each lamp: `lamps.json`. What people saw in walk tests and what the service found when it
tested the lamps itself are stored separately: a gateway's report of light does not outweigh a person who looked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from controller.state.json_file import Content, OnEvent
from controller.state.storage import Storage

FILE = "lamps.json"
Proof = Literal["person", "report", "power", "none"]
"""The source of a result: a person who looked, the gateway, a meter; or none is possible."""


class LampResult(BaseModel):
    """Whether a lamp was lit when it was tested, alone and in each of the colours that were tried; `at` is UTC."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    lit: bool
    by: Proof = "person"


class _Results(Content):
    lamps: Mapping[str, LampResult] = Field(default_factory=dict)
    by_itself: Mapping[str, LampResult] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LampFindings:
    """The last results by lamp (`mast/bowl-north`): those of `people`, and those of the service (`by_itself`)."""

    people: Mapping[str, LampResult] = field(default_factory=dict)
    by_itself: Mapping[str, LampResult] = field(default_factory=dict)

    def failed(self, lamp: str) -> LampResult | None:
        """The result that makes a lamp count as failed. A person who saw it lit later outweighs the service, and of the
        service only a meter outweighs a person."""
        seen, found = self.people.get(lamp), self.by_itself.get(lamp)
        if seen is not None and not seen.lit:
            is_mended = found is not None and found.lit and found.by == "power" and found.at > seen.at
            return None if is_mended else seen
        is_failed = found is not None and not found.lit and (seen is None or seen.at < found.at)
        return found if is_failed else None

    def has_since(self, lamp: str, at: datetime, *, lit: bool) -> bool:
        """Whether a lamp was tested since `at`; with `lit` only if it passed."""
        results = (self.people.get(lamp), self.by_itself.get(lamp))
        return any(each is not None and each.at >= at and (each.lit or not lit) for each in results)

    def and_found(self, found: Mapping[str, LampResult]) -> "LampFindings":
        """These results, updated with newer ones of the service."""
        return LampFindings(self.people, {**self.by_itself, **found})


def read_results(text: bytes) -> LampFindings:
    """The results in the text of such a file. Raises ValueError."""
    content = _Results.model_validate_json(text)
    return LampFindings(content.lamps, content.by_itself)


class LampResults:
    """The document of lamp results. Each call waits for the disk."""

    def __init__(self, place: Path | Storage, on_event: OnEvent) -> None:
        self._directory = Storage.of(place).directory
        self._file = Storage.of(place).document(FILE, _Results, on_event)

    def stamp(self) -> object:
        """A value that differs after each change; raises OSError."""
        return self._file.stamp()

    def read(self) -> LampFindings:
        """All results, also of lamps that no longer exist; empty if nothing can be read."""
        found = self._file.load()
        return LampFindings(found.lamps, found.by_itself) if found is not None else LampFindings()

    def note(self, lit: Mapping[str, bool], at: datetime) -> None:
        """Stores what a person saw, by lamp. Raises Unusable."""
        self._save(self.read(), {lamp: LampResult(at=at, lit=is_lit) for lamp, is_lit in lit.items()}, {})

    def note_found(self, found: Mapping[str, LampResult]) -> None:
        """Stores what the service found, by lamp. Raises Unusable."""
        self._save(self.read(), {}, found)

    def _save(self, before: LampFindings, seen: Mapping[str, LampResult], found: Mapping[str, LampResult]) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._file.save(_Results(lamps={**before.people, **seen}, by_itself={**before.by_itself, **found}))
