"""The page while the database that holds the accounts is away."""

from pathlib import Path

import pytest

from controller.config.load import Setup
from controller.config.web_keys import Web
from controller.state.accounts import AccountStore
from controller.state.postgresql import PostgresServer
from controller.state.storage import Storage
from controller.web.running_service import RunningService
from tests.web.conftest import Browser, SetClock
from tests.web.turned import snapshot_of


@pytest.fixture
def away(service: RunningService, setup: Setup, clock: SetClock, tmp_path: Path) -> None:
    """Nobody listens where the accounts are; the rest of the service is well."""
    server = PostgresServer("postgresql://nobody@127.0.0.1:1/nothing")
    service.accounts = AccountStore(Storage(tmp_path, server), service.emit)
    service.publish(snapshot_of(setup, clock.read()), is_new=True)


async def test_what_everybody_may_see_is_shown_and_the_login_says_why_not(away: None, browser: Browser) -> None:
    """503, for it may pass; the reason and the cure are there."""
    async with browser() as visitor:
        assert (await visitor.get("/")).status_code == 200
        answer = await visitor.get("/login")
    assert answer.status_code == 503
    assert "ingen lyssnar där" in answer.text
    assert "watertower doctor" in answer.text


async def test_a_stranger_is_not_shown_where_the_accounts_are(away: None, browser: Browser) -> None:
    """Only that nobody can log in now."""
    web = Web.model_validate({"listen": "0.0.0.0:8443", "cert_file": "c.pem", "key_file": "k.pem"})
    async with browser(web, "192.0.2.9", "https://tower.example:8443") as visitor:
        answer = await visitor.get("/login")
    assert answer.status_code == 503
    assert "127.0.0.1:1/" not in answer.text
    assert "accounts.db" not in answer.text
