"""What the salon holds about the sender, and what they may do about it. No button here names anybody but them."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot import buttons
from bot.request import Request
from bot.screen import Button, Screen, screen
from bot.screens.choice import minute_of, start_of
from bot.texts.formats import date_words, moment_words, phone_words
from ledger.clock import later
from ledger.decisions.erasure import WORKING_DAYS, CallErasureOff, RequestErasure, working_days_after
from ledger.decisions.withdraw_consent import WithdrawConsent
from ledger.errors import SealError
from projections import schedule
from projections.clients import Contact, contact_of
from projections.people import Person, person_of

MEANT_FOR = timedelta(hours=1)
"""A yes older than this is asked for again: nobody erases themselves by an old button."""


def show(request: Request, _: object = None) -> Screen:
    """All that is held, in plain words, with the ways out."""
    words, person = request.words, _person(request)
    if person is None:
        return screen(words.nothing_held, [_to_menu(request)])
    lines = [words.my_data, "", *_about(request, person), "", words.where_it_goes]
    lines.append("\n".join(filter(None, (words.full_copy, request.call_us))))
    return screen("\n".join(lines), [*_ways_out(request, person), _to_menu(request)])


def ask_withdraw(request: Request, _: object = None) -> Screen:
    """Asks once more, with what follows; nothing to ask where no consent is in force."""
    words, person = request.words, _person(request)
    if person is None or not _has_consent(person):
        return show(request)
    rows = [
        [Button(words.yes_withdraw_button, buttons.Withdraw(minute=minute_of(request.now)))],
        [Button(words.keep_button, buttons.MyData())],
    ]
    return screen(words.sure_to_withdraw, rows)


def withdraw(request: Request, button: buttons.Withdraw) -> Screen:
    """Takes the consent back, if the question is not an old one."""
    if _person(request) is None:
        return show(request)
    if _is_old(request, button.minute):
        return ask_withdraw(request)
    withdrawn = request.services.ledger.execute(WithdrawConsent(request.order("withdraw"), request.client_id)).answer
    return show(request).said(request.words.withdrawn if withdrawn else "")


def ask_erasure(request: Request, _: object = None) -> Screen:
    """Asks once more: what it means, by when, and what becomes of the bookings."""
    words, person = request.words, _person(request)
    if person is None or person.erasure_due_on is not None:
        return show(request)
    due = date_words(working_days_after(request.now.date(), WORKING_DAYS), words.locale)
    lines = [words.sure_to_erase, words.erased_by.format(day=due)]
    if coming := len(schedule.bookings_of(request.services.database, request.client_id, request.now)):
        lines.append("\n".join(filter(None, (words.bookings_first.format(count=coming), request.call_us))))
    rows = [
        [Button(words.yes_erase_button, buttons.Erase(minute=minute_of(request.now)))],
        [Button(words.keep_button, buttons.MyData())],
    ]
    return screen("\n\n".join(lines), rows)


def erase(request: Request, button: buttons.Erase) -> Screen:
    """Writes the wish down; the salon does the erasing, since open bookings need a person."""
    if _person(request) is None:
        return show(request)
    if _is_old(request, button.minute):
        return ask_erasure(request)
    asked = request.services.ledger.execute(RequestErasure(request.order("erase"), request.client_id)).answer
    words = request.words
    said = words.erasure_requested.format(day=date_words(asked.due_on, words.locale))
    return screen(said, [[Button(words.keep_data_button, buttons.KeepData())], _to_menu(request)])


def keep(request: Request, _: object = None) -> Screen:
    """Takes the wish back, as long as nobody has been erased."""
    if _person(request) is None:
        return show(request)
    called_off = request.services.ledger.execute(CallErasureOff(request.order("keep"), request.client_id)).answer
    return show(request).said(request.words.erasure_called_off if called_off else "")


def _person(request: Request) -> Person | None:
    """None for somebody the salon knows nothing of; asking alone must not make anybody known."""
    client_id, services = request.known_client_id, request.services
    return None if client_id is None else person_of(services.ledger, services.database, client_id, request.now)


def _about(request: Request, person: Person) -> list[str]:
    words, contact = request.words, _contact(request)
    lines = []
    if contact is None:
        lines.append(words.only_telegram)
    else:
        lines += [words.my_name_line.format(name=contact.name)] if contact.name else []
        lines += [words.my_phone_line.format(phone=phone_words(contact.phone))] if contact.phone else []
        lines.append(words.my_telegram_line.format(telegram=contact.telegram or request.user_id))
    lines.append(words.my_language_line.format(language=words.language_name))
    if person.registered_at is not None:
        lines.append(words.known_since_line.format(moment=_moment(request, person.registered_at)))
    visits = person.visits
    lines.append(words.my_visits_line.format(past=visits.past, coming=visits.coming, cancelled=visits.cancelled))
    lines.append(_consent_line(request, person))
    if person.erasure_due_on is not None:
        lines += ["", words.erasure_line.format(day=date_words(person.erasure_due_on, words.locale))]
    return lines


def _consent_line(request: Request, person: Person) -> str:
    words, consent = request.words, person.consent
    if consent is None:
        return words.no_consent_line
    if consent.withdrawn_at is not None:
        return words.withdrawn_line.format(moment=_moment(request, consent.withdrawn_at))
    return words.consent_line.format(moment=_moment(request, consent.given_at), version=consent.version)


def _ways_out(request: Request, person: Person) -> list[list[Button]]:
    words = request.words
    rows = []
    if _has_consent(person):
        rows.append([Button(words.withdraw_button, buttons.AskWithdraw())])
    if person.erasure_due_on is None:
        rows.append([Button(words.erase_button, buttons.AskErasure())])
    else:
        rows.append([Button(words.keep_data_button, buttons.KeepData())])
    return rows


def _to_menu(request: Request) -> list[Button]:
    return [Button(request.words.menu_button, buttons.Menu())]


def _has_consent(person: Person) -> bool:
    return person.consent is not None and person.consent.withdrawn_at is None


def _is_old(request: Request, minute: int) -> bool:
    """Also a minute that lies ahead: nobody was asked then."""
    asked_at = start_of(request, minute)
    return not later(request.now, -MEANT_FOR) <= asked_at <= request.now


def _contact(request: Request) -> Contact | None:
    """None for somebody who left no contact, or was erased this very moment."""
    try:
        return contact_of(request.services.ledger, request.services.vault, request.client_id)
    except SealError:
        return None


def _moment(request: Request, at: datetime) -> str:
    return moment_words(at, request.catalog.zone, request.words.locale)
