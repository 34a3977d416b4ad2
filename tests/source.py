"""The program as its syntax, for the tests that hold all of it to a rule: each file is parsed once a process."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import controller

ROOT = Path(controller.__path__[0])


@cache
def nodes_by_file() -> dict[Path, tuple[ast.AST, ...]]:
    """Every node of every file."""
    return {path: tuple(ast.walk(ast.parse(path.read_text("utf-8")))) for path in sorted(ROOT.rglob("*.py"))}


def nodes() -> Iterator[ast.AST]:
    """Those of all files."""
    for found in nodes_by_file().values():
        yield from found
