"""Names leave in the order in which they came, each once."""

import pytest

from controller.service.waiting_line import WaitingLine


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [([], ["a", "b", "a"], ["a", "b"]), (["a", "b"], ["c", "a"], ["a", "b", "c"]), (["a"], [], ["a"])],
)
def test_each_waits_once_in_the_place_where_it_joined(first: list[str], then: list[str], left: list[str]) -> None:
    """However often it joins."""
    line = WaitingLine(first)
    line.join(then)
    assert [line.next() for _ in range(len(line))] == left
    assert not line


def test_one_that_has_left_joins_at_the_end() -> None:
    """As anybody else."""
    line = WaitingLine(["a", "b"])
    line.add(line.next())
    assert [line.next(), line.next()] == ["b", "a"]
    with pytest.raises(IndexError):
        line.next()
