"""Rows of a CSV file, one bad row never costing its neighbours."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TextIO

from console.errors import UsageError
from console.old_table.columns import COLUMNS, REASON, Column, column_of, is_empty, rank, squeezed
from console.old_table.file import Row, row_of

DELIMITERS = ",;\t|"
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # Excel's own first line
_NEEDED: tuple[tuple[Column, ...], ...] = (
    ("start", "date"),
    ("master",),
    ("service",),
    ("phone", "telegram_id"),
)


class CsvTable:
    """A CSV with a header row, its delimiter found by what makes sense of the header.

    Raises UsageError for a header that does not say which column holds the time, master, service and client.
    """

    def __init__(self, text: TextIO) -> None:
        self._lines = _Lines(text)
        head = self._first_line()
        # What the header says best is the delimiter; nothing of it is repeated in an error, since it may be a row.
        read = {delimiter: _split(head, delimiter) for delimiter in DELIMITERS}
        self._delimiter = max(read, key=lambda one: (sum(map(bool, map(column_of, read[one]))), len(read[one])))
        self._header = [name.strip() for name in read[self._delimiter]]
        self._places = _places(self._header)
        if missing := [" or ".join(one) for one in _NEEDED if not any(column in self._places for column in one)]:
            raise UsageError(
                f"the first line is no header with a column for {', '.join(missing)}: the columns that are known "
                "stand in docs/import.md"
            )
        self.ignored = [name for name in self._header if name and not column_of(name) and squeezed(name) != REASON]

    def rows(self) -> Iterator[Row]:
        reader = self._reader()
        while True:
            self._lines.taken.clear()
            line = self._lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield self._torn(line)
                reader = self._reader()
                continue
            is_whole = len(cells) == len(self._header)
            if not is_whole and len(self._lines.taken) > 1:
                yield self._torn(line)  # a stray quotation mark has swallowed the lines that follow
            elif any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def rejects_head(self) -> str:
        return self._written([REASON, *self._without_reason(self._header)])

    def rejected(self, row: Row, reason: str) -> str:
        cells = [row.original] if isinstance(row.original, str) else self._without_reason(row.original)
        return self._written([reason, *cells])

    def _first_line(self) -> str:
        for line in self._lines:
            if self._lines.number == 1 and _SEP.fullmatch(line):
                continue
            if line.strip():
                return line
        raise UsageError("the file has no header row")

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self._delimiter, strict=True)

    def _row(self, line: int, cells: list[str]) -> Row:
        if any(cell.strip() for cell in cells[len(self._header) :]):
            return Row(line, original=cells, problem=f"{len(cells)} columns where the header has {len(self._header)}")
        if len(cells) < len(self._header):
            said = f"only {len(cells)} columns where the header has {len(self._header)}: the row is cut off"
            return Row(line, original=cells, problem=said)
        said_by = {column: self._filled(places, cells) for column, places in self._places.items()}
        return row_of(line, said_by, cells)

    def _filled(self, places: Sequence[int], cells: Sequence[str]) -> str:
        return next((cells[place] for place in places if not is_empty(cells[place])), "")

    def _torn(self, line: int) -> Row:
        first = self._lines.give_back_all_but_the_first()
        return Row(
            line, original=first.rstrip("\r\n"), problem="a quotation mark is not closed, or stands where none may"
        )

    def _without_reason(self, cells: Sequence[str]) -> list[str]:
        own = [place for place, name in enumerate(self._header) if squeezed(name) == REASON]
        return [cell for place, cell in enumerate(cells) if place not in own]

    def _written(self, cells: Sequence[str]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self._delimiter, lineterminator="\n").writerow(cells)
        return out.getvalue()


class _Lines(Iterator[str]):
    """The file's lines, counted; those of a row that made no sense are given back, to be read on their own."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._back = text, deque[str]()
        self.number = 0
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._text)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back_all_but_the_first(self) -> str:
        first, *others = self.taken
        self._back.extendleft(reversed(others))
        self.number -= len(others)
        return first


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _places(header: Sequence[str]) -> dict[Column, list[int]]:
    """Where each thing stands; of several columns for one thing the most telling first."""
    named = sorted(enumerate(header), key=lambda one: rank(one[1]))
    found = {column: [place for place, name in named if column_of(name) == column] for column in COLUMNS}
    return {column: places for column, places in found.items() if places}
