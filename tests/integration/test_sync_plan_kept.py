"""What the plan showed is what then happens, item by item and in that order; showing it writes nothing anywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec
import pytest

from console.plans import ShownPlan, current_plan, differences, plan_code, plan_json
from console.settings import load_settings
from console.wiring import House
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.values import BookingId, booking_code
from sync.plan import PlanItem, Step
from tests.builders import ANNA, MONDAY, MOSCOW, OLGA, slot
from tests.shell import crm
from tests.stage import Stage, by_hand

TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


def house_of(stage: Stage) -> House:
    """What the console's commands see of this salon."""
    salon = stage.salon
    given = {name.lower(): value for name, value in crm(stage.url).items()}
    return House(
        load_settings(**given, sync_spacing_seconds=0.001),
        salon.database,
        salon.recorder,
        salon.ledger,
        salon.vault,
        salon.clock,
        MOSCOW,
        (),
        salon.follower,
        "test",
    )


@pytest.fixture
def outage(stage: Stage) -> dict[str, BookingId]:
    """All that can wait after a day without the CRM; Monday's ten o'clock is past by now."""
    salon = stage.salon
    known = {
        "swap one": salon.book(slot("10:00", on=TUESDAY)),
        "swap other": salon.book(slot("16:00", on=TUESDAY)),
        "moved": salon.book(slot("12:00", on=TUESDAY)),
        "cancelled": salon.book(slot("18:00", on=WEDNESDAY)),
        "there and back": salon.book(slot("10:00", on=WEDNESDAY)),
        "over itself": salon.book(slot("12:00", on=WEDNESDAY, staff_id=OLGA)),
    }
    assert stage.drain() == len(known)
    stage.simulator.add_by_hand(by_hand(ANNA, "17:00", 60))
    parked = salon.book(slot("17:00"))
    stage.drain()
    salon.ledger.execute(PauseIntegration(salon.order(), "operator"))
    salon.move(known["swap one"], slot("11:00", on=TUESDAY, staff_id=OLGA))
    salon.move(known["swap other"], slot("10:00", on=TUESDAY))
    salon.move(known["swap one"], slot("16:00", on=TUESDAY))
    salon.move(known["moved"], slot("19:00", on=WEDNESDAY))
    salon.cancel(known["cancelled"])
    salon.move(known["there and back"], slot("15:00", on=WEDNESDAY))
    salon.move(known["there and back"], slot("10:00", on=WEDNESDAY))
    salon.move(known["over itself"], slot("12:30", on=WEDNESDAY, staff_id=OLGA))
    gone = salon.book(slot("11:00", on=WEDNESDAY))
    salon.cancel(gone)
    made = {
        "past": salon.book(slot("10:00")),
        "into the freed time": salon.book(slot("12:00", on=TUESDAY)),
        "into the cancelled time": salon.book(slot("18:00", on=WEDNESDAY)),
        "coming": salon.book(slot("18:00")),
    }
    salon.advance(hours=23)  # Monday, 11:00
    salon.catch_up()
    return {**known, **made, "gone": gone, "parked": parked}


def carried_out(stage: Stage, past: Literal["send", "skip", "ask"]) -> list[PlanItem]:
    """Everything the sender does after resuming."""
    stage.salon.ledger.execute(ResumeIntegration(stage.salon.order(), past))
    done = []
    while (item := stage.step()) is not None:
        done.append(item)
    return done


DONE: dict[str, frozenset[Step]] = {
    "ask": frozenset({"create", "move", "cancel", "skip"}),
    "skip": frozenset({"create", "move", "cancel", "skip", "past"}),
    "send": frozenset({"create", "move", "cancel", "skip"}),
}


