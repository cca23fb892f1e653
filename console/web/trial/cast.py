"""Who chats with the bot in the trial: people the visitor plays, the staff, and invented guests of the short outage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.local import LocalTelegram
from ledger.events import Language

Part = Literal["client", "staff", "guest"]


@dataclass(frozen=True)
class Person:
    """Somebody whose phone the visitor holds; `phone` as Telegram gives it with a shared contact."""

    chat_id: int
    name: str
    phone: str
    language: Language


MARIA = Person(1001, "Мария", "79161234567", "ru")
EMMA = Person(1002, "Emma", "79251234567", "en")
CAST = (MARIA, EMMA)
STAFF_CHAT = -1001000000001
"""A supergroup; the visitor writes in it as its administrator."""
ADMINISTRATOR = 3001
STAFF_NAME, ADMINISTRATOR_NAME = "Сотрудники «Липы»", "Ирина"
FIRST_GUEST = 2001
GUESTS = ("Алина", "Тимур", "Вера", "Кира", "Лев", "Софья")
"""Names for the guests of the short outage, in their order; a second play brings others of the same names."""


def enter(telegram: LocalTelegram) -> None:
    """Everybody opens the chat and greets the bot; the staff have a group with it."""
    for person in CAST:
        telegram.enter(person.chat_id, person.name, person.language)
        telegram.send_text(person.chat_id, "/start")
    telegram.open_group(STAFF_CHAT, STAFF_NAME)
    telegram.join(STAFF_CHAT, ADMINISTRATOR, ADMINISTRATOR_NAME, "administrator")


def person_of(chat_id: int) -> Person | None:
    """The person behind a chat, None for a guest's or the staff's."""
    return next((person for person in CAST if person.chat_id == chat_id), None)


def part_of(chat_id: int) -> Part:
    """Whose chat it is: Telegram gives groups negative ids."""
    if chat_id < 0:
        return "staff"
    return "client" if person_of(chat_id) else "guest"
