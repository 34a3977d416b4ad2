"""Many alike lamps in one entry of `tower.yaml`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config.findings import Finding
from controller.config.load import Setup, parse
from controller.config.ranges import MOST
from controller.config.setup_notes import notes

SHIPPED = Path(__file__).parents[2] / "config"
HEAD = """version: 1
site: {name: Alvesta, latitude: 56.899, longitude: 14.556, time_zone: Europe/Stockholm}
mqtt: {broker: embedded}
"""
POSTS = "  - {name: post-NUMBER, kind: wled, topic: wled/NUMBER/light, zone: ZONE}\n"

Found = Callable[..., tuple[Finding, ...]]


def tower(gateways: str, zones: str = "[bowl]") -> str:
    return f"{HEAD}zones: {zones}\ngateways:\n{gateways}"


def setup(gateways: str, zones: str = "[bowl]") -> Setup:
    schedule = (SHIPPED / "schedule.yaml").read_bytes()
    return parse(tower(gateways, zones).encode(), schedule, SHIPPED)


@given(first=st.integers(0, 99_990), count=st.integers(1, 9), width=st.integers(1, 5))
def test_a_range_is_what_its_lamps_written_out_would_be(first: int, count: int, width: int) -> None:
    numbers = [f"{number:0{width}}" for number in range(first, first + count)]
    written = f'"[{numbers[0]}..{numbers[-1]}]"'
    if len(numbers[0]) > len(str(first)):  # only a leading zero says how wide
        out = [f"{number:0{len(numbers[0])}}" for number in range(first, first + count)]
    else:
        out = [str(number) for number in range(first, first + count)]
    inside = written.strip('"')
    many = f'  - {{name: "post-{inside}", kind: wled, topic: "wled/{inside}/light", zone: bowl}}\n'
    single = "".join(POSTS.replace("NUMBER", one).replace("ZONE", "bowl") for one in out)
    assert setup(many).tower == setup(single).tower


def test_ranges_of_one_entry_count_along() -> None:
    gateways = setup(
        "  - name: post-[08..11]\n    kind: wled\n    topic: street/[1..4]\n    zone: bowl\n"
    ).tower.gateways
    assert [(one.name, one.topic) for one in gateways] == [  # type: ignore[attr-defined]
        ("post-08", "street/1"),
        ("post-09", "street/2"),
        ("post-10", "street/3"),
        ("post-11", "street/4"),
    ]


def test_a_list_of_zones_is_dealt_out_in_turn() -> None:
    made = setup(
        "  - {name: 'post-[1..5]', kind: wled, topic: 'w/[1..5]', zone: [bowl, shaft]}\n", "[bowl, shaft]"
    ).tower
    assert [one.zone_names for one in made.gateways] == [("bowl",), ("shaft",), ("bowl",), ("shaft",), ("bowl",)]


def test_a_list_of_zones_may_hold_ranges_of_them() -> None:
    made = setup(
        "  - {name: 'post-[1..4]', kind: wled, topic: 'w/[1..4]', zone: ['side-[1..2]', bowl]}\n",
        "['side-[1..2]', bowl]",
    ).tower
    assert [one.zone_names for one in made.gateways] == [("side-1",), ("side-2",), ("bowl",), ("side-1",)]


def test_zones_are_many_too_and_a_lamp_names_its_own() -> None:
    made = setup("  - {name: 'post-[1..3]', kind: wled, topic: 'w/[1..3]', zone: 'side-[1..3]'}\n", "['side-[1..3]']")
    assert made.tower.zones == ("side-1", "side-2", "side-3")
    assert [one.zone_names for one in made.tower.gateways] == [("side-1",), ("side-2",), ("side-3",)]


def test_the_meters_of_many_zones_are_one_entry() -> None:
    made = setup(
        "  - {name: 'post-[1..3]', kind: wled, topic: 'w/[1..3]', zone: 'side-[1..3]'}\n"
        "measured:\n  - {zone: 'side-[2..3]', topic: 'tele/[12..13]/SENSOR', lit_above: 20, dark_below: 5}\n",
        "['side-[1..3]']",
    ).tower
    assert [(one.zone, one.topic) for one in made.measured] == [
        ("side-2", "tele/12/SENSOR"),
        ("side-3", "tele/13/SENSOR"),
    ]


def test_lamps_inside_a_gateway_of_ours_count_along() -> None:
    made = setup("""  - name: mast-[1..2]
    kind: dmx
    output: {kind: sacn, to: "10.0.0.[21..22]"}
    universe: 1
    fixtures: [{name: "north-[1..2]", zone: bowl, profile: rgb, address: 1}]
