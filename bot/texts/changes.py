"""All languages the salon's changes are told in."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts.change_en import CHANGES_EN
from bot.texts.change_ru import CHANGES_RU
from bot.texts.change_words import ChangeWords
from ledger.events import Language

CHANGE_WORDS: Mapping[Language, ChangeWords] = {"ru": CHANGES_RU, "en": CHANGES_EN}
