"""Notes on a schedule that is right: each at its place, none where nothing is to be said."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.findings import Finding
from controller.config.load import Setup, load, parse
from controller.config.setup_notes import notes

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _tower(shipped: Setup) -> str:
    return "\n".join(shipped.tower_text.source.lines)


def _notes(campaigns: str, shipped: Setup) -> tuple[Finding, ...]:
    return notes(parse(_tower(shipped).encode(), f"version: 1\ncampaigns:\n{campaigns}".encode(), Path("config")), NOW)


def test_the_shipped_schedule_needs_no_note(shipped: Setup) -> None:
    """Whoever starts with it only learns when it is next lit."""
    assert notes(shipped, NOW) == ()


def test_a_note_is_placed_at_the_name_of_its_rule(shipped: Setup) -> None:
    """So that an editor can jump there."""
    found = _notes("  - name: Gammalt\n    dates: 20–26 November 2020\n    color: orange\n", shipped)
    assert [(one.place, one.source) for one in found] == [((3, 11, 18), "  - name: Gammalt")]
    assert not found[0].is_error


def test_words_for_dark_are_noted_in_every_place(shipped: Setup) -> None:
    """Alone and by zone; black is no light; `dark` and `släckt` are the usual words and need none."""
    found = _notes(
        "  - {name: a, dates: 6 June, color: off}\n  - {name: b, dates: 7 June, color: {bowl: svart, shaft: dark}}\n"
        "  - {name: c, dates: 8 June, color: släckt}\n"
        '  - {name: d, dates: 9 June, color: "#000000"}\n',
        shipped,
    )
    assert [(one.code, one.place and one.place.line) for one in found] == [("TWL-S139", n) for n in (3, 4, 6)]


@pytest.mark.parametrize(
    ("color", "places"),
    [
        ("orange", ((5, 12),)),
        ('["2700 K", dark red, vit]', ((5, 13), (5, 23), (5, 33))),
        ("{shaft: blue, bowl: red}", ((5, 32),)),
        ("{shaft: blue, bowl: dark}", ()),
        ("{shaft: blue}", ()),
        ("dark", ()),
        ('"#000000"', ()),
        ('"#FFF3E6"', ()),
    ],
)
def test_each_colour_that_a_lamp_cannot_show_is_noted_at_the_colour(
    color: str, places: tuple[tuple[int, int], ...], shipped: Setup
) -> None:
    """With the lamp and what it shows instead; only where that lamp is asked for it, and only where it is seen."""
    tower = _tower(shipped).replace("bowl-south, zone: bowl, profile: rgbw", "bowl-south, zone: bowl, profile: dimmer")
    pace = "\n    change_every: 10 s" if "[" in color else ""
    schedule = f"version: 1\ncampaigns:\n  - name: a\n    dates: 6 June\n    color: {color}{pace}\n"
    every = notes(parse(tower.encode(), schedule.encode(), Path("config")), NOW)
    found = [one for one in every if one.code not in {"TWL-S139", "TWL-S244", "TWL-S245"}]
    assert [(one.code, one.file) for one in found] == [("TWL-F130", "config/schedule.yaml")] * len(places)
    assert tuple(one.place[:2] for one in found if one.place) == places
    assert all("mast/bowl-south" in one.event.text("sv") and "#FFF3E6" in one.event.text("sv") for one in found)


def test_lamps_of_one_kind_are_noted_together_and_channel_bridges_too(shipped: Setup) -> None:
    """Each profile once, however many lamps and gateways there are."""
    lamp = "{name: a, zone: shaft, profile: dimmer, address: 1}"
    bridge = f"  - {{name: bridge, kind: dmx-channels, map_topic: dmx/set, fixtures: [{lamp}]}}\n"
    tower = _tower(shipped).replace("profile: rgbw", "profile: dimmer") + bridge
    rules = ("  - {name: a, dates: 6 June, color: {bowl: red}}", "  - {name: b, dates: 7 June, color: red}")
    schedule = "\n".join(("version: 1", "campaigns:", *rules, ""))
    every = notes(parse(tower.encode(), schedule.encode(), Path("config")), NOW)
    found = [one for one in every if one.code == "TWL-F130"]
    assert [(one.place and one.place.line, one.event.fields["fixture"]) for one in found] == [
        (3, "mast/bowl-north, mast/bowl-south"),
        (4, "mast/bowl-north, mast/bowl-south, mast/shaft-north, mast/shaft-south, bridge/a"),
    ]
    assert not any(one.is_error for one in found)


def test_what_a_gateway_cannot_do_is_noted(shipped: Setup) -> None:
    """A caretaker should learn from `check`, not from the street, that the lamp at the entrance has no orange."""
    lamps = (
        "{name: relay, kind: home-assistant, command_topic: r/set, zone: bowl, color_modes: [onoff]}",
        "{name: lamp, kind: tasmota, topic: lamp, channels: 1, zone: bowl}",
        "{name: bridge, kind: dmx-channels, map_topic: dmx/set, "
        "fixtures: [{name: a, zone: shaft, profile: rgb, address: 1}]}",
        "{name: strip, kind: wled, topic: wled/strip, zone: bowl}",
    )
    tower = _tower(shipped) + "".join(f"  - {lamp}\n" for lamp in lamps)
    found = notes(parse(tower.encode(), "\n".join(shipped.schedule_text.source.lines).encode(), Path("config")), NOW)
    noted = [(one.code, one.event.fields["name"]) for one in found if "name" in one.event.fields]
    assert noted == [
        ("TWL-S232", "relay"),
        ("TWL-S234", "relay"),
        ("TWL-S231", "lamp"),
        ("TWL-S233", "bridge"),
        ("TWL-S234", "bridge"),
        ("TWL-S239", "bridge"),
    ]
    assert not any(one.is_error for one in found)


def test_light_that_only_a_bridge_or_a_scale_vouches_for_is_noted(shipped: Setup) -> None:
    """Both would be called confirmed however the lamp shines; where the keys say more there is nothing to note."""
    light = "kind: home-assistant, zone: bowl"
    lamps = (
        "{name: group, kind: zigbee2mqtt, topic: zigbee2mqtt/all, group: true, zone: bowl}",
        "{name: single, kind: zigbee2mqtt, topic: zigbee2mqtt/one, zone: bowl}",
        f"{{name: bridged, {light}, command_topic: zigbee2mqtt/two/set, state_topic: z, brightness_scale: 254}}",
        f"{{name: assumed, {light}, command_topic: a/set, state_topic: a}}",
        f"{{name: written, {light}, command_topic: b/set, state_topic: b, brightness_scale: 255}}",
    )
    tower = _tower(shipped) + "".join(f"  - {lamp}\n" for lamp in lamps)
    found = notes(parse(tower.encode(), "\n".join(shipped.schedule_text.source.lines).encode(), Path("config")), NOW)
    noted = [(one.code, one.event.fields["name"]) for one in found if "name" in one.event.fields]
    assert noted == [("TWL-S238", "group"), ("TWL-S238", "bridged"), ("TWL-S239", "assumed")]


@pytest.mark.parametrize(
    ("kind", "color", "zone", "times"),
    [
        ("kind: tasmota, topic: t", "[red, blue]", "bowl", 360),
        ("kind: tasmota, topic: t", "{bowl: [red, blue], shaft: red}", "shaft", None),
        ("kind: tasmota, topic: t, channels: 1", "[red, blue]", "bowl", None),
        ("kind: wled, topic: wled/t", "[red, blue]", "bowl", None),
    ],
)
def test_a_sequence_that_wears_flash_memory_is_noted_at_its_pace(
    kind: str, color: str, zone: str, times: int | None, shipped: Setup
) -> None:
    """With how often an hour; not where the steps are not this device's, change nothing there, or are not stored."""
    tower = _tower(shipped) + f"  - {{name: worn, {kind}, zone: {zone}}}\n"
    rule = f"  - {{name: a, dates: 6 June, color: {color}, change_every: 10 s}}\n"
    found = notes(parse(tower.encode(), f"version: 1\ncampaigns:\n{rule}".encode(), Path("config")), NOW)
    noted = [one for one in found if one.code == "TWL-S240"]
    assert [(one.event.fields["times"], one.event.fields["names"]) for one in noted] == (
        [(times, "worn")] if times else []
    )
    assert all("change_every: 10 s" in one.source and not one.is_error for one in noted)


