"""After trouble on the way: one read, one write, and bookings are not tried in turn on a CRM that takes none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from ledger.values import BookingId
from projections import backlog
from sync.errors import UnknownOutcomeError
from sync.outcomes import MOST_ATTEMPTS_IN_OUTAGE
from sync.wire import CrmRecord, NewCrmRecord
from tests import stage as stages
from tests.builders import slot
from tests.stage import Stage

HOURS = ("10:00", "11:00", "12:00", "15:00", "16:00", "17:00", "18:00")


class Writes:
    """The CRM's creates: while `are_lost`, none of them arrives, though all reads are answered."""

    def __init__(self, stage: Stage, patch: pytest.MonkeyPatch) -> None:
        self._stage, self._create = stage, stage.crm.create
        self.are_lost = True
        self.lost_always = BookingId(0)
        self.at: list[float] = []
        patch.setattr(stage.crm, "create", self.create)

    def create(self, new: NewCrmRecord, *, save_if_busy: bool = False) -> CrmRecord:
        self.at.append(self._stage.stopwatch())
        if self.are_lost or new.booking_id == self.lost_always:
            raise UnknownOutcomeError(status=502, detail="no answer in the CRM's own form")
        return self._create(new, save_if_busy=save_if_busy)


def for_minutes(stage: Stage, minutes: float, beat: float = 4.0) -> None:
    """The sender at work: it is stepped each `beat` seconds, and at once again while there is something to do."""
    until = stage.stopwatch() + minutes * 60
    while stage.stopwatch() < until:
        done = stage.sender.step(stage.lease)
        stage.salon.catch_up()
        stage.salon.advance(seconds=0.5 if done is not None else beat)


def attempted(stage: Stage) -> int:
    with stage.salon.database.transaction() as connection:
        row = connection.execute("SELECT count(*) FROM events WHERE type = 'sync_attempted'").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def ramped(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """With the pauses the product has after trouble."""
    monkeypatch.setattr(stages, "PACE", replace(stages.PACE, ramp=(2.0, 1.0, 0.5)))
    stage.sender = stage.new_sender()
    return stage


def test_a_crm_that_answers_reads_but_no_writes_burns_no_attempts(
    ramped: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_ids = [ramped.salon.book(slot(hour)) for hour in HOURS]
    writes = Writes(ramped, monkeypatch)

    for_minutes(ramped, 30)

    assert attempted(ramped) <= 37, "doubling from a second to a minute, then one a minute"
    assert backlog.counts(ramped.salon.database).parked == 0, "that is no question about a booking"
    writes.are_lost = False
    for_minutes(ramped, 8)
    assert ramped.live_records() == sorted(map(str, booking_ids))
    assert {ramped.state(booking_id).status for booking_id in booking_ids} == {"synced"}


def test_one_write_goes_first_and_the_others_follow_ever_faster(ramped: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for hour in HOURS:
        ramped.salon.book(slot(hour))
    writes = Writes(ramped, monkeypatch)
    for_minutes(ramped, 1.5)
    writes.are_lost, writes.at = False, []

    for_minutes(ramped, 3, beat=0.5)

    pauses = [later - earlier for earlier, later in pairwise(writes.at)]
    assert pauses[:3] == [2.5, 1.5, 1.0], "after each answer, which takes half a second here"
    assert len(ramped.live_records()) == len(HOURS)


def test_a_booking_whose_writes_alone_are_lost_is_parked_in_the_end_and_the_others_go(
    ramped: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, *others = [ramped.salon.book(slot(hour)) for hour in HOURS]
    writes = Writes(ramped, monkeypatch)
    writes.are_lost, writes.lost_always = False, poison

    for_minutes(ramped, 3)
    assert {ramped.state(booking_id).status for booking_id in others} == {"synced"}
    for_minutes(ramped, 90, beat=20)

    assert (ramped.state(poison).status, ramped.state(poison).attempts) == ("parked", MOST_ATTEMPTS_IN_OUTAGE)


def test_a_crm_that_is_away_is_asked_by_reading_only(ramped: Stage) -> None:
    booking_id = ramped.salon.book(slot("10:00"))
    ramped.simulator.set_mode("off")
    for_minutes(ramped, 10)
    assert (ramped.sent("POST"), attempted(ramped)) == (1, 1)
    assert ramped.sent("GET") <= 15
    ramped.simulator.set_mode("ok")
    for_minutes(ramped, 5)
    assert ramped.live_records() == [str(booking_id)]
