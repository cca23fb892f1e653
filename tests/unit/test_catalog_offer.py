"""The CRM's price list, people and shifts become a catalogue of ours, or say why they cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.decisions.publish_catalog import check_catalog
from ledger.values import StaffId
from sync.catalog_offer import LeftOut, offer_of
from sync.wire_branch import CrmService, read_services
from tests.builders import ANNA, COLOURING, HAIRCUT, MONDAY, OLGA, catalog, hours, policy
from tests.price_list import (
    ANNA_THERE,
    COLOURING_THERE,
    DAYS,
    HAIRCUT_THERE,
    OLGA_THERE,
    every_day,
    from_file,
    hours_of,
    master,
    read,
    service,
    works,
)


def test_the_crm_says_what_the_file_says_in_other_words() -> None:
    offer = offer_of(read(), from_file())

    assert offer.catalog.source == "yclients"
    assert offer.catalog.services == catalog().services
    assert offer.catalog.staff == catalog().staff
    assert offer.left_out == ()
    check_catalog(offer.catalog, offer.shifts)


def test_what_the_crm_does_not_know_stays_as_it_is() -> None:
    present = from_file(
        catalog(salon="Липа", address="ул. Новая, 1", phone="+74950000000", policy=policy(hold_minutes=7))
    )

    facts = offer_of(read(), present).catalog

    kept = ("salon", "timezone", "currency", "address", "phone", "policy")
    assert [getattr(facts, name) for name in kept] == [getattr(present.facts, name) for name in kept]


def test_masters_who_left_or_are_hidden_are_not_offered_and_nor_is_what_only_they_do() -> None:
    gone = offer_of(read(staff=(master(ANNA_THERE, is_gone=True), OLGA_THERE)), from_file())
    hidden = offer_of(read(staff=(master(ANNA_THERE, is_hidden=True), OLGA_THERE)), from_file())

    for offer in (gone, hidden):
        assert [member.staff_id for member in offer.catalog.staff] == [OLGA]
        assert [(one.service_id, one.staff_ids) for one in offer.catalog.services] == [(HAIRCUT, (OLGA,))]
        assert offer.left_out == (LeftOut(COLOURING, "Окрашивание", "nobody_does_it"),)
        assert [one.staff_id for one in offer.shifts] == [OLGA]


def test_an_inactive_service_is_not_offered_and_no_remark_is_made() -> None:
    offer = offer_of(read((HAIRCUT_THERE, service(COLOURING_THERE, is_active=False))), from_file())

    assert [one.service_id for one in offer.catalog.services] == [HAIRCUT]
    assert offer.left_out == ()


def test_a_service_is_as_long_as_its_slowest_offered_master_needs() -> None:
    lengths = {ANNA: timedelta(minutes=45), OLGA: timedelta(minutes=75), 99: timedelta(minutes=300)}

    offer = offer_of(read((service(lengths=lengths),)), from_file())

    assert offer.catalog.services[0].minutes == 75
    assert offer.catalog.services[0].staff_ids == (ANNA, OLGA)


def test_a_begun_minute_is_a_minute() -> None:
    offer = offer_of(read((service(lengths={ANNA: timedelta(seconds=3601)}),)), from_file())

    assert offer.catalog.services[0].minutes == 61


@pytest.mark.parametrize(
    ("told", "kopecks"),
    [
        ({"price_min": "1500.50", "price_max": 1500.5}, 150_050),
        ({"price_min": 1500, "price_max": 2500}, 150_000),
        ({"price_min": 0, "price_max": "2500"}, 250_000),
        ({"price_min": 0.335, "price_max": 0}, 34),
        ({"price_min": 0, "price_max": 0}, 0),
    ],
)
def test_a_price_is_the_lowest_one_that_is_given_in_kopecks(told: dict[str, object], kopecks: int) -> None:
    raw = {"id": HAIRCUT, "title": "Стрижка", "active": 1, "staff": [{"id": ANNA, "seance_length": 3600}], **told}

    offer = offer_of(read(read_services([raw])), from_file())

    assert offer.catalog.services[0].price == kopecks


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (service(lengths={}), "nobody_does_it"),
        (service(lengths={99: timedelta(hours=1)}), "nobody_does_it"),
        (service(lengths={ANNA: timedelta(0)}), "no_length"),
        (service(lengths={ANNA: timedelta(hours=12, seconds=1)}), "too_long"),
        (service(title=" \u0000 "), "no_title"),
        (service(price_from=-1, price_to=-1), "negative_price"),
    ],
)
def test_a_service_that_cannot_be_offered_is_left_out_alone_and_named(broken: CrmService, reason: str) -> None:
    offer = offer_of(read((broken, COLOURING_THERE)), from_file())

    assert [one.service_id for one in offer.catalog.services] == [COLOURING]
    assert [(one.service_id, one.reason) for one in offer.left_out] == [(HAIRCUT, reason)]


def test_text_is_one_line_that_the_store_can_take() -> None:
    dirty = service(title="Стрижка\n и\x00\ud800  укладка ")
    offer = offer_of(read((dirty,), (master(ANNA_THERE, name="\u200b"), OLGA_THERE)), from_file())

    assert offer.catalog.services[0].title == "Стрижка и укладка"
    assert offer.catalog.staff[0].name == str(ANNA), "a master without a name is called by the number"


def test_numbers_that_are_nobodys_are_not_taken() -> None:
    offer = offer_of(
        read(
            (service(service_id=0), service(service_id=2**63), HAIRCUT_THERE),
            (master(staff_id=0), master(staff_id=-5), ANNA_THERE),
        ),
        from_file(),
    )

    assert [one.service_id for one in offer.catalog.services] == [HAIRCUT]
    assert [one.staff_id for one in offer.catalog.staff] == [ANNA]


def test_lists_keep_the_present_order_and_what_is_new_comes_last() -> None:
    newer = service(service_id=5, title="Укладка")
    newest = service(service_id=4, title="Бритьё")

    offer = offer_of(
        read((newer, COLOURING_THERE, newest, HAIRCUT_THERE), (master(staff_id=3), OLGA_THERE, ANNA_THERE)), from_file()
    )

    assert [one.service_id for one in offer.catalog.services] == [HAIRCUT, COLOURING, 4, 5]
    assert [one.staff_id for one in offer.catalog.staff] == [ANNA, OLGA, 3]


def test_hours_stand_day_by_day_and_a_day_off_stands_there_as_one() -> None:
    offer = offer_of(read(at_work=works(ANNA, MONDAY, "15:00-20:00", "10:00-14:00")), from_file())

    assert all(one.weekly == {} and list(one.days) == DAYS for one in offer.shifts)
    assert hours_of(offer, ANNA) == hours("10:00-14:00", "15:00-20:00")
    assert hours_of(offer, OLGA) == ()


def test_pieces_that_touch_or_overlap_are_one_and_midnight_is_the_last_minute() -> None:
    pieces = works(ANNA, MONDAY, "10:00-12:00", "12:00-14:00", "13:00-13:30", "18:00-24:00")

    offer = offer_of(read(at_work=pieces), from_file())

    assert hours_of(offer, ANNA) == hours("10:00-14:00", "18:00-23:59")
    check_catalog(offer.catalog, offer.shifts)


def test_shifts_of_strangers_are_nobodys() -> None:
    offer = offer_of(read(at_work=every_day("10:00-14:00", staff_ids=(99,))), from_file())

    assert {one.staff_id for one in offer.shifts} == {ANNA, OLGA}
    assert not any(hours for one in offer.shifts for hours in one.days.values())
    assert StaffId(99) not in {one.staff_id for one in offer.shifts}
