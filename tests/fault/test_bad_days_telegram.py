"""Telegram has a bad day: it asks for pauses, answers with pages, cuts lines. Every tap is answered all the same."""

from __future__ import annotations

import asyncio
import random

import pytest

from bot import delivery, polling
from console.demo.guests import Guest
from tests.fakes.telegram_server import CUT, CUT_AFTER
from tests.fault.day import Day, until

SEED = random.randrange(10**6)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of our own choice; the pauses Telegram asks for are kept as they are."""

    def backoff(tries: int) -> float:
        return 0.02 * 2.0 ** min(tries, 4)

    monkeypatch.setattr(delivery, "backoff", backoff)
    monkeypatch.setattr(polling, "backoff", backoff)


@pytest.fixture
def guests(day: Day) -> list[Guest]:
    print(f"seed {SEED}")
    return [day.guest(chat_id, SEED) for chat_id in range(101, 107)]


async def all_have_booked(day: Day, booking: asyncio.Future[list[bool]]) -> None:
    """Every client has a booking of their own, and nothing was passed over for it."""
    assert all(await booking)
    with day.salon.database.transaction() as connection:
        assert connection.execute("SELECT * FROM failed_updates").fetchall() == []
    await day.audit(was_sent=False)


async def test_telegram_answers_with_pages_and_cuts_lines_while_clients_tap(day: Day, guests: list[Guest]) -> None:
    day.server.faults = random.Random(SEED).choices([None, 502, CUT, CUT_AFTER], [20, 1, 1, 1], k=300)
    async with day.house_at_work():
        await all_have_booked(day, asyncio.gather(*(guest.book() for guest in guests)))
    assert len(day.server.faults) < 200, "hardly anything went wrong"


async def test_telegram_is_away_for_longer_than_any_update_is_tried(day: Day, guests: list[Guest]) -> None:
    async with day.house_at_work():
        booking = asyncio.gather(*(guest.book() for guest in guests[:2]))
        await until(lambda: day.tally.taps >= 6, "the clients to be in the middle of it")

        day.server.faults = [502] * (delivery.OUTAGE_TRIES * 5)

        await all_have_booked(day, booking)
    assert day.server.faults == []


async def test_telegram_asks_everybody_for_a_pause(day: Day, guests: list[Guest]) -> None:
    async with day.house_at_work():
        booking = asyncio.gather(*(guest.book() for guest in guests))
        await until(lambda: day.tally.taps >= 15, "the clients to be in the middle of it")

        held_until: list[float] = []
        day.server.when_taps_come(lambda: held_until.append(day.server.hold_back(2)))

        await all_have_booked(day, booking)
    told = [call for call in day.server.journal if call.status == 429]
    assert all(call.at < held_until[0] for call in told)
    # Each chat in hand, and the one who fetches, hears it once; nobody asks again before the time.
    assert 2 <= len(told) <= len(guests) + 1


async def test_telegram_asks_one_chat_for_a_pause_longer_than_any_of_ours(
    day: Day, guests: list[Guest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 0.2)
    async with day.house_at_work():
        day.server.hold_back(2, guests[0].chat_id)

        await all_have_booked(day, asyncio.gather(*(guest.book() for guest in guests[:2])))
    assert [call.chat_id for call in day.server.journal if call.status == 429] == [str(guests[0].chat_id)]
