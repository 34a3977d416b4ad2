"""Rows as CSV, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a spreadsheet recognises a formula."""


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """A line for each row; a cell that looks like a formula is made inert, whoever chose its text."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([_inert(cell) for cell in row] for row in rows)
    return file.getvalue().rstrip("\n")


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
