"""`watertower password`: a line for the users of the embedded broker, whose output is appended to a file."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.broker.access import is_password
from controller.cli import group


def asked(config: Path, name: str, typed: str = "") -> Result:
    """The command with a password from the pipe, or none."""
    return CliRunner().invoke(group, ["--config", str(config), "--lang", "en", "password", "--", name], input=typed)


@pytest.mark.parametrize("typed", ["blå lampa: 7", "blå lampa: 7\n", "blå lampa: 7\r\n"])
def test_a_password_from_the_pipe_is_hashed_and_not_shown(config: Path, typed: str) -> None:
    """Without the end of its line."""
    result = asked(config, "mast", typed)
    name, _, secret = result.stdout.removesuffix("\n").partition(":")
    assert (result.exit_code, result.stderr, name) == (0, "", "mast")
    assert is_password(secret, "blå lampa: 7".encode())
    assert "lampa" not in result.stdout


def test_a_generated_password_is_shown_beside_its_line(config: Path) -> None:
    """On stderr, so that a file to which the output is appended holds the hash alone; each time another one."""
    first, second = asked(config, "mast"), asked(config, "mast")
    for result in (first, second):
        line, password = result.stdout.splitlines(), result.stderr.splitlines()
        assert (result.exit_code, len(line), len(password)) == (0, 1, 1)
        assert len(password[0]) >= 20
        assert is_password(line[0].removeprefix("mast:"), password[0].encode())
    assert first.stderr != second.stderr


@pytest.mark.parametrize("name", ["", " ", "a:b", " mast", "mast ", "#mast", "ma\nst"])
def test_a_name_that_cannot_stand_in_the_file_is_refused(config: Path, name: str) -> None:
    """Nothing is printed that could be appended to it."""
    result = asked(config, name, "blå lampa")
    assert (result.exit_code, result.stdout, result.stderr.partition(":")[0]) == (1, "", "TWL-Q119")
