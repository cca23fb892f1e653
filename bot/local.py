"""The bot's way to a Telegram on this machine: the same dispatcher and loop, without the network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import cast

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType

from bot.answer_types import keep_answer_types
from bot.local_chats import ApiRefusal, Chat, ChatButton, ChatMessage, KeyboardKey
from bot.local_telegram import Json, LocalTelegram

__all__ = [
    "ApiRefusal",
    "Chat",
    "ChatButton",
    "ChatMessage",
    "KeyboardKey",
    "LocalSession",
    "LocalTelegram",
    "answer_within",
    "local_bot",
]


class LocalSession(BaseSession):
    """aiogram's way to a LocalTelegram: the same forms and answers as over HTTP, without the network."""

    def __init__(self, telegram: LocalTelegram) -> None:
        super().__init__()
        self._telegram = telegram

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ARG002, ASYNC109  aiogram's
    ) -> TelegramType:
        """Raises the errors aiogram raises for a real server's refusals, 404 for a method unknown here."""
        prepared = {
            name: self.prepare_value(value, bot=bot, files={})
            for name, value in method.model_dump(warnings=False).items()
        }
        fields = {name: str(value) for name, value in prepared.items() if value}
        status, body = await answer_within(self._telegram, method.__api_method__, fields)
        response = self.check_response(bot=bot, method=method, status_code=status, content=body)
        return cast("TelegramType", response.result)

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(self, *_: object, **__: object) -> AsyncGenerator[bytes, None]:
        """There are no files here."""
        raise NotImplementedError(
            "no files on this machine's Telegram"
        )  # aiogram demands the method; the bot has no files
        yield b""


def local_bot(telegram: LocalTelegram) -> Bot:
    """A bot whose whole Telegram is `telegram`."""
    keep_answer_types()
    return Bot(f"{telegram.bot_id}:local", session=LocalSession(telegram))


async def answer_within(telegram: LocalTelegram, method: str, fields: Mapping[str, str]) -> tuple[int, str]:
    """Status and JSON body of a call as the Bot API gives them; getUpdates waits up to its `timeout`."""
    try:
        if method.lower() == "getupdates":
            result: object = await _long_poll(telegram, fields)
        else:
            result = telegram.call(method, fields)
    except ApiRefusal as refusal:
        body: Json = {"ok": False, "error_code": refusal.status, "description": refusal.description}
        if refusal.retry_after is not None:
            body["parameters"] = {"retry_after": refusal.retry_after}
        return refusal.status, json.dumps(body)
    return 200, json.dumps({"ok": True, "result": result})


async def _long_poll(telegram: LocalTelegram, fields: Mapping[str, str]) -> list[Json]:
    offset = int(fields["offset"]) if fields.get("offset") else None
    limit, seconds = int(fields.get("limit") or 100), float(fields.get("timeout") or 0)
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    take_off = telegram.on_change(wake)
    deadline = loop.time() + seconds
    try:
        while not (found := telegram.updates(offset, limit)) and (left := deadline - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    await changed.wait()
            except TimeoutError:
                continue
            changed.clear()
        return found
    finally:
        take_off()
