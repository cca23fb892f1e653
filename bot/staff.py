"""The staff's commands, in the staff chat and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import structlog
from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, Message, Update

from bot import buttons
from bot.naming import Naming
from bot.request import BotServices
from bot.screen import Screen, screen
from bot.screens import staff_conflicts, staff_sync, staff_today
from bot.showing import answer_message, answer_press
from bot.staff_chat import StaffChat, StaffRequest, is_administrator

COMMANDS = ("today", "sync", "conflicts", "pause", "resume")
_B = TypeVar("_B", bound=CallbackData)
_T = TypeVar("_T")
_log = structlog.get_logger("bot")


def staff_router(services: BotServices, staff_chat: StaffChat) -> Router:
    """`/today`, `/sync` and `/conflicts` for everybody in the chat; what decides anything for its administrators."""
    router = Router(name="staff")
    words = staff_chat.words

    async def ask(
        bot: Bot, update: Update, sender_id: int, show: Callable[[StaffRequest, _T], Screen], said: _T
    ) -> Screen:
        catalog = await asyncio.to_thread(services.catalog)
        if catalog is None:
            return screen(words.no_catalog)
        request = StaffRequest(services, words, Naming(words, catalog), bot.id, update.update_id, sender_id)
        return await asyncio.to_thread(show, request, said)

    def on(name: str, show: Callable[[StaffRequest, str], Screen], *, is_for_all: bool) -> None:
        async def handle(message: Message, command: CommandObject, bot: Bot, event_update: Update) -> None:
            sender, group = message.from_user, message.sender_chat
            if is_for_all or await is_administrator(bot, message.chat.id, sender, group):
                sender_id = group.id if group else sender.id if sender else 0
                shown = await ask(bot, event_update, sender_id, show, command.args or "")
            else:
                shown = screen(words.only_administrators)
            await answer_message(bot, message.chat.id, shown)

        router.message.register(handle, F.chat.id == staff_chat.chat_id, Command(name, ignore_case=True))

    on("today", staff_today.show, is_for_all=True)
    on("sync", staff_sync.show, is_for_all=True)
    on("conflicts", staff_conflicts.show_all, is_for_all=True)
    on("pause", staff_sync.pause, is_for_all=False)
    on("resume", staff_sync.ask_resume, is_for_all=False)

    def on_press(kind: type[_B], show: Callable[[StaffRequest, _B], Screen]) -> None:
        async def press(query: CallbackQuery, callback_data: _B, bot: Bot, event_update: Update) -> None:
            if await is_administrator(bot, staff_chat.chat_id, query.from_user):
                await answer_press(bot, query, await ask(bot, event_update, query.from_user.id, show, callback_data))
            else:
                with suppress(TelegramBadRequest):  # the press is too old to be answered
                    await bot.answer_callback_query(query.id, text=words.only_administrators, show_alert=True)

        router.callback_query.register(press, F.message.chat.id == staff_chat.chat_id, kind.filter())

    on_press(buttons.ResumeSync, staff_sync.resume)
    on_press(buttons.ShowQuestion, staff_conflicts.show)
    on_press(buttons.AskAnswer, staff_conflicts.ask)
    on_press(buttons.GiveAnswer, staff_conflicts.answer)
    return router


def other_groups_router() -> Router:
    """In a group that is not the staff's nothing is answered; its id is told to whoever sets the bot up."""
    router = Router(name="other groups")

    @router.message(F.chat.type.in_({"group", "supergroup"}), Command(*COMMANDS, ignore_case=True))
    async def tell_where(message: Message) -> None:
        _log.info("a staff command in a group that is not ADMIN_CHAT_ID", chat_id=message.chat.id)

    return router
