"""Keeps other pages of the same browser from pressing the trial's buttons or reading what it shows."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS = frozenset({"GET", "HEAD"})
# No script but the page's own. 'unsafe-eval' is for whoever drives a browser over it: their waiting is an eval, and
# the page itself never does one (a test reads its scripts).
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class SameOrigin:
    """Refuses whatever changes something and was sent by a page of another origin.

    Every browser names the origin with such a request. A caller that names none is no browser, and so carries
    nobody's session to misuse.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _READS and _is_foreign(Headers(scope=scope)):
            await PlainTextResponse("only the trial's own page may do this", status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Hardened:
    """Adds the headers by which a browser runs no script but the page's own and lets nobody frame it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def _is_foreign(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and origin != f"http://{headers.get('host', '')}"
