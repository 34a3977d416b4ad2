"""How findings look: to people with a caret under the fault, to programs, to a code host."""

import json
from collections.abc import Callable

import pytest

from controller.config.findings import MOST, FilePlace, Finding, SourceText, in_order
from controller.config.render import as_github, as_json, as_text
from controller.errors import FilesRejected

Found = Callable[..., tuple[Finding, ...]]
SWEDISH_KEY = "version: 1\ncampaigns:\n  - name: a\n    dates: 6 June\n    färg: orange\n"
PASSWORD = "hunter" + "2"


def test_a_finding_in_english(findings: Found) -> None:
    """Head, place, line, caret, and the cure beside it."""
    assert as_text(findings(schedule=SWEDISH_KEY), "en") == (
        "error[TWL-S010]: unknown keyword 'färg'\n"
        " --> config/schedule.yaml:5:5\n"
        "  |\n"
        "5 |     färg: orange\n"
        "  |     ^^^^ did you mean 'color'?"
    )


def test_a_finding_in_swedish(findings: Found) -> None:
    """The same in the words of facilities staff."""
    assert as_text(findings(schedule=SWEDISH_KEY), "sv") == (
        'fel[TWL-S010]: okänt nyckelord "färg"\n'
        " --> config/schedule.yaml:5:5\n"
        "  |\n"
        "5 |     färg: orange\n"
        '  |     ^^^^ menade du "color"?'
    )


def test_a_long_cure_is_below_the_caret(findings: Found) -> None:
    """So that no line of the output is wider than a screen for its sake."""
    output = as_text(findings(schedule=SWEDISH_KEY.replace("färg", "sparkle")), "sv").splitlines()
    assert output[-2] == "  |     ^^^^^^^"
    assert output[-1].startswith("  = hjälp: de här kan stå här: name, dates,")


def test_a_cure_beside_the_caret_fits_on_a_hundred_columns(findings: Found) -> None:
    """Up to the last column; if it is one longer, it is below."""
    beside = {}
    for spaces in range(1, 70):
        text = SWEDISH_KEY.replace("färg: orange", f"color:{' ' * spaces}oragne")
        *_, above, last = as_text(findings(schedule=text), "en").splitlines()
        if "^" in last:
            beside[spaces] = len(last)
        else:
            assert above.rstrip().endswith("^")
    assert max(beside.values()) == 100
    assert list(beside) == list(range(1, len(beside) + 1))
    assert len(beside) < 69


def test_the_margin_grows_with_the_line_number(findings: Found) -> None:
    """The bars stay below each other."""
    text = SWEDISH_KEY.replace("campaigns:", "# \n" * 200 + "campaigns:")
    output = as_text(findings(schedule=text), "en").splitlines()
    assert [line[:5] for line in output[1:4]] == ["   --", "    |", "205 |"]
    assert output[4].startswith("    |     ^^^^ ")


def test_a_finding_about_the_whole_file_has_no_line(findings: Found) -> None:
    """The file's name and the cure remain."""
    assert as_text(findings(schedule=""), "en") == (
        "error[TWL-S001]: the file is empty: the tower would stay dark\n"
        " --> config/schedule.yaml\n"
        "  = help: the file must begin with `version: 1`"
    )


@pytest.mark.parametrize(("before", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("a\tb", 3), ("\u00a0", 1)])
def test_the_caret_is_under_the_fault_in_any_script(before: str, columns: int) -> None:
    """Wide characters take two columns, combining ones none."""
    source = SourceText("f", (f"{before}X",))
    finding = source.finding("TWL-S013", FilePlace(1, len(before) + 1, len(before) + 2), key="X")
    assert as_text([finding], "en").splitlines()[4].startswith("  | " + " " * columns + "^ ")


def test_a_long_line_is_cut_around_the_fault() -> None:
    """What is shown fits on a screen, and the caret still points at the fault."""
    finding = SourceText("f", ("a" * 500 + "X" + "b" * 400,)).finding("TWL-S013", FilePlace(1, 501, 502), key="X")
    shown, caret = as_text([finding], "en").splitlines()[3:5]
    assert len(shown) < 110
    assert shown[caret.index("^")] == "X"


