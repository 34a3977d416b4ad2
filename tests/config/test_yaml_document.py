"""YAML as text: no value is anything but what was written, every value knows its place, and no text is too much."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config import yaml_document
from controller.config.findings import MOST
from controller.config.nodes import Document, Pairs, Scalar, YamlSequence, plain
from controller.config.source import LIMIT, read_file
from controller.config.yaml_document import DEEPEST, MOST_TEXTS, MOST_VALUES, read

KEYWORDS = frozenset({"name", "color", "dates", "hours"})
OUTERMOST = frozenset({"a", "b", "c", "campaigns", "gateways"})


def _read(text: str | bytes) -> Document:
    return read(text.encode() if isinstance(text, str) else text, "schedule.yaml", KEYWORDS, OUTERMOST)


def _plain(text: str | bytes) -> object:
    document = _read(text)
    assert document.findings == ()
    assert document.root is not None
    return plain(document.root)


@pytest.mark.parametrize(
    "text", ["off", "yes", "NO", "17:30", "0123", "0x1F", "1e3", "2027-06-06", "1_000", ".inf", "20.11"]
)
def test_no_value_changes_its_meaning(text: str) -> None:
    """What other readers take for a truth, a number, a date or nothing stays the text that was written."""
    assert _plain(f"a: {text}\n") == {"a": text}
    assert _plain(f"{text}: a\n") == {text: "a"}


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_a_keyword_with_nothing_is_empty(text: str) -> None:
    """As an editor reads it; in quotes, as a keyword and in a list it is a word like others."""
    assert _plain(f"a: {text}\n") == {}
    if text:
        assert _plain(f"a: '{text}'\n{text}: [{text}]\n") == {"a": text, text: [text]}


def test_every_value_knows_its_place() -> None:
    """Lines and columns count from 1; a quoted value's place includes its quotes."""
    root = _read("a: b\nc:\n  - 'd e'\n  - {f: g}\n").root
    assert isinstance(root, Pairs)
    assert root.entries["a"].value.place == (1, 4, 5)
    assert root.entries["c"].key.place == (2, 1, 2)
    items = root.entries["c"].value
    assert isinstance(items, YamlSequence)
    assert items.items[0].place == (3, 5, 10)
    assert items.items[1].place == (4, 6, 7)


@pytest.mark.parametrize(
    ("written", "place"),
    [("one two", (1, 8, 11)), ('"one two"', (1, 9, 12)), ("'one two'", (1, 9, 12)), (r'"one\x20two"', (1, 4, 16))],
)
def test_a_part_of_a_value_has_a_place_of_its_own(written: str, place: tuple[int, int, int]) -> None:
    """Behind an opening quote it moves by one; where escapes hide the offsets the whole value is shown."""
    root = _read(f"a: {written}\n").root
    assert isinstance(root, Pairs)
    value = root.entries["a"].value
    assert isinstance(value, Scalar)
    assert value.part(4, 7) == place


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_of_all_systems_are_accepted(end: str, mark: str) -> None:
    """Notepad, editors and old Macs; silently, and the places stay right."""
    document = _read(mark + end.join(["a: b", "c: d", ""]))
    assert document.findings == ()
    assert isinstance(document.root, Pairs)
    assert document.root.entries["c"].value.place == (2, 4, 5)


def test_a_no_break_space_inside_a_value_is_a_space() -> None:
    """Word writes `100 %` with one; nobody sees it and nothing depends on it."""
    assert _plain("a: 100\u00a0%\nb: 20–26\u202fnovember\n") == {"a": "100 %", "b": "20–26 november"}


def test_comments_may_hold_anything() -> None:
    """Tabs, quotes, dashes and invisible characters in a comment are nobody's business."""
    assert _plain('# “a”\u00a0\u200b – <<<<<<<\na: b # ”c” \u200b "\n\t# d\n') == {"a": "b"}


