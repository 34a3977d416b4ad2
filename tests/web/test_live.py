"""What keeps open pages up to date: made once for all who look, and nothing of one visitor reaches another."""

import asyncio
import re

import pytest
from fastapi.responses import Response

from controller.config.web_keys import Web
from controller.service.health import Degradation
from controller.web.live import SharedAnswers
from controller.web.running_service import RunningService
from tests.web.conftest import Browser
from tests.web.turned import snapshot_of

LIVE = {"x-live": "1"}


async def test_an_answer_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    """However many they are; and again when something has changed."""
    answers, made = SharedAnswers(), 0

    async def make() -> Response:
        nonlocal made
        made += 1
        await asyncio.sleep(0.01)
        return Response(str(made))

    first = await asyncio.gather(*(answers.get("tower", 1, make) for _ in range(200)))
    assert {answer.body for answer in first} == {b"1"}
    assert (await answers.get("tower", 1, make)).body == b"1"
    assert (await answers.get("tower", 2, make)).body == b"2"


async def test_one_who_goes_away_does_not_keep_the_others_from_their_answer() -> None:
    """As a phone that is put away."""
    answers = SharedAnswers()

    async def make() -> Response:
        await asyncio.sleep(0.05)
        return Response("made")

    gone, waits = (asyncio.create_task(answers.get("tower", 1, make)) for _ in range(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    assert (await waits).body == b"made"


async def test_an_answer_for_all_holds_no_name_and_no_mark_of_anybody(
    browser: Browser, service: RunningService
) -> None:
    """In a demo everybody has both."""
    service.is_demo = True
    service.publish(snapshot_of(service.setup, service.clock.read()), is_new=True)
    client = browser(Web())
    alone, shared = [await client.get("/", headers=headers) for headers in ({}, LIVE)]
    assert alone.status_code == shared.status_code
    assert "Demo" in alone.text
    assert "Demo</" not in shared.text
    assert 'data-csrf=""' in shared.text


async def test_two_brokers_that_are_away_are_two_banners(browser: Browser, service: RunningService) -> None:
    """Though what is wrong with them has the same code."""
    reading = service.clock.read()
    away = tuple(
        Degradation(code="TWL-M007", since=reading.wall, fields={"broker": broker, "reason": "-"})
        for broker in ("mqtt://one:1883", "mqtt://two:1883")
    )
    service.publish(snapshot_of(service.setup, reading, degradations=away), is_new=True)
    page = (await browser(Web()).get("/")).text
    assert "one:1883" in page
    assert "two:1883" in page


async def test_what_is_wrong_with_the_service_is_an_error_or_a_warning_and_errors_come_first(
    browser: Browser, service: RunningService
) -> None:
    """As the catalogue has it."""
    reading = service.clock.read()
    warning, error = (
        Degradation(code=code, since=reading.wall, fields={"database": "db", "reason": "-"})
        for code in ("TWL-J040", "TWL-J043")
    )
    service.publish(snapshot_of(service.setup, reading, degradations=(warning, error)), is_new=True)
    page = (await browser(Web()).get("/")).text
    assert re.findall(r'class="banner (\w+)".*?/code/(TWL-J\d+)', page, re.DOTALL) == [
        ("error", "TWL-J043"),
        ("warning", "TWL-J040"),
    ]


async def test_an_answer_that_could_not_be_made_is_tried_again() -> None:
    """By the next who asks."""
    answers, tries = SharedAnswers(), 0

    async def make() -> Response:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("the disk is gone")
        return Response("made")

    with pytest.raises(OSError, match="gone"):
        await answers.get("tower", 1, make)
    await asyncio.sleep(0)
    assert (await answers.get("tower", 1, make)).body == b"made"


async def test_an_answer_that_was_broken_off_is_made_again() -> None:
    """As one that failed."""
    answers, errors = SharedAnswers(), [asyncio.CancelledError(), KeyError("a mistake")]

    async def make() -> Response:
        if errors:
            raise errors.pop()
        return Response("made")

    for error in (KeyError, asyncio.CancelledError):
        with pytest.raises(error):
            await answers.get("tower", 1, make)
        await asyncio.sleep(0)
    assert (await answers.get("tower", 1, make)).body == b"made"
