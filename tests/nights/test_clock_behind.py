"""A machine without a battery-backed clock after a power cut: it starts days in the past."""

import json
from datetime import UTC, datetime, timedelta

from tests.nights.ear import Words
from tests.nights.programs import Site


def test_a_clock_behind_what_the_site_knew_is_reported_and_stays_known(site: Site, words: Words) -> None:
    """In the log and in `status`, by how much and against what; exit code 1. What was known is not forgotten."""
    known = datetime.now(UTC) + timedelta(days=3, minutes=5)  # noqa: TID251 -- the test is the one that knows the time
    site.state.mkdir()
    file = site.state / "known.json"
    file.write_text(json.dumps({"version": 1, "epoch": 7, "revision": 0, "wall": known.isoformat()}))
    service = site.controller()
    (told,) = words.until(lambda: service.events("TWL-T003"), "it is not reported")
    behind = f"3 days behind the last known time of this site, {known:%Y-%m-%d %H:%M} UTC"
    assert behind in told["text"]
    words.until(lambda: service.events("TWL-M001"), "it does not reach its broker")
    assert behind in site.ask("status", code=1)
    assert service.end() == 0
    assert datetime.fromisoformat(json.loads(file.read_text())["wall"]) == known
