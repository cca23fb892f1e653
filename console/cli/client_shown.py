"""A client as the command line shows them: what somebody needs who has them on the phone, and all there is as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bot.texts.formats import phone_words
from bot.texts.story import story_lines
from console.cli.common import named
from console.wiring import House
from ledger.events import Language
from ledger.values import ClientId, booking_code
from projections import backlog, schedule
from projections.catalog import Catalog
from projections.clients import Contact
from projections.dossier import Dossier, HeldBooking
from projections.people import ConsentOnRecord, Person, person_of
from projections.reminders import unreachable_clients
from projections.schedule import ScheduledBooking


@dataclass(frozen=True)
class FoundClient:
    """A client with their bookings to come, soonest first; `contact` only where it was asked for and noted."""

    person: Person
    contact: Contact | None
    coming: list[ScheduledBooking]
    waiting: frozenset[int]
    has_blocked_bot: bool


def found_client(house: House, client_id: ClientId, contact: Contact | None) -> FoundClient:
    now = house.clock.now()
    coming = schedule.bookings_of(house.database, client_id, now)
    parked = {state.booking_id for state in backlog.open_items(house.database, only_parked=True)}
    return FoundClient(
        person_of(house.ledger, house.database, client_id, now),
        contact,
        coming,
        frozenset(one.booking_id for one in coming if one.booking_id in parked),
        client_id in unreachable_clients(house.database),
    )


def client_lines(one: FoundClient, catalog: Catalog | None, zone: ZoneInfo) -> list[str]:
    """A label a line, the client's id first."""
    person, visits = one.person, one.person.visits
    last = f", the last on {visits.last_at.astimezone(zone):%Y-%m-%d}" if visits.last_at else ""
    told: list[tuple[str, str]] = []
    if one.contact is not None:
        told = [("name", one.contact.name or "unknown"), ("phone", _phone(one.contact, person))]
    told += [
        ("since", f"{person.registered_at.astimezone(zone):%Y-%m-%d}" if person.registered_at else "no contact left"),
        ("language", person.language or "not chosen"),
        ("visits", f"{visits.past} past{last}; {visits.coming} to come, {visits.cancelled} cancelled"),
        *(("next" if n == 0 else "", _coming(one, booking, catalog, zone)) for n, booking in enumerate(one.coming)),
        ("consent", _consent(person.consent, zone)),
    ]
    if one.has_blocked_bot:
        told.append(("messages", "the client has blocked the bot: ring them up"))
    if person.erasure_due_on is not None:
        told.append(("erasure", f"asked for, to be done no later than {person.erasure_due_on}"))
    return [f"client {person.client_id}", *(f"  {label:<10}{text}" for label, text in told)]


def client_json(one: FoundClient) -> dict[str, Any]:  # Any: JSON
    person, visits = one.person, one.person.visits
    shown: dict[str, Any] = {
        "client_id": person.client_id,
        "registered_at": person.registered_at,
        "phone_verified": person.phone_verified,
        "language": person.language,
        "visits": {"past": visits.past, "coming": visits.coming, "cancelled": visits.cancelled, "last": visits.last_at},
        "coming": [
            {
                **named(booking.booking_id),
                "starts_at": booking.starts_at,
                "ends_at": booking.ends_at,
                "staff_id": booking.staff_id,
                "service_ids": booking.service_ids,
                "waits_for_a_person": booking.booking_id in one.waiting,
            }
            for booking in one.coming
        ],
        "consents": [_consent_json(consent) for consent in person.consents],
        "has_blocked_bot": one.has_blocked_bot,
        "erasure_due_on": person.erasure_due_on,
    }
    if one.contact is not None:
        shown |= {"name": one.contact.name, "phone": one.contact.phone}
    return shown


def dossier_json(
    dossier: Dossier, catalog: Catalog | None, zone: ZoneInfo, language: Language, exported_at: datetime
) -> str:
    """All that is held, for another program; the form stands in `docs/consent.md`."""
    person, facts = dossier.person, catalog.facts if catalog else None
    shown = {
        "client_id": person.client_id,
        "exported_at": exported_at,
        "salon": {"name": facts.salon, "address": facts.address, "phone": facts.phone} if facts else None,
        "contacts": dossier.contacts,
        "language": person.language,
        "found_by": dossier.found_by,
        "consents": [_consent_json(consent) for consent in person.consents],
        "erasure_due_on": person.erasure_due_on,
        "bookings": [_booking_json(one, catalog, zone, language) for one in dossier.bookings],
        "messages": [{"at": item.at, "type": item.type, "facts": item.event} for item in dossier.messages],
        "viewed": [{"at": look.at, "by": look.by, "what": look.what, "where": look.where} for look in dossier.looks],
        "events": dossier.events,
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def _booking_json(
    one: HeldBooking, catalog: Catalog | None, zone: ZoneInfo, language: Language
) -> dict[str, Any]:  # Any: JSON
    standing = one.standing
    shown: dict[str, Any] = {**named(one.booking_id), "status": standing.status if standing else "let_go"}
    if standing is not None:
        offers = [catalog.service(service_id) if catalog else None for service_id in standing.service_ids]
        member = catalog.member(standing.staff_id) if catalog else None
        shown |= {
            "starts_at": standing.starts_at.astimezone(zone),
            "ends_at": standing.ends_at.astimezone(zone),
            "staff": {"id": standing.staff_id, "name": member.name if member else None},
            "services": [
                {"id": service_id, "title": offer.title if offer else None}
                for service_id, offer in zip(standing.service_ids, offers, strict=True)
            ],
            "price": standing.price,
        }
    if one.sync is not None:
        shown["crm"] = {"record_id": one.sync.record_id, "is_there": one.sync.is_in_crm, "sync": one.sync.status}
    shown["crm_said"] = one.said
    shown["story"] = story_lines(one.history, catalog, zone, language)
    shown["events"] = [
        {"position": item.position, "at": item.at, "type": item.type, "by": item.by} for item in one.history
    ]
    return shown


def _consent_json(one: ConsentOnRecord) -> dict[str, Any]:  # Any: JSON
    return {
        "purpose": one.purpose,
        "version": one.version,
        "text_sha256": one.text_sha256,
        "given_at": one.given_at,
        "withdrawn_at": one.withdrawn_at,
    }


def _coming(one: FoundClient, booking: ScheduledBooking, catalog: Catalog | None, zone: ZoneInfo) -> str:
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    offers = [catalog.service(service_id) if catalog else None for service_id in booking.service_ids]
    titles = ", ".join(
        offer.title if offer else f"service {n}" for offer, n in zip(offers, booking.service_ids, strict=True)
    )
    member = catalog.member(booking.staff_id) if catalog else None
    master = member.name if member else f"master {booking.staff_id}"
    waits = "  waits for a decision: `zapisnik sync conflicts`" if booking.booking_id in one.waiting else ""
    return f"{booking_code(booking.booking_id)}  {starts:%a %Y-%m-%d %H:%M}–{ends:%H:%M}  {titles}, {master}{waits}"


def _consent(one: ConsentOnRecord | None, zone: ZoneInfo) -> str:
    if one is None:
        return "none on record"
    given = f"version {one.version}, given {one.given_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return (
        given if one.withdrawn_at is None else f"{given}, withdrawn {one.withdrawn_at.astimezone(zone):%Y-%m-%d %H:%M}"
    )


def _phone(contact: Contact, person: Person) -> str:
    if not contact.phone:
        return "unknown"
    return (
        f"{phone_words(contact.phone)}, {'confirmed by Telegram' if person.phone_verified else 'as the client gave it'}"
    )
