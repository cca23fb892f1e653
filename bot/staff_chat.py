"""The staff's chat: which one it is, who in it may decide, and what is asked there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramBadRequest
from aiogram.types import Chat, User

from bot.naming import Naming
from bot.request import BotServices
from bot.texts.notice_words import NoticeWords
from ledger.ledger import Order
from ledger.values import Actor


@dataclass(frozen=True)
class StaffChat:
    """A group's id (negative), or the id of one person; and its language."""

    chat_id: int
    words: NoticeWords


@dataclass(frozen=True)
class StaffRequest:
    """One command or press in the staff chat: by whom (a Telegram id), and by which update."""

    services: BotServices
    words: NoticeWords
    naming: Naming
    bot_id: int
    update_id: int
    sender_id: int

    @property
    def now(self) -> datetime:
        """In the salon's zone."""
        return self.services.clock.now().astimezone(self.naming.zone)

    def order(self, decision: str) -> Order:
        """The same update delivered twice gives the same command, so it is done once."""
        staff = self.services.vault.client_for("operator", str(self.sender_id))
        command_id = f"tg:{self.bot_id}:{self.update_id}:{decision}:{staff}"
        return Order(command_id, Actor("staff", str(staff)), self.now)


async def is_administrator(bot: Bot, chat_id: int, user: User | None, sender_chat: Chat | None = None) -> bool:
    """Whether the sender may decide for the salon in this chat, asked of Telegram at this very moment.

    An anonymous administrator writes as the group itself; a channel that writes in a group is nobody. In a chat with
    one person that person decides.
    """
    if sender_chat is not None:
        return sender_chat.id == chat_id
    if user is None:
        return False
    if user.id == chat_id:
        return True
    try:
        status: object = (await bot.get_chat_member(chat_id, user.id)).status
    except TelegramBadRequest:  # no member of this chat
        return False
    except ClientDecodeError as error:  # a server of another version tells other rights: the status is all we ask for
        status = _status(error.data)
        if status is None:
            raise
    return status in ("creator", "administrator")


def _status(answer: Any) -> object:
    """Any: JSON of a shape this version does not know. None when it holds no status."""
    member = answer.get("result") if isinstance(answer, dict) else None
    return member.get("status") if isinstance(member, dict) else None
