"""A program that uses the API of a tower whose controller answers."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from controller.config.load import load
from controller.state.audit import Actor
from controller.state.roles import Role, Scope, Source
from controller.web.running_service import RunningService
from tests.web.answering import AnsweringService
from tests.web.conftest import BY, PASSWORD, SHIPPED, SetClock

V1 = "/api/v1"
BLUE = {"look": "blå", "until": "sunrise", "reason": "sorg"}


def tower_with_files(folder: Path, clock: SetClock) -> AnsweringService:
    """The shipped tower with its files in a folder of its own; its first version is saved."""
    config, state = folder / "config", folder / "state"
    shutil.copytree(SHIPPED, config)
    state.mkdir()
    made = AnsweringService(load(config), clock, state, config)
    made.publish()
    if made.service.keeper is not None:
        made.service.keeper.note()
    return made


def token(service: RunningService, clock: SetClock, role: Role, *scopes: Scope) -> str:
    """A token called `Larm` of an account of this role, named after it."""
    if role.value not in {each.name for each in service.accounts.accounts()}:
        service.accounts.add(role.value, role, PASSWORD, BY, clock.wall)
    return service.accounts.tokens.add(role.value, "Larm", frozenset(scopes), Actor("root", Source.PAGE), clock.wall)


@dataclass
class Program:
    """Asks with a token; paths are those after `/api/v1`."""

    client: httpx.AsyncClient
    secret: str

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, in English where it does not say otherwise."""
        headers = {"authorization": f"Bearer {self.secret}", "accept-language": "en", **more.pop("headers", {})}
        return await self.client.request(method, V1 + path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """For reading."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """For acting."""
        return await self.ask("POST", path, json=body, **more)

    async def base(self) -> dict[str, str]:
        """The header that says which file is changed: the one on the disk."""
        return {"if-match": (await self.get("/schedule")).headers["etag"]}
