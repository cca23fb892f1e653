"""An empty or failing answer is never "all deleted", and what is too large to be believed waits for a word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import events as e
from ledger.decisions.brake import AcceptCrmChange
from ledger.errors import SlotTakenError
from ledger.values import Actor, BookingId
from projections.crm_diary import brake_state
from projections.integration import integration
from sync.errors import GoneError, UnavailableError
from sync.wire import CrmRecord
from tests.builders import ANNA, MONDAY, slot
from tests.stage import Stage, by_hand
from tests.watch import Watch

FOLLOWED = (e.CrmBookingMoved, e.CrmBookingRemoved)


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage)


def week(watch: Watch, visits: int) -> list[BookingId]:
    """So many bookings in the CRM, a day each."""
    booked = [watch.salon.book(slot("10:00", on=MONDAY + timedelta(days=n))) for n in range(visits)]
    watch.stage.drain()
    return booked


def accept(watch: Watch) -> None:
    watch.salon.ledger.execute(AcceptCrmChange(watch.salon.order(Actor("operator", "1"))))


def test_six_of_ten_removed_at_once_are_not_believed_and_what_is_made_by_hand_still_is(watch: Watch) -> None:
    booked = week(watch, 10)
    watch.begin()
    for booking_id in booked[:6]:
        watch.strike_out(booking_id)
    watch.stage.simulator.add_by_hand(by_hand(ANNA, "12:00", 60))

    read_until = watch.reader.inbox.reading().changed_at
    watch.poll()
    watch.poll()

    assert watch.happened(*FOLLOWED) == []
    assert watch.reader.inbox.reading().changed_at == read_until, "what is withheld is not read yet"
    (braked,) = watch.happened(e.CrmChangeBraked)
    assert braked.event == e.CrmChangeBraked(removed=6, moved=0, known=10)
    with pytest.raises(SlotTakenError):
        watch.salon.book(slot("12:00"))


def test_five_of_ten_are_believed(watch: Watch) -> None:
    booked = week(watch, 10)
    watch.begin()
    for booking_id in booked[:5]:
        watch.strike_out(booking_id)
    watch.poll()
    assert len(watch.happened(e.CrmBookingRemoved)) == 5
    assert brake_state(watch.salon.ledger) is None


def test_little_by_little_within_minutes_is_one_change(watch: Watch) -> None:
    booked = week(watch, 10)
    watch.begin()
    for booking_id in booked[:4]:
        watch.strike_out(booking_id)
    watch.poll()
    for booking_id in booked[4:7]:
        watch.strike_out(booking_id)
    watch.poll()
    assert len(watch.happened(e.CrmBookingRemoved)) == 4
    assert len(watch.happened(e.CrmChangeBraked)) == 1


def test_hint_by_hint_does_not_get_past_the_brake(watch: Watch) -> None:
    booked = week(watch, 12)
    watch.begin()
    for booking_id in booked:
        watch.strike_out(booking_id)
        watch.reader.inbox.hint([watch.record_of(booking_id)])
    while watch.look():
        pass
    assert len(watch.happened(e.CrmBookingRemoved)) == 5
    assert len(watch.happened(e.CrmChangeBraked)) == 1


def test_an_operators_word_lets_just_that_change_through(watch: Watch) -> None:
    booked = week(watch, 12)
    watch.begin()
    for booking_id in booked[:6]:
        watch.drag(booking_id, slot("16:00", on=MONDAY + timedelta(days=booked.index(booking_id))))
    watch.poll()
    accept(watch)

    assert watch.step()

    assert len(watch.happened(e.CrmBookingMoved)) == 6
    assert brake_state(watch.salon.ledger) is not None
    for booking_id in booked[6:]:
        watch.strike_out(booking_id)
    watch.poll()
    assert watch.happened(e.CrmBookingRemoved) == []
    assert len(watch.happened(e.CrmChangeBraked)) == 2


def test_a_word_is_used_up_by_the_change_it_was_for(watch: Watch) -> None:
    booked = week(watch, 18)
    watch.begin()
    for booking_id in booked[:6]:
        watch.strike_out(booking_id)
    watch.poll()
    accept(watch)
    watch.step()
    assert len(watch.happened(e.CrmBookingRemoved)) == 6
    assert not watch.reader.brake.is_word_unused()
    watch.later(minutes=11)

    for booking_id in booked[6:12]:
        watch.strike_out(booking_id)
    watch.poll()

    assert len(watch.happened(e.CrmBookingRemoved)) == 6
    assert len(watch.happened(e.CrmChangeBraked)) == 2


def test_the_word_does_not_cover_a_larger_change(watch: Watch) -> None:
    booked = week(watch, 12)
    watch.begin()
    for booking_id in booked[:6]:
        watch.strike_out(booking_id)
    watch.poll()
    watch.strike_out(booked[6])
    accept(watch)
    watch.step()
    assert watch.happened(*FOLLOWED) == []
    assert [item.event for item in watch.happened(e.CrmChangeBraked)][-1] == e.CrmChangeBraked(7, 0, 12)


def test_the_brake_comes_off_by_itself_when_the_diary_is_as_it_was(watch: Watch) -> None:
    booked = week(watch, 8)
    watch.begin()
    for booking_id in booked:
        watch.strike_out(booking_id)
    watch.poll()
    for booking_id in booked[1:]:
        watch.restore(booking_id)

    watch.poll()
    assert len(watch.happened(e.CrmChangeSubsided)) == 0, "only the whole diary tells"
    watch.later(minutes=5)
    assert watch.step()

    (released,) = watch.happened(e.CrmChangeSubsided)
    assert released.by.kind == "system"
    assert watch.place(booked[0]).startswith("cancelled")
    assert watch.place(booked[1]).startswith("booked")


def test_an_empty_list_is_not_everything_deleted(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    booked = week(watch, 8)
    watch.begin()
    monkeypatch.setattr(watch.stage.crm, "records", lambda **_: [])
    watch.poll()
    assert watch.happened(e.CrmChangeBraked, *FOLLOWED) == []
    asked = watch.stage.sent("GET")

    watch.sweep()

    assert watch.happened(*FOLLOWED) == []
    assert len(watch.happened(e.CrmChangeBraked)) == 1
    assert watch.stage.sent("GET") == asked, "so many are not even asked about"
    monkeypatch.undo()
    watch.sweep()
    assert len(watch.happened(e.CrmChangeSubsided)) == 1
    assert {watch.place(one)[:6] for one in booked} == {"booked"}


def test_a_few_that_a_list_leaves_out_are_looked_at_by_their_numbers(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, gone, shown = week(watch, 3)
    watch.begin()
    watch.strike_out(gone)
    only = watch.stage.crm.record(watch.record_of(shown))
    monkeypatch.setattr(watch.stage.crm, "records", lambda **_: [only])
    watch.sweep()
    assert watch.place(here).startswith("booked")
    assert watch.place(gone).startswith("cancelled")


def test_a_diary_that_shows_nothing_we_know_may_be_another_branchs(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few they are: a wrong branch's number must not call the only visit of tomorrow off."""
    (only,) = week(watch, 1)
    watch.begin()
    record_id = watch.record_of(only)
    monkeypatch.setattr(watch.stage.crm, "record", gone)
    monkeypatch.setattr(watch.stage.crm, "records", lambda **_: [])
    watch.reader.inbox.hint([record_id])
    assert watch.look() == 1
    watch.sweep()
    assert watch.place(only).startswith("booked")
    assert [item.event for item in watch.happened(e.CrmChangeBraked)] == [e.CrmChangeBraked(1, 0, 1)]

    accept(watch)
    watch.step()

    assert watch.place(only).startswith("cancelled")


