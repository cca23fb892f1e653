"""The CRM's words in and out: lenient reading, strict writing."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ledger.errors import MalformedValueError
from ledger.values import BookedService, ServiceId
from sync import errors
from sync.wire import NewCrmRecord, read_record, read_records, write_record

MOSCOW = ZoneInfo("Europe/Moscow")
TEN_O_CLOCK = datetime(2026, 12, 1, 10, 0, tzinfo=MOSCOW)
NEW = NewCrmRecord(
    booking_id=1234567890123,
    staff_id=5,
    starts_at=TEN_O_CLOCK,
    minutes=90,
    services=(BookedService(ServiceId(3), 150000, 60), BookedService(ServiceId(4), 49950, 30)),
    phone="+79161234567",
    name="Аня",
)

# The request schema of `POST /api/v1/records/{company_id}` in the vendor's OpenAPI, the fields we use and their types.
# The example there: datetime "2019-01-01 17:00:00", phone "79169999900" (no plus), api_id "777" (a string).
REQUEST_TYPES: dict[str, type | tuple[type, ...]] = {
    "staff_id": int,
    "services": list,
    "client": dict,
    "save_if_busy": bool,
    "datetime": str,
    "seance_length": int,
    "send_sms": bool,
    "api_id": str,
}
# The same schema's `services.items`: first_cost, discount and cost are numbers.
SERVICE_TYPES: dict[str, type | tuple[type, ...]] = {
    "id": int,
    "first_cost": (int, float),
    "discount": (int, float),
    "cost": (int, float),
}


def raw(**changed: object) -> dict[str, object]:
    """A record as `GET /api/v1/record/{company_id}/{record_id}` has it in the vendor's OpenAPI, shortened."""
    return {
        "id": 2,
        "staff_id": 9,
        "services": [{"id": 1, "title": "Наращивание волос", "cost": 100}],
        "client": {"id": 18936825, "name": "Иванов", "phone": 70001234567},
        "date": "2019-01-01 12:00:00",
        "datetime": "2019-01-01T12:00:00+09:00",
        "create_date": "2019-01-17T19:41:44+0900",
        "last_change_date": "2019-01-17T19:44:14+0900",
        "seance_length": 3600,
        "length": 3600,
        "api_id": "777",
        "deleted": False,
    } | changed


def without(*names: str) -> dict[str, object]:
    return {name: value for name, value in raw().items() if name not in names}


def test_the_documented_example_is_read_in_the_branch_s_zone_whatever_offset_it_claims() -> None:
    record = read_record(raw(), MOSCOW)

    assert record.record_id == 2
    assert record.staff_id == 9
    assert record.slot_start == datetime(2019, 1, 1, 12, 0, tzinfo=MOSCOW)
    assert record.minutes == 60
    assert record.service_ids == (1,)
    assert record.phone_digits == "70001234567"
    assert record.api_id == "777"
    assert record.deleted is False
    assert record.created_at == datetime(2019, 1, 17, 19, 41, 44, tzinfo=MOSCOW)
    assert record.changed_at == datetime(2019, 1, 17, 19, 44, 14, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    "start",
    [
        {"date": "2019-01-01 12:00:00"},
        {"date": "2019-01-01T12:00"},
        {"date": "2019-01-01", "datetime": "2019-01-01T12:00:00+09:00"},
        {"date": None, "datetime": "2019-01-01T12:00:00+0000"},
        {"date": "0000-00-00 00:00:00", "datetime": "2019-01-01T12:00:00.000Z"},
        {"datetime": "2019-01-01 12:00:00"},
        {"datetime": int(datetime(2019, 1, 1, 12, 0, tzinfo=MOSCOW).timestamp())},
    ],
)
def test_a_start_is_read_in_every_form_the_vendor_s_examples_have(start: dict[str, object]) -> None:
    record = read_record(without("date", "datetime") | start, MOSCOW)

    assert record.slot_start == datetime(2019, 1, 1, 12, 0, tzinfo=MOSCOW)
    assert record.slot_start.tzinfo is MOSCOW


@pytest.mark.parametrize(
    ("client", "phone_digits"),
    [
        (None, ""),
        ([], ""),
        ({}, ""),
        ({"phone": ""}, ""),
        ({"phone": None}, ""),
        ({"phone": "+7 (916) 123-45-67"}, "79161234567"),
        ({"phone": 79161234567}, "79161234567"),
        ([{"phone": "79161234567"}], "79161234567"),
    ],
)
def test_a_client_may_be_missing_empty_or_have_a_phone_of_any_form(client: object, phone_digits: str) -> None:
    assert read_record(raw(client=client), MOSCOW).phone_digits == phone_digits


