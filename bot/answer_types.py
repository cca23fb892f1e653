"""The types aiogram reads Telegram's answers into, kept for as long as the process lives."""

from __future__ import annotations

from functools import cache
from typing import Any

from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteWebhook,
    EditMessageText,
    GetChatMember,
    GetMe,
    GetUpdates,
    Response,
    SendMessage,
    TelegramMethod,
)

CALLS: tuple[type[TelegramMethod[Any]], ...] = (  # Any: each has an answer of its own
    AnswerCallbackQuery,
    DeleteWebhook,
    EditMessageText,
    GetChatMember,
    GetMe,
    GetUpdates,
    SendMessage,
)
"""Everything this bot asks of Telegram."""


@cache
def keep_answer_types() -> tuple[type[Any], ...]:  # Any: types made at run time
    """Makes them, once.

    aiogram names `Response[...]` anew in each call. pydantic holds the types it makes for generics only weakly, so
    one that the collector has taken is made again: for 3 ms and more nothing else runs.
    """
    response: Any = Response  # a type checker cannot follow a generic that is given at run time
    return tuple(response[call.__returning__] for call in CALLS)
