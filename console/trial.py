"""`zapisnik try`: everything on this machine. A salon, a client's chat, a CRM that can be taken away, in one page."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import typer
from pydantic import SecretStr

from bot.local import LocalTelegram, local_bot
from console.cli.catalog import publish
from console.cli.common import caught_up
from console.roles import started, stopping_on_signals
from console.salon_file import load_salon
from console.serving import serve_bot, serve_messages
from console.settings import Settings
from console.web.server import LOOPBACK, listen, serve
from console.web.trial import cast
from console.web.trial.page import TryPage
from console.wiring import House, drop_schema, only_one, open_house
from sync.simulator import PARTNER_TOKEN, USER_TOKEN, Simulator, running

COMPANY_ID = 1


def run_trial(settings: Settings) -> None:
    """Serves the page on PORT until interrupted. Each trial starts with an empty ledger of its own."""
    catalog, _ = load_salon(settings.salon_file, timezone=settings.salon_timezone)
    zone = ZoneInfo(catalog.timezone)
    stopped = threading.Event()
    # Before anything is emptied: a second trial finds the port of the first one taken.
    listening = listen(LOOPBACK, settings.port)
    simulator = Simulator(company_id=COMPANY_ID, zone=zone)
    with running(simulator) as crm_url, _fresh_house(settings, crm_url, zone) as house:
        publish(house, settings.salon_file)
        # The bot reads the published catalogue from its read model: nobody should be told "not open yet".
        caught_up(house)
        telegram = LocalTelegram()
        cast.enter(telegram)
        page = TryPage(house, telegram, simulator)

        def show(_: House, stopped: threading.Event) -> None:
            serve(page.app, listening, stopped, close=page.close)

        with (
            stopping_on_signals(stopped),
            started(house, ["follow", "sync", "remind"], stopped, {"page": show}) as failures,
            _in_a_thread(lambda: serve_bot(house, local_bot(telegram), stopped, wait_seconds=1), stopped, failures),
            _in_a_thread(lambda: serve_messages(house, local_bot(telegram), stopped), stopped, failures),
        ):
            _tell(house, settings.port)
            stopped.wait()
        if failures:
            raise failures[0]


@contextmanager
def _fresh_house(settings: Settings, crm_url: str, zone: ZoneInfo) -> Iterator[House]:
    """An empty ledger: the trial's CRM lives in memory, so yesterday's ledger would not fit today's diary."""
    own = _settings(settings, crm_url)
    with only_one(own, "zapisnik try"):
        drop_schema(own)
        with open_house(own, prepare=True, zone=zone) as house:
            yield house


def trial_schema(schema: str) -> str:
    """The trial's own schema beside a salon's real one."""
    return schema if schema.endswith("_try") else f"{schema[:44]}_try"


def _settings(settings: Settings, crm_url: str) -> Settings:
    return settings.model_copy(
        update={
            "zapisnik_schema": trial_schema(settings.zapisnik_schema),
            "yclients_url": crm_url,
            "yclients_partner_token": SecretStr(PARTNER_TOKEN),
            "yclients_user_token": SecretStr(USER_TOKEN),
            "yclients_company_id": COMPANY_ID,
            "catalog_source": "file",  # the visitor looks at SALON_FILE, whatever the simulated CRM offers
            "admin_chat_id": cast.STAFF_CHAT,
            "sync_settle_seconds": 5.0,
            "sync_poll_seconds": 3.0,
            "sync_request_seconds": 5.0,
        }
    )


@contextmanager
def _in_a_thread(
    work: Callable[[], Coroutine[None, None, None]],
    stopped: threading.Event,
    failures: list[BaseException],
) -> Iterator[None]:
    def serve() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001  handed to the main thread, which raises it
            failures.append(error)
            stopped.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _tell(house: House, port: int) -> None:
    typer.echo(f"\nOpen http://127.0.0.1:{port} in a browser. Ctrl-C ends it.")
    typer.echo("In another terminal, to look into the same ledger:")
    typer.echo(f"  ZAPISNIK_SCHEMA={house.settings.zapisnik_schema} {sys.argv[0]} events --follow\n")
