"""The shipped files, and the findings of a pair of files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.config.findings import Finding
from controller.config.load import Setup, load, parse
from controller.errors import FilesRejected

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def shipped() -> Setup:
    """The files of `config/` as values."""
    return load(SHIPPED)


@pytest.fixture(scope="session")
def findings() -> Callable[..., tuple[Finding, ...]]:
    """What is found in a schedule or a tower that replace the shipped ones; empty where nothing is wrong."""

    def found(*, schedule: bytes | str | None = None, tower: bytes | str | None = None) -> tuple[Finding, ...]:
        texts = [
            (SHIPPED / name).read_bytes() if text is None else text.encode() if isinstance(text, str) else text
            for name, text in (("tower.yaml", tower), ("schedule.yaml", schedule))
        ]
        try:
            parse(texts[0], texts[1], Path("config"))
        except FilesRejected as rejected:
            return rejected.findings
        return ()

    return found
