"""What cannot be judged yet is put off: neither a lost answer nor a killed process looks like a stranger's hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import LeaseLostError
from ledger.leases import acquire
from ledger.values import RecordId
from projections import backlog
from projections.clients import contact_of
from sync.simulator import Faults, NewEntry, Rule
from tests.builders import ANNA, HAIRCUT, at, slot
from tests.stage import Stage, by_hand
from tests.watch import Watch

TEN, NOON, FOUR = slot("10:00"), slot("12:00"), slot("16:00")
FOLLOWED = (e.CrmBookingSeen, e.CrmBookingMoved, e.CrmBookingRemoved)


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage)


def test_what_a_lost_answer_left_in_the_crm_is_put_off_until_it_is_looked_up(watch: Watch) -> None:
    watch.begin()
    booking_id = watch.salon.book(TEN)
    watch.stage.simulator.set_mode("drop_after_write")
    watch.stage.step()
    watch.stage.simulator.set_mode("ok")
    watch.poll()
    assert watch.happened(*FOLLOWED, e.ConflictFound) == []
    assert watch.reader.inbox.waiting() == 1

    watch.later(seconds=80)
    watch.stage.drain()
    assert watch.stage.state(booking_id).status == "synced"
    assert watch.look() == 1

    assert watch.happened(*FOLLOWED, e.ConflictFound) == []
    assert watch.reader.inbox.waiting() == 0


def test_a_lost_answers_record_that_staff_dragged_is_no_strangers_booking(watch: Watch) -> None:
    """The hand takes our number away; the client's phone still tells that it may be ours."""
    watch.begin()
    watch.salon.book(TEN)
    watch.stage.simulator.set_mode("drop_after_write")
    watch.stage.step()
    watch.stage.simulator.set_mode("ok")
    record = watch.stage.simulator.records()[0]
    watch.stage.simulator.move_by_hand(int(str(record["id"])), FOUR.starts_at.replace(tzinfo=None), ANNA)
    watch.poll()
    assert watch.happened(*FOLLOWED, e.ConflictFound) == []
    assert watch.reader.inbox.waiting() == 1


def test_what_staff_entered_for_a_booking_that_waits_to_be_sent_is_adopted_and_no_conflict(watch: Watch) -> None:
    watch.begin()
    client = watch.salon.client()
    booking_id = watch.salon.book(TEN, client)
    contact = contact_of(watch.salon.ledger, watch.salon.vault, client)
    assert contact is not None
    entry = NewEntry(
        ANNA, at("10:00").replace(tzinfo=None), 3600, services=({"id": HAIRCUT},), client={"phone": contact.phone[1:]}
    )
    watch.stage.simulator.add_by_hand(entry)

    watch.poll()
    watch.stage.drain()
    watch.later(seconds=30)
    watch.look()

    assert watch.stage.state(booking_id).status == "synced"
    assert watch.happened(*FOLLOWED, e.ConflictFound) == []


def test_a_second_record_of_one_visit_is_found(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    twin = NewEntry(ANNA, at("10:00").replace(tzinfo=None), 3600, api_id=str(booking_id))
    record = watch.stage.simulator.add_by_hand(twin)
    watch.poll()
    (found,) = watch.happened(e.ConflictFound)
    ids = (watch.record_of(booking_id), RecordId(int(str(record["id"]))))
    assert found.event == e.ConflictFound(booking_id, "duplicate", ids)


def test_a_request_taken_for_lost_that_took_effect_after_all_is_found(watch: Watch) -> None:
    watch.begin()
    booking_id = watch.salon.book(TEN)
    watch.stage.simulator.set_faults(Faults(rules=[Rule("late")], slow_seconds=3.0, late_seconds=1e6))
    watch.stage.step()
    watch.stage.simulator.set_faults(Faults())
    watch.salon.move(booking_id, FOUR)
    for _ in range(2):
        watch.salon.advance(seconds=80)
        watch.stage.drain()
    assert watch.stage.state(booking_id).status == "synced"
    watch.stage.simulator.finish_late_writes()

    watch.poll()

    (found,) = watch.happened(e.ConflictFound)
    assert isinstance(found.event, e.ConflictFound)
    assert (found.event.kind, found.event.record_ids[0]) == ("duplicate", watch.record_of(booking_id))


def test_the_record_an_operator_keeps_is_followed_to_where_it_stands(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    twin = NewEntry(ANNA, at("10:00").replace(tzinfo=None), 3600, api_id=str(booking_id))
    record_id = int(str(watch.stage.simulator.add_by_hand(twin)["id"]))
    watch.poll()
    watch.salon.ledger.execute(ResolveConflict(watch.salon.order(), booking_id, "theirs"))
    watch.stage.drain()
    watch.drag(booking_id, FOUR)

    watch.poll()

    assert watch.record_of(booking_id) == record_id
    assert watch.place(booking_id) == "booked 7 2030-01-07 16:00"


def test_killed_between_the_reading_and_the_cursor_nothing_is_lost_or_doubled(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.drag(booking_id, FOUR)
    watch.stage.simulator.add_by_hand(by_hand(ANNA, "12:00", 60))

    class KilledError(BaseException):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    monkeypatch.setattr(watch.reader.inbox, "note_seen", killed)
    with pytest.raises(KilledError):
        watch.poll()
    watch.reader = watch.new_reader()
    watch.poll()

    assert len(watch.happened(e.CrmBookingMoved)) == 1
    assert len(watch.happened(e.CrmBookingSeen)) == 1
    assert watch.place(booking_id) == "booked 7 2030-01-07 16:00"


def test_another_leader_keeps_this_one_from_writing(watch: Watch) -> None:
    booking_id = watch.sent(TEN)
    watch.begin()
    watch.drag(booking_id, FOUR)
    with watch.salon.database.transaction() as connection:
        connection.execute("UPDATE leases SET until = '-infinity'")
    assert acquire(watch.salon.database, "sync", "another", lasting=timedelta(seconds=30))
    with pytest.raises(LeaseLostError):
        watch.poll()
    assert watch.happened(*FOLLOWED) == []
    assert backlog.counts(watch.salon.database).parked == 0
