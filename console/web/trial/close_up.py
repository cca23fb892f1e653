"""One thing looked at closely: a booking's story, an event as it is stored, what resuming would do."""

from __future__ import annotations

from typing import Any

from bot.texts.story import story_lines
from console.plans import current_plan, plan_json
from console.wiring import House
from ledger.decisions import boundaries
from ledger.events import Language
from ledger.recorder import PostgresRecorder
from ledger.values import BookingId, booking_code
from projections.catalog import current_catalog
from projections.integration import integration

Json = dict[str, Any]  # what the page's script reads


def story(house: House, booking_id: BookingId, language: Language) -> Json | None:
    """The booking's life, a sentence an event; None for a booking nobody made."""
    history = house.ledger.history(boundaries.booking(booking_id))
    if not history:
        return None
    catalog = current_catalog(house.database)
    told = [(item, story_lines([item], catalog, house.zone, language)) for item in history]
    return {
        "booking_id": booking_id,
        "code": booking_code(booking_id),
        "lines": [{"position": item.position, "type": item.type, "line": lines[0]} for item, lines in told if lines],
    }


def event(recorder: PostgresRecorder, position: int) -> Json | None:
    """An event exactly as it is stored, with its place in the chain of hashes; None where there is none."""
    found, _ = recorder.page(None, max(0, position - 2), 2)
    at = {one.position: one for one in found}
    if position not in at:
        return None
    wanted = at[position]
    previous = at[position - 1].hash if position - 1 in at else genesis(recorder)
    return {
        "position": wanted.position,
        "recorded_at": wanted.recorded_at,
        "type": wanted.type,
        "tags": wanted.tags,
        "data": wanted.data,
        "hash": wanted.hash.hex(),
        "previous_hash": previous.hex(),
    }


def genesis(recorder: PostgresRecorder) -> bytes:
    """What the first event's hash is built on: the ledger's random beginning."""
    with recorder.database.transaction() as connection:
        row = connection.execute("SELECT genesis FROM ledger").fetchone()
    return bytes(row[0]) if row else b""


def plan(house: House) -> Json:
    """What `zapisnik sync plan` says, by the same code; each item's `step` is a word the page knows."""
    items, clashing = current_plan(house)
    shown = plan_json(items, clashing, integration(house.ledger).past)
    for item, line in zip(items, shown["items"], strict=True):
        line["record_id"] = clashing[item.booking_id][0].record_id if clashing and item.booking_id in clashing else None
        line["conflict"] = item.state.conflict
    return shown
