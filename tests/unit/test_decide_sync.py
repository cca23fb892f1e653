"""Writing down the sync: attempts, outcomes, skips, conflicts, the switch, and what was seen in the CRM."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import errors, events as e
from ledger.decisions.integration import ConnectCrm, FinishBaseline, PauseIntegration, ResumeIntegration
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome, SkipSync
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.ledger import Already
from ledger.values import BookingId, RecordId, Slot
from tests.builders import (
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    RECORD,
    attempted,
    cancelled,
    failed,
    given,
    held,
    imported,
    lapsed,
    made,
    moved,
    order,
    sealed,
    seen_in_crm,
    slot,
    succeeded,
)

ON = e.IntegrationResumed()
DEADLINE = NOW + timedelta(seconds=30)


def begin(operation: e.Operation = "create", place: Slot | None = None) -> BeginAttempt:
    return BeginAttempt(order(), BOOKING, 77, operation, DEADLINE, place or slot())


def test_an_attempt_covers_what_is_pending() -> None:
    events = given(ON, made()).new(begin())  # the booking stands at position 2

    assert events == [attempted(covers=(2,), slot=slot())]
    assert begin().answer(events) == events[0]


def test_a_removal_names_the_record() -> None:
    known = (ON, made(), attempted(covers=(2,)), succeeded(covers=(2,)), cancelled())

    assert given(*known).new(begin("cancel")) == [attempted(operation="cancel", covers=(5,), record_id=RECORD)]


@pytest.mark.parametrize("switch", [(), (e.IntegrationPaused("auth"),), (ON, e.IntegrationPaused("operator"))])
def test_nothing_is_attempted_while_paused(switch: tuple[e.AnyEvent, ...]) -> None:
    with pytest.raises(errors.IntegrationPausedError):
        given(*switch, made()).decide(begin())


def test_nothing_is_attempted_for_a_booking_nobody_made() -> None:
    with pytest.raises(errors.UnknownBookingError):
        given(ON, held()).decide(begin())


@pytest.mark.parametrize(
    ("before", "operation"),
    [
        ((attempted(),), "create"),
        ((attempted(), failed(outcome="unknown")), "create"),
        ((attempted(covers=(2,)), succeeded(covers=(2,))), "create"),
        ((attempted(), failed(parked=True)), "create"),
        ((attempted(), failed(retry_at=NOW + timedelta(seconds=1))), "create"),
        ((e.ConflictFound(BOOKING, "slot_busy"),), "create"),
        ((cancelled(),), "create"),
        ((cancelled(),), "cancel"),
        ((), "cancel"),
    ],
)
def test_nothing_is_attempted_that_is_not_needed_now(before: tuple[e.AnyEvent, ...], operation: e.Operation) -> None:
    with pytest.raises(errors.NothingToSyncError):
        given(ON, made(), *before).decide(begin(operation))


def test_a_refused_attempt_is_repeated_once_its_time_has_come_and_counted() -> None:
    refused = (attempted(covers=(2,)), failed(retry_at=NOW))

    assert given(ON, made(), *refused).new(begin()) == [attempted(covers=(2,), number=2, slot=slot())]


@pytest.mark.parametrize("outcome", [succeeded(), failed()])
def test_an_outcome_closes_the_open_attempt(outcome: e.SyncSucceeded | e.SyncFailed) -> None:
    decision = NoteOutcome(order(), outcome)

    assert given(made(), attempted()).new(decision) == [outcome]
    assert decision.answer([outcome]) == outcome


def test_an_outcome_may_come_with_its_conflict() -> None:
    conflict = e.ConflictFound(BOOKING, "slot_busy", (RECORD,))

    assert given(made(), attempted()).new(NoteOutcome(order(), failed(), conflict)) == [failed(), conflict]


@pytest.mark.parametrize(
    "before", [(), (attempted(attempt_id=78),), (attempted(), succeeded()), (attempted(), failed())]
)
def test_an_attempt_that_is_closed_or_never_began_gets_no_outcome(before: tuple[e.AnyEvent, ...]) -> None:
    with pytest.raises(errors.NothingToSyncError):
        given(made(), *before).decide(NoteOutcome(order(), succeeded()))


def test_an_unknown_attempt_stays_open_for_its_look_up() -> None:
    assert given(made(), attempted(), failed(outcome="unknown")).new(NoteOutcome(order(), succeeded())) == [succeeded()]


def test_a_booking_made_and_cancelled_is_superseded() -> None:
    skip = SkipSync(order(), BOOKING, "superseded")

    assert given(made(), cancelled()).new(skip) == [e.SyncSkipped(BOOKING, (1, 2), "superseded")]


@pytest.mark.parametrize(
    ("before", "reason"),
    [((), "superseded"), ((cancelled(), attempted()), "superseded"), ((attempted(), succeeded()), "past")],
)
def test_what_must_be_sent_or_looked_up_is_not_skipped(before: tuple[e.AnyEvent, ...], reason: e.SkipReason) -> None:
    with pytest.raises(errors.NothingToSyncError):
        given(made(), *before).decide(SkipSync(order(), BOOKING, reason))


def test_a_past_visit_may_be_skipped() -> None:
    assert given(made()).new(SkipSync(order(), BOOKING, "past")) == [e.SyncSkipped(BOOKING, (1,), "past")]


def test_a_conflict_is_noted_once() -> None:
    note = NoteConflict(order(), BOOKING, "duplicate", (RECORD,))
    found = e.ConflictFound(BOOKING, "duplicate", (RECORD,))

    assert given(made()).new(note) == [found]
    assert given(made(), found).decide(note) == Already(found)
    assert given(made(), e.ConflictFound(BOOKING, "duplicate")).new(note) == [found]


def test_what_was_seen_for_another_wish_parks_nothing() -> None:
    seen = NoteConflict(order(), BOOKING, "slot_busy", (RECORD,), pending=(1,))
    several = NoteConflict(order(), BOOKING, "duplicate", (RECORD,), pending=(1,))

    assert given(made()).new(seen)
    with pytest.raises(errors.NothingToSyncError):
        given(made(), cancelled()).decide(seen)
    assert given(made(), cancelled()).new(several)


def test_an_attempt_is_not_begun_for_a_slot_that_is_no_longer_wished() -> None:
    later = slot("16:00")
    with pytest.raises(errors.NothingToSyncError):
        given(ON, made(), moved(later)).decide(begin())
    assert given(ON, made(), moved(later)).new(begin(place=later))


def test_a_no_to_a_wish_that_has_changed_since_parks_nothing() -> None:
    no = failed(parked=True)
    busy = e.ConflictFound(BOOKING, "slot_busy", (RECORD,))
    several = e.ConflictFound(BOOKING, "ambiguous", (RECORD,))
    asked = (ON, made(), attempted(covers=(2,)))

    assert given(*asked).new(NoteOutcome(order(), no, busy)) == [no, busy]
    assert given(*asked, cancelled()).new(NoteOutcome(order(), no, busy)) == [failed(parked=False)]
    assert given(*asked, cancelled()).new(NoteOutcome(order(), no, several)) == [no, several]


# --- the switch ---


def test_a_pause_is_recorded_once_but_an_operators_always() -> None:
    paused = e.IntegrationPaused("auth", "401")

    assert given(ON).new(PauseIntegration(order(), "auth", "401")) == [paused]
    assert given(paused).decide(PauseIntegration(order(), "rights")) == Already(paused)
    note = sealed("integration_paused.note")
    assert given(paused).new(PauseIntegration(order(), "operator", note=note)) == [
        e.IntegrationPaused("operator", "", note)
    ]


def test_resuming_what_runs_is_recorded_only_with_another_choice() -> None:
    assert given().new(ResumeIntegration(order())) == [ON]
    assert given(ON).decide(ResumeIntegration(order())) == Already(ON)
    assert given(ON).new(ResumeIntegration(order(), "skip")) == [e.IntegrationResumed("skip")]
    assert given(ON, e.IntegrationPaused("auth")).new(ResumeIntegration(order())) == [ON]


def test_a_crm_account_is_named_once_and_another_one_is_new() -> None:
    one, two = e.CrmConnected(1), e.CrmConnected(2)
    loaded = imported(records=3)

    assert given().new(ConnectCrm(order(), 1)) == [one]
    assert given(one, loaded).decide(ConnectCrm(order(), 1)) == Already(one)
    assert given(one, two).new(ConnectCrm(order(), 1)) == [one]


@pytest.mark.parametrize(
    ("before", "start", "more"),
    [
        ((), True, [ON]),
        ((), False, []),
        ((e.IntegrationPaused("operator"),), True, []),
        ((e.IntegrationResumed("skip"),), True, []),
    ],
)
def test_a_read_diary_starts_the_integration_unless_somebody_chose(
    before: tuple[e.AnyEvent, ...], start: bool, more: list[e.AnyEvent]
) -> None:
    decision = FinishBaseline(order(), 1, MONDAY, MONDAY, 3, start)

    assert given(e.CrmConnected(1), *before).new(decision) == [imported(records=3), *more]


def test_the_diary_of_another_account_is_not_this_ones() -> None:
    """An old process may still be reading the account that was named before."""
    decision = FinishBaseline(order(), 1, MONDAY, MONDAY, 3, start_sending=True)
    for before in ((), (e.CrmConnected(1), e.CrmConnected(2))):
        with pytest.raises(errors.DiaryNotLoadedError):
            given(*before).decide(decision)


# --- seen in the CRM ---


def see(place: Slot | None = None) -> SeeCrmBooking:
    return SeeCrmBooking(order(), BookingId(502), RECORD, place or slot(), (HAIRCUT,))


def test_a_booking_by_hand_takes_a_free_slot() -> None:
    assert given().new(see()) == [seen_in_crm()]
    assert see().answer([seen_in_crm()]) is True


def test_a_record_is_seen_once_and_our_own_echo_never() -> None:
    assert given(seen_in_crm()).decide(see()) == Already(seen_in_crm())
    ours = given(made(), attempted(), succeeded())
    assert ours.decide(see()) == Already(succeeded())
    assert see().answer([succeeded()]) is False


def test_a_booking_by_hand_over_ours_stands_and_ours_waits_for_a_person() -> None:
    assert given(made(slot("10:30"))).new(see()) == [
        seen_in_crm(overlap_allowed=True),
        e.ConflictFound(BOOKING, "overlap", (RECORD,)),
    ]


def test_two_bookings_by_hand_over_each_other_both_stand() -> None:
    first = seen_in_crm(slot("10:30"), booking_id=BookingId(1), record_id=RecordId(1))

    assert given(first).new(see()) == [seen_in_crm(overlap_allowed=True)]


@pytest.mark.parametrize(("expires_at", "reason"), [(DEADLINE, "taken_in_crm"), (NOW, "expired")])
def test_a_hold_in_the_way_of_the_crm_lapses(expires_at: object, reason: e.LapseReason) -> None:
    in_the_way = held(client_id=DARIA, expires_at=DEADLINE if expires_at == DEADLINE else NOW)

    assert given(in_the_way).new(see()) == [e.HoldLapsed(BOOKING, DARIA, slot(), reason), seen_in_crm()]


@pytest.mark.parametrize(
    "beside",
    [
        (made(slot("11:00")),),
        (made(slot(staff_id=OLGA)),),
        (made(), cancelled()),
        (held(client_id=MARIA), lapsed()),
    ],
)
def test_what_is_not_in_the_way_stays_untouched(beside: tuple[e.AnyEvent, ...]) -> None:
    assert given(*beside).new(see()) == [seen_in_crm()]
