"""`zapisnik sync reconcile` as people and scripts use it: its JSON, its table, its exit codes, its refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.values import BookingId, booking_code
from sync.simulator import Limits, NewEntry, Simulator, running
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, at, slot
from tests.salon import Salon
from tests.shell import Shell, crm, refused
from tests.stage import Stage, by_hand

WEEK = ("--from", MONDAY.isoformat(), "--until", (MONDAY + timedelta(days=6)).isoformat())
FIELDS = {"kind", "booking_id", "record_id", "ours", "theirs", "explained_by"}


@pytest.fixture
def stage(salon: Salon) -> Iterator[Stage]:
    """Two bookings in the CRM, the read models free for the command to lead."""
    simulator = Simulator(limits=Limits(1000, 100_000), clock=salon.clock.now)
    with running(simulator) as url:
        stage = Stage(salon, simulator, url)
        salon.resume()
        salon.book(slot("10:00"))
        salon.book(slot("12:00"))
        stage.drain()
        salon.follower.step_down()
        yield stage
        stage.crm.close()


def test_equal_diaries_end_well_and_show_one_digest(shell: Shell, stage: Stage) -> None:
    found = shell.run("sync", "reconcile", *WEEK, **crm(stage.url))
    again = json.loads(shell.run("sync", "reconcile", *WEEK, "--json", **crm(stage.url)).stdout)

    assert found.returncode == 0, found.stderr
    assert "2 checked, 2 equal; no differences" in found.stdout
    assert (again["checked"], again["equal"], again["differences"]) == (2, 2, [])
    assert again["digest"]["ours"] == again["digest"]["theirs"]
    assert f"digest {again['digest']['ours']} on both sides" in found.stdout


def test_differences_end_with_1_the_unexplained_first(shell: Shell, stage: Stage) -> None:
    head = stage.salon.recorder.head()
    stage.simulator.add_by_hand(by_hand(OLGA, "15:00", 60))
    lost, late = _bookings(stage)[0], stage.salon.book(slot("18:00"))
    stage.simulator.remove_by_hand(stage.state(lost).record_id or 0)

    done = shell.run("sync", "reconcile", *WEEK, "--json", **crm(stage.url))
    shown = shell.run("sync", "reconcile", *WEEK, **crm(stage.url))

    refused(done, "differences between ledger and CRM: 3", "unexplained: 2", code=1)
    found = json.loads(done.stdout)
    differences: list[dict[str, Any]] = found["differences"]
    assert all(one.keys() >= FIELDS for one in differences)
    assert [(one["kind"], one["booking_id"]) for one in differences] == [
        ("missing_in_crm", lost),
        ("extra_in_crm", None),
        ("missing_in_crm", late),
    ]
    assert [one["explained_by"] and one["explained_by"]["type"] for one in differences] == [None, None, "booking_made"]
    assert differences[0]["theirs"]["status"] == "removed"
    assert differences[2]["explained_by"]["position"] == stage.salon.recorder.head()
    assert differences[2]["ours"]["starts_at"] == at("18:00").isoformat()
    assert (found["checked"], found["equal"], found["unexplained"]) == (4, 1, 2)
    assert shown.returncode == 1
    assert booking_code(lost) in shown.stdout
    assert f"№ {stage.salon.recorder.head()} booking_made" in shown.stdout
    assert (
        stage.salon.recorder.head() == head + 4
    )  # consent, contact, hold and booking made here; nothing by the command


def test_a_phone_is_never_shown_only_that_it_differs(shell: Shell, stage: Stage) -> None:
    booking_id = _bookings(stage)[0]
    stage.simulator.remove_by_hand(stage.state(booking_id).record_id or 0)
    stage.simulator.add_by_hand(
        NewEntry(
            ANNA,
            at("10:00").replace(tzinfo=None),
            3600,
            services=({"id": HAIRCUT},),
            client={"phone": "79991112233"},
            api_id=str(booking_id),
        )
    )

    done = shell.run("sync", "reconcile", *WEEK, "--json", **crm(stage.url))
    shown = shell.run("sync", "reconcile", *WEEK, **crm(stage.url))

    assert [one["kind"] for one in json.loads(done.stdout)["differences"]] == ["phone"]
    for text in (done.stdout, done.stderr, shown.stdout, shown.stderr):
        assert "9991112233" not in text
        assert "9160000" not in text


def test_an_empty_answer_says_how_many_bookings_were_expected(shell: Shell, stage: Stage) -> None:
    with running(Simulator()) as url:
        done = shell.run("sync", "reconcile", *WEEK, "--json", **crm(url))
        shown = shell.run("sync", "reconcile", *WEEK, **crm(url))

    refused(done, "1", code=1)
    (only,) = json.loads(done.stdout)["differences"]
    assert (only["kind"], only["ours"], only["explained_by"]) == ("empty_answer", {"expected": 2}, None)
    assert "2 bookings it should hold" in shown.stdout
    assert "says nothing about any booking" in shown.stdout


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("auth", ("YCLIENTS_PARTNER_TOKEN", "Не указан идентификатор партнера", "401")),
        ("off", ("YCLIENTS_URL", "cannot be reached")),
        ("redirect", ("YCLIENTS_URL",)),
        ("not_found", ("YCLIENTS_COMPANY_ID", "Не найдено")),
    ],
)
def test_a_crm_that_cannot_be_read_is_one_sentence(
    shell: Shell, stage: Stage, mode: str, words: tuple[str, ...]
) -> None:
    stage.simulator.set_mode(mode)  # type: ignore[arg-type]  # one of its modes

    done = shell.run("sync", "reconcile", *WEEK, **crm(stage.url))

    refused(done, *words, "zapisnik sync doctor")
    assert done.stdout == ""


def test_a_crm_that_asks_for_a_pause_gets_it_from_every_process(shell: Shell, stage: Stage) -> None:
    with running(Simulator(limits=Limits(per_second=1000, per_minute=1))) as url:
        first = shell.run("sync", "reconcile", *WEEK, **crm(url))
        second = shell.run("sync", "reconcile", *WEEK, **crm(url))

    refused(first, "differences", code=1)
    refused(second, "asks for a pause", "429")
    with stage.salon.database.transaction() as connection:
        row = connection.execute("SELECT next_at > clock_timestamp() + interval '20 s' FROM crm_turns").fetchone()
    assert row == (True,)


def test_wrong_use_is_one_sentence(shell: Shell, stage: Stage) -> None:
    there = crm(stage.url)

    refused(shell.run("sync", "reconcile"), "YCLIENTS_PARTNER_TOKEN")
    refused(shell.run("sync", "reconcile", "--from", "tomorrow", **there), "--from", "tomorrow")
    refused(shell.run("sync", "reconcile", "--from", "2030-01-07", "--until", "2030-01-06", **there), "--until")


def test_without_options_it_is_about_today_and_the_days_that_can_be_booked(shell: Shell, stage: Stage) -> None:
    found = json.loads(shell.run("sync", "reconcile", "--json", **crm(stage.url)).stdout)

    first, last = date.fromisoformat(found["from"]), date.fromisoformat(found["until"])
    assert last - first == timedelta(days=30)


def _bookings(stage: Stage) -> list[BookingId]:
    """In order of time."""
    records = sorted(stage.simulator.records(), key=lambda record: str(record["date"]))
    return [BookingId(int(str(record["api_id"]))) for record in records if record["api_id"]]
