"""The keys of notices and heartbeat in tower.yaml: what they mean, and what is wrong with them."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from controller.config.load import TOWER, Setup, load
from controller.errors import FilesRejected

SHIPPED = Path(__file__).parents[2] / "config"


def loaded(tmp_path: Path, text: str) -> Setup:
    """The shipped files with these keys."""
    config = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    (config / TOWER).write_text((config / TOWER).read_text("utf-8") + text, "utf-8")
    return load(config)


def test_nobody_is_notified_without_the_section(tmp_path: Path) -> None:
    """Neither people nor a monitor."""
    tower = loaded(tmp_path, "").tower
    assert (tower.notices, tower.heartbeat) == ((), None)


def test_a_receiver_gets_everything_at_any_hour_by_default(tmp_path: Path) -> None:
    """Its address is in a file beside tower.yaml, or wherever the path says."""
    (beside, credential) = loaded(
        tmp_path,
        "notices:\n  - {name: a, url_file: a.url}\n"
        "  - {name: b, url_file: /run/credentials/watertower.service/b, tell: [lights], quiet: 22–07}\n",
    ).tower.notices
    assert beside.url_file == tmp_path / "config" / "a.url"
    assert beside.tell == ("lights", "faults", "reports", "reminders", "lamp_tests")
    assert (beside.quiet, beside.quiet_except, beside.language) == ((), (), None)
    assert credential.url_file == Path("/run/credentials/watertower.service/b")
    assert credential.tell == ("lights",)
    assert [str(window) for window in credential.quiet] == ["22–07"]


@pytest.mark.parametrize(("written", "seconds"), [("", 60), (", every: 10 s", 10), (", every: 24 h", 86_400)])
def test_a_monitor_is_called_so_often(tmp_path: Path, written: str, seconds: int) -> None:
    """Every minute by default."""
    heartbeat = loaded(tmp_path, f"heartbeat: {{url_file: h.url{written}}}\n").tower.heartbeat
    assert heartbeat
    assert heartbeat.every == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("heartbeat: {url_file: h.url, every: 9 s}", "TWL-S295"),
        ("heartbeat: {url_file: h.url, every: 25 h}", "TWL-S295"),
        ("heartbeat: {every: 1 min}", "TWL-S014"),
        ("notices: [{name: a, url_file: x}, {name: a, url_file: y}]", "TWL-S064"),
        ("notices: [{name: a, url_file: x, tell: [light]}]", "TWL-S055"),
        ("notices: [{name: a, url_file: x, tell: []}]", "TWL-S013"),
        ("notices: [{name: a, url_file: x, url: 'json://x'}]", "TWL-S010"),
        ("notices: [{name: a, url_file: x, quiet: 25 to 07}]", "TWL-S122"),
    ],
)
def test_what_cannot_be_meant_is_shown(tmp_path: Path, text: str, code: str) -> None:
    """By a finding of its own."""
    with pytest.raises(FilesRejected) as rejected:
        loaded(tmp_path, f"{text}\n")
    assert [finding.code for finding in rejected.value.findings] == [code]
