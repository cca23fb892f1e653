"""One booking: how it stands now, and its life in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.texts.story import story_lines
from console.web.desk import Desk
from console.web.facts import Cell
from console.web.filters import by_booking, by_tag
from console.web.voice import Voice
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.errors import MalformedValueError
from ledger.sync_state import SyncState, fold_sync
from ledger.tags import client_tag, record_tag, staff_tag
from ledger.values import RecordId, Slot, booking_code, parse_booking_id
from projections import schedule
from projections.schedule import ScheduledBooking


@dataclass(frozen=True)
class Line:
    """A sentence of the story, with the position of the event it tells."""

    position: int
    when: str
    sentence: str


class BookingPage:
    """`/bookings/{number or code}`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, request: Request) -> Response:
        voice, house = self._desk.voice(request), self._desk.house
        try:
            booking_id = parse_booking_id(request.path_params["booking"])
        except MalformedValueError:
            raise HTTPException(404, voice.words.not_a_booking) from None
        history = house.ledger.history(boundaries.booking(booking_id))
        if not history:
            raise HTTPException(404, voice.words.booking_gone.format(code=booking_code(booking_id)))
        standing = schedule.booking(house.database, booking_id)
        return self._desk.draw(
            request,
            "booking.html",
            voice,
            code=booking_code(booking_id),
            standing=_standing(standing, fold_sync(history), voice),
            story=_story(history, voice),
            log_link=by_booking(booking_id),
        )


def _story(history: Sequence[Recorded], voice: Voice) -> list[Line]:
    """The story event by event, so that each sentence can lead to its event."""
    lines = []
    for item in history:
        for told in story_lines([item], voice.catalog, voice.zone, voice.words.language):
            when, _, sentence = told.partition(" — ")
            lines.append(Line(item.position, when, sentence))
    return lines


def _standing(booking: ScheduledBooking | None, sync: SyncState | None, voice: Voice) -> list[tuple[str, Cell]]:
    """How it stands on the schedule and with the CRM, label by label."""
    words = voice.words
    if booking is None:
        return [(words.state, Cell(words.let_go))]
    slot = Slot(booking.staff_id, booking.starts_at.astimezone(voice.zone), booking.ends_at.astimezone(voice.zone))
    shown = [
        (words.state, Cell(words.booking_states[booking.status])),
        (
            words.visit_time,
            Cell(f"{voice.day(slot.starts_at)}, {voice.clock(slot.starts_at)}–{voice.clock(slot.ends_at)}"),
        ),
        (words.staff, Cell(voice.staff(booking.staff_id), by_tag(staff_tag(booking.staff_id)))),
        (words.services, Cell(voice.services(booking.service_ids))),
    ]
    if booking.price is not None:
        shown.append((words.price, Cell(voice.money(booking.price))))
    if booking.client_id is not None:
        client = words.number.format(number=booking.client_id)
        shown.append((words.client, Cell(client, by_tag(client_tag(booking.client_id)))))
    shown.append((words.booking_version, Cell(str(booking.version))))
    if booking.origin == "crm":
        shown.append((words.sync, Cell(words.made_in_crm)))
    elif sync is not None:
        shown.append((words.sync, Cell(words.booking_syncs[sync.status])))
    record_id = booking.record_id or (sync.record_id if sync else None)
    if record_id is not None:
        shown.append(
            (words.record, Cell(words.number.format(number=record_id), by_tag(record_tag(RecordId(record_id)))))
        )
    return shown
