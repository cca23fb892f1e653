"""The beginning: what one can do here."""

from __future__ import annotations

from bot import buttons
from bot.request import Request
from bot.screen import Button, Part, Screen, screen
from bot.texts.formats import clock_words


def show(request: Request, _: object = None) -> Screen:
    """The greeting and the ways on."""
    words, catalog = request.words, request.any_catalog
    if catalog is None:
        return screen(words.not_open)
    lines = [words.welcome.format(salon=catalog.facts.salon)]
    if catalog.facts.address:
        lines.append(words.address_line.format(address=catalog.facts.address))
    if catalog.facts.phone:
        lines.append(words.phone_line.format(phone=catalog.facts.phone))
    return screen("\n".join(lines), _ways_on(request))


def instead(request: Request, sentence: str) -> Screen:
    """Why there is nothing else to show, and the ways on."""
    return screen(sentence, _ways_on(request))


def below(request: Request, sentence: str) -> Screen:
    """The same for somebody with a keyboard below the chat, which goes."""
    menu = screen(request.words.what_next, _ways_on(request))
    return menu.after(Part(sentence, takes_keyboard_away=True))


def old_button(request: Request, _: object = None) -> Screen:
    """A button this program does not know: too old, or not drawn by us."""
    return instead(request, request.words.outdated)


def not_understood(request: Request) -> Screen:
    """Free text or a sticker out of nowhere; a keyboard left below the chat goes."""
    return show(request).after(Part(request.words.only_buttons, takes_keyboard_away=True))


def _ways_on(request: Request) -> list[list[Button]]:
    """With a way back, if a time is being kept."""
    words, catalog = request.words, request.any_catalog
    if catalog is None:
        return []
    rows = [
        [Button(words.book_button, buttons.Services())],
        [Button(words.my_bookings_button, buttons.MyBookings())],
        [Button(words.my_data_button, buttons.MyData())],
        _other_languages(request),
    ]
    kept = request.kept()
    if kept is not None and kept.expires_at is not None:
        until = clock_words(kept.expires_at, catalog.zone, words.locale)
        rows.insert(0, [Button(words.continue_button.format(until=until), buttons.Resume())])
    return rows


def _other_languages(request: Request) -> list[Button]:
    """Under their own names: whoever needs them may not read the present one."""
    return [
        Button(words.language_name, buttons.Speak(language=language))
        for language, words in request.services.words.items()
        if language != request.language
    ]
