"""An older system's table as a file: what kind of file it is, and its rows one after the other."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TextIO

from console.errors import UsageError
from console.old_table.columns import Column, is_empty

LONGEST_LINE = 1_000_000
LONGEST_TEXT = 2_000
"""Characters in one cell that means something here."""
_CHUNK = 1 << 16
_SIGNATURES = {
    b"PK\x03\x04": "a spreadsheet (or another archive)",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"SQLite format 3\x00": "a SQLite database",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    codecs.BOM_UTF16_LE: "text in UTF-16",
    codecs.BOM_UTF16_BE: "text in UTF-16",
}
_HALVES = re.compile("[\ud800-\udfff]")
_FOREIGN_BYTES = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Row:
    """A row: the line it begins on, what its known columns say, and all of it as it was.

    Cells without content are absent. `problem` says why the row cannot be read at all.
    """

    line: int
    cells: Mapping[Column, str] = field(default_factory=dict)
    original: str | Sequence[str] = ""
    problem: str | None = None

    def cell(self, column: Column) -> str:
        """The column's text without blanks around it, '' without any."""
        return self.cells.get(column, "")

    def __repr__(self) -> str:
        return f"Row(line {self.line}, …)"  # the rest may be personal


class Table(Protocol):
    """A table that is being read. Columns of no meaning here are found in `ignored`."""

    ignored: list[str]

    def rows(self) -> Iterator[Row]:
        """The rows in the file's order, each as soon as it is read."""
        ...

    def rejects_head(self) -> str:
        """What a file of rejected rows begins with."""
        ...

    def rejected(self, row: Row, reason: str) -> str:
        """The row as it was, with the reason, in the form of this table."""
        ...


@dataclass(frozen=True)
class Kind:
    """What a look at the whole file found."""

    encoding: Literal["utf-8-sig", "cp1251"]
    form: Literal["csv", "json_lines", "json_array"]


@contextmanager
def opened(path: Path) -> Iterator[tuple[Kind, TextIO]]:
    """The file as text, with its kind. Raises UsageError for what is no table of text.

    Bytes that do not belong to the encoding come as half characters, so that a row of them is found and kept.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a directory: name the file with the bookings")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not an ordinary file: it has to be read twice")
    try:
        kind = _look(path)
        with path.open(encoding=kind.encoding, errors="surrogateescape", newline="") as text:
            yield kind, text
    except FileNotFoundError as error:
        raise UsageError(f"{path} is not there: name the file with the bookings") from error
    except PermissionError as error:
        raise UsageError(f"{path} may not be read by this user") from error


def text_problem(text: str) -> str | None:
    """Why a cell cannot be kept, None for ordinary text."""
    if "\x00" in text:
        return "a NUL character stands in it"
    if _FOREIGN_BYTES.search(text):
        return "bytes stand in it that are no text in the file's encoding"
    if _HALVES.search(text):
        return "half a character (a lone surrogate) stands in it"
    return f"a cell is longer than {LONGEST_TEXT} characters" if len(text) > LONGEST_TEXT else None


def row_of(line: int, said: Mapping[Column, str], original: str | Sequence[str]) -> Row:
    """A row of what its columns say; what databases write for nothing counts as nothing."""
    cells = {column: text.strip() for column, text in said.items() if not is_empty(text)}
    problem = next((problem for text in cells.values() if (problem := text_problem(text))), None)
    return Row(line, cells, original, problem)


def _look(path: Path) -> Kind:
    """Reads the file once from end to end: a wrong guess about its encoding would spoil every name in it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = foreign = run = 0
    head = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            head = head or chunk
            text = decoder.decode(chunk)
            foreign += text.count("\ufffd")
            good += sum(letter > "\x7f" for letter in text) - text.count("\ufffd") if not text.isascii() else 0
            run = _longest_run(run, chunk, path, head)
    _check_head(head, path)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    form: Literal["csv", "json_lines", "json_array"]
    form = "json_array" if start == b"[" else "json_lines" if start == b"{" else "csv"
    # Russian text in windows-1251 is hardly ever UTF-8 by chance, so a few foreign bytes are damage, not a code page.
    return Kind("utf-8-sig" if foreign == 0 or good > foreign else "cp1251", form)


def _longest_run(run: int, chunk: bytes, path: Path, head: bytes) -> int:
    """How much of an unfinished line there is after this chunk."""
    lines = chunk.replace(b"\r", b"\n").split(b"\n")
    run = run + len(chunk) if len(lines) == 1 else len(lines[-1])
    if run > LONGEST_LINE and not head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        raise UsageError(f"{path}: a line is longer than {LONGEST_LINE} bytes, so this is no table of bookings")
    return run


def _check_head(head: bytes, path: Path) -> None:
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            raise UsageError(f"{path} is {what}: save the table as CSV in UTF-8 and import that")
    if not head.strip(codecs.BOM_UTF8 + b" \t\r\n"):
        raise UsageError(f"{path} is empty")
    if head.count(0) * 10 > len(head):
        raise UsageError(f"{path} is a binary file: save the table as CSV in UTF-8 and import that")
