"""A file opened as the kind of table it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.old_table.csv_table import CsvTable
from console.old_table.file import Table, opened
from console.old_table.json_table import JsonTable


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table, ready to be read row by row. Raises UsageError for a file that holds none."""
    with opened(path) as (kind, text):
        yield CsvTable(text) if kind.form == "csv" else JsonTable(text, kind.form)
