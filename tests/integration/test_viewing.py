"""Nobody's data is opened at the console before it is written down, and nothing is shown when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from console.viewing import AT_ONCE, note_viewing
from console.web.app import Console
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.note_sync import NoteConflict
from ledger.errors import StoreUnavailableError
from ledger.ledger import Decision, Executed, Ledger
from ledger.recorder import BoundaryItem
from ledger.values import Actor, BookingId, ClientId, booking_code
from tests.builders import slot
from tests.salon import Salon, open_test_salon
from tests.site import Browser, house_of, open_site, text_of

OPERATOR = Actor("operator", "77")


class Broken(Ledger):
    """Reads as ever, and stores nothing any more."""

    def execute(self, decision: Decision[object], *, lease: object = None) -> Executed[object]:  # type: ignore[override]  # whatever is wanted fails
        raise StoreUnavailableError("the database was lost")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as salon:
        yield salon


@pytest.fixture
def console(salon: Salon) -> Iterator[Console]:
    with open_site(salon) as console:
        yield console


def viewed(salon: Salon) -> list[Recorded]:
    return salon.ledger.history(BoundaryItem(types=boundaries.names(e.PersonalDataViewed), tags=[]))


def clients_viewed(salon: Salon) -> list[ClientId]:
    return [item.event.client_id for item in viewed(salon) if isinstance(item.event, e.PersonalDataViewed)]


def waiting(salon: Salon, start: str = "10:00") -> tuple[BookingId, ClientId]:
    """A booking that waits for a person."""
    client_id = salon.client()
    booking_id = salon.book(slot(start), client_id)
    salon.ledger.execute(NoteConflict(salon.order(), booking_id, "slot_busy", ()))
    salon.catch_up()
    return booking_id, client_id


# --- the way in ---


def test_only_what_was_written_down_can_be_opened(salon: Salon) -> None:
    maria, daria = salon.client(), salon.client()

    viewing = note_viewing(house_of(salon), [maria], ["name", "phone"], "cli:test", by=OPERATOR)

    (noted,) = viewed(salon)
    assert noted.event == e.PersonalDataViewed(maria, ("name", "phone"), "cli:test")
    assert noted.by == OPERATOR
    assert f"client:{maria}" in noted.tags
    contact = viewing.contact(maria)
    assert contact is not None
    assert contact.name == "Мария"
    for opening in (viewing.contact, viewing.dossier):
        with pytest.raises(ValueError, match="nobody has written it down"):
            opening(daria)


def test_many_clients_are_noted_in_few_appends(salon: Salon) -> None:
    clients = [salon.vault.client_for("telegram", str(n)) for n in range(AT_ONCE + 1)]

    note_viewing(house_of(salon), clients, ["name"], "cli:test", by=OPERATOR)

    assert clients_viewed(salon) == clients
    assert len({item.cause for item in viewed(salon)}) == 2


def test_nobody_to_open_is_no_event(salon: Salon) -> None:
    before = salon.recorder.head()
    note_viewing(house_of(salon), [], ["name"], "cli:test", by=OPERATOR)
    assert salon.recorder.head() == before


def test_at_a_terminal_it_is_whoever_works_there(salon: Salon) -> None:
    note_viewing(house_of(salon), [salon.client()], ["name"], "cli:test")
    (noted,) = viewed(salon)
    assert noted.by.kind == "operator"
    assert noted.by.id.isdecimal()


def test_when_it_cannot_be_written_down_nothing_can_be_opened(salon: Salon) -> None:
    house = replace(house_of(salon), ledger=Broken(salon.recorder))
    with pytest.raises(StoreUnavailableError):
        note_viewing(house, [salon.client()], ["name"], "cli:test", by=OPERATOR)


# --- the page of what waits ---


async def test_the_page_of_what_waits_notes_each_client_once_an_hour(salon: Salon, console: Console) -> None:
    (first, maria), (_, daria) = waiting(salon), waiting(salon, "18:00")
    browser = Browser(console)

    for _ in range(3):
        assert "Мария" in text_of(await browser.get("/conflicts"))
    await browser.get(f"/conflicts/{booking_code(first)}?answer=ours")

    assert clients_viewed(salon) == [maria, daria]
    assert len({item.cause for item in viewed(salon)}) == 1, "one append for the page"
    (noted, _) = viewed(salon)
    assert noted.event == e.PersonalDataViewed(maria, ("name", "phone", "crm_words"), "web:/conflicts")
    salon.clock.advance(timedelta(hours=1))
    await browser.get("/conflicts")
    assert clients_viewed(salon) == [maria, daria, maria, daria]


async def test_a_page_that_cannot_note_it_shows_nobody(salon: Salon) -> None:
    booking_id, _ = waiting(salon)
    with open_site(salon) as console:
        object.__setattr__(console._desk.house, "ledger", Broken(salon.recorder))
        for path in ("/conflicts", f"/conflicts/{booking_code(booking_id)}?answer=ours"):
            page = await Browser(console).get(path)
            assert page.status_code == 503
            assert "Мария" not in page.text
            assert "916" not in page.text
    assert viewed(salon) == []


async def test_who_looked_is_shown_in_the_log_but_not_in_a_bookings_story(salon: Salon, console: Console) -> None:
    booking_id, maria = waiting(salon)
    browser = Browser(console)
    await browser.get("/conflicts")

    log = text_of(await browser.get(f"/?client={maria}"))
    assert "Данные клиента открыли" in log
    assert "имя, телефон, слова CRM · web:/conflicts" in log
    place = viewed(salon)[0].position
    event = text_of(await browser.get(f"/events/{place}"))
    assert "Что открыли" in event
    assert "web:/conflicts" in event
    assert "открыли" not in text_of(await browser.get(f"/bookings/{booking_code(booking_id)}"))


async def test_other_pages_open_nobody(salon: Salon, console: Console) -> None:
    booking_id, _ = waiting(salon)
    browser = Browser(console)
    for path in ("/", "/status", f"/bookings/{booking_code(booking_id)}", "/events/5"):
        assert "Мария" not in (await browser.get(path)).text
    assert viewed(salon) == []
