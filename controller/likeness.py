"""Which known word was most likely meant by one that is not known.

A suggestion may only mend a slip of the fingers: it never turns one real word into another. So a word counts as a slip
of a known one where one letter is wrong, missing, too many or swapped with its neighbour (two in long words), and where
no other known word is as near. Where any word may stand, a wrong letter in a short one makes another real word (`snart`
and `svart`), and so does a beginning that is missing (`range` and `orange`): `among_words` these are no slips.
"""

from collections.abc import Mapping

SHORTEST, SURE, LONG = 4, 6, 7
"""Words of fewer letters than SHORTEST are too near to each other; from SURE letters on a letter may be wrong, from
LONG letters on two slips are allowed."""
LONGEST = 40
"""Longer words take long to compare, and none is known."""


def likeliest(word: str, known: Mapping[str, object], *, among_words: bool = False) -> str | None:
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
    if among_words and not any(_is_slip(word, spelling) for spelling in best):
        return None
    return best[0] if best and all(known[spelling] == known[best[0]] for spelling in best) else None


def _is_slip(word: str, spelling: str) -> bool:
    """Whether the difference may be one of the fingers rather than another word."""
    if word[0] != spelling[0] and word[1:] != spelling and word[:2] != spelling[1::-1]:
        return False
    return len(word) != len(spelling) or len(word) >= SURE or sorted(word) == sorted(spelling)


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
