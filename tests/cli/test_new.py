"""`watertower new`: a campaign by questions, checked answer by answer and shown before it is saved."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.cli import group
from controller.state.versions import VersionStore


class Terminal:
    """Somebody who answers."""

    def __init__(self, config: Path, state: Path) -> None:
        self.path, self.state = config / "schedule.yaml", state
        self.before = self.text

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.path.read_text("utf-8")

    def answer(self, *answers: str, language: str = "sv") -> Result:
        """Each on a line, in the order of the questions."""
        folders = ["--config", str(self.path.parent), "--state", str(self.state)]
        return CliRunner().invoke(
            group, [*folders, "--lang", language, "new"], input="".join(f"{one}\n" for one in answers)
        )


@pytest.fixture
def terminal(config: Path, tmp_path: Path) -> Terminal:
    """On the shipped files."""
    return Terminal(config, tmp_path / "state")


def test_a_campaign_is_asked_for_shown_and_saved(terminal: Terminal) -> None:
    """As the last of the campaigns, with everything else as it was, and as a version."""
    result = terminal.answer("Jul: på", "julafton", "1", "", "", "varmvit", "60 %", "30 s", "", "För alla", "ja")
    assert result.exit_code == 0, result.stderr
    added = (
        '  - name: "Jul: på"\n    nights: julafton\n    hours: solnedgång till soluppgång\n    color: varmvit\n'
        "    brightness: 60 %\n    fade_in: 30 s\n    about: {sv: För alla}\n"
    )
    assert terminal.text.replace(added, "", 1) == terminal.before
    assert added in terminal.text
    assert "tors 24" in result.stderr or "24 dec" in result.stderr
    assert "sparat" in result.stdout.lower()
    newest = VersionStore(terminal.state, [].append).latest()
    assert newest is not None
    assert newest.number == 2


def test_after_a_mistake_only_that_answer_is_given_again(terminal: Terminal) -> None:
    """With the cure of the product, which a number picks; another number is an answer like any other."""
    result = terminal.answer(
        *(
            "En vecka fri från våld",
            "Jul",
            "31 november",
            "0",
            "31 november",
            "2",
            "31 november",
            "1",
            "1",
            "2",
            "",
            "oragne",
            "1",
            "150 %",
            "50 %",
            "2",
            "2",
            "",
            "",
        ),
        "yes",
        language="en",
    )
    assert result.exit_code == 0, result.stderr
    for said in (
        "is used twice",
        "there is no 31 November",
        "1 = 30 november",
        "1 = orange",
        "is not a brightness",
        "2 = 2 min",
    ):
        assert said in result.stderr
    (written,) = terminal.text.split("  - name: Jul\n")[1:]
    assert written.startswith(
        "    dates: 30 november\n    hours: sunset to sunrise\n    color: orange\n    brightness: 50 %\n"
    )
    assert "    fade_in: 2 min\n" in written


@pytest.mark.parametrize("last", [["nej"], []], ids=["no", "end of the input"])
def test_nothing_is_saved_unless_wanted_and_the_answers_are_shown(last: list[str], terminal: Terminal) -> None:
    """As text that can be pasted into the file."""
    result = terminal.answer("Jul", "julafton", "1", "", "", "röd", "", "", "", "", *last)
    assert terminal.text == terminal.before
    assert "Inget sparades" in result.stderr
    assert "  - name: Jul\n" in result.stderr.partition("Inget sparades")[2]
    assert (result.exit_code == 0) == bool(last)


def test_answers_may_be_changed_before_they_are_saved(terminal: Terminal) -> None:
    """Enter keeps an answer, a hyphen takes it away."""
    first = ("Jul", "julafton", "1", "", "", "röd", "", "30 s", "", "Hej")
    result = terminal.answer(*first, "ändra", "", "", "1", "", "", "blå", "", "-", "", "", "ja")
    assert result.exit_code == 0, result.stderr
    assert "color: blå" in terminal.text
    assert "about: {sv: Hej}" in terminal.text
    assert terminal.text.count("fade_in") == terminal.before.count("fade_in")


def test_a_file_with_mistakes_is_mended_first(terminal: Terminal) -> None:
    """Its findings are shown, and no question is asked."""
    terminal.path.write_text(terminal.before.replace("20–26 November", "31 November"), "utf-8")
    result = terminal.answer("Jul")
    assert result.exit_code == 78
    assert "TWL-S103" in result.stderr
