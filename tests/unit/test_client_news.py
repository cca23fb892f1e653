"""What a client is told of what the salon did: fits Telegram, and says nothing that the catalogue does not hold."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest

from bot.naming import Naming
from bot.screen import Part
from bot.screens.client_news import client_news
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.decisions.untold import Untold, What
from ledger.values import BookedService, BookingId, ServiceId
from projections.catalog import Catalog
from tests.builders import MARIA, NOW, OLGA, SERVICES, at, catalog, slot

LANGUAGES: list[e.Language] = ["ru", "en"]
LARGEST, LATEST = BookingId((1 << 50) - 1), 999
GONE = (BookedService(ServiceId(99), 150_000, 60),)


def shown(
    what: What,
    *,
    language: e.Language = "ru",
    facts: e.CatalogPublished | None = None,
    services: tuple[BookedService, ...] = SERVICES,
    name: str = "Мария",
    now: datetime = NOW,
) -> Part:
    news = Untold(LARGEST, MARIA, what, (2,), slot("15:00"), slot("17:00", staff_id=OLGA), LATEST, services)
    naming = Naming(NOTICE_WORDS[language], Catalog(facts or catalog(), NOW))
    return client_news(naming, news, name, now)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", get_args(What))
def test_every_button_fits_with_the_largest_ids(what: What, language: e.Language) -> None:
    part = shown(what, language=language)
    data = [key.data.pack() for row in part.rows for key in row]
    assert data
    assert all(len(one.encode()) <= 64 for one in data)
    assert len(part.text) < 4096


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", get_args(What))
@pytest.mark.parametrize("now", [NOW, at("15:30")], ids=["open", "too late"])
def test_a_salon_without_phone_and_address_promises_no_call(what: What, language: e.Language, now: datetime) -> None:
    text = shown(what, language=language, facts=catalog(phone="", address=""), now=now).text
    assert not any(word in text for word in ("Телефон", "позвоните", "phone", "call us"))
    assert text == text.strip()
    assert "\n\n\n" not in text


@pytest.mark.parametrize("what", get_args(What))
def test_nothing_is_said_of_the_crm(what: What) -> None:
    assert not any(
        word in shown(what, language=language).text for language in LANGUAGES for word in ("CRM", "Yclients")
    )


def test_a_client_without_a_name_is_greeted_without_one() -> None:
    assert shown("moved", name="").text.startswith("Здравствуйте! Салон перенёс")


def test_a_service_that_is_not_offered_any_more_begins_again_with_the_price_list() -> None:
    usual, gone = (shown("removed", services=services).rows[0][0].data.pack() for services in (SERVICES, GONE))
    assert (usual, gone) == ("w:1", "s::0")


def test_past_the_salons_limit_another_time_is_chosen_by_phone() -> None:
    part = shown("offered", now=at("15:30"))
    assert part.text.endswith("Чтобы выбрать другое время, позвоните нам, пожалуйста: +7 495 123-45-67")
    assert [key.text for row in part.rows for key in row] == ["Мои записи"]
