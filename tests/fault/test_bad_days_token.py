"""The bot's token is revoked while clients tap: the program says so and ends, and no tap is lost by that."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import BotTokenError
from tests.fault.day import Day, until

REFUSED = "BOT_TOKEN was refused by {url}: Unauthorized"
ANSWERS = frozenset({"sendMessage", "editMessageText", "answerCallbackQuery"})


def assert_nothing_was_passed_over(day: Day) -> None:
    """What was not answered is still Telegram's to send again, and no update counts as failed."""
    assert set(day.telegram.unanswered()) <= set(day.telegram.pending())
    with day.salon.database.transaction() as connection:
        assert connection.execute("SELECT update_id, error FROM failed_updates").fetchall() == []


async def test_the_token_is_revoked_while_clients_tap(day: Day) -> None:
    guests = [day.guest(chat_id) for chat_id in range(101, 107)]
    role = await day.at_work("run")
    booking = asyncio.gather(*(guest.book() for guest in guests))

    await until(lambda: day.tally.taps >= 15, "the clients to be in the middle of it")
    day.server.token = f"{day.telegram.bot_id}:s3cret-of-tomorrow"

    assert await role.ended() == 2
    sentences = [line for line in role.said.splitlines() if line.startswith("zapisnik: ")]
    assert sentences == [f"zapisnik: {REFUSED.format(url=day.server.url)}"]
    assert_nothing_was_passed_over(day)

    role.start(BOT_TOKEN=day.server.token)
    assert all(await booking)
    await day.sent()
    await role.stop()
    await day.audit()


async def test_telegram_hands_taps_out_but_refuses_their_answers(day: Day) -> None:
    guests = [day.guest(chat_id) for chat_id in range(101, 107)]
    house = day.house()
    house.start()
    booking = asyncio.gather(*(guest.book() for guest in guests))

    await until(lambda: day.tally.taps >= 15, "the clients to be in the middle of it")
    day.server.revoked_for = ANSWERS
    with pytest.raises(BotTokenError) as caught:
        await house.ended()
    assert str(caught.value) == REFUSED.format(url=day.server.url)
    assert_nothing_was_passed_over(day)

    day.server.revoked_for = frozenset()
    house.start()
    assert all(await booking)
    await house.stop()
    await day.audit(was_sent=False)
