"""The languages of reminders and of the staff chat."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts.notice_en import NOTICES_EN
from bot.texts.notice_ru import NOTICES_RU
from bot.texts.notice_words import NoticeWords
from ledger.events import Language

NOTICE_WORDS: Mapping[Language, NoticeWords] = {"ru": NOTICES_RU, "en": NOTICES_EN}
