"""An event as the console shows it: title, who, main facts, and what became of it on its way to the CRM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from console.web.facts import Cell, fact_rows, raw_rows
from console.web.filters import by_tag
from console.web.summary import summary
from console.web.voice import Voice
from ledger.codec import Recorded
from ledger.errors import StoredFormError
from ledger.ledger import recorded
from ledger.postgres import Database
from ledger.recorder import StoredEvent
from ledger.tags import client_tag
from ledger.values import Actor, BookingId, ClientId, booking_code
from projections import backlog

Tone = str
_TONES = {
    "booking_made": "good",
    "sync_succeeded": "good",
    "integration_resumed": "good",
    "crm_answered": "good",
    "sync_failed": "bad",
    "conflict_found": "bad",
    "integration_paused": "bad",
    "reminder_failed": "bad",
    "notice_failed": "bad",
    "client_notice_failed": "bad",
    "crm_change_braked": "bad",
    "erasure_requested": "bad",
    "crm_client_kept": "bad",
}


@dataclass(frozen=True)
class Row:
    """One event as a line of the log."""

    position: int
    day: str
    time: str
    title: str
    stored_name: str
    tone: Tone
    who: str
    who_link: str | None
    said: str
    code: str | None
    sync: backlog.EventOutcome | None


def rows(database: Database, events: Sequence[StoredEvent], voice: Voice) -> list[Row]:
    """The lines of these events, in their order."""
    outcomes = outcomes_of(database, events)
    return [_row(event, outcomes.get(event.position), voice) for event in events]


def outcomes_of(database: Database, events: Sequence[StoredEvent]) -> dict[int, backlog.EventOutcome]:
    """What became of those the CRM has to learn of. One the read model has not seen yet is pending."""
    synced = [event.position for event in events if event.type in backlog.SYNCED_TYPES]
    known = backlog.outcomes(database, synced) if synced else {}
    return {place: known.get(place) or backlog.EventOutcome(place, "pending", None, None) for place in synced}


def readable(event: StoredEvent) -> Recorded | None:
    """The event, or None for one that a newer program wrote or somebody altered: it is shown as it stands."""
    try:
        return recorded(event)
    except StoredFormError:
        return None


def facts_of(event: StoredEvent, voice: Voice) -> list[tuple[str, Cell]]:
    """Label and value of each fact."""
    item = readable(event)
    return fact_rows(item.event, voice) if item else raw_rows(_raw(event).get("facts"), voice)


def who_link(by: Actor | None) -> str | None:
    """Where a client's other events are; other actors have no timeline."""
    return by_tag(client_tag(ClientId(int(by.id)))) if by and by.kind == "client" and by.id.isdecimal() else None


def _row(event: StoredEvent, outcome: backlog.EventOutcome | None, voice: Voice) -> Row:
    item = readable(event)
    kind = item.type if item else event.type  # what stands under an old name is told as what it is today
    booking_id = getattr(item.event, "booking_id", None) if item else None
    return Row(
        position=event.position,
        day=voice.day(event.recorded_at),
        time=voice.seconds(event.recorded_at),
        title=voice.words.title(kind),
        stored_name=event.type,
        tone=_TONES.get(kind, "plain"),
        who=voice.actor(item.by) if item else "",
        who_link=who_link(item.by) if item else None,
        said=summary(item.event, voice) if item else voice.words.unreadable,
        code=booking_code(BookingId(booking_id)) if booking_id else None,
        sync=outcome,
    )


def _raw(event: StoredEvent) -> dict[str, Any]:  # Any: whatever stands there
    try:
        data = msgspec.json.decode(event.data)
    except msgspec.DecodeError:
        return {}
    return data if isinstance(data, dict) else {}
