"""What the vendor's OpenAPI says a request may look like, and a transport that holds every request against it.

`golden/yclients_requests.json` is drawn from the vendor's document and is structure only: for each call its path, its
query and its body with their types, and the headers it requires. Everything in which we differ from it stands here
under EXCEPTIONS and beside, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

DOCUMENTED: Mapping[str, Any] = json.loads(
    Path(__file__).with_name("golden").joinpath("yclients_requests.json").read_text("utf-8")
)
_HEADERS = ["Accept", "Authorization", "Content-Type"]
_FLAGS = (
    *("salon", "service_category", "service", "good", "master", "client", "record", "finances_operation"),
    *(f"goods_operations_{kind}" for kind in ("sale", "receipt", "consumable", "stolen", "move")),
    "self_sending",  # in the sister product's document, and sent by clients of this one
)
EXCEPTIONS: Mapping[str, Any] = {
    # The list forms: the document writes them as the call for one with its number left empty.
    "GET /api/v1/company/{company_id}/services": {
        **DOCUMENTED["GET /api/v1/company/{company_id}/services/{service_id}"],
        "path": {"company_id": "number"},
    },
    "GET /api/v1/company/{company_id}/staff": {
        **DOCUMENTED["GET /api/v1/company/{company_id}/staff/{staff_id}"],
        "path": {"company_id": "number"},
    },
    # Documented by the vendor, but not among the paths of the excerpt we have.
    "GET /api/v1/user/permissions/{company_id}": {"path": {"company_id": "number"}, "query": {}, "headers": _HEADERS},
    # Only in the vendor's older blueprint; the present document has its answer's schema and not its path.
    "GET /api/v1/hooks_settings/{company_id}": {"path": {"company_id": "number"}, "query": {}, "headers": _HEADERS},
    "POST /api/v1/hooks_settings/{company_id}": {
        "path": {"company_id": "number"},
        "query": {},
        "headers": _HEADERS,
        "body": {"urls": ["string"], "active": "number"} | dict.fromkeys(_FLAGS, "number"),
    },
}
ALL = {**DOCUMENTED, **EXCEPTIONS}
REQUIRED = ("staff_id", "services", "client", "datetime", "seance_length", "save_if_busy", "send_sms")
"""Of a record's body, by the vendor's older blueprint; the present document marks none."""
OWN_HEADERS = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "user-agent"}  # HTTP's own business
    | {"x-partner-id"}  # undocumented; one team was let in again by it, so it is sent when somebody sets it
)
EXPECTED_VALUES = {
    "accept": re.escape("application/vnd.yclients.v2+json"),
    "content-type": re.escape("application/json"),
    "authorization": r"Bearer [^,\s]+(, User \S+)?",
}
_PATH_VALUES = {"number": r"[1-9][0-9]*", "string": r"[^/]+"}


def problems(request: httpx.Request) -> list[str]:
    """Everything in which this request differs from what the vendor documents, a sentence each."""
    path = request.url.raw_path.decode().partition("?")[0]
    found = _call(request.method, path)
    if found is None:
        return [f"{request.method} {path} is not documented"]
    name, call = found
    body = json.loads(request.content) if request.content else None
    said = [*_in_headers(request.headers, call["headers"]), *_in_query(request.url.params, call["query"])]
    if "body" in call:
        said += _in_value(body, call["body"], "body")
        if "/record" in name:
            said += [f"body without {field}" for field in REQUIRED if field not in (body or {})]
    elif body is not None:
        said.append("a body where none is documented")
    return [f"{name}: {what}" for what in said]


class CheckedTransport(httpx.BaseTransport):
    """Passes every request on and remembers what was wrong with it."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.calls: list[str] = []
        self.problems: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.raw_path.decode()}")
        self.problems += problems(request)
        return self._inner.handle_request(request)


def _call(method: str, path: str) -> tuple[str, Any] | None:
    """The documented call; one without variables goes before one where anything may stand."""
    for name in sorted(ALL, key=lambda name: name.count("{")):
        documented_method, _, template = name.partition(" ")
        if documented_method == method and re.fullmatch(_pattern(template, ALL[name]["path"]), path):
            return name, ALL[name]
    return None


def _pattern(template: str, kinds: Mapping[str, str]) -> str:
    literal = re.split(r"\{(\w+)\}", template)
    return "".join(_PATH_VALUES[kinds[part]] if index % 2 else re.escape(part) for index, part in enumerate(literal))


def _in_headers(headers: httpx.Headers, required: list[str]) -> Iterator[str]:
    yield from (f"no header {name}" for name in required if name not in headers)
    for name, value in headers.items():
        if name not in EXPECTED_VALUES and name not in OWN_HEADERS:
            yield f"header {name} is not documented"
        elif name in EXPECTED_VALUES and not re.fullmatch(EXPECTED_VALUES[name], value):
            yield f"header {name} has another value than documented"


def _in_query(query: httpx.QueryParams, documented: Mapping[str, Any]) -> Iterator[str]:
    for name, value in query.multi_items():
        kind = documented.get(name.removesuffix("[]"))
        if kind is None or isinstance(kind, list) != name.endswith("[]"):
            yield f"query {name} is not documented"
        elif not re.fullmatch(_query_values(kind[0] if isinstance(kind, list) else kind), value):
            yield f"query {name} is not a {kind}"


def _query_values(kind: str) -> str:
    # The document's type of `with_deleted` is boolean, and its text says `with_deleted=1`.
    return {"number": r"[0-9]+", "boolean": r"[01]", "string": r".+"}[kind]


def _in_value(value: object, documented: Any, place: str) -> Iterator[str]:
    if isinstance(documented, dict):
        if not isinstance(value, dict):
            yield f"{place} is not an object"
            return
        for name, inner in value.items():
            if name in documented:
                yield from _in_value(inner, documented[name], f"{place}.{name}")
            else:
                yield f"{place}.{name} is not documented"
    elif isinstance(documented, list):
        if not isinstance(value, list):
            yield f"{place} is not an array"
            return
        for item in value:
            yield from _in_value(item, documented[0], f"{place}[]")
    elif not _is(value, documented):
        yield f"{place} is not a {documented}"


def _is(value: object, kind: str) -> bool:
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool, "object": dict}[kind])
