"""`/today`: who comes today, master by master."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from bot.screen import Part, Screen, screen
from bot.staff_chat import StaffRequest
from ledger.clock import later
from ledger.errors import SealError
from ledger.values import ClientId, StaffId
from projections import reminders, schedule
from projections.clients import contact_of
from projections.schedule import ScheduledBooking

LONGEST = 3500
"""Characters of one message; Telegram takes 4096."""


def show(request: StaffRequest, _: str = "") -> Screen:
    """Today's visits with their times, services and clients, and how many are left."""
    words, naming, now = request.words, request.naming, request.now
    visits = _visits(request)
    if not visits:
        return screen(words.no_visits.format(day=naming.day(now)))
    left = sum(visit.ends_at > now for visit in visits)
    title = words.today_title.format(
        day=naming.day(now),
        visits=naming.counted(words.visits, len(visits)),
        left=naming.counted(words.still_left, left) if left else words.none_left,
    )
    unreachable = reminders.unreachable_clients(request.services.database)
    lines = [title]
    for staff_id in _masters(request, visits):
        lines += ["", naming.master(staff_id)]
        lines += [_entry(request, visit, unreachable) for visit in visits if visit.staff_id == staff_id]
    if any(visit.confirmed_at for visit in visits):
        lines += ["", words.today_legend]
    return Screen(tuple(_parts(lines)))


def _visits(request: StaffRequest) -> list[ScheduledBooking]:
    since = datetime.combine(request.now.date(), time.min, request.naming.zone)
    until = datetime.combine(request.now.date() + timedelta(days=1), time.min, request.naming.zone)
    found = schedule.between(request.services.database, since, later(until, -timedelta(microseconds=1)))
    return [visit for visit in found if visit.status not in ("held", "cancelled") and visit.starts_at >= since]


def _masters(request: StaffRequest, visits: Sequence[ScheduledBooking]) -> Iterable[StaffId]:
    """In the catalogue's order; who is no longer in it comes last."""
    known = [member.staff_id for member in request.naming.catalog.facts.staff]
    busy = dict.fromkeys(visit.staff_id for visit in visits)
    return [*(one for one in known if one in busy), *(one for one in busy if one not in known)]


def _entry(request: StaffRequest, visit: ScheduledBooking, unreachable: set[ClientId]) -> str:
    words, naming = request.words, request.naming
    is_over = visit.ends_at <= request.now
    is_confirmed = visit.confirmed_at is not None
    marks = [
        words.is_confirmed if is_confirmed else "",
        words.is_over if is_over else "",
        words.is_unreachable if visit.client_id in unreachable and not (is_over or is_confirmed) else "",
    ]
    return words.visit_entry.format(
        starts=naming.clock(visit.starts_at),
        ends=naming.clock(visit.ends_at),
        service=naming.services(visit.service_ids),
        client=_client(request, visit.client_id),
        marks="".join(marks),
    )


def _client(request: StaffRequest, client_id: ClientId | None) -> str:
    if client_id is None:
        return request.words.from_crm
    try:
        contact = contact_of(request.services.ledger, request.services.vault, client_id)
    except SealError:
        contact = None
    if contact is not None and contact.is_erased:
        return request.words.erased_client
    return (contact and (contact.name or contact.phone)) or request.words.nameless_client


def _parts(lines: Iterable[str]) -> Iterable[Part]:
    """As many messages as it takes."""
    text = ""
    for line in lines:
        if text and len(text) + len(line) > LONGEST:
            yield Part(text)
            text = ""
        text = f"{text}\n{line}" if text else line
    yield Part(text)
