"""`watertower import-fixture`: a file of the Open Fixture Library becomes a profile that tower.yaml may name."""

import json
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[1] / "fixtures" / "ofl"
SIXPAR = LIBRARY / "elation" / "sixpar-300-ip.json"


def modes(call: Any, path: Path) -> list[str]:
    result = call("import-fixture", str(path))
    assert result.exit_code == 0, result.output
    return list(result.stdout.splitlines())


def test_an_imported_mode_can_be_patched(call: Any, config: Path) -> None:
    """The profile is written where `check` finds it."""
    mode = modes(call, SIXPAR)[0]
    result = call("import-fixture", str(SIXPAR), "--mode", mode, "--name", "sixpar")
    assert result.exit_code == 0, result.output
    assert (config / "profiles" / "sixpar.yaml").is_file()
    tower = config / "tower.yaml"
    lines = tower.read_text(encoding="utf-8")
    old = "{name: shaft-south, zone: shaft, profile: rgbw, address: 13}"
    tower.write_text(lines.replace(old, "{name: shaft-south, zone: shaft, profile: sixpar, address: 13}"), "utf-8")
    assert call("check").exit_code == 0
    assert "sixpar" in call("preview", "orange").stdout


def test_a_profile_is_not_written_over_by_accident(call: Any, config: Path) -> None:
    """Only with `--force`."""
    words = ("import-fixture", str(SIXPAR), "--mode", modes(call, SIXPAR)[0])
    assert call(*words).exit_code == 0
    again = call(*words)
    assert again.exit_code == 1
    assert "TWL-Q107" in again.stderr
    assert call(*words, "--force").exit_code == 0
    assert len(list((config / "profiles").iterdir())) == 1


def test_what_only_a_look_at_the_lamp_can_show_is_reported(call: Any, config: Path) -> None:
    """The profile is written all the same; its name is on stdout, and in it that of each channel at rest."""
    result = call("import-fixture", str(LIBRARY / "american-dj" / "encore-lp12z-ip.json"), "--mode", "12ch")
    assert result.exit_code == 0
    assert "encore-lp12z-ip-12ch" in result.stdout
    assert 'TWL-F132: Channel 6, "Color Temperature", is held at 225' in result.stderr
    written = (config / "profiles" / "encore-lp12z-ip-12ch.yaml").read_text("utf-8").splitlines()
    assert written[1 + 6] == "  - {fixed: 225}  # Color Temperature"


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*/*.json")), ids=lambda path: path.stem)
def test_every_mode_of_the_library_is_imported_or_refused_in_words(call: Any, path: Path) -> None:
    """No file of the library ends in a traceback."""
    for mode in modes(call, path):
        result = call("import-fixture", str(path), "--mode", mode, "--force")
        assert result.exit_code in {0, 1, 2}, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.exit_code == 0 or "TWL-" in result.stderr


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"modes": 1}', b'{"modes": [1]}', b"[" * 9999]
)
def test_what_is_no_fixture_file_is_refused(call: Any, tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds."""
    path = tmp_path / "fixture.json"
    path.write_bytes(content)
    for more in ((), ("--mode", "1")):
        result = call("import-fixture", str(path), *more)
        assert result.exit_code in {1, 2, 78}, result.output
        assert isinstance(result.exception, SystemExit)
        assert "TWL-" in result.stderr


@pytest.mark.parametrize("name", ["../outside", "a/b", "UPPER", "", "x" * 300, ".hidden"])
def test_a_profile_stays_in_its_folder(call: Any, config: Path, name: str) -> None:
    """A name is a word of tower.yaml, not a path."""
    before = sorted(config.rglob("*"))
    assert call("import-fixture", str(SIXPAR), "--mode", modes(call, SIXPAR)[0], "--name", name).exit_code == 2
    assert sorted(config.rglob("*")) == before


def test_a_mode_that_is_not_there_is_refused(call: Any) -> None:
    """With those that are."""
    result = call("import-fixture", str(SIXPAR), "--mode", "of my own")
    assert result.exit_code == 2
    assert "TWL-" in result.stderr


def test_a_byte_order_mark_is_no_part_of_the_file(call: Any, tmp_path: Path) -> None:
    """As an editor on Windows saves it."""
    path = tmp_path / "fixture.json"
    path.write_bytes(b"\xef\xbb\xbf" + SIXPAR.read_bytes())
    assert modes(call, path) == modes(call, SIXPAR)


@pytest.mark.timeout(20)
def test_the_name_of_a_mode_is_one_line_and_moves_no_cursor(call: Any, tmp_path: Path) -> None:
    """Whoever made the file."""
    fixture = json.loads(SIXPAR.read_text("utf-8"))
    fixture["modes"] = [{**fixture["modes"][0], "name": "6ch\n\x1b[2Jx", "shortName": "6ch\n\x1b[2J"}]
    (tmp_path / "fixture.json").write_text(json.dumps(fixture), "utf-8")
    assert modes(call, tmp_path / "fixture.json") == [r"6ch\n\x1b[2J"]


@pytest.mark.parametrize("path", ["/dev/zero", "/", "/nowhere/at/all", "/proc/self/mem"])
def test_what_cannot_be_read_is_refused_once(call: Any, path: str) -> None:
    """A device without an end too; the path is named once."""
    result = call("import-fixture", path)
    assert result.exit_code == 78, result.output
    assert result.stderr.splitlines()[0].count(path) == 1


def test_a_profile_has_a_name_whatever_the_file_is_called(call: Any, config: Path, tmp_path: Path) -> None:
    """It may be used in tower.yaml, even if nothing of the file's own name can be."""
    path = tmp_path / "åäö.json"
    path.write_text(
        '{"name": "L", "availableChannels": {"R": {"capability": {"type": "ColorIntensity", "color": "Red"}}},'
        '"modes": [{"name": "ä", "channels": ["R"]}]}'
    )
    assert call("import-fixture", str(path), "--mode", "ä").exit_code == 0
    assert [found.name for found in (config / "profiles").iterdir()] == ["fixture.yaml"]
