"""Pages of a browser, of the sizes, themes and languages of those who look."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.browser.served import PASSWORD, ServedTower

ARGUMENTS = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
PHONE, DESK, NARROW = 390, 1280, 320
LEAST_HEIGHT = 844
GENEROUS_MS = 60_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
expect.set_options(timeout=GENEROUS_MS)
HARMLESS = ("Failed to load resource",)
"""What a browser says of each answer that is an error, and of each that does not come."""


@dataclass(frozen=True)
class Screen:
    """How somebody looks; `more` are further options of a browser's context."""

    width: int = PHONE
    scheme: str = "light"
    language: str = "sv"
    with_script: bool = True

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}-{self.language}"


ALL_SCREENS = [
    Screen(width, scheme, language)
    for width in (PHONE, DESK)
    for scheme in ("light", "dark")
    for language in ("sv", "en")
]


class Screens:
    """Opens pages in contexts of their own; notes what no page may do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def open(self, tower: ServedTower, screen: Screen | None = None, role: str | None = None, **more: Any) -> Page:
        """A new tab, logged in where there is a role."""
        screen = screen or Screen()
        context = self._browser.new_context(
            base_url=tower.url,
            viewport={"width": screen.width, "height": LEAST_HEIGHT},
            color_scheme=screen.scheme,
            locale="sv-SE" if screen.language == "sv" else "en-GB",
            java_script_enabled=screen.with_script,
            **more,
        )
        self._contexts.append(context)
        context.set_default_timeout(GENEROUS_MS)
        page = context.new_page()
        host = urlsplit(tower.url).netloc
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._note_request(request, host))
        if role is not None:
            log_in(page, role)
        return page

    def close(self) -> None:
        """Closes every tab."""
        for each in self._contexts:
            each.close()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(HARMLESS):
            self.faults.append(f"{message.type}: {message.text}")

    def _note_request(self, request: Request, host: str) -> None:
        if urlsplit(request.url).netloc != host:
            self.faults.append(f"asked of another host: {request.url}")


def log_in(page: Page, name: str, path: str = "/") -> None:
    """With the password of all."""
    page.goto(f"/login?next={path}")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{path}")


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice. A line may have come since the page was opened."""
    _fit(page)
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found]


def overflow(page: Page) -> int:
    """By how much the page is wider than its window, in CSS pixels."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def look_at(page: Page, path: str) -> None:
    """Goes there, in a window as high as the page, so that no fixed bar lies over a part of it."""
    width = page.viewport_size["width"] if page.viewport_size else PHONE
    page.set_viewport_size({"width": width, "height": LEAST_HEIGHT})
    page.goto(path, wait_until="load")
    _fit(page)


def _fit(page: Page) -> None:
    """Makes the window as high as its page."""
    width, height = page.evaluate("[window.innerWidth, document.documentElement.scrollHeight]")
    if height > LEAST_HEIGHT:
        page.set_viewport_size({"width": width, "height": height})
