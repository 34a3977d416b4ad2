"""What it costs to load and check a tower of 1,000 and of 10,000 gateways, and 100 and 1,000 campaigns.

Run with `-s` to see the figures. What is asserted does not depend on the machine: ten times as much costs about ten
times as much, and 10,000 gateways no more than so many bare parses of the same text.
"""

import shutil
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from controller.config.checks import commanded_by_two
from controller.config.load import load
from controller.config.setup_notes import notes
from controller.config.site_folder import SiteFolder
from controller.config.yaml_document import LOADER
from tests.config.several_sites import OWN_TOWER, write_site, write_sites

SHIPPED = Path(__file__).parents[2] / "config"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
FIXTURES = """    fixtures:
      - {name: north, zone: bowl, profile: rgbw, address: 1}
      - {name: south, zone: shaft, profile: rgbw, address: 5}
"""
LINEAR = 18.0
"""Ten times as many may cost so many times as much: caches of the processor grow cold."""
MOST_PARSES = 40.0
"""What a machine needs for the events of a YAML file, nothing made of them, is the yardstick."""


def cpu_s(work: Callable[[], object]) -> float:
    """Seconds of CPU, the better of two."""

    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(once(), once())


def tower(folder: Path, count: int, kind: str) -> Path:
    """A folder whose tower has so many gateways of one kind, of dmx seven lines each."""
    lit = "  - {name: lamp, kind: wled, topic: wled/lamp, zone: shaft}\n"
    head = (SHIPPED / "tower.yaml").read_text("utf-8").partition("gateways:")[0] + "gateways:\n" + lit
    one = {
        "wled": "  - {{name: g{0}, kind: wled, topic: wled/g{0}, zone: bowl}}\n",
        "dmx": "  - name: g{0}\n    kind: dmx\n    output: simulated\n"
        + FIXTURES.replace("{", "{{").replace("}", "}}"),
    }[kind]
    made = folder / f"{kind}{count}"
    made.mkdir()
    (made / "tower.yaml").write_text(head + "".join(one.format(number) for number in range(1, count)), "utf-8")
    shutil.copy(SHIPPED / "schedule.yaml", made)
    return made


@pytest.mark.parametrize("kind", ["wled", "dmx"])
def test_ten_thousand_gateways(kind: str, tmp_path: Path) -> None:
    """Load and notes, which is what `check` does."""
    few, many = (tower(tmp_path, count, kind) for count in (1_000, 10_000))
    few_s, many_s = (cpu_s(lambda at=at: notes(load(at), NOW)) for at in (few, many))
    text = (many / "tower.yaml").read_text("utf-8")
    parse_s = cpu_s(lambda: deque(yaml.parse(text, LOADER), maxlen=0))
    print(
        f"\n{kind}: 1,000 {few_s:.2f} s, 10,000 {many_s:.2f} s, {many_s / parse_s:.0f} times a parse of {parse_s:.3f} s"
    )
    assert len(load(many).tower.gateways) == 10_000
    assert many_s < LINEAR * few_s
    assert many_s < MOST_PARSES * parse_s


def test_a_thousand_campaigns_at_once(tmp_path: Path) -> None:
    """Every night of a year, all of them overlap."""
    folders = []
    for count in (100, 1_000):
        made = tmp_path / str(count)
        made.mkdir()
        rows = "".join(f"  - {{name: c{number}, dates: every day, color: orange}}\n" for number in range(count))
        (made / "schedule.yaml").write_text(f"version: 1\ncampaigns:\n{rows}", "utf-8")
        shutil.copy(SHIPPED / "tower.yaml", made)
        folders.append(made)
    few_s, many_s = (cpu_s(lambda at=at: notes(load(at), NOW)) for at in folders)
    print(f"\n100 campaigns {few_s:.2f} s, 1,000 {many_s:.2f} s")
    assert many_s < LINEAR * few_s


def test_fifty_sites_cost_what_one_of_as_many_gateways_does(tmp_path: Path) -> None:
    """10,000 gateways in ranges: read, and compared for lamps that two sites command."""
    lamps = (
        '  - {{name: "post-[001..{count}]", kind: wled, topic: "wled/{site}-[001..{count}]", zone: [bowl, shaft]}}\n'
    )
    own = OWN_TOWER.partition("  - name")[0]
    root = write_sites(tmp_path / "many")
    names = [f"site-{number:02}" for number in range(50)]
    for name in names:
        write_site(root, name, own + lamps.format(count=200, site=name))
    alone = write_site(write_sites(tmp_path / "one"), "one", own + lamps.format(count=10_000, site="x"))
    one_s = cpu_s(lambda: load(SiteFolder(tmp_path / "one", alone.name)))
    setups = {}

    def load_all() -> None:
        setups.update({name: load(SiteFolder(root, name)) for name in names})

    all_s = cpu_s(load_all)
    compared_s = cpu_s(lambda: commanded_by_two(setups))
    print(f"\n50 sites of 200 gateways: {all_s:.2f} s, compared {compared_s:.2f} s; one site of 10,000: {one_s:.2f} s")
    assert all_s < 3 * one_s
    assert not commanded_by_two(setups)
    write_site(root, "site-01", own + lamps.format(count=200, site="site-00"))
    setups["site-01"] = load(SiteFolder(root, "site-01"))
    found = commanded_by_two(setups)
    assert {site: len(each) for site, each in found.items()} == {"site-00": 200, "site-01": 200}
    assert found["site-00"][0].event.fields["site"] == "site-01"
