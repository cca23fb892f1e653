"""The console in the browser: its routes, its door, and what a page says when something is wrong."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable

import psycopg
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.settings import Settings, require
from console.web.booking_page import BookingPage
from console.web.conflicts_page import ConflictsPage
from console.web.desk import Desk, words_for
from console.web.door import Brake, Door
from console.web.event_page import EventPage
from console.web.guard import ASSETS, SIGN_IN, Guard
from console.web.health import Readiness, healthz
from console.web.live import LiveTail
from console.web.log_page import LogPage
from console.web.server import EVERY_ADDRESS, LOOPBACK, listen, serve
from console.web.sign_in import SignIn
from console.web.status_page import StatusPage
from console.web.voice import Voice
from console.wiring import House, apart
from ledger.errors import StoredFormError, StoreUnavailableError

CONNECTIONS = 4
WAIT_SECONDS = 3.0
_log = structlog.get_logger("zapisnik")


class Console:
    """The application over one house. With a password there is a door; without one only this machine gets an answer."""

    def __init__(self, house: House, password: str | None, clock: Callable[[], float] = time.time) -> None:
        self._desk = Desk(house)
        self._tail = LiveTail(house.recorder)
        # Browsers send a cookie to every port of a host: two salons' consoles there must not end each other's.
        cookie = f"zapisnik_{hashlib.sha256(house.database.schema.encode()).hexdigest()[:8]}"
        door = Door(password, house.database.schema, clock) if password is not None else None
        conflicts = ConflictsPage(self._desk)
        routes = [
            Route("/healthz", healthz),
            Route("/readyz", Readiness(house).answer),
            Route(ASSETS + "{name}", self._asset),
            Route("/", LogPage(self._desk).answer),
            Route("/live", self._tail.answer),
            Route("/events/{position:int}", EventPage(self._desk).answer),
            Route("/bookings/{booking}", BookingPage(self._desk).answer),
            Route("/status", StatusPage(self._desk).answer),
            Route("/conflicts", conflicts.page),
            Route("/conflicts/{booking}", conflicts.ask),
            Route("/conflicts/{booking}", conflicts.answer, methods=["POST"]),
        ]
        if door is not None:
            sign_in = SignIn(self._desk, door, Brake(clock), cookie)
            routes += [
                Route(SIGN_IN, sign_in.page),
                Route(SIGN_IN, sign_in.enter, methods=["POST"]),
                Route("/sign-out", sign_in.leave, methods=["POST"]),
            ]
        application = Starlette(
            routes=routes,
            exception_handlers={
                HTTPException: self._missing,
                psycopg.OperationalError: self._away,
                StoreUnavailableError: self._away,
                psycopg.ProgrammingError: self._not_migrated,
                StoredFormError: self._unreadable,
                Exception: self._crashed,
            },
        )
        self.app = Guard(application, door, cookie)

    def close(self) -> None:
        """Ends what would go on for ever, so that the server can stop."""
        self._tail.close()

    async def _asset(self, request: Request) -> Response:
        asset = self._desk.assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        kept = "public, max-age=31536000, immutable"
        return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": kept})

    async def _missing(self, request: Request, error: Exception) -> Response:
        """404 with the page's own sentence if it gave one, 405 and the like."""
        words, status = words_for(request), getattr(error, "status_code", 404)
        if status != 404:
            return self._trouble(request, words.not_allowed, "", status)
        said = getattr(error, "detail", "")
        return self._trouble(request, words.page_missing, words.page_missing_lead if said == "Not Found" else said, 404)

    async def _away(self, request: Request, error: Exception) -> Response:
        _log.warning("a page found the database away", error=type(error).__name__)
        words = words_for(request)
        return self._trouble(request, words.database_away, words.database_away_lead, 503)

    async def _not_migrated(self, request: Request, error: Exception) -> Response:
        """A table or column is not there: this program's statements are fixed, so it is the schema's version."""
        _log.error("a page found another schema than this program's", error=type(error).__name__)
        words = words_for(request)
        return self._trouble(request, words.not_migrated, words.not_migrated_lead, 503)

    async def _unreadable(self, request: Request, _: Exception) -> Response:
        """Where events are folded none may be left out, so there is no page without it; its own page still shows it."""
        words = words_for(request)
        return self._trouble(request, words.newer_event, words.newer_event_lead, 500)

    async def _crashed(self, request: Request, _: Exception) -> Response:
        """The server logs the traceback, without the address."""
        words = words_for(request)
        return self._trouble(request, words.crashed, words.crashed_lead, 500)

    def _trouble(self, request: Request, title: str, lead: str, status: int) -> Response:
        """Reads nothing: the database may be what is wrong."""
        voice = Voice(words_for(request), self._desk.house.zone)
        may_reload = status >= 500
        return self._desk.draw(request, "trouble.html", voice, status, title=title, lead=lead, may_reload=may_reload)


def console_password(settings: Settings) -> str | None:
    """CONSOLE_PASSWORD, None when it is not set. Raises UsageError for one of blanks only."""
    if settings.console_password is None:
        return None
    return require(settings.console_password, "CONSOLE_PASSWORD", "it has only blanks; unset it, or choose one")


def listen_for_console(settings: Settings) -> socket.socket:
    """PORT on every address behind a password, on this machine alone without one. Raises UsageError."""
    return listen(EVERY_ADDRESS if console_password(settings) else LOOPBACK, settings.port)


def serve_console(house: House, listening: socket.socket, stopped: threading.Event) -> None:
    """The console on this socket until stopped; meant for a thread of its own."""
    with apart(house, connections=CONNECTIONS, wait_seconds=WAIT_SECONDS) as reader:
        console = Console(reader, console_password(house.settings))
        serve(console.app, listening, stopped, close=console.close)
