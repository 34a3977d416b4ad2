"""A caretaker in a hurry follows the first advice to the letter: what comes out is what was meant, or a question.

`caretaker_files.py` holds the files. Where an advice asks, or shows what may be written as an example, the caretaker
has to think, and the test stops; three advices at most may be followed before that.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.config.findings import Finding
from controller.config.load import parse
from controller.errors import FilesRejected
from tests.config.caretaker_files import files

TOWER = (Path(__file__).parents[2] / "config" / "tower.yaml").read_bytes()
STEPS = 3
CASES = list(files())

ASKS = frozenset(
    f"TWL-S{number}"
    for number in (
        *("011", "013", "014", "015", "047", "064", "067", "068", "075", "077", "078", "100", "101", "118", "137"),
        *("140", "141", "145", "151", "157", "180", "012"),
    )
)
"""What names all that is possible, or what else may be meant, without a question mark."""
PROPOSALS = ("did you mean", "Did you mean")

Lines = list[str]


@dataclass(frozen=True)
class Step:
    """A file, the place of an advice in it, counted from 0, and the fields of its text."""

    lines: Lines
    at: int
    start: int
    end: int
    fields: Mapping[str, object]

    def field(self, key: str) -> str:
        """One of the fields."""
        return str(self.fields[key])

    def replaced(self, text: str) -> Lines:
        """With another text in this place."""
        return _instead(self.lines, self.at, self.start, self.end, text)


def asks(finding: Finding) -> bool:
    """Whether the advice leaves the choice to the reader."""
    action, fields = finding.event.action("en"), finding.event.fields
    if finding.code == "TWL-S014":
        return fields["key"] != "version"
    if "for example" in action:  # a made-up example is none to follow
        column, end = finding.place[1:] if finding.place else (0, 0)
        written = finding.source[column - 1 : end - 1]
        return written not in str(fields.get("example")) and fields.get("example") != "[]"
    return ("?" in action and not action.startswith(PROPOSALS)) or finding.code in ASKS


def indented(line: str, column: int) -> str:
    """A line that begins in another column."""
    return " " * column + line.lstrip()


def indent(line: str) -> int:
    """Where a line begins."""
    return len(line) - len(line.lstrip())


def _instead(lines: Lines, at: int, start: int, end: int | None, text: object) -> Lines:
    line = lines[at]
    return [*lines[:at], line[:start] + str(text) + (line[end:] if end is not None else ""), *lines[at + 1 :]]


def _pair(step: Step) -> Lines:
    inside = "{" in step.lines[step.at][: step.start]
    pair = f"{step.field('key')}: {step.field('value')}"
    return _instead(step.lines, step.at, step.start, step.end if inside else None, pair)


def _in_place(lines: Lines, at: int, start: int, end: int, text: object) -> Lines:
    """Of a list or of pairs in brackets only the beginning is marked."""
    line = lines[at]
    if line[start - 1] == "{":
        start, end = start - 1, line.index("}") + 1
    elif line[start] == "[":
        end = line.index("]") + 1
    return _instead(lines, at, start, end, text)


def _braces(step: Step) -> Lines:
    """In the place of a text, of a list in brackets, or of one on several lines."""
    lines, at, start, end = step.lines, step.at, step.start, step.end
    if (
        re.match(r" *- \w+:", lines[at])
        and lines[at][start - 1 : start + 1] != " ("
        and lines[at - 1].endswith("color:")
    ):
        below = next(n for n in range(at, len(lines)) if not lines[n].startswith(" " * start))
        return [*lines[:at], indented(step.field("braced"), start), *lines[below:]]
    return _in_place(lines, at, start, end, step.field("braced"))


def _named(step: Step) -> Lines:
    lines, at = step.lines, step.at
    column = indent(lines[at])
    below = next((n for n in range(at + 1, len(lines)) if indent(lines[n]) <= column or not lines[n]), len(lines))
    inner = [indented(line, column + 2) for line in lines[at + 1 : below]]
    return [*lines[:at], indented(f"- name: {step.field('value')}", column), *inner, *lines[below:]]


def _with_line(lines: Lines, at: int, more: str) -> Lines:
    return [*lines[: at + 1], indented(more, indent(lines[at])), *lines[at + 1 :]]


Follow = Callable[[Step], Lines]
FOLLOW: dict[str, Follow] = {
    "004": lambda step: step.replaced(f'"{step.field("value")}"'),
    "010": lambda step: step.replaced(step.field("suggestion")),
    "014": lambda step: ["version: 1", *step.lines],
    "020": lambda step: [line.replace("\t", "    ") for line in step.lines],
    "021": lambda step: [
        *step.lines[: step.at],
        indented(step.lines[step.at], int(step.field("expected"))),
        *step.lines[step.at + 1 :],
    ],
    "193": lambda step: [
        *step.lines[: step.at],
        *(
            indented(line, indent(line) + int(step.field("expected")) - step.start)
            for line in step.lines[step.at : step.at + int(step.field("count")) + 1]
        ),
        *step.lines[step.at + int(step.field("count")) + 1 :],
    ],
    "022": _pair,
    "023": _pair,
    "024": lambda step: _instead(step.lines, step.at, len(step.lines[step.at]), None, step.field("quote")),
    "025": lambda step: step.replaced(step.field("quoted")),
    "026": lambda step: step.replaced(" " * (step.end - step.start)),
    "028": lambda step: _instead(step.lines, step.at, len(step.lines[step.at]), None, step.field("closing")),
    "029": lambda step: step.replaced(step.field("quoted")),
    "032": lambda step: _instead(step.lines, step.at, step.start, None, f'"{step.lines[step.at][step.start :]}"'),
    "034": lambda step: [*step.lines[: step.at], *step.lines[step.at + 1 :]],
    "039": lambda step: _instead(step.lines, step.at, step.start, None, f"- {step.field('rest')}"),
    "044": lambda step: step.replaced(""),
    "046": lambda step: _instead(step.lines, step.at, step.end, step.end, ":"),
    "048": lambda step: [
        *step.lines[: step.at],
        re.sub(
            rf"{re.escape(step.field('before'))}[\s;]+{step.field('word')}",
            f"{step.field('before')}, {step.field('word')}",
            step.lines[step.at],
        ),
        *step.lines[step.at + 1 :],
    ],
    "049": lambda step: step.replaced(""),
    "051": lambda step: _instead(step.lines, step.at, 0, None, "version: 1"),
    "052": lambda step: _in_place(step.lines, step.at, step.start, step.end, step.field("example")),
    "054": lambda step: [
        *step.lines[: step.at],
        re.sub(r"[\[\]{}]", "", step.lines[step.at]),
        *step.lines[step.at + 1 :],
    ],
    "065": _braces,
    "072": lambda step: [
        *step.lines[: step.at],
        indented(f"- {step.field('rest')}", int(step.field("column"))),
        *step.lines[step.at + 1 :],
    ],
    "076": lambda step: [*step.lines[: step.at], f"{step.field('missing')}:", *step.lines[step.at :]],
    "135": lambda step: _instead(
        step.lines, step.at, step.start, step.lines[step.at].index("]") + 1, f'"{step.field("suggestion")}"'
    ),
    "132": lambda step: step.replaced(f'"{step.field("suggestion")}"'),
    "156": lambda step: step.replaced(f'"{step.field("value")}"'),
    "160": lambda step: [line for line in step.lines if not line.startswith(step.field("fence"))],
    "182": lambda step: _with_line(
        _instead(step.lines, step.at, step.start, step.end, step.field("color")),
        step.at,
        f"brightness: {step.field('brightness')}",
    ),
    "183": lambda step: _instead(step.lines, step.at, step.start, None, step.field("plain")),
    "184": _named,
    "185": lambda step: [
        *step.lines[: step.at],
        indented(step.field("rest"), int(step.field("column"))),
        *step.lines[step.at + 1 :],
    ],
    "186": lambda step: step.replaced(step.field("plain")),
    "187": lambda step: [re.sub("^> ?", "", line) for line in step.lines],
    "190": lambda step: _with_line(
        _in_place(step.lines, step.at, step.start, step.end, step.field("suggestion")), step.at, "change_every: 60 s"
    ),
}
FOLLOW |= {code: FOLLOW[same] for code, same in (("030", "029"), ("031", "029"), ("040", "039"), ("053", "052"))}
FOLLOW |= dict.fromkeys(("055", "079", "136", "138"), FOLLOW["010"]) | {"131": FOLLOW["132"]}


def follow(text: str, finding: Finding) -> str:
    """The file once the advice is followed."""
    lines, place = text.splitlines(), finding.place
    assert place is not None
    way = FOLLOW.get(finding.code.removeprefix("TWL-S"))
    assert way is not None, f"nobody can follow {finding.code}: {finding.event.action('en')}"
    line, column, end = place
    return "\n".join(way(Step(lines, line - 1, column - 1, end - 1, finding.event.fields))) + "\n"


def meaning(text: str) -> object:
    """The rules of a schedule that is accepted, without their lines."""
    schedule = parse(TOWER, text.encode(), Path("config")).schedule
    groups = (schedule.campaigns, schedule.every_night, schedule.blackouts)
    return [[rule.model_copy(update={"line": 0}) for rule in group] for group in groups]


@pytest.mark.parametrize(("broken", "meant"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_the_first_advice_leads_to_what_was_meant_or_to_a_question(broken: str, meant: str | None) -> None:
    """Never to a file with another meaning, and never in circles."""
    text, codes = broken, list[str]()
    steps = 0
    while True:
        try:
            found = meaning(text)
        except FilesRejected as rejected:
            first = rejected.findings[0]
        else:
            assert meant is not None, f"accepted, although only a question could tell: {codes}\n{text}"
            assert found == meaning(meant), f"{codes}\n{text}"
            return
        if asks(first):
            return
        if first.code not in codes[-1:]:  # who has seen one of a kind mends all of them
            steps += 1
        codes.append(first.code)
        assert steps <= STEPS, f"{codes}\n{text}"
        assert len(codes) < 40, f"{codes}\n{text}"
        text = follow(text, first)
