"""Which event explains a difference, and what explains nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import events as e
from ledger.codec import Recorded
from ledger.values import RecordId, Slot
from sync.differences import Difference, Kind, OurBooking
from sync.explanation import Background, Explanation, explain
from sync.wire import CrmRecord
from tests.builders import (
    BOOKING,
    COLOURING,
    HAIRCUT,
    MARIA,
    NOW,
    RECORD,
    attempted,
    cancelled,
    failed,
    history,
    made,
    moved,
    registered,
    seen_in_crm,
    slot,
    succeeded,
)
from tests.diaries import ours, record_of

OLD, NEW, THIRD = slot("10:00"), slot("12:00"), slot("17:00")
RUNNING, PAUSED = e.IntegrationResumed(), e.IntegrationPaused("auth")
BRAKED = e.CrmChangeBraked(9, 1, 12)
SENT = (made(OLD), attempted(), succeeded())


def around(*events: e.AnyEvent) -> Background:
    """As the newest of each kind among these, all written before the bookings (from 901 on)."""

    def newest(*shapes: type[e.AnyEvent]) -> Recorded | None:
        found = [item for item in history(*events, after=900) if isinstance(item.event, shapes)]
        return found[-1] if found else None

    return Background(
        newest(e.IntegrationPaused, e.IntegrationResumed),
        newest(e.CrmConnected, e.BaselineImported),
        newest(e.CrmChangeBraked, e.CrmChangeAccepted, e.CrmChangeSubsided),
    )


def at(kind: Kind, booking: OurBooking, place: Slot | None, **changes: Any) -> Difference:  # any field of a record
    """This booking's record stands there; None: nowhere."""
    record: CrmRecord | None = None
    if place is not None:
        minutes = int((place.ends_at - place.starts_at).total_seconds() / 60)
        there: dict[str, Any] = {"slot_start": place.starts_at, "staff_id": place.staff_id, "minutes": minutes}
        record = record_of(booking, **{"record_id": RECORD, **there, **changes})
    return Difference(kind, booking, record)


def why(difference: Difference, timeline: tuple[e.AnyEvent, ...], *rest: e.AnyEvent) -> tuple[int, str] | None:
    found: Explanation | None = explain(difference, history(*timeline), around(*rest), NOW)
    return None if found is None else (found.position, found.type)


MISSING = at("missing_in_crm", ours(OLD), None)
LEFT_AT_OLD = at("moved", ours(NEW), OLD)
STANDING = at("resurrected", ours(OLD, is_standing=False), OLD)


@pytest.mark.parametrize(
    ("rest", "explained"),
    [
        ((PAUSED,), (901, "integration_paused")),
        ((PAUSED, RUNNING), (1, "booking_made")),
        ((), (1, "booking_made")),
        ((RUNNING, e.CrmConnected(1)), (902, "crm_connected")),
    ],
)
def test_a_booking_not_sent_yet_is_explained_by_what_holds_it_back(
    rest: tuple[e.AnyEvent, ...], explained: tuple[int, str]
) -> None:
    assert why(MISSING, (made(OLD),), *rest) == explained


@pytest.mark.parametrize(
    ("difference", "wish"), [(LEFT_AT_OLD, moved(NEW, OLD)), (STANDING, cancelled(OLD))], ids=["moved", "cancelled"]
)
def test_a_change_not_sent_yet_is_explained_like_that(difference: Difference, wish: e.AnyEvent) -> None:
    assert why(difference, (*SENT, wish), PAUSED) == (901, "integration_paused")
    assert why(difference, (*SENT, wish), RUNNING) == (
        4,
        "booking_moved" if wish != cancelled(OLD) else "booking_cancelled",
    )
    assert why(difference, (*SENT, wish, attempted(operation="move")), RUNNING) == (5, "sync_attempted")
    assert why(difference, SENT, RUNNING) is None


def test_a_removal_that_waits_explains_the_record_it_is_about_and_no_other() -> None:
    other = at("resurrected", ours(OLD, is_standing=False), OLD, record_id=77)

    assert why(other, (*SENT, cancelled(OLD)), PAUSED) is None


