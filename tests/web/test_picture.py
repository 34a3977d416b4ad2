"""The picture of the landmark: what each state looks like, for every shape and number of parts."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from controller.config.load import Setup, load
from controller.config.tower import Landmark
from controller.service.clauses import Names
from controller.service.gateway_state import Status
from controller.service.health import GatewayHealth, Health, LookValue
from controller.web.landmark_shapes import SHAPES
from controller.web.picture import PartLight, PicturePart, PictureScene, parts_of, picture, preview_of
from controller.web.svg import on_wall, sky

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
AT = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
ORANGE = LookValue(on=True, color="#FF6A00", color_name="orange", brightness=1.0)
BLUE = LookValue(on=True, color="#0000FF", brightness=1.0)
DARK = LookValue(on=False, brightness=0.0)
NIGHT = -20.0
LANDMARK = Landmark.model_validate(
    {
        "name": {"sv": "Vattentornet", "en": "The water tower"},
        "parts": {"bowl": {"sv": "Skålen", "en": "Bowl"}, "shaft": {"sv": "Skaftet", "en": "Shaft"}},
    }
)
NAMES = Names("Alvesta", LANDMARK, (("orange", "#FF6A00"),))


def part(zone: str, *lights: PartLight, **more: Any) -> PicturePart:
    """One zone, which should be orange."""
    return PicturePart(zone, lights or (PartLight(ORANGE, "confirmed"),), ORANGE, **more)


def drawn(*parts: PicturePart, shape: str = "water-tower", sun_deg: float = NIGHT, **more: Any) -> ET.Element:
    """The picture, read back as XML."""
    return ET.fromstring(picture(PictureScene(NAMES, parts, shape, sun_deg, **more), "sv"))  # noqa: S314  our own


def zones(root: ET.Element) -> dict[str, ET.Element]:
    """The paths of its parts."""
    return {path.attrib["data-zone"]: path for path in root.iter(f"{SVG}path") if path.get("class") == "zone"}


def words(root: ET.Element) -> list[str]:
    """What its labels say."""
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def sentences(root: ET.Element) -> str:
    """The text for people who use a screen reader."""
    found = root.find(f"{SVG}desc")
    assert found is not None
    return "".join(found.itertext())


def test_a_confirmed_tower_has_the_exact_colour_of_its_lamps() -> None:
    """In the fill and as data, with its words beside it."""
    root = drawn(part("bowl"), part("shaft"))
    for zone in zones(root).values():
        assert (zone.get("fill"), zone.get("data-shown"), zone.get("data-brightness")) == ("#FF6A00", "#FF6A00", "1")
    assert words(root) == ["Skålen", "orange ✓", "Skaftet", "orange ✓"]
    assert sentences(root) == "Natt. Skålen: orange, bekräftat. Skaftet: orange, bekräftat."
    assert root.get("role") == "img"


def test_five_brightnesses_are_five_colours_on_the_wall() -> None:
    """A tenth is still seen; full light is exact."""
    looks = [ORANGE.model_copy(update={"brightness": share, "on": share > 0}) for share in (0, 0.01, 0.1, 0.6, 1)]
    fills = [on_wall(look, "#2B303B") for look in looks]
    assert len(set(fills)) == 5
    assert (fills[0], fills[-1]) == ("#2B303B", "#FF6A00")


@pytest.mark.parametrize(
    ("status", "label", "dashed", "hatched"),
    [
        ("confirmed", "blått ✓", 0, 0),
        ("pending", "väntar", 0, 0),
        ("differs", "visar blått", 1, 0),
        ("silent", "tyst sedan 20:51", 1, 1),
        ("unknown", "okänt", 1, 1),
    ],
)
def test_each_status_is_drawn_and_named(status: Status, label: str, dashed: int, hatched: int) -> None:
    """By a line, a hatch and words, not by colour alone; the light shown is the one that was reported."""
    since = AT.replace(hour=20, minute=51)
    root = drawn(part("bowl"), part("shaft", PartLight(BLUE, status), silent_since=since))
    assert label in words(root)
    marks = [path for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray")]
    hatches = [path for path in root.iter(f"{SVG}path") if path.get("fill") == "url(#p-hatch)"]
    assert (len(marks), len(hatches)) == (dashed, hatched)
    assert zones(root)["shaft"].get("data-shown") == "#0000FF"
    assert ("ska visa orange" in sentences(root)) == (status != "confirmed")


def test_gateways_of_a_part_that_disagree_share_it_by_their_number() -> None:
    """A single one among ten thousand is still seen, and the hatch covers the silent ones only."""
    lights = (PartLight(ORANGE, "confirmed", 9_997), PartLight(BLUE, "differs", 2), PartLight(ORANGE, "silent", 1))
    root = drawn(part("bowl", *lights), part("shaft"))
    (slices,) = (each for each in root.iter(f"{SVG}linearGradient") if each.get("id") == "p-slices0")
    ends = [float(each.attrib["offset"]) for each in slices][1::2]
    assert len(ends) == 3
    assert all(after - before > 0.05 for before, after in pairwise([0.0, *ends]))
    (hatch,) = (path for path in root.iter(f"{SVG}path") if path.get("fill") == "url(#p-hatch)")
    assert hatch.get("clip-path") == "url(#p-clip0-2)"
    assert "Skålen ▲" in words(root)


def test_a_part_has_four_slices_at_most_and_one_of_them_is_the_worst() -> None:
    """Whatever few gateways have it."""
    colors = [LookValue(on=True, color=f"#{number:02X}40FF", brightness=1.0) for number in range(9)]
    root = drawn(part("bowl", *(PartLight(look, "confirmed") for look in colors), PartLight(DARK, "differs")))
    assert len(list(root.iter(f"{SVG}clipPath"))) == 4
    assert "visar släckt" in words(root)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 12, 13, 40])
def test_every_shape_draws_every_number_of_parts(shape: str, count: int) -> None:
    """Each once, inside the picture; over twelve without labels, which lie apart."""
    root = drawn(*(part(f"zone-{number}") for number in range(count)), shape=shape)
    assert list(zones(root)) == [f"zone-{number}" for number in range(count)]
    for path in zones(root).values():
        figures = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", path.attrib["d"])]
        assert min(figures) >= 0
        assert max(figures) <= 300
    labels = [each for each in root.iter(f"{SVG}rect") if each.get("x") == "240"]
    boxes = sorted((float(each.attrib["y"]), float(each.attrib["height"])) for each in labels)
    assert len(boxes) == (count if count <= 12 else 0)
    assert all(top + high <= after for (top, high), (after, _) in pairwise(boxes))
    assert all(top >= 0 and top + high <= 300 for top, high in boxes)


@pytest.mark.parametrize(("count", "right"), [(1, 234.0), (12, 234.0), (13, 294.0)])
def test_a_bridge_leaves_room_for_its_labels_while_there_are_any(count: int, right: float) -> None:
    """They begin at 240; without them its spans have the whole width."""
    *_, last = zones(drawn(*(part(f"zone-{number}") for number in range(count)), shape="bridge")).values()
    assert max(float(each) for each in re.findall(r"H(-?\d+(?:\.\d+)?)", last.attrib["d"])) == right


def test_a_tower_of_more_than_six_parts_is_a_facade() -> None:
    """Bands of a shaft would be too thin to see."""
    seven = tuple(part(f"z{number}") for number in range(7))
    tower, facade = (picture(PictureScene(NAMES, seven, shape, NIGHT), "sv") for shape in ("water-tower", "facade"))
    assert tower == facade


def test_names_are_text_and_nothing_needs_a_style_or_a_script() -> None:
    """Names from files and gateways cannot add an element or an attribute."""
    bad = "<img src=x onerror=alert(1)>\"'&"
    landmark = Landmark.model_validate({"name": bad, "parts": {"bowl": bad}})
    scene = PictureScene(Names(bad, landmark), (part("bowl"), part(bad)), "water-tower", NIGHT)
    root = ET.fromstring(picture(scene, "en"))  # noqa: S314  our own
    known = {"svg", "title", "desc", "defs", "linearGradient", "radialGradient", "stop", "pattern", "path", "rect"}
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == known | {"ellipse", "g", "circle", "text"}
    assert not [name for each in root.iter() for name in each.attrib if name == "style" or name.startswith("on")]
    assert bad in zones(root)


def test_ids_are_unique() -> None:
    """Each reference has its element."""
    bowl = part("bowl", PartLight(ORANGE, "silent"), PartLight(BLUE, "differs"))
    scene = PictureScene(NAMES, (bowl, part("shaft")), "mast", NIGHT)
    shown = picture(scene, "sv")
    ids = re.findall(r' id="([^"]+)"', shown)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", shown)) <= set(ids)


def test_the_sky_follows_the_sun() -> None:
    """Stars and the glow of the lamps at night only; a stop has a padlock and a sentence."""
    night, day = drawn(part("bowl")), drawn(part("bowl"), sun_deg=25.0)
    assert (night.find(f".//{SVG}radialGradient") is None, day.find(f".//{SVG}radialGradient") is None) == (False, True)
    assert sky(-40) == ("#060A1A", "#141A38")
    assert sky(60) == sky(30)
    assert sky(-9) not in {sky(-12), sky(-6)}
    assert sentences(day).startswith("Dag.")
    assert "Säkerhetsstopp gäller." in sentences(drawn(part("bowl"), is_stopped=True))


@pytest.fixture(scope="module")
def setup() -> Setup:
    """The shipped configuration."""
    return load(ROOT / "config")


def summary(**counts: int) -> Health:
    """Of a tower whose bowl and shaft should be orange."""
    now = {"at": AT, "looks": {"bowl": ORANGE.model_dump(), "shaft": ORANGE.model_dump()}}
    whole = {"version": 2, "at": AT, "site": "T", "clock": "trusted", "now": now, "next": None, "amiss": 0}
    return Health.model_validate({**whole, "counts": counts})


def test_parts_are_what_the_gateways_report(setup: Setup) -> None:
    """Of a gateway without a document the summary says whether it is confirmed."""
    bowl_zone = {"status": "differs", "desired": ORANGE.model_dump(), "reported": BLUE.model_dump()}
    shaft_zone = {"status": "confirmed", "desired": ORANGE.model_dump(), "reported": ORANGE.model_dump()}
    head = {"version": 1, "at": AT, "name": "mast", "kind": "dmx", "status": "differs", "online": True, "heard": AT}
    mast = GatewayHealth.model_validate({**head, "zones": {"bowl": bowl_zone, "shaft": shaft_zone}})
    bowl, shaft = parts_of(setup.tower, summary(differs=1), [mast])
    assert (bowl.status, bowl.worst_light.look, shaft.status, shaft.worst_light.look) == (
        "differs",
        BLUE,
        "confirmed",
        ORANGE,
    )
    assert [each.status for each in parts_of(setup.tower, summary(confirmed=1), [])] == ["confirmed"] * 2
    assert [each.status for each in parts_of(setup.tower, summary(silent=1), [])] == ["silent"] * 2


def test_a_preview_claims_nothing_of_lamps(setup: Setup) -> None:
    """It has neither a sign of confirmation nor a status, and its title says what it is."""
    root = drawn(*preview_of(setup.tower, {"bowl": ORANGE}))
    assert words(root) == ["Skålen", "orange", "Skaftet", "släckt"]
    assert sentences(root) == "Natt. Skålen: orange. Skaftet: släckt."
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Vattentornet, så som det skulle lysa"


def test_a_drawing_of_the_site_is_on_the_ground_with_its_own_scenery(tmp_path: Path) -> None:
    """Each shape of a zone has its light; the rest keeps its paint."""
    (tmp_path / "fyr.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 140"><rect width="9" height="6" fill="#222"/>'
        '<g data-zone="bowl"><rect y="20" width="20" height="16"/><rect y="36" width="26" height="6"/></g>'
        '<polygon data-zone="shaft" points="39,42 61,42 68,140 32,140"/></svg>'
    )
    keys = {"shape": "custom", "file": "fyr.svg"}
    landmark = Landmark.model_validate(keys, context={"directory": tmp_path, "zones": ("bowl", "shaft")})
    parts = (part("bowl", PartLight(BLUE, "differs")), part("shaft", PartLight(ORANGE, "silent")))
    root = ET.fromstring(picture(PictureScene(Names("A", landmark), parts, "custom", NIGHT), "sv"))  # noqa: S314
    drawn_zones = [each for each in root.iter(f"{SVG}path") if each.get("class") == "zone"]
    assert [each.get("data-zone") for each in drawn_zones] == ["bowl", "bowl", "shaft"]
    assert {each.get("fill") for each in drawn_zones[:2]} == {"#0000FF"}
    assert all((each.get("transform") or "").startswith("matrix(") for each in drawn_zones)
    assert any(each.get("fill") == "#222" for each in root.iter(f"{SVG}path"))
    dashed = [each for each in root.iter(f"{SVG}path") if each.get("stroke-dasharray")]
    assert {each.get("vector-effect") for each in dashed} == {"non-scaling-stroke"}


def test_without_a_usable_drawing_a_water_tower_is_drawn(tmp_path: Path) -> None:
    """Rather no picture of the site's own than none."""
    landmark = Landmark.model_validate({"shape": "custom", "file": "none.svg"}, context={"directory": tmp_path})
    names = Names("A", landmark)
    own, ours = (
        picture(PictureScene(names, (part("bowl"),), shape, NIGHT), "sv") for shape in ("custom", "water-tower")
    )
    assert own == ours
