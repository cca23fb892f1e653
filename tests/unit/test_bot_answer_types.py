"""Telegram's answers are read into types that stay: making one anew stops the whole bot for milliseconds."""

from __future__ import annotations

import gc
import re
import weakref
from pathlib import Path
from typing import Any

import aiogram.methods
from aiogram import Bot
from aiogram.methods import Response

import bot
from bot.answer_types import CALLS, keep_answer_types
from bot.local import LocalTelegram, local_bot

BOT = Path(bot.__file__).parent


def test_a_bot_keeps_the_types_of_all_answers_alive() -> None:
    local_bot(LocalTelegram())
    generic: Any = Response

    alive = [weakref.ref(generic[call.__returning__]) for call in CALLS]
    gc.collect()

    assert None not in [one() for one in alive]
    assert keep_answer_types() is keep_answer_types()


def test_every_call_the_bot_makes_is_among_them() -> None:
    """By the names in the source: `bot.send_message` and the like."""
    text = "\n".join(file.read_text("utf-8") for file in BOT.rglob("*.py"))
    named = {name for name in re.findall(r"\bbot\.([a-z_]+)|_bot\.([a-z_]+)", text) for name in name if name}
    calls = {"".join(word.title() for word in name.split("_")) for name in named if hasattr(Bot, name)}

    assert {name for name in calls if hasattr(aiogram.methods, name)} == {call.__name__ for call in CALLS}
