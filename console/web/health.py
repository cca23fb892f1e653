"""What a supervisor asks: does the process live, and may people be sent to it. Nobody learns more from here."""

from __future__ import annotations

import msgspec
import psycopg
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.wiring import House
from ledger.errors import LedgerError, SchemaVersionError
from ledger.postgres import check_migrated
from projections.projector import lags

HOPELESS_SECONDS = 600.0
_log = structlog.get_logger("zapisnik")


async def healthz(_: Request) -> Response:
    """The process lives: nothing is asked of the database."""
    return PlainTextResponse("ok")


class Readiness:
    """`/readyz`: 200 when the database answers, has this program's schema, and the read models keep up."""

    def __init__(self, house: House) -> None:
        self._house = house

    def answer(self, _: Request) -> Response:
        lacking = self.lacking()
        if lacking:
            _log.warning("not ready", lacking=lacking)
        body = msgspec.json.encode({"ready": not lacking, "not_ready": lacking})
        return Response(body, 503 if lacking else 200, media_type="application/json")

    def lacking(self) -> list[str]:
        """What is not ready: `database`, `schema` or `read_models`."""
        try:
            check_migrated(self._house.database)
            standing = {lag.name: lag for lag in lags(self._house.database)}
        except (SchemaVersionError, psycopg.ProgrammingError):
            return ["schema"]
        except (psycopg.OperationalError, LedgerError):
            return ["database"]
        for projection in self._house.projections:
            lag = standing.get(projection.name)
            if lag is None or lag.version != projection.version or lag.seconds > HOPELESS_SECONDS:
                return ["read_models"]
        return []
