"""What the documents promise holds: every command is there and works, every snippet is read, every shipped file is
sound, and nothing names a place that only one computer knows."""

import re
import shlex
import shutil
import subprocess
import textwrap
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.app.last_good import write_last_good
from controller.cli import COMMANDS, group
from controller.config.load import SCHEDULE, TOWER, load
from controller.config.site_folder import SiteFolder
from controller.config.tower import Tower
from controller.events import CATALOGUE
from controller.service.saving import ScheduleKeeper
from controller.state.accounts import AccountStore
from controller.state.audit import Act, Actor, AuditEntry
from controller.state.backup import make
from controller.state.roles import Source
from controller.state.versions import VersionStore
from tests.parts import needs, require

ROOT = Path(__file__).parents[1]
DEPLOYMENT = [ROOT / "deploy" / name for name in ("README.md", "NETWORK.md", "COMPLIANCE.md")]
DOCUMENTS = [ROOT / "README.md", *DEPLOYMENT, ROOT / "config" / "LATHUND.md"]
FOR_MAINTAINERS = [
    ROOT / "controller" / "README.md",
    ROOT / ".github" / "CONTRIBUTING.md",
    ROOT / ".github" / "SECURITY.md",
    ROOT / "deploy" / "CHANGELOG.md",
]
SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir() if path.suffix != ".py")
SCRIPTS += sorted((ROOT / "deploy").rglob("*.sh"))
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 6, 8, tzinfo=UTC)
SERVICES = {"run", "gateway", "demo", "test-notice"}
"""Commands that go on, or send something to somebody: their options are parsed, other tests call them."""
TALKING = {"check-gateway", "doctor", "status", "override", "resume", "stop", "test-lamps"}
"""Commands that need a running service: here nobody answers them. So does an option:"""
RUNNING = "--against-running"
BACKUP = "/var/backups/watertower.tar.gz"
ANSWERS = {"new": "Lucia\nLucia\n1\n\n\nvit\n\n\n\n\nno\n"}
"""What is typed where a command asks more than for a password."""


