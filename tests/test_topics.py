"""Topic names, filters, and which matches which, against a plain reading of section 4.7."""

from hypothesis import given
from hypothesis import strategies as st

from controller.topics import Filters, is_filter, is_name, matches

NAMES = st.lists(st.sampled_from(["", "a", "b", "$s", "å"]), min_size=1, max_size=4).map("/".join).filter(bool)
LEVELS = st.lists(st.sampled_from(["", "a", "b", "$s", "å", "+", "#"]), min_size=1, max_size=4)
PATTERNS = LEVELS.map("/".join).filter(is_filter)


def fits(pattern: list[str], name: list[str]) -> bool:
    """4.7.1, read level by level."""
    if pattern == ["#"]:
        return True
    if not pattern or not name:
        return pattern == name
    return pattern[0] in ("+", name[0]) and fits(pattern[1:], name[1:])


def applies(pattern: str, name: str) -> bool:
    """4.7.2 on top of it."""
    hidden = name.startswith("$") and pattern[0] in "+#"
    return fits(pattern.split("/"), name.split("/")) and not hidden


@given(st.lists(st.tuples(PATTERNS, st.integers(0, 2)), max_size=6), NAMES)
def test_each_key_is_found_once_at_its_highest_quality(wishes, name):
    """Whatever filters overlap."""
    filters: Filters[str] = Filters()
    last = dict(wishes)
    for pattern, qos in wishes:
        filters.add(pattern, "key", qos)
    fitting = [qos for pattern, qos in last.items() if applies(pattern, name)]
    assert filters.match(name) == ({"key": max(fitting)} if fitting else {})


@given(st.sets(PATTERNS, max_size=6), st.sets(PATTERNS, max_size=6), NAMES)
def test_what_is_removed_leaves_no_trace(kept, removed, name):
    """The others still match, another key's too."""
    filters: Filters[str] = Filters()
    for pattern in kept:
        filters.add(pattern, "kept", 1)
    for pattern in removed:
        filters.add(pattern, "gone", 2)
    for pattern in removed:
        filters.remove(pattern, "gone")
    expected = {"kept": 1} if any(applies(pattern, name) for pattern in kept) else {}
    assert filters.match(name) == expected
    for pattern in kept:
        filters.remove(pattern, "kept")
    assert filters.match(name) == {}


@given(PATTERNS, NAMES)
def test_one_filter_matches_as_it_does_among_many(pattern, name):
    """With and without wildcards."""
    assert matches(pattern, name) == applies(pattern, name)


@given(LEVELS)
def test_a_filter_has_wildcards_as_whole_levels_only(levels):
    """`#` last, `+` anywhere."""
    sound = "#" not in levels[:-1] and levels != [""]
    assert is_filter("/".join(levels)) == sound
    for wild in "+#":
        assert not is_filter("/".join([*levels[:-1], levels[-1] + "x" + wild]))
        assert not is_filter("/".join([wild + "x", *levels]))


@given(st.text(max_size=8))
def test_a_name_is_a_filter_without_wildcards(text):
    """And never the other way round."""
    assert is_name(text) == (is_filter(text) and not set("+#") & set(text))


def test_depth_is_bounded():
    """A topic of 200 levels passes, one of 201 does not; 65535 slashes cannot exhaust the stack."""
    assert is_name("/" * 199)
    assert not is_name("/" * 200)
    assert is_filter("/" * 198 + "/#")
    assert not is_filter("/" * 199 + "/#")
    filters: Filters[str] = Filters()
    filters.add("#", "key", 1)
    assert filters.match("/" * 65_000) == {"key": 1}
