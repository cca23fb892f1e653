"""Groups of the Telegram on this machine keep the Bot API's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.local import LocalTelegram, local_bot
from bot.local_groups import ANONYMOUS_ID, Status

GROUP, IRINA, OLEG = -1001234567890, 900, 902


@pytest.fixture
def telegram() -> LocalTelegram:
    telegram = LocalTelegram()
    telegram.open_group(GROUP, "Администраторы")
    telegram.join(GROUP, IRINA, "Ирина", "creator")
    telegram.join(GROUP, OLEG, "Олег")
    return telegram


@pytest.fixture
async def bot(telegram: LocalTelegram) -> AsyncIterator[Bot]:
    bot = local_bot(telegram)
    yield bot
    await bot.session.close()


async def test_a_member_writes_in_the_groups_chat(telegram: LocalTelegram, bot: Bot) -> None:
    telegram.send_in_group(GROUP, OLEG, "/today")
    (update,) = await bot.get_updates()
    message = update.message
    assert message is not None
    assert (message.chat.id, message.chat.type, message.chat.title) == (GROUP, "supergroup", "Администраторы")
    assert message.from_user is not None
    assert (message.from_user.id, message.from_user.first_name) == (OLEG, "Олег")
    assert message.sender_chat is None


async def test_an_anonymous_administrator_writes_as_the_group(telegram: LocalTelegram, bot: Bot) -> None:
    telegram.send_in_group(GROUP, IRINA, "/pause", is_anonymous=True)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.from_user.id == ANONYMOUS_ID
    assert update.message.sender_chat is not None
    assert update.message.sender_chat.id == GROUP
    with pytest.raises(ValueError, match="only administrators"):
        telegram.send_in_group(GROUP, OLEG, "/pause", is_anonymous=True)


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("/today", True),
        ("/today@zapisnik_local_bot", True),
        ("/today@Zapisnik_Local_Bot now", True),
        ("/today@another_bot", False),
        ("hello", False),
        ("say /today", False),
        ("", False),
    ],
)
async def test_a_bot_is_shown_only_commands(telegram: LocalTelegram, bot: Bot, text: str, *, is_shown: bool) -> None:
    assert (telegram.send_in_group(GROUP, OLEG, text) is not None) == is_shown
    assert bool(await bot.get_updates()) == is_shown


@pytest.mark.parametrize("status", ["creator", "administrator", "member", "left", "kicked"])
async def test_a_members_status_can_be_asked(telegram: LocalTelegram, bot: Bot, status: Status) -> None:
    telegram.join(GROUP, OLEG, "Олег", status)
    member = await bot.get_chat_member(GROUP, OLEG)
    assert member.status == status
    assert member.user.id == OLEG


async def test_a_stranger_is_no_member(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="member not found"):
        await bot.get_chat_member(GROUP, 666)
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.get_chat_member(-1, OLEG)


async def test_anybody_in_the_group_may_press_a_button_and_only_they_see_the_alert(
    telegram: LocalTelegram, bot: Bot
) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="key", callback_data="a")]])
    sent = await bot.send_message(GROUP, "text", reply_markup=keyboard)
    telegram.tap(GROUP, sent.message_id, 0, by=OLEG)
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert query.message is not None
    assert (query.from_user.id, query.message.chat.id) == (OLEG, GROUP)
    await bot.answer_callback_query(query.id, text="no", show_alert=True)
    assert telegram.alerts() == ["no"]
    assert telegram.unanswered() == []
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query(query.id, text="x" * 201)


async def test_a_bot_that_was_removed_can_write_no_more(telegram: LocalTelegram, bot: Bot) -> None:
    telegram.block(GROUP)
    with pytest.raises(TelegramForbiddenError, match="kicked from the supergroup"):
        await bot.send_message(GROUP, "text")


async def test_a_message_may_come_without_a_sound(telegram: LocalTelegram, bot: Bot) -> None:
    await bot.send_message(GROUP, "loud")
    await bot.send_message(GROUP, "still", disable_notification=True)
    assert [message.is_silent for message in telegram.chat(GROUP).messages] == [False, True]
