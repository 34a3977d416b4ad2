"""What `status` says of a real service when something is wrong with it, and of one that is not there."""

import json
import resource
import socket
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site

STATUS, HEALTH = "watertower/controller/status", "watertower/controller/health"


def asked(site: Site, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `status --json`."""
    told = site.call("status", "--json", *words)
    return told.exit_code, json.loads(told.stdout) if told.stdout else {}


def codes(told: dict[str, Any]) -> list[str]:
    """Codes of the degradations, except for the clock: many test machines have no time server."""
    return [one["code"] for one in told["degradations"] if one["code"] != "TWL-T001"]


def confirmed(site: Site, ear: Listen, words: Words) -> tuple[Any, Any]:
    """The service with all lamps confirmed, and somebody who listens."""
    program = site.controller()
    words.until(lambda: program.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    words.until(listens.confirmed, "not everything is confirmed")
    return program, listens


def test_a_word_that_somebody_else_retained_is_overwritten_and_reported(site: Site, ear: Listen, words: Words) -> None:
    """`offline` while the controller runs: `status` answers, says what happened, and the word is right again."""
    program, listens = confirmed(site, ear, words)
    time.sleep(11)  # an `offline` soon after a connection may be the will of the one before
    listens.say(STATUS, b"offline", retain=True)
    words.until(lambda: program.events("TWL-M018"), "the foreign writer is not reported")
    code, told = asked(site)
    assert (code, codes(told)) == (1, ["TWL-M018"])
    assert words.until(lambda: ear(site.port).word(STATUS), "nothing is retained") == b"online"
    assert program.end() == 0
    assert listens.word(STATUS) == b"offline", "its own goodbye is not written over"


@pytest.mark.parametrize("ahead_s", [0, 3600])
def test_a_dead_controller_does_not_answer_by_any_clock(
    site: Site, mosquitto: Mosquitto, ear: Listen, ahead_s: float
) -> None:
    """Killed with its broker, which has kept `online` and the last document: by the asker's clock that may be young."""
    site.on_broker(mosquitto.port, "ear")
    listens = ear(mosquitto)
    at = (datetime.now(UTC) + timedelta(seconds=ahead_s)).isoformat()  # noqa: TID251 -- as a document says it
    now = {"at": at, "looks": {"bowl": {"on": False}}}
    whole = {"version": 2, "at": at, "site": "T", "clock": "trusted", "now": now, "next": None}
    whole |= {"counts": {}, "amiss": 0}
    listens.say(HEALTH, json.dumps(whole).encode(), retain=True)
    listens.say(STATUS, b"online", retain=True)
    told = site.call("status")
    assert told.exit_code == 69
    assert "This is old: no controller answers" in told.stdout
    assert "TWL-Q102" in told.output


def test_a_rejected_file_is_shown_until_it_is_right_again(site: Site, ear: Listen, words: Words) -> None:
    """With its code, its place and since when, in the exit code too."""
    program, _ = confirmed(site, ear, words)
    path = site.config / "schedule.yaml"
    good = path.read_text(encoding="utf-8")
    assert asked(site)[0] == 0
    path.write_text(good.replace("20–26 November", "20–66 November"), encoding="utf-8")
    words.until(lambda: program.events("TWL-O131"), "the mistake is not reported")
    code, told = asked(site)
    assert (code, codes(told)) == (1, ["TWL-O131"])
    assert "schedule.yaml:" in told["degradations"][-1]["fields"]["where"]
    assert "! TWL-O131 sedan " in site.call("status", lang="sv").stdout
    path.write_text(good, encoding="utf-8")
    words.until(lambda: program.events("TWL-O130"), "what was put right is not taken")
    assert asked(site)[0] == 0
    assert program.end() == 0


def test_a_program_that_can_open_nothing_more_goes_on_and_reports_it_once(
    site: Site, ear: Listen, words: Words
) -> None:
    """Connections up to the limit of its descriptors: one event, no traceback, the light is confirmed all the while."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("/proc is needed to count the descriptors of a process")
    program, listens = confirmed(site, ear, words)
    pid = program.process.pid
    used = max(int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir())
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 4, hard))
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=5))
        words.until(lambda: program.events("TWL-C031"), "it is not reported")
        since = len(listens.heard)
        words.until(lambda: listens.confirmed(since), "the light is not confirmed any more")
        document = [one for one in listens.on(HEALTH, since) if not one.retain][-1].document
        assert "TWL-C031" in codes(document)
    words.until(lambda: program.events("TWL-C032"), "it is not over")
    assert len(program.events("TWL-C031")) == len(program.events("TWL-C032")) == 1
    assert "Traceback" not in program.log
    assert len(program.log.splitlines()) < 100
    words.until(lambda: asked(site)[0] == 0, "it is not as before")
    assert program.end() == 0
