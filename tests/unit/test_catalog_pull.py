"""Whose catalogue counts: the newest word; and how much of it may be gone at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.catalog_changes import Loss, is_to_be_published
from sync.catalog_offer import CrmCatalog
from sync.catalog_pull import Outcome, Pull, decide
from tests.builders import ANNA, MONDAY, OLGA, catalog, hours, policy, shifts
from tests.price_list import (
    ANNA_THERE,
    COLOURING_THERE,
    DAYS,
    HAIRCUT_THERE,
    OLGA_THERE,
    UNTIL,
    every_day,
    from_crm,
    from_file,
    master,
    read,
    service,
    works,
)

DEARER = service(price_from=170_000, price_to=170_000)
LATER = every_day("12:00-18:00")


def pulled(said: CrmCatalog) -> Pull:
    """Against the CRM's own word in force."""
    return decide(said, from_crm(), from_crm())


def test_the_same_again_is_nothing() -> None:
    pull = pulled(read())

    assert (pull.outcome, pull.shifts, bool(pull.changes)) == ("unchanged", (), False)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (read((HAIRCUT_THERE, COLOURING_THERE, service(service_id=3, title="Укладка"))), "services_new"),
        (read((HAIRCUT_THERE,)), "services_gone"),
        (read((DEARER, COLOURING_THERE)), "services_changed"),
        (read((service(lengths={ANNA: timedelta(hours=1)}), COLOURING_THERE)), "services_changed"),
        (read(categories={}), "services_changed"),
        (read(staff=(ANNA_THERE, OLGA_THERE, master(staff_id=9, name="Вера"))), "staff_new"),
        (read(staff=(ANNA_THERE,)), "staff_gone"),
        (read(staff=(ANNA_THERE, master(name="Ольга П."))), "staff_changed"),
        (read(at_work=LATER), "shifts"),
    ],
)
def test_each_kind_of_change_is_seen_named_and_published(said: CrmCatalog, named: str) -> None:
    pull = pulled(said)

    assert pull.outcome == "published"
    assert getattr(pull.changes, named)
    assert pull.catalog != from_crm().facts or pull.shifts


@pytest.mark.parametrize(
    "reordered",
    [
        read((COLOURING_THERE, HAIRCUT_THERE), (OLGA_THERE, ANNA_THERE), every_day("15:00-20:00", "10:00-14:00")[::-1]),
        read((service(lengths=dict.fromkeys((OLGA, ANNA), timedelta(hours=1))), COLOURING_THERE)),
        read(at_work=every_day("15:00-20:00", "10:00-12:00", "12:00-14:00")),
    ],
)
def test_the_order_of_lists_and_the_pieces_of_a_shift_are_no_change(reordered: CrmCatalog) -> None:
    assert pulled(reordered).outcome == "unchanged"


def test_only_the_shifts_of_whom_they_concern_are_published() -> None:
    at_work = every_day("10:00-14:00", "15:00-20:00", staff_ids=(ANNA,)) + every_day("12:00-18:00", staff_ids=(OLGA,))

    pull = pulled(read(at_work=at_work))

    assert [one.staff_id for one in pull.shifts] == [OLGA]
    change = pull.changes.shifts[0]
    assert (change.name, change.days, change.first_on) == ("Ольга", 45, MONDAY)
    assert (change.before, change.after) == (hours("10:00-14:00", "15:00-20:00"), hours("12:00-18:00"))


def test_days_that_have_passed_and_days_nobody_asked_about_are_no_change() -> None:
    later = MONDAY + timedelta(days=14)
    days = [later + timedelta(days=offset) for offset in range(45)]
    said = read(at_work=every_day("10:00-14:00", "15:00-20:00", days=days), from_on=later, until_on=days[-1])

    pull = pulled(said)

    assert (pull.outcome, pull.shifts, bool(pull.changes)) == ("unchanged", (), False)


def test_before_the_horizon_leaves_the_days_that_are_known_they_are_told_anew() -> None:
    later = MONDAY + timedelta(days=15)
    days = [later + timedelta(days=offset) for offset in range(45)]
    said = read(at_work=every_day("10:00-14:00", "15:00-20:00", days=days), from_on=later, until_on=days[-1])

    pull = pulled(said)

    assert pull.outcome == "published"
    assert [one.staff_id for one in pull.shifts] == [ANNA, OLGA]
    assert not pull.changes, "nobody works otherwise than was known"


def test_a_wider_horizon_needs_more_days_at_once() -> None:
    known = from_crm(policy=policy(horizon_days=60))

    assert decide(read(), known, known).outcome == "published"
    assert is_to_be_published(known.shifts[ANNA], known.shifts[ANNA], UNTIL) is False
    assert is_to_be_published(known.shifts[ANNA], known.shifts[ANNA], UNTIL + timedelta(days=1)) is True


