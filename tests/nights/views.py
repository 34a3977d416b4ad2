"""All that a technician can look at in the night: the log, `status`, `doctor`, the page, `explain`."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tests.nights.programs import Program, Site

NOISE = frozenset({"TWL-T001"})
"""A machine of tests has no time server as a rule."""


@dataclass(frozen=True)
class Seen:
    """What one command said, and its exit code."""

    code: int
    text: str

    @property
    def document(self) -> Any:
        """As JSON."""
        return json.loads(self.text[self.text.index("{") :])


class _Words(HTMLParser):
    """The text of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style", "svg", "head"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style", "svg", "head"}

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.lines.append(" ".join(data.split()))


@dataclass
class Views:
    """The views of one site, with its page on a port, and how far its log has been read."""

    site: Site
    service: Program | None = None
    transcript: list[str] = field(default_factory=list)
    _read: int = 0

    def command(self, *words: str, lang: str = "en") -> Seen:
        """A command as a process of its own, in the time and place of the site."""
        line = [sys.executable, "-m", "controller", "--config", str(self.site.config)]
        line += ["--state", str(self.site.state), "--lang", lang, *words]
        done = subprocess.run(
            line, capture_output=True, text=True, env={**os.environ, **self.site.env}, timeout=60, check=False
        )
        return Seen(done.returncode, done.stdout + done.stderr)

    def standing(self) -> tuple[int, list[str]]:
        """Exit code of `status` and the codes of all that stands, of service and gateways."""
        told = self.command("status", "--json")
        if not told.text.startswith("{"):
            return told.code, re.findall(r"TWL-\w\d+", told.text)
        document = json.loads(told.text[: told.text.rindex("}") + 1])
        codes = [one["code"] for one in document["degradations"]]
        codes += [each["code"] for each in document.get("unconfirmed", []) if each.get("code")]
        return told.code, [code for code in codes if code not in NOISE]

    def found(self) -> tuple[int, dict[str, list[str]]]:
        """Exit code of `doctor`, and of each check with findings their codes."""
        told = self.command("doctor", "--json")
        checks = {each["check"]: [one["code"] for one in each["findings"]] for each in told.document["checks"]}
        return told.code, {check: codes for check, codes in checks.items() if codes}

    def page(self, path: str = "/", lang: str = "en") -> str:
        """The words of a page."""
        page = http.client.HTTPConnection("127.0.0.1", self.site.page_port, timeout=10)
        with contextlib.closing(page):
            page.request("GET", path, headers={"Accept-Language": lang})
            body = page.getresponse().read().decode()
        words = _Words()
        words.feed(body)
        return "\n".join(words.lines)

    def news(self) -> list[str]:
        """The lines of the log since the last look."""
        lines = self.service.log.splitlines() if self.service else []
        new, self._read = lines[self._read :], len(lines)
        return new
