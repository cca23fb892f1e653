"""Reading the CRM's changes: what it lists as changed, what it hints at, and now and then its whole coming diary.

It happens in the sender's own thread, between two of its items, so no request of ours is on its way meanwhile; what a
lost answer leaves open is put off. Nothing is concluded from a list that failed, and nothing much from an empty one.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import structlog

from ledger import leases
from ledger.clock import Clock, later
from ledger.errors import LeaseLostError
from ledger.leases import Lease
from ledger.ledger import Ledger
from ledger.privacy import Vault
from ledger.values import RecordId
from projections.catalog import current_catalog
from projections.crm_diary import Believed, believed
from sync import look_up
from sync.errors import GoneError, UnavailableError
from sync.inbound.baseline import LOOK_AHEAD
from sync.inbound.changes import Change, changed_at, form_of
from sync.inbound.inbox import Inbox
from sync.inbound.taking import Taking
from sync.wire import CrmRecord
from sync.yclients import Yclients

OVERLAP = timedelta(hours=1)
"""Changes are read anew for as long: the zone of `changed_after` is undocumented, and an hour comes twice in autumn."""
SWEEP_LASTS = timedelta(minutes=1)
"""A whole diary may take many pages, so the lease is taken for that long; the next step takes it as usual again."""
LOOKS_AT_ONCE = 5
_log = structlog.get_logger("sync")


class DiaryReader:
    """The three looks; what they must not forget stands in the inbox. Each raises any SyncError of reading, and
    LeaseLostError when another sender took over."""

    def __init__(self, ledger: Ledger, vault: Vault, crm: Yclients, clock: Clock, company_id: int) -> None:
        self._ledger, self._crm, self._clock = ledger, crm, clock
        self.inbox = Inbox(ledger.recorder.database, company_id)
        self._taking = Taking(ledger, vault, self.inbox, clock)
        self.brake = self._taking.brake

    def poll(self, lease: Lease) -> None:
        """Takes over what was changed since the newest change dealt with; before the first sweep there is none.

        What the brake withholds stays unread: the cursor does not move past it.
        """
        since, now = self.inbox.reading().changed_at, self._clock.now()
        if since is None:
            return
        listed = self._crm.records(changed_after=later(since, -OVERLAP), with_deleted=True)
        seen = self.inbox.seen([record.record_id for record in listed])
        fresh = [record for record in listed if seen.get(record.record_id) != form_of(record)]
        taken = self._taking.look(fresh, lease)
        for record_id in taken.put_off:
            self.inbox.put_off(record_id, now)
        if listed and not taken.is_withheld:
            self.inbox.note_changes_read(max(changed_at(record, now) for record in listed), overlap=OVERLAP)

    def look(self, lease: Lease, *, most: int = LOOKS_AT_ONCE) -> int:
        """Looks at records that were hinted at or put off; gives how many.

        One that is not there at all says nothing by itself: the next sweep misses it too. What the brake withholds is
        let go as well: the sweeps that go on while it is on show it again.
        """
        waiting = self.inbox.due(self._clock.now(), most)
        records: list[CrmRecord] = []
        for one in waiting:
            try:
                records.append(self._crm.record(one.record_id))
            except GoneError:
                continue
            except UnavailableError:
                # One record that cannot be read must not keep the others from being looked at.
                self.inbox.put_off(one.record_id, self._clock.now(), one.looks)
                raise
        taken = self._taking.look(records, lease)
        for one in waiting:
            if one.record_id in taken.put_off:
                self.inbox.put_off(one.record_id, self._clock.now(), one.looks)
            else:
                self.inbox.settle(one)
        return len(waiting)

    def sweep(self, lease: Lease) -> None:
        """Compares the whole coming diary, removed records included, with what the ledger believes of it."""
        now, position = self._clock.now(), self._ledger.recorder.head()
        self._keep(lease)
        from_on, until_on = now.date(), now.date() + self._horizon()
        listed = self._crm.records(from_on=from_on, until_on=until_on, with_deleted=True)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        standing = [
            one
            for one in believed(self._ledger.recorder.database, midnight)
            if from_on <= one.slot.starts_at.astimezone(now.tzinfo).date() <= until_on
        ]
        known = {one.record_id: one for one in standing}
        # Taken for a stranger's before it turned out to be ours, a record has two bookings, one of which has to go.
        shared = {record_id for record_id, times in Counter(one.record_id for one in standing).items() if times > 1}
        differing = [
            record
            for record in listed
            if record.record_id in shared or _differs(record, known.get(RecordId(record.record_id)))
        ]
        shown = {record.record_id for record in listed}
        missing = [one for one in known.values() if one.record_id not in shown]
        is_strange = len(missing) == len(known)
        taken = self._taking.whole(
            differing, missing, lambda one: self._settled(one, lease), lease, is_strange=is_strange
        )
        for record_id in taken.put_off:
            self.inbox.put_off(record_id, now)
        self.inbox.note_swept(now, position)
        if self.inbox.reading().changed_at is None and not taken.is_withheld:
            newest = max((changed_at(record, now) for record in listed), default=later(now, -timedelta(days=1)))
            self.inbox.note_changes_read(newest, overlap=OVERLAP)
        _log.info("diary compared", records=len(listed), differing=len(differing), missing=len(missing))

    def _settled(self, one: Believed, lease: Lease) -> Change:
        """What became of a record that a complete list did not show."""
        self._keep(lease)
        record = look_up.by_number(self._crm, one.record_id, [one.slot])
        return self._taking.changes.of_gone(one.record_id) if record is None else self._taking.changes.of([record])[0]

    def _keep(self, lease: Lease) -> None:
        database = self._ledger.recorder.database
        if leases.acquire(database, lease.name, lease.holder, lasting=SWEEP_LASTS) is None:
            raise LeaseLostError(f"the lease {lease.name} was taken over by another process")

    def _horizon(self) -> timedelta:
        catalog = current_catalog(self._ledger.recorder.database)
        return timedelta(days=catalog.facts.policy.horizon_days if catalog else 60) + LOOK_AHEAD


def _differs(record: CrmRecord, known: Believed | None) -> bool:
    """Whether it is not what the ledger believes; a removed record nobody misses is."""
    if known is None or record.deleted:
        return (known is None) != record.deleted
    ends_at = record.slot_start + timedelta(minutes=record.minutes)
    return not look_up.is_at(record, known.slot) or ends_at != known.slot.ends_at
