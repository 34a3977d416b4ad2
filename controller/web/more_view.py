"""Mer: what the menu of a phone has no room for, language and theme; and how accessible the page is."""

from fastapi import APIRouter
from fastapi.responses import Response

from controller import __version__
from controller.locale import languages
from controller.service.health import WORST_FIRST
from controller.web.forms import FormOf
from controller.web.visit import THEMES, ForViewer, Visited, remember

router = APIRouter()


@router.get("/more", include_in_schema=False)
def more(visited: ForViewer) -> Response:
    """Links to the other views, and how the page is to look."""
    counts = visited.snapshot.health.counts
    return visited.page(
        "more",
        counts={status: counts[status] for status in WORST_FIRST if status != "confirmed" and counts.get(status)},
        themes=THEMES,
    )


@router.post("/more", include_in_schema=False)
def settle(visited: ForViewer, form: FormOf) -> Response:
    """Keeps language and theme in this browser."""
    response = visited.to("/more")
    for name, known in (("lang", languages()), ("theme", THEMES)):
        if form.get(name) in known:
            remember(response, name, form.get(name))
    return response


@router.get("/accessibility", include_in_schema=False)
def accessibility(visited: Visited) -> Response:
    """What is known of how accessible the page is, and whom to tell."""
    return visited.page("accessibility", version=__version__)
