"""Where on one line a comment begins, and what is left open, as YAML has it: yaml.org, spec 1.2, chapters 6 and 7."""

import pytest

from controller.config.findings import SourceText
from controller.config.yaml_text import LineScan, YamlText, scan


@pytest.mark.parametrize(
    ("before", "comment"),
    [
        ("color: red ", "# dark"),
        ("color: red#dark", ""),
        ("color: ", "#FF6A00"),
        ("reason: 'a # b' ", "# c"),
        ('reason: "a # b" ', "# c"),
        ("reason: 'it''s # 5' ", "# c"),
        ("reason: it's ", "# c's"),
        ("reason: 'C:\\' ", "# a backslash is itself in single quotes"),
        ('reason: "C:\\" # b" ', "# and hides the quote behind it in double ones"),
        ('reason: "C:\\\\" ', "# but not one hidden by a backslash before it"),
        ("color: [red, blue] ", "# both"),
        ("- {name: 'A]', color: red} ", "# one"),
    ],
)
def test_a_comment_begins_behind_a_space_and_outside_quotes(before: str, comment: str) -> None:
    """Else the sign is a part of the value."""
    assert scan(before + comment) == LineScan(None, len(before), None)


@pytest.mark.parametrize(
    ("text", "quote", "bracket"),
    [
        ("reason: 'it''s", 8, None),
        ('reason: "C:\\"', 8, None),
        ("reason: 'C:\\'", None, None),
        ("color: [red, 'blue", 13, 7),
        ("color: {bowl: [red, blue]", None, 7),
        ("color: {bowl: [red, blue", None, 7),
        ("color: a [b", None, None),
    ],
)
def test_what_a_line_leaves_open_is_found(text: str, quote: int | None, bracket: int | None) -> None:
    """The last quote, and the outermost bracket."""
    assert scan(text) == LineScan(quote, len(text), bracket)


@pytest.mark.parametrize(("end", "place"), [(3, (1, 3, 4)), (2, (1, 3, 4)), (0, (1, 3, 4)), (5, (1, 3, 6))])
def test_a_place_has_at_least_the_width_of_a_sign(end: int, place: tuple[int, int, int]) -> None:
    """So that there is something to underline."""
    text = YamlText(SourceText("schedule.yaml", ("color red",)), frozenset(), frozenset())
    assert text.finding("TWL-S037", 0, 2, end).place == place
