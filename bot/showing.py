"""Screens become Telegram's messages; what Telegram says no to harmlessly is passed over here."""

from __future__ import annotations

from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.screen import ContactKeyboard, Part, Screen

_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


async def answer_press(bot: Bot, query: CallbackQuery, shown: Screen | None) -> None:
    """Stops the button's spinner, then shows the screen in place of the pressed message."""
    with suppress(TelegramBadRequest):  # "query is too old" after an outage of ours: the screen still counts
        await bot.answer_callback_query(query.id)
    if shown is None:
        return
    chat_id = query.message.chat.id if query.message else query.from_user.id
    first, rest = shown.parts[0], shown.parts[1:]
    if query.message is not None and first.can_replace:
        await _replace(bot, chat_id, query.message.message_id, first)
    else:
        await _send(bot, chat_id, first)
    for part in rest:
        await _send(bot, chat_id, part)


async def answer_message(bot: Bot, chat_id: int, shown: Screen) -> None:
    """Sends the screen below what was written."""
    for part in shown.parts:
        await _send(bot, chat_id, part)


async def send_alone(bot: Bot, chat_id: int, part: Part, *, is_silent: bool = False) -> None:
    """Sends one message that nobody asked for; a silent one comes without a sound."""
    await bot.send_message(chat_id, part.text, reply_markup=_inline(part), disable_notification=is_silent or None)


async def _replace(bot: Bot, chat_id: int, message_id: int, part: Part) -> None:
    try:
        await bot.edit_message_text(part.text, chat_id=chat_id, message_id=message_id, reply_markup=_inline(part))
    except TelegramBadRequest as error:
        said = error.message.lower()
        if "message is not modified" in said:
            return  # a double tap: it shows already what it should
        if not any(reason in said for reason in _GONE):
            raise
        await _send(bot, chat_id, part)


async def _send(bot: Bot, chat_id: int, part: Part) -> None:
    below: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None = _inline(part)
    if part.keyboard is not None:
        below = _contact_keyboard(part.keyboard)
    elif part.takes_keyboard_away:
        below = ReplyKeyboardRemove(remove_keyboard=True)
    await bot.send_message(chat_id, part.text, reply_markup=below)


def _inline(part: Part) -> InlineKeyboardMarkup | None:
    if not part.rows:
        return None
    rows = [[InlineKeyboardButton(text=key.text, callback_data=key.data.pack()) for key in row] for row in part.rows]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def _contact_keyboard(keyboard: ContactKeyboard) -> ReplyKeyboardMarkup:
    return ReplyKeyboardMarkup(
        keyboard=[
            [KeyboardButton(text=keyboard.share, request_contact=True)],
            [KeyboardButton(text=keyboard.drop)],
        ],
        resize_keyboard=True,
    )
