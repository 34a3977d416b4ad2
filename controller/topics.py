"""MQTT topic names and topic filters, and which filter matches which name (section 4.7 of MQTT 3.1.1)."""

from collections.abc import Hashable
from typing import Generic, TypeVar

LEVELS = 200
"""Deeper topics are refused, as mosquitto does: the standard sets no bound, memory does."""

Key = TypeVar("Key", bound=Hashable)


def is_name(topic: str) -> bool:
    """Whether a message may be published on it."""
    return bool(topic) and not any(char in topic for char in "+#\0") and topic.count("/") < LEVELS


def is_filter(pattern: str) -> bool:
    """Whether a client may subscribe to it: `+` is a whole level, `#` the whole last level."""
    if not pattern or "\0" in pattern or pattern.count("/") >= LEVELS:
        return False
    *upper, last = pattern.split("/")
    return all(_is_level(level) for level in upper) and (last == "#" or _is_level(last))


def _is_level(level: str) -> bool:
    return level == "+" or not ("+" in level or "#" in level)


class _Node(Generic[Key]):
    __slots__ = ("children", "grants")

    def __init__(self) -> None:
        self.children: dict[str, _Node[Key]] = {}
        self.grants: dict[Key, int] = {}


def matches(pattern: str, topic: str) -> bool:
    """Whether a filter matches a name."""
    if "+" not in pattern and "#" not in pattern:
        return pattern == topic
    filters: Filters[None] = Filters()
    filters.add(pattern, None, 0)
    return bool(filters.match(topic))


class Filters(Generic[Key]):
    """Who asked for which filter at which QoS, as a tree of levels: matching costs the depth of the topic, not the
    number of filters."""

    def __init__(self) -> None:
        self._root: _Node[Key] = _Node()

    def add(self, pattern: str, key: Key, qos: int) -> None:
        """Subscribes a key to a filter; replaces the QoS of the same key and filter."""
        node = self._root
        for level in pattern.split("/"):
            node = node.children.setdefault(level, _Node())
        node.grants[key] = qos

    def remove(self, pattern: str, key: Key) -> None:
        """Undoes `add`, which must have been called, and drops branches that are left empty."""
        path = [self._root]
        levels = pattern.split("/")
        for level in levels:
            path.append(path[-1].children[level])
        del path[-1].grants[key]
        for parent, level, node in reversed(list(zip(path, levels, path[1:], strict=False))):
            if not node.grants and not node.children:
                del parent.children[level]

    def match(self, topic: str) -> dict[Key, int]:
        """Each key with a filter that matches, once, at the highest QoS that its filters ask for."""
        found: dict[Key, int] = {}
        nodes = [self._root]
        wildcards = not topic.startswith("$")  # a wildcard in the first level does not match `$SYS` (4.7.2)
        for level in topic.split("/"):
            deeper = []
            for node in nodes:
                if wildcards:
                    _collect(node.children.get("#"), found)
                names = (level, "+") if wildcards else (level,)
                deeper += [node.children[name] for name in names if name in node.children]
            nodes = deeper
            wildcards = True
        for node in nodes:
            _collect(node, found)
            _collect(node.children.get("#"), found)  # `a/#` matches `a` too (4.7.1.2)
        return found


def _collect(node: _Node[Key] | None, found: dict[Key, int]) -> None:
    if node is not None:
        for key, qos in node.grants.items():
            found[key] = max(qos, found.get(key, 0))
