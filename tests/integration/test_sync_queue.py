"""The plan read a page at a time is the plan of all that waits, and costs no more when more waits."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from psycopg.rows import TupleRow

from ledger.errors import RefusalError
from ledger.sync_state import SyncState
from ledger.values import BookingId, Slot
from projections import backlog, queue
from sync.plan import PlanItem, make_plan, plan_pages
from tests.builders import ANNA, MONDAY, OLGA, slot
from tests.stage import Stage, by_hand

PLACES = [
    slot(f"{hour}:00", staff_id=staff_id, on=MONDAY + timedelta(days=day))
    for day in range(4)
    for staff_id in (ANNA, OLGA)
    for hour in (10, 11, 12, 15, 16, 17, 18)
]


def plan_in_pages(stage: Stage, size: int) -> list[PlanItem]:
    now = stage.salon.clock.now()
    return list(plan_pages(queue.pages(stage.salon.database, now, size=size), now, "ask"))


def whole_plan(stage: Stage) -> list[PlanItem]:
    return make_plan(backlog.open_items(stage.salon.database), stage.salon.clock.now(), "ask")


def try_to(do: Callable[..., object], *arguments: object) -> bool:
    try:
        do(*arguments)
    except RefusalError:
        return False
    return True


def stir(stage: Stage, dice: random.Random, bookings: list[BookingId], times: int) -> None:
    """Clients move, cancel and book as they like, and now and then change places; what is refused is refused."""
    salon = stage.salon
    for _ in range(times):
        match dice.choice(["move", "move", "move", "cancel", "book", "swap"]):
            case "move":
                try_to(salon.move, dice.choice(bookings), dice.choice(PLACES))
            case "cancel":
                try_to(salon.cancel, dice.choice(bookings))
            case "book":
                try_to(lambda: bookings.append(salon.book(dice.choice(PLACES))))
            case "swap":
                one, other = dice.sample(bookings, 2)
                first, second = stage.state(one).slot, stage.state(other).slot
                aside = slot("19:00", on=MONDAY + timedelta(days=5))
                if try_to(salon.move, one, aside) and try_to(salon.move, other, first):
                    try_to(salon.move, one, second)


@pytest.mark.parametrize("seed", range(3))
def test_the_plan_is_the_same_whatever_the_pages(stage: Stage, seed: int) -> None:
    dice = random.Random(seed)
    bookings = [stage.salon.book(place) for place in dice.sample(PLACES, 24)]
    stage.drain(60)
    for record in stage.simulator.records()[:2]:
        stage.simulator.remove_by_hand(int(str(record["id"])))
    stir(stage, dice, bookings, 20)
    for _ in range(3):  # some of it is sent, some of that is parked
        stage.step()
    stir(stage, dice, bookings, 20)
    stage.salon.advance(days=2)  # the first visits are past by now
    stage.salon.catch_up()

    whole = whole_plan(stage)

    assert {item.step for item in whole} >= {"create", "move", "cancel", "past"}
    assert any(item.after for item in whole)
    for size in (1, 2, 7, 1000):
        assert plan_in_pages(stage, size) == whole


def test_whoever_is_in_the_way_is_found_beyond_the_page(stage: Stage) -> None:
    leaving = stage.salon.book(slot("10:00"))
    stage.drain()
    later = slot("18:00", on=MONDAY + timedelta(days=6))
    stage.salon.move(leaving, later)
    coming = stage.salon.book(slot("10:00"))
    far = [stage.salon.book(slot("11:00", on=MONDAY + timedelta(days=day))) for day in range(1, 4)]
    stage.salon.catch_up()

    items = plan_in_pages(stage, 1)

    assert [item.booking_id for item in items] == [leaving, coming, *far]
    assert items[1].after == (leaving,)


def test_the_tables_know_only_open_bookings_that_have_to_leave(stage: Stage) -> None:
    def leaving() -> list[tuple[BookingId, Slot]]:
        with stage.salon.database.transaction() as connection:
            rows = connection.execute("SELECT * FROM backlog_leaving").fetchall()
        return [(row[0], Slot(row[1], row[2], row[3])) for row in rows]

    booking_id = stage.salon.book(slot("10:00"))
    stage.drain()
    assert leaving() == []
    stage.salon.move(booking_id, slot("16:00"))
    stage.salon.catch_up()
    assert leaving() == [(booking_id, slot("10:00"))]
    stage.drain()
    assert leaving() == []
    stage.salon.cancel(booking_id)
    stage.salon.catch_up()
    assert leaving() == [(booking_id, slot("16:00"))]


def test_a_step_reads_a_page_however_much_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of what is parked, although that comes first in time."""
    hours = ("10:00", "11:00", "12:00")
    for hour in hours:
        stage.simulator.add_by_hand(by_hand(ANNA, hour, 60))
    parked = [stage.salon.book(slot(hour)) for hour in hours]
    waiting = [stage.salon.book(place) for place in PLACES[14:]]
    waiting += [
        stage.salon.book(slot(f"{hour}:00", staff_id=staff_id, on=MONDAY + timedelta(days=day)))
        for day in range(4, 7)
        for hour in (10, 11, 12, 15)
        for staff_id in (ANNA, OLGA)
    ]
    assert len(waiting) > queue.PAGE
    for _ in parked:
        stage.step()
    assert backlog.counts(stage.salon.database).parked == len(parked)
    read: list[int] = []
    states = queue._states

    def counted(rows: Sequence[TupleRow]) -> list[SyncState]:
        read.append(len(rows))
        return states(rows)

    monkeypatch.setattr(queue, "_states", counted)

    done = stage.sender.step(stage.lease)

    assert done is not None
    assert done.booking_id in waiting
    assert read == [queue.PAGE, 0], "one page, and nobody stands in its way"
