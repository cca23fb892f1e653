"""The read model of what clients are still to be told."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from ledger import events as e
from ledger.values import Actor, Slot
from projections import client_notices
from projections.client_notices import ClientNews, ClientNoticesProjection
from projections.comparison import compare
from projections.projector import Follower
from projections.rebuild import rebuild
from tests.builders import (
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    OTHER_BOOKING,
    RECORD,
    at,
    cancelled,
    history,
    made,
    moved,
    slot,
)  # fmt: skip
from tests.store import Salon

A, B, C = slot("10:00"), slot("15:00"), slot("12:00", on=MONDAY + timedelta(days=1), staff_id=OLGA)
LONGER = slot("10:00", minutes=90)
OFFER = e.ConflictResolved(BOOKING, MARIA, "offer", "slot_busy")
REMOVED = e.CrmBookingRemoved(BOOKING, RECORD, A, MARIA)


def in_crm(was: Slot, now: Slot) -> e.CrmBookingMoved:
    return e.CrmBookingMoved(BOOKING, RECORD, was, now, (HAIRCUT,), MARIA)


def told(*covers: int) -> e.ClientNoticeSent:
    return e.ClientNoticeSent(BOOKING, MARIA, covers)


def fold(salon: Salon, *events: e.AnyEvent, by: str = "client", now: datetime = NOW) -> list[ClientNews]:
    """What is waiting after a log of these events; bookings are the work of `by`."""
    who = msgspec.convert({"kind": by, "id": "1"}, Actor)
    items = [msgspec.structs.replace(item, by=who) for item in history(*events)]
    with salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_news")
        ClientNoticesProjection().apply(connection, items)
    return client_notices.waiting(salon.database, now)


def rows(salon: Salon) -> list[tuple[object, ...]]:
    return salon.rows("SELECT position, what FROM client_news ORDER BY 1")


@pytest.mark.parametrize("event", [in_crm(A, B), REMOVED, OFFER], ids=["moved", "removed", "offered"])
def test_what_the_salon_did_waits_until_it_was_told_or_could_not_be(salon: Salon, event: e.AnyEvent) -> None:
    assert fold(salon, made(A), event) == [ClientNews(BOOKING, 2)]
    assert fold(salon, made(A), event, told(2)) == []
    assert fold(salon, made(A), event, e.ClientNoticeFailed(BOOKING, MARIA, (2,), "blocked")) == []
    assert rows(salon) == []


@pytest.mark.parametrize(("by", "count"), [("client", 0), ("operator", 1), ("staff", 1), ("system", 1)])
def test_a_cancellation_waits_unless_it_was_the_clients_own(salon: Salon, by: str, count: int) -> None:
    assert len(fold(salon, made(A), cancelled(A), by=by)) == count


@pytest.mark.parametrize(
    "after",
    [
        (cancelled(B),),
        (moved(C, B),),
        (in_crm(B, A),),
        (in_crm(B, C), in_crm(C, A)),
        (in_crm(B, LONGER),),
    ],
    ids=["cancelled", "moved", "back", "round trip", "back, longer"],
)
def test_what_the_client_changed_or_is_as_they_know_it_waits_no_more(
    salon: Salon, after: tuple[e.AnyEvent, ...]
) -> None:
    assert fold(salon, made(A), in_crm(A, B), *after) == []
    assert rows(salon) == []


def test_another_length_is_nothing_to_tell(salon: Salon) -> None:
    assert fold(salon, made(A), in_crm(A, LONGER)) == []
    assert fold(salon, made(A), in_crm(A, LONGER), in_crm(LONGER, B)) == [ClientNews(BOOKING, 3)]


def test_it_is_back_only_where_it_was_last_told(salon: Salon) -> None:
    assert fold(salon, made(A), in_crm(A, B), told(2), in_crm(B, A)) == [ClientNews(BOOKING, 4)]
    assert fold(salon, made(A), in_crm(A, B), in_crm(B, C), told(2)) == [ClientNews(BOOKING, 3)]
    assert fold(salon, made(A), in_crm(A, B), in_crm(B, C), told(2), in_crm(C, B)) == []


def test_what_was_called_off_waits_wherever_staff_put_its_record_then(salon: Salon) -> None:
    off = e.CrmBookingRemoved(BOOKING, RECORD, B, MARIA)
    assert fold(salon, made(A), in_crm(A, B), off, in_crm(B, A)) == [ClientNews(BOOKING, 4)]


def test_an_offer_waits_until_it_is_settled_otherwise(salon: Salon) -> None:
    assert fold(salon, made(A), OFFER, e.ConflictResolved(BOOKING, MARIA, "ours", "slot_busy")) == []
    assert fold(salon, made(A), OFFER, in_crm(A, LONGER)) == []
    assert fold(salon, made(A), OFFER, in_crm(A, B)) == [ClientNews(BOOKING, 3)]
    assert rows(salon) == [(3, "moved")]


def test_of_a_booking_made_by_hand_nobody_is_told(salon: Salon) -> None:
    by_hand = e.CrmBookingMoved(BOOKING, RECORD, A, B, (HAIRCUT,))
    assert fold(salon, by_hand, e.CrmBookingRemoved(BOOKING, RECORD, B)) == []


def test_a_visit_waits_as_long_as_either_of_its_times_is_to_come(salon: Salon) -> None:
    assert len(fold(salon, made(A), in_crm(A, B), now=at("14:59"))) == 1
    assert len(fold(salon, made(B), in_crm(B, A), now=at("14:59"))) == 1, "they would come in vain"
    assert fold(salon, made(A), in_crm(A, B), now=at("15:00")) == []
    assert fold(salon, made(A), REMOVED, now=at("10:00")) == []


def test_the_nearest_visit_comes_first(salon: Salon) -> None:
    nearer = e.CrmBookingRemoved(OTHER_BOOKING, RECORD, A, DARIA)
    events = made(B), made(A, booking_id=OTHER_BOOKING, client_id=DARIA), in_crm(B, C), nearer
    assert [news.booking_id for news in fold(salon, *events)] == [OTHER_BOOKING, BOOKING]


def test_it_is_rebuilt_as_it_was(salon: Salon) -> None:
    with salon.database.transaction() as connection:
        salon.append_past_the_rules(
            connection,
            made(A),
            in_crm(A, B),
            in_crm(B, C),
            OFFER,
            e.CrmBookingRemoved(OTHER_BOOKING, RECORD, A, DARIA),
        )
    model = ClientNoticesProjection()
    Follower(salon.recorder, [model], "a").catch_up()
    before = salon.rows("SELECT * FROM client_news ORDER BY 1")
    assert len(before) == 4

    rebuild(salon.recorder, model, "test")

    assert salon.rows("SELECT * FROM client_news ORDER BY 1") == before
    assert compare(salon.recorder, model).count == 0