""").tower
    assert [one.patched_fixtures[0].name for one in made.gateways] == ["north-1", "north-2"]


def test_brackets_that_are_no_range_are_left_alone() -> None:
    (gateway,) = setup("  - name: post\n    kind: wled\n    topic: hall[2]/light\n    zone: bowl\n").tower.gateways
    assert gateway.topic == "hall[2]/light"  # type: ignore[attr-defined]


def lamps(**other: str) -> str:
    entry = {"name": "post-[1..250]", "kind": "wled", "topic": "w/[1..250]", "zone": "bowl", **other}
    return "  - " + "\n    ".join(f"{key}: {value}" for key, value in entry.items()) + "\n"


@pytest.mark.parametrize(
    ("gateways", "expected"),
    [
        (lamps(name="post-[250..1]"), [("TWL-S310", {"suggestion": "post-[1..250]"})]),
        (lamps(name="post-[1-250]"), [("TWL-S310", {"suggestion": "post-[1..250]"})]),
        (lamps(name="post-[001…250]-a"), [("TWL-S310", {"suggestion": "post-[001..250]-a"})]),
        (lamps(name="post-[1..0250]"), [("TWL-S310", {"suggestion": "post-[0001..0250]"})]),
        (lamps(name="post-[1..99999]"), [("TWL-S310", {"suggestion": f"post-[1..{MOST}]"})]),
        (lamps(name="post-[1..1000000]"), [("TWL-S310", {"suggestion": f"post-[1..{MOST}]"})]),
        (lamps(topic="w/[1 .. 250]"), [("TWL-S310", {"suggestion": "w/[1..250]"})]),
        (lamps(topic="w/[1..200]"), [("TWL-S311", {"count": 200, "key": "name", "expected": 250})]),
        (lamps(name="post"), [("TWL-S312", {"value": "w/[1..250]"})]),
        (lamps(zone="bovl"), [("TWL-S085", {"zone": "bowl"}), ("TWL-S079", {"suggestion": "bowl"})]),
        (lamps(topic="w/#/[1..250]"), [("TWL-S096", {"value": "w/#/1"})]),
        (lamps(topic="w"), [("TWL-S088", {"other": "post-1"})]),
        (
            lamps() + "  - {name: post-17, kind: wled, topic: v, zone: bowl}\n",
            [("TWL-S064", {"name": "post-17"})],
        ),
        (
            "  - {name: a, kind: wled, topic: w, zone: bowl}\n"
            "measured:\n  - {zone: bowl, topic: 'tele/[1..2]', lit_above: 20, dark_below: 5}\n",
            [("TWL-S312", {"value": "tele/[1..2]", "key": "zone"})],
        ),
        ("  - {name: post-[1..9], kind: wled, topic: w, zone: bowl}\n", [("TWL-S313", {"quoted": '"post-[1..9]"'})]),
    ],
)
def test_a_mistake_is_shown_once_at_its_place_and_names_a_lamp(
    gateways: str, expected: list[tuple[str, dict[str, object]]], findings: Found
) -> None:
    found = findings(tower=tower(gateways))
    assert [
        (one.code, {key: one.event.fields[key] for key in fields})
        for one, (_, fields) in zip(found, expected, strict=False)
    ] == expected
    assert len(found) == len(expected)
    assert all(one.place is not None for one in found)


def test_more_lamps_than_one_range_may_have(findings: Found) -> None:
    (found,) = findings(tower=tower(lamps(name=f"post-[0..{MOST}]", topic=f"w/[0..{MOST}]")))
    assert (found.code, found.event.fields["most"]) == ("TWL-S310", MOST)


def test_nothing_that_is_right_for_one_lamp_is_offered_in_the_place_of_many(findings: Found) -> None:
    found = findings(tower=tower(lamps(zone="'sidde-[1..250]'"), "['side-[1..250]']"))
    assert "TWL-S079" in {one.code for one in found}
    assert all(not one.suggestions for one in found)


def test_what_is_worth_a_note_on_each_lamp_is_shown_once() -> None:
    found = notes(
        setup(lamps(kind="shelly-gen1", device="shellyrgbw2-[1..250]").replace("    topic: w/[1..250]\n", "")),
        datetime(2026, 11, 1, tzinfo=UTC),
    )
    of_tower = [one.code for one in found if one.file.endswith("tower.yaml")]
    assert len(of_tower) == len(set(of_tower))


def test_a_range_in_a_broken_file_hides_nothing(findings: Found) -> None:
    (found,) = findings(tower=tower(lamps()) + "palette: {orange: '#FF6A00'\n")
    assert found.code == "TWL-S028"
