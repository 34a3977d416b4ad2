"""Saves the schedule from the page of the service that runs on this machine, as a browser without JavaScript does.

    save_from_page.py CODE OLD NEW

CODE is that for the first account; OLD is replaced by NEW in schedule.yaml. Prints where the page ended up.
"""

import re
import sys
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

PAGE = "http://127.0.0.1:8080"


class Browser:
    """Follows links and keeps cookies."""

    def __init__(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self.html, self.path = "", ""

    def ask(self, path: str, **fields: str) -> None:
        """A page, or a form that the last page had."""
        data = urlencode({"csrf": self.found(r'name="csrf" value="([^"]*)"'), **fields}).encode() if fields else None
        with self._opener.open(PAGE + path, data, timeout=30) as answer:
            self.html, self.path = answer.read().decode(), answer.url.removeprefix(PAGE)

    def found(self, pattern: str) -> str:
        """A part of the last page; ends the program where it is not there."""
        match = re.search(pattern, self.html, re.DOTALL)
        if match is None:
            sys.exit(f"{self.path} has no {pattern}:\n{self.html}")
        return unescape(match[1])


def main(code: str, old: str, new: str) -> None:
    """Makes the first account, edits the file as text, looks at what changes, saves."""
    browser, base = Browser(), r'name="base" value="([0-9a-f]*)"'
    browser.ask("/start")
    browser.ask("/start", code=code, name="kim", password="four words of a test")  # noqa: S106
    browser.ask("/schedule/file")
    text = browser.found(rf"<textarea[^>]*>\n?(.*?{re.escape(old)}.*?)</textarea>")
    browser.ask("/schedule/file", base=browser.found(base), text=text.replace(old, new))
    seen = browser.found(r'name="seen" value="([0-9a-f]*)"')
    browser.ask(f"{browser.path}/save", base=browser.found(base), seen=seen, why="booted Debian")
    if browser.path != "/schedule":
        sys.exit(browser.html)
    print(browser.path)


if __name__ == "__main__":
    main(*sys.argv[1:])
