"""Publishing a catalogue: only what changed, and no contradictions."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import events as e
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.errors import InvalidCatalogError
from ledger.values import ServiceId, StaffId
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, catalog, given, hours, order, policy, shifts

NOBODY = StaffId(99)


def publish(published: e.CatalogPublished | None = None, *more: e.ShiftsPublished) -> PublishCatalog:
    return PublishCatalog(order(), published or catalog(), more or (shifts(ANNA), shifts(OLGA)))


def offer(**changes: object) -> e.CatalogPublished:
    facts: dict[str, object] = {"title": "Стрижка", "price": 1, "minutes": 60, "staff_ids": (ANNA,), **changes}
    return catalog(services=(e.ServiceOffer(service_id=HAIRCUT, category="", **facts),))  # type: ignore[arg-type]  # by name


def test_the_first_publication_records_everything() -> None:
    decision = publish()

    events = given().new(decision)

    assert events == [catalog(), shifts(ANNA), shifts(OLGA)]
    assert decision.answer(events) == 3


def test_a_second_publication_records_only_what_changed() -> None:
    before = given(catalog(), shifts(ANNA), shifts(OLGA))
    changed = shifts(OLGA, hours("12:00-18:00"))

    assert before.new(publish()) == []
    assert before.new(publish(None, shifts(ANNA), changed)) == [changed]
    assert before.new(publish(catalog(address="ул. Новая, 1"))) == [catalog(address="ул. Новая, 1")]


def test_what_was_published_before_the_latest_is_published_again() -> None:
    other = catalog(address="ул. Новая, 1")

    assert given(catalog(), other, shifts(ANNA), shifts(OLGA)).new(publish()) == [catalog()]


@pytest.mark.parametrize(
    ("published", "words"),
    [
        (catalog(timezone="Moscow"), "timezone 'Moscow'"),
        (catalog(timezone=""), "timezone"),
        (catalog(timezone="../etc/passwd"), "timezone"),
        (catalog(staff=(e.StaffMember(ANNA, "А", ""), e.StaffMember(ANNA, "Б", ""))), "staff id 7 is used twice"),
        (catalog(services=catalog().services + catalog().services[:1]), "service id 1 is used twice"),
        (offer(staff_ids=(ANNA, NOBODY)), "names staff 99"),
        (offer(minutes=0), "minutes must be 1 to 720"),
        (offer(minutes=721), "minutes must be 1 to 720"),
        (offer(price=-1), "price not negative"),
        (catalog(policy=policy(hold_minutes=0)), "policy.hold_minutes must lie between 1 and 120"),
        (catalog(policy=policy(horizon_days=366)), "policy.horizon_days"),
        (catalog(policy=policy(minimum_notice_minutes=-1)), "policy.minimum_notice_minutes"),
        (catalog(policy=policy(cancel_notice_minutes=-1)), "policy.cancel_notice_minutes"),
        (catalog(policy=policy(open_bookings_limit=0)), "policy.open_bookings_limit"),
        (catalog(policy=policy(slot_step_minutes=0)), "policy.slot_step_minutes"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused_in_its_own_words(
    published: e.CatalogPublished, words: str
) -> None:
    with pytest.raises(InvalidCatalogError, match=words):
        given().decide(publish(published))


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        (hours("14:00-10:00"), "14:00-10:00 ends before it begins"),
        (hours("10:00-10:00"), "ends before it begins"),
        (hours("10:00-15:00", "14:00-20:00"), "10:00-15:00 and 14:00-20:00 overlap"),
        (hours("14:00-20:00", "10:00-15:00"), "overlap"),
    ],
)
def test_impossible_hours_are_refused(intervals: tuple[e.Interval, ...], words: str) -> None:
    with pytest.raises(InvalidCatalogError, match=f"staff 7, mon: .*{words}"):
        given().decide(publish(None, shifts(ANNA, intervals)))
    with pytest.raises(InvalidCatalogError, match="staff 7, 2030-01-07"):
        given().decide(publish(None, shifts(ANNA, days={MONDAY: intervals})))


def test_shifts_of_a_stranger_or_given_twice_are_refused() -> None:
    with pytest.raises(InvalidCatalogError, match="staff 99"):
        given().decide(publish(None, shifts(NOBODY)))
    with pytest.raises(InvalidCatalogError, match="staff 7 are given twice"):
        given().decide(publish(None, shifts(ANNA), shifts(ANNA, hours("10:00-12:00"))))


def test_touching_hours_and_a_free_day_are_possible() -> None:
    possible = shifts(ANNA, hours("10:00-14:00", "14:00-20:00"), days={date(2030, 1, 8): ()})

    assert possible in given().new(publish(None, possible))


def test_a_service_that_nobody_does_may_stand_in_the_catalogue() -> None:
    idle = catalog(services=(e.ServiceOffer(ServiceId(3), "Макияж", "", 0, 720, ()),))

    assert given().new(publish(idle))[0] == idle
