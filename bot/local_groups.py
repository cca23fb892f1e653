"""The groups of a Telegram on this machine: who is in them, as what, and what of it a bot is shown."""

from __future__ import annotations

from typing import Any, Literal

from bot.local_chats import ApiRefusal

Status = Literal["creator", "administrator", "member", "left", "kicked"]
Json = dict[str, Any]  # Any: JSON as the Bot API speaks it
ANONYMOUS_ID = 1087968824
"""The user behind every anonymous administrator: https://core.telegram.org/bots/api#message, `sender_chat`."""
_RIGHTS = (
    "can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip


class Groups:
    """Keeps them; knows nothing of what is said there."""

    def __init__(self) -> None:
        self._titles: dict[int, str] = {}
        self._members: dict[int, dict[int, tuple[str, Status]]] = {}

    def __contains__(self, chat_id: int) -> bool:
        return chat_id in self._titles

    def open(self, chat_id: int, title: str) -> None:
        self._titles[chat_id] = title
        self._members.setdefault(chat_id, {})

    def join(self, chat_id: int, user_id: int, first_name: str, status: Status) -> None:
        self._members[chat_id][user_id] = (first_name, status)

    def chat(self, chat_id: int) -> Json:
        return {"id": chat_id, "type": "supergroup", "title": self._titles[chat_id]}

    def user(self, chat_id: int, user_id: int) -> Json:
        """A person known in this group; anybody else is a stranger who forges a press."""
        name, _ = self._members[chat_id].get(user_id, ("Stranger", "left"))
        return {"id": user_id, "is_bot": False, "first_name": name}

    def sender(self, chat_id: int, user_id: int, *, is_anonymous: bool) -> Json:
        """`from`, and for an administrator who writes in the group's name `sender_chat`.

        Raises ValueError for somebody who may not: only administrators can be anonymous.
        """
        if not is_anonymous:
            return {"from": self.user(chat_id, user_id)}
        if self._members[chat_id][user_id][1] not in ("creator", "administrator"):
            raise ValueError("only administrators write in the group's name")
        anonymous = {"id": ANONYMOUS_ID, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        return {"from": anonymous, "sender_chat": self.chat(chat_id)}

    def member(self, chat_id: int, user_id: int) -> Json:
        """The member as getChatMember tells it. Raises ApiRefusal for somebody who was never there."""
        if user_id not in self._members.get(chat_id, {}):
            raise ApiRefusal(400, "Bad Request: member not found")
        status = self._members[chat_id][user_id][1]
        told: Json = {"status": status, "user": self.user(chat_id, user_id)}
        match status:
            case "creator":
                told["is_anonymous"] = False
            case "administrator":
                told |= {"is_anonymous": False, **dict.fromkeys(_RIGHTS, True)}
            case "kicked":
                told["until_date"] = 0
            case "member" | "left":
                pass
        return told

    @staticmethod
    def shows_to_bot(text: str, username: str) -> bool:
        """Privacy mode (https://core.telegram.org/bots/features#privacy-mode): commands only, and not other bots'."""
        command, _, addressee = text.split(maxsplit=1)[0].partition("@") if text.strip() else ("", "", "")
        return command.startswith("/") and addressee.lower() in ("", username.lower())
