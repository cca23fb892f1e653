"""`client find`, `client export` and `consent show`, as an administrator with the client on the phone meets them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ledger import events as e
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.decisions.erasure import RequestErasure
from ledger.decisions.note_sync import BeginAttempt, NoteConflict, NoteOutcome
from ledger.ledger import recorded
from ledger.phone_book import note_phone
from ledger.values import BookingId, ClientId, Sealed, booking_code
from projections.clients import has_consented
from tests.builders import failed, slot
from tests.salon import Salon
from tests.shell import Shell, refused

PHONE = "+79161234567"


@pytest.fixture
def maria(salon: Salon) -> ClientId:
    """Typed her phone, so nobody but the phone book knows her by it."""
    return registered(salon, "111", "Мария", PHONE)


def registered(salon: Salon, telegram: str, name: str, phone: str) -> ClientId:
    client_id = salon.vault.client_for("telegram", telegram)

    def sealed(field: str, text: str) -> Sealed:
        return salon.vault.seal(client_id, text, f"client_registered.{field}")

    salon.ledger.execute(GiveConsent(salon.order(), client_id, "1", "ab" * 32))
    who = sealed("telegram", telegram), sealed("name", name), sealed("phone", phone)
    salon.ledger.execute(RegisterClient(salon.order(), client_id, *who, phone_verified=False))
    note_phone(salon.database, salon.vault, client_id, phone)
    return client_id


def ready(salon: Salon) -> None:
    """The read models at the head, and their leadership free for a process of its own."""
    salon.catch_up()
    salon.follower.step_down()


def viewings(salon: Salon) -> list[tuple[int, tuple[str, ...], str, str]]:
    log = [recorded(stored) for stored in salon.recorder.page(None, 0, 1000)[0]]
    found = [(item, item.event) for item in log if isinstance(item.event, e.PersonalDataViewed)]
    return [(event.client_id, event.what, event.where, item.by.kind) for item, event in found]


def test_a_client_is_found_by_a_phone_as_people_write_it_or_a_telegram_id(
    shell: Shell, salon: Salon, maria: ClientId
) -> None:
    registered(salon, "222", "Дарья", "+79161234568")
    ready(salon)

    for spelling in (("8", "916", "123-45-67"), ("@111",)):
        (found,) = shell.json("client", "find", *spelling)
        assert found["client_id"] == maria
        assert "name" not in found
    assert viewings(salon) == []


def test_what_an_administrator_needs_is_shown_without_opening_anything(
    shell: Shell, salon: Salon, maria: ClientId
) -> None:
    salon.book(slot("10:00"), maria)
    salon.cancel(salon.book(slot("12:00"), maria))
    code = booking_code(salon.book(slot("18:00"), maria))
    ready(salon)

    done = shell.run("client", "find", PHONE)

    assert done.returncode == 0, done.stderr
    assert f"client {maria}" in done.stdout
    # The process's clock is years behind the salon's, whose visits are all to come therefore.
    assert "0 past; 2 to come, 1 cancelled" in done.stdout
    assert f"{code}  Mon 2030-01-07 18:00–19:00  Стрижка, Анна" in done.stdout
    assert "version 1, given 2030-01-06" in done.stdout
    assert "Мария" not in done.stdout
    assert "916" not in done.stdout


def test_opened_is_name_and_phone_and_that_is_written_down(shell: Shell, salon: Salon, maria: ClientId) -> None:
    ready(salon)

    done = shell.run("client", "find", "@111", "--open")

    assert "Мария" in done.stdout
    assert "+7 916 123-45-67, as the client gave it" in done.stdout
    assert viewings(salon) == [(maria, ("name", "phone"), "cli:client find", "operator")]
    assert shell.json("client", "find", "@111", "--open")[0]["phone"] == PHONE
    assert len(viewings(salon)) == 1, "within the hour it is one viewing"


def test_two_people_with_one_phone_are_both_found(shell: Shell, salon: Salon, maria: ClientId) -> None:
    daughter = registered(salon, "333", "Аня", PHONE)
    ready(salon)

    assert {one["client_id"] for one in shell.json("client", "find", PHONE)} == {maria, daughter}
    assert "2 clients gave this phone: `--open` shows their names." in shell.run("client", "find", PHONE).stdout
    refused(shell.run("client", "export", PHONE), "several clients", str(maria), str(daughter))


def test_clients_of_before_the_phone_book_are_found_after_migrate(shell: Shell, salon: Salon) -> None:
    anna = salon.client("444")
    ready(salon)
    refused(shell.run("client", "find", "+79160000001"), "no client", code=1)

    assert shell.run("migrate").returncode == 0

    assert shell.json("client", "find", "+79160000001")[0]["client_id"] == anna


def test_what_a_client_wishes_and_what_waits_is_seen_at_once(shell: Shell, salon: Salon, maria: ClientId) -> None:
    booking_id = salon.book(slot("10:00"), maria)
    salon.ledger.execute(NoteConflict(salon.order(), booking_id, "slot_busy", ()))
    salon.ledger.execute(RequestErasure(salon.order(), maria))
    ready(salon)

    shown = shell.run("client", "find", PHONE).stdout

    assert "waits for a decision" in shown
    assert "withdrawn 2030-01-06 12:00" in shown
    assert "asked for, to be done no later than 2030-01-18" in shown
    assert shell.json("status")["erasure_requests"][0] | {"asked_at": ""} == {
        "client_id": maria, "asked_at": "", "due_on": "2030-01-18"
    }  # fmt: skip
    assert f"client {maria} asked to be erased: to be done no later than 2030-01-18" in shell.run("status").stdout


def test_who_is_nobody_is_said_in_one_sentence(shell: Shell, salon: Salon) -> None:
    ready(salon)
    before = salon.recorder.head()

    refused(shell.run("client", "find", "+79160000000"), "no client", "phone", code=1)
    refused(shell.run("client", "find", "Мария"), "neither a phone", "Telegram id")
    assert salon.recorder.head() == before


# --- everything ---


def rich_life(salon: Salon, maria: ClientId) -> BookingId:
    """A booking the CRM refused with words about the client."""
    booking_id = salon.book(slot("10:00"), maria)
    salon.resume()
    salon.ledger.execute(BeginAttempt(salon.order(), booking_id, 77, "create", salon.clock.now(), slot("10:00")))
    said = salon.vault.seal(maria, "Клиент Мария в чёрном списке", "sync_failed.message")
    refusal = failed(booking_id=booking_id, client_id=maria, message=said, status=422, parked=True)
    salon.ledger.execute(NoteOutcome(salon.order(), refusal))
    ready(salon)
    return booking_id


def test_an_export_holds_everything_in_words(shell: Shell, salon: Salon, maria: ClientId, tmp_path: Path) -> None:
    booking_id = rich_life(salon, maria)
    file = tmp_path / "maria.txt"

    done = shell.run("client", "export", str(maria), "--out", str(file))

    assert done.returncode == 0, done.stderr
    text = file.read_text("utf-8")
    for said in (
        f"клиенте № {maria}",
        "Салон, ул. Лесная, 5",
        "Имя: Мария",
        "+7 916 123-45-67 (записан с ваших слов)",
        "Номер в Telegram: 111",
        "номера в Telegram, телефона",
        f"версия текста 1. Отпечаток текста (SHA-256): {'ab' * 32}",
        f"№ {booking_code(booking_id)}: Стрижка, Анна, 7 января 2030, 10:00–11:00. Запись в силе.",
        "Запись сделана: Стрижка",
        "«Клиент Мария в чёрном списке»",
        "КТО ОТКРЫВАЛ ВАШИ ДАННЫЕ (1)",
        "имя, телефон, номер в Telegram, слова CRM о записи (cli:client export)",
    ):
        assert said in text
    assert "Мария" not in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert viewings(salon) == [(maria, ("name", "phone", "telegram", "crm_words"), "cli:client export", "operator")]


def test_an_export_for_another_program_holds_the_same(shell: Shell, salon: Salon, maria: ClientId) -> None:
    booking_id = rich_life(salon, maria)

    done = shell.run("client", "export", "@111", "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["client_id"] == maria
    assert told["contacts"][0] | {"at": ""} == {
        "at": "", "name": "Мария", "phone": PHONE, "telegram": "111", "phone_verified": False
    }  # fmt: skip
    assert told["consents"][0]["text_sha256"] == "ab" * 32
    (booking,) = told["bookings"]
    assert (booking["booking_id"], booking["status"]) == (booking_id, "booked")
    assert booking["crm"] == {"record_id": None, "is_there": False, "sync": "parked"}
    assert booking["crm_said"][0]["text"] == "Клиент Мария в чёрном списке"
    assert [event["type"] for event in booking["events"]][:2] == ["slot_held", "booking_made"]
    assert told["viewed"][0]["where"] == "cli:client export"


def test_an_export_speaks_the_clients_language_or_the_one_asked_for(
    shell: Shell, salon: Salon, maria: ClientId
) -> None:
    ready(salon)

    assert "Имя: Мария" in shell.run("client", "export", str(maria)).stdout
    assert "Name: Мария" in shell.run("client", "export", str(maria), "--language", "en").stdout


def test_an_export_overwrites_nothing_and_opens_nothing_then(
    shell: Shell, salon: Salon, maria: ClientId, tmp_path: Path
) -> None:
    ready(salon)
    file = tmp_path / "kept.txt"
    file.write_text("mine")

    refused(shell.run("client", "export", str(maria), "--out", str(file)), "kept.txt", "there already")
    refused(shell.run("client", "export", str(maria), "--out", str(tmp_path / "no/way")), "cannot be made")
    assert file.read_text() == "mine"
    assert viewings(salon) == []


# --- consent ---


def test_the_text_behind_a_checksum_on_record_is_shown(shell: Shell, salon: Salon) -> None:
    ready(salon)
    present, english = shell.json("consent", "show"), shell.json("consent", "show", "1", "--language", "en")

    assert (present["version"], present["is_current"], present["language"]) == ("2", True, "ru")
    assert (english["version"], english["is_current"]) == ("1", False)
    assert shell.json("consent", "show", english["sha256"].upper()) == english
    assert present["text"] in shell.run("consent", "show", "2").stdout
    refused(shell.run("consent", "show", "ab" * 32), "no text of any version", code=1)
    refused(shell.run("consent", "show", "7"), "no version '7'")


def test_a_consent_is_taken_back_for_somebody_who_asks_in_the_salon(
    shell: Shell, salon: Salon, maria: ClientId
) -> None:
    salon.book(slot("10:00"), maria)
    ready(salon)

    done = shell.run("consent", "withdraw", "@111")

    assert done.stdout == f"The consent of client {maria} is taken back. Bookings that stand: 1.\n"
    assert not has_consented(salon.ledger, maria)
    refused(shell.run("consent", "withdraw", str(maria)), "no consent in force", code=1)
