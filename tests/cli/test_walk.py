"""`watertower test-lamps` where nobody can look."""

from typing import Any


def test_the_walk_test_needs_somebody_who_looks(call: Any) -> None:
    """Without a terminal it is refused."""
    result = call("test-lamps")
    assert result.exit_code == 1
    assert "TWL-Q108" in result.stderr
