"""What the CRM lacks after an outage, sent to the simulated CRM: at its limit, and as fast as the sender can."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from bench import salon
from bench.backlogs import book, order, simulated_crm
from bench.rounds import Contest, Figure, Work, interleaved
from bench.rows import Row, Target
from bench.sizes import Stage
from console.demo.stage import COMPANY_ID, SimulatedCrm
from console.settings import load_settings
from console.wiring import House, open_house
from ledger import events as e
from ledger.codec import stored_name
from ledger.decisions.integration import ResumeIntegration
from ledger.leases import Lease, acquire
from ledger.privacy import new_master_key
from projections.integration import integration
from sync.access import Access
from sync.projector import SyncProjector
from sync.simulator import PARTNER_TOKEN, USER_TOKEN
from sync.turns import Turns
from sync.yclients import Yclients

A_SECOND, A_MINUTE = 5, 200
"""The vendor's limits."""
ANSWER_SECONDS = 0.1
"""What a call takes at the CRM's own end. From 0.3 on the sender, one request at a time, could not use up the limit."""
WANTED_SHARE = 0.95
PATIENCE = 60.0
_SCHEMA = "bench_sync"


def measure(stage: Stage) -> list[Row]:
    """All bookings stand in the log before anything is sent; only a part of them is, the rest waits all the while."""
    sizes, key = stage.sizes, new_master_key()
    settings = load_settings(database_url=stage.conninfo, zapisnik_schema=_SCHEMA, zapisnik_master_key=key)
    environment = {"DATABASE_URL": stage.conninfo, "ZAPISNIK_SCHEMA": _SCHEMA, "ZAPISNIK_MASTER_KEY": key}
    with open_house(settings, prepare=True, zone=salon.ZONE) as house:
        stage.tell(f"booking {sizes.waiting:,} visits the CRM knows nothing of")
        book(house, sizes.waiting)
        with simulated_crm(a_second=A_SECOND, a_minute=A_MINUTE, answer_seconds=ANSWER_SECONDS) as crm:
            paced = _paced(stage, house, crm, {**crm.settings(), **environment})
        with simulated_crm(a_second=10**6, a_minute=10**8, answer_seconds=0) as crm:
            return [paced, _unpaced(stage, house, crm)]


def _paced(stage: Stage, house: House, crm: SimulatedCrm, environment: dict[str, str]) -> Row:
    """`zapisnik sync run` at its usual pace, timed by its own attempts; the rounds are equal parts of one replay."""
    replayed, rounds = stage.sizes.replayed, stage.sizes.rounds
    with _sender(environment) as sender:
        _until(lambda: _has_read_the_diary(house), sender)
        before = crm.seen()["counts"]["requests"]
        stage.tell(f"sending {replayed:,} of them at the CRM's own limit")
        house.ledger.execute(ResumeIntegration(order("resume")))
        _until(lambda: len(_attempted_at(house)) > replayed, sender, patience=PATIENCE + replayed)
    counts, attempted_at = crm.seen()["counts"], _attempted_at(house)
    a_booking = (counts["requests"] - before) / len(attempted_at)
    cuts = [round(part * replayed / rounds) for part in range(rounds + 1)]
    rates = [(to - since) / (attempted_at[to] - attempted_at[since]) * a_booking for since, to in pairwise(cuts)]
    limit, ours = Figure("the limit", rounds=[A_MINUTE / 60] * rounds), Figure("ours, requests", rounds=rates)
    share = ours.times(limit)
    targets = [
        Target(WANTED_SHARE * 100, share * 100, "% of the limit"),
        Target(0, counts["rate_limited"], "answers 429", "at most"),
    ]
    notes = [
        f"{a_booking:.2f} requests a booking, {A_MINUTE * share / a_booking:,.0f} bookings a minute; "
        f"{stage.sizes.waiting:,} wait in all, the CRM takes {ANSWER_SECONDS:g} s to answer"
    ]
    return Row("sync", "sync replay, at the CRM's own limit", [limit, ours], ours, limit, targets, notes)


def _unpaced(stage: Stage, house: House, crm: SimulatedCrm) -> Row:
    """The sender's own work for a booking, as `SyncRunner` does it, beside nothing but a call; no pace, no limit.

    In it: catching up, a page of the plan, the contact unsealed, both events, one POST on a fresh connection.
    """
    turns, each = Turns(house.database, timedelta(0)), stage.sizes.sent
    access = Access(crm.url, PARTNER_TOKEN, USER_TOKEN, COMPANY_ID)
    bare, ours = Figure("bare calls"), Figure("ours, bookings")
    with Yclients(access, wait_turn=turns, zone=salon.ZONE) as client:
        sender = SyncProjector(house.ledger, house.vault, client, turns, house.clock)

        def call() -> None:
            client.probe()

        def send() -> None:
            house.follower.catch_up()
            if sender.step(_lease(house)) is None:
                raise RuntimeError("nothing is left to be sent, or the sender has stepped back")

        contests = [Contest([bare], lambda: [_rate(call, each)]), Contest([ours], lambda: [_rate(send, each)])]
        interleaved(stage.sizes.rounds, contests, stage.tell, "sending")
    return Row("sync-most", "sync replay, without pace and limit", [bare, ours], ours, bare)


def _rate(work: Work, times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - started)


def _lease(house: House) -> Lease:
    lease = acquire(house.database, "sync", house.holder, lasting=timedelta(seconds=30))
    assert lease is not None, "the sender of the paced part is gone"
    return lease


def _has_read_the_diary(house: House) -> bool:
    now = integration(house.ledger)
    return now.is_connected and now.is_diary_loaded


def _attempted_at(house: House) -> list[float]:
    """When each attempt was written down, just before its request left; seconds since 1970."""
    attempts = DCBQuery([DCBQueryItem(types=[stored_name(e.SyncAttempted)])])
    stored, _ = house.recorder.page(attempts, 0, 1_000_000)
    return [one.recorded_at.timestamp() for one in stored]


@contextmanager
def _sender(settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`zapisnik sync run` in a process of its own, at the pace it has unless told otherwise."""
    usual = {"SYNC_SPACING_SECONDS": "", "SYNC_REQUEST_SECONDS": "", "SYNC_SETTLE_SECONDS": "", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "console", "sync", "run"]
    with subprocess.Popen(command, env={**os.environ, **settings, **usual}) as process:
        try:
            yield process
        finally:
            process.terminate()


def _until(is_so: Callable[[], bool], sender: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
    gives_up_at = time.monotonic() + patience
    while not is_so():
        if sender.poll() is not None or time.monotonic() > gives_up_at:
            raise RuntimeError("the sender ended by itself or does not come to an end")
        time.sleep(0.2)
