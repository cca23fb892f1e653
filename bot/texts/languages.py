"""The languages the bot speaks, and which of them somebody's Telegram asks for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts.en import EN
from bot.texts.ru import RU
from bot.texts.words import Words
from ledger.events import Language

WORDS: Mapping[Language, Words] = {"ru": RU, "en": EN}

_RUSSIAN_IS_READ = frozenset({"ru", "be", "uk", "kk", "ky", "uz", "tg", "tk", "az", "hy", "tt", "ba", "cv"})
"""Languages (ISO 639-1) of people who read Russian more likely than English."""


def spoken(language_code: str | None) -> Language:
    """The language for an IETF tag as Telegram sends it (`en`, `pt-br`); Russian for a client that sends none."""
    if not language_code:
        return "ru"
    language = language_code.lower().replace("_", "-").partition("-")[0]
    return "ru" if language in _RUSSIAN_IS_READ else "en"
