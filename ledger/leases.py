"""Leadership by a row: whoever holds the epoch may commit, everybody else may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ledger.errors import LeaseLostError
from ledger.postgres import Connection, Database

LONGEST = timedelta(minutes=10)
"""No lease is taken for longer."""


@dataclass(frozen=True)
class Lease:
    """The right to do `name`, until somebody with a higher epoch takes over."""

    name: str
    holder: str
    epoch: int


def acquire(database: Database, name: str, holder: str, *, lasting: timedelta) -> Lease | None:
    """Takes the lease when it is free, run out or already ours; None when somebody else holds it.

    Calling again as the same holder renews it under the same epoch. Time is the database's; a lease that ends beyond
    LONGEST was taken before that clock was set back, and is free: its holder, if there is one, takes it anew.
    """
    with database.transaction() as connection:
        row = connection.execute(
            """INSERT INTO leases AS l (name, holder, epoch, until)
               VALUES (%(name)s, %(holder)s, 1, clock_timestamp() + %(lasting)s)
               ON CONFLICT (name) DO UPDATE
               SET holder = excluded.holder, until = excluded.until,
                   epoch = l.epoch + (l.holder <> excluded.holder)::int
               WHERE l.holder = excluded.holder OR l.until < clock_timestamp()
                   OR l.until > clock_timestamp() + %(longest)s
               RETURNING epoch""",
            {"name": name, "holder": holder, "lasting": lasting, "longest": LONGEST},
        ).fetchone()
    return Lease(name, holder, row[0]) if row else None


def confirm(connection: Connection, lease: Lease) -> None:
    """Makes the surrounding transaction commit only if the lease still stands. Raises LeaseLostError."""
    row = connection.execute(
        "SELECT 1 FROM leases WHERE name = %s AND holder = %s AND epoch = %s FOR SHARE",
        (lease.name, lease.holder, lease.epoch),
    ).fetchone()
    if row is None:
        raise lost(lease)


def renew(connection: Connection, lease: Lease, *, lasting: timedelta) -> None:
    """Confirms and prolongs it in one: until the surrounding transaction ends nobody can take over.

    Raises LeaseLostError, also when the holder itself has got it anew since: under that epoch it began from nothing.
    """
    row = connection.execute(
        """UPDATE leases SET until = clock_timestamp() + %s
           WHERE name = %s AND holder = %s AND epoch = %s RETURNING 1""",
        (lasting, lease.name, lease.holder, lease.epoch),
    ).fetchone()
    if row is None:
        raise lost(lease)


def release(database: Database, lease: Lease) -> None:
    """Lets the next one in at once; the epoch stays, so nothing late of ours can commit after a takeover."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE leases SET until = '-infinity' WHERE name = %s AND holder = %s AND epoch = %s",
            (lease.name, lease.holder, lease.epoch),
        )


def lost(lease: Lease) -> LeaseLostError:
    """The error that says so."""
    return LeaseLostError(f"the lease {lease.name} was taken over by another process")
