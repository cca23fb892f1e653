"""What a client sees: texts with buttons, before they become Telegram's messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiogram.filters.callback_data import CallbackData


@dataclass(frozen=True)
class Button:
    """A button under a message."""

    text: str
    data: CallbackData


@dataclass(frozen=True)
class ContactKeyboard:
    """The two keys below the chat while a contact is awaited."""

    share: str
    drop: str


@dataclass(frozen=True)
class Part:
    """One message. A keyboard below the chat comes with `keyboard` and goes with `takes_keyboard_away`."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    keyboard: ContactKeyboard | None = None
    takes_keyboard_away: bool = False

    @property
    def can_replace(self) -> bool:
        """Telegram edits only messages without a keyboard below the chat."""
        return self.keyboard is None and not self.takes_keyboard_away


@dataclass(frozen=True)
class Screen:
    """The answer to one tap or message: the first part replaces the pressed message, the others follow it."""

    parts: tuple[Part, ...]

    def said(self, sentence: str) -> Screen:
        """The same screen with a sentence ahead of it; an empty one changes nothing."""
        if not sentence:
            return self
        first = replace(self.parts[0], text=f"{sentence}\n\n{self.parts[0].text}")
        return Screen((first, *self.parts[1:]))

    def after(self, part: Part) -> Screen:
        """The same screen with a message of its own ahead of it."""
        return Screen((part, *self.parts))


def screen(text: str, rows: Sequence[Sequence[Button]] = ()) -> Screen:
    """A screen of one message; empty rows are left out."""
    return Screen((Part(text, tuple(tuple(row) for row in rows if row)),))


def in_rows(buttons: Sequence[Button], width: int) -> list[Sequence[Button]]:
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]
