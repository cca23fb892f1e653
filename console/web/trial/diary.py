"""A day of the salon as both sides have it, now or as it stood after any event."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from console.cli.replay import replayed
from console.web.trial.board import Block, as_known, blocks, crm_entries, days
from console.wiring import House
from ledger.decisions.folds import working_intervals
from ledger.errors import SealError
from ledger.values import ClientId
from projections import backlog, schedule
from projections.catalog import Catalog, current_catalog
from projections.clients import contact_of
from sync.simulator import Simulator

Json = dict[str, Any]  # what the page's script reads
_LONGEST_SLOT = timedelta(days=1)


class Diary:
    """Lays the schedule and the CRM's records over one another, from the same places as everybody else."""

    def __init__(self, house: House, simulator: Simulator) -> None:
        self._house, self._simulator = house, simulator
        self._names: dict[ClientId, str] = {}

    def shown(self, wanted: date | None) -> Json:
        """The board of a day, the nearest one with work when none is asked for, and what the other days hold."""
        now, catalog = self._house.clock.now(), current_catalog(self._house.database)
        if catalog is None:
            return {"board": None, "days": []}
        today, last = now.date(), now.date() + timedelta(days=catalog.facts.policy.horizon_days)
        found = self._now(now, today, last)
        day = wanted or _first_working_day(catalog, today, last)
        return {"board": _board(catalog, day, found), "days": days(found, today, last)}

    def as_of(self, day: date, position: int) -> Json:
        """The day as it stood after that event, folded anew from the first one, as `zapisnik audit replay` does."""
        then = replayed(self._house, None, position)
        # A hold of that moment is judged by that moment's clock.
        at = (then.recorded_at or self._house.clock.now()).astimezone(self._house.zone)
        known = as_known(then.bookings, then.statuses)
        found = blocks(then.bookings, then.statuses, known, self._name, at)
        return {
            "position": then.position,
            "recorded_at": then.recorded_at,
            "board": _board(then.catalog, day, found) if then.catalog else None,
        }

    def _now(self, now: datetime, first: date, last: date) -> list[Block]:
        since = datetime.combine(first, time.min, now.tzinfo) - _LONGEST_SLOT
        until = datetime.combine(last, time.min, now.tzinfo) + 2 * _LONGEST_SLOT
        with self._house.database.transaction() as connection:
            statuses = backlog.statuses(connection)
        rows = schedule.between(self._house.database, since, until)
        return blocks(rows, statuses, crm_entries(self._simulator.records()), self._name, now)

    def _name(self, client_id: ClientId) -> str:
        """The client's name, opened with their own key; once, since nobody is erased in a trial."""
        if client_id not in self._names:
            try:
                contact = contact_of(self._house.ledger, self._house.vault, client_id)
            except SealError:
                return "…"
            if contact is None:
                return ""
            self._names[client_id] = contact.name
        return self._names[client_id]


def _board(catalog: Catalog, day: date, found: list[Block]) -> Json:
    return {
        "day": day,
        "columns": [
            {
                "staff_id": member.staff_id,
                "shifts": [
                    [interval.opens, interval.closes]
                    for interval in working_intervals(catalog.shifts.get(member.staff_id), day)
                ],
            }
            for member in catalog.facts.staff
        ],
        "blocks": [block for block in found if block.starts_at.date() == day],
    }


def _first_working_day(catalog: Catalog, first: date, last: date) -> date:
    """Tomorrow or the first day after it on which anybody works: today's room is often gone."""
    for offset in range(1, (last - first).days + 1):
        day = first + timedelta(days=offset)
        if any(working_intervals(shifts, day) for shifts in catalog.shifts.values()):
            return day
    return first
