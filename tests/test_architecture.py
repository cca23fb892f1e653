"""The promises about the whole: which way imports point, names that never change, nothing personal in clear."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from typer.main import get_command

from ledger import errors, events as e
from ledger.codec import STORED_NAMES
from ledger.values import Sealed

PROJECT = Path(__file__).parents[1]
PERSONAL = {"name", "phone", "telegram", "comment", "note", "message", "email", "surname", "birthday", "address"}
PUBLIC = {
    (e.IntegrationPaused, "message"),  # the CRM's words about our account, scrubbed
    (e.CatalogPublished, "phone"),  # the salon's own, as on its sign
    (e.CatalogPublished, "address"),
}
NAMED_IN_THE_CATALOGUE = {e.StaffMember}  # a master under their public name
EVENTS: tuple[type[e.AnyEvent], ...] = get_args(e.AnyEvent)


def test_imports_point_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_an_import_against_the_arrow_would_be_found(tmp_path: Path) -> None:
    """Guards the test above: the same contracts, on the same packages with one bad import planted."""
    for package in ("ledger", "projections", "sync", "bot", "console"):
        for file in PROJECT.joinpath(package).rglob("*.py"):
            copy = tmp_path / file.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((PROJECT / "pyproject.toml").read_bytes())
    (tmp_path / "ledger/planted.py").write_text("import projections.schedule\nimport httpx\n")
    program = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [program, "--no-cache"], cwd=tmp_path, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "2 broken" in done.stdout


def test_every_event_has_a_stored_name() -> None:
    assert set(EVENTS) == set(STORED_NAMES.values())
    assert {shape for shape in vars(e).values() if is_event(shape)} == set(EVENTS), "an event is not in AnyEvent"


def is_event(shape: object) -> bool:
    return isinstance(shape, type) and issubclass(shape, e.Event) and shape is not e.Event


def test_stored_names_are_those_of_the_golden_file() -> None:
    """A name that vanished here would make old ledgers unreadable; a new one needs its golden line."""
    lines = PROJECT.joinpath("tests/golden/events.jsonl").read_text("utf-8").splitlines()

    assert [json.loads(line)["type"] for line in lines] == list(STORED_NAMES)


@pytest.mark.parametrize("name", STORED_NAMES)
def test_a_stored_name_says_the_classs_name_in_small_letters(name: str) -> None:
    assert name == re.sub(r"(?<!^)(?=[A-Z])", "_", STORED_NAMES[name].__name__).lower()


@pytest.mark.parametrize("name", STORED_NAMES)
def test_every_event_is_in_the_docs(name: str) -> None:
    text = PROJECT.joinpath("docs/events.md").read_text("utf-8")

    assert f"`{name}`" in text or f"`{STORED_NAMES[name].__name__}`" in text


@pytest.mark.parametrize("shape", EVENTS)
def test_nothing_personal_stands_unsealed_in_an_event(shape: type[e.AnyEvent]) -> None:
    for found in fields_of(shape):
        owner, field = found
        if field.name in PERSONAL and (owner, field.name) not in PUBLIC and owner not in NAMED_IN_THE_CATALOGUE:
            assert is_sealed(field.type), f"{owner.__name__}.{field.name} must be Sealed"


def fields_of(shape: type[msgspec.Struct]) -> list[tuple[type, msgspec.structs.FieldInfo]]:
    """The fields of a struct and of the structs inside it."""
    found: list[tuple[type, msgspec.structs.FieldInfo]] = []
    for field in msgspec.structs.fields(shape):
        found.append((shape, field))
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and inner is not Sealed:
                found += fields_of(inner)
    return found


def is_sealed(annotation: object) -> bool:
    return annotation is Sealed or set(get_args(annotation)) == {Sealed, type(None)}


class Careless(e.Event, frozen=True):
    """Nobody's event: what the test above must find."""

    comment: str


class Outer(e.Event, frozen=True):
    """Nobody's event with a careless one inside."""

    parts: tuple[Careless, ...]


def test_an_unsealed_name_inside_an_event_would_be_found() -> None:
    assert [(owner.__name__, field.name) for owner, field in fields_of(Outer)][1] == ("Careless", "comment")
    assert not is_sealed(str)
    assert is_sealed(Sealed | None)


def test_every_event_says_who_did_what() -> None:
    for shape in EVENTS:
        assert shape.__doc__, shape


def test_the_error_tree_in_the_docstring_is_the_real_one() -> None:
    drawn = set(re.findall(r"\w+Error\b", errors.__doc__ or ""))

    assert drawn == {name for name in vars(errors) if name.endswith("Error")}


def test_every_target_of_the_procfile_is_a_command() -> None:
    app = importlib.import_module("console.cli").app
    for line in PROJECT.joinpath("Procfile").read_text().splitlines():
        program, *words = shlex.split(line.partition(":")[2])
        assert program == "zapisnik"
        command: object = get_command(app)
        for word in words:
            commands = getattr(command, "commands", {})
            assert word in commands, f"{line!r}: no command {word!r}"
            command = commands[word]
