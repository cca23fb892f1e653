"""The screens' words: complete in every language, and dates, money and lengths as people there write them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from bot.texts.en import EN
from bot.texts.formats import (
    clock_words,
    day_words,
    length_words,
    moment_words,
    money_words,
    month_words,
    phone_words,
    short_day_words,
    weekday_names,
)
from bot.texts.languages import WORDS, spoken
from bot.texts.ru import RU
from bot.texts.story import STORIES
from bot.texts.story_words import StoryWords
from bot.texts.words import WITH_PHONE, Words
from ledger import errors, events as e

MOSCOW = ZoneInfo("Europe/Moscow")
AT = datetime(2026, 7, 18, 9, 30, tzinfo=UTC)
LONGEST_BUTTON = 44
"""Characters that fit into one button as wide as a phone's screen."""


def refusals(base: type[errors.RefusalError] = errors.RefusalError) -> Iterator[type[errors.RefusalError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from refusals(kind)


def texts_of(words: Words | StoryWords) -> dict[str, str]:
    """Every sentence of a table by its name, `who.client` for one in a table within."""
    texts: dict[str, str] = {}
    for field in fields(words):
        value = getattr(words, field.name)
        inner = value if isinstance(value, Mapping) else {None: value}
        texts |= {field.name if key is None else f"{field.name}.{key}": text for key, text in inner.items()}
    return texts


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("kind", [kind for kind in refusals() if kind.__module__ == "ledger.errors"])
def test_every_refusal_has_a_sentence_of_its_own(kind: type[errors.RefusalError], words: Words) -> None:
    sentence = words.refusals[kind]
    assert sentence.endswith(".")
    assert words.refusal(kind()) == sentence
    assert sentence != words.refusals[errors.RefusalError]


def test_a_refusal_of_tomorrow_gets_the_nearest_sentence() -> None:
    class NewRuleError(errors.SlotTakenError):
        pass

    assert RU.refusal(NewRuleError()) == RU.refusals[errors.SlotTakenError]
    assert set(WITH_PHONE) <= set(refusals())


def test_every_language_has_its_tables_under_its_own_name() -> None:
    assert set(WORDS) == set(STORIES) == set(get_args(e.Language))
    assert all(words.locale == language for language, words in WORDS.items())
    assert all(words.locale == language for language, words in STORIES.items())


@pytest.mark.parametrize("table", [*WORDS.values(), *STORIES.values()], ids=lambda table: type(table).__name__)
def test_no_text_is_empty_and_every_placeholder_is_named(table: Words | StoryWords) -> None:
    for name, text in texts_of(table).items():
        assert text.strip(), name
        assert "" not in placeholders(text), name


@pytest.mark.parametrize(("russian", "english"), [(RU, EN), (STORIES["ru"], STORIES["en"])], ids=["screens", "story"])
def test_both_languages_fill_in_the_same(russian: Words | StoryWords, english: Words | StoryWords) -> None:
    ours, theirs = texts_of(russian), texts_of(english)
    assert {name: placeholders(text) for name, text in ours.items() if not name.startswith("events.")} == {
        name: placeholders(text) for name, text in theirs.items() if not name.startswith("events.")
    }


@pytest.mark.parametrize("table", [EN, STORIES["en"]], ids=["screens", "story"])
def test_english_is_english_throughout(table: Words | StoryWords) -> None:
    for name, text in texts_of(table).items():
        assert not re.search("[А-Яа-яЁё№«»]", text), name


def test_both_consents_are_of_one_version_and_say_so() -> None:
    assert RU.consent_version == EN.consent_version
    for words in WORDS.values():
        assert words.consent.endswith("{version}")
        assert len(words.consent.split("\n\n")) == len(RU.consent.split("\n\n")), "point by point the same"


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_buttons_label_can_be_read_on_a_phone(words: Words) -> None:
    for name, text in texts_of(words).items():
        if name.endswith("_button"):
            assert len(text.replace("{until}", "12:30")) <= LONGEST_BUTTON, name


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_keys_that_stand_together_differ(words: Words) -> None:
    texts = texts_of(words)
    together = [
        ("confirm_button", "other_time_button", "drop_button"),
        ("agree_button", "refuse_button"),
        ("move_button", "cancel_button"),
        ("yes_move_button", "other_time_button", "keep_button"),
        ("share_contact_button", "drop_booking_button"),
    ]
    for names in together:
        assert len({texts[name] for name in names}) == len(names)


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("ru", "ru"), ("ru-RU", "ru"), ("be", "ru"), ("uk", "ru"), ("kk", "ru"), ("ky", "ru"), ("uz", "ru"),
        ("UZ_latn", "ru"), (None, "ru"), ("", "ru"), ("en", "en"), ("en-GB", "en"), ("de", "en"), ("zh-hans", "en"),
        ("rue", "en"),
    ],
)  # fmt: skip
def test_a_telegram_in_any_language_is_spoken_to_in_the_nearer_of_ours(code: str | None, language: str) -> None:
    assert spoken(code) == language


def test_dates_money_and_lengths_in_russian() -> None:
    assert day_words(date(2026, 7, 18), "ru") == "суббота, 18 июля"
    assert short_day_words(date(2026, 7, 18), "ru") == "сб, 18 июл."
    assert month_words(date(2026, 5, 1), "ru") == "Май 2026"
    assert weekday_names("ru") == ["пн", "вт", "ср", "чт", "пт", "сб", "вс"]
    assert clock_words(AT, MOSCOW, "ru") == "12:30"
    assert moment_words(AT, MOSCOW, "ru") == "18 июля 2026, 12:30"
    assert money_words(150_000, "RUB", "ru") == "1\xa0500\xa0₽"
    assert money_words(150_050, "RUB", "ru") == "1\xa0500,50\xa0₽"
    assert [length_words(minutes, "ru") for minutes in (45, 60, 90)] == ["45 мин", "1 ч", "1 ч 30 мин"]


def test_dates_money_and_lengths_in_english() -> None:
    assert day_words(date(2030, 1, 7), "en") == "Monday, 7 January"
    assert short_day_words(date(2026, 7, 18), "en") == "Sat, 18 Jul"
    assert month_words(date(2026, 5, 1), "en") == "May 2026"
    assert weekday_names("en") == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert clock_words(datetime(2026, 7, 18, 15, 5, tzinfo=UTC), MOSCOW, "en") == "18:05"
    assert moment_words(AT, MOSCOW, "en") == "18 July 2026, 12:30"
    assert money_words(150_000, "RUB", "en") == "₽1,500"
    assert money_words(150_050, "RUB", "en") == "₽1,500.50"
    assert money_words(150_000, "KZT", "en") == "KZT\xa01,500"
    assert [length_words(minutes, "en") for minutes in (45, 60, 90)] == ["45 min", "1 hr", "1 hr 30 min"]


def test_phones_are_written_alike_everywhere() -> None:
    assert phone_words("+79161234567") == "+7 916 123-45-67"
