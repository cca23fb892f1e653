"""The client against the simulated Yclients, over real HTTP."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import msgspec
import pytest

from ledger.errors import MalformedValueError
from sync import errors
from sync.access import Access
from sync.simulator import Limits, Simulator, running
from sync.wire import NewCrmRecord
from sync.yclients import Yclients
from tests.crm_hosts import ACCESS, NEW, client, host, saying

DAY = date(2026, 12, 1)


def at(hour: int, minute: int = 0) -> NewCrmRecord:
    return msgspec.structs.replace(NEW, starts_at=NEW.starts_at.replace(hour=hour, minute=minute))


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(limits=Limits(1_000, 10_000))


@pytest.fixture
def crm(simulator: Simulator) -> Iterator[Yclients]:
    with running(simulator) as url, client(url) as asking:
        yield asking


def test_a_booking_goes_there_and_comes_back_the_same(crm: Yclients) -> None:
    made = crm.create(NEW)

    assert (made.staff_id, made.slot_start, made.minutes) == (5, NEW.starts_at, 90)
    assert (made.service_ids, made.phone_digits, made.api_id) == ((3,), "79161234567", "1234567890123")
    assert crm.record(made.record_id) == made
    assert crm.records() == [made]


def test_a_start_in_another_zone_leaves_with_the_digits_of_the_branch_s_clock() -> None:
    """The CRM may go by the digits alone, so an equal instant with other digits would not do."""
    with (
        host(saying(b"", status="500 Broken")) as (url, requests),
        client(url) as crm,
        pytest.raises(errors.UnknownOutcomeError),
    ):
        crm.create(msgspec.structs.replace(NEW, starts_at=datetime(2026, 12, 1, 7, 0, tzinfo=UTC)))

    assert b'"datetime":"2026-12-01T10:00:00+03:00"' in requests[0]


def test_an_object_in_place_of_the_array_is_a_made_record_too() -> None:
    simulator = Simulator(answers_as="object")
    with running(simulator) as url, client(url) as crm:
        assert crm.create(NEW).api_id == "1234567890123"


def test_a_removed_record_is_read_as_removed_and_is_gone_for_a_second_removal(crm: Yclients) -> None:
    made = crm.create(NEW)

    crm.delete(made.record_id)

    assert crm.record(made.record_id).deleted
    assert crm.records() == []
    assert [record.record_id for record in crm.records(with_deleted=True)] == [made.record_id]
    with pytest.raises(errors.GoneError) as gone:
        crm.delete(made.record_id)
    assert (gone.value.kind, gone.value.status, gone.value.crm_message) == ("gone", 404, "Не найдено")
    with pytest.raises(errors.GoneError):
        crm.record(5)


def test_the_branch_tells_its_zone(crm: Yclients) -> None:
    assert crm.probe() == "Europe/Moscow"


def test_a_taken_time_is_busy_unless_it_is_to_be_saved_anyway(crm: Yclients) -> None:
    crm.create(NEW)

    with pytest.raises(errors.BusyError) as busy:
        crm.create(at(10, 30))

    assert (busy.value.kind, busy.value.status) == ("busy", 409)
    assert busy.value.crm_message == "Мастер занят или не работает: 2026-12-01 10:30"
    assert crm.create(at(10, 30), save_if_busy=True).slot_start == at(10, 30).starts_at


def test_a_change_replaces_the_record_as_a_whole(crm: Yclients) -> None:
    made = crm.create(NEW)

    crm.change(made.record_id, msgspec.structs.replace(at(15), staff_id=6, comment="у окна"))

    after = crm.record(made.record_id)
    assert (after.staff_id, after.slot_start, after.minutes) == (6, at(15).starts_at, 90)
    assert (after.service_ids, after.phone_digits, after.api_id) == ((3,), "79161234567", "1234567890123")
    assert after.comment == "у окна"


def test_a_change_may_be_refused_for_the_record_s_own_old_time(crm: Yclients) -> None:
    made = crm.create(NEW)

    with pytest.raises(errors.BusyError):
        crm.change(made.record_id, at(10, 30))
    crm.change(made.record_id, at(10, 30), save_if_busy=True)

    assert crm.record(made.record_id).slot_start == at(10, 30).starts_at


def test_what_is_not_there_is_gone_for_a_change(crm: Yclients) -> None:
    with pytest.raises(errors.GoneError):
        crm.change(77, NEW)


def test_an_answer_to_a_change_that_shows_another_time_proves_nothing() -> None:
    body = b'{"success":true,"data":{"date":"2026-12-01 09:00:00"},"meta":[]}'
    with (
        host(saying(body, status="201 Created")) as (url, requests),
        client(url) as crm,
        pytest.raises(errors.UnknownOutcomeError),
    ):
        crm.change(77, NEW)
    assert requests[0].startswith(b"PUT /api/v1/record/1/77 ")


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b'{"date":"2026-12-01 10:00:00"}'])
def test_a_small_answer_to_a_change_is_enough(data: bytes) -> None:
    body = b'{"success":true,"data":' + data + b',"meta":[]}'
    with host(saying(body, status="201 Created")) as (url, _), client(url) as crm:
        crm.change(77, NEW)


def test_a_listing_is_whole_over_many_pages_and_waits_its_turn_for_each() -> None:
    simulator = Simulator(limits=Limits(1_000, 10_000), most_per_page=7)
    turns: list[None] = []
    with running(simulator) as url, client(url, turns=turns) as crm:
        made = [crm.create(at(10, minute), save_if_busy=True).record_id for minute in range(20)]
        turns.clear()

        assert [record.record_id for record in crm.records()] == made

    assert len(turns) == 3


def test_a_listing_is_narrowed_by_visit_creation_and_master(crm: Yclients) -> None:
    made = crm.create(NEW)
    other = crm.create(msgspec.structs.replace(NEW, staff_id=6, starts_at=NEW.starts_at + timedelta(days=9)))
    assert made.created_at is not None
    today = made.created_at.date()

    assert crm.records(from_on=DAY, until_on=DAY) == [made]
    assert crm.records(from_on=DAY + timedelta(days=1)) == [other]
    assert crm.records(staff_id=6) == [other]
    assert crm.records(created_from_on=today, created_until_on=today) == [made, other]
    assert crm.records(created_until_on=today - timedelta(days=1)) == []


def test_an_error_on_a_later_page_is_raised_and_never_a_partial_list() -> None:
    simulator = Simulator(limits=Limits(per_second=4, per_minute=4), most_per_page=1)
    with running(simulator) as url, client(url) as crm:
        for hour in (10, 12, 14):
            crm.create(at(hour))

        with pytest.raises(errors.RateLimitedError) as limited:
            crm.records()

    assert (limited.value.kind, limited.value.status) == ("rate", 429)
    assert limited.value.retry_after is not None
    assert 50 < limited.value.retry_after <= 60
    assert simulator.counts().rate_limited == 1


@pytest.mark.parametrize(
    ("access", "kind", "message"),
    [
        (replace(ACCESS, partner_token="another"), errors.AuthError, "Не указан идентификатор партнера"),
        (replace(ACCESS, user_token=""), errors.AuthError, "Необходима авторизация"),
        (replace(ACCESS, user_token="another"), errors.RightsError, "Нет прав на управление филиалом 1"),
        (replace(ACCESS, company_id=2), errors.RightsError, "Нет прав на управление филиалом 2"),
    ],
)
def test_wrong_credentials_are_told_in_the_crm_s_words(
    access: Access, kind: type[errors.SyncError], message: str
) -> None:
    with running(Simulator()) as url, client(url, access=access) as crm, pytest.raises(kind) as caught:
        crm.probe()

    assert caught.value.crm_message == message


def test_the_cut_off_of_july_2025_is_an_authorisation_error(crm: Yclients, simulator: Simulator) -> None:
    simulator.set_mode("auth")

    with pytest.raises(errors.AuthError) as caught:
        crm.create(NEW)

    assert (caught.value.kind, caught.value.status) == ("auth", 401)
    assert caught.value.crm_message == "Не указан идентификатор партнера"
    assert simulator.records() == []


def test_a_host_that_is_away_has_written_nothing_and_the_client_does_not_pretend_to_know(
    crm: Yclients, simulator: Simulator
) -> None:
    simulator.set_mode("off")

    with pytest.raises(errors.UnknownOutcomeError) as caught:
        crm.create(NEW)
    with pytest.raises(errors.UnavailableError):
        crm.records()

    assert (caught.value.kind, caught.value.status) == ("unknown", None)
    assert simulator.records() == []
    simulator.set_mode("ok")
    assert crm.create(NEW).api_id == "1234567890123"


def test_a_lost_answer_leaves_the_record_in_the_diary_and_the_outcome_unknown(
    crm: Yclients, simulator: Simulator
) -> None:
    simulator.set_mode("drop_after_write")

    with pytest.raises(errors.UnknownOutcomeError):
        crm.create(NEW)

    [found] = crm.records(from_on=DAY, until_on=DAY)
    assert found.api_id == "1234567890123"
    with pytest.raises(errors.UnknownOutcomeError):
        crm.delete(found.record_id)
    assert crm.record(found.record_id).deleted


def test_lost_answers_are_the_same_ones_for_the_same_seed(crm: Yclients, simulator: Simulator) -> None:
    def outcomes(seed: int) -> list[bool]:
        simulator.set_mode("drop_after_write", drop_share=1 / 3, seed=seed)
        answered = []
        for _ in range(12):
            try:
                crm.create(NEW, save_if_busy=True)
            except errors.UnknownOutcomeError:
                answered.append(False)
            else:
                answered.append(True)
        return answered

    first = outcomes(7)

    assert outcomes(7) == first
    assert 0 < first.count(False) < 12
    assert len(simulator.records()) == 24
    assert simulator.counts().hung_up == 2 * first.count(False)


def test_a_booking_that_cannot_be_written_is_never_sent(crm: Yclients, simulator: Simulator) -> None:
    naive = msgspec.structs.replace(NEW, starts_at=datetime(2026, 12, 1, 10, 0))  # noqa: DTZ001 - naive is the point
    for unfit in (naive, msgspec.structs.replace(NEW, staff_id=0)):
        with pytest.raises(MalformedValueError):
            crm.create(unfit)

    assert simulator.counts().requests == 0


def test_the_simulator_runs_as_a_program_and_stops_at_sigterm() -> None:
    command = [sys.executable, "-m", "sync.simulator", "--company", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            with client(url, access=replace(ACCESS, company_id=7)) as crm:
                assert crm.create(NEW).record_id == crm.records()[0].record_id
            turned = httpx.post(f"{url}/simulator/mode", json={"mode": "off"}, trust_env=False)
            watched = httpx.get(f"{url}/simulator", trust_env=False).json()
            program.send_signal(signal.SIGTERM)
            rest = program.communicate(timeout=10)
        finally:
            program.kill()

    assert turned.json() == {"mode": "off", "drop_share": 1.0}
    assert watched["counts"]["records"] == 1
    assert (program.returncode, rest) == (0, ("", ""))
