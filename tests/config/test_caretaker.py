"""A caretaker in a hurry follows the first advice to the letter: what comes out is what was meant, or a question.

`caretaker_files.py` holds the files. Where an advice asks, or shows what may be written as an example, the caretaker
has to think, and the test stops; three advices at most may be followed before that.
"""

from pathlib import Path

import pytest

from controller.config.cures import followed
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
        "273",
    )
)
"""What names all that is possible, or what else may be meant, without a question mark."""
PROPOSALS = ("did you mean", "Did you mean")


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


def follow(text: str, finding: Finding) -> str:
    """The file once the suggestion is followed."""
    assert finding.suggestion is not None, f"nothing to press for {finding.code}: {finding.event.action('en')}"
    return followed(text.encode(), finding.suggestion, "en").decode()


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
            assert first.suggestion is None, f"{first.code} asks, and answers itself"
            return
        if first.code not in codes[-1:]:  # who has seen one of a kind mends all of them
            steps += 1
        codes.append(first.code)
        assert steps <= STEPS, f"{codes}\n{text}"
        assert len(codes) < 40, f"{codes}\n{text}"
        text = follow(text, first)
