"""The console's page of what waits for a person: shown, confirmed, answered once, and never from another site."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from console.web.app import Console
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.note_sync import NoteConflict
from ledger.values import BookingId, RecordId, Slot, booking_code
from projections import schedule
from tests.builders import slot
from tests.salon import Salon, open_test_salon
from tests.site import PASSWORD, Browser, open_site, text_of

SIX = slot("18:00")


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


@pytest.fixture
def parked(salon: Salon) -> BookingId:
    return asked(salon, "moved_in_crm", SIX)


def asked(salon: Salon, kind: e.ConflictKind, their_slot: Slot | None = None) -> BookingId:
    booking_id = salon.book(slot("10:00"))
    note = NoteConflict(salon.order(), booking_id, kind, (RecordId(4711),), their_slot=their_slot)
    salon.ledger.execute(note)
    salon.catch_up()
    return booking_id


def answers(salon: Salon, booking_id: BookingId) -> list[tuple[e.Answer, str]]:
    history = salon.ledger.history(boundaries.booking(booking_id))
    return [(item.event.answer, item.by.kind) for item in history if isinstance(item.event, e.ConflictResolved)]


async def form_of(browser: Browser, booking_id: BookingId, answer: str) -> dict[str, str]:
    """The form on the page that confirms an answer, as it came."""
    page = await browser.get(f"/conflicts/{booking_code(booking_id)}?answer={answer}")
    assert page.status_code == 200
    return dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.text))


async def test_nothing_that_waits_is_said_plainly(salon: Salon, browser: Browser) -> None:
    salon.catch_up()
    assert "Ни одна запись не ждёт решения" in text_of(await browser.get("/conflicts"))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ru",
            (
                "Запись перенесли и здесь, и в CRM",
                "У нас понедельник, 7 января, 10:00–11:00, Анна",
                "В CRM понедельник, 7 января, 18:00–19:00, Анна",
                "Мария, +7",
                "Записи в CRM: № 4711",
                "Время в CRM верное",
            ),
        ),
        ("en", ("Moved here and in the CRM as well", "In the CRM Monday, 7 January, 18:00–19:00", "The CRM's time is")),
    ],
)
async def test_both_sides_stand_next_to_each_other_with_every_answer(
    browser: Browser, parked: BookingId, language: str, said: tuple[str, ...]
) -> None:
    page = await browser.get(f"/conflicts?lang={language}")
    for sentence in said:
        assert sentence in text_of(page)
    for answer in ("ours", "theirs", "offer", "retry"):
        assert f'href="/conflicts/{booking_code(parked)}?answer={answer}"' in page.text
    assert (await browser.get("/status")).status_code == 200


async def test_an_answer_is_confirmed_then_given_and_leads_to_the_story(
    salon: Salon, browser: Browser, parked: BookingId
) -> None:
    sure = text_of(await browser.get(f"/conflicts/{booking_code(parked)}?answer=theirs"))
    assert "у нас запись встанет на «понедельник, 7 января, 18:00–19:00, Анна», как в CRM." in sure
    assert answers(salon, parked) == []

    given = await browser.post(f"/conflicts/{booking_code(parked)}", await form_of(browser, parked, "theirs"))

    assert (given.status_code, given.headers["location"]) == (303, f"/conflicts?answered={booking_code(parked)}")
    assert answers(salon, parked) == [("theirs", "operator")]
    booking = schedule.booking(salon.database, parked)
    assert booking is not None
    assert booking.starts_at == SIX.starts_at
    after = await browser.get(given.headers["location"])
    assert f"Ответ по записи {booking_code(parked)} принят" in text_of(after)
    assert f'href="/bookings/{booking_code(parked)}"' in after.text


async def test_the_same_form_sent_twice_is_one_answer(salon: Salon, browser: Browser, parked: BookingId) -> None:
    form = await form_of(browser, parked, "offer")
    for _ in range(2):
        assert (await browser.post(f"/conflicts/{booking_code(parked)}", form)).status_code == 303
    assert answers(salon, parked) == [("offer", "operator")]
    page = text_of(await browser.get("/conflicts"))
    assert "Клиенту предложено выбрать другое время" in page
    assert "Предложить клиенту другое время" not in page


async def test_an_answer_to_what_has_changed_meanwhile_is_not_taken(
    salon: Salon, browser: Browser, parked: BookingId
) -> None:
    form = await form_of(browser, parked, "theirs")
    there = slot("19:00")
    note = NoteConflict(salon.order(), parked, "moved_in_crm", (RecordId(4711),), their_slot=there)
    salon.ledger.execute(note)

    late = await browser.post(f"/conflicts/{booking_code(parked)}", form)

    assert late.status_code == 409
    assert "с тех пор что-то изменилось" in text_of(late)
    assert "19:00–20:00" in text_of(late)
    assert answers(salon, parked) == []
    salon.cancel(parked)
    settled = await browser.get(f"/conflicts/{booking_code(parked)}?answer=ours")
    assert settled.status_code == 409


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": "http://127.0.0.1:8080"},
    ],
    ids=str,
)
async def test_another_sites_form_answers_nothing(
    salon: Salon, browser: Browser, parked: BookingId, headers: dict[str, str]
) -> None:
    form = await form_of(browser, parked, "theirs")
    assert (await browser.post(f"/conflicts/{booking_code(parked)}", form, **headers)).status_code == 403
    assert answers(salon, parked) == []


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://127.0.0.1:8080"}, {"sec_fetch_site": "same-origin", "origin": "http://127.0.0.1:8080"}, {}],
    ids=str,
)
async def test_a_form_of_this_console_is_taken(
    salon: Salon, browser: Browser, parked: BookingId, headers: dict[str, str]
) -> None:
    form = await form_of(browser, parked, "ours")
    assert (await browser.post(f"/conflicts/{booking_code(parked)}", form, **headers)).status_code == 303
    assert answers(salon, parked) == [("ours", "operator")]


@pytest.mark.parametrize(
    "form", [{}, {"answer": "mine", "asked_at": "1"}, {"answer": "ours", "asked_at": "x"}, {"answer": "ours"}], ids=str
)
async def test_a_form_that_is_none_of_ours_is_refused(
    salon: Salon, browser: Browser, parked: BookingId, form: dict[str, str]
) -> None:
    assert (await browser.post(f"/conflicts/{booking_code(parked)}", form)).status_code == 400
    assert answers(salon, parked) == []


@pytest.mark.parametrize("booking", ["nonsense", "4F7K-2M9Q-XB"])
async def test_a_booking_that_is_none_has_no_page(browser: Browser, booking: str) -> None:
    assert (await browser.get(f"/conflicts/{booking}?answer=ours")).status_code == 404
    assert (await browser.post(f"/conflicts/{booking}", {"answer": "ours", "asked_at": "1"})).status_code == 404


async def test_behind_a_password_nobody_else_sees_or_answers(salon: Salon, parked: BookingId) -> None:
    path = f"/conflicts/{booking_code(parked)}"
    with open_site(salon, PASSWORD) as console:
        stranger = Browser(console, host="console.example")
        assert (await stranger.get("/conflicts")).status_code == 303
        assert (await stranger.post(path, {"answer": "theirs", "asked_at": "4"})).status_code == 401
        await stranger.sign_in()
        assert "Мария" in (await stranger.get("/conflicts")).text
    assert answers(salon, parked) == []
