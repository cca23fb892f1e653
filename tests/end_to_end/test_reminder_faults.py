"""Whatever happens between attempt and outcome, a client gets one reminder at most, and the log says what is known."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TypeVar

import psycopg
import pytest

from bot.app import BotTokenError, new_bot
from bot.line import Line
from bot.messenger import LEASE_LASTS
from bot.reminders import KEEP_TRYING, LOST_AFTER, Reminders
from ledger import events as e, leases
from ledger.appends import Along
from ledger.leases import Lease
from ledger.ledger import Decision, Executed, Ledger
from ledger.values import BookingId
from tests.builders import MONDAY, at, slot
from tests.fakes.messages import Flooded, KilledError, Office, Stepped
from tests.fakes.telegram_server import TelegramServer, serve
from tests.salon import Salon

SUNDAY, TUESDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
TOKEN = "7000000001:secret-of-this-bot"
_A = TypeVar("_A")


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, telegram=Flooded())


def due(office: Office) -> tuple[BookingId, int]:
    """A booking at the moment of its first reminder, and the client's chat."""
    client_id, chat_id = office.client()
    booking_id = office.salon.book(slot("15:00"), client_id)
    office.salon.clock.advance(at("15:00", SUNDAY) - office.salon.clock.now())
    return booking_id, chat_id


def outcomes(office: Office) -> list[str]:
    """What was written down about reminders, in order."""
    shapes = e.ReminderAttempted, e.ReminderSent, e.ReminderFailed
    return [
        event.reason if isinstance(event, e.ReminderFailed) else type(event).__name__
        for event in office.events(*shapes)
    ]


# --- nothing was sent for certain: the same attempt goes on ---


async def test_a_flood_limit_is_obeyed_within_the_attempt(office: Office) -> None:
    _, chat_id = due(office)
    flooded(office, 2)
    await office.work()
    assert [round(pause) for pause in office.messenger.pauses] == [7, 7]
    assert len(office.said(chat_id)) == 1
    assert outcomes(office) == ["ReminderAttempted", "ReminderSent"]


async def test_a_flood_limit_that_lasts_too_long_gives_the_reminder_up(office: Office) -> None:
    _, chat_id = due(office)
    flooded(office, 1, retry_after=int(KEEP_TRYING.total_seconds()) + 1)
    await office.work()
    assert office.messenger.pauses == []
    assert office.said(chat_id) == []
    assert outcomes(office) == ["ReminderAttempted", "refused"]


async def test_a_booking_cancelled_while_telegram_kept_us_waiting_is_not_reminded_of(office: Office) -> None:
    booking_id, chat_id = due(office)
    flooded(office, 1)
    office.messenger.meanwhile = lambda: office.salon.cancel(booking_id)
    await office.work()
    assert office.said(chat_id) == []
    assert outcomes(office) == ["ReminderAttempted", "refused"]


async def test_a_message_that_never_left_is_sent_within_the_same_attempt(office: Office) -> None:
    _, chat_id = due(office)
    office.session.faults = ["refused", "refused"]
    await office.work()
    assert len(office.messenger.pauses) == 2
    assert len(office.said(chat_id)) == 1
    assert outcomes(office) == ["ReminderAttempted", "ReminderSent"]


# --- nobody knows: never again ---


async def test_a_lost_answer_is_unknown_and_the_reminder_is_not_repeated(office: Office) -> None:
    _, chat_id = due(office)
    office.session.faults = ["lost"]
    await office.work()
    office.salon.advance(minutes=10)
    await office.work()
    assert len(office.said(chat_id)) == 1
    assert outcomes(office) == ["ReminderAttempted", "unknown"]


async def test_a_messenger_killed_after_sending_has_sent_once(office: Office) -> None:
    _, chat_id = due(office)
    office.session.faults = ["killed"]
    with pytest.raises(KilledError):
        await office.turn()
    assert outcomes(office) == ["ReminderAttempted"]

    again = office.another("first")  # the same machine, with the lease it still holds
    office.salon.advance(minutes=4, seconds=59)
    await office.turn(again)
    assert outcomes(office) == ["ReminderAttempted"], "somebody may still be sending it"
    office.salon.advance(seconds=2)
    await office.turn(again)
    assert outcomes(office) == ["ReminderAttempted", "unknown"]
    await office.turn(again)
    assert len(office.said(chat_id)) == 1


def test_an_attempt_is_given_up_before_it_is_taken_for_lost() -> None:
    request_seconds = 20
    assert KEEP_TRYING + timedelta(seconds=request_seconds) < LOST_AFTER
    assert LEASE_LASTS.total_seconds() > request_seconds


