"""One event in full: its envelope, its facts, its timelines, its place in the chain."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.web.desk import Desk
from console.web.filters import LARGEST_NUMBER, by_tag
from console.web.rows import facts_of, outcomes_of, readable, who_link
from ledger.integrity import chain_hash, event_digest
from ledger.recorder import PostgresRecorder, StoredEvent
from ledger.values import BookingId, booking_code


@dataclass(frozen=True)
class _Place:
    """An event between its neighbours in the log."""

    event: StoredEvent
    before: StoredEvent | None
    after: StoredEvent | None

    @property
    def is_sound(self) -> bool:
        """Whether its content fits its digest, and its hash follows from the event before; see `audit verify`."""
        event = self.event
        if event_digest(event.type, event.tags, event.data) != event.digest:
            return False
        if self.before is None:
            return True  # the first one follows from the ledger's genesis, which stands in no event
        return chain_hash(self.before.hash, event.position, event.recorded_at, event.digest) == event.hash


class EventPage:
    """`/events/{position}`. Sealed facts stay sealed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, request: Request) -> Response:
        position = int(request.path_params["position"])
        voice = self._desk.voice(request)
        place = _place(self._desk.house.recorder, position) if 0 < position <= LARGEST_NUMBER else None
        if place is None:
            raise HTTPException(404, voice.words.event_gone.format(number=position))
        event, item = place.event, readable(place.event)
        booking_id = getattr(item.event, "booking_id", None) if item else None
        return self._desk.draw(
            request,
            "event.html",
            voice,
            place=place,
            event=event,
            item=item,
            who_link=who_link(item.by if item else None),
            code=booking_code(BookingId(booking_id)) if booking_id else None,
            facts=facts_of(event, voice),
            tags=[(tag, by_tag(tag)) for tag in event.tags],
            sync=outcomes_of(self._desk.house.database, [event]).get(position),
        )


def _place(recorder: PostgresRecorder, position: int) -> _Place | None:
    around, _ = recorder.page(None, max(0, position - 2), 3)
    found = {event.position: event for event in around}
    if position not in found:
        return None
    return _Place(found[position], found.get(position - 1), found.get(position + 1))
