"""The simulator's calls beyond the diary: their shapes are those of the vendor's OpenAPI, their refusals its words."""

from __future__ import annotations

import tomllib
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any  # JSON from the wire

import msgspec
import pytest

from sync.simulator import Catalog, Master, NewEntry, Service, example_catalog
from tests.simulated import BOOKING, SimulatedCrm, always, keys

SALON = Path(__file__).parents[2] / "salon.toml"
SERVICE_KEYS = {"id", "salon_service_id", "title", "category_id", "price_min", "price_max", "discount", "comment"}
SERVICE_KEYS |= {"weight", "active", "api_id", "staff"}
STAFF_KEYS = {"id", "name", "company_id", "specialization", "position", "avatar", "avatar_big", "fired", "status"}
STAFF_KEYS |= {"hidden", "user_id"}


@pytest.fixture
def crm() -> SimulatedCrm:
    return SimulatedCrm()


def refusal(crm: SimulatedCrm, method: str, path: str, body: object = None) -> tuple[int, str]:
    answer = crm.answer(method, path, body)
    assert answer.json()["success"] is False
    return answer.status_code, answer.json()["meta"]["message"]


def code(answer: Any) -> tuple[int, int]:
    [error] = answer.json()["meta"]["errors"]
    return answer.status_code, error["code"]


def test_services_have_the_documented_fields_and_their_count(crm: SimulatedCrm) -> None:
    answer = crm.answer("GET", "company/1/services").json()

    assert answer["meta"] == {"total_count": len(answer["data"])}
    assert {frozenset(service) for service in answer["data"]} == {frozenset(SERVICE_KEYS)}
    assert answer["data"][0]["staff"] == [{"id": 101, "seance_length": 3600}, {"id": 102, "seance_length": 3600}]
    assert crm.data("company/1/services/2001") == answer["data"][:1]
    assert refusal(crm, "GET", "company/1/services/9") == (404, "Сообщения о возможных ошибках")


def test_services_are_narrowed_by_master_and_category(crm: SimulatedCrm) -> None:
    def ids(**query: int) -> list[int]:
        return [service["id"] for service in crm.data("company/1/services", **query)]

    assert ids(staff_id=103) == [2007, 2008, 2009]
    assert ids(category_id=4) == [2012]
    assert crm.answer("GET", "company/1/services", staff_id="all").status_code == 422


def test_the_categories_have_their_names_in_the_price_list_of_online_booking(crm: SimulatedCrm) -> None:
    offer = crm.data("book_services/1")

    assert [one["title"] for one in offer["category"]] == ["Волосы", "Ногти", "Брови и ресницы", "Макияж"]
    assert keys(offer) == {"events", "services", "category"}


def test_masters_have_the_documented_fields_and_leave_as_fired(crm: SimulatedCrm) -> None:
    crm.simulator.catalog.dismiss(104)

    staff = crm.data("company/1/staff")

    assert {frozenset(master) for master in staff} == {frozenset(STAFF_KEYS)}
    assert [(master["id"], master["fired"]) for master in staff] == [(101, 0), (102, 0), (103, 0), (104, 1)]
    assert crm.data("company/1/staff/101") == staff[:1]
    assert refusal(crm, "GET", "company/1/staff/9")[0] == 404


def test_the_schedule_names_each_day_with_its_pieces_and_the_time_that_is_taken(crm: SimulatedCrm) -> None:
    crm.booked(datetime="2026-12-01 10:00:00")
    query = {"start_date": "2026-11-30", "end_date": "2026-12-01", "staff_ids[]": "101"}

    plain = crm.answer("GET", "company/1/staff/schedule", **query).json()
    busy = crm.data("company/1/staff/schedule", **query, **{"include[]": "busy_intervals"})

    pieces = [{"from": "10:00", "to": "14:00"}, {"from": "15:00", "to": "20:00"}]
    assert plain["meta"] == {"count": 2}
    assert plain["data"] == [
        {"staff_id": 101, "date": "2026-11-30", "slots": []},
        {"staff_id": 101, "date": "2026-12-01", "slots": pieces},
    ]
    interval = {"entity_type": "record", "entity_id": 1_000_001, "from": "10:00", "to": "11:00"}
    assert [day["busy_intervals"] for day in busy] == [[], [interval]]


def test_who_has_left_has_no_schedule(crm: SimulatedCrm) -> None:
    crm.simulator.catalog.dismiss(101)

    schedule = crm.data("company/1/staff/schedule", start_date="2026-12-01", end_date="2026-12-01")

    assert [day["staff_id"] for day in schedule] == [102, 103, 104]


