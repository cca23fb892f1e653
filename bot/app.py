"""The bot put together: which button leads to which screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command, CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, Message, Update, User
from aiogram.utils.token import TokenValidationError

from bot import buttons
from bot.answer_types import keep_answer_types
from bot.errors import BotTokenError
from bot.failures import FailedUpdates
from bot.lead import Lead
from bot.polling import poll
from bot.request import BotServices, Request
from bot.screen import Screen
from bot.screens import (
    cancel,
    card,
    coming,
    confirm,
    consent,
    hold,
    language,
    masters,
    menu,
    move,
    my_bookings,
    my_data,
    new_visit,
    refused,
    services,
)
from bot.screens.contact import SharedContact
from bot.showing import answer_message, answer_press
from bot.staff import other_groups_router, staff_router
from bot.staff_chat import StaffChat
from ledger.errors import MalformedValueError, RefusalError

__all__ = ["BotServices", "BotTokenError", "FailedUpdates", "Lead", "build_dispatcher", "new_bot", "poll"]

TELEGRAM = "https://api.telegram.org"
REQUEST_SECONDS = 20.0
_B = TypeVar("_B", bound=CallbackData)
_T = TypeVar("_T")


def new_bot(token: str, api_url: str = TELEGRAM) -> Bot:
    """A bot that talks to any Bot API server. Raises BotTokenError for a token that can be none."""
    keep_answer_types()
    session = AiohttpSession(api=TelegramAPIServer.from_base(api_url), timeout=REQUEST_SECONDS)
    try:
        return Bot(token, session=session)
    except TokenValidationError as error:
        raise BotTokenError("BOT_TOKEN is not a bot's token: they look like 123456789:AAE…") from error


def build_dispatcher(bot_services: BotServices, staff_chat: StaffChat | None = None) -> Dispatcher:
    """Every screen under its button. Keeps nothing between updates, so any number may work side by side."""
    dispatcher = Dispatcher(disable_fsm=True)
    if staff_chat is not None:
        dispatcher.include_router(staff_router(bot_services, staff_chat))
    dispatcher.include_router(other_groups_router())
    dispatcher.include_router(_presses(bot_services))
    dispatcher.include_router(_messages(bot_services))
    return dispatcher


def _pressed(bot_services: BotServices, show: Callable[[Request, _B], Screen]) -> Callable[..., Awaitable[None]]:
    """Handles a press on a button of this screen. `...`: the dispatcher hands over what is named."""

    async def handle(query: CallbackQuery, callback_data: _B, bot: Bot, event_update: Update) -> None:
        request = _request(bot_services, bot, event_update, query.from_user)
        await answer_press(bot, query, await asyncio.to_thread(_decide, request, show, callback_data))

    return handle


def _presses(bot_services: BotServices) -> Router:
    router = Router(name="presses")

    def on(kind: type[_B], show: Callable[[Request, _B], Screen]) -> None:
        router.callback_query.register(_pressed(bot_services, show), F.message.chat.type == "private", kind.filter())

    on(buttons.Menu, menu.show)
    on(buttons.Speak, language.choose)
    on(buttons.Resume, hold.resume)
    on(buttons.Services, services.tap)
    on(buttons.Masters, masters.tap)
    on(buttons.Days, new_visit.show_days)
    on(buttons.Times, new_visit.show_times)
    on(buttons.Hold, hold.tap)
    on(buttons.Agree, consent.agree)
    on(buttons.Refuse, consent.refuse)
    on(buttons.Confirm, confirm.book)
    on(buttons.OtherTime, new_visit.other_time)
    on(buttons.Drop, confirm.drop)
    on(buttons.MyBookings, my_bookings.show)
    on(buttons.Card, card.tap)
    on(buttons.Coming, coming.tap)
    on(buttons.AskCancel, cancel.ask)
    on(buttons.Cancel, cancel.cancel)
    on(buttons.Move, move.ask_master)
    on(buttons.MoveDays, move.show_days)
    on(buttons.MoveTimes, move.show_times)
    on(buttons.AskMove, move.ask)
    on(buttons.MoveTo, move.move)
    on(buttons.MyData, my_data.show)
    on(buttons.AskWithdraw, my_data.ask_withdraw)
    on(buttons.Withdraw, my_data.withdraw)
    on(buttons.AskErasure, my_data.ask_erasure)
    on(buttons.Erase, my_data.erase)
    on(buttons.KeepData, my_data.keep)

    @router.callback_query(buttons.Nothing.filter())
    async def ignore(query: CallbackQuery, bot: Bot) -> None:
        await answer_press(bot, query, None)

    @router.callback_query()
    async def unknown(query: CallbackQuery, bot: Bot, event_update: Update) -> None:
        is_private = query.message is not None and query.message.chat.type == "private"
        request = _request(bot_services, bot, event_update, query.from_user)
        shown = await asyncio.to_thread(menu.old_button, request) if is_private else None
        await answer_press(bot, query, shown)

    return router


def _messages(bot_services: BotServices) -> Router:
    router = Router(name="messages")
    router.message.filter(F.chat.type == "private", F.from_user)

    async def reply(
        message: Message, bot: Bot, update: Update, show: Callable[[Request, _T], Screen], said: _T
    ) -> None:
        sender = message.from_user or User(id=message.chat.id, is_bot=False, first_name="")
        request = _request(bot_services, bot, update, sender)
        await answer_message(bot, message.chat.id, await asyncio.to_thread(_decide, request, show, said))

    @router.message(CommandStart())
    async def start(message: Message, bot: Bot, event_update: Update) -> None:
        await reply(message, bot, event_update, menu.show, None)

    @router.message(Command("language"))
    async def speak(message: Message, bot: Bot, event_update: Update) -> None:
        await reply(message, bot, event_update, language.ask, None)

    @router.message(Command("mydata"))
    async def my_own(message: Message, bot: Bot, event_update: Update) -> None:
        await reply(message, bot, event_update, my_data.show, None)

    @router.message(F.contact)
    async def contact(message: Message, bot: Bot, event_update: Update) -> None:
        if message.contact is not None:
            shared = SharedContact(message.contact.phone_number, message.contact.user_id)
            await reply(message, bot, event_update, hold.on_contact, shared)

    @router.message()
    async def text(message: Message, bot: Bot, event_update: Update) -> None:
        await reply(message, bot, event_update, hold.on_text, message.text or "")

    return router


def _decide(request: Request, show: Callable[[Request, _T], Screen], said: _T) -> Screen:
    """Runs in a thread of its own: the ledger is synchronous."""
    try:
        return show(request, said)
    except RefusalError as refusal:
        try:
            return refused.show(request, refusal)
        except RefusalError as another:
            return menu.instead(request, request.sentence(another))
    except MalformedValueError:
        return menu.old_button(request)


def _request(bot_services: BotServices, bot: Bot, update: Update, sender: User) -> Request:
    first_name = sender.first_name.encode("utf-8", "ignore").decode()  # a lone surrogate could not be sealed
    return Request(bot_services, bot.id, update.update_id, sender.id, first_name, sender.language_code)
