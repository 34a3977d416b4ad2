"""Which known word was most likely meant by one that is not known.

A suggestion may only mend a slip of the fingers: it never turns one real word into another. So a word counts as a slip
of a known one where one letter is wrong, missing, too many or swapped with its neighbour (two in long words), and where
no other known word is as near.
"""

from collections.abc import Mapping

SHORTEST, LONG = 4, 7
"""Words of fewer letters than SHORTEST are too near to each other; from LONG letters on two slips are allowed."""
LONGEST = 40
"""Longer words take long to compare, and none is known."""


def likeliest(word: str, known: Mapping[str, object]) -> str | None:
    """The known spelling of which `word` is a slip; None where there is none, or where two that mean different things
    are as near. `known` holds what each spelling means."""
    if not SHORTEST <= len(word) <= LONGEST:
        return None
    letters = set(word)
    near: dict[int, list[str]] = {}
    for spelling in known:
        shorter = min(len(word), len(spelling))
        allowed = 0 if shorter < SHORTEST else 1 if shorter < LONG else 2
        if abs(len(word) - len(spelling)) > allowed or len(letters.symmetric_difference(spelling)) > 2 * allowed:
            continue  # each slip takes one letter away and brings one in at most
        slips = _slips(word, spelling)
        if slips <= allowed:
            near.setdefault(slips, []).append(spelling)
    best = near[min(near)] if near else []
    return best[0] if best and all(known[spelling] == known[best[0]] for spelling in best) else None


def _slips(word: str, other: str) -> int:
    """Letters wrong, missing, too many or swapped: the optimal string alignment distance."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, last, row = row, before, [i]
        for j, known in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != known))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == known:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
