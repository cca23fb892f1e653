"""What the CRM's diary should hold, as far as the ledger knows: our bookings there, and those made there by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from ledger import events as e
from ledger.decisions import boundaries
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.sync_state import SyncState
from ledger.values import BookingId, RecordId, Slot, StaffId


@dataclass(frozen=True)
class Believed:
    """A record that should stand in the CRM at `slot`."""

    booking_id: BookingId
    record_id: RecordId
    slot: Slot


@dataclass(frozen=True)
class BrakeState:
    """A change of the CRM's diary that was too large to be believed, or what took the brake off again.

    `is_vouched_for`: an operator said that up to so much is real.
    """

    position: int
    at: datetime
    removed: int
    moved: int
    known: int = 0
    is_on: bool = False
    is_vouched_for: bool = False


def believed(database: Database, since: datetime) -> list[Believed]:
    """Every record that should stand there and has not ended before that moment."""
    with database.transaction() as connection:
        by_hand = connection.execute(
            """SELECT booking_id, record_id, staff_id, starts_at, ends_at FROM schedule
               WHERE origin = 'crm' AND status = 'booked' AND ends_at > %s ORDER BY starts_at, booking_id""",
            (since,),
        ).fetchall()
        ours = connection.execute(
            """SELECT state::text FROM backlog WHERE record_id IS NOT NULL
                   AND (starts_at > %s::timestamptz - interval '1 day' OR status IN ('pending', 'unknown', 'parked'))
               ORDER BY starts_at, booking_id""",
            (since,),
        ).fetchall()
    states = [msgspec.json.decode(row[0], type=SyncState) for row in ours]
    return [
        *(Believed(row[0], RecordId(row[1]), Slot(StaffId(row[2]), row[3], row[4])) for row in by_hand),
        *(
            Believed(state.booking_id, state.record_id, state.crm_slot)
            for state in states
            if state.is_in_crm and state.record_id and state.crm_slot and state.crm_slot.ends_at > since
        ),
    ]


def brake_state(ledger: Ledger) -> BrakeState | None:
    """The newest word about a change that is too large; None when there never was one."""
    for item in reversed(ledger.history(boundaries.brake())):
        match item.event:
            case e.CrmChangeBraked(removed=removed, moved=moved, known=known):
                return BrakeState(item.position, item.at, removed, moved, known, is_on=True)
            case e.CrmChangeAccepted(removed=removed, moved=moved):
                return BrakeState(item.position, item.at, removed, moved, is_vouched_for=True)
            case e.CrmChangeSubsided(removed=removed, moved=moved):
                return BrakeState(item.position, item.at, removed, moved)
            case _:
                pass  # the boundary names no others
    return None
