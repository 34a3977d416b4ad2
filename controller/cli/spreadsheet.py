"""Rows as CSV, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of one."""


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """A line for each row; a name that looks like a formula is none, whoever has chosen it."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([_inert(cell) for cell in row] for row in rows)
    return file.getvalue().rstrip("\n")


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
