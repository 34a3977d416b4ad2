"""Finds the known word that an unknown one most likely means.

A suggestion may only correct a typing error; it must never turn one real word into another. A word counts as a typing
error for a known one if one letter is wrong, missing, extra or swapped with its neighbour (two in long words), and no
other known word is as close. In free text, a wrong letter in a short word makes another real word (`snart`, `svart`),
and so does a missing beginning (`range`, `orange`): with `among_words` these do not count.
"""

from collections.abc import Mapping

SHORTEST, SURE, LONG = 4, 6, 7
"""Words with fewer than SHORTEST letters are too similar to each other; with SURE letters one may be wrong, with LONG
letters two errors are allowed."""
LONGEST = 40
"""Longer words take long to compare, and no known word is as long."""


def likeliest(word: str, known: Mapping[str, object], *, among_words: bool = False) -> str | None:
    """The known spelling that `word` is a typing error of; None if there is none, or if two with different meanings are
    equally close. `known` maps each spelling to its meaning."""
    if not SHORTEST <= len(word) <= LONGEST:
        return None
    letters = set(word)
    near: dict[int, list[str]] = {}
    for spelling in known:
        shorter = min(len(word), len(spelling))
        allowed = 0 if shorter < SHORTEST else 1 if shorter < LONG else 2
        if abs(len(word) - len(spelling)) > allowed or len(letters.symmetric_difference(spelling)) > 2 * allowed:
            continue  # each error removes at most one letter and adds at most one
        slips = _slips(word, spelling)
        if slips <= allowed:
            near.setdefault(slips, []).append(spelling)
    best = near[min(near)] if near else []
    if among_words and not any(_is_slip(word, spelling) for spelling in best):
        return None
    return best[0] if best and all(known[spelling] == known[best[0]] for spelling in best) else None


def _is_slip(word: str, spelling: str) -> bool:
    """Whether the difference may be a typing error rather than another word."""
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
