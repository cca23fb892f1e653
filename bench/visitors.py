"""People who chat with a bot and always send the next thing their screen offers, booking time after time."""

from __future__ import annotations

import random
from typing import Protocol

from aiogram.filters.callback_data import CallbackData

from bot import buttons
from bot.local import ChatMessage, LocalTelegram

_FURTHEST_FIRST: tuple[type[CallbackData], ...] = (
    buttons.Confirm,
    buttons.Agree,
    buttons.Hold,
    buttons.Times,
    buttons.Days,
    buttons.Masters,
    buttons.Services,
)
"""A visitor presses the button that leads furthest; where there are none, a booking is done and they begin anew."""
_MOST_PRESSES = 20
"""In one visit: whoever is led in circles (a full month, a time that others take) begins anew."""


class Visitor(Protocol):
    """Somebody with a chat; sends only when what was sent before has been answered."""

    def send(self) -> int:
        """Sends an update; gives its id."""


class Client:
    """A client of the salon: menu, price list, master, day, time, hold, at first consent and contact, confirmation."""

    def __init__(self, telegram: LocalTelegram, chat_id: int) -> None:
        telegram.enter(chat_id, f"Client {chat_id}")
        self._telegram, self._chat_id = telegram, chat_id
        self._chance = random.Random(chat_id)
        self._presses = 0

    def send(self) -> int:
        chat = self._telegram.chat(self._chat_id)
        if any(key.request_contact for row in chat.keyboard or [] for key in row):
            return self._telegram.send_contact(self._chat_id, f"+79{self._chat_id:09d}")
        shown = [message for message in chat.messages if message.from_bot][-2:]
        self._presses += 1
        if self._presses <= _MOST_PRESSES and (found := _furthest(shown)):
            message_id, data = self._chance.choice(found)
            return self._telegram.tap(self._chat_id, message_id, data)
        self._presses = 0
        return self._telegram.send_text(self._chat_id, "/start")


class Presser:
    """Presses the first button there is; without one they ask for the beginning."""

    def __init__(self, telegram: LocalTelegram, chat_id: int) -> None:
        telegram.enter(chat_id, f"Client {chat_id}")
        self._telegram, self._chat_id = telegram, chat_id

    def send(self) -> int:
        shown = [message for message in self._telegram.chat(self._chat_id).messages if message.buttons]
        if not shown:
            return self._telegram.send_text(self._chat_id, "/start")
        return self._telegram.tap(self._chat_id, shown[-1].message_id, 0)


def _furthest(shown: list[ChatMessage]) -> list[tuple[int, str]]:
    """All buttons of the kind that leads furthest, with the messages they stand under."""
    placed = [(message.message_id, key.data) for message in shown for row in message.buttons for key in row]
    for kind in _FURTHEST_FIRST:
        prefix = kind.__prefix__
        if found := [(message_id, data) for message_id, data in placed if data.split(":")[0] == prefix]:
            return found
    return []
