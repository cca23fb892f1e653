"""When a client is reminded, and that it is attempted at most once and closed at most once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from ledger import events as e
from ledger.decisions.note_notice import NoteNotice
from ledger.decisions.remind import BeginReminder, EndReminder, ReminderOutcome, is_due, reminder_command
from ledger.ledger import Already
from tests.builders import (
    BOOKING,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    RECORD,
    Memory,
    at,
    cancelled,
    given,
    held,
    history,
    made,
    moved,
    order,
    seen_in_crm,
    slot,
)

TUESDAY = MONDAY + timedelta(days=1)
SUNDAY = MONDAY - timedelta(days=1)
VISIT = slot("15:00")
LONG_AGO = NOW - timedelta(days=7)


def day_before(starts_at: datetime, now: datetime, placed_at: datetime = LONG_AGO) -> bool:
    return is_due("day_before", starts_at, placed_at, now)


def hours_before(starts_at: datetime, now: datetime, placed_at: datetime = LONG_AGO) -> bool:
    return is_due("hours_before", starts_at, placed_at, now)


# --- when ---


def test_a_reminder_goes_a_day_before_and_another_two_hours_before() -> None:
    assert not day_before(at("15:00"), at("14:59", SUNDAY))
    assert day_before(at("15:00"), at("15:00", SUNDAY))
    assert not hours_before(at("15:00"), at("12:59"))
    assert hours_before(at("15:00"), at("13:00"))


def test_a_late_reminder_goes_only_while_it_is_of_use() -> None:
    assert day_before(at("15:00"), at("10:59"))
    assert not day_before(at("15:00"), at("11:00"))
    assert hours_before(at("15:00"), at("14:44"))
    assert not hours_before(at("15:00"), at("14:45"))


@pytest.mark.parametrize("minutes", range(0, 26 * 60, 5))
def test_the_two_reminders_never_come_together(minutes: int) -> None:
    now = at("15:00", SUNDAY) - timedelta(hours=1) + timedelta(minutes=minutes)

    assert not (day_before(at("15:00"), now) and hours_before(at("15:00"), now + timedelta(hours=1)))


def test_who_chose_the_time_later_than_the_moment_is_not_told_again() -> None:
    start = at("15:00")
    assert day_before(start, at("15:00", SUNDAY), placed_at=at("15:00", SUNDAY))
    assert not day_before(start, at("15:02", SUNDAY), placed_at=at("15:01", SUNDAY))
    ten_hours_before, one_hour_before = start - timedelta(hours=10), start - timedelta(hours=1)
    assert not day_before(start, ten_hours_before + timedelta(minutes=1), placed_at=ten_hours_before)
    assert hours_before(start, at("13:00"), placed_at=ten_hours_before)
    assert not hours_before(start, one_hour_before + timedelta(minutes=1), placed_at=one_hour_before)


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (at("08:00"), at("09:00", SUNDAY)),
        (at("09:00"), at("09:00", SUNDAY)),
        (at("02:00"), at("09:00", SUNDAY)),
        (at("21:59"), at("21:59", SUNDAY)),
        (at("22:00"), at("09:00", MONDAY)),
        (at("23:30"), at("09:00", MONDAY)),
    ],
)
def test_a_reminder_of_the_day_before_keeps_to_the_day(start: datetime, first: datetime) -> None:
    minutes = (start - timedelta(hours=25) + timedelta(minutes=n) for n in range(26 * 60))

    assert next(now for now in minutes if day_before(start, now)) == first


def test_a_reminder_two_hours_before_cannot_wait_for_the_day() -> None:
    assert hours_before(at("08:00"), at("06:00"))


def test_one_that_was_due_at_night_is_not_sent_when_the_morning_is_too_late() -> None:
    assert not any(day_before(at("12:30"), at("22:30", SUNDAY) + timedelta(minutes=n)) for n in range(14 * 60))


# --- the attempt ---


def begin(log: Memory, now: datetime, *, version: int = 1, kind: e.ReminderKind = "day_before") -> list[e.AnyEvent]:
    return log.new(BeginReminder(order(at=now), BOOKING, version, kind))


def booked(*events: e.AnyEvent) -> Memory:
    """Booked at NOW, Sunday noon, for Monday at three."""
    return given(held(VISIT), made(VISIT), *events)


DUE = at("15:00", SUNDAY)
ATTEMPT = e.ReminderAttempted(BOOKING, MARIA, "day_before", VISIT.starts_at)


def test_an_attempt_is_written_down_once_for_a_kind_and_a_start() -> None:
    log = booked()

    assert log.execute(BeginReminder(order(at=DUE), BOOKING, 1, "day_before")) == [ATTEMPT]
    assert begin(log, DUE + timedelta(minutes=1)) == []
    assert begin(log, at("13:00"), kind="hours_before") == [
        e.ReminderAttempted(BOOKING, MARIA, "hours_before", VISIT.starts_at)
    ]


def test_what_came_of_it_does_not_open_it_again() -> None:
    for outcome in (
        e.ReminderSent(BOOKING, MARIA, "day_before", VISIT.starts_at),
        e.ReminderFailed(BOOKING, MARIA, "day_before", VISIT.starts_at, "unknown"),
    ):
        assert begin(booked(ATTEMPT, outcome), DUE) == []


@pytest.mark.parametrize(
    "log",
    [
        given(),
        given(held(VISIT)),
        booked(cancelled(VISIT)),
        booked(moved(slot("16:00", on=TUESDAY), VISIT)),
        given(seen_in_crm(VISIT, booking_id=BOOKING)),
    ],
    ids=["never made", "only held", "cancelled", "moved", "made in the CRM"],
)
def test_only_a_booking_that_stands_as_it_was_read_is_reminded_of(log: Memory) -> None:
    assert begin(log, DUE) == []


def test_a_booking_at_another_master_than_the_message_says_is_read_again_first() -> None:
    log = booked(moved(slot("15:00", staff_id=OLGA), VISIT))

    assert begin(log, DUE, version=1) == []
    assert begin(log, DUE, version=2) == [ATTEMPT]


def test_a_booking_that_moved_is_reminded_of_anew() -> None:
    there = slot("16:00", on=TUESDAY)
    log = booked(ATTEMPT, moved(there, VISIT))

    assert begin(log, at("16:00", MONDAY), version=2) == [
        e.ReminderAttempted(BOOKING, MARIA, "day_before", there.starts_at)
    ]


def test_who_was_moved_by_staff_later_than_the_moment_has_just_been_told() -> None:
    """As the read model of reminders has it: the bot told them of the new time when staff moved the visit."""
    dragged = e.CrmBookingMoved(BOOKING, RECORD, VISIT, slot("11:00"), (HAIRCUT,), client_id=MARIA)
    log = booked()
    log.log = [replace(item, at=LONG_AGO) for item in log.log]
    log.log += history(dragged, after=len(log.log))

    assert begin(log, NOW + timedelta(minutes=30), version=2) == []


def test_a_booking_that_moved_back_is_not_reminded_of_the_same_start_again() -> None:
    there = slot("16:00", on=TUESDAY)

    assert begin(booked(ATTEMPT, moved(there, VISIT), moved(VISIT, there)), DUE, version=3) == []


def test_nothing_is_attempted_before_its_moment() -> None:
    assert begin(booked(), DUE - timedelta(minutes=1)) == []


def test_the_command_is_one_for_whoever_thinks_of_it() -> None:
    one = reminder_command(BOOKING, "day_before", at("15:00"))

    assert one == "remind:501:day_before:31566960"
    assert one == reminder_command(BOOKING, "day_before", at("15:00").astimezone())
    assert one != reminder_command(BOOKING, "day_before", at("15:01"))


# --- the outcome ---


def end(outcome: ReminderOutcome) -> EndReminder:
    return EndReminder(order(), BOOKING, "day_before", VISIT.starts_at, outcome)


@pytest.mark.parametrize("reason", ["blocked", "refused", "unknown"])
def test_an_attempt_that_failed_says_how(reason: e.UndeliveredReason) -> None:
    assert booked(ATTEMPT).new(end(reason)) == [e.ReminderFailed(BOOKING, MARIA, "day_before", VISIT.starts_at, reason)]


def test_an_attempt_is_closed_once_and_stays_as_it_was_closed() -> None:
    sent = e.ReminderSent(BOOKING, MARIA, "day_before", VISIT.starts_at)
    log = booked(ATTEMPT)

    assert log.execute(end("sent")) == [sent]
    assert log.decide(end("unknown")) == Already(sent)
    assert end("unknown").answer([sent]) == sent


def test_without_an_attempt_there_is_nothing_to_close() -> None:
    other = e.ReminderAttempted(BOOKING, MARIA, "hours_before", VISIT.starts_at)

    assert booked(other).new(end("sent")) == []
    assert end("sent").answer([]) is None


def test_a_notice_is_noted_whatever_the_history() -> None:
    told = e.NoticeSent("booking", (1, 2))
    decision = NoteNotice(order(), told)

    assert booked().new(decision) == [told]
    assert decision.answer([told]) == told
