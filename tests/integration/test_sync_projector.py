"""The sender against a CRM over real HTTP: one effect for each wish, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.decisions.note_sync import BeginAttempt
from ledger.errors import DiaryNotLoadedError, LeaseLostError, NothingToSyncError, SlotTakenError
from ledger.integrity import verify_chain
from ledger.leases import Lease, acquire
from ledger.recorder import BoundaryItem
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId
from projections import backlog
from projections.clients import contact_of
from projections.integration import integration
from projections.projector import lags
from sync.inbound import connect, import_baseline
from sync.plan import PlanItem, conflicts, make_plan
from sync.projector import Pace, SyncProjector
from sync.simulator import Limits, NewEntry, Simulator, running
from sync.simulator_gate import PARTNER_TOKEN, USER_TOKEN
from sync.turns import Turns
from sync.yclients import Access, Yclients
from tests.builders import ANNA, HAIRCUT, MOSCOW, NOW, OLGA, at, slot
from tests.salon import Salon, open_test_salon

PACE = Pace(request=timedelta(seconds=2), settle=timedelta(seconds=60))


def by_hand(staff_id: int, start: str, minutes: int) -> NewEntry:
    """What the salon's staff write into the CRM themselves."""
    return NewEntry(staff_id, at(start).replace(tzinfo=None), minutes * 60)


class Stage:
    """A salon, its simulated CRM, and a sender that is stepped by hand."""

    def __init__(self, salon: Salon, simulator: Simulator, url: str) -> None:
        self.salon, self.simulator, self.url = salon, simulator, url
        self.turns = Turns(salon.database, timedelta(milliseconds=1))
        access = Access(url, PARTNER_TOKEN, USER_TOKEN, 1)
        self.crm = Yclients(access, wait_turn=self.turns, zone=MOSCOW, deadline=PACE.request)
        self.sender = self.new_sender()
        self.lease = self.take_lease("sender")

    def new_sender(self) -> SyncProjector:
        """As after a restart: nothing remembered."""
        return SyncProjector(self.salon.ledger, self.salon.vault, self.crm, self.turns, self.salon.clock, PACE)

    def take_lease(self, holder: str) -> Lease:
        lease = acquire(self.salon.database, "sync", holder, lasting=timedelta(seconds=30))
        assert lease is not None
        return lease

    def step(self) -> PlanItem | None:
        self.salon.catch_up()
        done = self.sender.step(self.lease)
        self.salon.catch_up()
        return done

    def drain(self, most: int = 30) -> int:
        for steps in range(most):
            if self.step() is None:
                return steps
        pytest.fail("the sender does not come to an end")

    def state(self, booking_id: BookingId) -> SyncState:
        state = fold_sync(self.salon.ledger.history(boundaries.booking(booking_id)))
        assert state is not None
        return state

    def types(self, booking_id: BookingId) -> list[str]:
        return [item.type for item in self.salon.ledger.history(boundaries.booking(booking_id))]

    def live_records(self) -> list[str]:
        """The api_id of every record that stands in the CRM."""
        return sorted(str(record["api_id"]) for record in self.simulator.records() if not record["deleted"])


@pytest.fixture
def stage(database_url: str, schema: str) -> Iterator[Stage]:
    with open_test_salon(database_url, schema) as salon:
        simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now)
        with running(simulator) as url:
            stage = Stage(salon, simulator, url)
            salon.resume()
            yield stage
            stage.crm.close()
            assert verify_chain(salon.recorder).ok


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
    stage.salon.advance(seconds=63)
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
        stage.salon.order(), booking_id, number, "create", deadline_at
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


def test_the_diary_of_the_crm_takes_its_slots_before_days_are_offered(stage: Stage) -> None:
    connect(stage.salon.ledger, stage.salon.clock, 1)
    stage.simulator.add_by_hand(by_hand(OLGA, "15:00", 90))
    with pytest.raises(DiaryNotLoadedError):
        stage.salon.book(slot("10:00"))
    assert stage.drain() == 0
    assert import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock) == 1
    import_baseline(stage.salon.ledger, stage.crm, stage.salon.clock)
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
