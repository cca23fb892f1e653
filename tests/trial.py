"""A trial under test: the page of `zapisnik try` over real HTTP, with its bot and sender at work if need be."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr

from bot.local import LocalTelegram, local_bot
from console.cli.catalog import publish
from console.cli.common import caught_up
from console.demo.guests import Guest, Tally
from console.roles import started
from console.serving import serve_bot, serve_messages
from console.settings import load_settings
from console.web.trial import cast
from console.web.trial.page import TryPage
from console.wiring import House, open_house
from ledger.privacy import new_master_key
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Simulator, running

ZONE = ZoneInfo("Europe/Moscow")
SALON = Path(__file__).parents[1] / "salon.toml"
Json = Any  # what the page's script reads


@dataclass
class Trial:
    """A trial with its bot and sender at work, and the browser that looks at it."""

    house: House
    telegram: LocalTelegram
    simulator: Simulator
    page: TryPage
    browser: httpx.Client

    def state(self, **asked: str | int) -> Json:
        return self.browser.get("/state", params={"chat": cast.MARIA.chat_id, **asked}).json()

    def post(self, path: str, **body: object) -> Json:
        answer = self.browser.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, is_so: Callable[[Json], bool]) -> Json:
        """The state once it is so."""
        pause = threading.Event()
        for _ in range(400):
            if is_so(state := self.state()):
                return state
            pause.wait(0.05)
        pytest.fail("it never came to be so")

    def book(self, person: cast.Person = cast.MARIA) -> None:
        """The person taps through the real bot."""
        guest = Guest(self.telegram, Tally(), person.chat_id, random.Random(person.chat_id), earliest=date.min)
        assert asyncio.run(guest.book())

    def blocks(self) -> list[tuple[str, str]]:
        """State and side of every block on the days that hold any."""
        days = [day["day"] for day in self.state()["days"] if day["count"]]
        return [(block["state"], block["side"]) for day in days for block in self.state(day=day)["board"]["blocks"]]


def is_settled(state: Json) -> bool:
    link = state["integration"]
    return bool(state["settled"]) and link["pending"] + link["unknown"] == 0


@contextmanager
def at_work(trial: Trial) -> Iterator[None]:
    """The bot, the sender and the read models of a trial, until the end of the block; nothing may fail."""
    stopped = threading.Event()

    def serve() -> None:
        asyncio.run(serve_bot(trial.house, local_bot(trial.telegram), stopped, wait_seconds=1))

    def write() -> None:
        asyncio.run(serve_messages(trial.house, local_bot(trial.telegram), stopped))

    serving = [threading.Thread(target=serve), threading.Thread(target=write)]
    for thread in serving:
        thread.start()
    try:
        with started(trial.house, ["follow", "sync"], stopped) as failures:
            trial.until(lambda state: state["integration"]["is_open"] and not trial.telegram.unanswered())
            yield
    finally:
        stopped.set()
        for thread in serving:
            thread.join()
    assert failures == []


@contextmanager
def open_trial(database_url: str, schema: str) -> Iterator[Trial]:
    """The page and what it shows; nobody serves the bot, sends or follows."""
    simulator, telegram = Simulator(zone=ZONE), LocalTelegram()
    with running(simulator) as crm_url:
        settings = load_settings(
            database_url=SecretStr(database_url),
            zapisnik_schema=schema,
            zapisnik_master_key=SecretStr(new_master_key()),
            yclients_url=crm_url,
            yclients_partner_token=SecretStr(PARTNER_TOKEN),
            yclients_user_token=SecretStr(USER_TOKEN),
            yclients_company_id=1,
            admin_chat_id=cast.STAFF_CHAT,
            sync_spacing_seconds=0.21,
        )
        with open_house(settings, prepare=True, zone=ZONE) as house:
            publish(house, SALON)
            caught_up(house)
            cast.enter(telegram)
            page = TryPage(house, telegram, simulator, pause_seconds=0)
            with (
                running(page.app) as url,
                httpx.Client(base_url=url, headers={"Origin": url}, timeout=60, trust_env=False) as browser,
            ):
                yield Trial(house, telegram, simulator, page, browser)
