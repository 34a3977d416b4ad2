"""Names for people: `landmark` of tower.yaml, and the same names in the colours of schedule.yaml."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.config.findings import Finding
from controller.config.load import parse
from controller.config.tower import Tower

Found = Callable[..., tuple[Finding, ...]]
SHIPPED = Path(__file__).parents[2] / "config"
TOWER = re.sub(
    r"^landmark:.*\n(?: .*\n)+", "", (SHIPPED / "tower.yaml").read_text(encoding="utf-8"), flags=re.MULTILINE
)
PARTS = "landmark: {parts: {bowl: {sv: Skålen, en: Bowl}, shaft: Skaftet}}\n"
SCHEDULE = "version: 1\ncampaigns:\n  - {name: Flagga, dates: 6 juni, color: %s}\n"


def _tower(landmark: str) -> Tower:
    return parse((TOWER + landmark).encode(), (SHIPPED / "schedule.yaml").read_bytes(), SHIPPED).tower


def test_a_part_has_one_name_or_one_for_each_language() -> None:
    """A zone without a name in a language keeps its own."""
    names = _tower(PARTS).landmark
    assert names.zone_names("sv") == {"bowl": "Skålen", "shaft": "Skaftet"}
    assert names.zone_names("en") == {"bowl": "Bowl", "shaft": "Skaftet"}
    assert _tower("landmark: {parts: {bowl: {sv: Skålen}}}\n").landmark.zone_names("en") == {}
    assert _tower("").landmark.zone_names("sv") == {}


@pytest.mark.parametrize(
    "colors", ["{Skålen: gul, Skaftet: blå}", "{skålen: gul, SKAFTET: blå}", "{Bowl: gul, shaft: blå}"]
)
def test_a_colour_map_may_use_the_names_that_people_use(colors: str) -> None:
    """In any case, and in the name of any language."""
    (campaign,) = parse((TOWER + PARTS).encode(), (SCHEDULE % colors).encode(), SHIPPED).schedule.campaigns
    assert {zone: look.colors[0].name for zone, look in campaign.looks.items()} == {"bowl": "gul", "shaft": "blå"}


@pytest.mark.parametrize(
    ("colors", "code", "fields"),
    [
        ("{Skåln: gul}", "TWL-S136", {"suggestion": "Skålen"}),
        ("{foten: gul}", "TWL-S068", {"zone": "foten"}),
        ("{Skålen: gul, bowl: blå}", "TWL-S161", {"zone": "bowl", "other": "Skålen"}),
    ],
)
def test_a_zone_that_is_none_is_shown_with_the_names_of_those_that_are(
    findings: Found, colors: str, code: str, fields: dict[str, object]
) -> None:
    """Each with the name that the file has for it, in the language of the reader."""
    (found,) = findings(tower=TOWER + PARTS, schedule=SCHEDULE % colors)
    assert found.code == code
    assert found.event.fields.items() >= fields.items()
    if code == "TWL-S068":
        assert found.event.action("sv") == "zonerna är: Skålen (bowl), Skaftet (shaft)"
        assert found.event.action("en") == "the zones are: bowl, Skaftet (shaft)"


@pytest.mark.parametrize(
    ("landmark", "code"),
    [
        ("landmark: {parts: {bowll: Skålen}}", "TWL-S079"),
        ("landmark: {parts: {foot: Foten}}", "TWL-S068"),
        ("landmark: {parts: {bowl: Skaftet, shaft: Skaftet}}", "TWL-S162"),
        ("landmark: {parts: {bowl: {sv: Shaft}}}", "TWL-S162"),
        ("landmark: {parts: {bowl: {se: Skålen}}}", "TWL-S056"),
        ("landmark: {shape: water tower}", "TWL-S055"),
        ("landmark: Vattentornet", "TWL-S053"),
        ("landmark: {parts: [Skålen]}", "TWL-S053"),
        ('landmark: {parts: {bowl: ""}}', "TWL-S013"),
    ],
)
def test_a_mistake_in_the_names_is_shown_at_its_line(findings: Found, landmark: str, code: str) -> None:
    """Names of zones that are none, one name for two parts, and other forms."""
    (found,) = findings(tower=f"{TOWER}{landmark}\n")
    assert (found.code, found.place and found.place.line) == (code, TOWER.count("\n") + 1)


def test_the_names_are_known_though_the_tower_has_mistakes(findings: Found) -> None:
    """So that a mistake in one file brings none in the other."""
    found = findings(tower=TOWER.replace("56.899", "156.899") + PARTS, schedule=SCHEDULE % "{Skålen: gul}")
    assert {one.code for one in found} == {"TWL-S080"}
