"""The CRM's own diary read into the ledger, before the bot offers any of its days."""

from __future__ import annotations

from datetime import timedelta

import structlog

from ledger.clock import Clock
from ledger.decisions.integration import ConnectCrm, FinishBaseline
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.ledger import Ledger, Order
from ledger.privacy import random_id
from ledger.values import Actor, BookingId, RecordId, ServiceId, Slot, StaffId
from projections import backlog
from projections.catalog import current_catalog
from sync.wire import CrmRecord
from sync.yclients import Yclients

CRM = Actor("crm", "yclients")
LOOK_AHEAD = timedelta(days=366)
"""How far past the horizon the diary is read, so that the days the horizon moves on to are known as well."""
_SYNC = Actor("system", "sync")
_log = structlog.get_logger("sync")


def connect(ledger: Ledger, clock: Clock, company_id: int) -> None:
    """Names the CRM account in the ledger, once; from then on days wait for its diary."""
    ledger.execute(ConnectCrm(Order(f"sync:connect:{company_id}:{random_id()}", _SYNC, clock.now()), company_id))


def import_baseline(ledger: Ledger, crm: Yclients, clock: Clock, company_id: int) -> int:
    """Reads the diary from today to a year past the horizon; every record not ours takes its slot. Gives their number.

    Safe to repeat after a crash: a record is taken once. Sending starts by itself only if nothing waits to be sent;
    else an operator looks at the plan and resumes. Raises any SyncError of reading, and DiaryNotLoadedError when
    another account was connected meanwhile; nothing is concluded then.
    """
    catalog = current_catalog(ledger.recorder.database)
    horizon = timedelta(days=catalog.facts.policy.horizon_days if catalog else 60)
    from_on = clock.now().date()
    until_on = from_on + horizon + LOOK_AHEAD
    records = crm.records(from_on=from_on, until_on=until_on)
    our_bookings, our_records = backlog.known(ledger.recorder.database)
    for record in records:
        is_ours = record.record_id in our_records or (record.api_id.isdigit() and int(record.api_id) in our_bookings)
        if not record.deleted and not is_ours and record.minutes > 0:
            ledger.execute(_seen(record, clock))
    nothing_waits = not backlog.open_items(ledger.recorder.database, limit=1)
    order = Order(f"sync:baseline:{random_id()}", _SYNC, clock.now())
    ledger.execute(FinishBaseline(order, company_id, from_on, until_on, len(records), start_sending=nothing_waits))
    _log.info("diary read", records=len(records), from_on=str(from_on), until_on=str(until_on))
    return len(records)


def _seen(record: CrmRecord, clock: Clock) -> SeeCrmBooking:
    slot = Slot(
        StaffId(record.staff_id), record.slot_start, record.slot_start + timedelta(minutes=min(record.minutes, 24 * 60))
    )
    return SeeCrmBooking(
        Order(f"sync:seen:{record.record_id}", CRM, clock.now()),
        BookingId(random_id()),
        RecordId(record.record_id),
        slot,
        tuple(ServiceId(service_id) for service_id in record.service_ids),
    )
