"""What every page needs: the house it reads from, the visitor's language, and the templates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.web.texts import LANGUAGES
from console.web.texts.words import Words
from console.web.voice import Voice
from console.wiring import House
from ledger.events import Language
from projections.catalog import current_catalog

LANGUAGE_COOKIE = "zapisnik_language"
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Asset:
    """A file the pages link to; its version is part of the link, so browsers may keep it."""

    body: bytes
    media_type: str
    version: str


def _assets() -> dict[str, Asset]:
    found = {}
    for name, media_type in (("console.css", "text/css"), ("live.js", "text/javascript")):
        body = (resources.files("console.web") / "static" / name).read_bytes()
        found[name] = Asset(body, media_type, hashlib.sha256(body).hexdigest()[:12])
    return found


class Desk:
    """Reads for the pages and draws them.

    Sealed are opened only an operator's own note, and of a booking that waits for a person its client and the CRM's no:
    those through `console.viewing`, which writes it down first.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self.assets = _assets()
        self._templates = Environment(
            loader=PackageLoader("console.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip

    def voice(self, request: Request) -> Voice:
        """The visitor's language, with the salon's zone and names as last published. Reads the database."""
        catalog = current_catalog(self.house.database)
        # The catalogue may have been published, or its zone corrected, since this process started.
        zone = catalog.zone if catalog and not self.house.settings.salon_timezone else self.house.zone
        return Voice(words_for(request), zone, catalog)

    def draw(
        self, request: Request, template: str, voice: Voice, status_code: int = 200, **values: Any
    ) -> Response:  # Any: whatever the template shows
        """The page. A language chosen by `?lang=` is remembered."""
        shown = {
            "t": voice.words,
            "voice": voice,
            "salon": voice.catalog.facts.salon if voice.catalog else None,
            "is_signed_in": getattr(request.state, "is_signed_in", False),
            "other_language": _in_the_other_language(request, voice.words),
            "path": request.scope["path"],
            "assets": self.assets,
        }
        body = self._templates.get_template(template).render(**shown, **values)
        response = HTMLResponse(body, status_code, {"Content-Language": voice.words.language})
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, voice.words.language, max_age=LANGUAGE_COOKIE_SECONDS, httponly=True, samesite="lax"
            )
        return response


def words_for(request: Request) -> Words:
    """By `?lang=`, else by the choice made before, else by the browser; Russian when nothing says otherwise."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        for language, words in LANGUAGES.items():
            if chosen == language:
                return words
    return LANGUAGES[accepted_language(request.headers.get("accept-language", ""))]


def accepted_language(header: str) -> Language:
    """The one the browser likes best of those we speak (RFC 9110, 12.5.4); Russian when it names none of them."""
    best: Language = "ru"
    liked = 0.0
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language and quality > liked:
                best, liked = language, quality
    return best


def _in_the_other_language(request: Request, words: Words) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*kept, ('lang', words.other_language)])}"
