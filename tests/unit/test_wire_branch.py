"""What the CRM says of the branch, in every form the vendor's document and outside teams have shown it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.errors import MalformedAnswerError
from sync.wire import read_record, read_told_starts
from sync.wire_branch import (
    RIGHTS,
    CrmHooks,
    CrmRights,
    CrmService,
    CrmShift,
    CrmStaffMember,
    read_branch,
    read_branch_ids,
    read_categories,
    read_hooks,
    read_rights,
    read_services,
    read_shifts,
    read_staff,
    write_hooks,
)
from sync.wire_values import kopecks

MOSCOW = ZoneInfo("Europe/Moscow")
NEVER_ENDING = {"staff": [{"id": 5, "seance_length": 10**17}]}
HOOK = "https://salon.example/hook/secret"


@pytest.mark.parametrize(
    ("hours", "offset"),
    [("3", timedelta(hours=3)), (3, timedelta(hours=3)), ("5.5", timedelta(hours=5.5)), (None, None), ("MSK", None)],
)
def test_a_branch_has_a_zone_and_perhaps_its_hours_from_utc(hours: object, offset: timedelta | None) -> None:
    branch = read_branch({"title": "Липа", "timezone_name": "Europe/Moscow", "timezone": hours})

    assert (branch.title, branch.zone_name, branch.offset) == ("Липа", "Europe/Moscow", offset)


@pytest.mark.parametrize("raw", [{"timezone": 3}, {"timezone_name": ""}, [], None])
def test_a_branch_without_a_zone_is_never_guessed(raw: object) -> None:
    with pytest.raises(MalformedAnswerError):
        read_branch(raw)


def test_branches_are_their_numbers() -> None:
    assert read_branch_ids([{"id": 7, "title": "x"}, {"id": "8"}]) == (7, 8)
    assert read_branch_ids([]) == ()
    unreadable: tuple[object, ...] = (None, {}, [7], [{"title": "x"}])
    for raw in unreadable:
        with pytest.raises(MalformedAnswerError):
            read_branch_ids(raw)


def test_rights_are_found_by_the_vendor_s_names_in_whatever_group_they_stand() -> None:
    everything = dict.fromkeys(RIGHTS.values(), True)
    some = {
        "timetable": {"timetable_access": True, "timetable_transferring_record_access": False},
        "record_form": {"create_records_access": "1", "edit_records_access": 1, "delete_records_access": 0},
        "settings": {"webhook_read_access": None},
        "other": [],
    }

    assert read_rights(everything) == CrmRights(**dict.fromkeys(RIGHTS, True))
    assert read_rights(some) == CrmRights(
        create=True, edit=True, move=False, price=None, delete=False, schedule=True, hooks=None
    )


@pytest.mark.parametrize("raw", [None, [], {}, {"record_form": []}, {"billing_access": True}])
def test_rights_without_one_we_know_are_no_list_of_rights(raw: object) -> None:
    with pytest.raises(MalformedAnswerError):
        read_rights(raw)


def test_a_price_list_is_read_with_its_texts_for_numbers_in_kopecks_and_lengths() -> None:
    """As in the vendor's example, where everything is text."""
    raw = {
        "id": "83169",
        "title": "Мужская стрижка",
        "category_id": "83167",
        "price_min": "1300.50",
        "price_max": "0.00",
        "active": "1",
        "staff": [{"id": "5905", "seance_length": "2700"}, {"id": 5907, "seance_length": 3600}],
    }

    assert read_services([raw]) == [
        CrmService(
            service_id=83169,
            title="Мужская стрижка",
            category_id=83167,
            price_from=130050,
            price_to=130050,
            is_active=True,
            lengths={5905: timedelta(minutes=45), 5907: timedelta(minutes=60)},
        )
    ]
    assert read_services([raw | {"active": 0, "staff": []}])[0].is_active is False
    assert read_services([]) == []


@pytest.mark.parametrize(
    "change",
    [{"id": None}, {"price_min": "free"}, {"price_min": None}, {"staff": [{"id": 5}]}, {"staff": [5]}, NEVER_ENDING],
)
def test_a_service_that_cannot_be_booked_as_it_stands_is_never_guessed(change: dict[str, object]) -> None:
    with pytest.raises(MalformedAnswerError):
        read_services([{"id": 3, "title": "x", "price_min": 1, "price_max": 2, "staff": []} | change])


def test_prices_are_kopecks_without_the_faults_of_binary_fractions() -> None:
    assert [kopecks(price) for price in (19.99, "19.99", 1500, "0.1", 0)] == [1999, 1999, 150000, 10, 0]
    assert [kopecks(price) for price in (None, "", "many", True, float("nan"), "1E+999999")] == [None] * 6


def test_categories_are_found_under_either_of_their_names() -> None:
    named = [{"id": "4", "title": "Стрижки"}]
    for raw in ({"services": [], "category": named}, {"categories": named}):
        assert read_categories(raw) == {4: "Стрижки"}
    with pytest.raises(MalformedAnswerError):
        read_categories({"services": []})


