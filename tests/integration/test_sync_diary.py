"""The sender and the CRM's own diary: conflicts, the baseline, the plan, past visits."""

from __future__ import annotations

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.integration import ResumeIntegration
from ledger.errors import DiaryNotLoadedError, SlotTakenError
from ledger.recorder import BoundaryItem
from projections import backlog
from projections.clients import contact_of
from projections.projector import lags
from sync.inbound import connect, import_baseline
from sync.plan import conflicts, make_plan
from sync.simulator import NewEntry
from tests.builders import ANNA, HAIRCUT, OLGA, at, slot
from tests.stage import Stage, by_hand


def test_a_slot_taken_by_hand_is_a_conflict_and_the_others_go_on(stage: Stage) -> None:
    stage.simulator.add_by_hand(by_hand(ANNA, "10:30", 60))
    parked = stage.salon.book(slot("10:00"))
    sent = stage.salon.book(slot("12:00"))
    stage.drain()
    assert stage.state(parked).conflict == "slot_busy"
    assert stage.state(parked).status == "parked"
    assert stage.state(sent).status == "synced"
    assert backlog.counts(stage.salon.database).parked == 1


def test_busy_because_of_our_own_record_adopts_it(stage: Stage) -> None:
    """The CRM has our booking already, but lost our number: the phone, the services and the time tell."""
    client_id = stage.salon.client()
    booking_id = stage.salon.book(slot("10:00"), client_id)
    contact = contact_of(stage.salon.ledger, stage.salon.vault, client_id)
    assert contact is not None
    stage.simulator.add_by_hand(
        NewEntry(
            ANNA,
            at("10:00").replace(tzinfo=None),
            3600,
            services=({"id": HAIRCUT},),
            client={"phone": contact.phone[1:], "name": "Мария"},
        )
    )
    stage.drain()
    assert stage.state(booking_id).status == "synced"
    assert len([r for r in stage.simulator.records() if not r["deleted"]]) == 1


def test_a_cancellation_that_frees_the_time_goes_before_the_booking_that_needs_it(stage: Stage) -> None:
    first = stage.salon.book(slot("10:00"))
    stage.drain()
    stage.salon.cancel(first)
    second = stage.salon.book(slot("10:00"))
    stage.drain()
    assert stage.live_records() == [str(second)]


def test_removed_in_the_crm_after_an_unknown_create_is_not_created_again(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    record = stage.simulator.records()[0]
    stage.simulator.remove_by_hand(int(str(record["id"])))
    stage.salon.advance(seconds=70)
    stage.drain()
    assert stage.live_records() == []
    assert stage.state(booking_id).conflict == "removed_in_crm"


def test_the_diary_of_the_crm_takes_its_slots_before_days_are_offered(stage: Stage) -> None:
    connect(stage.salon.ledger, stage.salon.clock, 1)
    stage.simulator.add_by_hand(by_hand(OLGA, "15:00", 90))
    with pytest.raises(DiaryNotLoadedError):
        stage.salon.book(slot("10:00"))
    assert stage.drain() == 0
    assert import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock, 1) == 1
    import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock, 1)
    with pytest.raises(SlotTakenError):
        stage.salon.book(slot("16:00", staff_id=OLGA))
    stage.salon.book(slot("10:00"))
    seen = stage.salon.ledger.history(BoundaryItem(types=["crm_booking_seen"]))
    assert len(seen) == 1


def test_a_past_visit_waits_for_the_operators_choice(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.salon.advance(days=2)
    assert stage.drain() == 0
    assert stage.state(booking_id).status == "pending"
    stage.salon.ledger.execute(ResumeIntegration(stage.salon.order(), "skip"))
    stage.drain()
    assert stage.state(booking_id).status == "skipped"
    assert stage.simulator.records() == []


def test_the_plan_says_what_will_happen_and_writes_nothing(stage: Stage) -> None:
    busy = stage.salon.book(slot("10:00"))
    free = stage.salon.book(slot("12:00"))
    stage.simulator.add_by_hand(by_hand(ANNA, "10:30", 30))
    stage.salon.catch_up()
    head = stage.salon.recorder.head()
    items = make_plan(backlog.open_items(stage.salon.database), stage.salon.clock.now(), "ask")
    assert [(item.booking_id, item.step) for item in items] == [(busy, "create"), (free, "create")]
    clashing = conflicts(stage.crm, items)
    assert clashing is not None
    assert list(clashing) == [busy]
    stage.simulator.set_mode("off")
    assert conflicts(stage.crm, items) is None
    assert stage.salon.recorder.head() == head


def test_every_booking_event_ends_settled(stage: Stage) -> None:
    kept, gone = stage.salon.book(slot("10:00")), stage.salon.book(slot("12:00"))
    stage.salon.cancel(gone)
    stage.drain()
    positions = [
        item.position
        for booking_id in (kept, gone)
        for item in stage.salon.ledger.history(boundaries.booking(booking_id))
        if isinstance(item.event, e.BookingMade | e.BookingCancelled)
    ]
    outcomes = backlog.outcomes(stage.salon.database, positions)
    assert sorted(outcome.sync for outcome in outcomes.values()) == ["skipped", "skipped", "succeeded"]
    assert all(lag.events == 0 for lag in lags(stage.salon.database))


class KilledError(BaseException):
    """As if the process ended here."""


def killed(*_: object, **__: object) -> None:
    raise KilledError


def test_a_booking_waits_for_the_removal_that_frees_its_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before the removal left: the old record still stands, and a create now would look like a conflict."""
    first = stage.salon.book(slot("10:00"))
    stage.drain()
    stage.salon.cancel(first)
    second = stage.salon.book(slot("10:30"))
    monkeypatch.setattr(stage.crm, "delete", killed)
    with pytest.raises(KilledError):
        stage.step()
    monkeypatch.undo()
    stage.drain()
    assert stage.types(second)[-1] == "booking_made"
    assert stage.state(second).status == "pending"
    stage.salon.advance(seconds=70)
    stage.drain()
    assert stage.live_records() == [str(second)]


def test_a_booking_waits_for_a_create_nobody_wants_any_more(stage: Stage) -> None:
    """The first booking may be in the CRM: its create was lost on the way, and meanwhile it was cancelled."""
    first = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.salon.cancel(first)
    second = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.live_records() == [str(second)]
    assert (stage.state(first).status, stage.state(second).status) == ("synced", "synced")
