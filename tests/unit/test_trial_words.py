"""The trial page's words: complete in both languages, for every event, value, fault, state and step there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from itertools import accumulate
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest

from console.web.trial.board import STATES
from console.web.trial.outage import STEPS
from ledger.codec import STORED_NAMES
from ledger.integrity import tag_rows, walk
from ledger.values import Actor
from sync.plan import Step
from sync.simulator import MODES

WEB = resources.files("console.web")
STATIC = Path(str(WEB / "static" / "trial"))
TEMPLATE = (WEB / "templates" / "try.html").read_text("utf-8")
SCRIPTS = {file.name: file.read_text("utf-8") for file in STATIC.glob("*.js")}
LANGUAGES = ("ru", "en")
PLURALS = {"one", "few", "many", "other"}


def words(language: str) -> dict[str, str]:
    """Every word by its path; the forms of a plural are one word, their texts joined."""
    found: dict[str, str] = {}
    for name in ("page", "log"):
        found |= dict(flat(json.loads((STATIC / "words" / language / f"{name}.json").read_text("utf-8"))))
    return found


def flat(table: dict[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict) and not value.keys() <= PLURALS:
            yield from flat(value, here)
        elif isinstance(value, dict):
            yield here, str(value["other"])
        else:
            yield here, str(value)


WORDS = {language: words(language) for language in LANGUAGES}


def literals(shape: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    """Field and value of every literal in a struct."""
    for field in msgspec.structs.fields(shape):
        for one in (field.type, *get_args(field.type)):
            if get_origin(one) is Literal:
                yield from ((field.name, value) for value in get_args(one))


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    ru, en = WORDS["ru"], WORDS["en"]

    assert ru.keys() == en.keys()
    assert {path: places(text) for path, text in ru.items()} == {path: places(text) for path, text in en.items()}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_has_the_forms_of_its_language(language: str) -> None:
    needed = {"ru": {"one", "few", "many", "other"}, "en": {"one", "other"}}[language]
    for name in ("page", "log"):
        for table in plurals(json.loads((STATIC / "words" / language / f"{name}.json").read_text("utf-8"))):
            assert table.keys() == needed, table


def plurals(table: dict[str, object]) -> Iterator[dict[str, str]]:
    for value in table.values():
        if isinstance(value, dict) and value.keys() <= PLURALS:
            yield value
        elif isinstance(value, dict):
            yield from plurals(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_has_a_title_and_says_what_it_is(language: str) -> None:
    for name in STORED_NAMES:
        assert WORDS[language].get(f"events.{name}.title"), name
        assert WORDS[language].get(f"events.{name}.about"), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_an_event_may_hold_has_a_word(language: str) -> None:
    asked = {pair for shape in STORED_NAMES.values() for pair in literals(shape) if pair[0] != "weekly"}
    asked |= {("by", kind) for _, kind in literals(Actor)}

    assert ("awaits", "consent") in asked
    assert ("kind", "removed_in_crm") in asked
    assert [pair for pair in sorted(asked) if f"values.{pair[0]}.{pair[1]}" not in WORDS[language]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_page_can_show_has_a_word(language: str) -> None:
    known = WORDS[language]
    needed = [f"faults.{mode}.{part}" for mode in MODES for part in ("title", "about")]
    needed += [f"board.states.{state}" for state in STATES]
    needed += [f"outage.{step}" for step in STEPS]
    needed += [f"plan.{part}.{step}" for step in (*get_args(Step), "conflict") for part in ("steps", "why")]
    needed += [f"verify.reasons.{reason}" for reason in chain_faults()]

    assert [path for path in needed if path not in known] == []


def chain_faults() -> list[str]:
    """The fixed sentences by which `verify_chain` says what is wrong with an event."""
    return [walk.CONTENT, walk.HASH, walk.ORDER, walk.EARLY, tag_rows.MISSING, tag_rows.STRAY]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_the_page_asks_for_is_there(language: str) -> None:
    known = WORDS[language]
    tables = {table for path in known for table in accumulate(path.split("."), "{}.{}".format)}
    asked = set(re.findall(r'data-t(?:-\w+)?="([\w.]+)"', TEMPLATE))
    for source in SCRIPTS.values():
        asked |= set(re.findall(r'\bt\(\s*"([\w.]+)"', source))
    begun = {path for source in SCRIPTS.values() for path in re.findall(r"\bt\(`([\w.]+)\.\$\{", source)}

    assert len(asked) > 80
    assert sorted(asked - known.keys()) == []
    assert sorted(begun - tables) == []


def test_every_event_belongs_to_a_filter_of_the_log() -> None:
    kinds = set(re.findall(r"^  (\w+): \[", SCRIPTS["describe.js"], re.MULTILINE))

    assert STORED_NAMES.keys() - kinds == set()


def test_what_the_template_links_and_the_scripts_import_is_in_the_package() -> None:
    linked = set(re.findall(r'"/static/trial/([\w.]+)[#"]', TEMPLATE))
    imported = {name for source in SCRIPTS.values() for name in re.findall(r'from "\./([\w.]+)"', source)}

    assert linked >= {"main.js", "base.css"}
    assert [name for name in sorted(linked | imported) if not (STATIC / name).is_file()] == []
    assert set(SCRIPTS) - imported == {"main.js"}
    assert {file.name for file in STATIC.glob("*.css")} <= linked


def test_the_icons_that_are_asked_for_are_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text("utf-8")))
    asked = {name for source in SCRIPTS.values() for name in re.findall(r'icon\("(\w+)"\)', source)}
    asked |= set(re.findall(r'^  \w+: \["\w+", "(\w+)"', SCRIPTS["describe.js"], re.MULTILINE))

    assert asked - drawn == set()


@pytest.mark.parametrize("file", sorted(STATIC.glob("*.*")), ids=lambda file: str(file.name))
def test_a_file_of_the_page_is_short_and_never_reads_text_as_markup(file: Path) -> None:
    source = file.read_text("utf-8")

    assert len(source.splitlines()) <= 300
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source)
    assert not re.search(r"https?://(?!www\.w3\.org)", source), "everything the page needs comes with the program"
