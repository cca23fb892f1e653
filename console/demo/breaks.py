"""Faults planted behind the system's back, each of which the audit has to name."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from eventsourcing.dcb.api import DCBEvent

from bot.local import LocalTelegram
from console.demo.invariants import crm_records
from console.demo.stage import SimulatedCrm
from console.errors import FoundError
from ledger.privacy import random_id
from ledger.recorder import PostgresRecorder, StoredEvent

BREAKS = ("overlap", "duplicate", "missing", "chain", "unanswered")


def plant(what: str, recorder: PostgresRecorder, crm: SimulatedCrm, telegram: LocalTelegram) -> None:
    """Breaks one invariant. Nobody serves the chat any more, and the sender is stopped."""
    match what:
        case "overlap":
            _append_an_overlap(recorder)
        case "duplicate":
            _copy_a_record(crm)
        case "missing":
            crm.remove_by_hand(int(_some_record(crm)["id"]))
        case "chain":
            alter_an_event(recorder)
        case "unanswered":
            telegram.send_text(telegram.chat_ids()[0], "Is anybody there?")
        case _:
            raise FoundError(f"nobody knows how to break {what!r}")


def _append_an_overlap(recorder: PostgresRecorder) -> None:
    """A second booking on an active one's time, past the decisions and past the schedule's guard."""
    made = _an_active_booking(recorder)
    envelope = msgspec.json.decode(made.data)
    envelope["facts"]["booking_id"] = random_id()
    tags = [tag for tag in made.tags if tag.startswith(("staff:", "day:"))]
    recorder.append([DCBEvent("booking_made", msgspec.json.encode(envelope), tags)])


def _copy_a_record(crm: SimulatedCrm) -> None:
    record = _some_record(crm)
    copied = {field: record[field] for field in ("staff_id", "datetime", "seance_length")}
    crm.add_by_hand({**copied, "save_if_busy": True})


def alter_an_event(recorder: PostgresRecorder) -> StoredEvent:
    """Another price in a booking; gives the event as it was. Raises FoundError when there is no active booking."""
    made = _an_active_booking(recorder)
    _overwrite(recorder, made.position, re.sub('"price":[0-9]+', '"price":1', made.data))
    return made


def put_back(recorder: PostgresRecorder, event: StoredEvent) -> None:
    """The event's own text again, byte for byte."""
    _overwrite(recorder, event.position, event.data)


def _overwrite(recorder: PostgresRecorder, position: int, data: str) -> None:
    """As the database's owner could: triggers off, another text, triggers on."""
    with recorder.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET data = %s::json WHERE position = %s", (data, position))
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")


def _an_active_booking(recorder: PostgresRecorder) -> StoredEvent:
    after, gone, found = 0, set(), []
    while True:
        page, _ = recorder.page(None, after, 1000)
        for event in page:
            if event.type == "booking_cancelled":
                gone.add(msgspec.json.decode(event.data)["facts"]["booking_id"])
            elif event.type == "booking_made":
                found.append(event)
            elif event.type == "booking_moved":
                gone.add(msgspec.json.decode(event.data)["facts"]["booking_id"])  # it is not there any more
        if not page:
            break
        after = page[-1].position
    for event in found:
        if msgspec.json.decode(event.data)["facts"]["booking_id"] not in gone:
            return event
    raise FoundError("there is no active booking to break")


def _some_record(crm: SimulatedCrm) -> dict[str, Any]:  # the CRM's JSON
    records = crm_records(crm.address)
    if not records:
        raise FoundError("there is no record to break")
    return records[0]
