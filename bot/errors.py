"""What the bot can end with.

BotError
└── BotTokenError    Telegram does not know this bot
"""

from __future__ import annotations


class BotError(Exception):
    """The base of all errors of the bot."""


class BotTokenError(BotError):
    """Telegram does not know this bot, or the token can be none; the token itself is never repeated."""