def test_masters_have_a_title_from_wherever_it_stands_and_may_have_left() -> None:
    anna = {"id": "5", "name": "Анна", "specialization": "", "position": {"id": 1, "title": "Стилист"}, "fired": 0}
    boris = {"id": 6, "name": "Борис", "specialization": "Барбер", "position": [], "fired": "1", "hidden": 1}
    vera = {"id": 7, "name": "Вера", "position": None, "status": 1}

    assert read_staff([anna, boris, vera]) == [
        CrmStaffMember(5, "Анна", "Стилист", is_gone=False, is_hidden=False),
        CrmStaffMember(6, "Борис", "Барбер", is_gone=True, is_hidden=True),
        CrmStaffMember(7, "Вера", "", is_gone=True, is_hidden=False),
    ]


def test_shifts_are_by_the_branch_s_clock_and_may_end_at_midnight() -> None:
    raw = [
        {
            "staff_id": "5",
            "date": "2026-12-01",
            "slots": [{"from": "10:00", "to": "14:00"}, {"from": "15:00:00", "to": "00:00"}],
        },
        {"staff_id": 6, "date": "2026-12-01", "slots": [], "off_day_type": 3},
        {"staff_id": 7, "date": "2026-12-01", "slots": None},
    ]

    assert read_shifts(raw, MOSCOW) == [
        CrmShift(5, datetime(2026, 12, 1, 10, tzinfo=MOSCOW), datetime(2026, 12, 1, 14, tzinfo=MOSCOW)),
        CrmShift(5, datetime(2026, 12, 1, 15, tzinfo=MOSCOW), datetime(2026, 12, 2, 0, tzinfo=MOSCOW)),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"staff_id": None},
        {"date": "tomorrow"},
        {"slots": [{"from": "14:00", "to": "10:00"}]},
        {"slots": [{"from": "25:00", "to": "26:00"}]},
        {"date": "9999-12-31", "slots": [{"from": "10:00", "to": "24:00"}]},
        {"slots": [{"from": "10:00"}]},
        {"slots": "10:00-14:00"},
    ],
)
def test_a_shift_that_makes_no_sense_is_never_guessed(change: dict[str, object]) -> None:
    day = {"staff_id": 5, "date": "2026-12-01", "slots": [{"from": "10:00", "to": "14:00"}]}
    with pytest.raises(MalformedAnswerError):
        read_shifts([day | change], MOSCOW)


def test_hooks_are_read_and_their_addresses_never_printed() -> None:
    hooks = read_hooks({"urls": [HOOK], "active": "1", "record": 1, "good": "0", "self_sending": True})

    assert hooks == CrmHooks((HOOK,), is_active=True, flags={"record": True, "good": False, "self_sending": True})
    assert "secret" not in repr(hooks)
    assert read_hooks([]) == CrmHooks((), is_active=False, flags={})
    for raw in (None, {}, {"urls": "x"}):
        with pytest.raises(MalformedAnswerError):
            read_hooks(raw)


def test_hooks_that_were_written_are_read_as_announcing_to_us() -> None:
    written = write_hooks(HOOK, read_hooks([]))

    assert read_hooks(written).announces_to(HOOK)
    assert not read_hooks(written | {"master": 0}).announces_to(HOOK)
    assert not read_hooks(written | {"active": 0}).announces_to(HOOK)
    assert not read_hooks(written).announces_to("https://elsewhere.example")
    assert write_hooks(HOOK, read_hooks(written)) == written


def test_hooks_that_are_off_as_a_whole_are_not_brought_back_to_life() -> None:
    off = read_hooks({"urls": ["https://gone.example"], "active": 0, "client": 1})

    assert write_hooks(HOOK, off)["urls"] == [HOOK]
    assert "client" not in write_hooks(HOOK, off)


def test_the_offset_a_start_claims_is_told_apart_from_its_digits() -> None:
    starts = read_told_starts(
        [
            {"datetime": "2026-12-01T10:00:00+0400"},
            {"datetime": "2026-12-01T10:00:00-03:30"},
            {"datetime": "2026-12-01T10:00:00Z"},
            {"datetime": "2026-12-01 10:00:00"},
            {"datetime": "2026-12-01T10:00:00+99:99"},
            {"datetime": None},
        ]
    )

    assert [start.utcoffset() for start in starts] == [timedelta(hours=4), -timedelta(hours=3.5), timedelta()]
    assert {start.replace(tzinfo=UTC) for start in starts} == {datetime(2026, 12, 1, 10, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("noted", "visit"),
    [
        ({"attendance": 1}, "came"),
        ({"attendance": "-1"}, "missed"),
        ({"attendance": 2}, "confirmed"),
        ({"attendance": 0, "visit_attendance": 1}, "waiting"),
        ({"visit_attendance": 1}, "came"),
        ({"attendance": 77}, "waiting"),
        ({}, "waiting"),
    ],
)
def test_what_became_of_a_visit_is_told_in_our_words(noted: dict[str, object], visit: str) -> None:
    record = {"id": 2, "staff_id": 5, "date": "2026-12-01 10:00:00", "seance_length": 60}

    assert read_record(record | noted, MOSCOW).visit == visit


def test_a_client_whose_phone_may_not_be_seen_is_still_a_client() -> None:
    record = {"id": 2, "staff_id": 5, "date": "2026-12-01 10:00:00", "seance_length": 60}

    assert read_record(record | {"client": {"id": 9}}, MOSCOW).has_client
    nobodies: tuple[object, ...] = (None, [], {})
    for nobody in nobodies:
        assert not read_record(record | {"client": nobody}, MOSCOW).has_client
