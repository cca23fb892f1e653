"""Telegram on this machine keeps the Bot API's rules."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNotFound
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.local import ApiRefusal, LocalTelegram, local_bot

CHAT = 111


@pytest.fixture
def telegram() -> LocalTelegram:
    telegram = LocalTelegram()
    telegram.enter(CHAT, "Мария")
    return telegram


@pytest.fixture
async def bot(telegram: LocalTelegram) -> AsyncIterator[Bot]:
    bot = local_bot(telegram)
    yield bot
    await bot.session.close()


def keyboard(data: str) -> InlineKeyboardMarkup:
    # Past aiogram's own check, which knows only the longest data.
    button = InlineKeyboardButton.model_construct(text="key", callback_data=data)
    return InlineKeyboardMarkup.model_construct(inline_keyboard=[[button]])


async def test_updates_come_again_until_they_are_acknowledged(telegram: LocalTelegram, bot: Bot) -> None:
    first, second = telegram.send_text(CHAT, "1"), telegram.send_text(CHAT, "2")
    for _ in range(2):
        assert [update.update_id for update in await bot.get_updates()] == [first, second]
    assert [update.update_id for update in await bot.get_updates(offset=second)] == [second]
    assert telegram.pending() == [second]
    assert await bot.get_updates(offset=second + 1) == []
    telegram.redeliver(first)
    assert [update.update_id for update in await bot.get_updates(offset=second + 1)] == [first]
    assert await bot.get_updates(offset=second + 1) == []


async def test_a_long_poll_wakes_when_somebody_writes_from_another_thread(telegram: LocalTelegram, bot: Bot) -> None:
    threading.Timer(0.05, telegram.send_text, (CHAT, "hello")).start()
    async with asyncio.timeout(5):
        (update,) = await bot.get_updates(timeout=30)
    assert update.message is not None
    assert update.message.text == "hello"
    assert await bot.get_updates(offset=update.update_id + 1, timeout=1) == []


@pytest.mark.parametrize("data", ["", "я" * 33, "x" * 65])
async def test_data_telegram_would_not_take_is_refused(bot: Bot, data: str) -> None:
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(CHAT, "text", reply_markup=keyboard(data))
    await bot.send_message(CHAT, "text", reply_markup=keyboard("я" * 32))


async def test_edits_follow_the_rules(telegram: LocalTelegram, bot: Bot) -> None:
    sent = await bot.send_message(CHAT, "text", reply_markup=keyboard("a"))
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("text", chat_id=CHAT, message_id=sent.message_id, reply_markup=keyboard("a"))
    await bot.edit_message_text("text", chat_id=CHAT, message_id=sent.message_id)
    assert telegram.chat(CHAT).last.buttons == []
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("text", chat_id=CHAT, message_id=9999)


@pytest.mark.parametrize(("text", "words"), [("", "empty"), (" \n", "empty"), ("x" * 4097, "too long")])
async def test_texts_follow_the_rules(bot: Bot, text: str, words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_message(CHAT, text)


async def test_strangers_blockers_and_unknown_methods_are_refused(telegram: LocalTelegram, bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(999, "text")
    telegram.block(CHAT)
    with pytest.raises(TelegramForbiddenError):
        await bot.send_message(CHAT, "text")
    with pytest.raises(TelegramNotFound):
        await bot.send_dice(CHAT)
    with pytest.raises(ApiRefusal):
        telegram.call("sendPhoto", {})


async def test_a_tap_is_unanswered_until_its_query_is_answered(telegram: LocalTelegram, bot: Bot) -> None:
    sent = await bot.send_message(CHAT, "text", reply_markup=keyboard("a"))
    tapped = telegram.tap(CHAT, sent.message_id, 0)
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.data == "a"
    assert telegram.unanswered() == [tapped]
    await bot.send_message(CHAT, "a message is no answer to a tap")
    assert telegram.unanswered() == [tapped]
    await bot.answer_callback_query(update.callback_query.id)
    assert telegram.unanswered() == []
    telegram.let_queries_grow_old()
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(update.callback_query.id)


async def test_people_bring_a_language_or_none(telegram: LocalTelegram, bot: Bot) -> None:
    telegram.enter(222, "Mary", "en-GB")
    telegram.enter(333, "Somebody", None)
    for chat_id in (CHAT, 222, 333):
        telegram.send_text(chat_id, "hello")
    senders = [update.message.from_user for update in await bot.get_updates() if update.message]
    assert [sender.language_code for sender in senders if sender] == ["ru", "en-GB", None]


async def test_a_message_is_answered_by_whatever_follows_it_in_its_chat(telegram: LocalTelegram, bot: Bot) -> None:
    written = telegram.send_text(CHAT, "hello")
    await bot.send_message(CHAT, "said before the message was fetched")
    assert telegram.unanswered() == [written]
    await bot.get_updates()
    await bot.send_message(CHAT, "hello")
    assert telegram.unanswered() == []


async def test_listeners_hear_every_change_and_the_chat_can_be_shown_as_json(telegram: LocalTelegram, bot: Bot) -> None:
    heard: list[int] = []
    take_off = telegram.on_change(lambda: heard.append(1))
    telegram.send_text(CHAT, "hello")
    await bot.send_message(CHAT, "text", reply_markup=keyboard("a"))
    assert len(heard) == 2
    take_off()
    telegram.send_text(CHAT, "hello")
    assert len(heard) == 2
    page = json.loads(msgspec.json.encode(telegram.chat(CHAT)))
    assert page["messages"][1]["buttons"] == [[{"text": "key", "data": "a"}]]
    assert page["messages"][0]["from_bot"] is False
