"""One name, one idea: class names are unique in `controller/`, and file names too where not the same by design. One
file, one topic: none is so long that it must have two."""

import ast
from collections import defaultdict

from tests.source import ROOT, nodes_by_file

LONGEST = 400
SAME_BY_DESIGN = {"__init__.py", "runtime.py"}


def test_no_class_name_means_two_things() -> None:
    """Whoever reads a name in a message or a type finds one class of that name."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, nodes in nodes_by_file().items():
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_file_name_is_in_two_packages() -> None:
    """But a command is called as what it commands, and a simulated device as its dialect."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in nodes_by_file():
        package = path.relative_to(ROOT).parent.as_posix()
        if path.name not in SAME_BY_DESIGN and package not in {"cli", "simulation/devices"}:
            places[path.name].append(package)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_file_is_so_long_that_it_must_have_two_topics() -> None:
    """Whoever needs more lines moves a topic to a file of its own, or finds what is said twice."""
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in nodes_by_file()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


OTHER_WORDS = {"told", "tell", "tells", "untold", "news", "happened", "hears", "says", "said", "vain", "anew"}
"""An event is emitted, a gateway reports, and what people read is a text."""
IN_DOCUMENTS = {"tell", "told", "said"}
"""Keys of `tower.yaml` and of files in the state directory."""


def test_names_use_the_words_of_the_field() -> None:
    """One word for one idea: `told` meant events, lines of a page, findings and answers."""
    found = {
        name
        for nodes in nodes_by_file().values()
        for node in nodes
        for name in _names(node)
        if not OTHER_WORDS.isdisjoint(name.lower().strip("_").split("_"))
    }
    assert found <= IN_DOCUMENTS


def _names(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
    return ()
