"""Reminders and the staff chat: both languages complete, with the same names to fill in."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import get_args, get_type_hints

import pytest
from babel import Locale

from bot.texts.notice_words import NoticeWords
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.decisions.untold import What
from ledger.values import Actor
from projections.backlog import Lack

PLURALS = [field.name for field in fields(NoticeWords) if field.type == "Plural"]
LANGUAGES: list[e.Language] = ["ru", "en"]


def texts(words: NoticeWords) -> Iterator[tuple[str, str]]:
    """Every sentence under its name; those of a table under the table's name and their key."""
    for field in fields(words):
        value = getattr(words, field.name)
        if isinstance(value, str):
            yield field.name, value
        elif isinstance(value, Mapping):
            for key, text in value.items():
                yield f"{field.name}.{key}", text


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_is_there() -> None:
    assert set(NOTICE_WORDS) == set(get_args(e.Language))
    assert all(words.locale == language for language, words in NOTICE_WORDS.items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_and_every_placeholder_is_named(language: e.Language) -> None:
    for name, text in texts(NOTICE_WORDS[language]):
        assert text.strip(), name
        assert "" not in placeholders(text), name


def test_both_languages_fill_in_the_same() -> None:
    russian, english = (dict(texts(NOTICE_WORDS[language])) for language in LANGUAGES)
    for name in russian.keys() | english.keys():
        if name.split(".")[0] not in PLURALS:
            assert placeholders(russian[name]) == placeholders(english[name]), name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PLURALS)
def test_a_plural_has_every_form_of_its_language(language: e.Language, name: str) -> None:
    forms = getattr(NOTICE_WORDS[language], name)
    assert set(forms) == set(Locale.parse(language).plural_form.tags) | {"other"}
    assert {frozenset(placeholders(text)) for text in forms.values()} == {frozenset({"n"})}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_words(language: e.Language) -> None:
    words = NOTICE_WORDS[language]
    assert set(words.pause_reasons) == set(words.remedies) == set(get_args(e.PauseKind))
    assert set(words.lacks) == set(get_args(Lack))
    assert set(words.not_told) == set(get_args(What))
    assert set(words.not_told_reasons) == set(get_args(e.UntoldReason))
    assert set(words.actors) == set(get_args(get_type_hints(Actor)["kind"]))
    assert words.actor(Actor("client", "1")) == words.actors["client"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_to_a_press_is_short_enough_for_telegram(language: e.Language) -> None:
    assert len(NOTICE_WORDS[language].only_administrators) <= 200


def test_nothing_russian_is_left_in_english() -> None:
    assert [name for name, text in texts(NOTICE_WORDS["en"]) if re.search("[А-Яа-яЁё]", text)] == []
