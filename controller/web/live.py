"""`/live`: tells an open page that something it may show has changed, so that it asks for itself anew.

A message is a few bytes whatever the size of the site, and 200 streams cost one wake-up each.
"""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from controller.rfc3339 import rfc3339
from controller.web.running_service import RunningService
from controller.web.visit import ForViewer

TICK_S = 10.0
"""So often a stream says that it lives; a page that hears nothing for 25 s shows that it knows nothing."""
router = APIRouter()


@router.get("/live", include_in_schema=False)
async def live(visited: ForViewer) -> StreamingResponse:
    """Server-sent events: `state` when something changed, `tick` when nothing did."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold messages back
    return StreamingResponse(_stream(visited.service), media_type="text/event-stream", headers=headers)


async def _stream(service: RunningService) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    seen = -1
    while not service.is_ending:
        is_new = await service.changed(seen, TICK_S)
        if service.snapshot is None or service.is_ending:
            continue
        seen = service.version
        now, zone = service.clock.read().wall, service.snapshot.zone
        data = json.dumps({"version": seen, "at": rfc3339(now), "time": f"{now.astimezone(zone):%H:%M:%S}"})
        yield f"event: {'state' if is_new else 'tick'}\ndata: {data}\n\n"