def test_a_request_on_its_way_explains_the_old_place_and_the_new_and_no_third() -> None:
    timeline = (*SENT, moved(NEW, OLD), attempted(operation="move", slot=NEW), moved(THIRD, NEW))

    assert why(at("moved", ours(THIRD), OLD), timeline, RUNNING) == (5, "sync_attempted")
    assert why(at("moved", ours(THIRD), NEW), timeline, RUNNING) == (5, "sync_attempted")
    assert why(at("moved", ours(THIRD), slot("19:00")), timeline, RUNNING) is None


def test_a_lost_create_explains_that_it_is_missing() -> None:
    assert why(MISSING, (made(OLD), attempted()), RUNNING) == (2, "sync_attempted")
    assert why(MISSING, (made(OLD), attempted(), failed(outcome="unknown")), RUNNING) == (2, "sync_attempted")


def test_a_failed_try_explains_until_the_next_one() -> None:
    later = failed(outcome="not_sent", retry_at=NOW.replace(hour=23))

    assert why(MISSING, (made(OLD), attempted(), later), RUNNING) == (3, "sync_failed")


def test_what_the_crm_was_known_to_hold_is_not_explained_when_it_is_gone() -> None:
    """It waits to be moved, and that is no reason for its record to be nowhere."""
    assert why(at("missing_in_crm", ours(NEW), None), (*SENT, moved(NEW, OLD)), PAUSED) is None
    assert why(MISSING, SENT, PAUSED) is None
    assert why(at("missing_in_crm", ours(OLD), OLD, deleted=True), SENT, RUNNING) is None
    assert why(at("missing_in_crm", ours(OLD), OLD, deleted=True), (made(OLD),), RUNNING) is None


def test_a_length_changed_by_hand_is_not_explained_by_a_move_that_waits() -> None:
    longer = at("length", ours(NEW), slot("10:00", 90))

    assert why(longer, (*SENT, moved(NEW, OLD)), PAUSED) is None


@pytest.mark.parametrize("kind", ["slot_busy", "unsendable", "client_refused", "not_offered", "overlap"])
def test_a_booking_that_waits_for_a_person_is_explained_by_the_question(kind: e.ConflictKind) -> None:
    asked = (made(OLD), e.ConflictFound(BOOKING, kind, (RecordId(5),)))

    assert why(MISSING, asked, RUNNING) == (2, "conflict_found")
    assert why(at("phone", ours(OLD), OLD), asked, RUNNING) is None


def test_a_refusal_that_waits_for_a_person_is_explained_by_itself() -> None:
    assert why(MISSING, (made(OLD), attempted(), failed(parked=True)), RUNNING) == (3, "sync_failed")


def test_a_question_explains_only_what_it_is_about() -> None:
    removed, put_elsewhere = (
        (*SENT, e.ConflictFound(BOOKING, kind, (RECORD,))) for kind in ("removed_in_crm", "moved_in_crm")
    )

    assert why(MISSING, removed, RUNNING) == (4, "conflict_found")
    assert why(MISSING, put_elsewhere, RUNNING) is None
    assert why(at("moved", ours(OLD), THIRD), put_elsewhere, RUNNING) == (4, "conflict_found")
    assert why(at("moved", ours(OLD), THIRD), removed, RUNNING) is None
    assert why(at("services", ours(OLD), OLD, service_ids=(COLOURING,)), removed, RUNNING) is None


def test_an_answered_question_explains_nothing_any_more() -> None:
    answered = (
        *SENT,
        e.ConflictFound(BOOKING, "removed_in_crm", (RECORD,)),
        e.ConflictResolved(BOOKING, MARIA, "offer", "removed_in_crm"),
        e.CrmBookingMoved(BOOKING, RECORD, OLD, OLD, (HAIRCUT,), MARIA),
    )

    assert why(MISSING, answered, RUNNING) is None


def test_a_past_visit_is_explained_by_the_skip_or_by_the_question() -> None:
    past = slot("10:00", on=NOW.date().replace(day=1))
    missing = at("missing_in_crm", ours(past), None)

    assert why(missing, (made(past), e.SyncSkipped(BOOKING, (1,), "past")), RUNNING) == (2, "sync_skipped")
    found = explain(missing, history(made(past)), around(RUNNING), NOW)
    assert found is not None
    assert "--past" in found.sentence


