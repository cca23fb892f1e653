"""Updates that could not be handled: remembered without their content, and the client is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import Update

from bot.texts.languages import spoken
from bot.texts.words import Words
from ledger.events import Language
from ledger.postgres import Database

_log = structlog.get_logger("bot")


@dataclass(frozen=True)
class Failure:
    """An update that is passed over; `update` is None for one that cannot even be read."""

    update_id: int
    kind: str
    error: BaseException
    update: Update | None = None


class FailedUpdates:
    """Writes failures to `failed_updates`, then says so in the chat, in the language of the sender's Telegram.

    Their own choice stands in the store, and what failed may be the store. Raises when it cannot be reached at all.
    """

    def __init__(self, database: Database, words: Mapping[Language, Words]) -> None:
        self._database, self._words = database, words

    async def __call__(self, bot: Bot, failure: Failure) -> None:
        await asyncio.to_thread(self._record, bot.id, failure)
        _log.error("update passed over", update=failure.update_id, kind=failure.kind, error=_name(failure.error))
        if failure.update is not None:
            await self._tell(bot, failure.update)

    def _record(self, bot_id: int, failure: Failure) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                """INSERT INTO failed_updates (bot_id, update_id, kind, error) VALUES (%s, %s, %s, %s)
                   ON CONFLICT DO NOTHING""",
                (bot_id, failure.update_id, failure.kind, _name(failure.error)),
            )

    async def _tell(self, bot: Bot, update: Update) -> None:
        query, message = update.callback_query, update.message
        chat = query.message.chat if query and query.message else message.chat if message else None
        try:
            if query is not None:
                await bot.answer_callback_query(query.id)
            if chat is not None and chat.type == "private":
                await bot.send_message(chat.id, self._spoken_by(update).failed)
        except AiogramError as error:
            _log.warning("could not say that it failed", update=update.update_id, error=_name(error))

    async def ask_for_patience(self, bot: Bot, update: Update) -> None:
        """Says that the update waits for the store: over the chat for a tap, in it for a message."""
        query, message = update.callback_query, update.message
        words = self._spoken_by(update).waiting
        try:
            if query is not None:
                await bot.answer_callback_query(query.id, text=words)
            elif message is not None and message.chat.type == "private":
                await bot.send_message(message.chat.id, words)
        except AiogramError as error:
            _log.warning("could not ask for patience", update=update.update_id, error=_name(error))

    def _spoken_by(self, update: Update) -> Words:
        event = update.callback_query or update.message
        sender = event.from_user if event else None
        return self._words[spoken(sender.language_code if sender else None)]


def _name(error: BaseException) -> str:
    """The class alone: a message could quote what the client wrote."""
    return f"{type(error).__module__}.{type(error).__qualname__}"
