"""What a command imports: who checks a file waits for nothing that only a running service needs."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
NOT_FOR_CHECK = (
    "asyncio",
    "apscheduler",
    "paho",
    "sqlite3",
    "serial",
    "coloraide",
    "controller.fixtures",
    "controller.app",
)


def test_check_of_the_shipped_files_imports_nothing_of_a_running_service() -> None:
    """A start of `check` takes 0.4 s at most; each of these would add 10 to 100 ms."""
    run = [sys.executable, "-X", "importtime", "-m", "controller", "--config", str(ROOT / "config"), "check"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "controller.config.load" in imported
    assert not [name for name in NOT_FOR_CHECK if name in imported]


def test_a_plan_imports_nothing_that_reaches_a_broker() -> None:
    """It is read from the files and the state directory."""
    run = [sys.executable, "-X", "importtime", "-m", "controller", "--config", str(ROOT / "config"), "plan"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "controller.app.last_good" in imported
    assert not imported & {
        "paho",
        "apscheduler",
        "psycopg",
        "controller.mqtt",
        "controller.broker",
        "controller.service.runtime",
    }


def test_only_import_fixture_loads_the_importer_of_fixture_files() -> None:
    """A service, a check or a plan never reads such a file."""
    package = ROOT / "controller"
    importers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "controller.fixtures" in path.read_text("utf-8") and path.parent.name != "fixtures"
    }
    assert importers == {"cli/import_fixture.py"}


def test_a_service_loads_only_what_it_is_asked_for() -> None:
    """Notices: apprise alone takes 18 MB and a quarter of a second. The page takes 25 MB, the embedded broker 1 MB."""
    words = "import sys, controller.cli.run; print(*sys.modules)"
    run = [sys.executable, "-c", words]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "controller.app.assembly" in loaded
    assert not loaded & {
        *("apprise", "requests", "controller.app.notifier"),
        *("fastapi", "uvicorn", "jinja2", "controller.web", "controller.app.page"),
        *("controller.broker.server", "controller.dmx", "controller.app.sites", "psycopg", "coloraide", "serial"),
    }


def test_a_dmx_gateway_loads_pyserial_only_for_a_usb_widget() -> None:
    """The other outputs need the network alone."""
    words = "import sys, controller.dmx.runtime; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "controller.dmx.outputs.enttec" in loaded
    assert "serial" not in loaded