@pytest.mark.parametrize("past", ["ask", "send", "skip"])
def test_what_was_shown_is_what_happens_in_that_order(
    stage: Stage, outage: dict[str, BookingId], past: Literal["send", "skip", "ask"]
) -> None:
    shown, clashing = current_plan(house_of(stage), past)
    assert clashing == {}

    done = carried_out(stage, past)

    to_do = [item for item in shown if item.step in DONE[past]]
    assert [(item.booking_id, item.step) for item in done] == [(item.booking_id, item.step) for item in to_do]
    assert [(item.over, item.circle) for item in done] == [(item.over, item.circle) for item in to_do]
    steps = {name: item.step for name, booking_id in outage.items() for item in shown if item.booking_id == booking_id}
    assert steps == {
        "swap one": "move",
        "swap other": "move",
        "moved": "move",
        "cancelled": "cancel",
        "there and back": "skip",
        "over itself": "move",
        "past": "create" if past == "send" else "past",
        "into the freed time": "create",
        "into the cancelled time": "create",
        "coming": "create",
        "gone": "skip",
        "parked": "parked",
    }
    left = {name for name, booking_id in outage.items() if stage.state(booking_id).status in ("pending", "parked")}
    assert left == ({"parked", "past"} if past == "ask" else {"parked"})


def test_a_conflict_that_was_shown_is_the_one_that_comes(stage: Stage, outage: dict[str, BookingId]) -> None:
    stage.simulator.add_by_hand(by_hand(ANNA, "18:15", 30))

    shown, clashing = current_plan(house_of(stage))
    carried_out(stage, "ask")

    assert clashing is not None
    assert set(clashing) == {outage["coming"]}
    assert stage.state(outage["coming"]).conflict == "slot_busy"
    counted = plan_json(shown, clashing, "ask")
    assert (counted["conflict"], counted["past"]) == (2, 1)


def test_what_staff_wrote_into_the_crm_since_is_a_difference_where_both_plans_know_of_it(
    stage: Stage, outage: dict[str, BookingId]
) -> None:
    house, coming = house_of(stage), outage["coming"]
    items, clashing = current_plan(house)
    shown = msgspec.convert(plan_json(items, clashing, "ask"), ShownPlan)
    blind = msgspec.structs.replace(shown, conflict=None)
    assert list(differences(shown, items, clashing)) == []
    stage.simulator.add_by_hand(by_hand(ANNA, "18:15", 30))

    items, clashing = current_plan(house)

    place = f"{MONDAY} 18:00 with {ANNA}"
    assert list(differences(shown, items, clashing)) == [
        f"changed  {booking_code(coming)}  conflict {place}; was create {place}"
    ]
    assert list(differences(blind, items, clashing)) == []
    assert list(differences(shown, items, None)) == []


def test_another_order_alone_is_a_difference_and_so_is_what_is_gone(stage: Stage, outage: dict[str, BookingId]) -> None:
    items, clashing = current_plan(house_of(stage))
    shown = msgspec.convert(plan_json(items, clashing, "ask"), ShownPlan)

    assert list(differences(shown, items[::-1], clashing)) == ["order    the same bookings, in another order"]
    (gone,) = differences(shown, [one for one in items if one.booking_id != outage["coming"]], clashing)
    assert gone == f"gone     {booking_code(outage['coming'])}  create {MONDAY} 18:00 with {ANNA}"
    assert plan_code(items) == shown.code != plan_code(items[::-1])


def test_showing_the_plan_writes_nothing_here_and_only_reads_there(stage: Stage, outage: dict[str, BookingId]) -> None:
    def log() -> list[tuple[object, ...]]:
        with stage.salon.database.transaction() as connection:
            return connection.execute("SELECT * FROM events ORDER BY position").fetchall()

    before, records, calls = log(), stage.simulator.records(), len(stage.simulator.journal())

    current_plan(house_of(stage))

    assert log() == before
    assert stage.simulator.records() == records
    asked = stage.simulator.journal()[calls:]
    assert {call.method for call in asked} == {"GET"}


def test_a_move_whose_old_time_is_still_coming_is_sent_although_its_new_one_is_past(stage: Stage) -> None:
    booking_id = stage.salon.book(slot("18:00"))
    stage.drain()
    stage.salon.ledger.execute(PauseIntegration(stage.salon.order(), "operator"))
    stage.salon.move(booking_id, slot("10:00"))
    stage.salon.advance(hours=23)
    stage.salon.catch_up()

    (item,), _ = current_plan(house_of(stage), "skip")
    done = carried_out(stage, "skip")

    assert (item.step, [one.step for one in done]) == ("move", ["move"])
    assert stage.places() == {str(booking_id): f"{ANNA} {MONDAY} 10:00"}
