"""Telegram on this machine: chats in memory behind the Bot API's own rules, for `try`, rehearsals and tests.

`LocalTelegram.call` takes a method's name and its parameters as the Bot API's form fields and gives its JSON back, so
the very same rules can be served in the same process (`LocalSession`) or over HTTP. Every refusal is the real one's:
status and description as https://core.telegram.org/bots/api answers them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from bot.local_chats import ApiRefusal, Chat, ChatMessage, Chats, checked_buttons, checked_text, json_field, text_fields
from bot.local_groups import Groups, Status

BOT_ID = 7000000001
Json = dict[str, Any]  # Any: JSON as the Bot API speaks it


class LocalTelegram:
    """The chats, the updates nobody has acknowledged yet, and the bot's side of the API. Safe from any thread."""

    def __init__(self, bot_id: int = BOT_ID) -> None:
        self.bot_id = bot_id
        self._lock = threading.RLock()
        self._chats = Chats()
        self._groups = Groups()
        self._updates: dict[int, Json] = {}
        self._history: dict[int, Json] = {}
        self._again: list[Json] = []
        self._in_hand: list[Json] = []
        self._open_queries: dict[str, int] = {}
        self._delivered: set[int] = set()
        self._unanswered: dict[int, int] = {}
        self._blocked: set[int] = set()
        self._languages: dict[int, str | None] = {}
        self._alerts: list[str] = []
        self._next_update = 1
        self._listeners: list[Callable[[], None]] = []

    # --- what a person does ---

    def enter(self, chat_id: int, first_name: str, language_code: str | None = "ru") -> None:
        """A person opens a chat with the bot; their user id is the chat's. Some send no `language_code` (IETF tag)."""
        with self._lock:
            self._chats.open(chat_id, first_name)
            self._languages[chat_id] = language_code

    def send_text(self, chat_id: int, text: str) -> int:
        """The person writes; gives the update's id."""
        with self._lock:
            message = self._chats.add(chat_id, text, from_bot=False)
            update_id = self._push(chat_id, {"message": self._message(chat_id, message, text_fields(text))})
        self._changed()
        return update_id

    def send_contact(self, chat_id: int, phone: str, *, user_id: int | None = None, first_name: str = "") -> int:
        """The person shares a contact: their own, unless `user_id` says whose (0: nobody's on Telegram)."""
        with self._lock:
            owner = chat_id if user_id is None else user_id
            name = first_name or self._chats.chat(chat_id).name
            message = self._chats.add(chat_id, f"{name}, {phone}", from_bot=False)
            contact: Json = {"phone_number": phone, "first_name": name}
            if owner:
                contact["user_id"] = owner
            update_id = self._push(chat_id, {"message": self._message(chat_id, message, {"contact": contact})})
        self._changed()
        return update_id

    def tap(self, chat_id: int, message_id: int, button: int | str, *, by: int | None = None) -> int:
        """The person presses a button, by its place (counted row by row) or by any data, even forged.

        In a group `by` says who.
        """
        with self._lock:
            message = self._chats.message(chat_id, message_id)
            keys = [key for row in message.buttons for key in row]
            data = keys[button].data if isinstance(button, int) else button
            query_id = f"q{self._next_update}"
            pressed = self._message(chat_id, message, {"text": message.text}, from_bot=message.from_bot)
            update = {
                "callback_query": {
                    "id": query_id,
                    "from": self._user(chat_id) if by is None else self._groups.user(chat_id, by),
                    "message": pressed,
                    "chat_instance": str(chat_id),
                    "data": data,
                }
            }
            self._open_queries[query_id] = self._next_update
            update_id = self._push(chat_id, update)
        self._changed()
        return update_id

    def redeliver(self, update_id: int) -> None:
        """Telegram sends the same update once more, acknowledged or not."""
        with self._lock:
            self._again.append(self._history[update_id])
        self._changed()

    def open_group(self, chat_id: int, title: str) -> None:
        """A supergroup (its id is negative) with the bot in it, in privacy mode as bots are."""
        with self._lock:
            self._chats.open(chat_id, title)
            self._groups.open(chat_id, title)

    def join(self, chat_id: int, user_id: int, first_name: str, status: Status = "member") -> None:
        """A person comes into a group, or stands in it differently from now on."""
        with self._lock:
            self._groups.join(chat_id, user_id, first_name, status)

    def send_in_group(self, chat_id: int, by: int, text: str, *, is_anonymous: bool = False) -> int | None:
        """A member writes, perhaps in the group's name; gives the update's id, None for what the bot is not shown."""
        with self._lock:
            message = self._chats.add(chat_id, text, from_bot=False)
            update_id = None
            if self._groups.shows_to_bot(text, self._me()["username"]):
                sender = self._groups.sender(chat_id, by, is_anonymous=is_anonymous)
                update = self._message(chat_id, message, {**text_fields(text), **sender})
                update_id = self._push(chat_id, {"message": update})
        self._changed()
        return update_id

    def block(self, chat_id: int) -> None:
        """The person blocks the bot, or the group removes it: it can write there no more."""
        with self._lock:
            self._blocked.add(chat_id)

    def let_queries_grow_old(self) -> None:
        """From now on the taps made so far can no longer be answered."""
        with self._lock:
            self._open_queries.clear()

    # --- what can be seen ---

    def chat(self, chat_id: int) -> Chat:
        """The chat as it looks now. Raises KeyError for one nobody opened."""
        with self._lock:
            return self._chats.chat(chat_id)

    def chat_ids(self) -> list[int]:
        with self._lock:
            return self._chats.ids()

    def alerts(self) -> list[str]:
        """What the bot has answered presses with, seen by who pressed only."""
        with self._lock:
            return list(self._alerts)

    def unanswered(self) -> list[int]:
        """Updates without an answer: taps whose query was never answered, messages after which the chat kept silent."""
        with self._lock:
            return sorted(self._unanswered)

    def pending(self) -> list[int]:
        """Updates the bot has not acknowledged yet."""
        with self._lock:
            return sorted(self._updates)

    def has_redeliveries(self) -> bool:
        """True until the bot has dealt with every update that was sent once more, and asks for the next."""
        with self._lock:
            return bool(self._again or self._in_hand)

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after every change, in whatever thread made it; gives what takes it off again."""
        with self._lock:
            self._listeners.append(listener)

        def take_off() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return take_off

    # --- the bot's side ---

    def updates(self, offset: int | None, limit: int = 100) -> list[Json]:
        """Acknowledges all before `offset`, gives the oldest of the others; those come again until acknowledged."""
        with self._lock:
            if offset is not None:
                self._updates = {number: update for number, update in self._updates.items() if number >= offset}
            self._in_hand, self._again = self._again, []
            found = [*self._in_hand, *(self._updates[number] for number in sorted(self._updates))][:limit]
            self._delivered |= {update["update_id"] for update in found}
            return found

    def call(self, method: str, fields: Mapping[str, str]) -> object:
        """Any method but getUpdates, which waits. Raises ApiRefusal as the Bot API would refuse."""
        actions: dict[str, Callable[[Mapping[str, str]], object]] = {
            "getme": lambda _: self._me(),
            "deletewebhook": lambda _: True,
            "sendmessage": self._send_message,
            "editmessagetext": self._edit_message_text,
            "answercallbackquery": self._answer_callback_query,
            "getchatmember": self._get_chat_member,
        }
        action = actions.get(method.lower())
        if action is None:
            raise ApiRefusal(404, "Not Found: method not found")
        with self._lock:
            result = action(fields)
        self._changed()
        return result

    def _send_message(self, fields: Mapping[str, str]) -> Json:
        chat_id = self._writable(fields)
        text, markup = checked_text(fields.get("text", "")), json_field(fields.get("reply_markup"))
        buttons = checked_buttons(markup.get("inline_keyboard", []))
        is_silent = fields.get("disable_notification") == "true"
        message = self._chats.add(chat_id, text, from_bot=True, buttons=buttons, is_silent=is_silent)
        if "keyboard" in markup:
            self._chats.show_keyboard(chat_id, markup["keyboard"])
        elif markup.get("remove_keyboard"):
            self._chats.show_keyboard(chat_id, None)
        self._answered_in(chat_id)
        return self._message(chat_id, message, {"text": text}, from_bot=True)

    def _edit_message_text(self, fields: Mapping[str, str]) -> Json:
        chat_id = self._writable(fields)
        text, markup = checked_text(fields.get("text", "")), json_field(fields.get("reply_markup"))
        buttons = checked_buttons(markup.get("inline_keyboard", []))
        message = self._chats.edit(chat_id, int(fields.get("message_id", "0")), text, buttons)
        self._answered_in(chat_id)
        return self._message(chat_id, message, {"text": text}, from_bot=True)

    def _answer_callback_query(self, fields: Mapping[str, str]) -> bool:
        if len(fields.get("text", "")) > 200:
            raise ApiRefusal(400, "Bad Request: MESSAGE_TOO_LONG")
        update_id = self._open_queries.get(fields.get("callback_query_id", ""))
        if update_id is None:
            raise ApiRefusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._unanswered.pop(update_id, None)
        if fields.get("text"):
            self._alerts.append(fields["text"])
        return True

    def _get_chat_member(self, fields: Mapping[str, str]) -> Json:
        return self._groups.member(self._writable(fields), int(fields.get("user_id", "0")))

    def _writable(self, fields: Mapping[str, str]) -> int:
        chat_id = int(fields.get("chat_id", "0"))
        if chat_id not in self._chats.ids():
            raise ApiRefusal(400, "Bad Request: chat not found")
        if chat_id in self._blocked:
            is_group = chat_id in self._groups
            reason = "kicked from the supergroup chat" if is_group else "blocked by the user"
            raise ApiRefusal(403, f"Forbidden: bot was {reason}")
        return chat_id

    def _push(self, chat_id: int, event: Json) -> int:
        update_id = self._next_update
        self._next_update += 1
        update = {"update_id": update_id, **event}
        self._updates[update_id] = self._history[update_id] = update
        self._unanswered[update_id] = chat_id
        return update_id

    def _answered_in(self, chat_id: int) -> None:
        """Whatever the bot does in a chat answers the messages it has been handed from there."""
        for update_id in [one for one, chat in self._unanswered.items() if chat == chat_id and one in self._delivered]:
            if "message" in self._history[update_id]:
                del self._unanswered[update_id]

    def _changed(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def _user(self, chat_id: int) -> Json:
        user: Json = {"id": chat_id, "is_bot": False, "first_name": self._chats.chat(chat_id).name}
        if language_code := self._languages.get(chat_id, "ru"):
            user["language_code"] = language_code
        return user

    def _me(self) -> Json:
        return {"id": self.bot_id, "is_bot": True, "first_name": "Zapisnik", "username": "zapisnik_local_bot"}

    def _message(self, chat_id: int, message: ChatMessage, extra: Json, *, from_bot: bool = False) -> Json:
        return {
            "message_id": message.message_id,
            "date": message.sent_at,
            "chat": self._groups.chat(chat_id) if chat_id in self._groups else self._private(chat_id),
            "from": self._me() if from_bot else self._user(chat_id),
            **extra,
        }

    def _private(self, chat_id: int) -> Json:
        return {"id": chat_id, "type": "private", "first_name": self._chats.chat(chat_id).name}
