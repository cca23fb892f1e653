"""Somebody sets the clock, by an hour and in the middle of everything: nothing is sent twice, nobody waits an hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ledger.integrity import verify_chain
from ledger.leases import acquire
from ledger.values import BookingId
from sync.errors import UnknownOutcomeError
from sync.pace import START_WITHIN
from sync.simulator import Limits, Simulator, running
from sync.turns import LONGEST_WAIT, Turns
from sync.wire import NewCrmRecord
from tests.builders import slot
from tests.fakes.conversation import Person, open_house
from tests.salon import open_test_salon
from tests.stage import PACE, Stage
from tests.store import Salon

LASTING = timedelta(seconds=15)
SETTINGS = pytest.mark.parametrize("hours", [1, -1])
NOT_SURE_YET = (START_WITHIN + PACE.request + PACE.settle).total_seconds() - 1


class Watch:
    """A stopwatch that runs when a test lets it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def stage(database_url: str, schema: str, watch: Watch) -> Iterator[Stage]:
    """A sender whose stopwatch is not moved by setting the clock."""
    with open_test_salon(database_url, schema) as salon:
        simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now)
        with running(simulator) as url:
            stage = Stage(salon, simulator, url)
            stage.stopwatch = watch
            stage.sender = stage.new_sender()
            salon.resume()
            yield stage
            stage.crm.close()
            assert verify_chain(salon.recorder).ok


# --- the sender ---


@SETTINGS
@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_clock_that_is_set_does_not_make_a_request_on_its_way_count_as_lost(
    stage: Stage, watch: Watch, hours: int, is_restarted: bool
) -> None:
    """The dangerous one: sent again, the first request would arrive after all, and the visit stand there twice."""
    booking_id = stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("off")
    stage.step()
    stage.simulator.set_mode("ok")
    stage.salon.advance(hours=hours)
    if is_restarted:
        stage.sender = stage.new_sender()
    for _ in range(4):
        stage.drain()
        watch.seconds += NOT_SURE_YET / 4
    stage.drain()
    assert stage.state(booking_id).status == "unknown"
    assert stage.live_records() == []

    watch.seconds += 2
    stage.drain()

    assert stage.live_records() == [str(booking_id)]
    assert stage.state(booking_id).status == "synced"


def test_a_request_that_arrives_after_the_clock_was_set_is_found_not_repeated(stage: Stage, watch: Watch) -> None:
    booking_id = stage.salon.book(slot("10:00"))
    late: list[NewCrmRecord] = []

    def is_late(new: NewCrmRecord, **_: object) -> None:
        late.append(new)
        raise UnknownOutcomeError(detail="no answer in time")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.crm, "create", is_late)
        stage.step()
    stage.salon.advance(hours=1)
    watch.seconds += 10
    stage.drain()
    stage.crm.create(late[0])
    watch.seconds += 70
    stage.drain()

    assert stage.live_records() == [str(booking_id)]


@SETTINGS
def test_a_sender_that_waits_for_the_crm_goes_on_when_the_clock_is_set(stage: Stage, watch: Watch, hours: int) -> None:
    """It asks once a minute at most, and did so an hour late."""
    stage.simulator.set_mode("off")
    bookings = [stage.salon.book(slot("10:00")), stage.salon.book(slot("12:00"))]
    stage.step()
    stage.salon.advance(hours=hours)
    stage.simulator.set_mode("ok")
    for _ in range(10):
        watch.seconds += 10
        stage.drain()

    assert stage.live_records() == sorted(str(one) for one in bookings)


# --- clients ---


@pytest.mark.parametrize(("minutes", "is_kept"), [(60, False), (-60, False), (4, True), (-4, True)])
async def test_a_kept_time_is_kept_from_nobody_for_an_hour_because_the_clock_was_set(
    database_url: str, schema: str, minutes: int, is_kept: bool
) -> None:
    with open_test_salon(database_url, schema) as salon:
        async with open_house(salon) as house:
            maria, daria = Person(house, 111), Person(house, 222, "Дарья")
            for one in (maria, daria):
                await one.write("/start")
                await one.press("Записаться", "Стрижка", "Анна")
            await maria.press("7", "12:00", "Даю")
            await maria.share()

            salon.advance(minutes=minutes)

            await daria.press("7")
            assert daria.see("12:00") is not is_kept
            if not is_kept:
                await daria.press("12:00")
                assert daria.see("Даю")
            booked = await maria.press("Записаться")
            assert ("Вы записаны!" in booked) is is_kept
            assert ("больше не держим" in booked) is not is_kept
        assert verify_chain(salon.recorder).ok


# --- the database's own clock ---


def set_back(salon: Salon) -> None:
    """The very function that appends, reading a clock that is an hour behind."""
    with salon.database.transaction() as connection:
        found = connection.execute("SELECT pg_get_functiondef('append_commands'::regproc)").fetchone()
        assert found is not None
        assert "clock_timestamp()" in found[0]
        late = found[0].replace("clock_timestamp()", "(clock_timestamp() - interval '1 hour')")
        connection.execute(late.encode())


def test_no_event_is_recorded_before_the_one_in_front_of_it(salon: Salon) -> None:
    salon.book()
    set_back(salon)

    salon.hold(slot("16:00"), booking_id=BookingId(77))

    times = [row[0] for row in salon.rows("SELECT recorded_at FROM events ORDER BY position")]
    assert times == sorted(times)
    assert times[-1] == times[-2]
    assert verify_chain(salon.recorder).ok


def test_a_lease_taken_before_the_clock_was_set_back_does_not_last_an_hour_longer(salon: Salon) -> None:
    acquire(salon.database, "sync", "one that died", lasting=LASTING)
    assert acquire(salon.database, "sync", "its successor", lasting=LASTING) is None

    with salon.database.transaction() as connection:
        connection.execute("UPDATE leases SET until = until + interval '1 hour'")

    assert acquire(salon.database, "sync", "its successor", lasting=LASTING) is not None


def test_a_turn_given_before_the_clock_was_set_back_is_not_waited_for_an_hour(salon: Salon) -> None:
    waited: list[float] = []
    turns = Turns(salon.database, sleep=waited.append)
    with salon.database.transaction() as connection:
        connection.execute("UPDATE crm_turns SET next_at = clock_timestamp() + interval '1 hour'")

    turns()

    assert 0 < waited[0] <= LONGEST_WAIT.total_seconds()
