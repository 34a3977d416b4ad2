"""What all tests share: in CI every real part is there, so a skip is a failure; nothing fails for being slow; and no
program that a test started outlives the tests."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # a time per example measures the machine, not the code
settings.load_profile("any machine")

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
    """Number and command line of every program that was started here and still runs; empty where nobody tells."""
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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends what was left running, and lets the run fail for it."""
    left = left_running()
    for number, command in left.items():
        os.kill(number, signal.SIGKILL)
        session.config.get_terminal_writer().line(f"\nleft running by a test, and ended now: {command}", red=True)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