def test_quotes_inside_a_value_are_text() -> None:
    """Only a value that is in quotes as a whole was meant to be quoted."""
    assert _plain("a: Vecka ”orange” i år\nb: Children's day\nc: 5\" rör\n") == {
        "a": "Vecka ”orange” i år",
        "b": "Children's day",
        "c": '5" rör',
    }


def test_an_emoji_of_several_signs_is_text() -> None:
    """The joiner inside a family is invisible and meant."""
    assert _plain("a: 👨‍👩‍👧\n") == {"a": "👨‍👩‍👧"}


def test_odd_letters_leave_the_rest_of_the_file_readable() -> None:
    """Each is reported at its place, and the values are those that were meant, in the columns of the file."""
    document = _read("– name: ”x”\n  co\u200blor:\u00a0red\n  hours: z\n")
    assert [(finding.code, finding.place) for finding in document.findings] == [
        ("TWL-S039", (1, 1, 2)),
        ("TWL-S025", (1, 9, 12)),
        ("TWL-S044", (2, 5, 6)),
        ("TWL-S026", (2, 10, 11)),
    ]
    assert document.root is not None
    assert plain(document.root) == [{"name": "x", "color": "red", "hours": "z"}]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: b\n\tc: d\n\tname x\n", "TWL-S020", (2, 1, 2)),
        ("name x\nb: c\n\tc: d\n", "TWL-S023", (1, 1, 5)),
        ("a: [x\nb: c\nname:x\n", "TWL-S028", (1, 4, 6)),
        ("a: x\nname:x\nb: [\n", "TWL-S022", (2, 1, 6)),
        ("a: x\na: y\nb: [c\n", "TWL-S028", (3, 4, 6)),
        ("a: x\n<<<<<<< ours\nb: [\n=======\n", "TWL-S027", (2, 1, 13)),
    ],
)
def test_of_several_breaks_the_first_is_shown(text: str, code: str, place: tuple[int, int, int]) -> None:
    """Nothing behind it is guessed at, whichever of the two the parser would have stumbled over."""
    document = _read(text)
    assert document.root is None
    assert [(finding.code, finding.place) for finding in document.findings] == [(code, place)]


def test_odd_letters_before_a_break_are_shown_with_it() -> None:
    """They are mistakes of their own; those on the line of the break are its cause."""
    codes = [finding.code for finding in _read("a: ”x”\nname y\nb: c\nc: ”z”\n").findings]
    assert codes == ["TWL-S025", "TWL-S023"]
    assert [finding.code for finding in _read("a: ”x\\p”\nb: c\n").findings] == ["TWL-S025"]


def test_a_line_that_slipped_is_found_far_down_in_a_list() -> None:
    """At its place."""
    entry = "  - name: x\n    dates: 6 June\n    color: red\n"
    document = _read("campaigns:\n" + entry * 60 + entry.replace("    dates", "     dates"))
    assert [(finding.code, finding.place) for finding in document.findings] == [("TWL-S021", (183, 6, 11))]


def test_a_line_that_slipped_is_found_far_down_in_a_long_entry() -> None:
    """The last item of a long list, at its place."""
    items = [f"    - {{name: f{number}, address: {number}}}\n" for number in range(120)]
    text = "".join(("gateways:\n  - name: a\n    fixtures:\n", *items[:-1], items[-1][2:], "    universe: 1\n"))
    document = _read(text + "  - name: b\n    kind: c\n")
    assert [(finding.code, finding.place) for finding in document.findings] == [("TWL-S021", (123, 3, 10))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 900, "TWL-S035"),
        ("{" * 900, "TWL-S035"),
        ("".join(" " * depth + "a:\n" for depth in range(200)), "TWL-S035"),
        ("a: " + "x" * 5_000, "TWL-S042"),
        ("a: b\n" * (LIMIT // 5 + 1), "TWL-S006"),
        ("\0" * 10, "TWL-S008"),
        ("a: \x1b[31m", "TWL-S008"),
    ],
)
def test_what_is_too_much_is_refused_as_such(text: str, code: str) -> None:
    """Depth, entries, length of a line, size of the file, and what no text holds."""
    document = _read(text)
    assert document.root is None
    assert [finding.code for finding in document.findings] == [code]


