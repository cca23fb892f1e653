"""What Telegram or the network said, fit for a log: without the token, and without what clients wrote."""

from __future__ import annotations

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, DetailedAiogramError, TelegramAPIError

from bot.errors import BotTokenError


def said(bot: Bot, error: Exception) -> str:
    """The error in a line. The body of an answer is left out: it may hold what clients wrote."""
    text = error.message if isinstance(error, DetailedAiogramError | ClientDecodeError) else str(error)
    return f"{type(error).__name__}: {text[:200].replace(bot.token, '…')}"


def token_refused(bot: Bot, error: TelegramAPIError) -> BotTokenError:
    """The error for a person: the setting, and the server that refused it."""
    url = bot.session.api.base.split("/bot{token}", maxsplit=1)[0]
    return BotTokenError(f"BOT_TOKEN was refused by {url}: {error.message}")
