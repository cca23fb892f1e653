"""What stands before every page: headers, the name it was asked under, and the sign-in."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.door import Door

SIGN_IN = "/sign-in"
OPEN_PATHS = frozenset({"/healthz", "/readyz", SIGN_IN})
ASSETS = "/static/"
_LOCAL_NAME = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_SAFE_NEXT = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets in who may come in. Without a door (no password) only people on this machine, by its own names.

    It stands outside the application, so that its headers are on the pages of errors too.
    """

    def __init__(self, app: ASGIApp, door: Door | None, cookie: str) -> None:
        self._app, self._door, self._cookie = app, door, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.is_signed_in = self._door is not None and self._door.is_open_to(
            request.cookies.get(self._cookie, "")
        )

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._refusal(request) or self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        if not is_from_here(request):
            return PlainTextResponse("This form is not from a page of this console.", status_code=403)
        if self._door is None:
            return None if is_local(request.headers.get("host", "")) else _not_here()
        # Not from `request.url`: that is put together from the Host header, in which a visitor may write a path too.
        path = request.scope["path"]
        if request.state.is_signed_in or path in OPEN_PATHS or path.startswith(ASSETS):
            return None
        if request.method not in ("GET", "HEAD") or "text/event-stream" in request.headers.get("accept", ""):
            return PlainTextResponse("sign in first", status_code=401)
        return RedirectResponse(f"{SIGN_IN}?next={quote(_asked(request), safe='')}", status_code=303)


def is_local(host: str) -> bool:
    """A page of somebody else may have its own name point at 127.0.0.1 (DNS rebinding); it cannot change its Host."""
    return _LOCAL_NAME.fullmatch(host) is not None


def is_from_here(request: Request) -> bool:
    """Whether what changes something was sent from a page of this console, and not from somebody else's.

    Browsers say where a form comes from, in Sec-Fetch-Site or in Origin; who sends neither is no browser, so nobody
    can have led it here (the rule of Go's CrossOriginProtection).
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return True
    if site := request.headers.get("sec-fetch-site", ""):
        return site in ("same-origin", "none")
    origin = request.headers.get("origin", "")
    return not origin or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


def safe_next(text: str) -> str:
    """Where to go after signing in: a page of this console and nothing else, whatever the form says.

    `//host`, `/\\host` and a tab or line break between the strokes are other sites to a browser.
    """
    return text if _SAFE_NEXT.fullmatch(text) else "/"


def is_https(request: Request) -> bool:
    """Whether the visitor came by https, here or at the proxy before us."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return request.scope["scheme"] == "https" or forwarded == "https"


def _not_here() -> Response:
    return PlainTextResponse(
        "Without CONSOLE_PASSWORD this console answers to localhost and 127.0.0.1 only.", status_code=421
    )


def _asked(request: Request) -> str:
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else str(path)
