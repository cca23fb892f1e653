"""The answer to an append is lost: whoever asks again finds it done, and nothing is ever done twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import PauseIntegration
from ledger.errors import ContentionError, StoreUnavailableError
from ledger.integrity import verify_chain
from ledger.ledger import Ledger
from ledger.postgres import Database
from ledger.recorder import PostgresRecorder
from ledger.values import BookingId, ClientId
from projections.schedule import Schedule
from tests.builders import HAIRCUT, order, slot
from tests.fault.proxy import CuttingProxy
from tests.store import Salon, all_at_once

SEED = random.randrange(10**6)


@pytest.fixture
def proxy(database_url: str) -> Iterator[CuttingProxy]:
    print(f"seed {SEED}")
    one = CuttingProxy(database_url, seed=SEED, chance=0.3)
    yield one
    one.close()


def stored_commands(salon: Salon) -> Counter[str]:
    return Counter(row[0] for row in salon.rows("SELECT tag FROM event_tags WHERE tag LIKE 'command:lost:%'"))


def test_a_command_whose_commit_was_answered_into_the_void_is_done_once(salon: Salon, proxy: CuttingProxy) -> None:
    acknowledged: list[str] = []
    repeated: list[str] = []
    unacknowledged: list[str] = []

    def commands(thread: int) -> None:
        with Database(proxy.url, salon.database.schema) as database:
            recorder = PostgresRecorder(database)
            ledger = Ledger(recorder, [Schedule()], sleep=lambda seconds: time.sleep(seconds / 10))
            for n in range(25):
                command = f"lost:{thread}:{n}"
                try:
                    done = ledger.execute(PauseIntegration(order(command), "operator", command))
                except (StoreUnavailableError, ContentionError):
                    unacknowledged.append(f"command:{command}")
                    continue
                assert done.answer.message == command
                acknowledged.append(f"command:{command}")
                if done.repeated:
                    repeated.append(command)
            recorder.close()

    all_at_once([partial(commands, n) for n in range(4)])

    stored = stored_commands(salon)
    assert proxy.cuts > 10
    assert repeated, "no retry ever found its own append: the proxy cuts too early"
    assert all(stored[command] == 1 for command in acknowledged)
    assert all(stored[command] <= 1 for command in unacknowledged)
    assert len(acknowledged) + len(unacknowledged) == 100
    assert salon.types().count("integration_paused") == sum(stored.values())
    assert verify_chain(salon.recorder).ok


def test_a_hold_whose_commit_was_answered_into_the_void_keeps_its_slot(salon: Salon, database_url: str) -> None:
    """Every answer is lost, those to the retries that only look too: the client hears no, and asks again later."""
    always = CuttingProxy(database_url, seed=1, chance=1.0, stays_deaf=True)
    with Database(always.url, salon.database.schema) as database:
        recorder = PostgresRecorder(database)
        ledger = Ledger(recorder, [Schedule()], sleep=lambda _: None)
        with pytest.raises(StoreUnavailableError):
            ledger.execute(HoldSlot(order("lost:hold"), BookingId(1), ClientId(1), slot(), (HAIRCUT,)))
        recorder.close()
    always.close()

    again = salon.hold(booking_id=BookingId(1), client_id=ClientId(1), by=order("lost:hold"))

    assert always.cuts >= 5
    assert again.repeated
    assert salon.types().count("slot_held") == 1
