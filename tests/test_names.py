"""One name, one idea: class names are unique in `controller/`, and file names too where not the same by design."""

import ast
from collections import defaultdict

from tests.source import ROOT, nodes_by_file

SAME_BY_DESIGN = {"__init__.py", "runtime.py"}


def test_no_class_name_means_two_things() -> None:
    """Whoever reads a name in a message or a type finds one class of that name."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, nodes in nodes_by_file().items():
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_file_name_stands_in_two_packages() -> None:
    """But a command is called as what it commands, and a simulated device as its dialect."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in nodes_by_file():
        package = path.relative_to(ROOT).parent.as_posix()
        if path.name not in SAME_BY_DESIGN and package not in {"cli", "simulation/devices"}:
            places[path.name].append(package)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
