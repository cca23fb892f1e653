"""The sender against a CRM over real HTTP: one effect for each wish, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ledger.decisions.integration import PauseIntegration
from ledger.decisions.note_sync import BeginAttempt
from ledger.errors import LeaseLostError, NothingToSyncError
from projections.clients import contact_of
from projections.integration import integration
from tests.builders import ANNA, HAIRCUT, NOW, slot
from tests.stage import Stage, by_hand


def test_a_booking_is_in_the_crm_once(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    assert stage.drain() == 1
    assert stage.live_records() == [str(booking_id)]
    assert stage.state(booking_id).status == "synced"
    assert stage.types(booking_id)[-2:] == ["sync_attempted", "sync_succeeded"]


def test_a_cancelled_booking_is_removed_from_the_crm(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    stage.salon.cancel(booking_id)
    stage.drain()
    assert stage.live_records() == []
    assert stage.state(booking_id).status == "synced"


def test_booked_and_cancelled_while_away_is_never_sent_but_recorded(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.salon.cancel(booking_id)
    stage.drain()
    assert stage.simulator.records() == []
    assert stage.types(booking_id)[-1] == "sync_skipped"
    assert stage.state(booking_id).status == "skipped"


def test_a_lost_answer_after_the_write_is_found_not_repeated(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    assert stage.state(booking_id).status == "unknown"
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.live_records() == [str(booking_id)]
    assert stage.state(booking_id).status == "synced"
    assert sum(type_ == "sync_attempted" for type_ in stage.types(booking_id)) == 1


def test_a_lost_answer_to_a_removal_is_looked_up(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    stage.salon.cancel(booking_id)
    stage.simulator.set_mode("drop_after_write")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=5)
    stage.drain()
    assert stage.live_records() == []
    assert stage.state(booking_id).status == "synced"


def test_another_visit_of_the_same_client_is_not_taken_for_the_lost_one(stage: Stage) -> None:
    client_id = stage.salon.client()
    booking_id = stage.salon.book(slot("10:00"), client_id)
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.advance(minutes=5)
    contact = contact_of(stage.salon.ledger, stage.salon.vault, client_id)
    assert contact is not None
    other = by_hand(ANNA, "16:00", 60)
    same_client = {"phone": contact.phone.removeprefix("+"), "name": contact.name}
    stage.simulator.add_by_hand(
        msgspec.structs.replace(other, client=same_client, services=({"id": HAIRCUT, "cost": 1500},))
    )
    stage.drain()
    assert stage.state(booking_id).status == "synced"
    assert str(booking_id) in stage.live_records(), "the lost one was sent again, not bound to the other visit"


def test_not_there_counts_only_after_the_deadline_and_the_settling_time(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("off")
    stage.step()
    assert stage.state(booking_id).status == "unknown"
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=10)
    stage.drain()
    assert stage.state(booking_id).status == "unknown"
    assert stage.live_records() == []
    stage.salon.advance(seconds=60)
    stage.drain()
    assert stage.live_records() == [str(booking_id)]
    assert stage.state(booking_id).status == "synced"


def test_a_late_first_request_shows_up_as_a_duplicate(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.advance(seconds=70)
    create = stage.crm.create

    def and_then_the_first_one_arrives(*arguments: object, **options: object) -> object:
        made = create(*arguments, **options)  # type: ignore[arg-type]  # passed through as given
        create(*arguments, save_if_busy=True)  # type: ignore[arg-type]  # the late twin
        return made

    monkeypatch.setattr(stage.crm, "create", and_then_the_first_one_arrives)
    stage.drain()
    assert stage.state(booking_id).conflict == "duplicate"
    assert stage.state(booking_id).status == "parked"


def test_killed_after_the_request_the_next_sender_looks_it_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    booking_id = stage.salon.book(slot("10:00"))

    class KilledError(BaseException):
        """As if the process ended here."""

    def killed(*_: object) -> None:
        raise KilledError

    monkeypatch.setattr("sync.outcomes.Outcomes.succeed", killed)
    with pytest.raises(KilledError):
        stage.step()
    monkeypatch.undo()
    stage.sender = stage.new_sender()
    stage.drain()
    assert stage.live_records() == [str(booking_id)]
    assert stage.state(booking_id).status == "synced"


def test_killed_before_the_request_it_is_sent_once_that_is_sure(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    booking_id = stage.salon.book(slot("10:00"))

    class KilledError(BaseException):
        """As if the process ended here."""

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    monkeypatch.setattr(stage.crm, "create", killed)
    with pytest.raises(KilledError):
        stage.step()
    monkeypatch.undo()
    stage.sender = stage.new_sender()
    stage.drain()
    assert stage.live_records() == []
    stage.salon.advance(seconds=68)
    stage.drain()
    assert stage.live_records() == [str(booking_id)]


def test_a_401_pauses_by_itself_once_with_the_crms_own_words(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    stage.salon.book(slot("12:00"))
    stage.simulator.set_mode("auth")
    stage.drain()
    state = integration(stage.salon.ledger)
    assert (state.state, state.kind, state.message) == ("paused", "auth", "Не указан идентификатор партнера")
    assert stage.state(booking_id).status == "pending"
    stage.simulator.set_mode("ok")
    assert stage.step() is None
    stage.salon.resume()
    stage.drain()
    assert len(stage.live_records()) == 2


def test_nothing_is_sent_while_paused(stage: Stage) -> None:
    stage.salon.ledger.execute(PauseIntegration(stage.salon.order(), "operator"))
    stage.salon.book(slot("10:00"))
    assert stage.drain() == 0
    assert stage.simulator.counts().requests == 0


def test_a_sender_that_lost_its_lease_cannot_record_an_attempt(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    with stage.salon.database.transaction() as connection:
        connection.execute("UPDATE leases SET until = '-infinity' WHERE name = 'sync'")
    stage.take_lease("another")
    with pytest.raises(LeaseLostError):
        stage.step()
    assert "sync_attempted" not in stage.types(booking_id)
    assert stage.simulator.records() == []


def test_two_senders_deciding_at_once_leave_one_attempt(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    deadline_at = NOW + timedelta(seconds=2)
    begin: Callable[[int], BeginAttempt] = lambda number: BeginAttempt(  # noqa: E731  two alike, side by side
        stage.salon.order(), booking_id, number, "create", deadline_at, slot("10:00")
    )
    stage.salon.ledger.execute(begin(1))
    with pytest.raises(NothingToSyncError):
        stage.salon.ledger.execute(begin(2))


def test_a_crm_that_is_away_is_probed_not_hammered(stage: Stage) -> None:
    booking_ids = [stage.salon.book(slot(start)) for start in ("10:00", "11:00", "12:00")]
    stage.simulator.set_mode("off")
    for _ in range(10):
        stage.step()
    unknown = [booking_id for booking_id in booking_ids if stage.state(booking_id).status == "unknown"]
    assert len(unknown) == 1
    assert stage.simulator.counts().requests <= 3


def test_a_sender_that_slept_after_writing_its_attempt_down_does_not_send(stage: Stage) -> None:
    """Its deadline would no longer be true, and another sender may have concluded "not there" by then."""
    booking_id = stage.salon.book(slot("10:00"))
    begin = stage.sender._sending._begin

    def and_then_sleeps(*arguments: Any) -> Any:  # passed through as given
        attempt = begin(*arguments)
        stage.salon.advance(minutes=5)
        return attempt

    stage.sender._sending._begin = and_then_sleeps  # type: ignore[method-assign, assignment]  # a nap at the worst moment
    stage.step()
    assert stage.simulator.records() == []
    assert stage.types(booking_id)[-1] == "sync_failed"
    assert stage.state(booking_id).status == "pending"