def fences(path: Path, language: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    return [body for _, told, body in FENCE.findall(path.read_text(encoding="utf-8")) if told == language]


def command_lines() -> list[tuple[str, str]]:
    """Every line with `watertower …` of every document, as (document, words after the name)."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        lines = [line.strip() for block in fences(path, "") for part in block.splitlines() for line in part.split("&&")]
        lines += re.findall(r"`(watertower [^`\n]+)`", text)
        matches = (
            re.match(r"(?:[A-Z_]+=\S+ )?(?:\S*/)?watertower(?: ([^>]*))?(?: >+ \S+)?$", line.strip()) for line in lines
        )
        found += [(path.name, match[1] or "--help") for match in matches if match]
    return sorted(set(found))


@pytest.fixture
def site(made_site: Path, tmp_path: Path) -> Path:
    """A copy of the shipped configuration on a port that nobody listens on, with two versions of its schedule."""
    shutil.copytree(made_site, tmp_path, dirs_exist_ok=True)
    return tmp_path / "config"


@pytest.fixture(scope="module")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of which `site` is a copy."""
    made = tmp_path_factory.mktemp("site")
    config = Path(shutil.copytree(ROOT / "config", made / "config"))
    tower = (config / TOWER).read_text(encoding="utf-8")
    (config / TOWER).write_text(tower.replace("broker: embedded", "broker: mqtt://127.0.0.1:1"), encoding="utf-8")
    keeper = ScheduleKeeper(config, VersionStore(made / "state", [].append), lambda: NOW)
    shipped = keeper.read()
    keeper.save(shipped.text + b"# saved\n", shipped.sha256, who="kim", source=Source.PAGE)
    return made


@pytest.mark.parametrize(("document", "line"), command_lines(), ids=lambda value: value.replace(" ", "_"))
def test_every_command_of_the_documents_works(site: Path, tmp_path: Path, document: str, line: str) -> None:
    """On the shipped configuration: exit code 0; 69 where it needs a service that is not running."""
    words = ["sunset" if word == "…" else word for word in shlex.split(line)]
    folders = {
        "/etc/watertower": str(site),
        "/var/lib/watertower": str(tmp_path / "state"),
        BACKUP: str(tmp_path / "b"),
    }
    words = [folders.get(word, word) for word in words]
    words = ["1" if before == "--seeds" else word for before, word in zip(["", *words], words, strict=False)]
    if words[0] == "rehearse":  # one night of one storm is enough here
        words = [word.replace("20–26", "20–21") for word in words]
    name = next(word for word in words if word in COMMANDS or word in {"--help", "--version"})
    assert words[0] in COMMANDS or words[0].startswith("-"), f"{document}: {line}"
    place = ["--config", str(site), "--state", str(tmp_path / "state")]
    if name in {"backup", "restore"}:
        backed_up(site, tmp_path)
    if {"--site", "--all-sites"} & set(words):
        write_sites(site)
    if name in SERVICES:
        words = [*(word for word in words if word != "&"), "--help"]
    if name == "audit":
        AccountStore(tmp_path / "state", [].append).audit.append(
            AuditEntry(Act.STOP_SET, Actor("kim", Source.PAGE)), NOW
        )
    result = CliRunner().invoke(group, [*place, *words], input=ANSWERS.get(name, "häst batteri klammer\n"))
    expected = {1, 69} if name in TALKING or RUNNING in words else {2} if name == "migrate" else {0}  # no database
    assert result.exit_code in expected, result.output


def backed_up(site: Path, folder: Path) -> None:
    """A service ran on the site, and a backup of it is there."""
    (folder / "state").mkdir(exist_ok=True)
    write_last_good({TOWER: (site / TOWER).read_bytes()}, folder / "state")
    make(folder / "b", site, folder / "state", NOW)


def test_the_documents_name_many_commands() -> None:
    """The search above finds what people type."""
    lines = [line for _, line in command_lines()]
    assert len(lines) >= 10
    assert {"check", "plan", "status", "run", "demo", "resume"} <= {line.split()[0] for line in lines}


def test_every_command_is_in_the_readme() -> None:
    """A command that nobody can find is none."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}" not in text] == []


SNIPPETS = [(path.name, textwrap.dedent(body)) for path in DOCUMENTS for body in fences(path, "yaml")]
OF_SITES = [snippet for _, snippet in SNIPPETS if snippet.startswith("# config/")]
"""Whole files of a folder with several sites, each under its name."""
SNIPPETS = [each for each in SNIPPETS if each[1] not in OF_SITES]


def write_sites(config: Path) -> None:
    """The folder with several sites that the documents describe, on a port that nobody listens on."""
    shutil.rmtree(config)
    for snippet in OF_SITES:
        path = config / snippet.partition("\n")[0].removeprefix("# config/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet.replace("broker: embedded", "broker: mqtt://127.0.0.1:1"), encoding="utf-8")


def test_the_sites_of_the_documents_are_as_they_say(tmp_path: Path) -> None:
    """Blue by the site's own schedule on the first day, orange by the shared one on the others."""
    (tmp_path / "config").mkdir()
    write_sites(tmp_path / "config")
    program = load(SiteFolder(tmp_path / "config", "north")).program()
    shown = [program.look_at(datetime(2026, 11, day, 20, tzinfo=UTC)).campaign for day in (20, 21)]
    assert shown == ["Stadens dag", "En vecka fri från våld"]


@pytest.mark.parametrize(("document", "snippet"), SNIPPETS, ids=range(len(SNIPPETS)))
def test_every_snippet_is_read_by_the_loader(tmp_path: Path, document: str, snippet: str) -> None:
    """A part of one of the two files or a profile, put where the text says that it belongs."""
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    for secret in ("mqtt-password", "database-password", "broker-ca.pem"):
        (config / secret).write_text("x", encoding="utf-8")
    first = snippet.partition(":")[0]
    if first in Tower.model_fields:
        text = (config / TOWER).read_text(encoding="utf-8")
        others = re.sub(rf"^{first}:.*\n(?: .*\n)*", "", text, flags=re.MULTILINE)
        (config / TOWER).write_text(others + snippet, encoding="utf-8")
    elif snippet.startswith("name:"):
        (config / "profiles").mkdir()
        (config / "profiles" / "flood.yaml").write_text(snippet, encoding="utf-8")
    else:
        head = "" if snippet.startswith("campaigns:") else "campaigns:\n"
        (config / SCHEDULE).write_text(f"version: 1\n{head}{snippet}", encoding="utf-8")
    setup = load(config)
    assert snippet.startswith("name:") == ("flood" in setup.profiles)
    assert setup.schedule.campaigns
    assert first not in Tower.model_fields or first in setup.tower.model_fields_set
    assert setup.tower.mqtt.username == "controller" or first != "mqtt"


def test_every_file_that_a_command_copies_is_there() -> None:
    """What a technician types in the folder of the program finds what it names."""
    for path in DOCUMENTS:
        blocks = "\n".join(fences(path, ""))
        for named in re.findall(r"(?:^|\s)((?:deploy|config|mosquitto)/\S*)", blocks):
            assert (ROOT / named).exists(), f"{path.name}: {named}"


def test_no_command_is_twice_in_the_table() -> None:
    """One line for each."""
    names = re.findall(r"^\| `([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted({name for name in names if name in COMMANDS}) == sorted(name for name in names if name in COMMANDS)


def test_every_code_of_the_documents_is_in_the_catalogue() -> None:
    """And is explained there."""
    codes = {code for path in DOCUMENTS for code in re.findall(r"TWL-[A-Z]\d{3}", path.read_text(encoding="utf-8"))}
    assert codes
    assert codes <= set(CATALOGUE)


def test_every_place_in_the_guide_for_maintainers_exists() -> None:
    """Each file and each class or function that is named beside one."""
    guide = (ROOT / "controller" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+(?:\.py|/))`", guide))
    assert len(named) > 30
    known = {path.relative_to(ROOT / "controller").as_posix() for path in (ROOT / "controller").rglob("*")}
    known |= {Path(path).name for path in known}
    known |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")}
    assert sorted(name for name in named if name.rstrip("/") not in known) == []
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "controller").rglob("*.py"))
    words = set(re.findall(r"`([A-Z][a-zA-Z]+|[a-z]+_[a-z_]+)`", guide))
    assert sorted(word for word in words if not re.search(rf"(class|def) {word}\b|^{word} = ", sources, re.M)) == []


def test_the_guide_for_maintainers_names_every_package() -> None:
    """A new package has a place in it."""
    guide = (ROOT / "controller" / "README.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in (ROOT / "controller").glob("*/__init__.py")} - {"cli"}
    assert sorted(name for name in packages if f"`{name}`" not in guide) == []


def anchors(path: Path) -> set[str]:
    """Where a link may lead within a document, as its headings are named on GitHub."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_and_picture_of_the_documents_leads_somewhere() -> None:
    """Links inside the repository, to a heading too; others begin with https."""
    for path in [*DOCUMENTS, *FOR_MAINTAINERS]:
        text = path.read_text(encoding="utf-8")
        for target in [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'<img src="([^"]+)"', text)]:
            if "://" in target:
                assert target.startswith("https://"), f"{path.name}: {target}"
                continue
            file, _, anchor = target.partition("#")
            led_to = path.parent / file if file else path
            assert led_to.exists(), f"{path.name}: {target}"
            assert not anchor or anchor in anchors(led_to), f"{path.name}: {target}"


def test_the_readme_carries_the_two_marked_commands() -> None:
    """One to run, one to test; each is complete in itself."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for mark, ends in (("run", "watertower run"), ("test", "-m pytest -q -m 'not real'")):
        (block,) = re.findall(rf"<!-- {mark} -->\n```\n(.*?)\n```", text, re.DOTALL)
        assert block.startswith("python3 -m venv .venv && ")
        assert block.endswith(ends)
        assert "\n" not in block


@pytest.mark.real
@needs("bash")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_valid_bash(path: Path) -> None:
    """Those of the gate, and what they share."""
    subprocess.run(["bash", "-n", path], check=True)


MARKED = [
    ("README.md", "run"),
    ("README.md", "test"),
    ("README.md", "real"),
    ("README.md", "browser"),
    ("deploy/COMPLIANCE.md", "sbom"),
]
MARKED += [
    ("deploy/README.md", mark)
    for mark in (
        *("clone", "install", "configure", "start", "upgrade", "rollback", "uninstall", "gateway", "container"),
        *(f"broker-{step}" for step in ("install", "certificates", "users", "controller", "gateway")),
    )
]


@pytest.mark.real
@needs("bash")
@pytest.mark.parametrize(("document", "mark"), MARKED)
def test_the_scripts_find_the_commands_of_the_documents(document: str, mark: str) -> None:
    """The gate and the installations run them as they are written."""
    found = lines_of(document, mark)
    assert found.returncode == 0, found.stderr
    body = found.stdout.rstrip("\n")
    assert body in [textwrap.dedent(block).rstrip("\n") for block in fences(ROOT / document, "")]


@pytest.mark.real
@needs("bash")
def test_the_scripts_complain_of_a_mark_that_is_nowhere() -> None:
    """Else a renamed mark would test nothing."""
    assert lines_of("README.md", "nowhere").returncode == 1


def lines_of(document: str, mark: str) -> subprocess.CompletedProcess[str]:
    """What `commands` of `.ci/lib.sh` finds."""
    script = f". .ci/lib.sh; commands {document} {mark}"
    return subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def unit(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A unit under the name of an instance where it is a template, with a program that is there."""
    shipped: Path = request.param
    copy = tmp_path / shipped.name.replace("@.", "@mast.")
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", shipped.read_text(encoding="utf-8"), flags=re.MULTILINE)
    copy.write_text(text, encoding="utf-8")
    return copy


@pytest.mark.real
@needs("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, indirect=True, ids=lambda path: path.name)
def test_the_units_are_sound_and_closed(unit: Path) -> None:
    """systemd finds no mistake in them, and little that an attacker could reach."""
    verify = subprocess.run([require("systemd-analyze"), "verify", unit], capture_output=True, text=True, check=False)
    complaints = [line for line in verify.stderr.splitlines() if unit.name in line or "ignoring" in line]
    assert complaints == [], verify.stderr
    command = [require("systemd-analyze"), "security", "--offline=yes", "--threshold=20", "--no-pager", str(unit)]
    security = subprocess.run(command, capture_output=True, text=True, check=False)
    assert security.returncode == 0, security.stdout[-300:] + security.stderr


def system_calls(names: str) -> set[str]:
    """The calls that one `SystemCallFilter=` names, groups expanded as this machine's systemd knows them."""
    found: set[str] = set()
    for name in names.split():
        if not name.startswith("@"):
            found.add(name)
            continue
        lines = subprocess.run(
            [require("systemd-analyze"), "syscall-filter", name], capture_output=True, text=True, check=True
        ).stdout
        words = " ".join(line.strip() for line in lines.splitlines()[1:] if not line.strip().startswith("#"))
        found |= system_calls(words)
    return found


@pytest.mark.real
@needs("systemd-analyze")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_units_let_the_clock_be_judged_but_not_set(path: Path) -> None:
    """glibc makes clock_adjtime() of adjtimex(); without it the program would not see a clock that runs free."""
    allowed: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        allowed = allowed - system_calls(line[1:]) if line.startswith("~") else allowed | system_calls(line)
    assert {"adjtimex", "clock_adjtime", "clock_adjtime64", "clock_gettime", "sendto"} <= allowed
    assert not allowed & {"clock_settime", "clock_settime64", "settimeofday", "mount", "chown", "setuid"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_units_start_a_command_that_exists(path: Path) -> None:
    """With options that it takes."""
    (line,) = re.findall(r"^ExecStart=\S+/watertower (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    words = line.replace("%i", "mast").split()
    assert CliRunner().invoke(group, [*words, "--help"]).exit_code == 0


def requirements() -> dict[str, str]:
    """Name -> what is pinned, with its hashes."""
    text = (ROOT / "deploy" / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    pinned = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {plain(line.partition("==")[0]): line for line in pinned}


def plain(name: str) -> str:
    """The name of a package as packages are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).strip().lower()


def test_everything_installed_is_pinned_with_hashes() -> None:
    """And covers what pyproject.toml asks for."""
    pinned = requirements()
    for name, line in pinned.items():
        assert re.match(r"[a-z0-9._-]+==\S+ ", line.lower()), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), name
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["postgresql"]):
        assert plain(re.split(r"[<>=~!\[; ]", requirement)[0]) in pinned


def tracked() -> list[Path]:
    """The files of the repository; skips where this is a mere copy of them."""
    command = [require("git"), "ls-files", "-z"]
    git = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if git.returncode:
        pytest.skip("these files lie in no git repository")
    return [ROOT / name for name in git.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.real
def test_no_file_names_a_registry_or_a_place_on_one_computer() -> None:
    """What is tracked can be used anywhere."""
    # written in parts, or this file would be the first to be found
    words = ["--index" + "-url", "extra-" + "index", "artif" + "actory", "py" + "pi.", "/wo" + "rk/", "/ro" + "ot/"]
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8", errors="ignore") for path in tracked()}
    assert [f"{path}: {word}" for path, text in texts.items() for word in words if word in text] == []