def test_as_deep_and_as_long_as_allowed_is_read() -> None:
    """The limits themselves are within."""
    depth = DEEPEST - 1
    assert _plain("[" * depth + "a" + "]" * depth) != []


@pytest.mark.parametrize(
    "text", ["- a\n" * 100, "".join(f"k{number}: v\n" for number in range(50)), "- [a, {b: c}]\n" * 20]
)
def test_values_are_counted_in_the_whole_file(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they are spread over lists and pairs: as many as allowed are read, and one more is refused."""
    monkeypatch.setattr(yaml_document, "MOST_VALUES", 101)
    assert _read(text).findings == ()
    refused = _read(text + text[: text.index("\n") + 1].replace("k0", "k50"))
    assert (refused.root, [finding.code for finding in refused.findings]) == (None, ["TWL-S036"])


@pytest.mark.parametrize("text", ["- a\n" * MOST_TEXTS, "".join(f"k{number}: v\n" for number in range(MOST_TEXTS))])
def test_texts_are_counted_in_each_list(text: str) -> None:
    """As many as allowed are read, one more is refused; entries with keywords of their own are none of these."""
    assert _read(text).findings == ()
    assert [finding.code for finding in _read(text + text[:5].replace("k0", "k")).findings] == ["TWL-S036"]
    assert _read("- {a: b}\n" * (MOST_TEXTS + 1)).findings == ()


def test_the_limits_lie_far_above_ten_thousand_gateways() -> None:
    """Each with six lamps, a line for each keyword."""
    lines = 5 + 6 * 4
    assert 10_000 * 2 * lines < MOST_VALUES
    assert 10_000 * 20 * lines < LIMIT


def test_an_alias_bomb_never_grows() -> None:
    """Aliases are reported, not followed, and no more than a screenful of them."""
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 400)]
    document = _read("a0: &a0 x\n" + "\n".join(lines))
    assert {finding.code for finding in document.findings} == {"TWL-S033"}


@pytest.mark.parametrize(
    "text",
    [
        "\ta: b\n" * 8_000,
        "“a”\n" * 8_000,
        "a\u200b: b\n" * 8_000,
        "<<<<<<< a\n" * 8_000,
        "a:\n" + "   color: x\n  color: x\n" * 2_000,
        "dates x\n" * 8_000,
    ],
)
def test_thousands_of_mistakes_cost_no_more_memory_than_the_file(text: str) -> None:
    """Reading stops when there are more odd letters than anybody would read."""
    tracemalloc.start()
    document = _read(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20
    assert len(document.findings) <= MOST + 10


def test_no_more_is_read_of_a_file_than_can_be_used(tmp_path: Path) -> None:
    """A file of any size costs what the largest allowed one costs."""
    large = tmp_path / "schedule.yaml"
    with large.open("wb") as opened:
        opened.truncate(1 << 33)
    data, findings = read_file(large, "schedule.yaml")
    assert len(data) == LIMIT + 1
    assert findings == ()


@given(st.binary(max_size=300))
def test_any_bytes_give_a_root_or_a_finding(data: bytes) -> None:
    """Reading is total."""
    document = read(data, "schedule.yaml", KEYWORDS, OUTERMOST)
    assert document.root is not None or document.findings


@given(st.text(alphabet="ab:-[]{}\"'#&*!|>%@` \t\n\u00a0“”–,?=<", max_size=80))
def test_any_signs_of_yaml_give_a_root_or_a_finding(text: str) -> None:
    """The same for texts that are nearly YAML."""
    document = _read(text)
    assert document.root is not None or document.findings
