"""A program that uses the API of the shipped tower."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.state import passwords
from controller.state.roles import Role, Scope
from controller.web.running_service import RunningService
from tests.web.answering import AnsweringService
from tests.web.api.programs import Program, token, tower_with_files
from tests.web.conftest import Browser, SetClock


@pytest.fixture
async def tower(clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AnsweringService]:
    """The shipped tower on an evening of its campaign."""
    monkeypatch.setattr(passwords, "LOG_N", 4)
    monkeypatch.setattr(passwords, "RUNS", 1)
    made = tower_with_files(tmp_path, clock)
    yield made
    made.service.accounts.close()


@pytest.fixture
def service(tower: AnsweringService) -> RunningService:
    """What `browser` asks."""
    return tower.service


@pytest.fixture
def program(service: RunningService, clock: SetClock, browser: Browser) -> Program:
    """With a token that may all that tokens may."""
    return Program(browser(), token(service, clock, Role.OPERATOR, *Scope))