def test_the_first_word_of_the_crm_counts_even_if_it_says_what_the_file_says() -> None:
    pull = decide(read(), from_file(), None)

    assert (pull.outcome, bool(pull.changes)) == ("published", False)
    assert pull.catalog.source == "yclients"
    assert [one.staff_id for one in pull.shifts] == [ANNA, OLGA]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (read(), "overruled"),
        (read((COLOURING_THERE, HAIRCUT_THERE)), "overruled"),
        (read((DEARER, COLOURING_THERE)), "published"),
        (read(staff=(ANNA_THERE, master(name="Ольга П."))), "published"),
        (read(at_work=LATER), "published"),
    ],
)
def test_a_file_loaded_since_stands_until_the_crm_says_something_new(said: CrmCatalog, outcome: Outcome) -> None:
    file = from_file(catalog(address="ул. Новая, 1"), shifts(ANNA, hours("09:00-12:00")), shifts(OLGA))

    assert decide(said, file, from_crm()).outcome == outcome
    assert decide(said, file, from_crm(), by_hand=True).outcome == "published", "somebody asked for the CRM's"


def test_days_the_crm_had_not_told_of_are_no_new_word() -> None:
    later = MONDAY + timedelta(days=30)
    days = [later + timedelta(days=offset) for offset in range(45)]
    only_known = every_day("10:00-14:00", "15:00-20:00", days=[day for day in days if day <= UNTIL])
    new_days = every_day("12:00-18:00", days=[day for day in days if day > UNTIL])

    said = read(at_work=only_known + new_days, from_on=later, until_on=days[-1])

    assert decide(said, from_file(), from_crm()).outcome == "overruled"


def test_a_word_so_old_that_no_day_of_it_is_left_has_lapsed() -> None:
    later = UNTIL + timedelta(days=1)
    days = [later + timedelta(days=offset) for offset in range(45)]
    said = read(at_work=every_day("10:00-14:00", "15:00-20:00", days=days), from_on=later, until_on=days[-1])

    assert decide(said, from_file(), from_crm()).outcome == "published"


FIVE_SERVICES = (HAIRCUT_THERE, COLOURING_THERE, *(service(service_id=one) for one in (3, 4, 5)))
FIVE_MASTERS = (ANNA_THERE, OLGA_THERE, *(master(staff_id=one) for one in (3, 4, 5)))
ALL_AT_WORK = every_day("10:00-20:00", staff_ids=(ANNA, OLGA, 3, 4, 5))
FULL = read(FIVE_SERVICES, FIVE_MASTERS, ALL_AT_WORK)


@pytest.mark.parametrize(
    ("partial", "lost"),
    [
        (read((), FIVE_MASTERS, ALL_AT_WORK), [Loss("services", 5, 5)]),
        (read(FIVE_SERVICES[:2], FIVE_MASTERS, ALL_AT_WORK), [Loss("services", 3, 5)]),
        (read(FIVE_SERVICES, (), ALL_AT_WORK), [Loss("services", 5, 5), Loss("masters", 5, 5)]),
        (read(FIVE_SERVICES, FIVE_MASTERS[:2], ALL_AT_WORK), [Loss("masters", 3, 5)]),
        (read(FIVE_SERVICES, FIVE_MASTERS, ()), [Loss("masters at work", 5, 5)]),
        (read(FIVE_SERVICES, FIVE_MASTERS, ALL_AT_WORK[:2]), [Loss("masters at work", 3, 5)]),
        (read((), (), ()), [Loss("services", 5, 5), Loss("masters", 5, 5)]),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True])
def test_more_than_half_is_never_gone_at_once(partial: CrmCatalog, lost: list[Loss], by_hand: bool) -> None:
    full = from_crm(FULL)

    pull = decide(partial, full, full, by_hand=by_hand)

    assert (pull.outcome, list(pull.losses)) == ("braked", lost)
    assert decide(partial, full, full, by_hand=True, anyway=True).outcome == "published"


@pytest.mark.parametrize(
    "fewer",
    [
        read(FIVE_SERVICES[:3], FIVE_MASTERS, ALL_AT_WORK),
        read(FIVE_SERVICES, FIVE_MASTERS[:3], ALL_AT_WORK),
        read(FIVE_SERVICES, FIVE_MASTERS, every_day("10:00-20:00", staff_ids=(ANNA, OLGA, 3))),
        read(FIVE_SERVICES, FIVE_MASTERS, every_day("10:00-20:00", staff_ids=(ANNA, OLGA, 3, 4, 5), days=DAYS[:10])),
    ],
)
def test_less_than_that_is_a_salon_that_changes(fewer: CrmCatalog) -> None:
    full = from_crm(FULL)

    assert decide(fewer, full, full).outcome == "published"


def test_the_last_master_and_the_last_service_are_all_there_is() -> None:
    alone = from_crm(read((HAIRCUT_THERE,), (ANNA_THERE,), works(ANNA, MONDAY, "10:00-20:00")))

    pull = decide(read((), (ANNA_THERE,), works(ANNA, MONDAY, "10:00-20:00")), alone, alone)

    assert (pull.outcome, pull.losses) == ("braked", (Loss("services", 1, 1),))


def test_another_salon_s_numbers_never_replace_the_catalogue_by_surprise() -> None:
    other = read((service(service_id=901),), (master(staff_id=902),), every_day("10:00-20:00", staff_ids=(902,)))

    assert decide(other, from_file(), None).outcome == "braked"