@pytest.mark.parametrize(
    "wrong", [{}, {"start_date": "2026-12-02", "end_date": "2026-12-01"}, {"start_date": "soon", "end_date": "later"}]
)
def test_a_schedule_of_no_days_is_refused(crm: SimulatedCrm, wrong: dict[str, str]) -> None:
    assert crm.answer("GET", "company/1/staff/schedule", **wrong).status_code == 422


def test_rights_are_shown_in_their_groups_and_as_they_are_now(crm: SimulatedCrm) -> None:
    before = crm.data("user/permissions/1")
    crm.simulator.account.withdraw("delete_records_access")
    after = crm.data("user/permissions/1")

    assert keys(before) == {"timetable", "record_form", "clients", "webhook_read_access"}
    assert (before["record_form"]["delete_records_access"], after["record_form"]["delete_records_access"]) == (
        True,
        False,
    )
    assert after["timetable"]["timetable_transferring_record_access"] is True
    with pytest.raises(ValueError, match="not a right"):
        crm.simulator.account.withdraw("everything")


NO_RIGHT = (403, "Нет прав на управление филиалом")


@pytest.mark.parametrize(
    ("right", "method", "path", "body"),
    [
        ("delete_records_access", "DELETE", "record/1/1000001", None),
        ("create_records_access", "POST", "records/1", BOOKING | {"datetime": "2026-12-02 10:00:00"}),
        ("edit_records_access", "PUT", "record/1/1000001", BOOKING | {"save_if_busy": True}),
        ("timetable_transferring_record_access", "PUT", "record/1/1000001", BOOKING | {"staff_id": 102}),
        ("timetable_access", "GET", "records/1", None),
        ("timetable_access", "GET", "record/1/1000001", None),
        ("clients_delete_access", "DELETE", "client/1/500001", None),
        ("webhook_read_access", "GET", "hooks_settings/1", None),
        ("webhook_read_access", "POST", "hooks_settings/1", {"urls": [], "active": 1}),
    ],
)
def test_without_the_right_nothing_happens(crm: SimulatedCrm, right: str, method: str, path: str, body: object) -> None:
    crm.booked()
    before = crm.simulator.records()
    crm.simulator.account.withdraw(right)

    assert refusal(crm, method, path, body) == NO_RIGHT
    assert crm.simulator.records() == before
    crm.simulator.account.grant(right)
    assert crm.answer(method, path, body).is_success


def test_a_change_that_moves_nothing_needs_no_right_to_move(crm: SimulatedCrm) -> None:
    record_id = crm.booked()
    crm.simulator.account.withdraw("timetable_transferring_record_access")

    assert crm.answer("PUT", f"record/1/{record_id}", BOOKING | {"save_if_busy": True}).status_code == 201


@pytest.mark.parametrize("status", [402, 403])
def test_a_branch_whose_licence_has_run_out_is_refused_in_the_vendor_s_words(crm: SimulatedCrm, status: int) -> None:
    crm.simulator.account.end_licence(status)  # type: ignore[arg-type]  # the two documented ones

    assert refusal(crm, "POST", "records/1", BOOKING) == (status, "Необходимо продлить лицензию в филиале с id: 1")
    assert crm.simulator.records() == []
    crm.simulator.account.renew_licence()
    crm.booked()
    with pytest.raises(ValueError, match="402 or 403"):
        crm.simulator.account.end_licence(500)  # type: ignore[arg-type]  # wrong on purpose


def test_a_client_on_the_blacklist_is_refused_however_the_phone_is_written(crm: SimulatedCrm) -> None:
    crm.simulator.account.refuse_client("+7 916 123-45-67")

    assert code(crm.book()) == (403, 434)
    crm.booked(client={"phone": "79160000000", "name": "Оля"})
    crm.simulator.account.forgive_client("79161234567")
    crm.booked(datetime="2026-12-01 15:00:00")


def test_a_service_or_master_that_is_gone_cannot_be_booked(crm: SimulatedCrm) -> None:
    record_id = crm.booked()
    crm.simulator.catalog.remove_service(2001)
    assert code(crm.book(datetime="2026-12-01 15:00:00")) == (422, 438)
    assert code(crm.move(record_id, "2026-12-01 15:00:00")) == (422, 438)
    crm.simulator.catalog.put_service(Service(2001, "Стрижка", 2600, 3600, (101,)))
    crm.booked(datetime="2026-12-01 15:00:00")
    crm.simulator.catalog.dismiss(101)
    assert code(crm.book(datetime="2026-12-01 17:00:00")) == (422, 438)


