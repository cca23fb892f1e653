"""The console's pages over a real ledger: each one, in both languages, whatever stands in the log."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from console.web.app import Console
from ledger import events as e
from ledger.decisions.brake import AcceptCrmChange, BrakeCrmChange
from ledger.decisions.hold import HoldSlot
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.privacy import HOUSE
from ledger.values import BookingId, booking_code
from tests.builders import (
    ANNA,
    BOOKING,
    HAIRCUT,
    OTHER_BOOKING,
    RECORD,
    catalog,
    failed,
    held,
    made,
    slot,
)
from tests.examples import EXAMPLES
from tests.salon import Salon, open_test_salon
from tests.site import Browser, append_past_the_rules, links_of, open_site, text_of

SCRIPT = "<script>alert(1)</script>"


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


def place_of(salon: Salon, type_: str) -> int:
    return next(event.position for event in salon.recorder.read() if event.event.type == type_)


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_event_there_is_has_a_row_and_a_page(salon: Salon, browser: Browser, language: str) -> None:
    positions = append_past_the_rules(salon, *EXAMPLES.values())

    rows = text_of(await browser.get(f"/?lang={language}"))

    for position, name in zip(positions, EXAMPLES, strict=True):
        page = await browser.get(f"/events/{position}?lang={language}")
        assert page.status_code == 200, name
        assert page.headers["content-language"] == language
        assert f" {name} " in text_of(page)
        assert f" {name} " in rows
        # The name of a field or a word of the program would stand there if a text were missing.
        assert "_" not in text_of(page).replace(name, ""), name


async def test_an_event_is_shown_in_full_between_its_neighbours(salon: Salon, browser: Browser) -> None:
    code = booking_code(salon.book(slot("10:00")))
    position = place_of(salon, "booking_made")
    event = salon.recorder.page(None, position - 1, 1)[0][0]
    before = salon.recorder.page(None, position - 2, 1)[0][0]

    page = await browser.get(f"/events/{position}")

    said = text_of(page)
    for words in ("Стрижка, 1 ч, 1\xa0500\xa0₽".replace("\xa0", " "), "Сходится", event.hash.hex(), event.digest.hex()):
        assert words in said, words
    assert before.hash.hex() in said
    links = links_of(page)
    assert {f"/events/{position - 1}", f"/bookings/{code}", f"/?booking={code}", f"/?staff={ANNA}"} <= set(links)
    assert f"/events/{position + 1}" not in links
    assert any(link.startswith("/?tag=command%3Atest") for link in links)


async def test_the_first_event_has_no_hash_before_it(browser: Browser) -> None:
    said = text_of(await browser.get("/events/1"))

    assert "это первое событие" in said
    assert "Сходится" in said


async def test_an_event_altered_behind_the_program_is_told(salon: Salon, browser: Browser) -> None:
    salon.book(slot("10:00"))
    position = place_of(salon, "slot_held")
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE events SET data = replace(data::text, '10:00', '11:00')::json WHERE position = %s", (position,)
        )
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")

    assert "Не сходится" in text_of(await browser.get(f"/events/{position}"))
    assert "Не сходится" not in text_of(await browser.get(f"/events/{position + 1}"))


async def test_an_event_put_in_another_ones_place_is_told(salon: Salon, browser: Browser) -> None:
    """Its content fits its digest; only its hash does not follow from the event before."""
    salon.book(slot("10:00"))
    position = place_of(salon, "slot_held")
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET hash = digest WHERE position = %s", (position,))
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")

    assert "Не сходится" in text_of(await browser.get(f"/events/{position}"))


async def test_an_event_this_program_cannot_read_is_shown_as_it_stands(salon: Salon, browser: Browser) -> None:
    with salon.database.transaction() as connection:
        connection.execute(
            "SELECT append_events(ARRAY['moon_seen', 'booking_made'], ARRAY[%s, '[1]'], '{1}', '{booking:501}', '[]')",
            ('{"facts": {"phase": "full", "who": {"sealed": "AQ==", "for": "x"}, "days": [1]}}',),
        )
    head = salon.recorder.head()

    assert "moon_seen" in text_of(await browser.get("/"))
    page = await browser.get(f"/events/{head - 1}")
    assert "показано как есть" in text_of(page)
    assert "phase full" in text_of(page)
    assert "зашифровано" in text_of(page)
    assert "AQ==" not in page.text
    assert (await browser.get(f"/events/{head}")).status_code == 200
    # A story with a gap would be no story: the page says why there is none.
    story = await browser.get(f"/bookings/{BOOKING}")
    assert (story.status_code, "не читает" in text_of(story)) == (500, True)


async def test_what_is_sealed_stays_sealed(salon: Salon, browser: Browser) -> None:
    salon.book(slot("10:00"))
    position = place_of(salon, "client_registered")
    facts = msgspec.json.decode(salon.recorder.page(None, position - 1, 1)[0][0].data)["facts"]

    page = await browser.get(f"/events/{position}")

    assert text_of(page).count("зашифровано") == 3
    for shown in (page.text, (await browser.get("/")).text):
        for secret in ("Мария", "7916000", facts["name"]["sealed"], facts["phone"]["sealed"]):
            assert secret not in shown


async def test_a_sign_that_means_something_to_a_browser_means_nothing_in_a_text(salon: Salon, browser: Browser) -> None:
    evil = catalog(
        salon=SCRIPT,
        services=(e.ServiceOffer(HAIRCUT, f"`{SCRIPT}`", SCRIPT, 1, 30, (ANNA,)),),
        staff=(e.StaffMember(ANNA, f'"><img src=x onerror=alert(1)>{SCRIPT}', SCRIPT),),
    )
    paused = e.IntegrationPaused("auth", f"{SCRIPT}`{SCRIPT}`")
    published, stopped, _, made_at = append_past_the_rules(salon, evil, paused, held(), made())
    salon.catch_up()
    pages = ["/", "/status", f"/events/{published}", f"/events/{stopped}", f"/events/{made_at}", f"/bookings/{BOOKING}"]

    for address in [*pages, *(f"/?{field}={SCRIPT}" for field in ("tag", "booking", "staff", "type", "since"))]:
        page = await browser.get(address)
        assert page.status_code in (200, 400), address
        assert "<script>alert" not in page.text, address
        assert "<img" not in page.text, address
    assert "&lt;script&gt;alert" in (await browser.get("/status")).text


async def test_a_booking_is_told_as_it_stands_and_as_it_went(salon: Salon, browser: Browser) -> None:
    booking_id = salon.book(slot("10:00"))
    salon.cancel(booking_id)
    code = booking_code(booking_id)

    by_code, by_number = await browser.get(f"/bookings/{code.lower()}"), await browser.get(f"/bookings/{booking_id}")

    assert by_code.text == by_number.text
    said = text_of(by_code)
    for words in (code, "отменена", "понедельник, 7 января 2030, 10:00–11:00", "Анна", "CRM ещё не знает"):
        assert words in said, words
    told = [f"№ {place_of(salon, name)} " for name in ("slot_held", "booking_made", "booking_cancelled")]
    assert [said.index(one) for one in told] == sorted(said.index(one) for one in told)
    assert {f"/events/{place_of(salon, 'booking_made')}", f"/?booking={code}"} <= set(links_of(by_code))


async def test_a_hold_given_up_and_a_booking_made_in_the_crm_have_their_states(salon: Salon, browser: Browser) -> None:
    salon.ledger.execute(HoldSlot(salon.order(), BOOKING, salon.client(), slot("10:00"), (HAIRCUT,)))
    assert "время придержано" in text_of(await browser.get(f"/bookings/{BOOKING}"))

    salon.ledger.execute(SeeCrmBooking(salon.order(), OTHER_BOOKING, RECORD, slot("10:00"), (HAIRCUT,)))

    held, seen = await browser.get(f"/bookings/{BOOKING}"), await browser.get(f"/bookings/{OTHER_BOOKING}")
    assert "время отпущено, записи нет" in text_of(held)
    assert "сделана в CRM вручную" in text_of(seen)
    assert f"/?tag=record%3A{RECORD}" in links_of(seen)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/bookings/ZZZZ-ZZZZ-ZZ", "Записи ZZZZ-ZZZZ-ZZ в этом журнале нет."),
        ("/bookings/nonsense", "Это не номер записи и не код"),
        ("/events/999999", "События № 999999 в журнале нет."),
        ("/events/0", "События № 0 в журнале нет."),
        (f"/events/{10**40}", "в журнале нет."),
        ("/events/first", "Такой страницы нет"),
        ("/nowhere", "Такой страницы нет"),
        ("/static/nothing.css", "Такой страницы нет"),
        ("/static/../app.py", "Такой страницы нет"),
    ],
)
async def test_what_is_not_there_is_said_in_words(browser: Browser, address: str, words: str) -> None:
    page = await browser.get(address)

    assert page.status_code == 404
    assert words in text_of(page)


async def test_a_page_is_not_changed_by_sending_to_it(browser: Browser) -> None:
    page = await browser.post("/")

    assert page.status_code == 405
    assert "Так эту страницу открыть нельзя" in text_of(page)


async def test_all_is_well_or_what_needs_somebody_is_named(salon: Salon, browser: Browser) -> None:
    salon.resume()
    assert "Всё в порядке." in text_of(await browser.get("/status"))

    booking_id = salon.book(slot("10:00"))
    note = salon.vault.seal(HOUSE, "Ирина звонит", "integration_paused.note")
    attempt = failed(booking_id=booking_id, status=422, parked=True)
    conflict = e.ConflictFound(BookingId(booking_id), "slot_busy")
    append_past_the_rules(salon, attempt, conflict, e.IntegrationPaused("operator", "", note))
    salon.catch_up()
    page = await browser.get("/status")

    said = text_of(page)
    for words in ("Требует внимания", "решение администратора: Ирина звонит", "нужно решение человека: 1", "HTTP 422"):
        assert words in said, words
    assert f"/bookings/{booking_code(booking_id)}" in links_of(page)


async def test_a_brake_is_named_while_it_is_on(salon: Salon, browser: Browser) -> None:
    salon.resume()
    salon.ledger.execute(BrakeCrmChange(salon.order(), removed=7, moved=2, known=20))
    said = text_of(await browser.get("/status"))
    for words in ("Требует внимания", "удалено 7, перенесено 2 из 20", "zapisnik sync accept"):
        assert words in said, words

    salon.ledger.execute(AcceptCrmChange(salon.order()))
    assert "Всё в порядке." in text_of(await browser.get("/status"))


async def test_a_read_model_that_lags_is_named_with_its_lag(salon: Salon, browser: Browser) -> None:
    salon.book(slot("10:00"))
    with salon.database.transaction() as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        connection.execute("UPDATE events SET recorded_at = recorded_at - interval '5 minutes'")
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")

    said = text_of(await browser.get("/status"))

    assert "Отстают от журнала: Отправка в CRM, Услуги и смены" in said
    assert "4 соб., 5 минут" in said


async def test_the_language_is_chosen_by_the_visitor_and_remembered(browser: Browser) -> None:
    assert "Журнал событий" in text_of(await browser.get("/"))
    assert "Event log" in text_of(await browser.get("/", accept_language="en-GB"))
    assert "Event log" in text_of(await browser.get("/?lang=en"))
    assert "State" in text_of(await browser.get("/status"))
    assert "Журнал событий" in text_of(await browser.get("/?lang=ru"))
    assert "Журнал событий" in text_of(await browser.get("/?lang=tlh"))


async def test_changing_the_language_stays_on_the_same_page_with_the_same_filters(browser: Browser) -> None:
    page = await browser.get("/?booking=501&type=slot_held")

    assert "?booking=501&type=slot_held&lang=en" in links_of(page)
