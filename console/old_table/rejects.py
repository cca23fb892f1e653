"""The rows that could not be taken, in a file of the table's own form, to be corrected and imported again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from console.errors import UsageError
from console.old_table.file import Row, Table


class Rejects:
    """Rows with their reasons, as they come. Readable by its owner only: what stands in it is personal."""

    def __init__(self, table: Table, file: TextIO | None) -> None:
        self._table, self._file = table, file
        self.count = 0

    def add(self, row: Row, reason: str) -> None:
        self.count += 1
        if self._file is None:
            return
        if self.count == 1:
            self._file.write(self._table.rejects_head())
        self._file.write(self._table.rejected(row, reason))


@contextmanager
def rejects_to(path: Path | None, table: Table) -> Iterator[Rejects]:
    """Rejects written to `path`, or only counted; without any no file is left.

    Raises UsageError when the file is there already or cannot be made, before anything is imported.
    """
    if path is None:
        yield Rejects(table, None)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"--rejects: {path} is there already: name a new file, nothing is overwritten") from error
    except OSError as error:
        raise UsageError(f"--rejects: {path} cannot be made: {error.strerror}") from error
    rejects: Rejects | None = None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            rejects = Rejects(table, file)
            yield rejects
    finally:
        if rejects is None or not rejects.count:
            path.unlink(missing_ok=True)