def test_a_catalogue_that_was_given_is_complete_and_shows_its_names_and_hours() -> None:
    hours = ((time(9), time(13)),)
    own = Catalog([Service(5, "Массаж", 3000, 5400, (8,))], [Master(8, "Зоя", days={date(2026, 12, 1): hours})])
    crm = SimulatedCrm(catalog=own)
    massage = {"staff_id": 8, "services": [{"id": 5, "cost": 3000}]}

    crm.booked(**massage)

    [record] = crm.data("records/1")
    assert (record["staff"]["name"], record["services"][0]["title"]) == ("Зоя", "Массаж")
    assert code(crm.book()) == (422, 438)
    schedule = crm.data("company/1/staff/schedule", start_date="2026-12-01", end_date="2026-12-02")
    assert [day["slots"] for day in schedule] == [[{"from": "09:00", "to": "13:00"}], []]


def test_the_example_catalogue_is_the_salon_of_salon_toml() -> None:
    salon = tomllib.loads(SALON.read_text("utf-8"))
    example = example_catalog()

    assert [(one.service_id, one.title, one.price, one.seconds // 60, list(one.staff_ids), one.category)
            for one in example.services()] == [
        (one["id"], one["title"], one["price"], one["minutes"], one["staff"], one["category"])
        for one in salon["services"]
    ]  # fmt: skip
    assert [(one.staff_id, one.name) for one in example.staff()] == [(one["id"], one["name"]) for one in salon["staff"]]


def test_changes_are_listed_by_the_branch_s_clock_and_a_hand_s_counts(crm: SimulatedCrm) -> None:
    first = crm.booked()
    crm.pass_(timedelta(hours=1))
    second = crm.booked(datetime="2026-12-01 15:00:00")
    crm.pass_(timedelta(hours=1))
    crm.simulator.comment_by_hand(first, "позвонить")

    def changed(**query: str) -> list[int]:
        return [record["id"] for record in crm.data("records/1", **query)]

    # 21:30 UTC is half past midnight in Moscow.
    assert changed(changed_after="2026-12-01T01:30:00") == [first, second]
    assert changed(changed_after="2026-12-01T01:30:01") == [first]
    assert changed(changed_before="2026-12-01T02:00:00") == [second]
    assert changed(changed_after="2026-11-30T23:30:00+01:00", changed_before="2026-12-01T02:00:00") == [second]


def test_what_was_deleted_is_listed_by_its_change_only_if_asked_for(crm: SimulatedCrm) -> None:
    record_id = crm.booked()
    crm.pass_(timedelta(hours=1))
    crm.simulator.remove_by_hand(record_id)

    assert crm.data("records/1", changed_after="2026-12-01T01:00:00") == []
    [gone] = crm.data("records/1", changed_after="2026-12-01T01:00:00", with_deleted="1")
    assert (gone["id"], gone["deleted"]) == (record_id, True)


def test_what_a_client_agreed_to_is_kept(crm: SimulatedCrm) -> None:
    agreed = {"is_newsletter_allowed": False, "is_personal_data_processing_allowed": True}
    record_id = crm.booked(client_agreements=agreed)

    assert crm.data(f"record/1/{record_id}")["client_agreements"] == agreed
    answer = crm.book(client_agreements={"is_newsletter_allowed": "yes"})
    assert answer is not None
    assert answer.status_code == 422


def test_staff_tick_who_came(crm: SimulatedCrm) -> None:
    record_id = crm.booked()

    crm.simulator.attend_by_hand(record_id, 1)

    assert crm.data(f"record/1/{record_id}")["attendance"] == 1


def test_the_same_refusals_stand_before_every_call(crm: SimulatedCrm) -> None:
    for path in ("user/permissions/2", "hooks_settings/2", "company/2/services", "book_services/2"):
        assert refusal(crm, "GET", path) == (403, "Нет прав на управление филиалом 2")
    assert crm.data("companies") == [crm.data("company/1/")]


def test_a_fault_befalls_these_calls_too() -> None:
    crm = SimulatedCrm(always("ids_as_strings"))

    assert crm.data("company/1/services/2001")[0]["id"] == "2001"
    assert crm.data("company/1/staff")[0]["id"] == "101"


def test_a_long_record_made_by_hand_is_in_the_way_on_all_its_days(crm: SimulatedCrm) -> None:
    start = msgspec.convert("2026-12-01T10:00:00", type=type(crm.now))
    crm.simulator.add_by_hand(NewEntry(101, start, 3 * 24 * 3600))

    for busy in ("2026-12-01 09:30:00", "2026-12-03 12:00:00", "2026-12-04 09:30:00"):
        answer = crm.book(datetime=busy)
        assert answer is not None
        assert answer.status_code == 409, busy
    crm.booked(datetime="2026-12-04 10:00:00")


def test_a_record_over_midnight_meets_what_stands_on_the_next_day(crm: SimulatedCrm) -> None:
    crm.booked(datetime="2026-12-02 00:15:00")

    answer = crm.book(datetime="2026-12-01 23:30:00")

    assert answer is not None
    assert answer.status_code == 409
