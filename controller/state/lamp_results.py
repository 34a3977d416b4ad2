"""What the last walk test said of each lamp: `lamps.json`. Both the page and `test-lamps` write it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from pydantic import AwareDatetime, BaseModel, ConfigDict

from controller.state.json_file import Content, JsonFile, OnEvent

FILE = "lamps.json"


class LampResult(BaseModel):
    """Whether a lamp lit when it was tested, alone and in each of the colours that were tried; `at` is UTC."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    lit: bool


class _Results(Content):
    lamps: Mapping[str, LampResult] = MappingProxyType({})


def read_results(text: bytes) -> Mapping[str, LampResult]:
    """What stands in such a file, which is left as it is. Raises ValueError."""
    return _Results.model_validate_json(text).lamps


class LampResults:
    """The file. Each call waits for the disk."""

    def __init__(self, state: Path, on_event: OnEvent) -> None:
        self.path = state / FILE
        self._file = JsonFile(self.path, _Results, on_event)

    def read(self) -> Mapping[str, LampResult]:
        """By lamp (`mast/bowl-north`), also of lamps that are no longer there; empty where nothing can be read."""
        found = self._file.load()
        return found.lamps if found is not None else {}

    def note(self, lit: Mapping[str, bool], at: datetime) -> None:
        """Keeps what a test said of these lamps, by their names. Raises Unusable."""
        results = {lamp: LampResult(at=at, lit=is_lit) for lamp, is_lit in lit.items()}
        lamps = {**self.read(), **results}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file.save(_Results(lamps=lamps))
