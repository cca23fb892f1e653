"""The console's words, Russian and English; `{names}` are filled in by `str.format`."""

from __future__ import annotations

from collections.abc import Mapping

from console.web.texts.en import EN
from console.web.texts.ru import RU
from console.web.texts.words import Words
from ledger.events import Language

LANGUAGES: Mapping[Language, Words] = {"ru": RU, "en": EN}