def test_a_place_far_from_its_time_zone_is_noted(shipped: Setup) -> None:
    """A sign that was forgotten moves the sunset by hours, and nothing else would show it."""
    tower = _tower(shipped).replace("longitude: 14.556", "longitude: -14.556")
    found = notes(parse(tower.encode(), "\n".join(shipped.schedule_text.source.lines).encode(), Path("config")), NOW)
    assert [(one.code, one.source.split()[1]) for one in found] == [("TWL-S253", "-14.556")]


@pytest.mark.parametrize(
    ("time_zone", "latitude", "longitude", "is_noted"),
    [
        ("UTC", 56.899, 14.556, True),
        ("Etc/GMT-1", 56.899, 14.556, True),
        ("Etc/GMT+1", 56.899, 14.556, True),
        ("Europe/London", 56.899, 14.556, True),
        ("Etc/UTC", 67.86, 20.23, True),
        ("Europe/Stockholm", 56.899, 14.556, False),
        ("Europe/Copenhagen", 55.68, 12.57, False),
        ("Europe/Oslo", 59.91, 11.2, False),
        ("Europe/Helsinki", 60.45, 22.27, False),
        ("Europe/London", 51.5, -0.12, False),
        ("Etc/UTC", 64.13, -21.9, False),
    ],
)
def test_a_time_zone_that_is_not_that_of_a_site_in_sweden_is_noted(
    shipped: Setup, time_zone: str, latitude: float, longitude: float, is_noted: bool
) -> None:
    """`UTC` and `Etc/…` know no summer time; the clocks of Denmark and Norway are those of Sweden."""
    tower = _tower(shipped).replace("longitude: 14.556", f"longitude: {longitude}")
    tower = tower.replace("latitude: 56.899", f"latitude: {latitude}").replace("Europe/Stockholm", time_zone)
    found = notes(parse(tower.encode(), "\n".join(shipped.schedule_text.source.lines).encode(), Path("config")), NOW)
    assert [one.event.fields["suggestion"] for one in found if one.code == "TWL-S258"] == (
        ["Europe/Stockholm"] if is_noted else []
    )


