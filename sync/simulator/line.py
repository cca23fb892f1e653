"""A way to a simulated CRM without a socket: for thousands of runs by a clock that only pretends to go.

The very same gate, faults and calls as over HTTP, in the caller's own thread. What would break a connection, or answer
after anybody's deadline, is a lost request at once: no time passes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx

from sync.simulator.exchange import Asked, Lost
from sync.transport import RequestLostError

if TYPE_CHECKING:
    from sync.simulator.crm import Simulator


def simulator_line(simulator: Simulator) -> httpx.BaseTransport:
    """A transport for a synchronous `httpx.Client`. It raises RequestLostError where no whole answer comes."""
    return _Line(simulator)


class _Line(httpx.BaseTransport):
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = Asked(
            method=request.method,
            path=request.url.path,
            query=tuple(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw},
            body=request.read(),
        )
        answer = self._simulator.answer(asked)
        if isinstance(answer, Lost):
            raise RequestLostError(answer.reason, sent=answer.sent)
        return httpx.Response(answer.status, headers=answer.all_headers(), stream=httpx.ByteStream(answer.body))
