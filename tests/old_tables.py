"""Older tables for tests: a file's text read as rows, and a row as a visit."""

from __future__ import annotations

import io
from pathlib import Path

from console.old_table.columns import COLUMNS
from console.old_table.csv_table import CsvTable
from console.old_table.file import Row
from console.old_table.importer import Importer, Outcome
from console.old_table.rehearsal import RehearsedLedger, RehearsedVault
from console.old_table.tables import open_table
from console.old_table.visits import PriceList, Visit, read_visit
from ledger.values import Actor
from tests.builders import catalog
from tests.salon import Salon

HEADER = "id,telegram_id,name,phone,service,master,start,minutes,price,status"
MARIAS_ROW = "1,700,Мария,+79000000001,Стрижка,Анна,2030-01-07 10:00,,,active"
GOOD = {
    "name": "Мария",
    "phone": "+79000000001",
    "service": "Стрижка",
    "master": "Анна",
    "start": "2030-01-07 10:00",
}


def csv(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def rows_of(folder: Path, content: str | bytes) -> list[Row]:
    """The rows of a file with this content."""
    with open_table(written(folder, content)) as table:
        return list(table.rows())


def written(folder: Path, content: str | bytes, name: str = "old") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def visit_of(*prices: PriceList, **cells: str) -> Visit:
    """A good row with these cells instead, read as a visit of the builders' salon; `start=""` takes a cell away."""
    said: dict[str, str] = {**GOOD, **cells}
    known = {column: text for column in COLUMNS if (text := said.get(column))}
    return read_visit(Row(2, known), *prices or [PriceList(catalog())])


def import_rows(salon: Salon, *rows: str, header: str = HEADER, rehearsed: bool = False) -> list[Outcome]:
    """A CSV of these rows taken over by the salon, outcome by outcome."""
    books = RehearsedLedger(salon.ledger) if rehearsed else salon.ledger
    people = RehearsedVault(salon.vault) if rehearsed else salon.vault
    importer = Importer(books, people, catalog(), salon.clock, source="old-bot", by=Actor("operator", "1"))
    table = CsvTable(io.StringIO(csv(*rows, header=header), newline=""))
    return [importer.take(row) for row in table.rows()]
