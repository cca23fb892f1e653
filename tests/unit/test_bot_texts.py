"""The screens' words: complete, and dates, money and lengths as Russians write them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.texts.formats import (
    clock_words,
    day_words,
    length_words,
    moment_words,
    money_words,
    month_words,
    phone_words,
    short_day_words,
)
from bot.texts.ru import RU
from ledger import errors

MOSCOW = ZoneInfo("Europe/Moscow")
AT = datetime(2026, 7, 18, 9, 30, tzinfo=UTC)


def refusals(base: type[errors.RefusalError] = errors.RefusalError) -> Iterator[type[errors.RefusalError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from refusals(kind)


@pytest.mark.parametrize("kind", [kind for kind in refusals() if kind.__module__ == "ledger.errors"])
def test_every_refusal_has_a_sentence_of_its_own(kind: type[errors.RefusalError]) -> None:
    sentence = RU.refusals[kind]
    assert sentence.endswith(".")
    assert RU.refusal(kind()) == sentence
    assert sentence != RU.refusals[errors.RefusalError]


def test_a_refusal_of_tomorrow_gets_the_general_sentence() -> None:
    class NewRuleError(errors.SlotTakenError):
        pass

    assert RU.refusal(NewRuleError()) == RU.refusals[errors.SlotTakenError]


def test_no_text_is_empty_and_every_placeholder_is_named() -> None:
    texts = {field.name: getattr(RU, field.name) for field in fields(RU)}
    for name, text in texts.items():
        if isinstance(text, str):
            assert text.strip(), name
            assert all(field != "" for _, field, _, _ in string.Formatter().parse(text)), name


def test_dates_money_and_lengths() -> None:
    assert day_words(date(2026, 7, 18), "ru") == "суббота, 18 июля"
    assert short_day_words(date(2026, 7, 18), "ru") == "сб, 18 июл."
    assert month_words(date(2026, 5, 1), "ru") == "Май 2026"
    assert clock_words(AT, MOSCOW, "ru") == "12:30"
    assert moment_words(AT, MOSCOW, "ru") == "18 июля 2026, 12:30"
    assert money_words(150_000, "RUB", "ru") == "1\xa0500\xa0₽"
    assert money_words(150_050, "RUB", "ru") == "1\xa0500,50\xa0₽"
    assert [length_words(minutes, "ru") for minutes in (45, 60, 90)] == ["45 мин", "1 ч", "1 ч 30 мин"]
    assert phone_words("+79161234567") == "+7 916 123-45-67"
