"""What a technician looks at in the night: log, `status`, `doctor`, page. Of each night a transcript is kept where the
variable TRANSCRIPTS names a folder."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.nights.programs import Program, Site
from tests.nights.waiting import GENEROUS_S, until

OF_TESTS = frozenset({"TWL-T001", "TWL-H101", "TWL-H102", "TWL-H191"})
"""What is said of every machine of tests: it has no time server, and nobody walked."""
HEAD, BODY = ("Log in", "Logga in"), ("Why?", "Varför?")
"""Between these the page says how it stands."""
LOST = ("No contact with the controller", "Ingen kontakt med styrningen")
WIDEST = 240


@dataclass(frozen=True)
class Look:
    """One look at everything: the events since the last one, exit code and codes of `status` and of each check of
    `doctor`, and the lines of the page about its state."""

    log: tuple[str, ...]
    status: tuple[int, tuple[str, ...]]
    doctor: tuple[int, dict[str, list[str]]]
    page: str


class _Words(HTMLParser):
    """The text of a page."""

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
class Night:
    """One night on one site, and its transcript."""

    site: Site
    title: str
    service: Program | None = None
    lines: list[str] = field(default_factory=list)
    _read: int = 0

    def start(self) -> Program:
        """The service, with its log from the beginning."""
        self.service, self._read = self.site.controller(), 0
        return self.service

    @property
    def is_kept(self) -> bool:
        """Whether somebody reads the transcript, and so waits for an end that comes late."""
        return "TRANSCRIPTS" in os.environ

    def close(self) -> None:
        """Keeps the transcript."""
        if folder := os.environ.get("TRANSCRIPTS"):
            text = "\n".join(self.lines)
            for place, told in ((self.site.config, "/etc/watertower"), (self.site.state, "/var/lib/watertower")):
                text = text.replace(str(place), told)
            Path(folder, f"{self.title.partition(' ')[0]}.md").write_text(
                f"# {self.title}\n```\n{text}\n```\n", encoding="utf-8"
            )

    def happens(self, what: str) -> None:
        """Something happens that the technician does not see, or does."""
        self.lines.append(f"-- {what}")

    def tells(self, code: str, times: int = 1, within_s: float = GENEROUS_S) -> list[dict[str, Any]]:
        """Waits until the log has the code so often."""
        service = self.service
        assert service
        return until(  # type: ignore[no-any-return]
            lambda: len(found := service.events(code)) >= times and found,
            f"{code} is not told: {service.log}",
            within_s,
        )

    def until_status(self, code: int, *codes: str) -> None:
        """Waits until `status` ends so, with these codes among the degradations."""
        until(lambda: (told := self.standing())[0] == code and set(codes) <= set(told[1]), f"{code} {codes}")

    def look(self, what: str = "", languages: tuple[str, ...] = ("en",)) -> Look:
        """Looks at everything, and writes down what it says."""
        if what:
            self.happens(what)
        log = self._log()
        status = self.standing()
        for language in languages:
            told = self._command("status", "-v", language=language)
            self._write(f"status {language}", told[0], _of_status(told[1].splitlines()))
        told = self._command("doctor", language=languages[0])
        self._write("doctor", told[0], _of_doctor(told[1].splitlines()))
        page = self.page()
        self._write("page", 0, [page])
        return Look(log, status, self._found(), page)

    def _log(self) -> tuple[str, ...]:
        events = [json.loads(line) for line in self.service.log.splitlines()] if self.service else []
        new, self._read = events[self._read :], len(events)
        grave = [event for event in new if event["level"] != "info" and event["code"] not in OF_TESTS]
        self._write("log", 0, [f"{event['level']} {event['code']}: {event['text']}" for event in grave or new[-1:]])
        return tuple(event["code"] for event in new)

    def _write(self, source: str, code: int, lines: list[str]) -> None:
        for number, line in enumerate(lines):
            head = f"{source} [{code}]" if code else source
            cut = line if len(line) <= WIDEST else line[:WIDEST] + "…"
            self.lines.append(f"{head if not number else '':14} {cut}")

    def _command(self, *words: str, language: str = "en") -> tuple[int, str]:
        """A command in the time of the site: in this process where that is the present."""
        if not self.site.env:
            told = self.site.call(*words, lang=language)
            return told.exit_code, told.output
        line = [sys.executable, "-m", "controller", "--config", str(self.site.config)]
        line += ["--state", str(self.site.state), "--lang", language, *words]
        done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, **self.site.env}, check=False)
        return done.returncode, done.stdout + done.stderr

    def standing(self) -> tuple[int, tuple[str, ...]]:
        """Exit code of `status`, and the codes of the degradations, of the service first and then of gateways."""
        code, text = self._command("status", "--json")
        if not text.startswith("{"):
            return code, tuple(line.partition(":")[0] for line in text.splitlines() if line.startswith("TWL-"))
        told = json.loads(text[: text.rindex("}") + 1])
        gateways = (each["code"] for each in told["gateways"].values() if each["code"])
        return code, tuple(one["code"] for one in told["degradations"]) + tuple(gateways)

    def _found(self) -> tuple[int, dict[str, list[str]]]:
        code, text = self._command("doctor", "--json")
        checks = {
            each["check"]: [one["code"] for one in each["findings"] if one["code"] not in OF_TESTS]
            for each in json.loads(text[text.index("{") :])["checks"]
        }
        return code, {check: codes for check, codes in checks.items() if codes}

    def page(self, path: str = "/", language: str = "en") -> str:
        """The text of the page in one line; of the tower only its state."""
        page = http.client.HTTPConnection("127.0.0.1", self.site.page_port, timeout=20)
        with contextlib.closing(page):
            page.request("GET", path, headers={"Accept-Language": language})
            words = _Words()
            words.feed(page.getresponse().read().decode())
        lines = words.lines
        begin = next((lines.index(each) + 1 for each in HEAD if each in lines), 0)
        end = next((lines.index(each) for each in BODY if each in lines), len(lines))
        # the sentence for a browser that loses contact is hidden
        return " | ".join(line for line in lines[begin:end] if not line.startswith(LOST))


def _of_status(lines: list[str]) -> list[str]:
    """The sentence, what is wrong, and the gateways that are not confirmed."""
    usual = ("Confirmed:", "Bekräftade:", "Now:", "Nu:", "·")
    told = [line for line in lines[:1] + lines[2:] if not line.startswith(usual) and " ✓ " not in line]
    is_wrong = [line.startswith("    ") for line in (*told[1:], "")]
    return [line for line, follows in zip(told, is_wrong, strict=True) if follows or not re.match(r"  \S+ \(", line)]


def _of_doctor(lines: list[str]) -> list[str]:
    """What it found, and the sum."""
    return [*_findings(lines[:-1]), *lines[-1:]]


def _findings(lines: list[str]) -> Iterator[str]:
    is_problem = is_of_tests = False
    for line in lines:
        is_problem = line.startswith("✕") or (is_problem and line.startswith(" "))
        if not line.startswith("    ="):  # the cure belongs to the line before
            is_of_tests = any(code in line for code in OF_TESTS)
        if is_problem and not is_of_tests:
            yield line
