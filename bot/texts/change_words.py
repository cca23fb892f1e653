"""What is said when the salon changes a booking outside the bot: to its client, and to the staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.texts.notice_words import Plural


@dataclass(frozen=True)
class ChangeWords:
    """The words in one language; `{names}` are filled in by `str.format`."""

    # to the client, after the greeting
    moved: str
    removed: str
    offer: str
    moved_ask: str
    removed_ask: str
    offer_ask: str
    by_phone: str
    mine_button: str
    other_time_button: str
    # to the staff chat
    braked: str
    released: str
    uninformed: Plural
    uninformed_line: str
    uninformed_what: Mapping[str, str]
    uninformed_remedy: str
