"""What is wished now goes before what has been waiting, and what has been waiting is not kept waiting for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.decisions.integration import PauseIntegration
from ledger.values import BookingId
from sync.projector import MOST_LIVE_IN_A_ROW
from tests.builders import MONDAY, OLGA, slot
from tests.stage import Stage


@pytest.fixture
def replay(stage: Stage) -> list[BookingId]:
    """Ten bookings made while nothing was sent; it goes on now."""
    stage.salon.ledger.execute(PauseIntegration(stage.salon.order(), "operator"))
    days = [MONDAY + timedelta(days=day) for day in range(5)]
    made = [stage.salon.book(slot(start, on=day)) for day in days for start in ("10:00", "12:00")]
    stage.salon.resume()
    return made


def sent(stage: Stage, times: int) -> list[BookingId]:
    """What the sender does in its next steps."""
    done = [stage.step() for _ in range(times)]
    return [item.booking_id for item in done if item is not None]


def age(stage: Stage, booking_id: BookingId, by: timedelta) -> None:
    """As if it had been wished so much earlier."""
    with stage.salon.database.transaction() as connection:
        connection.execute(
            "UPDATE backlog SET pending_since = pending_since - %s WHERE booking_id = %s", (by, booking_id)
        )


def test_what_was_waiting_goes_nearest_first(stage: Stage, replay: list[BookingId]) -> None:
    assert sent(stage, 3) == replay[:3]


def test_a_booking_made_during_a_replay_goes_before_it(stage: Stage, replay: list[BookingId]) -> None:
    assert sent(stage, 1) == replay[:1]
    far = stage.salon.book(slot("18:00", on=MONDAY + timedelta(days=20)))

    assert sent(stage, 2) == [far, replay[1]]


def test_a_wish_that_could_not_be_sent_for_long_is_one_of_those_that_wait(
    stage: Stage, replay: list[BookingId]
) -> None:
    """An outage without a pause: all of it is newer than the last resuming."""
    old, new = (stage.salon.book(slot(start, on=MONDAY + timedelta(days=20))) for start in ("10:00", "18:00"))
    stage.salon.catch_up()
    age(stage, old, timedelta(minutes=11))

    assert sent(stage, 2) == [new, replay[0]]


def test_clients_who_keep_booking_do_not_starve_the_replay(stage: Stage, replay: list[BookingId]) -> None:
    live = [
        stage.salon.book(slot(start, on=MONDAY + timedelta(days=day), staff_id=OLGA))
        for day in (10, 11, 12)
        for start in ("10:00", "12:00", "15:00", "17:00")
    ]

    order = sent(stage, 2 * (MOST_LIVE_IN_A_ROW + 1))

    assert order == [*live[:4], replay[0], *live[4:8], replay[1]]


def test_while_only_new_wishes_wait_they_all_go(stage: Stage) -> None:
    live = [stage.salon.book(slot(start)) for start in ("10:00", "11:00", "12:00", "15:00", "16:00", "17:00")]

    assert sent(stage, 7) == live
