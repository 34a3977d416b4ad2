"""Tornet: is it lit as it should be, and what comes next?"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from controller.web.visit import Visited

router = APIRouter()


@router.get("/", include_in_schema=False)
def tower(visited: Visited) -> HTMLResponse:
    """The tower as it is reported, the sentence, what comes next."""
    return visited.page(
        "tower", picture="", status="unknown", sentence=visited.snapshot.health.now.said(visited.language)
    )
