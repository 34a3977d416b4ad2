"""One mechanism for each job: whoever writes a second one learns here where the first is."""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.source import ROOT, nodes_by_file

THREADS = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "to_thread", "run_in_executor"}
TYPED = {"schedule/hours.py"}
"""As people type an instant, in local time too."""
IN_A_FIXED_FORM = {"state/override_file.py", "state/history_rows.py", "cli/plan_table.py"}
"""Under a checksum, and as a sort key: in what earlier versions wrote too. As spreadsheets take it."""
INSTANTS = {"at", "now", "since", "until", "start", "end", "saved", "wall"}
"""What an instant is called; a calendar day has no other form."""


def starts_a_thread(node: ast.AST) -> bool:
    """`threading.Thread`, or a call to one of asyncio's executors."""
    return isinstance(node, ast.Attribute) and node.attr in THREADS


def doubles_a_delay(node: ast.AST) -> bool:
    """`2 ** attempts`, or `delay *= 2`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        is_two = isinstance(node.left, ast.Constant) and node.left.value == 2
        return is_two and not isinstance(node.right, ast.Constant)
    return isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult) and isinstance(node.value, ast.Constant)


def matches_topics(node: ast.AST) -> bool:
    """paho's matcher, or a level compared with the wildcard `+`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "topic_matches_sub"
    return isinstance(node, ast.Compare) and any(_is_plus(each) for each in (node.left, *node.comparators))


def _is_plus(node: ast.AST) -> bool:
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(_is_plus, node.elts))
    return isinstance(node, ast.Constant) and node.value == "+"


def writes_or_reads_an_instant(node: ast.AST) -> bool:
    """`datetime.fromisoformat`, `isoformat` of an instant, or a pattern with a `T` after the day."""
    if isinstance(node, ast.Attribute) and node.attr == "fromisoformat":
        return isinstance(node.value, ast.Name) and node.value.id == "datetime"
    if isinstance(node, ast.Attribute) and node.attr == "isoformat":
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        return isinstance(node.value, ast.Call) or name in INSTANTS
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "%dT%H:%M" in node.value


def writes_a_file(node: ast.AST) -> bool:
    """`path.write_bytes(…)`, `path.rename(…)`, `path.replace(other)`, `os.fsync(…)`: all that a write needs."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
        return len(node.args) == 1 and not node.keywords
    return isinstance(node, ast.Attribute) and node.attr in {"rename", "fsync", "write_bytes", "write_text"}


def brings_into_a_normal_form(node: ast.AST) -> bool:
    """`unicodedata.normalize`, which takes minutes for some texts."""
    return isinstance(node, ast.Attribute) and node.attr == "normalize" and getattr(node.value, "id", "") != "locale"


def tells_files_apart(node: ast.AST) -> bool:
    """By what `stat` says of them, to see that they have changed."""
    return isinstance(node, ast.Attribute) and node.attr in {"st_mtime_ns", "st_ctime_ns", "st_ino"}


def asks_when_it_is_dark(node: ast.AST) -> bool:
    """The sun below a horizon, of which a `Place` knows all."""
    is_sun = isinstance(node, ast.ImportFrom) and node.module == "controller.schedule.sun"
    return is_sun and any(each.name in {"below", "grazes"} for each in node.names)


@pytest.mark.parametrize(
    ("does_it", "allowed"),
    [
        (starts_a_thread, {"threads.py"}),
        (doubles_a_delay, {"retry.py"}),
        (matches_topics, {"topics.py", "schedule/hours_grammar.py"}),  # `sunset + 10 min`
        (writes_or_reads_an_instant, {"rfc3339.py", *TYPED, *IN_A_FIXED_FORM}),
        (writes_a_file, {"state/atomic.py"}),
        (brings_into_a_normal_form, {"normal_form.py"}),
        (asks_when_it_is_dark, {"schedule/hours.py"}),
        (tells_files_apart, {"plain_file.py", "app/log_writer.py"}),  # the log: is it journald's?
    ],
)
def test_one_module_does_it_for_all(does_it: Callable[[ast.AST], bool], allowed: set[str]) -> None:
    """And that one does, or this test would hold for nothing."""
    assert set(_modules(does_it)) == allowed


def _modules(does_it: Callable[[ast.AST], bool]) -> Iterator[str]:
    for path, nodes in nodes_by_file().items():
        if any(map(does_it, nodes)):
            yield str(path.relative_to(ROOT))
