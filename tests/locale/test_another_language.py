"""Another language is another folder: one is made in letters that none of ours has, and the program speaks it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import click
import pytest

import controller
from controller.cli import COMMANDS, group
from controller.locale import FOLDER, texts
from tests.nights.programs import Site
from tests.nights.waiting import until

pytestmark = pytest.mark.real

PACKAGE = Path(controller.__file__).parent
FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("A"), ord("z") + 1) if chr(code).isalpha()}
"""A is Ａ: who reads a text in ASCII letters reads one that was not taken from the folder."""
KEPT = re.compile(r"(\{[^}]*\}|\\.)")
"""Fields of a text, and escapes of its file."""
TOPICS = sorted(path.relative_to(FOLDER / "en").as_posix() for path in (FOLDER / "en").rglob("*.toml"))
OWN = re.compile(
    r"watertower/\S+|TWL-[A-Z]\d{3}|#[0-9A-F]{6}|mqtt://\S+|[a-z]+\.yaml|\b(INFO|WARNING|ERROR|CES?T|SIGTERM)\b"
)
"""What is the same in every language."""
WORD = re.compile(r"[A-Za-zÅÄÖåäö_]{2,}")
CALLS = """
import sys
from click.testing import CliRunner
from controller.cli import group
for line in sys.argv[1:]:
    print(CliRunner().invoke(group, ["--lang", "xx", *line.split()]).output)
"""


def wide(text: str) -> str:
    """The text in full-width letters, but for its fields."""
    return "".join(part if KEPT.fullmatch(part) else part.translate(FULL_WIDTH) for part in KEPT.split(text))


def lines(value: Any, name: tuple[str, ...] = ()) -> Iterator[str]:
    """A table as TOML with its texts in full-width letters."""
    tables = {key: one for key, one in value.items() if isinstance(one, dict)}
    if name:
        yield f"[{'.'.join(json.dumps(key) for key in name)}]"
    for key, one in value.items():
        if key not in tables:
            yield f"{json.dumps(key)} = {json.dumps(wide(one), ensure_ascii=False)}"
    for key, table in tables.items():
        yield from lines(table, (*name, key))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with the program and one more folder of texts."""
    shutil.copytree(PACKAGE, tmp_path / "program" / "controller", ignore=shutil.ignore_patterns("__pycache__"))
    for topic in TOPICS:
        path = tmp_path / "program" / "controller" / "locale" / "xx" / topic
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines(tomllib.loads((FOLDER / "en" / topic).read_text("utf-8")))), "utf-8")
    return tmp_path / "program"


@pytest.fixture
def site(tmp_path: Path, program: Path) -> Iterator[Site]:
    """The shipped site, where that program runs."""
    made = Site(tmp_path)
    made.env |= {"PYTHONPATH": str(program), "PYTHONSAFEPATH": "1"}
    made.edit("tower.yaml", "language: sv ", "language: xx ")
    yield made
    made.close()


def said(site: Site, *words: str, code: int | None = 0) -> str:
    """What a command says."""
    asked = site.start(*words, lang="xx")
    told, _ = asked.process.communicate(timeout=60)
    assert code in {None, asked.process.returncode}, asked.log
    return told.decode() + asked.log


def untranslated(text: str, site: Site) -> set[str]:
    """Words in ASCII letters that are neither values nor keywords of the site's files."""
    written = "\n".join(re.sub(r"(^|\s)#.*", "", path.read_text("utf-8")) for path in site.config.glob("*.yaml"))
    known = {*WORD.findall(written), *texts("en", "keywords")}
    return set(WORD.findall(OWN.sub(" ", text.replace(str(site.config), " ")))) - known


def test_the_program_speaks_a_language_that_is_only_a_folder(site: Site) -> None:
    """`check` of good and of bad files, `plan`, `explain`, `status` without a service and with one, and its log."""
    told = [said(site, "plan", "2026-11-15..2026-11-30"), said(site, "plan", "--at", "2026-11-21T22:00")]
    told += [said(site, "check"), said(site, "status", code=69)]
    service = site.start("run", lang=None, LC_ALL="", LC_MESSAGES="", LANG="")
    until(lambda: "TWL-G101" in service.log, "no confirmation")
    told.append(said(site, "status", code=None))  # the clock of a machine of tests may be doubted, which is code 1
    assert service.end() == 0
    told.append(service.log)
    site.edit("schedule.yaml", "color: orange", "color: oragne\n    sover: 30 novmber")
    told.append(said(site, "check", code=78))
    assert all(re.search("[ａ-ｚ]{3}", text) for text in told)
    assert [found for text in told if (found := untranslated(text, site))] == [], "\n".join(told)


def test_the_page_speaks_and_offers_a_language_that_is_only_a_folder(site: Site) -> None:
    """Every view is whole in it, and in the others there is a link to it."""
    service = site.with_page().start("run", lang=None, LC_ALL="", LC_MESSAGES="", LANG="")
    until(lambda: "TWL-G101" in service.log, "no confirmation")
    for view in ("", "public", "more", "schedule", "history", "gateways", "events", "proof"):
        assert '<html lang="xx"' in seen(site, f"{view}?lang=xx"), view
        assert 'hreflang="xx">Ｅｎｇｌｉｓｈ' in seen(site, f"{view}?lang=sv"), view


def seen(site: Site, path: str) -> str:
    """A view of the page."""
    with urlopen(f"http://127.0.0.1:{site.page_port}/{path}") as answer:
        return str(answer.read().decode())


def test_the_help_of_every_command_is_in_a_language_that_is_only_a_folder(program: Path) -> None:
    """All of it but the names of commands, options and choices, which are the same in every language; and so is what is
    reported of a command that lacks something, or has too much."""
    lines = [*(f"{name} --help" for name in ("", *COMMANDS)), "chek", "check --jsn", "override", "explain G104 G105"]
    lines += ["check --format", "check --format xml", "demo --speed 0", "check --json=yes", "plan 2026 --at 2026"]
    told = subprocess.run(
        [sys.executable, "-P", "-c", CALLS, *lines],
        env={**os.environ, "PYTHONPATH": str(program), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.count(wide("Usage")) > len(COMMANDS)
    names = {"watertower", "xx", *COMMANDS, *WORD.findall(" ".join(lines))}
    context = click.Context(group)
    for command in (group, *(group.get_command(context, name) for name in COMMANDS)):
        assert command
        for param in command.params:
            names |= {*WORD.findall(" ".join(param.opts)), "help", "version"}
            names |= {str(choice) for choice in getattr(param.type, "choices", ())}
    left = {word for word in WORD.findall(OWN.sub(" ", told)) if word not in WORD.findall(" ".join(names))}
    assert left == set(), told


def test_the_texts_are_installed_with_the_program() -> None:
    """Every file that is no module is package data."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["controller"]
    left_out = {path for path in PACKAGE.rglob("*.*") if path.is_file()}
    left_out -= {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert {path for path in left_out if path.suffix not in {".py", ".pyc", ".md"}} == set()
