"""A folder with several sites, as a county would have it."""

from pathlib import Path

SHARED_TOWER = """version: 1
mqtt: {broker: embedded}
zones: [bowl, shaft]
palette: {orange: "#FF6A00"}
web: {listen: "127.0.0.1:8080"}
"""
SHARED_SCHEDULE = """version: 1
campaigns:
  - name: En vecka fri från våld
    dates: 20–26 November
    color: orange
blackouts:
  - name: Earth Hour
    dates: last Saturday in March
    hours: 20:30 to 21:30
"""
OWN_TOWER = """version: 1
site: {name: NAME, latitude: 56.899, longitude: 14.556, time_zone: Europe/Stockholm, language: sv}
gateways:
  - name: mast
    kind: dmx
    runs: here
    output: simulated
    universe: 1
    fixtures:
      - {name: north, zone: bowl, profile: rgbw, address: 1}
      - {name: south, zone: shaft, profile: rgbw, address: 5}
"""
OWN_SCHEDULE = """# what only this town celebrates
version: 1
campaigns:
  - name: Stadens dag
    dates: 20 November
    color: blue
"""


def write_sites(root: Path, *names: str, shared_tower: str = SHARED_TOWER) -> Path:
    """The folder, its sites called `names`; each has a tower of its own, and none a schedule."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "tower.yaml").write_text(shared_tower, encoding="utf-8")
    (root / "schedule.yaml").write_text(SHARED_SCHEDULE, encoding="utf-8")
    for name in names:
        write_site(root, name)
    return root


def write_site(root: Path, name: str, tower: str = OWN_TOWER, schedule: str | None = None) -> Path:
    """One site of the folder."""
    folder = root / "sites" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tower.yaml").write_text(tower.replace("NAME", f"Tornet {name}"), encoding="utf-8")
    if schedule is not None:
        (folder / "schedule.yaml").write_text(schedule, encoding="utf-8")
    return folder
