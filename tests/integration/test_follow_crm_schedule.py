"""The schedule as the database keeps it is what the decisions fold, whatever was followed from the CRM."""

from __future__ import annotations

import random

import pytest
from psycopg import Rollback

from ledger.decisions.folds import fold_entries
from ledger.sync_state import fold_sync
from projections import schedule
from projections.schedule import Schedule
from tests.builders import ANNA, OLGA, slot
from tests.following import STEP_KINDS, Following
from tests.store import Salon


@pytest.mark.parametrize("seed", range(12))
def test_the_schedule_is_what_the_decisions_fold(salon: Salon, seed: int) -> None:
    chance = random.Random(seed)
    kinds = [*STEP_KINDS, "begin", "succeed", "begin", "succeed", "look", "look", "look", "staff_move"]
    for _ in range(5):
        world = Following()
        for _ in range(40):
            place = slot(
                f"{chance.randint(9, 13):02}:00", chance.choice([60, 90]), staff_id=chance.choice([ANNA, OLGA])
            )
            world.play((chance.choice(kinds), chance.randrange(3), place))

        with salon.database.transaction() as connection:
            connection.execute("DELETE FROM schedule")
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for item in world.memory.log:
                Schedule().apply(connection, [item])
            rows = {
                row.booking_id: (row.status, row.staff_id, row.starts_at, row.ends_at, row.version)
                for row in schedule.all_bookings(connection)
            }
            raise Rollback

        entries = fold_entries(world.memory.log)
        assert rows == {
            one.booking_id: (one.status, one.slot.staff_id, one.slot.starts_at, one.slot.ends_at, one.version)
            for one in entries.values()
        }
        for booking_id, entry in entries.items():
            state = fold_sync(world.life(booking_id))
            assert state is None or not state.is_wanted or state.slot == entry.slot
