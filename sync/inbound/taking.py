"""Taking over what a look at the CRM showed: all that is believed, nothing of what the brake withholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.clock import Clock
from ledger.leases import Lease
from ledger.ledger import Ledger
from ledger.privacy import Vault
from ledger.values import RecordId
from projections.crm_diary import Believed
from sync.inbound.brake import Brake, size_of
from sync.inbound.changes import Change, Changes, changed_at, form_of
from sync.inbound.inbox import Inbox
from sync.wire import CrmRecord

Settle = Callable[[Believed], Change]
"""Looks one record up that a complete list did not show."""


@dataclass(frozen=True)
class Taken:
    """What was left: records to be looked at again, and whether the brake withheld anything."""

    put_off: frozenset[RecordId]
    is_withheld: bool


class Taking:
    """One look's records, judged together and then written one by one."""

    def __init__(self, ledger: Ledger, vault: Vault, inbox: Inbox, clock: Clock) -> None:
        self._inbox, self._clock = inbox, clock
        self.changes = Changes(ledger, vault, clock)
        self.brake = Brake(ledger, inbox, clock)

    def look(self, records: Sequence[CrmRecord], lease: Lease) -> Taken:
        """Some records as they now are."""
        changes = self.changes.of(records)
        touches = any(_touches(change) for change in changes)
        may_pass = not touches or self.brake.lets_pass(size_of(changes), lease, is_whole=False)
        return self._write(records, changes, lease, may_pass=may_pass)

    def whole(
        self,
        records: Sequence[CrmRecord],
        missing: Sequence[Believed],
        settle: Settle,
        lease: Lease,
        *,
        is_strange: bool,
    ) -> Taken:
        """All that differs in the whole coming diary, and what its list did not show; those only if they may pass."""
        now, changes = self._clock.now(), self.changes.of(records)
        coming = sum(one.slot.starts_at > now for one in missing)
        size = size_of(changes, missing=coming)
        may_pass = self.brake.lets_pass(size, lease, is_whole=True, is_strange=is_strange and coming > 0)
        if may_pass:
            changes += [settle(one) for one in missing]
        taken = self._write(records, changes, lease, may_pass=may_pass)
        if may_pass:
            self.brake.note_taken()
        return taken

    def _write(self, records: Sequence[CrmRecord], changes: Sequence[Change], lease: Lease, *, may_pass: bool) -> Taken:
        withheld = set() if may_pass else {change.record_id for change in changes if _touches(change)}
        taken = [change for change in changes if change.record_id not in withheld]
        put_off = {change.record_id for change in taken if not self.changes.write(change, lease)}
        self._note(records, [change for change in taken if change.record_id not in put_off])
        return Taken(frozenset(put_off), bool(withheld))

    def _note(self, records: Sequence[CrmRecord], done: Sequence[Change]) -> None:
        """So that the next list, which shows them again, is not judged again; and how much was followed lately."""
        now, shown = self._clock.now(), {RecordId(record.record_id): record for record in records}
        forms = [
            (change.record_id, form_of(record), changed_at(record, now))
            if (record := shown.get(change.record_id))
            else (change.record_id, "gone", now)
            for change in done
        ]
        self._inbox.note_seen(forms, {change.record_id for change in done if change.is_large}, now)


def _touches(change: Change) -> bool:
    """Whether it changes what the ledger knows: what is made by hand only takes time, and is never withheld."""
    return change.kind in ("moved", "removed", "resized", "asked")
