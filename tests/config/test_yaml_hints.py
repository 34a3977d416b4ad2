"""Of a file that is no YAML the first break is named at its place, with a remedy that keeps what was meant."""

from collections.abc import Callable

import pytest

from controller.config.findings import Finding

Found = Callable[..., tuple[Finding, ...]]
HEAD = "version: 1\ncampaigns:\n  - name: Orange\n    dates: 20–26 November\n"

CASES = (
    # the file, the code, line and column, and what the remedy holds
    ("```yaml\n" + HEAD + "```\n", "TWL-S160", (1, 1), "```"),
    (HEAD + "    color: {bowl: #FF6A00, shaft: red}\n", "TWL-S156", (5, 19), '"#FF6A00"'),
    (HEAD + "    color: [#FF6A00, #00FF00]\n", "TWL-S156", (5, 13), '"#FF6A00"'),
    (HEAD + "    color:#FF6A00\n", "TWL-S022", (5, 5), '`color: "#FF6A00"`'),
    (HEAD + "    color #FF6A00\n", "TWL-S023", (5, 5), '`color: "#FF6A00"`'),
    (HEAD + "    color = #FF6A00\n", "TWL-S023", (5, 5), '`color: "#FF6A00"`'),
    (HEAD + "    color => red\n", "TWL-S023", (5, 5), "`color: red`"),
    (HEAD + "    color： red\n", "TWL-S023", (5, 5), "`color: red`"),
    (HEAD + "    färg röd\n", "TWL-S023", (5, 5), "`färg: röd`"),
    (HEAD + "    hours:18:00 to 22:00 # kväll\n", "TWL-S022", (5, 5), "`hours: 18:00 to 22:00`"),
    (HEAD + "    color:\n      bowl red\n      shaft: blue\n", "TWL-S023", (6, 7), "`bowl: red`"),
    (HEAD + "    color: {bowl: red} shaft\n", "TWL-S158", (5, 24), "before }"),
    (HEAD + "    color: [red, blue]]\n", "TWL-S049", (5, 23), "]"),
    (HEAD + "    color: [red,\n      blue]\n    fade_in 60 s\n    hours: x\n", "TWL-S023", (7, 5), "`fade_in: 60 s`"),
    (HEAD + "    color: [red,\n      blue\n    fade_in: 1 s\n", "TWL-S028", (5, 12), "]"),
    (HEAD + "    Glöm inte julen\n    color: red\n", "TWL-S047", (5, 5), "#"),
    (HEAD + "    color: red\n    hours", "TWL-S046", (6, 5), "`hours:`"),
    (HEAD + "    color: red\n  name: Lucia\n    dates: 6 June\n", "TWL-S072", (6, 3), "`- name: Lucia` with 2 spaces"),
    (HEAD + "    color: red\n  blackouts: []\n", "TWL-S021", (6, 3), "0 spaces"),
    ("version: 1\ncampaigns:\n  - name: Orange dates: 6 June\n", "TWL-S157", (3, 18), "if it is a keyword"),
    ('version: 1\ncampaigns:\n  - name: "C:\\orange"\n', "TWL-S159", (3, 11), "'C:\\orange'"),
    ("version: 1\ncampaigns:\n  - name: 'tis the season\n", "TWL-S024", (3, 11), "\"'tis the season\""),
    ('version: 1\ncampaigns:\n  - name: "Den "orange" veckan"\n', "TWL-S031", (3, 11), "'Den \"orange\" veckan'"),
    ('{"version": 1, "campaigns": [{"name": "x" "color": "red"}]}\n', "TWL-S048", (1, 43), '"x", "color"'),
    ("version: 1\ncampaigns:\n  -- name: x\n    dates: 6 June\n", "TWL-S039", (3, 3), "`- name: x`"),
    ("version: 1\ncampaigns:\n  name: x\n  dates: 6 June\n  - name: y\n", "TWL-S072", (3, 3), "`- name: x` with 2"),
    ("version: 1\ncampaigns:\n  \u200b- name: x\n    dates: 6 June\n", "TWL-S044", (3, 3), "Backspace"),
    ("> version: 1\n> campaigns: []\n", "TWL-S187", (1, 1), "delete the >"),
    (HEAD + "    color: red\n    dates:\n      - 6 June\n       - 7 June\n", "TWL-S021", (8, 8), "6 spaces"),
    ("version: 1\ncampaigns:\n  - name: 'it''s June\n    dates: 6 June\n", "TWL-S024", (3, 11), "'it''s June"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place", "remedy"), CASES)
def test_a_break_is_named_with_its_remedy(
    text: str, code: str, place: tuple[int, int], remedy: str, findings: Found
) -> None:
    """One finding, in both languages, and what it proposes is what was written."""
    (found,) = findings(schedule=text)
    assert (found.code, found.place and found.place[:2]) == (code, place)
    assert remedy in found.event.action("en")
    assert found.event.action("sv") != found.event.action("en")


SCHEDULE = """version: 1
campaigns:
  - name: Orange
    dates: 20–26 November
    color: orange
  - name: Lucia
    dates:
      - 12 december
      - 13 december
    color: {bowl: vit, shaft: gul}
every_night:
  - name: Vardag
    nights: every Friday
    color: 2700 K
blackouts: []
"""
TOWER = """version: 1
site:
  name: Alvesta
  latitude: 56.899
  longitude: 14.556
  time_zone: Europe/Stockholm
zones: [bowl]
gateways:
  - name: mast
    kind: dmx
    output: simulated
    universe: 1
    fixtures:
      - {name: a, zone: bowl, profile: rgbw, address: 1}
      - {name: b, zone: bowl, profile: rgbw, address: 5}
  - name: other
    kind: tasmota
    zone: bowl
    topic: lamp
"""


SLIPS = [
    (kind, number, by)
    for kind, text in (("schedule", SCHEDULE), ("tower", TOWER))
    for number, line in enumerate(text.splitlines())
    for by in (-1, 1)
    if by > 0 or line.startswith(" ")
]


@pytest.mark.parametrize(("kind", "line", "by"), SLIPS)
def test_the_line_that_slipped_is_named_with_its_column(kind: str, line: int, by: int, findings: Found) -> None:
    """Whichever line it is: the parser often stops at a right one below it."""
    lines = (SCHEDULE if kind == "schedule" else TOWER).splitlines()
    column = len(lines[line]) - len(lines[line].lstrip())
    lines[line] = " " * (column + by) + lines[line].lstrip()
    (found,) = (one for one in findings(**{kind: "\n".join(lines)}) if one.file.endswith(f"{kind}.yaml"))
    assert (found.code, found.place and found.place.line) == ("TWL-S021", line + 1)
    assert found.event.fields["expected"] == column


@pytest.mark.parametrize("by", [-1, 1, 2, 3])
@pytest.mark.parametrize("first", [3, 12])
def test_lines_that_slipped_together_belong_to_the_hyphen_in_its_column(first: int, by: int, findings: Found) -> None:
    """All lines of an entry below its hyphen: they go back, and the hyphen stays in the column of the others."""
    lines = SCHEDULE.splitlines()
    for number in (first, first + 1):
        lines[number] = " " * (4 + by) + lines[number].lstrip()
    (found,) = findings(schedule="\n".join(lines))
    assert (found.code, found.place and found.place.line) == ("TWL-S021", first + 1)
    assert found.event.fields["expected"] == 4


@pytest.mark.parametrize(
    ("between", "codes"),
    [
        ("\n  - name: A\n    color: red\n  - dates: 6 juni\n", ["TWL-S185"]),
        ("\n  - {name: A, color: red}\n  - {dates: 6 juni}\n", ["TWL-S141", "TWL-S014", "TWL-S014"]),
        (" [{name: A, color: red}, {dates: 6 juni}]\n", ["TWL-S141", "TWL-S014", "TWL-S014"]),
    ],
)
def test_only_an_entry_with_a_hyphen_may_have_one_too_many(between: str, codes: list[str], findings: Found) -> None:
    """One in braces is a rule of its own, which lacks its name and its colour."""
    assert [one.code for one in findings(schedule=f"version: 1\ncampaigns:{between}")] == codes


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("shaft blue", "TWL-S023"),
        ("shaft = light blue", "TWL-S023"),
        ("shaft light blue", "TWL-S047"),
    ],
)
def test_a_zone_without_its_colon_is_distinguished_from_a_text(line: str, code: str, findings: Found) -> None:
    """A name and one word are a pair; more words only with a sign between them."""
    text = f"version: 1\ncampaigns:\n  - name: A\n    dates: 6 juni\n    color:\n      bowl: red\n      {line}\n"
    (found,) = findings(schedule=text)
    assert (found.code, found.place and found.place.line) == (code, 7)