def gone(_: int) -> CrmRecord:
    """The CRM's own word that there is no such record."""
    raise GoneError(status=404)


def test_a_list_that_fails_on_its_second_page_says_nothing(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    week(watch, 3)
    watch.begin()

    def torn(**_: object) -> None:
        raise UnavailableError(status=502)

    monkeypatch.setattr(watch.stage.crm, "records", torn)
    with pytest.raises(UnavailableError):
        watch.sweep()
    assert watch.step(is_idle=False), "tried, and failed"
    assert not watch.step(is_idle=False), "and rests"
    assert watch.happened(e.CrmChangeBraked, *FOLLOWED) == []


def test_a_refused_token_in_the_midst_pauses_and_the_change_is_found_after_the_resume(watch: Watch) -> None:
    booking_id = watch.sent(slot("10:00"))
    watch.begin()
    watch.later(minutes=2)
    watch.strike_out(booking_id)
    watch.stage.simulator.set_mode("auth")

    watch.step()

    state = integration(watch.salon.ledger)
    assert (state.state, state.kind) == ("paused", "auth")
    assert not watch.step()
    assert watch.place(booking_id).startswith("booked")
    watch.stage.simulator.set_mode("ok")
    watch.salon.resume()
    watch.step(is_idle=False)
    assert watch.place(booking_id).startswith("cancelled")


def test_while_there_is_something_to_send_only_polls_go_between(watch: Watch) -> None:
    watch.begin()
    assert watch.step(is_idle=False), "a poll is due"
    asked = watch.stage.sent("GET")
    watch.later(hours=2)
    assert watch.step(is_idle=False)
    assert watch.stage.sent("GET") == asked + 1, "a poll, and no sweep"
    assert not watch.step(is_idle=False)
    assert watch.step(is_idle=True), "the sweep"
    assert not watch.step(is_idle=True)
