"""A row of an older table read as a visit, or everything that is wrong with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from console.errors import BadRowError
from console.old_table.columns import CALLED_OFF, STANDING
from console.old_table.visits import PriceList
from ledger import events as e
from ledger.values import BookedService, ServiceId
from tests.builders import ANNA, HAIRCUT, OLGA, at, catalog, slot
from tests.old_tables import visit_of

PLUS = e.ServiceOffer(ServiceId(3), "Маникюр + покрытие", "Ногти", 200_000, 90, (OLGA,))
FREE = e.ServiceOffer(ServiceId(4), "Консультация", "Ногти", 0, 30, (OLGA,))
WIDE = catalog(services=(*catalog().services, PLUS, FREE))


def test_a_row_is_read_in_the_salons_terms() -> None:
    visit = visit_of(telegram_id="700", phone="8 900 000-00-01", id="17")

    assert (visit.name, visit.phone, visit.telegram_id, visit.row_id) == ("Мария", "+79000000001", "700", "17")
    assert visit.slot == slot()
    assert visit.services == (BookedService(HAIRCUT, 150_000, 60),)
    assert not visit.is_cancelled
    assert "Мария" not in repr(visit)


@pytest.mark.parametrize(
    "cells",
    [
        {"start": "2030-01-07T10:00"},
        {"start": "2030-01-07 10:00:00"},
        {"start": "2030-01-07 10:00:00.123456"},
        {"start": "07.01.2030 10:00"},
        {"start": "7.1.2030, 10:00"},
        {"start": "2030-01-07T07:00:00Z"},
        {"start": "2030-01-07T10:00:00+03:00"},
        {"start": "2030-01-07 12:00+0500"},
        {"start": "", "date": "07.01.2030", "time": "10:00"},
        {"start": "", "date": "2030-01-07", "time": "10:00:00"},
        {"start": "10:00", "date": "2030-01-07"},
        {"start": "2030-01-07", "time": "10:00"},
        {"start": "", "date": "2030-01-07 10:00"},
    ],
)
def test_times_are_read_in_many_forms_and_without_an_offset_as_the_salons_wall_clock(cells: dict[str, str]) -> None:
    read = visit_of(**cells).slot.starts_at

    assert read == at("10:00")
    assert read.utcoffset() == timedelta(hours=3)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("", "no start"),
        ("tomorrow", "cannot be read"),
        ("01/07/2030 10:00", "cannot be read"),
        ("2030-01-07 10:00 +3", "cannot be read"),
        ("2030-01-07", "no time of day"),
        ("32.01.2030 10:00", "no moment"),
        ("2030-01-07 25:00", "no moment"),
        ("2030-01-07 10:00+99:00", "no moment"),
        ("0206-01-07 10:00", "outside 2000"),
        ("2206-01-07 10:00", "outside 2000"),
        ("٢٠٣٠-01-07 10:00", "cannot be read"),
    ],
)
def test_a_time_that_is_none_is_refused(start: str, said: str) -> None:
    with pytest.raises(BadRowError, match=said):
        visit_of(start=start)


def test_where_clocks_change_a_skipped_time_is_refused_and_a_repeated_one_is_the_first() -> None:
    berlin = PriceList(catalog(timezone="Europe/Berlin"))

    with pytest.raises(BadRowError, match="put forward"):
        visit_of(berlin, start="2030-03-31 02:30")
    over = visit_of(berlin, start="2030-03-31 01:30").slot
    assert (over.starts_at.isoformat(), over.ends_at.isoformat()) == (
        "2030-03-31T01:30:00+01:00",
        "2030-03-31T03:30:00+02:00",
    )
    first = visit_of(berlin, start="2030-10-27 02:30").slot
    assert first.starts_at == datetime.fromisoformat("2030-10-27T02:30:00+02:00")
    assert first.starts_at == datetime.fromisoformat(first.starts_at.isoformat()), "it equals itself as stored"


@pytest.mark.parametrize(
    ("text", "service_ids"),
    [
        ("1", [1]),
        ("  стрижка ", [1]),
        ("Стрижка; Окрашивание", [1, 2]),
        ("стрижка+2", [1, 2]),
        ("Стрижка, окрашивание", [1, 2]),
        ("1\n2", [1, 2]),
        ("2;", [2]),
        ("Маникюр + покрытие", [3]),
        ("Маникюр+покрытие; Стрижка", [3, 1]),
    ],
)
def test_services_are_found_by_id_or_title_one_or_several(text: str, service_ids: list[int]) -> None:
    assert [one.service_id for one in visit_of(PriceList(WIDE), service=text).services] == service_ids


def test_names_are_found_whatever_their_case_blanks_and_yo() -> None:
    people = catalog(staff=(e.StaffMember(ANNA, "Алёна  Ёлкина", ""), e.StaffMember(OLGA, "Ольга", "")))

    assert visit_of(PriceList(people), master="АЛЕНА елкина").slot.staff_id == ANNA
    assert visit_of(PriceList(people), master="8").slot.staff_id == OLGA


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"master": "Виктория"}, "no master of the catalogue"),
        ({"master": ""}, "no master$"),
        ({"service": "Педикюр"}, "no service of the catalogue"),
        ({"service": "Стрижка + Педикюр"}, "no service of the catalogue"),
        ({"service": ""}, "no service$"),
        ({"service": ";".join(["1"] * 21)}, "more than 20"),
        ({"service": "; ;"}, "no service of the catalogue"),
        ({"phone": "", "telegram_id": ""}, "neither a phone nor a Telegram id"),
        ({"phone": "", "telegram_id": "@maria"}, "neither"),
        ({"phone": "12-34"}, "phone cannot be read"),
        ({"telegram_id": "-100700"}, "Telegram id"),
        ({"telegram_id": "0"}, "Telegram id"),
        ({"telegram_id": "9" * 16}, "Telegram id"),
        ({"telegram_id": "maria"}, "Telegram id"),
        ({"minutes": "an hour"}, "length cannot be read"),
        ({"minutes": "0"}, "not above zero"),
        ({"minutes": "-5"}, "not above zero"),
        ({"minutes": "1441"}, "longer than 24 hours"),
        ({"service": "2;" * 13}, "longer than 24 hours"),
        ({"minutes": "7.5"}, "length cannot be read"),
        ({"price": "dear"}, "price cannot be read"),
        ({"price": "1.005"}, "price cannot be read"),
        ({"price": "-1"}, "outside"),
        ({"price": "99999999"}, "outside"),
        ({"status": "на проверке"}, "status is not known"),
        ({"cancelled": "maybe"}, "cancelled cannot be read"),
        ({"name": "М" * 201}, "name is longer"),
    ],
)
def test_what_cannot_be_taken_says_why_and_repeats_nothing(cells: dict[str, str], said: str) -> None:
    with pytest.raises(BadRowError, match=said) as refused:
        visit_of(**cells)

    for text in (*cells.values(), "Мария"):
        if len(text) > 2:
            assert text not in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadRowError) as refused:
        visit_of(master="Виктория", phone="12", status="?")

    assert str(refused.value).count(";") == 2


def test_a_name_that_two_masters_have_is_refused_and_the_number_is_not() -> None:
    twins = PriceList(catalog(staff=(e.StaffMember(ANNA, "Анна", ""), e.StaffMember(OLGA, "анна", ""))))

    with pytest.raises(BadRowError, match="several masters"):
        visit_of(twins, master="Анна")
    assert visit_of(twins, master="7").slot.staff_id == ANNA
    same = PriceList(catalog(services=(*catalog().services, msgspec.structs.replace(PLUS, title="Стрижка"))))
    with pytest.raises(BadRowError, match="several services"):
        visit_of(same, service="Стрижка")


@pytest.mark.parametrize(
    ("cells", "services"),
    [
        ({"price": "2 000"}, [(200_000, 60)]),
        ({"service": "1;2", "price": "6500", "minutes": "180"}, [(150_000, 60), (500_000, 120)]),
        ({"service": "1;2", "price": "100,01 ₽", "minutes": "100"}, [(2307, 33), (7694, 67)]),
        ({"service": "4;4", "price": "500 руб."}, [(25_000, 30), (25_000, 30)]),
        ({"price": "0"}, [(0, 60)]),
    ],
)
def test_what_the_row_agreed_is_shared_out_like_the_catalogue_to_the_last_unit(
    cells: dict[str, str], services: list[tuple[int, int]]
) -> None:
    visit = visit_of(PriceList(WIDE), **cells)

    assert [(one.price, one.minutes) for one in visit.services] == services
    assert visit.slot.ends_at - visit.slot.starts_at == timedelta(minutes=sum(one.minutes for one in visit.services))


@pytest.mark.parametrize("status", STANDING)
def test_a_status_that_keeps_the_promise(status: str) -> None:
    assert visit_of(status=status.capitalize()).is_cancelled is False


@pytest.mark.parametrize("status", [*CALLED_OFF, "cancelled_by_user", "Отменён клиентом", "deleted"])
def test_a_status_that_takes_the_promise_back(status: str) -> None:
    assert visit_of(status=status.upper()).is_cancelled is True


@pytest.mark.parametrize(
    ("cancelled", "is_cancelled"),
    [
        ("1", True),
        ("да", True),
        ("True", True),
        ("2025-07-20 10:00:00", True),
        ("0", False),
        ("нет", False),
        ("", False),
    ],
)
def test_a_column_of_its_own_may_call_it_off(cancelled: str, is_cancelled: bool) -> None:
    assert visit_of(cancelled=cancelled).is_cancelled is is_cancelled


def test_a_nick_beside_a_phone_is_not_kept() -> None:
    assert visit_of(telegram_id="@maria").telegram_id is None


def test_a_rows_content_is_the_same_however_it_is_written_and_another_when_it_says_something_else() -> None:
    content = visit_of(id="1").content

    same = [
        {"id": "2"},
        {"phone": "8 (900) 000-00-01"},
        {"start": "07.01.2030 10:00"},
        {"start": "2030-01-07T07:00:00Z"},
        {"service": "1"},
        {"master": "7"},
        {"status": "active"},
    ]
    others = [
        {"phone": "+79000000002"},
        {"name": "Дарья"},
        {"telegram_id": "700"},
        {"start": "2030-01-07 10:30"},
        {"service": "2"},
        {"master": "8"},
        {"price": "1500"},
        {"minutes": "60"},
        {"status": "cancelled"},
    ]
    assert {visit_of(**cells).content for cells in same} == {content}
    assert len({content, *(visit_of(**cells).content for cells in others)}) == len(others) + 1
