"""A salon at work on a bad day: roles as processes, Telegram and the CRM over HTTP, clients, and the audit after it."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from bot.app import new_bot
from bot.local import LocalTelegram
from bot.texts.ru import RU
from console.demo.guests import Guest, Tally
from console.demo.invariants import CrmAddress, audit
from ledger import events as e
from ledger.clock import SetClock
from ledger.decisions import boundaries
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.ledger import recorded
from ledger.values import Slot
from projections import backlog, schedule
from projections.integration import integration
from projections.projector import lags, scratch
from projections.schedule import Schedule
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Limits, Simulator, running
from tests.builders import ANNA, MOSCOW, OLGA, catalog, policy, shifts
from tests.fakes.conversation import House
from tests.fakes.telegram_server import TelegramServer, serve
from tests.salon import Salon, open_test_salon
from tests.shell import Shell, crm

PATIENCE = 60.0
"""Seconds for what takes one or two: a noisy machine is no fault of ours."""
STOPS_WITHIN = 15.0
"""Seconds in which a role has to end after SIGTERM; it takes about one where nothing else runs."""
BOOKED = RU.booked.partition("\n")[0]
BRISK = {"SYNC_SPACING_SECONDS": "0.02", "SYNC_REQUEST_SECONDS": "1", "SYNC_SETTLE_SECONDS": "1"}


async def until(is_so: Callable[[], bool], what: str) -> None:
    """Waits for something that happens in another process or thread."""
    deadline = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain for {what}"
        await asyncio.sleep(0.05)


class Role:
    """One `zapisnik` process that is stopped, killed and started again; all it ever said is kept in one file."""

    def __init__(self, shell: Shell, log: Path, *command: str) -> None:
        self._shell, self._log, self._command = shell, log, command
        self._process: subprocess.Popen[str] | None = None

    @property
    def name(self) -> str:
        return " ".join(self._command)

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, f"{self.name} was not started"
        return self._process

    def start(self, **settings: str) -> Role:
        with self._log.open("a") as log:
            self._process = self._shell.start_into(log, *self._command, **settings)
        return self

    async def is_at_work(self) -> None:
        """Waits until the newest process of this role has begun its work."""
        starts = self.said.count("started")
        await until(lambda: self.said.count("started") > starts or self.process.poll() is not None, self.name)
        assert self.process.poll() is None, self.said

    async def ended(self) -> int:
        """Waits until it ends by itself; gives the exit code."""
        return await asyncio.to_thread(self.process.wait, timeout=PATIENCE)

    async def stop(self) -> float:
        """SIGTERM: it has to end in order and soon. Gives how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(self.process.wait, timeout=STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end after SIGTERM: {self.said[-2000:]}") from None
        assert code == 0, f"{self.name} ended with {code}: {self.said[-2000:]}"
        return time.monotonic() - began

    async def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self.process.kill()
        await asyncio.to_thread(self.process.wait, timeout=PATIENCE)

    def put_away(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=PATIENCE)


class Day:
    """The salon of `builders` on today's real clock, with everybody it deals with."""

    def __init__(
        self,
        salon: Salon,
        telegram: LocalTelegram,
        server: TelegramServer,
        simulator: Simulator,
        crm_url: str,
        logs: Path,
    ) -> None:
        self.salon, self.telegram, self.server, self.simulator = salon, telegram, server, simulator
        self.crm_url, self._logs = crm_url, logs
        self.tally = Tally()
        self.roles: list[Role] = []
        self.settings = {
            "DATABASE_URL": salon.database.url,
            "ZAPISNIK_SCHEMA": salon.database.schema,
            "ZAPISNIK_MASTER_KEY": salon.master_key,
            "BOT_TOKEN": server.token,
            "TELEGRAM_API_URL": server.url,
            "PORT": "0",
            **crm(crm_url),
            **BRISK,
        }

    def role(self, *command: str) -> Role:
        """A process that is not started yet."""
        role = Role(Shell(**self.settings), self._logs / f"{len(self.roles)}.log", *command)
        self.roles.append(role)
        return role

    async def at_work(self, *command: str) -> Role:
        role = self.role(*command)
        role.start()
        await role.is_at_work()
        if command == ("run",):
            await until(lambda: integration(self.salon.ledger).is_diary_loaded, "the CRM's diary to be read")
        return role

    def house(self) -> House:
        """The bot alone, in this process, over HTTP like the others; not started yet."""
        return House(self.salon, self.telegram, lambda: new_bot(self.server.token, self.server.url))

    @asynccontextmanager
    async def house_at_work(self) -> AsyncIterator[House]:
        house = self.house()
        house.start()
        try:
            yield house
        finally:
            await house.stop()

    def guest(self, chat_id: int, seed: int = 0) -> Guest:
        """A client with a chat of their own, who taps as a person would."""
        self.telegram.enter(chat_id, f"Client {chat_id}")
        return Guest(self.telegram, self.tally, chat_id, random.Random(seed * 1000 + chat_id))

    async def sent(self) -> None:
        """Waits until the CRM lacks nothing any more and every read model is at the head."""
        await until(self._is_settled, "everything to be sent to the CRM")

    def _is_settled(self) -> bool:
        database = self.salon.database
        counts = backlog.counts(database)
        assert counts.parked == 0, f"{counts.parked} bookings are parked"
        return all(lag.events == 0 for lag in lags(database)) and counts.pending + counts.unknown == 0

    async def audit(self, *, was_sent: bool = True) -> None:
        """Nothing lost, nothing doubled, nobody told another's business; without a sender the CRM is left out."""
        address = CrmAddress(self.crm_url, 1, f"Bearer {PARTNER_TOKEN}, User {USER_TOKEN}")
        found = await asyncio.to_thread(audit, self.salon.recorder, address, self.telegram.unanswered())
        of_the_sender = () if was_sent else ("missing", "unsettled")
        assert [one for one in found.broken if one[0] not in of_the_sender] == []
        assert found.verified
        assert await asyncio.to_thread(self._is_schedule_a_replay)
        self._check_chats()
        for role in self.roles:
            assert "Traceback" not in role.said, role.said
            assert self.server.token.partition(":")[2] not in role.said

    def _is_schedule_a_replay(self) -> bool:
        with self.salon.database.transaction() as connection:
            live = schedule.all_bookings(connection)
        with scratch(self.salon.recorder, [Schedule()], lambda _: True) as (connection, _):
            replayed = schedule.all_bookings(connection)
        assert live == replayed
        return bool(live)

    def _check_chats(self) -> None:
        """Each chat was told of every booking of its own, and of nobody else's."""
        for chat_id in self.telegram.chat_ids():
            told = {text for chat, text in self.server.shown if chat == str(chat_id) and text.startswith(BOOKED)}
            booked = [_words(one.slot) for one in self.booked_in(chat_id)]
            for text in told:
                assert any(_are_in(text, words) for words in booked), (text, booked)
            for words in booked:
                assert any(_are_in(text, words) for text in told), (words, told)

    def booked_in(self, chat_id: int) -> list[e.BookingMade]:
        """Every booking the person of this chat ever made, as the log has it."""
        client_id = self.salon.vault.find("telegram", str(chat_id))
        if client_id is None:
            return []
        history = self.salon.ledger.history(boundaries.bookings_of(client_id))
        return [item.event for item in history if isinstance(item.event, e.BookingMade)]

    def events(self) -> list[e.AnyEvent]:
        return [recorded(stored).event for stored in self.salon.recorder.page(None, 0, 10**6)[0]]


def _words(slot: Slot) -> tuple[str, str]:
    """What a client reads of a slot: the day of the month and the hours."""
    return f", {slot.starts_at.day} ", f"{slot.starts_at:%H:%M}–{slot.ends_at:%H:%M}"


def _are_in(text: str, words: tuple[str, ...]) -> bool:
    return all(word in text for word in words)


@asynccontextmanager
async def open_day(url: str, schema: str, logs: Path) -> AsyncIterator[Day]:
    """A day whose roles are not started yet; whatever still runs at its end is killed."""
    telegram, simulator = LocalTelegram(), Simulator(limits=Limits(1000, 100_000))
    token = f"{telegram.bot_id}:s3cret-of-this-day"
    async with serve(telegram, token) as server:
        with running(simulator) as crm_url, open_test_salon(url, schema) as salon:
            salon.clock = SetClock(datetime.now(MOSCOW))
            generous = catalog(policy=policy(open_bookings_limit=100))
            salon.ledger.execute(PublishCatalog(salon.order(), generous, (shifts(ANNA), shifts(OLGA))))
            salon.catch_up()
            day = Day(salon, telegram, server, simulator, crm_url, logs)
            try:
                yield day
            finally:
                for role in day.roles:
                    with suppress(subprocess.TimeoutExpired):
                        role.put_away()
