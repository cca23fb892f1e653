"""The log in the browser: rows, filters, and the way from its newest page to its oldest and back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from console.web.app import Console
from ledger.decisions import boundaries
from ledger.postgres import Database
from ledger.values import booking_code
from tests.builders import ANNA, OLGA, slot
from tests.salon import Salon, open_test_salon
from tests.site import Browser, links_of, open_site, text_of


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def console(salon: Salon) -> Iterator[Console]:
    with open_site(salon) as console:
        yield console


@pytest.fixture
def browser(console: Console) -> Browser:
    return Browser(console)


def shown(page: httpx.Response) -> list[int]:
    """The positions of a page's rows, in its order."""
    assert page.status_code == 200
    links = [link for link in links_of(page) if link.startswith("/events/")]
    return [int(link.removeprefix("/events/")) for link in dict.fromkeys(links)]


def way(page: httpx.Response, place: str) -> str | None:
    """The link to the older (`before`) or the newer (`after`) page."""
    ways = (link for link in links_of(page) if link.startswith("/?"))
    return next((link for link in ways if place in parse_qs(urlsplit(link).query)), None)


async def test_a_row_says_what_happened_in_words_and_leads_on(salon: Salon, browser: Browser) -> None:
    code = booking_code(salon.book(slot("10:00")))
    position = salon.recorder.head()

    page = await browser.get("/")

    said = text_of(page)
    for words in (
        "Запись сделана booking_made",
        "CRM ещё не знает",
        "Анна, пн, 7 янв., 10:00–11:00 · Стрижка",
        "Клиент",
    ):
        assert words in said, words
    assert f"/bookings/{code}" in links_of(page)
    assert shown(page) == list(range(position, 0, -1))


async def test_what_became_of_a_booking_event_stands_by_it(salon: Salon, browser: Browser) -> None:
    booking_id = salon.book(slot("10:00"))
    salon.cancel(booking_id)
    salon.catch_up()
    with salon.database.transaction() as connection:
        connection.execute("UPDATE backlog_events SET sync = 'skipped', reason = 'superseded'")

    said = text_of(await browser.get("/?type=booking_made"))

    assert "не нужно отправлять: записали и отменили, пока CRM не отвечала" in said


async def test_the_filters_narrow_to_booking_client_master_kind_and_tag(salon: Salon, browser: Browser) -> None:
    client = salon.client()
    mine = salon.book(slot("10:00"), client)
    other = salon.book(slot("12:00", staff_id=OLGA))
    events = {item.position: item for item in salon.ledger.history(boundaries.booking(mine))}
    made = max(events)

    assert shown(await browser.get(f"/?booking={mine}")) == sorted(events, reverse=True)
    assert shown(await browser.get(f"/?booking={booking_code(mine)}&type=booking_made")) == [made]
    assert shown(await browser.get(f"/?client={client}&staff={ANNA}")) == sorted(events, reverse=True)
    assert shown(await browser.get(f"/?client={client}&staff={OLGA}")) == []
    assert len(shown(await browser.get("/?type=booking_made&type=slot_held"))) == 4
    assert shown(await browser.get(f"/?tag=day:{ANNA}:2030-01-07")) == sorted(events, reverse=True)
    assert f"/bookings/{booking_code(other)}" not in links_of(await browser.get(f"/?staff={ANNA}"))


async def test_the_filters_stand_above_the_log_in_words(browser: Browser) -> None:
    said = text_of(await browser.get(f"/?staff={ANNA}&type=booking_made&since=2030-01-07T10:00"))

    assert "Мастер: Анна" in said
    assert "Начиная с: 2030-01-07 10:00" in said
    assert "Виды событий: Запись сделана" in said
    assert "Таких событий нет." in said


async def test_times_are_read_by_the_salons_clock(salon: Salon, browser: Browser) -> None:
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET recorded_at = '2030-01-07T07:00:00Z'")  # 10:00 in Moscow
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")

    assert shown(await browser.get("/?since=2030-01-07T10:00")) == [3, 2, 1]
    assert shown(await browser.get("/?since=2030-01-07T10:01")) == []
    assert shown(await browser.get("/?until=2030-01-07T10:00")) == []
    assert shown(await browser.get("/?until=2030-01-07T10:00:01")) == [3, 2, 1]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("booking=zz", "Это не номер записи"),
        ("client=Мария", "Нужно целое число"),
        ("staff=x", "Нужно целое число"),
        ("tag=%00", "Такой метки быть не может"),
        ("since=yesterday", "Нужны дата и время"),
        ("since=2030-01-02T00:00&until=2030-01-01T00:00", "Конец должен быть позже начала"),
        ("type=booking_updated", "Вида событий «booking_updated» нет"),
        ("before=x", "место в журнале — это номер события"),
        ("booking=%ff%fe", "Это не номер записи"),
    ],
)
async def test_a_wrong_filter_is_said_and_nothing_is_shown_for_it(
    salon: Salon, browser: Browser, query: str, words: str
) -> None:
    page = await browser.get(f"/?{query}")

    assert page.status_code == 400
    assert words in text_of(page)
    assert "/events/" not in page.text


async def test_a_wrong_filter_keeps_what_was_typed(browser: Browser) -> None:
    page = await browser.get("/?booking=zz&staff=999&type=slot_held")

    assert 'value="zz"' in page.text
    assert '<option value="999" selected>' in page.text
    assert 'value="slot_held" checked' in page.text


async def test_leafing_goes_to_the_oldest_event_and_back_with_the_filters(salon: Salon, browser: Browser) -> None:
    for _ in range(52):
        salon.client()
    first = "/?type=consent_given&type=catalog_published"
    newest = await browser.get(first)
    oldest = await browser.get(way(newest, "before") or "")
    back = await browser.get(way(oldest, "after") or "")

    assert (len(shown(newest)), way(newest, "after")) == (50, None)
    assert (shown(oldest), way(oldest, "before")) == ([6, 4, 1], None)
    assert "type=consent_given" in (way(newest, "before") or "")
    assert "type=consent_given" in (way(oldest, "after") or "")
    assert (shown(back), way(back, "after")) == (shown(newest), None)


async def test_the_newest_page_follows_the_log_and_an_older_one_does_not(salon: Salon, browser: Browser) -> None:
    newest, older = await browser.get("/"), await browser.get("/?before=2")

    assert f'data-head="{salon.recorder.head()}" data-live' in newest.text
    assert "data-live" not in older.text


async def test_an_empty_ledger_says_so(database_url: str, schema: str, salon: Salon, browser: Browser) -> None:
    with Database(database_url, schema) as database, database.transaction() as connection:
        for table in ("events", "event_tags"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            connection.execute(f"DELETE FROM {table}".encode())

    assert "В журнале пока ничего нет." in text_of(await browser.get("/"))
