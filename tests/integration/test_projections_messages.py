"""The read models of reminders and notices, and the backlog by what the CRM lacks."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ledger import events as e
from ledger.postgres import Connection
from ledger.values import Actor, BookingId
from projections import backlog, notices, reminders
from projections.comparison import compare
from projections.notices import NoticesProjection
from projections.projector import Follower
from projections.rebuild import rebuild
from projections.reminders import RemindersProjection
from tests.builders import (
    BOOKING,
    DARIA,
    MARIA,
    MONDAY,
    NOW,
    OTHER_BOOKING,
    at,
    attempted,
    cancelled,
    failed,
    history,
    made,
    moved,
    slot,
)  # fmt: skip
from tests.salon import Salon as FullSalon, open_test_salon
from tests.store import Salon

SUNDAY, TUESDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
VISIT = slot("15:00")
TABLES = "reminder_visits", "reminder_attempts", "notices", "notices_told"


def fold(salon: Salon, *events: e.AnyEvent, by: Actor = Actor("client", "1")) -> None:  # noqa: B008  frozen
    """Both read models over a log of these events, at NOW."""
    items = [msgspec.structs.replace(item, by=by) for item in history(*events)]
    with salon.database.transaction() as connection:
        _empty(connection)
        for projection in (RemindersProjection(), NoticesProjection()):
            projection.apply(connection, items)


def _empty(connection: Connection) -> None:
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}".encode())


def due(salon: Salon, now: str = "15:00") -> list[tuple[BookingId, str]]:
    return [(one.booking_id, one.kind) for one in reminders.due(salon.database, at(now, SUNDAY))]


def news(salon: Salon, kind: notices.Kind = "booking") -> list[int]:
    return [position for position, _ in notices.waiting(salon.database, kind, limit=100).news]


# --- reminders ---


def test_the_nearest_visit_is_due_first(salon: Salon) -> None:
    other = made(slot("14:00"), booking_id=OTHER_BOOKING, client_id=DARIA)
    fold(salon, made(VISIT), other)

    assert due(salon) == [(OTHER_BOOKING, "day_before"), (BOOKING, "day_before")]
    assert due(salon, "14:59") == [(OTHER_BOOKING, "day_before")]


@pytest.mark.parametrize(
    "change",
    [
        cancelled(VISIT),
        moved(slot("16:00", on=TUESDAY), VISIT),
        e.ReminderAttempted(BOOKING, MARIA, "day_before", VISIT.starts_at),
    ],
    ids=["cancelled", "moved", "attempted"],
)
def test_what_was_cancelled_moved_or_attempted_is_not_due(salon: Salon, change: e.AnyEvent) -> None:
    fold(salon, made(VISIT), change)

    assert due(salon) == []


def test_an_attempt_is_open_until_its_outcome(salon: Salon) -> None:
    attempt = e.ReminderAttempted(BOOKING, MARIA, "day_before", VISIT.starts_at)
    later = NOW + timedelta(seconds=1)
    fold(salon, made(VISIT), attempt)
    assert [one.booking_id for one in reminders.open_attempts(salon.database, later)] == [BOOKING]
    assert reminders.open_attempts(salon.database, NOW) == []

    fold(salon, made(VISIT), attempt, e.ReminderFailed(BOOKING, MARIA, "day_before", VISIT.starts_at, "blocked"))
    assert reminders.open_attempts(salon.database, later) == []
    assert reminders.unreachable_clients(salon.database) == {MARIA}


def test_a_client_who_came_back_can_be_reached(salon: Salon) -> None:
    start = VISIT.starts_at
    fold(
        salon,
        e.ReminderAttempted(BOOKING, MARIA, "day_before", start),
        e.ReminderFailed(BOOKING, MARIA, "day_before", start, "blocked"),
        e.ReminderAttempted(BOOKING, MARIA, "hours_before", start),
        e.ReminderSent(BOOKING, MARIA, "hours_before", start),
    )

    assert reminders.unreachable_clients(salon.database) == set()


# --- notices ---


def test_a_notice_settles_all_the_news_of_its_kind_up_to_its_last(salon: Salon) -> None:
    pause = e.IntegrationPaused("auth")
    fold(salon, made(), pause, moved(slot("16:00")), cancelled(slot("16:00")), e.NoticeSent("booking", (3,)))

    assert news(salon) == [4]
    assert news(salon, "integration") == [2]
    assert notices.waiting(salon.database, "booking", limit=1).was_told
    assert not notices.waiting(salon.database, "integration", limit=1).was_told


def test_news_that_could_not_be_told_is_settled_too(salon: Salon) -> None:
    fold(salon, made(), e.NoticeFailed("booking", (1,), "blocked"))

    assert news(salon) == []


def test_only_what_a_person_has_to_know_is_news(salon: Salon) -> None:
    fold(
        salon,
        attempted(),
        failed(),
        failed(parked=True),
        e.ConflictFound(BOOKING, "overlap"),
        e.VisitConfirmed(BOOKING, MARIA, VISIT),
    )

    assert news(salon) == []
    assert news(salon, "integration") == [3, 4]


@pytest.mark.parametrize(("by", "bookings", "switches"), [("staff", [], []), ("operator", [], [2]), ("crm", [1], [2])])
def test_what_the_staff_did_themselves_is_no_news_to_them(
    salon: Salon, by: str, bookings: list[int], switches: list[int]
) -> None:
    fold(salon, made(), e.IntegrationPaused("operator"), by=msgspec.convert({"kind": by, "id": "1"}, Actor))

    assert (news(salon), news(salon, "integration")) == (bookings, switches)


def test_news_is_kept_for_a_day_however_the_log_is_cut_into_batches(salon: Salon) -> None:
    first, second, third = history(made(), moved(slot("16:00")), cancelled(slot("16:00")))
    old = msgspec.structs.replace(first, recorded_at=third.recorded_at - timedelta(hours=24, seconds=1))
    for batches in ([[old, second, third]], [[old], [second], [third]]):
        with salon.database.transaction() as connection:
            _empty(connection)
            for batch in batches:
                NoticesProjection().apply(connection, batch)
        assert news(salon) == [2, 3]


# --- both ---


def test_both_are_rebuilt_as_they_were(salon: Salon) -> None:
    start, first = VISIT.starts_at, salon.recorder.head() + 1
    with salon.database.transaction() as connection:
        salon.append_past_the_rules(
            connection,
            made(VISIT),
            made(slot("12:00"), booking_id=OTHER_BOOKING, client_id=DARIA),
            e.ReminderAttempted(BOOKING, MARIA, "day_before", start),
            e.ReminderFailed(BOOKING, MARIA, "day_before", start, "blocked"),
            e.NoticeSent("booking", (first,)),
            e.IntegrationPaused("auth"),
            moved(slot("16:00"), VISIT),
            cancelled(slot("12:00"), booking_id=OTHER_BOOKING, client_id=DARIA),
            e.ReminderAttempted(BOOKING, MARIA, "hours_before", slot("16:00").starts_at),
        )
    models = RemindersProjection(), NoticesProjection()
    Follower(salon.recorder, models, "a").catch_up()
    before = rows(salon)
    assert [len(found) for found in before] == [1, 2, 4, 1]

    for model in models:
        rebuild(salon.recorder, model, "test")

    assert rows(salon) == before
    assert [compare(salon.recorder, model).count for model in models] == [0, 0]


def rows(salon: Salon) -> list[list[tuple[object, ...]]]:
    return [salon.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


# --- backlog ---


def test_the_backlog_is_told_by_what_the_crm_lacks(database_url: str, schema: str) -> None:
    with open_test_salon(database_url, schema) as salon:
        past, coming, gone = salon.book(slot("10:00")), salon.book(slot("15:00")), salon.book(slot("16:00"))
        salon.cancel(gone)
        salon.catch_up()

        assert lacking(salon, "09:00") == {"create": [past, coming], "skip": [gone]}
        assert lacking(salon, "12:00") == {"past": [past], "create": [coming], "skip": [gone]}


def lacking(salon: FullSalon, now: str) -> dict[backlog.Lack, list[BookingId]]:
    return backlog.lacking(salon.database, at(now))
