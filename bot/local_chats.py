"""The chats of a Telegram on this machine, and the Bot API's rules about what may stand in them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

LONGEST_TEXT = 4096
LONGEST_DATA = 64
MOST_BUTTONS = 100


class ApiRefusal(Exception):  # noqa: N818  it is an answer of the Bot API, with its status and description
    """The Bot API says no; `retry_after` in seconds comes with 429."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {description}")
        self.status, self.description, self.retry_after = status, description, retry_after


class ChatButton(msgspec.Struct, frozen=True):
    """A button under a message."""

    text: str
    data: str


class KeyboardKey(msgspec.Struct, frozen=True):
    """A key below the chat; `request_contact` shares the person's own contact, the others send their text."""

    text: str
    request_contact: bool = False


class ChatMessage(msgspec.Struct, frozen=True):
    """A message as it looks now; `sent_at` in Unix seconds."""

    message_id: int
    from_bot: bool
    text: str
    buttons: list[list[ChatButton]]
    sent_at: int
    is_edited: bool = False
    is_silent: bool = False


class Chat(msgspec.Struct, frozen=True):
    """A chat as it looks now, oldest message first; `keyboard` is None when there is none below it."""

    chat_id: int
    name: str
    messages: list[ChatMessage]
    keyboard: list[list[KeyboardKey]] | None = None

    @property
    def last(self) -> ChatMessage:
        """The newest message of the bot. Raises IndexError when it has said nothing yet."""
        return [message for message in self.messages if message.from_bot][-1]


class Chats:
    """Keeps them; knows nothing of updates."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._messages: dict[int, dict[int, ChatMessage]] = {}
        self._keyboards: dict[int, list[list[KeyboardKey]] | None] = {}
        self._next_message = 1

    def open(self, chat_id: int, name: str) -> None:
        self._names[chat_id] = name
        self._messages.setdefault(chat_id, {})

    def ids(self) -> list[int]:
        return list(self._messages)

    def chat(self, chat_id: int) -> Chat:
        messages = list(self._messages[chat_id].values())
        return Chat(chat_id, self._names[chat_id], messages, self._keyboards.get(chat_id))

    def message(self, chat_id: int, message_id: int) -> ChatMessage:
        return self._messages[chat_id][message_id]

    def add(
        self,
        chat_id: int,
        text: str,
        *,
        from_bot: bool,
        buttons: list[list[ChatButton]] | None = None,
        is_silent: bool = False,
    ) -> ChatMessage:
        if chat_id not in self._messages:
            self.open(chat_id, f"Guest {chat_id}")
        message = ChatMessage(self._next_message, from_bot, text, buttons or [], int(time.time()), is_silent=is_silent)
        self._messages[chat_id][message.message_id] = message
        self._next_message += 1
        return message

    def edit(self, chat_id: int, message_id: int, text: str, buttons: list[list[ChatButton]]) -> ChatMessage:
        """Raises ApiRefusal for a message that is missing, not the bot's, or already just so."""
        message = self._messages[chat_id].get(message_id)
        if message is None:
            raise ApiRefusal(400, "Bad Request: message to edit not found")
        if not message.from_bot:
            raise ApiRefusal(400, "Bad Request: message can't be edited")
        if (message.text, message.buttons) == (text, buttons):
            raise ApiRefusal(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message",
            )
        edited = msgspec.structs.replace(message, text=text, buttons=buttons, is_edited=True)
        self._messages[chat_id][message_id] = edited
        return edited

    def show_keyboard(self, chat_id: int, rows: Sequence[Sequence[Mapping[str, Any]]] | None) -> None:
        """Any: keys as the Bot API's JSON has them. None takes the keyboard away."""
        keys = [[KeyboardKey(key["text"], bool(key.get("request_contact"))) for key in row] for row in rows or []]
        self._keyboards[chat_id] = keys or None


def checked_text(text: str) -> str:
    """Raises ApiRefusal for a text Telegram would not take. The limit counts characters after trimming."""
    text = text.strip()
    if not text:
        raise ApiRefusal(400, "Bad Request: message text is empty")
    if len(text) > LONGEST_TEXT:
        raise ApiRefusal(400, "Bad Request: message is too long")
    return text


def checked_buttons(rows: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[ChatButton]]:
    """Any: buttons as the Bot API's JSON has them. Raises ApiRefusal for data or texts Telegram would not take."""
    found = [[ChatButton(str(key.get("text", "")), str(key.get("callback_data", ""))) for key in row] for row in rows]
    keys = [key for row in found for key in row]
    if len(keys) > MOST_BUTTONS:
        raise ApiRefusal(400, "Bad Request: reply markup is too long")
    for key in keys:
        if not key.text:
            raise ApiRefusal(400, "Bad Request: inline keyboard button text is empty")
        if not 1 <= len(key.data.encode()) <= LONGEST_DATA:
            raise ApiRefusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return found


def text_fields(text: str) -> dict[str, Any]:  # Any: JSON as the Bot API speaks it
    """A message's text, with the command it begins with marked as one."""
    if not text.startswith("/"):
        return {"text": text}
    length = len(text.split(maxsplit=1)[0])
    return {"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": length}]}


def json_field(text: str | None) -> dict[str, Any]:  # Any: JSON as the Bot API speaks it
    """A form field that holds JSON; empty when it is not there."""
    found: dict[str, Any] = msgspec.json.decode(text) if text else {}
    return found
