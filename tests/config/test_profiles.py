"""The fixture profiles of a site: every mistake of a file at its place, and whatever an import writes is read."""

from pathlib import Path

import pytest

from controller.config.profiles import MOST_PROFILES, read_profiles
from controller.lighting.profile import Profile, dump_profile

HEAD = "name: x\nchannels: [red, green, blue]\n"


def _mistakes(folder: Path, text: str) -> list[tuple[str, tuple[int, int]]]:
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "flood.yaml").write_text(text, "utf-8")
    profiles, findings = read_profiles(folder)
    assert ("flood" in profiles) == (not findings)
    return [(finding.code, (finding.place or (0, 0))[:2]) for finding in findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD, []),
        ("name: x\nchannels: [red, gren, blu]\n", [("TWL-F121", (2, 17)), ("TWL-F121", (2, 23))]),
        ("name: x\nchannels:\n  - red\n  - {dimmer: [0, 300]}\n", [("TWL-F128", (4, 6))]),
        ("name: x\nchannels:\n  - red\n  - {fixed: 07x}\n", [("TWL-F128", (4, 6))]),
        ("name: x\nchannels: red\n", [("TWL-S052", (2, 11))]),
        ("name: x\nchannels: []\n", [("TWL-F122", (1, 1))]),
        ("name: x\nchannels: [red, blue fine]\n", [("TWL-F123", (2, 11))]),
        ("name: x\nchannels:\n", [("TWL-S078", (2, 1))]),
        ("channels: [red]\n", [("TWL-S014", (1, 1))]),
        (HEAD + "curv: square\n", [("TWL-S010", (3, 1))]),
        (HEAD + "curve: steep\n", [("TWL-F124", (3, 8))]),
        (HEAD + "pinned: {orange: {red: 255, amber: 3}}\n", [("TWL-F125", (3, 10))]),
        (HEAD + "pinned: {orange: {red: 256}}\n", [("TWL-S059", (3, 24))]),
        (HEAD + "emitters: {rod: {xy: [0.7, 0.2], flux: 1}}\n", [("TWL-S056", (3, 12))]),
        (HEAD + "emitters: {red: {xy: [0.7, 0.2], flus: 1}}\n", [("TWL-S010", (3, 34))]),
        (HEAD + "emitters: {red: {xy: [0.7, 0.9], flux: 1}}\n", [("TWL-F126", (3, 18))]),
        (HEAD + "emitters: {red: {xy: [0.7], flux: 1}}\n", [("TWL-S063", (3, 22))]),
        ("- red\n", [("TWL-S050", (1, 1))]),
        ("", [("TWL-S001", (0, 0))]),
        (
            "name: x\nchannels: [reed]\ncurve: steep\npined: {}\n",
            [("TWL-S010", (4, 1)), ("TWL-F121", (2, 12)), ("TWL-F124", (3, 8))],
        ),
    ],
)
def test_each_mistake_of_a_profile_is_shown_at_its_place(
    text: str, expected: list[tuple[str, tuple[int, int]]], tmp_path: Path
) -> None:
    """All of them at once, the keyword or the value that is wrong under the caret."""
    assert _mistakes(tmp_path, text) == expected


@pytest.mark.parametrize("channels", [["red"] * 512, ["red", "red fine"] * 256, [{"fixed": 3}, *["blue"] * 511]])
def test_a_lamp_of_a_whole_universe_can_be_read(channels: list[object], tmp_path: Path) -> None:
    """A wall of pixels may have every channel that there is."""
    profile = Profile.model_validate({"name": "Wall", "channels": channels})
    assert _mistakes(tmp_path, dump_profile(profile)) == []
    assert read_profiles(tmp_path)[0] == {"flood": profile}


def test_a_folder_with_too_many_profiles_is_shown(tmp_path: Path) -> None:
    """A lamp whose profile was passed over would be reported as one that does not exist."""
    (tmp_path / "profiles").mkdir()
    for number in range(MOST_PROFILES + 1):
        (tmp_path / "profiles" / f"{number:03}.yaml").write_text(HEAD, "utf-8")
    profiles, findings = read_profiles(tmp_path)
    assert len(profiles) == MOST_PROFILES
    assert [finding.event.fields for finding in findings] == [{"count": MOST_PROFILES + 1, "most": MOST_PROFILES}]
