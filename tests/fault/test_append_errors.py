"""The server refuses a step of an append: what passes is tried again within a bound, all else is said in one error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from ledger.errors import StoreUnavailableError
from ledger.ledger import MAX_TRIES
from tests.fault.steps import Line, at_every_step, hold, line_to
from tests.fault.wire import Plan
from tests.store import Salon

PASSING = {
    "40P01": "deadlock",
    "40001": "serialisation failure",
    "55P03": "lock timeout",
    "57P01": "shutdown by an administrator",
    "53100": "disk full",
    "25006": "a primary that only reads now",
    "57014": "statement timeout",
}


@pytest.fixture
def line(salon: Salon) -> Iterator[Line]:
    with line_to(salon) as one:
        yield one


def failures(logs: list[dict[str, object]]) -> list[dict[str, object]]:
    return [entry for entry in logs if entry["event"] == "the database failed"]


@pytest.mark.parametrize("sqlstate", PASSING, ids=PASSING.values())
def test_what_passes_is_tried_again_and_done_once(line: Line, sqlstate: str) -> None:
    """Once at the beginning, in the middle and at the end of the append."""
    steps = [step for step in line.steps() if step.side == "client"]
    for step in (steps[0], steps[len(steps) // 2], steps[-1]):
        with capture_logs() as logs:
            wrong = line.goes_wrong(Plan("client", step.number, refuse=sqlstate))

        assert wrong is None, f"{step}: {wrong}"
        (failure,) = failures(list(map(dict, logs)))
        assert (failure["times"], failure["decision"]) == (1, "ForgetfulHold"), "it is said, and how often"
        assert "planted" in str(failure["said"])


@pytest.mark.parametrize("sqlstate", ["40P01", "25006"])
def test_a_deadlock_or_a_reading_server_at_any_message(line: Line, sqlstate: str) -> None:
    assert at_every_step(line, "client", lambda number: Plan("client", number, refuse=sqlstate)) == {}


@pytest.mark.parametrize("sqlstate", ["57P03", "53300"], ids=["cannot connect now", "too many connections"])
def test_a_server_that_lets_nobody_in_is_said_after_the_bound(salon: Salon, sqlstate: str) -> None:
    with line_to(salon) as line:
        line.database._wait_seconds = 0.2
        line.database._pool.timeout = 0.2
        line.wire.refuse_connections = sqlstate
        line.wire.watch(Plan("client", 1))
        decision = hold()

        with capture_logs() as logs, pytest.raises(StoreUnavailableError, match=f"{MAX_TRIES} times in a row"):
            line.ledger.execute(decision)

        assert [entry["times"] for entry in failures(list(map(dict, logs)))] == [1, 2, 3, 4, 5]
        assert line.is_wrong(decision, is_told=False) is None
        line.wire.refuse_connections = None
        line.wire.watch()
        assert not line.ledger.execute(decision).repeated


def test_an_error_that_does_not_pass_is_told_in_the_servers_words(salon: Salon) -> None:
    """A replica for good: five tries, one error that says why, nothing stored; then it goes on."""
    with salon.database.transaction() as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = on".encode())
    decision = hold()
    try:
        with line_to(salon, is_warm=False) as line:
            with pytest.raises(StoreUnavailableError, match="read-only transaction"):
                line.ledger.execute(decision)
            assert line.is_wrong(decision, is_told=False) is None
    finally:
        with salon.database.transaction() as connection:
            connection.execute("SET TRANSACTION READ WRITE")
            connection.execute(f"ALTER DATABASE {connection.info.dbname} RESET default_transaction_read_only".encode())
    with line_to(salon) as line:
        assert not line.ledger.execute(decision).repeated
