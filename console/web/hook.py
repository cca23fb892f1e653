"""Yclients announces here that something has changed; it is taken as a hint and nothing more.

The announcements carry no signature, come several times, in any order, or never, and their data may be partial. So the
address itself holds a secret, only the number of what changed is read, and the sync process asks the CRM what is so.
"""

from __future__ import annotations

import asyncio
import hmac

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ledger.postgres import Database
from ledger.values import RecordId
from sync.inbound.inbox import Inbox

LARGEST_BODY = 256 * 1024
"""A whole record, with its client and goods, is a few thousand bytes."""
_CATALOG = frozenset({"service", "service_category", "staff", "master", "schedule"})
_LARGEST_ID = 1 << 63
_log = structlog.get_logger("sync")


class _Announcement(msgspec.Struct, frozen=True):
    """What is read of it; the rest, its data above all, is not even looked at."""

    company_id: int
    resource: str
    resource_id: int


class Hook:
    """`POST /yclients/hook/<secret>` of one branch. Whoever does not know the secret learns of no such page."""

    def __init__(self, database: Database, secret: str, company_id: int) -> None:
        self._inbox, self._secret, self._company_id = Inbox(database, company_id), secret.encode(), company_id

    async def answer(self, request: Request) -> Response:
        if request.method != "POST" or not hmac.compare_digest(request.path_params["secret"].encode(), self._secret):
            raise HTTPException(404)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                return PlainTextResponse("too large", status_code=413)
        try:
            said = msgspec.json.decode(body, type=_Announcement, strict=False)
        except msgspec.DecodeError:
            return PlainTextResponse("not an announcement", status_code=400)
        if said.company_id != self._company_id:
            _log.warning("an announcement of another branch; is YCLIENTS_COMPANY_ID right?")
            return PlainTextResponse("another branch", status_code=400)
        await asyncio.to_thread(self._note, said)
        return PlainTextResponse("noted")

    def _note(self, said: _Announcement) -> None:
        if said.resource == "record" and 0 < said.resource_id < _LARGEST_ID:
            self._inbox.hint([RecordId(said.resource_id)])
        elif said.resource in _CATALOG:
            self._inbox.want_catalog()