def test_nothing_of_a_file_leaves_its_line(findings: Found) -> None:
    """No escape sequence and no line break of a file reaches the terminal."""
    text = 'version: 1\ncampaigns:\n  - name: "a\\n\\x1b[31mred"\n    dates: 6 June\n    color: "\\x1b]0;x\\x07"\n'
    for output in (as_text(findings(schedule=text), "en"), as_github(findings(schedule=text), "en")):
        assert all(char.isprintable() for char in output.replace("\n", ""))


@pytest.mark.parametrize(
    "line", [f"password: {PASSWORD}", f"broker: mqtt://kim:{PASSWORD}@broker.local", f"lösenord: {PASSWORD}"]
)
def test_a_password_is_not_shown_again(line: str, findings: Found) -> None:
    """Output of `check` goes into logs and mails; the secret does not go with it."""
    tower = f"version: 1\nmqtt:\n  {line}\n"
    found = findings(tower=tower)
    assert "TWL-S090" in {finding.code for finding in found}
    for render in (as_text, as_json, as_github):
        assert PASSWORD not in render(found, "sv")


def test_programs_get_one_document(findings: Found) -> None:
    """Code, level, place, text, cure and the fields of each finding."""
    document = json.loads(as_json(findings(schedule=SWEDISH_KEY), "sv"))
    assert document == {
        "version": 1,
        "files": [],
        "findings": [
            {
                "code": "TWL-S010",
                "level": "error",
                "file": "config/schedule.yaml",
                "line": 5,
                "column": 5,
                "end_column": 9,
                "text": 'okänt nyckelord "färg"',
                "action": 'menade du "color"?',
                "fields": {"key": "färg", "suggestion": "color"},
                "rule": {"group": "campaigns", "name": "a"},
                "field": "color",
                "suggestion": {
                    "text": "color",
                    "edits": [{"line": 5, "column": 5, "end_line": 5, "end_column": 9, "text": "color"}],
                },
                "choices": [],
            }
        ],
    }


def test_a_code_host_gets_one_command_a_line(findings: Found) -> None:
    """Signs that would end a part of the command are escaped."""
    assert as_github(findings(schedule=SWEDISH_KEY), "en") == (
        "::error file=config/schedule.yaml,title=TWL-S010,line=5,col=5,endColumn=8::"
        "unknown keyword 'färg': did you mean 'color'?"
    )
    finding = SourceText("a:b,c%\n.yaml").finding("TWL-S001", None)
    assert as_github([finding], "en").startswith("::error file=a%3Ab%2Cc%25%0A.yaml,")


def test_findings_come_in_the_order_of_the_file_and_once() -> None:
    """Whoever found them."""
    source = SourceText("f", ("a", "b", "c"))
    made = [source.finding("TWL-S013", FilePlace(line, 1, 2), key="k") for line in (3, 1, 2, 1)]
    assert [finding.place for finding in in_order(tuple(made))] == [(1, 1, 2), (2, 1, 2), (3, 1, 2)]


def test_a_screenful_of_findings_is_enough() -> None:
    """The rest of a file's findings is a number."""
    source = SourceText("f", tuple("abc" for _ in range(1000)))
    made = tuple(source.finding("TWL-S013", FilePlace(line, 1, 2), key="k") for line in range(1, 301))
    kept = in_order(made)
    assert len(kept) == MOST + 1
    assert kept[-1].event.text("en") == "and 200 more mistakes in this file"
    assert kept[-1].is_error


def test_a_screenful_of_notes_is_enough_and_no_mistake() -> None:
    """A file that is used as it is is not refused for the number of its notes."""
    source = SourceText("f", tuple("abc" for _ in range(1000)))
    notes = in_order(tuple(source.finding("TWL-S202", FilePlace(line, 1, 2), name="x") for line in range(1, 301)))
    assert len(notes) == MOST + 1
    assert notes[-1].event.text("en") == "and 200 more notes on this file"
    assert not any(note.is_error for note in notes)


def test_the_error_that_is_raised_counts_its_findings() -> None:
    """The exception is an event like any other."""
    error = FilesRejected((SourceText("f").finding("TWL-S001", None),))
    assert (error.code, error.fields) == ("TWL-S000", {"count": 1})
