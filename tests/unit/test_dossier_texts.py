"""What a client is handed about themselves: complete in both languages, and readable when little is left."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import get_args

import msgspec
import pytest

from bot.texts.dossier import DOSSIERS, dossier_text
from bot.texts.dossier_words import DossierWords
from ledger import events as e
from ledger.decisions.clients import PURPOSES
from ledger.privacy import HandleKind
from ledger.sync_state import Status, fold_sync
from ledger.values import Actor
from projections.dossier import Dossier, HeldBooking, KnownContact, Look, Said
from projections.people import ConsentOnRecord, Person
from projections.visits import Visits
from tests.builders import BOOKING, MARIA, MOSCOW, NOW, history, lapsed, made

LANGUAGES = pytest.mark.parametrize("language", DOSSIERS)


def texts(words: DossierWords) -> Iterator[tuple[str, str]]:
    for field in fields(words):
        value = getattr(words, field.name)
        if isinstance(value, Mapping):
            yield from ((f"{field.name}.{name}", text) for name, text in value.items())
        elif isinstance(value, tuple):
            yield from ((f"{field.name}.{n}", text) for n, text in enumerate(value))
        else:
            yield field.name, value


def blanks(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


def test_both_languages_say_the_same_things_with_the_same_blanks_to_fill() -> None:
    russian, english = (dict(texts(words)) for words in DOSSIERS.values())

    assert russian.keys() == english.keys()
    assert {name: blanks(text) for name, text in russian.items()} == {name: blanks(t) for name, t in english.items()}
    assert all(russian.values())
    assert all(english.values())


@LANGUAGES
def test_everything_that_can_be_told_has_a_word(language: e.Language) -> None:
    words = DOSSIERS[language]

    assert set(words.languages) == set(get_args(e.Language))
    assert set(words.handles) == set(get_args(HandleKind))
    assert set(words.syncs) == set(get_args(Status))
    assert set(words.what) == set(get_args(e.Personal))
    assert set(words.purposes) == set(PURPOSES)
    assert set(words.who) == set(get_args(msgspec.structs.fields(Actor)[0].type))
    assert set(words.statuses) == {"held", "booked", "cancelled", "visited", "missed"}


def person(**changes: object) -> Person:
    facts: dict[str, object] = {
        "registered_at": None, "phone_verified": False, "language": None, "consents": (), "erasure_due_on": None,
        "visits": Visits(0, 0, 0, None),
    }  # fmt: skip
    return Person(MARIA, **{**facts, **changes})  # type: ignore[arg-type]  # whatever a test is about


@LANGUAGES
def test_somebody_of_whom_nothing_is_known_is_told_so(language: e.Language) -> None:
    words = DOSSIERS[language]
    nothing = Dossier(person(), (), (), (), (), (), events=1)

    text = dossier_text(nothing, None, MOSCOW, language, NOW)

    for said in (words.nothing_known, words.no_consents, words.no_bookings, words.no_messages, words.no_looks):
        assert said in text
    assert "None" not in text
    assert "{" not in text


def test_of_an_erased_client_what_opens_no_more_is_a_dot_in_its_place() -> None:
    gone = Dossier(
        person(consents=(ConsentOnRecord("advertising", "1", "ab" * 32, NOW, NOW),)),
        contacts=(KnownContact(NOW, "…", "…", "…", phone_verified=True),),
        found_by=(),
        bookings=(HeldBooking(BOOKING, None, history(made()), fold_sync(history(made())), (Said(NOW, "…"),)),),
        messages=(),
        looks=(Look(NOW, Actor("system", "sync"), ("name",), "cli:test"),),
        events=2,
    )

    text = dossier_text(gone, None, MOSCOW, "ru", NOW)

    for said in (
        "Имя: …",
        "Телефон: … (",
        "«…»",
        "advertising",
        "вы отозвали",
        "программа: имя (cli:test)",
        "отпустили",
    ):
        assert said in text


def test_a_dossier_says_nothing_of_itself_where_it_is_logged() -> None:
    named = Dossier(person(), (KnownContact(NOW, "Мария", "+7", "1", phone_verified=True),), (), (), (), (), events=1)

    assert repr(named) == f"Dossier(client {MARIA})"
    assert "Мария" not in repr([named, *named.contacts, Said(NOW, "Мария")])


def test_a_time_that_was_let_go_has_its_story_too() -> None:
    kept = HeldBooking(BOOKING, None, history(lapsed()), None, ())
    text = dossier_text(Dossier(person(), (), (), (kept,), (), (), events=1), None, MOSCOW, "ru", NOW)

    assert "Клиент не успел ответить" in text
