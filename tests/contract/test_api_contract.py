"""The API against its own description, by schemathesis: whatever the description allows, and much that it does not, is
asked of a real server, as nobody, viewer, operator and admin. No answer is a server's error, and each is as described.

An extra of its own: `pip install -e '.[contract]'`, then `python -m pytest tests/contract`.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from controller.clock import ClockReading
from controller.config.web_keys import Web
from controller.state import passwords
from controller.state.accounts import Session
from controller.state.roles import Role, Scope
from controller.web import api, api_acts, api_request, api_schedule
from controller.web.app import create_app
from controller.web.page_server import serving
from tests.web.answering import AnsweringService
from tests.web.api.programs import token, tower_with_files
from tests.web.conftest import PASSWORD, SetClock

EXAMPLES = 25
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
HANDSHAKE_S = 30


class TickingClock(SetClock):
    """A moment later each time that it is read, so that limits of a minute are passed."""

    def read(self) -> ClockReading:
        """Now."""
        self.go(timedelta(seconds=0.05))
        return super().read()


@dataclass
class Site:
    """A tower that answers at `url`; `people` are headers by who asks."""

    url: str
    people: dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def control_loop() -> Iterator[Callable[[Any], Any]]:
    """Runs a coroutine on a loop in a thread of its own, as that of the controller."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(HANDSHAKE_S)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def site(control_loop: Callable[[Any], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The shipped tower, with somebody of each kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG_N", 4)
        patch.setattr(passwords, "RUNS", 1)
        patch.setattr(api_request, "BURST", 10**9)
        clock = TickingClock()
        tower: AnsweringService = control_loop(_made(tmp_path_factory.mktemp("site"), clock))
        server = serving(create_app, tower.service, Web().model_copy(update={"listen": "127.0.0.1:0"}))
        try:
            yield Site(server.url, _people(tower, clock))
        finally:
            server.stop()
            tower.service.accounts.close()


async def _made(folder: Path, clock: SetClock) -> AnsweringService:
    return tower_with_files(folder, clock)


def _people(tower: AnsweringService, clock: SetClock) -> dict[str, dict[str, str]]:
    """Nobody on this machine and from elsewhere, programs, and somebody who has logged in."""
    service = tower.service
    viewer, operator = (token(service, clock, role, *Scope) for role in (Role.VIEWER, Role.OPERATOR))
    token(service, clock, Role.ADMIN)
    session = service.accounts.authenticate("admin", PASSWORD, "127.0.0.1", clock.wall)
    assert isinstance(session, Session)
    return {
        "nobody": {},
        "nobody, from elsewhere": {"X-Forwarded-For": "192.0.2.7"},
        "viewer": {"Authorization": f"Bearer {viewer}"},
        "operator": {"Authorization": f"Bearer {operator}"},
        "admin": {"Cookie": f"session={session.id}", "X-CSRF-Token": session.csrf},
    }


@pytest.fixture(scope="session")
def described(site: Site) -> Any:
    """What the server says of itself."""
    return schemathesis.openapi.from_url(f"{site.url}api/openapi.json")


def operations() -> Iterator[tuple[str, str]]:
    """Path and method of each."""
    for router in (api.router, api_acts.router, api_schedule.router):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((route.path, method) for method in sorted(route.methods or ()))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), list(operations()))
def test_each_answer_is_as_described(described: Any, site: Site, path: str, method: str, mode: GenerationMode) -> None:
    """As everybody who may ask; with what the description allows, and with what it does not."""

    @given(described[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def each_is(case: schemathesis.Case) -> None:
        for headers in site.people.values():
            case.call_and_validate(headers=headers, checks=CHECKS)

    try:
        each_is()
    except Unsatisfiable:
        pytest.skip("nothing but what is described can be sent")


def test_the_checks_find_what_is_not_described(described: Any, site: Site) -> None:
    """Or they would hold for nothing."""
    path = "/api/v1/stop"
    schema = schemathesis.openapi.from_dict(
        described.raw_schema | {"paths": {path: {"get": {"responses": {"404": {"description": ""}}}}}}
    )
    case = schema[path]["GET"].Case()
    answer = case.call(base_url=site.url)
    assert answer.status_code == 200
    with pytest.raises(FailureGroup):
        case.validate_response(answer, checks=CHECKS)
