"""A drawing of the landmark that the site has made: which files are taken, and what of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.landmark_drawing import LARGEST, DrawnPath, LandmarkDrawing, LandmarkFile
from controller.config.load import Setup, parse
from controller.config.setup_notes import notes
from controller.errors import FilesRejected

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ZONES = ("bowl", "shaft")
BOWL, SHAFT = '<path data-zone="bowl" d="M0 0h10v10z"/>', '<rect data-zone="shaft" x="4" y="10" width="2" height="9"/>'


def svg(inside: str, head: str = 'viewBox="0 0 10 20"') -> str:
    """A file of these elements."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{inside}</svg>'


def reason(tmp_path: Path, text: str | bytes) -> str:
    """Why a file is refused."""
    path = tmp_path / "tower.svg"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    file = LandmarkFile.read(path, ZONES)
    assert file.drawing is None
    assert file.fault is not None
    assert "drawing_" not in file.fault.text("sv")
    return file.fault.code


def read_drawing(path: Path) -> LandmarkDrawing:
    """The drawing in a good file."""
    drawing = LandmarkFile.read(path, ZONES).drawing
    assert drawing is not None
    return drawing


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "drawing_no_svg"),
        ("<svg>", "drawing_no_svg"),
        ("<svg/>", "drawing_no_svg"),
        (b"\xff\xfe", "not_utf8"),
        (svg(BOWL + SHAFT).encode("utf-16"), "not_utf8"),
        (svg(BOWL + SHAFT + " " * LARGEST), "EFBIG"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + svg(BOWL + SHAFT), "drawing_doctype"),
        (svg(BOWL + SHAFT, head=""), "drawing_no_size"),
        (svg(BOWL + SHAFT, head='viewBox="0 0 0 10"'), "drawing_no_size"),
        (svg(BOWL), "drawing_missing_zone"),
        (svg(BOWL + SHAFT + BOWL.replace("bowl", "roof")), "drawing_unknown_zone"),
        (svg(BOWL + SHAFT + "<script>alert(1)</script>"), "drawing_element"),
        (svg(BOWL + SHAFT + '<image href="http://a/b.png"/>'), "drawing_element"),
        (svg(BOWL + SHAFT + '<path d="javascript:alert(1)"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + '<path d="M"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + '<circle r="1e99"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + '<circle r="x"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + '<polygon points="0 0 1"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + '<g transform="spin(3)"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + '<g transform="matrix(1)"/>'), "drawing_value"),
        (svg(BOWL + SHAFT + "<g>" * 60 + "</g>" * 60), "drawing_depth"),
        (svg(BOWL + SHAFT + '<path d="M0 0"/>' * 501), "drawing_shapes"),
    ],
)
def test_what_is_no_drawing_is_refused_with_its_reason(tmp_path: Path, text: str | bytes, code: str) -> None:
    """Never with a traceback, and never by leaving out what would be missed."""
    assert reason(tmp_path, text) == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the reason of the operating system."""
    fault = LandmarkFile.read(tmp_path / "none.svg", ZONES).fault
    assert fault is not None
    assert fault.code == "ENOENT"


def test_only_shapes_and_their_paint_are_taken(tmp_path: Path) -> None:
    """What an editor keeps for itself is left out, groups hand down their zone and place, and paint may be a style."""
    path = tmp_path / "tower.svg"
    path.write_text(
        svg(
            '<title>x</title><a:b xmlns:a="urn:a"/>'
            '<rect width="10" height="2" style="fill:#222;mask:url(#x)" onclick="alert(1)" class="c"/>'
            '<g transform="translate(1,2) scale(2)" data-zone="bowl"><path d="M0 0h10v10z"/></g>'
            f'{SHAFT}<circle cx="5" cy="5" r="1" fill="url(#y)"/>'
        ),
        encoding="utf-8",
    )
    drawing = read_drawing(path)
    assert drawing.parts["bowl"] == (DrawnPath("M0 0h10v10z", (2.0, 0.0, 0.0, 2.0, 1.0, 2.0)),)
    assert drawing.behind == (DrawnPath("M0 0h10v2h-10z", (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (("fill", "#222"),)),)
    assert [shape.paint for shape in drawing.over] == [()]
    assert drawing.box("bowl") == (1.0, 2.0, 21.0, 22.0)
    assert drawing.box("shaft") == (4.0, 10.0, 6.0, 19.0)


@pytest.mark.parametrize(
    ("transform", "corner"),
    [
        ("translate(3)", (3, 0)),
        ("rotate(90)", (0, 0)),
        ("rotate(180 5 5)", (0, 0)),
        ("scale(2 3)", (0, 0)),
        ("skewX(45)", (0, 0)),
        ("matrix(1 0 0 1 7 8)", (7, 8)),
    ],
)
def test_transformations_move_the_box(tmp_path: Path, transform: str, corner: tuple[float, float]) -> None:
    """Rotations turn about their centre."""
    path = tmp_path / "tower.svg"
    path.write_text(svg(f'<g transform="{transform}"><rect data-zone="bowl" width="10" height="10"/></g>{SHAFT}'))
    left, top, right, bottom = read_drawing(path).box("bowl")
    if transform == "rotate(90)":
        assert (round(left), round(top), round(right), round(bottom)) == (-10, 0, 0, 10)
    else:
        assert (round(left), round(top)) == corner
        assert right > left
        assert bottom > top


@pytest.mark.parametrize(
    ("landmark", "code"),
    [
        ("shape: custom", "TWL-S292"),
        ("shape: mast\n  file: torn.svg", "TWL-S293"),
        ("shape: custom\n  file: [a, b]", "TWL-S054"),
    ],
)
def test_the_file_of_a_landmark_is_checked_with_the_tower(landmark: str, code: str) -> None:
    """At its place, as any other mistake."""
    text = (ROOT / "config" / "tower.yaml").read_text(encoding="utf-8").replace("shape: water-tower", landmark)
    with pytest.raises(FilesRejected) as rejected:
        parse(text.encode(), b"version: 1\n", ROOT / "config")
    assert [finding.code for finding in rejected.value.findings] == [code]


def tower(tmp_path: Path) -> Setup:
    """The shipped files with a drawing of their own."""
    text = (ROOT / "config" / "tower.yaml").read_text(encoding="utf-8")
    text = text.replace("shape: water-tower", "shape: custom\n  file: torn.svg")
    return parse(text.encode(), b"version: 1\n", tmp_path)


def test_a_drawing_beside_the_tower_is_taken(tmp_path: Path) -> None:
    """Named relative to tower.yaml."""
    (tmp_path / "torn.svg").write_text(svg(BOWL + SHAFT))
    setup = tower(tmp_path)
    assert setup.tower.landmark.file is not None
    assert setup.tower.landmark.file.drawing is not None
    assert list(setup.tower.landmark.file.drawing.parts) == ["bowl", "shaft"]
    assert "TWL-S291" not in {finding.code for finding in notes(setup, NOW)}


def test_a_bad_drawing_keeps_no_tower_dark(tmp_path: Path) -> None:
    """The files are good; `check` warns at its place, and a mended drawing restarts nothing."""
    setup = tower(tmp_path)
    (finding,) = (finding for finding in notes(setup, NOW) if finding.code == "TWL-S291")
    assert finding.place is not None
    assert setup.tower_text.source.lines[finding.place.line - 1].strip() == "file: torn.svg"
    (tmp_path / "torn.svg").write_text(svg(BOWL + SHAFT))
    assert tower(tmp_path).builds_like(setup)
