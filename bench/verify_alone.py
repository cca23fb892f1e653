"""`python -m bench.verify_alone CONNINFO SCHEMA`: verifies a log and prints how it went.

In a process of its own, because its memory is part of the question.
"""

from __future__ import annotations

import resource
import sys
from contextlib import closing

import msgspec

from ledger.integrity import verify_chain
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder


class Verified(msgspec.Struct, frozen=True):
    """How one verification went: events, seconds, and the peak of memory."""

    events: int
    seconds: float
    megabytes: float


def main() -> None:
    conninfo, schema = sys.argv[1:]
    with Database(conninfo, schema) as database, closing(PostgresRecorder(database)) as recorder:
        found = verify_chain(recorder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts it in KiB
    sys.stdout.write(msgspec.json.encode(Verified(found.events, found.seconds, peak)).decode() + "\n")


if __name__ == "__main__":
    main()