def test_a_mark_without_client_services_and_dates_of_change_is_still_a_record() -> None:
    mark = without("client", "services", "api_id", "deleted", "create_date", "last_change_date")

    record = read_record(mark, MOSCOW)

    assert (record.service_ids, record.phone_digits, record.api_id, record.deleted) == ((), "", "", False)
    assert (record.created_at, record.changed_at) == (None, None)


def test_numbers_may_come_as_text_and_texts_as_numbers() -> None:
    record = read_record(
        raw(
            id="2",
            staff_id="9",
            services=[{"id": "79067"}, {"id": 4.0}],
            seance_length="5400",
            api_id=777,
            deleted="1",
        ),
        MOSCOW,
    )

    assert (record.record_id, record.staff_id, record.service_ids) == (2, 9, (79067, 4))
    assert (record.minutes, record.api_id, record.deleted) == (90, "777", True)


@pytest.mark.parametrize("services", [None, [], {}, ""])
def test_no_services_in_any_form_are_no_services(services: object) -> None:
    assert read_record(raw(services=services), MOSCOW).service_ids == ()


def test_an_external_id_that_is_not_ours_is_kept_as_it_is() -> None:
    assert read_record(raw(api_id="6f9619ff-8b86-d011"), MOSCOW).api_id == "6f9619ff-8b86-d011"
    assert read_record(raw(api_id=None), MOSCOW).api_id == ""


def test_a_length_that_is_no_whole_minute_is_rounded_up_so_that_nobody_is_booked_into_it() -> None:
    assert read_record(raw(seance_length=3601), MOSCOW).minutes == 61


def test_the_length_and_the_master_are_found_where_the_answer_to_a_change_has_them() -> None:
    assert read_record(without("seance_length"), MOSCOW).minutes == 60
    assert read_record(without("staff_id") | {"staff": {"id": 8886}}, MOSCOW).staff_id == 8886


def test_data_may_be_an_object_or_an_array_of_one() -> None:
    assert read_record([raw()], MOSCOW) == read_record(raw(), MOSCOW)
    assert [record.record_id for record in read_records([raw(), raw(id=3)], MOSCOW)] == [2, 3]


@pytest.mark.parametrize(
    "unreadable",
    [
        None,
        [],
        "record",
        [raw(), raw()],
        [None],
        without("id"),
        raw(id=True),
        raw(id="two"),
        without("staff_id"),
        without("date", "datetime"),
        raw(date="tomorrow", datetime=""),
        without("seance_length", "length"),
        raw(seance_length=-60),
    ],
)
def test_what_cannot_be_a_record_is_never_guessed(unreadable: object) -> None:
    with pytest.raises(errors.MalformedAnswerError):
        read_record(unreadable, MOSCOW)


def test_a_new_record_has_exactly_the_documented_fields_in_their_documented_types() -> None:
    body = write_record(NEW, save_if_busy=False)

    assert {name: type(value) for name, value in body.items()} == REQUEST_TYPES
    services = body["services"]
    assert isinstance(services, list)
    for service in services:
        assert service.keys() == SERVICE_TYPES.keys()
        assert all(isinstance(service[name], kind) for name, kind in SERVICE_TYPES.items())


def test_a_new_record_leaves_in_roubles_seconds_and_the_branch_s_offset() -> None:
    assert write_record(NEW, save_if_busy=True) == {
        "staff_id": 5,
        "services": [
            {"id": 3, "first_cost": 1500, "discount": 0, "cost": 1500},
            {"id": 4, "first_cost": 499.5, "discount": 0, "cost": 499.5},
        ],
        "client": {"phone": "79161234567", "name": "Аня"},
        "datetime": "2026-12-01T10:00:00+03:00",
        "seance_length": 5400,
        "save_if_busy": True,
        "send_sms": False,
        "api_id": "1234567890123",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"starts_at": datetime(2026, 12, 1, 10, 0)},  # noqa: DTZ001 - naive is the point
        {"staff_id": 0},
        {"minutes": 0},
        {"booking_id": 0},
        {"phone": "89161234567"},
        {"phone": ""},
    ],
)
def test_what_the_crm_could_only_misunderstand_is_not_written(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedValueError):
        write_record(msgspec.structs.replace(NEW, **changed), save_if_busy=False)