def test_a_file_that_is_named_and_not_there_is_noted(shipped: Setup, tmp_path: Path) -> None:
    """Each at its keyword; nothing of those that are there."""
    mqtt = "broker: mqtts://host\n  username: a\n  password_file: secret\n  ca_file: here\n  #"
    (tmp_path / "here").touch()
    tower = _tower(shipped).replace("broker: embedded ", mqtt)
    found = notes(parse(tower.encode(), "\n".join(shipped.schedule_text.source.lines).encode(), tmp_path), NOW)
    assert [(one.code, one.event.fields["key"]) for one in found] == [("TWL-S254", "password_file")]
    assert not found[0].is_error


def test_a_file_with_an_impossible_name_is_no_reason_to_fail(shipped: Setup, tmp_path: Path) -> None:
    """Nor is one in a folder that only the service may enter: who cannot look says nothing."""
    tower = _tower(shipped).replace("broker: embedded ", f"broker: embedded\n  users_file: {'a' * 300}\n  #")
    assert notes(parse(tower.encode(), "\n".join(shipped.schedule_text.source.lines).encode(), tmp_path), NOW) == ()


@pytest.mark.parametrize(
    "name",
    [
        *("schedule.yaml.txt", "tower.yml", "schedule - kopia.yaml", "schedule - Kopia (2).yaml", "Schedule (1).yaml"),
        *("Kopia av schedule.yaml", "schedule_ny.yaml", "schedule2.yaml", "Copy of tower.yaml", "schedule.yaml.yaml"),
    ],
)
def test_a_twin_that_is_not_read_is_shown(name: str, tmp_path: Path) -> None:
    """Whoever edits it would wonder why nothing changes."""
    config = Path(shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config"))
    assert "TWL-S255" not in [note.code for note in notes(load(config), NOW)]
    (config / name).write_text("", encoding="utf-8")
    noted = [note for note in notes(load(config), NOW) if note.code == "TWL-S255"]
    assert [note.event.fields["found"] for note in noted] == [name]
    source = "tower.yaml" if "tower" in name else "schedule.yaml"
    shutil.copy(config / source, config / name)  # nothing has been changed in it
    assert "TWL-S255" not in [note.code for note in notes(load(config), NOW)]


@pytest.mark.parametrize("name", ["schedule-2026.yaml", "old/schedule.yaml", "mitt schedule.txt"])
def test_another_version_is_shown_only_if_it_was_saved_later(name: str, tmp_path: Path) -> None:
    """An older one was put aside."""
    config = Path(shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config"))
    saved = (config / "schedule.yaml").stat().st_mtime
    (config / "old").mkdir()
    (config / name).write_text("version: 1\n", encoding="utf-8")
    for age_s, wanted in ((60, []), (-60, [name])):
        os.utime(config / name, (saved - age_s, saved - age_s))
        noted = [note for note in notes(load(config), NOW) if note.code == "TWL-S255"]
        assert [note.event.fields["found"] for note in noted] == wanted


@pytest.mark.parametrize("name", ["schedule.schema.json", "schedule.yaml.bak", ".schedule.yaml.swp", "reschedule.yaml"])
def test_other_files_beside_it_are_none_of_its_copies(name: str, tmp_path: Path) -> None:
    """Schemas, safety copies of editors, and what only sounds like it."""
    config = Path(shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config"))
    (config / name).write_text("version: 1\n", encoding="utf-8")
    assert "TWL-S255" not in [note.code for note in notes(load(config), NOW)]
