"""Keeps open pages up to date: `/live` announces a change, and the pages then reload themselves. The reloaded answer
is made once for all who may see the same (`SharedRoute`), whatever the number of readers.

A message is a few bytes whatever the size of the site, and 200 streams cost one wake-up each."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import datetime, tzinfo
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from fastapi.routing import APIRoute

from controller.rfc3339 import rfc3339
from controller.web.running_service import RunningService
from controller.web.visit import LIVE, ForViewer, Visit, visit

TICK_S = 10.0
"""Seconds between two signs of life in a stream; a page that receives nothing for 25 s shows that it is out of date.
"""
STATE_S = 0.5
"""Smallest number of seconds between two announcements: lamps that fade report all the time."""
MOST_SHARED = 200
router = APIRouter()


@router.get("/live", include_in_schema=False)
async def live(visited: ForViewer) -> StreamingResponse:
    """Server-sent events: `state` after a change, `tick` without one."""
    return streamed(_stream(visited.service))


def streamed(messages: AsyncIterator[str]) -> StreamingResponse:
    """Sends messages as they come."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold messages back
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


def message(version: int, now: datetime, zone: tzinfo | None, *, is_new: bool) -> str:
    """The version of the state, and the time by the clocks of the zone, or of this computer."""
    data = json.dumps({"version": version, "at": rfc3339(now), "time": f"{now.astimezone(zone):%H:%M:%S}"})
    return f"event: {'state' if is_new else 'tick'}\ndata: {data}\n\n"


async def _stream(service: RunningService) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    seen = -1
    while not service.is_ending:
        is_new = await service.changed(seen, TICK_S)
        if service.snapshot is None or service.is_ending:
            continue
        seen = service.version
        yield message(seen, service.clock.read().wall, service.snapshot.zone, is_new=is_new)
        await asyncio.sleep(STATE_S)


class SharedAnswers:
    """Answers to open pages that reload themselves, by address, of one version of the state."""

    def __init__(self) -> None:
        self._version: object = None
        self._answers: dict[object, asyncio.Task[Response]] = {}

    async def get(self, key: object, version: object, make: Callable[[], Coroutine[Any, Any, Response]]) -> Response:
        """The answer, made at the first request; others wait for the same one."""
        if version != self._version or len(self._answers) >= MOST_SHARED:
            self._version, self._answers = version, {}
        task = self._answers.get(key)
        if task is None:
            task = self._answers[key] = asyncio.create_task(make(), name="page: shared answer")
            task.add_done_callback(lambda made: self._forget(key, made))
        return await asyncio.shield(task)  # one of those waiting may disconnect

    def _forget(self, key: object, made: asyncio.Task[Response]) -> None:
        """Removes a failed answer, so that the next request tries again."""
        if (made.cancelled() or made.exception() is not None) and self._answers.get(key) is made:
            del self._answers[key]


class SharedRoute(APIRoute):
    """A view that is equal for everybody with one role, except for name and forms, which an open page keeps."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Makes all other answers as usual."""
        make = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if LIVE not in request.headers:
                return await make(request)
            visited = await run_in_threadpool(visit, request)
            request.state.shared_role = visited.visitor.role
            answers = request.app.state.shared_answers.setdefault(visited.service.site, SharedAnswers())
            shown = visited.service, visited.service.version  # a site that is rebuilt counts from the beginning
            answer = await answers.get(_key(visited), shown, lambda: make(request))
            return Response(answer.body, answer.status_code, media_type=answer.media_type)

        return handler


def _key(visited: Visit) -> tuple[object, ...]:
    return str(visited.request.url.query), visited.request.url.path, visited.language, visited.visitor.role
