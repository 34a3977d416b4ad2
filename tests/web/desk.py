"""Somebody at the page who edits the schedule of a folder, as a browser without JavaScript would."""

import re
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx

from controller.config.findings import Finding
from controller.config.load import load
from controller.errors import FilesRejected
from controller.service.saving import ScheduleKeeper
from controller.state.accounts import Session
from controller.state.roles import Role, Source
from controller.state.versions import VersionStore
from controller.web.running_service import RunningService
from tests.web.conftest import BY, PASSWORD, Browser, SetClock
from tests.web.forms_in import form_to
from tests.web.turned import snapshot_of

WEEK = "/schedule/campaign/en-vecka-fri-fran-vald"


@dataclass
class Site:
    """A running service with the files of a folder, which takes what is saved."""

    service: RunningService
    clock: SetClock
    folder: Path
    versions: VersionStore = field(init=False)

    def __post_init__(self) -> None:
        self.versions = VersionStore(self.service.state, lambda _: None)
        self.service.keeper = ScheduleKeeper(self.folder, self.versions, lambda: self.clock.wall, self.take)
        self.service.keeper.note(Source.DISK)
        self.take()

    def take(self) -> tuple[Finding, ...]:
        """Takes the files as they are."""
        try:
            self.service.publish(snapshot_of(load(self.folder), self.clock.read()), is_new=True)
        except FilesRejected as rejected:
            return rejected.findings
        return ()

    @property
    def file(self) -> Path:
        """schedule.yaml."""
        return self.folder / "schedule.yaml"

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.file.read_text()

    def write(self, text: str) -> None:
        """An editor saves it, and the service looks at it."""
        self.file.write_text(text)
        self.take()


@dataclass
class Person:
    """Somebody with a session; `html` is the page that is open, `path` where it is."""

    client: httpx.AsyncClient
    csrf: str
    html: str = ""
    path: str = ""
    status: int = 0

    async def go(self, path: str) -> str:
        """Opens a page, following where it leads."""
        answer = await self.client.get(path, follow_redirects=True)
        self.html, self.path, self.status = answer.text, answer.url.path, answer.status_code
        return self.html

    async def press(self, action: str, button: str = "", **changed: str | list[str]) -> str:
        """Sends a form of the open page, following where it leads."""
        path, fields = form_to(self.html, action, button).sent(button, **changed)
        data: dict[str, list[str]] = {}
        for key, value in fields:
            data.setdefault(key, []).append(value)
        answer = await self.client.post(path, data=data, follow_redirects=True)
        self.html, self.path, self.status = answer.text, answer.url.path, answer.status_code
        return self.html

    async def change(self, path: str, **changed: str | list[str]) -> str:
        """Opens a form and sends it with other values."""
        await self.go(path)
        return await self.press("/schedule/draft", **changed)

    async def save(self, **changed: str) -> str:
        """Saves what is shown on *Vad ändras?*."""
        return await self.press("/save", **changed)

    @property
    def words(self) -> str:
        """What the open page says, without its markup."""
        text = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]*>", " ", self.html, flags=re.DOTALL)
        return " ".join(unescape(text).split())


def person(site: Site, browser: Browser, name: str, role: Role = Role.OPERATOR) -> Person:
    """Somebody of this name and role, logged in."""
    site.service.accounts.add(name, role, PASSWORD, BY, site.clock.wall)
    session = site.service.accounts.authenticate(name, PASSWORD, "127.0.0.1", site.clock.wall)
    assert isinstance(session, Session)
    client = browser(headers={"accept-language": "sv"})
    client.cookies.set("session", session.id)
    return Person(client, session.csrf)