def test_two_records_are_explained_by_the_question_about_them_or_its_answer() -> None:
    booking = ours(OLD)
    second = Difference("duplicate", booking, record_of(booking, 77), record_of(booking))
    found = e.ConflictFound(BOOKING, "duplicate", (RECORD, RecordId(77)))

    assert why(second, SENT, RUNNING) is None
    assert why(second, (*SENT, found), RUNNING) == (4, "conflict_found")
    assert why(second, (*SENT, e.ConflictFound(BOOKING, "slot_busy", (RecordId(77),))), RUNNING) is None
    answer = e.ConflictResolved(BOOKING, MARIA, "ours", "duplicate")
    assert why(second, (*SENT, found, answer), RUNNING) == (5, "conflict_resolved")
    third = Difference("duplicate", booking, record_of(booking, 78), record_of(booking))
    assert why(third, (*SENT, found), RUNNING) is None


def test_a_record_that_stands_in_a_bookings_way_is_explained_while_that_waits() -> None:
    extra = Difference("extra_in_crm", None, record_of(ours(OLD), 77))
    met = e.ConflictFound(BOOKING, "slot_busy", (RecordId(77),))

    assert why(extra, (made(OLD), met), RUNNING) == (2, "conflict_found")
    assert why(extra, (made(OLD), met, cancelled(OLD)), RUNNING) is None
    assert why(extra, (), RUNNING) is None
    assert why(extra, (), e.CrmConnected(1)) == (901, "crm_connected")


def test_two_at_once_are_explained_by_the_question_about_them() -> None:
    booking = ours(OLD)
    both = Difference("overlap", booking, record_of(booking), record_of(booking, 77))

    assert why(both, (*SENT, e.ConflictFound(BOOKING, "overlap", (RecordId(77),))), RUNNING) == (4, "conflict_found")
    assert why(both, SENT, RUNNING) is None


def test_another_phone_is_explained_by_the_client_who_gave_it_after_it_was_sent() -> None:
    other = at("phone", ours(OLD), OLD, phone_digits="79990001122")

    assert why(other, (registered(), *SENT), RUNNING) is None
    assert why(other, (*SENT, registered()), RUNNING) == (4, "client_registered")
    assert why(other, (made(OLD), registered()), RUNNING) is None


def test_what_came_back_after_it_was_seen_removed_is_explained_by_that() -> None:
    by_staff = (*SENT, e.CrmBookingRemoved(BOOKING, RECORD, OLD, MARIA))
    made_there = seen_in_crm(OLD, booking_id=BOOKING)

    assert why(STANDING, by_staff, RUNNING) == (4, "crm_booking_removed")
    assert why(STANDING, (made_there, e.CrmBookingRemoved(BOOKING, RECORD, OLD)), RUNNING) == (2, "crm_booking_removed")
    gone = succeeded(operation="cancel", covers=(4,))
    assert why(STANDING, (*SENT, cancelled(OLD), attempted(operation="cancel"), gone), RUNNING) is None


def test_services_changed_with_a_move_there_are_explained_by_it() -> None:
    other = at("services", ours(NEW), NEW, service_ids=(COLOURING,))
    followed = (*SENT, e.CrmBookingMoved(BOOKING, RECORD, OLD, NEW, (COLOURING,), MARIA))

    assert why(other, followed, RUNNING) == (4, "crm_booking_moved")
    assert why(other, SENT, RUNNING) is None


@pytest.mark.parametrize("difference", [MISSING, at("moved", ours(OLD), THIRD)], ids=["removed", "moved"])
def test_a_brake_explains_what_was_not_taken_over(difference: Difference) -> None:
    assert why(difference, SENT, RUNNING, BRAKED) == (902, "crm_change_braked")
    assert why(difference, SENT, RUNNING, BRAKED, e.CrmChangeAccepted(9, 1)) is None
    assert why(difference, SENT, RUNNING, BRAKED, e.CrmChangeSubsided(9, 1)) is None


def test_nothing_explains_an_empty_answer() -> None:
    assert why(Difference("empty_answer", expected=3), (), PAUSED, BRAKED) is None


def test_an_explanation_says_in_words_what_holds_it_back() -> None:
    found = explain(MISSING, history(made(OLD)), around(PAUSED), NOW)

    assert found == Explanation(901, "integration_paused", "waits to be sent (create); sending is paused (auth)")
