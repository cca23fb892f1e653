"""Read models: the same rows inline, following, or folded aside; and one leader at a time."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest

from ledger import leases
from ledger.decisions.integration import PauseIntegration
from ledger.errors import LeaseLostError, SchemaVersionError
from ledger.values import BookingId
from projections.projector import Follower, install, lags
from tests.builders import (
    DARIA,
    NOW,
    order,
    slot,
)
from tests.store import Diary, Salon, all_at_once, kill_sessions, read_models

WEEK = (NOW, NOW + timedelta(days=7))


def diary(salon: Salon, model: Diary | None = None, holder: str = "a") -> Follower:
    install(salon.recorder, [model or Diary()])
    return Follower(salon.recorder, [model or Diary()], holder)


def positions(salon: Salon) -> list[int]:
    return [row[0] for row in salon.rows("SELECT position FROM diary ORDER BY position")]


def everything(salon: Salon) -> list[int]:
    return list(range(1, salon.recorder.head() + 1))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.projector.BATCH", 3)


def test_a_follower_applies_everything_once_in_batches(busy: Salon) -> None:
    follower = diary(busy)

    assert follower.catch_up()
    assert follower.catch_up()

    assert positions(busy) == everything(busy)
    assert {lag.name: lag.events for lag in lags(busy.database)}["diary"] == 0


def test_a_batch_that_breaks_in_the_middle_leaves_nothing_behind(busy: Salon) -> None:
    with pytest.raises(RuntimeError):
        diary(busy, Diary(breaks_at=5)).catch_up()
    assert positions(busy) == [1, 2, 3]
    assert {lag.name: lag.position for lag in lags(busy.database)}["diary"] == 3

    diary(busy).catch_up()

    assert positions(busy) == everything(busy)


def test_only_the_leader_follows_and_the_next_one_goes_on_where_it_stopped(busy: Salon) -> None:
    first, second = diary(busy, holder="a"), diary(busy, holder="b")
    assert first.catch_up()
    assert not second.catch_up()
    with busy.database.transaction() as connection:
        connection.execute("UPDATE leases SET until = '-infinity'")
    busy.hold(slot("18:00"), BookingId(9), DARIA)

    assert second.catch_up()
    assert not first.catch_up()

    assert positions(busy) == everything(busy)


def test_a_follower_that_lost_its_lease_meanwhile_applies_nothing(busy: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = diary(busy, holder="a")
    old = leases.acquire(busy.database, "followers", "a", lasting=timedelta(seconds=-1))
    leases.acquire(busy.database, "followers", "b", lasting=timedelta(seconds=60))
    monkeypatch.setattr(leases, "acquire", lambda *_, **__: old)  # asleep since it was given the lease

    with pytest.raises(LeaseLostError):
        follower.catch_up()

    assert positions(busy) == []


def test_two_followers_that_run_at_once_apply_everything_once(salon: Salon) -> None:
    stopped = threading.Event()
    followers = [diary(salon, holder=name) for name in "ab"]
    threads = [threading.Thread(target=one.run, args=(stopped,)) for one in followers]
    for thread in threads:
        thread.start()
    for n in range(20):
        salon.ledger.execute(PauseIntegration(order(), "operator", str(n)))
    head = salon.recorder.head()
    waiting = [Follower(salon.recorder, [Diary()], "c")]
    deadline = time.monotonic() + 10
    while len(positions(salon)) < head and time.monotonic() < deadline:
        time.sleep(0.05)
    stopped.set()
    for thread in threads:
        thread.join(timeout=10)

    assert positions(salon) == everything(salon)
    assert waiting[0].catch_up()  # whoever led has let the lease go


def test_a_running_follower_outlives_its_killed_connections(salon: Salon) -> None:
    stopped = threading.Event()
    thread = threading.Thread(target=diary(salon).run, args=(stopped,))
    thread.start()
    for n in range(6):
        salon.ledger.execute(PauseIntegration(order(), "operator", str(n)))
        time.sleep(0.05)
        kill_sessions(salon.database)
    deadline = time.monotonic() + 15
    with suppress(psycopg.OperationalError):
        positions(salon)  # this thread's own connection was killed as well
    while positions(salon) != everything(salon) and time.monotonic() < deadline:
        time.sleep(0.1)
    alive = thread.is_alive()
    stopped.set()
    thread.join(timeout=10)

    assert alive
    assert positions(salon) == everything(salon)


def test_waiting_for_a_position_says_whether_it_came(busy: Salon) -> None:
    follower = Follower(busy.recorder, read_models(), "a")

    assert follower.wait_until(busy.recorder.head(), seconds=5)
    assert not follower.wait_until(busy.recorder.head() + 1, seconds=0.2)


def test_a_model_that_is_not_installed_is_named(salon: Salon) -> None:
    with pytest.raises(SchemaVersionError, match="diary"):
        Follower(salon.recorder, [Diary()], "a").catch_up()


def test_lag_is_told_in_events_and_in_seconds(busy: Salon) -> None:
    before = {lag.name: lag for lag in lags(busy.database)}
    assert before["catalog"].events == busy.recorder.head()
    assert before["catalog"].seconds > 0
    assert (before["schedule"].events, before["schedule"].seconds) == (0, 0)

    Follower(busy.recorder, read_models(), "a").catch_up()

    after = {lag.name: lag for lag in lags(busy.database)}
    assert {(lag.events, lag.seconds) for lag in after.values()} == {(0, 0)}


def test_eight_that_catch_up_at_once_apply_everything_once(busy: Salon) -> None:
    followers = [diary(busy, holder=f"holder {n}") for n in range(4)]

    assert any(all_at_once([one.catch_up for one in followers]))

    deadline = time.monotonic() + 5
    while positions(busy) != everything(busy) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert positions(busy) == everything(busy)
