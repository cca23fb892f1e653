"""Clients' data is opened at the console in one place, which writes it down; a page that forgets is found."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FILES = sorted(PROJECT.joinpath("console").rglob("*.py"))
OPENERS = {"contact_of", "phone_of", "dossier_of"}
"""Functions of the read models that unseal what is a client's."""
MODULES = {"projections.questions": {"opened"}, "projections.clients": OPENERS, "projections.dossier": OPENERS}
ALLOWED = {
    # file: why it may open what it opens without a viewing on record
    "console/viewing.py": "the place itself",
    "console/web/trial/diary.py": "a trial's clients are invented, and nobody else's ledger can be tried",
    "console/old_table/rehearsal.py": "compares a row of the operator's own file with what is known; shows nothing",
    "console/old_table/importer.py": "the same, for an import that is meant",
}


def openings(source: str) -> list[str]:
    """Imports of what opens a client's data, however it is called here, and sealed texts opened by hand."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            forbidden = MODULES.get(node.module or "", set())
            found += [f"line {node.lineno}: {name.name}" for name in node.names if name.name in forbidden]
        elif isinstance(node, ast.Attribute):
            if node.attr in OPENERS or ast.unparse(node) == "questions.opened":
                found.append(f"line {node.lineno}: {node.attr}")
            elif node.attr == "open" and ast.unparse(node.value).rpartition(".")[2].lstrip("_") in ("vault", "people"):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PROJECT).as_posix())
def test_the_console_opens_clients_data_only_where_it_is_written_down(file: Path) -> None:
    if file.relative_to(PROJECT).as_posix() in ALLOWED:
        return
    assert openings(file.read_text("utf-8")) == [], "open it through console.viewing.note_viewing"


def test_every_exception_is_needed() -> None:
    for name in ALLOWED:
        assert openings(PROJECT.joinpath(name).read_text("utf-8")), f"{name} needs no exception"


def test_a_page_that_forgets_would_be_found() -> None:
    assert openings("from projections.clients import contact_of as known") == ["line 1: contact_of"]
    assert openings("from projections.questions import opened, waiting") == ["line 1: opened"]
    assert openings("from projections import clients\nclients.phone_of(ledger, vault, 1)") == ["line 2: phone_of"]
    assert openings("from projections import questions\nquestions.opened(1)") == ["line 2: opened"]
    assert openings("name = self._house.vault.open(client, sealed, 'name')") == ["line 1: self._house.vault.open"]
    assert openings("from bot.old import opened\nopen(path)\npath.open()") == []
    assert openings("from projections.clients import language_of") == []
