"""What the salon offers now: services, masters, shifts, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from ledger import events as e
from ledger.codec import Recorded
from ledger.postgres import Connection, Database
from ledger.values import ServiceId, StaffId

TABLES = """
CREATE TABLE catalog{suffix} (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    published_at timestamptz NOT NULL,
    facts json NOT NULL
);
CREATE TABLE catalog_shifts{suffix} (
    staff_id bigint PRIMARY KEY,
    facts json NOT NULL
);
"""


@dataclass(frozen=True)
class Catalog:
    """The catalogue as last published, with its age."""

    facts: e.CatalogPublished
    published_at: datetime
    shifts: dict[StaffId, e.ShiftsPublished] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.facts.timezone)

    def service(self, service_id: ServiceId) -> e.ServiceOffer | None:
        return next((offer for offer in self.facts.services if offer.service_id == service_id), None)

    def member(self, staff_id: StaffId) -> e.StaffMember | None:
        return next((member for member in self.facts.staff if member.staff_id == staff_id), None)

    def offered_by(self, service_ids: Sequence[ServiceId]) -> list[e.StaffMember]:
        """The masters who do all of these services."""
        offers = [offer for service_id in service_ids if (offer := self.service(service_id))]
        if len(offers) < len(service_ids):
            return []
        return [member for member in self.facts.staff if all(member.staff_id in offer.staff_ids for offer in offers)]


class CatalogProjection:
    """Keeps the newest catalogue and each master's newest shifts."""

    name = "catalog"
    version = 1
    mode: Literal["inline", "following"] = "following"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix
        self.tables = TABLES.format(suffix=suffix)

    def beside(self, suffix: str) -> CatalogProjection:
        return CatalogProjection(suffix)

    def apply(self, connection: Connection, events: Sequence[Recorded]) -> None:
        for item in events:
            match item.event:
                case e.CatalogPublished() as published:
                    facts = msgspec.json.encode(published).decode()
                    connection.execute(_PUBLISH.format(suffix=self._suffix), (item.at, facts))
                case e.ShiftsPublished() as shifts:
                    facts = msgspec.json.encode(shifts).decode()
                    connection.execute(_PUBLISH_SHIFTS.format(suffix=self._suffix), (shifts.staff_id, facts))
                case _:
                    pass  # everything else leaves the catalogue as it is


_PUBLISH = """
INSERT INTO catalog{suffix} (published_at, facts) VALUES (%s, %s)
ON CONFLICT (only_row) DO UPDATE SET published_at = excluded.published_at, facts = excluded.facts"""
_PUBLISH_SHIFTS = """
INSERT INTO catalog_shifts{suffix} (staff_id, facts) VALUES (%s, %s)
ON CONFLICT (staff_id) DO UPDATE SET facts = excluded.facts"""


def current_catalog(database: Database) -> Catalog | None:
    """The catalogue as last published, None before the first."""
    with database.transaction() as connection:
        return catalog_in(connection)


def catalog_in(connection: Connection) -> Catalog | None:
    """The catalogue in the tables this transaction sees, its own folded aside before the live ones."""
    row = connection.execute("SELECT facts::text, published_at FROM catalog").fetchone()
    shift_rows = connection.execute("SELECT facts::text FROM catalog_shifts").fetchall()
    if row is None:
        return None
    shifts = [msgspec.json.decode(facts, type=e.ShiftsPublished) for (facts,) in shift_rows]
    return Catalog(
        msgspec.json.decode(row[0], type=e.CatalogPublished), row[1], {shift.staff_id: shift for shift in shifts}
    )
