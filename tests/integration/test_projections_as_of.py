"""What the read models say, now and as of any moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

import msgspec
import pytest

from ledger.codec import Recorded
from ledger.decisions.lapse import LapseHold
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.values import BookingId
from projections import backlog, schedule
from projections.backlog import BacklogProjection
from projections.catalog import CatalogProjection, current_catalog
from projections.free_slots import free_slots
from projections.projector import Follower, fold, scratch
from projections.schedule import Schedule
from tests.builders import (
    ANNA,
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    OTHER_BOOKING,
    catalog,
    hours,
    order,
    shifts,
    slot,
)
from tests.store import Diary, Salon, read_models

WEEK = (NOW, NOW + timedelta(days=7))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.PAGE", 3)


def test_the_schedule_folded_aside_is_the_inline_one(busy: Salon) -> None:
    with busy.database.transaction() as connection:
        inline = schedule.all_bookings(connection)
    with scratch(busy.recorder, [Schedule()], lambda _: True) as (connection, last):
        aside = schedule.all_bookings(connection)

    assert aside == inline
    assert len(inline) == 3
    assert last is not None
    assert last.position == busy.recorder.head()


def test_a_replay_to_a_position_shows_what_was_then_and_leaves_now_alone(busy: Salon) -> None:
    log = {event.event.type: event.position for event in busy.recorder.read()}
    before_the_cancellation = log["booking_cancelled"] - 1
    with busy.database.transaction() as connection:
        now = schedule.all_bookings(connection)

    with scratch(busy.recorder, [Schedule()], lambda one: one.position <= before_the_cancellation) as (then, last):
        rows = {row.booking_id: row.status for row in schedule.all_bookings(then)}

    assert rows == {BOOKING: "booked", OTHER_BOOKING: "booked"}
    assert last is not None
    assert last.position == before_the_cancellation
    with busy.database.transaction() as connection:
        assert schedule.all_bookings(connection) == now


def test_a_fold_ends_at_the_first_event_that_is_too_late(busy: Salon) -> None:
    """Also when later ones would be asked for again: a salon's clock may go backwards, the log does not."""
    with scratch(busy.recorder, [], lambda _: True) as (connection, _):
        connection.execute(Diary().tables.encode())
        last = fold(busy.recorder, Diary(), connection, up_to=lambda one: one.position not in (2, 4))
        rows = connection.execute("SELECT position FROM diary").fetchall()

    assert rows == [(1,)]
    assert last is not None
    assert last.position == 1


def up_to(position: int, event: Recorded) -> bool:
    return event.position <= position


def test_every_prefix_of_the_log_folds(busy: Salon) -> None:
    counts = []
    for position in range(busy.recorder.head() + 1):
        with scratch(busy.recorder, read_models(), partial(up_to, position)) as (connection, _):
            counts.append(len(schedule.all_bookings(connection)))

    assert counts[0] == 0
    assert all(after - before in (-1, 0, 1) for before, after in pairwise(counts))


# --- what the read models say ---


def test_the_schedule_answers_its_questions(busy: Salon) -> None:
    database = busy.database

    assert [row.booking_id for row in schedule.bookings_of(database, DARIA, NOW)] == [OTHER_BOOKING]
    assert schedule.bookings_of(database, MARIA, NOW) == []
    kept = schedule.live_hold(database, MARIA, NOW)
    assert kept is not None
    assert (kept.booking_id, kept.price, kept.awaits, kept.version) == (3, 150_000, "confirmation", 0)
    assert schedule.live_hold(database, MARIA, NOW + timedelta(minutes=10)) is None
    assert [row.booking_id for row in schedule.expired_holds(database, NOW + timedelta(minutes=10))] == [3]
    assert {one.starts_at for one in schedule.taken(database, [ANNA], *WEEK, NOW)} == {
        slot("12:00").starts_at, slot("16:00").starts_at,
    }  # fmt: skip
    assert len(schedule.taken(database, [ANNA], *WEEK, NOW + timedelta(minutes=10))) == 1
    assert schedule.taken(database, [OLGA], *WEEK, NOW) == []
    assert [row.booking_id for row in schedule.between(database, *WEEK)] == [BOOKING, OTHER_BOOKING, 3]


def test_a_lapsed_hold_leaves_no_row(busy: Salon) -> None:
    busy.ledger.execute(LapseHold(order(), BookingId(3), MARIA))

    assert schedule.booking(busy.database, BookingId(3)) is None


def test_free_slots_leave_out_what_is_taken(busy: Salon) -> None:
    Follower(busy.recorder, read_models(), "a").catch_up()
    offer = current_catalog(busy.database)
    assert offer is not None

    found = free_slots(busy.database, offer, [HAIRCUT], ANNA, MONDAY, MONDAY, NOW)[MONDAY]

    starts = [f"{one.starts_at:%H:%M}" for one in found]
    assert "10:00" in starts  # cancelled, so free again
    assert not {"11:30", "12:00", "12:30", "15:30", "16:00", "16:30"} & set(starts)


def test_a_booking_that_moves_is_not_in_its_own_way_and_lasts_as_agreed(busy: Salon) -> None:
    Follower(busy.recorder, read_models(), "a").catch_up()
    offer, moving = current_catalog(busy.database), schedule.booking(busy.database, OTHER_BOOKING)
    assert offer is not None
    longer = tuple(msgspec.structs.replace(service, minutes=240) for service in offer.facts.services)
    offer = replace(offer, facts=msgspec.structs.replace(offer.facts, services=longer))

    found = free_slots(busy.database, offer, [HAIRCUT], ANNA, MONDAY, MONDAY, NOW, moving=moving)[MONDAY]

    starts = [f"{one.starts_at:%H:%M}" for one in found]
    assert {"11:30", "12:30"} <= set(starts)  # over its own old time
    assert not {"12:00", "15:30", "16:00", "16:30"} & set(starts)  # where it is, and what is somebody else's
    assert {one.ends_at - one.starts_at for one in found} == {timedelta(hours=1)}


def test_the_catalogue_is_the_latest_with_each_masters_latest_shifts(salon: Salon) -> None:
    assert current_catalog(salon.database) is None
    newer, longer = catalog(address="ул. Новая, 1"), shifts(OLGA, days={MONDAY: hours("08:00-22:00")})
    salon.ledger.execute(PublishCatalog(order(), newer, (longer,)))
    follower = Follower(salon.recorder, [CatalogProjection()], "a")
    follower.catch_up()

    present = current_catalog(salon.database)

    assert present is not None
    assert (present.facts, present.shifts) == (newer, {ANNA: shifts(ANNA), OLGA: longer})


def test_the_backlog_counts_what_the_crm_lacks(busy: Salon) -> None:
    assert backlog.counts(busy.database).pending == 0
    Follower(busy.recorder, [BacklogProjection()], "a").catch_up()

    assert backlog.counts(busy.database).pending == 2
    assert [state.booking_id for state in backlog.open_items(busy.database)] == [BOOKING, OTHER_BOOKING]
    assert [state.operation for state in backlog.open_items(busy.database, limit=1)] == ["skip"]
