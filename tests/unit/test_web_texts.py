"""The console's words: both languages complete, for every event, field and value there is."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest

from console.web.log_page import GROUPS
from console.web.texts import LANGUAGES
from console.web.texts.words import Words
from ledger import events as e
from ledger.codec import STORED_NAMES, stored_name
from ledger.sync_state import Status
from ledger.values import Actor, BookedService, Sealed, Slot
from projections import backlog
from sync import errors
from tests.store import read_models

WEB = Path(__file__).parents[2] / "console" / "web"
languages = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)


DRAWN_IN_ONE = {Slot, BookedService, e.Interval, e.ServiceOffer, e.StaffMember, Sealed}
"""Structs that are told in a phrase of their own, without labels."""


def structs(shape: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """An event and the structs inside it that are told field by field."""
    yield shape
    for field in msgspec.structs.fields(shape):
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and inner not in DRAWN_IN_ONE:
                yield from structs(inner)


def words_in(annotation: object) -> Iterator[str]:
    """The words a field of this type may have: those of every Literal in it."""
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
    for part in get_args(annotation):
        yield from words_in(part)


def texts(words: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every text, by its place."""
    for field in fields(words):  # type: ignore[arg-type]  # a dataclass, whichever
        value = getattr(words, field.name)
        if isinstance(value, str):
            yield prefix + field.name, value
        elif isinstance(value, Mapping):
            yield from ((f"{prefix}{field.name}.{name}", text) for name, text in value.items())
        else:
            yield from texts(value, f"{prefix}{field.name}.")


@languages
@pytest.mark.parametrize("name", STORED_NAMES)
def test_every_event_has_a_title(words: Words, name: str) -> None:
    assert words.title(name) != name


@languages
@pytest.mark.parametrize("name", STORED_NAMES)
def test_every_field_of_every_event_has_a_label_and_every_word_in_it_a_meaning(words: Words, name: str) -> None:
    for shape in structs(STORED_NAMES[name]):
        for field in msgspec.structs.fields(shape):
            assert field.name in words.events.fields, f"{shape.__name__}.{field.name}"
            for word in words_in(field.type):
                assert f"{field.name}.{word}" in words.events.values, f"{shape.__name__}.{field.name}: {word}"


@languages
def test_no_label_is_kept_that_no_event_needs(words: Words) -> None:
    needed = {
        field.name
        for event in STORED_NAMES.values()
        for shape in structs(event)
        for field in msgspec.structs.fields(shape)
    }

    assert set(words.events.fields) - needed == set()
    assert set(words.events.titles) == set(STORED_NAMES)


@languages
def test_every_way_a_sending_can_fail_has_a_meaning(words: Words) -> None:
    kinds = {one.kind for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.SyncError)}
    assert len(kinds) > 5
    assert {kind for kind in kinds if f"kind.{kind}" not in words.events.values} == set()


@languages
def test_every_state_has_a_word(words: Words) -> None:
    assert set(words.syncs) == set(get_args(backlog.EventSync))
    assert set(words.booking_syncs) == set(get_args(Status))
    assert set(words.booking_states) == {"held", "booked", "cancelled", "visited", "missed"}
    assert set(words.actors) == set(get_args(msgspec.structs.fields(Actor)[0].type))
    assert set(words.pause_reasons) == set(get_args(e.PauseKind))
    assert set(words.model_names) == {model.name for model in read_models()}
    assert set(words.groups) == set(GROUPS)


@languages
@pytest.mark.parametrize("reason", [*get_args(e.SkipReason), *get_args(e.ConflictKind), "refused"])
def test_every_reason_of_an_outcome_has_a_word(words: Words, reason: str) -> None:
    assert words.why(reason) != reason


def test_every_kind_of_event_can_be_chosen_once() -> None:
    offered = [stored_name(shape) for union in GROUPS.values() for shape in get_args(union) or (union,)]

    assert sorted(offered) == sorted(STORED_NAMES)


def test_both_languages_say_the_same_things_with_the_same_blanks_to_fill() -> None:
    russian, english = (dict(texts(words)) for words in LANGUAGES.values())

    assert russian.keys() == english.keys()
    for name, text in russian.items():
        assert text.strip(), name
        assert english[name].strip(), name
        assert blanks(text) == blanks(english[name]), name


def blanks(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


def test_no_word_is_kept_that_no_page_says() -> None:
    sources = [*WEB.glob("*.py"), *(WEB / "templates").glob("*.html"), WEB / "texts" / "words.py"]
    said = "\n".join(file.read_text("utf-8") for file in sources)
    unsaid = [
        field.name
        for field in fields(Words)
        if not any(f"{owner}.{field.name}" in said for owner in ("t", "words", "self", "words_for(request)"))
    ]
    assert unsaid == []


def test_a_word_of_a_newer_program_is_shown_as_it_is() -> None:
    for words in LANGUAGES.values():
        assert words.title("client_merged") == "client_merged"
        assert words.value("kind", "moon_phase") == "moon_phase"
        assert words.field("reason_given") == "reason_given"
        assert words.why("moon_phase") == "moon_phase"
