"""The CRM's catalogue read, held against the one in force, and published where it says something new.

Whose word counts is decided here: the newest. The CRM's counts as new when it differs from what the CRM said before, so
a file that was loaded since stands until the CRM's own catalogue changes, or somebody pulls by hand
(docs/decisions/0010-whose-catalogue-counts.md).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.postgres import Database
from ledger.recorder import BoundaryItem
from ledger.tags import CATALOG
from ledger.values import StaffId
from projections.catalog import Catalog
from sync.catalog_changes import (
    Changes,
    Loss,
    changes_between,
    horizon_of,
    is_same_word,
    is_to_be_published,
    losses,
)
from sync.catalog_offer import CrmCatalog, CrmOffer, LeftOut, offer_of
from sync.wire_branch import CrmShift
from sync.yclients import Yclients

Outcome = Literal["published", "unchanged", "overruled", "braked"]
"""`overruled`: the CRM says what it said before, and a file has been loaded since. `braked`: too much would be gone."""

SPARE = timedelta(days=14)
"""Shifts are read so far past the horizon: it moves on every day, and a day added is an event for each master."""
_AT_ONCE = timedelta(days=31)
"""The vendor names no longest period of shifts; a month is what its own pages ask for."""


@dataclass(frozen=True)
class Pull:
    """What a reading comes to: what it says, what would change, and what is to be published, if anything."""

    outcome: Outcome
    changes: Changes
    losses: tuple[Loss, ...]
    left_out: tuple[LeftOut, ...]
    catalog: e.CatalogPublished
    shifts: tuple[e.ShiftsPublished, ...]


@dataclass(frozen=True)
class LastReading:
    """When the CRM's catalogue was last read as a whole, and what came of it."""

    read_at: datetime
    outcome: Outcome


def reading(crm: Yclients, today: date, policy: e.Policy) -> Generator[None, None, CrmCatalog]:
    """Reads the whole, one request a step. Raises any SyncError of reading; a part is never given for the whole."""
    until_on = horizon_of(policy, today) + SPARE
    services = crm.services()
    yield
    categories = crm.categories()
    yield
    staff = crm.staff()
    shifts: list[CrmShift] = []
    from_on = today
    while from_on <= until_on:
        yield
        last = min(from_on + _AT_ONCE - timedelta(days=1), until_on)
        shifts += crm.shifts(from_on, last)
        from_on = last + timedelta(days=1)
    return CrmCatalog(services, categories, staff, shifts, today, until_on)


def read_at_once(crm: Yclients, today: date, policy: e.Policy) -> CrmCatalog:
    """The whole reading without anything in between."""
    steps = reading(crm, today, policy)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            whole: CrmCatalog = end.value
            return whole


def decide(
    read: CrmCatalog, in_force: Catalog, before: Catalog | None, *, by_hand: bool = False, anyway: bool = False
) -> Pull:
    """What becomes of a reading, with `in_force` what clients are offered and `before` the CRM's last word.

    `by_hand` somebody asks for the CRM's catalogue, whatever was loaded since; `anyway` they have seen how much goes.
    """
    offer = offer_of(read, in_force)
    changes, gone = changes_between(in_force, offer), losses(in_force, offer)
    publish = _to_publish(in_force, offer, horizon_of(in_force.facts.policy, read.from_on))
    outcome: Outcome = "published"
    if not publish and offer.catalog == in_force.facts:
        outcome = "unchanged"
    elif not by_hand and before is not None and not _is_all_of_the_crm(in_force) and is_same_word(before, offer):
        outcome = "overruled"
    elif gone and not anyway:
        outcome = "braked"
    return Pull(outcome, changes, gone, offer.left_out, offer.catalog, publish)


def spoken(ledger: Ledger) -> tuple[Catalog | None, Catalog | None]:
    """The catalogue in force, and the CRM's last word, each with the moment of its newest part; None before the first.

    From the log and not from the read model, which may be a moment behind a file that was just loaded.
    """
    history = ledger.history(BoundaryItem(tags=[CATALOG]))
    crm = [item for item in history if getattr(item.event, "source", "") == "yclients"]
    return _folded(history), _folded(crm)


def publish(ledger: Ledger, pull: Pull, order: Order, lease: Lease | None = None) -> int:
    """Publishes what a pull says is new; gives how many events that took.

    Raises InvalidCatalogError for a catalogue that contradicts itself, and LeaseLostError.
    """
    if pull.outcome != "published":
        return 0
    return ledger.execute(PublishCatalog(order, pull.catalog, pull.shifts), lease=lease).answer


def note_reading(database: Database, at: datetime, outcome: Outcome) -> None:
    """Remembers when the CRM was last read: no fact about the salon, so not an event."""
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO crm_catalog_readings (read_at, outcome) VALUES (%(at)s, %(outcome)s)
               ON CONFLICT (only_row) DO UPDATE SET read_at = excluded.read_at, outcome = excluded.outcome""",
            {"at": at, "outcome": outcome},
        )


def last_reading(database: Database) -> LastReading | None:
    """The newest whole reading, None before the first."""
    with database.transaction() as connection:
        row = connection.execute("SELECT read_at, outcome FROM crm_catalog_readings").fetchone()
    return LastReading(row[0], row[1]) if row else None


def _to_publish(in_force: Catalog, offer: CrmOffer, horizon_on: date) -> tuple[e.ShiftsPublished, ...]:
    return tuple(
        shifts
        for shifts in offer.shifts
        if is_to_be_published(in_force.shifts.get(shifts.staff_id), shifts, horizon_on)
    )


def _is_all_of_the_crm(catalog: Catalog) -> bool:
    """Whether nothing of it is a file's."""
    shifts = [catalog.shifts[one.staff_id] for one in catalog.facts.staff if one.staff_id in catalog.shifts]
    return catalog.facts.source == "yclients" and all(one.source == "yclients" for one in shifts)


def _folded(history: Sequence[Recorded]) -> Catalog | None:
    facts: e.CatalogPublished | None = None
    shifts: dict[StaffId, e.ShiftsPublished] = {}
    for item in history:
        match item.event:
            case e.CatalogPublished() as facts:
                pass
            case e.ShiftsPublished() as published:
                shifts[published.staff_id] = published
            case _:
                pass  # nothing else carries the catalogue's tag
    return Catalog(facts, history[-1].at, shifts) if facts else None
