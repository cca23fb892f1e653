"""`zapisnik remind` as a process of its own, against a Bot API server over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.local import LocalTelegram
from tests.builders import slot
from tests.fakes.messages import GROUP
from tests.fakes.telegram_server import serve
from tests.salon import Salon
from tests.shell import Shell, refused

CHAT = 111


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110  it happens in another process
            await asyncio.sleep(0.05)


async def test_the_staff_chat_is_told_in_its_language_and_the_process_ends_in_order(salon: Salon, shell: Shell) -> None:
    telegram = LocalTelegram()
    telegram.open_group(GROUP, "Staff")
    token = f"{telegram.bot_id}:s3cret"
    salon.book(slot("15:00"))
    salon.follower.step_down()
    async with serve(telegram, token) as server:
        process = shell.start(
            "remind", BOT_TOKEN=token, TELEGRAM_API_URL=server.url, ADMIN_CHAT_ID=str(GROUP), STAFF_LANGUAGE="en"
        )
        try:
            await until(lambda: bool(telegram.chat(GROUP).messages) or process.poll() is not None)
        finally:
            process.terminate()
            _, said = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 0, said
    assert telegram.chat(GROUP).last.text.startswith("🟢 New booking")
    assert "Traceback" not in said
    assert "s3cret" not in said


async def test_without_a_token_it_only_frees_times_and_says_so(shell: Shell, salon: Salon) -> None:
    process = shell.start("remind")
    assert process.stderr is not None
    started = await asyncio.to_thread(process.stderr.readline)
    process.terminate()
    said, _ = await asyncio.to_thread(process.communicate, timeout=30)
    assert "follow, remind" in started
    assert "messages" not in started
    assert said.startswith("BOT_TOKEN not set: times are freed")
    assert process.returncode == 0


async def test_a_refused_token_is_one_sentence(shell: Shell, salon: Salon) -> None:
    async with serve(LocalTelegram(), "7000000001:another") as server:
        settings = {"BOT_TOKEN": "7000000001:s3cret", "TELEGRAM_API_URL": server.url}
        done = await asyncio.to_thread(lambda: shell.run("remind", **settings))
    refused(done, "BOT_TOKEN was refused", server.url)
    assert "s3cret" not in done.stderr
