"""Which language the bot speaks with somebody."""

from __future__ import annotations

from dataclasses import replace

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens import menu
from ledger.decisions.clients import ChooseLanguage


def ask(request: Request, _: object = None) -> Screen:
    """Each language under its own name."""
    rows = [
        [Button(words.language_name, buttons.Speak(language=language))]
        for language, words in request.services.words.items()
    ]
    return screen(request.words.choose_language, rows)


def choose(request: Request, button: buttons.Speak) -> Screen:
    """Writes the choice down, also of somebody the salon does not know yet, and greets in that language."""
    request.services.ledger.execute(ChooseLanguage(request.order("language"), request.client_id, button.language))
    anew = replace(request)  # it reads the choice
    return menu.show(anew).said(anew.words.language_chosen)
