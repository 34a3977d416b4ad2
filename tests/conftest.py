"""What all tests share: they run side by side; in CI every real part is there, so a skip is a failure; nothing fails
for being slow; none that is not `real` starts a program; and no program that a test started outlives the tests."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# a time per example measures the machine, not the code; what is broken shows in one example of few: a parser, a colour.
# `.ci/full` asks for "thorough", other versions of Python are tested with "few"; both also change what a test says with
# `examples` (tests/parts.py)
settings.register_profile("few", deadline=None, max_examples=3)
settings.register_profile("any machine", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile("any machine")

# more than a hundred programs are started: they find what they import compiled, as on any machine
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

IN_MEMORY = "not real"  # what README.md's first command for tests asks for
REAL = "real"  # and the second
LEFT_RUNNING = "left_running"  # key of the answer of a worker process
_left: list[str] = []

# a shell that runs the tests in the background has them ignore Ctrl-C, and with them every program that they start
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turns a skip into a failure where WATERTOWER_NO_SKIPS is set."""
    report = yield
    if report.skipped and "WATERTOWER_NO_SKIPS" in os.environ and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be missing: {report.longrepr}"
    return report


def left_running() -> dict[int, str]:
    """Number and command line of every program that was started here and still runs; empty where that is unknown."""
    found = {}
    for children in Path("/proc/self/task").glob("*/children"):
        for number in map(int, children.read_text(encoding="ascii").split()):
            process = Path(f"/proc/{number}")
            ended = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[
                0
            ] == "Z"
            command = (process / "cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
            if not ended and "multiprocessing" not in command:  # Python ends its own helpers itself
                found[number] = command
    return found


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Number of worker processes: three for each processor, as many wait for a program; where none does, one more than
    there are processors, since each imports and collects everything before its first test.
    0 (this process) for a single file or test, and with `-s`, which a worker cannot obey."""
    named = [Path(word.partition("::")[0]) for word in config.args]
    alone = "::" in "".join(config.args) or (len(named) == 1 and named[0].is_file())
    if alone or config.option.capture == "no" or config.option.collectonly:
        return 0
    processors = os.cpu_count() or 2
    return processors + 1 if config.option.markexpr == IN_MEMORY else 3 * processors


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Passes over a file whose tests are not asked for: every worker would import it. Some are marked by the fixtures
    of their folder."""
    if config.option.markexpr != REAL or not collection_path.match("test_*.py"):
        return None
    marking = (collection_path, collection_path.with_name("conftest.py"))
    return None if any("mark.real" in path.read_text("utf-8") for path in marking if path.exists()) else True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spreads the tests that mostly wait over the files of the others, so that no processor is idle in the end."""
    waiting = [item for item in items if "nights" in item.path.parts]
    files = [list(tests) for path, tests in groupby(items, attrgetter("path")) if "nights" not in path.parts]
    if files:
        for number, item in enumerate(waiting):
            files[number * len(files) // len(waiting)].insert(0, item)
        items[:] = chain.from_iterable(files)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """What is collected stays: to look for garbage in it meanwhile, and in each test, takes a tenth of all the time."""
    if not session.config.pluginmanager.has_plugin("dsession"):  # that hands the tests to workers, and collects none
        gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """From now on there is garbage, and what was collected is none of it. It is looked for seldom: at Python's own
    threshold that took a twentieth of all the time."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000, 10, 20)
    if session.config.option.markexpr == IN_MEMORY:
        subprocess.Popen.__init__ = refuse  # type: ignore[assignment]  # a hook of `sys` would be called for each `id()`


def refuse(*_: object, **__: object) -> None:
    """In place of starting a program, among the tests that need none."""
    raise AssertionError("a test that starts a program is marked: @pytest.mark.real")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends what was left running, and lets the run fail for it."""
    for number, command in left_running().items():
        os.kill(number, signal.SIGKILL)
        _left.append(command)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[LEFT_RUNNING] = _left
        return
    for command in _left:
        session.config.get_terminal_writer().line(f"\nleft running by a test, and ended now: {command}", red=True)
    if _left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collects what a worker left running: only this process has an exit code. One that crashed says nothing."""
    _left.extend(getattr(node, "workeroutput", {}).get(LEFT_RUNNING, ()))
