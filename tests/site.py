"""The console over a test's salon, asked as a browser asks: with cookies, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import httpx
from eventsourcing.dcb.api import DCBEvent

from console.settings import load_settings
from console.web.app import Console
from console.wiring import House, apart, read_models
from ledger import events as e
from ledger.codec import encode, stored_name
from ledger.postgres import Database
from ledger.tags import tags_of
from tests.builders import MOSCOW
from tests.examples import BY, CAUSE
from tests.salon import Salon

PASSWORD = "correct horse battery staple"


class Hands:
    """A clock in seconds since 1970 that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


def house_of(salon: Salon, database: Database | None = None, **settings: object) -> House:
    """The house as `open_house` builds it, around this salon's parts."""
    return House(
        settings=load_settings(zapisnik_schema=salon.database.schema, **settings),
        database=database or salon.database,
        recorder=salon.recorder,
        ledger=salon.ledger,
        vault=salon.vault,
        clock=salon.clock,
        zone=MOSCOW,
        projections=read_models(),
        follower=salon.follower,
        holder="test",
    )


class Browser:
    """One visitor, who keeps cookies and follows no redirect by themselves."""

    def __init__(self, console: Console, host: str = "127.0.0.1:8080", address: str = "10.0.0.1") -> None:
        transport = httpx.ASGITransport(app=console.app, client=(address, 1), raise_app_exceptions=False)
        self._client = httpx.AsyncClient(
            transport=transport, base_url=f"http://{host}", headers={"accept-language": "ru"}, trust_env=False
        )

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self._client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})

    async def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return await self._client.post(path, data=form or {}, headers=named)

    async def send(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return await self._client.post(path, content=body, headers=named)

    async def sign_in(self, password: str = PASSWORD, wanted: str = "/") -> httpx.Response:
        return await self.post("/sign-in", {"password": password, "next": wanted})


@contextmanager
def open_site(
    salon: Salon, password: str | None = None, clock: Hands | None = None, **settings: object
) -> Iterator[Console]:
    """The console on connections of its own, which do not wait long."""
    with apart(house_of(salon, None, **settings), connections=2, wait_seconds=1) as house:
        yield Console(house, password, clock or Hands())


def append_past_the_rules(salon: Salon, *events: e.AnyEvent) -> list[int]:
    """Events that no decision has looked at, as the log would have them; gives their positions."""
    batch = [
        DCBEvent(stored_name(type(one)), encode(one, by=BY, at=salon.clock.now(), cause=CAUSE), tags_of(one))
        for one in events
    ]
    last = salon.recorder.append(batch)
    return list(range(last - len(batch) + 1, last + 1))


def text_of(page: httpx.Response) -> str:
    """What a person reads: the tags gone, the spaces single."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def links_of(page: httpx.Response) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