async def test_an_attempt_whose_commit_was_not_answered_is_still_ones_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, chat_id = due(office)
    real, lost = Ledger._try, ["first"]

    def forgetful(ledger: Ledger, decision: Decision[_A], lease: Lease | None, along: Along | None) -> Executed[_A]:
        done = real(ledger, decision, lease, along)
        if lease is not None and lost:
            lost.clear()
            raise psycopg.OperationalError("the answer of the commit was lost")
        return done

    monkeypatch.setattr(Ledger, "_try", forgetful)
    await office.work()
    assert lost == []
    assert len(office.said(chat_id)) == 1
    assert outcomes(office) == ["ReminderAttempted", "ReminderSent"]


# --- two at once ---


async def test_of_two_messengers_one_sends(office: Office) -> None:
    _, chat_id = due(office)
    other = office.another("second")
    office.salon.catch_up()
    await asyncio.gather(office.messenger.turn(), other.turn())
    await asyncio.gather(office.messenger.turn(), other.turn())
    assert len(office.said(chat_id)) == 1
    assert outcomes(office) == ["ReminderAttempted", "ReminderSent"]


async def test_two_messengers_with_one_lease_send_once_all_the_same(office: Office) -> None:
    _, chat_id = due(office)
    lease = leases.acquire(office.salon.database, "messages", "both", lasting=LEASE_LASTS)
    assert lease is not None
    office.salon.catch_up()
    await asyncio.gather(*(reminders_of(office, name).step(lease) for name in ("one", "other", "third")))
    assert len(office.said(chat_id)) == 1
    assert outcomes(office) == ["ReminderAttempted", "ReminderSent"]


async def test_a_messenger_whose_lease_was_taken_writes_nothing_down(office: Office) -> None:
    _, chat_id = due(office)
    office.salon.catch_up()
    lost = Lease("messages", "first", 99)
    with pytest.raises(Exception, match="taken over"):
        await reminders_of(office, "first").step(lost)
    assert outcomes(office) == []
    assert office.said(chat_id) == []


def reminders_of(office: Office, holder: str) -> Reminders:
    messenger = office.another(holder)
    return Reminders(office.services, Line(messenger.bot, office.salon.clock), messenger.pause)


# --- Telegram away, over HTTP ---


async def test_while_telegram_is_away_nothing_is_attempted(office: Office) -> None:
    _, chat_id = due(office)
    async with serve(office.telegram, TOKEN) as server:
        messenger = over_http(office, server.url)
        server.faults = [502, 0, 429]
        for _ in range(3):
            assert not await office.turn(messenger)
            office.salon.advance(seconds=60)
        assert set(server.calls) == {"getMe"}
        assert outcomes(office) == []
        await office.turn(messenger)
        await messenger.bot.session.close()
    assert len(office.said(chat_id)) == 1


@pytest.mark.parametrize("fault", [502, 0])
async def test_a_message_that_left_and_met_a_fault_is_unknown(office: Office, fault: int) -> None:
    due(office)
    async with serve(office.telegram, TOKEN) as server:
        messenger = over_http(office, server.url)
        await messenger.line.is_open()
        server.faults = [fault]
        await office.turn(messenger)
        office.salon.advance(minutes=2)
        await office.turn(messenger)
        await messenger.bot.session.close()
        assert sent(server) == 1
    assert outcomes(office) == ["ReminderAttempted", "unknown"]


async def test_without_a_server_nothing_is_attempted_and_nothing_raised(office: Office) -> None:
    due(office)
    messenger = over_http(office, "http://127.0.0.1:9")
    assert not await office.turn(messenger)
    await messenger.bot.session.close()
    assert outcomes(office) == []


async def test_a_refused_token_is_said_before_anything_is_attempted(office: Office) -> None:
    due(office)
    async with serve(office.telegram, "7000000001:another") as server:
        messenger = over_http(office, server.url)
        with pytest.raises(BotTokenError, match=f"BOT_TOKEN was refused by {server.url}"):
            await office.turn(messenger)
        await messenger.bot.session.close()
    assert outcomes(office) == []


async def test_a_token_that_is_revoked_in_the_middle_leaves_no_open_attempt(office: Office) -> None:
    due(office)
    async with serve(office.telegram, TOKEN) as server:
        messenger = over_http(office, server.url)
        await messenger.line.is_open()
        server.token = "7000000001:another"
        with pytest.raises(BotTokenError):
            await office.turn(messenger)
        await messenger.bot.session.close()
    assert outcomes(office) == ["ReminderAttempted", "refused"]


def flooded(office: Office, times: int, retry_after: int = 7) -> None:
    assert isinstance(office.telegram, Flooded)
    office.telegram.floods, office.telegram.retry_after = times, retry_after


def over_http(office: Office, url: str) -> Stepped:
    bot = new_bot(TOKEN, url)
    return Stepped(office.salon, bot, "first", None)


def sent(server: TelegramServer) -> int:
    return server.calls.count("sendMessage")
