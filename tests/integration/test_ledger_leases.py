"""Leadership: one holder, an epoch for each, and nothing stored by one who lost it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import psycopg
import pytest

from ledger import leases
from ledger.decisions.integration import PauseIntegration
from ledger.errors import LeaseLostError
from tests.builders import order
from tests.store import Salon, all_at_once


def lease(salon: Salon, holder: str, seconds: float = 60) -> leases.Lease | None:
    return leases.acquire(salon.database, "sync", holder, lasting=timedelta(seconds=seconds))


def test_a_lease_is_held_by_one_and_renewed_under_the_same_epoch(salon: Salon) -> None:
    assert lease(salon, "a") == leases.Lease("sync", "a", 1)
    assert lease(salon, "b") is None
    assert lease(salon, "a") == leases.Lease("sync", "a", 1)


def test_a_takeover_raises_the_epoch(salon: Salon) -> None:
    lease(salon, "a", seconds=-1)
    assert lease(salon, "b", seconds=-1) == leases.Lease("sync", "b", 2)
    assert lease(salon, "a") == leases.Lease("sync", "a", 3)


def test_eight_that_want_a_lease_at_once_get_one_leader(salon: Salon) -> None:
    found = all_at_once([partial(lease, salon, f"holder {n}") for n in range(8)])

    assert len([one for one in found if one]) == 1


def test_a_released_lease_is_free_at_once(salon: Salon) -> None:
    mine = lease(salon, "a")
    assert mine
    leases.release(salon.database, mine)

    assert lease(salon, "b") == leases.Lease("sync", "b", 2)
    leases.release(salon.database, mine)  # late, and no longer ours to give
    assert lease(salon, "c") is None


def test_under_a_standing_lease_a_command_is_stored(salon: Salon) -> None:
    assert salon.ledger.execute(PauseIntegration(order(), "auth"), lease=lease(salon, "a")).repeated is False


def test_a_holder_that_lost_its_lease_stores_nothing(salon: Salon) -> None:
    old = lease(salon, "a", seconds=-1)
    lease(salon, "b")
    head = salon.recorder.head()

    with pytest.raises(LeaseLostError):
        salon.ledger.execute(PauseIntegration(order(), "auth"), lease=old)

    assert salon.recorder.head() == head


def test_a_lease_confirmed_by_a_transaction_is_not_taken_over_before_its_end(salon: Salon) -> None:
    old = lease(salon, "a", seconds=-1)
    assert old
    with salon.database.transaction() as connection:
        leases.confirm(connection, old)
        with salon.database.transaction() as other:
            other.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable), other.transaction():
                other.execute("UPDATE leases SET holder = 'b'")
