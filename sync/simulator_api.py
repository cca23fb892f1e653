"""The calls of the simulated Yclients: what comes in is checked and read, what goes out is in the CRM's envelope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.simulator_gate import Refusal
from sync.simulator_state import BusyDiaryError, Diary, Json, NewEntry, NoSuchRecordError, Wanted

REQUIRED_FIELDS = ("staff_id", "services", "client", "datetime", "seance_length", "save_if_busy", "send_sms")
"""The vendor's older blueprint marks these as required for a new record; the present OpenAPI marks none."""
REQUIRED_BY_HAND = ("staff_id", "datetime", "seance_length")
"""A mark in the diary needs no more: the vendor's examples have records without client and services."""

_SHOWN_AFTER_A_CHANGE = ("id", "services", "client", "staff", "date", "datetime", "seance_length", "comment", "api_id")
_DEFAULT_PAGE = 50  # the vendor's example; the greatest page is not documented


class InvalidFieldsError(Exception):
    """The body of a new record is not acceptable; `problems` maps a field to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


class DiaryApi(msgspec.Struct, frozen=True):
    """The endpoints over one diary; see `Simulator` for the two choices."""

    diary: Diary
    company_id: int
    zone: ZoneInfo
    most_per_page: int
    answers_as: Literal["array", "object"]

    def routes(self) -> list[Route]:
        """Every call under `/api/`; an unknown one is not found in the CRM's own words."""
        return [
            Route("/api/v1/records/{company:int}", self._list, methods=["GET"]),
            Route("/api/v1/records/{company:int}", self._create, methods=["POST"]),
            Route("/api/v1/record/{company:int}/{record:int}", self._show, methods=["GET"]),
            Route("/api/v1/record/{company:int}/{record:int}", self._change, methods=["PUT"]),
            Route("/api/v1/record/{company:int}/{record:int}", self._delete, methods=["DELETE"]),
            Route("/api/v1/company/{company:int}", self._company, methods=["GET"]),
            Route("/api/v1/company/{company:int}/", self._company, methods=["GET"]),
            Route("/api/{rest:path}", _not_found, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    async def _list(self, request: Request) -> Response:
        try:
            wanted, page, count = _read_query(request.query_params, self.zone)
        except ValueError:
            return _invalid({"query": "Неверное значение"})
        found = self.diary.records(wanted)
        count = min(count, self.most_per_page)
        shown = found[(page - 1) * count : page * count]
        return _good(shown, meta={"page": page, "total_count": len(found)})

    async def _create(self, request: Request) -> Response:
        new = await self._read(request)
        if isinstance(new, Response):
            return new
        try:
            record = self.diary.add(new)
        except BusyDiaryError:
            return _busy(new)
        return _good([record] if self.answers_as == "array" else record, status=201)

    async def _change(self, request: Request) -> Response:
        """A full replacement; the answer is the smaller record the vendor's OpenAPI shows, under 201."""
        new = await self._read(request)
        if isinstance(new, Response):
            return new
        try:
            record = self.diary.change(request.path_params["record"], new)
        except NoSuchRecordError:
            return await _not_found(request)
        except BusyDiaryError:
            return _busy(new)
        return _good({field: record[field] for field in _SHOWN_AFTER_A_CHANGE}, status=201)

    async def _read(self, request: Request) -> NewEntry | Response:
        """The body, or why it is not acceptable."""
        try:
            return read_new_entry(decoded(await request.body()), self.zone)
        except msgspec.DecodeError:
            return refused(Refusal(400, "Недопустимый формат запроса"))
        except InvalidFieldsError as error:
            return _invalid(error.problems)

    async def _show(self, request: Request) -> Response:
        record = self.diary.record(request.path_params["record"])
        return _good(record) if record else await _not_found(request)

    async def _delete(self, request: Request) -> Response:
        removed = self.diary.remove(request.path_params["record"])
        return Response(status_code=204) if removed else await _not_found(request)

    async def _company(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return _good({"id": self.company_id, "title": "Simulated branch", "timezone_name": self.zone.key})


def read_new_entry(body: object, zone: ZoneInfo, *, required: Iterable[str] = REQUIRED_FIELDS) -> NewEntry:
    """Reads the body of a new record; a `datetime` with an offset is taken as that instant, on the branch's clock.

    Raises InvalidFieldsError naming each field that is missing or of a wrong type.
    """
    if not isinstance(body, dict):
        raise InvalidFieldsError({"body": "не объект"})
    problems = {name: "Необходимо заполнить" for name in required if name not in body}
    checked = {name: check(body[name]) for name, check in _CHECKS.items() if name in body}
    problems |= {name: "Неверное значение" for name, is_good in checked.items() if not is_good}
    if problems:
        raise InvalidFieldsError(problems)
    return NewEntry(
        staff_id=body["staff_id"],
        starts_at=_on_wall_clock(body["datetime"], zone),
        seconds=body["seance_length"],
        services=tuple(body.get("services") or ()),
        client=body.get("client") or {},
        api_id=body.get("api_id") or "",
        comment=body.get("comment") or "",
        save_if_busy=body.get("save_if_busy", False),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_length(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 24 * 60 * 60


def _are_services(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and _is_id(item.get("id"))
        and all(_is_number(item.get(price, 0)) for price in ("first_cost", "discount", "cost"))
        for item in value
    )


def _is_client(value: object) -> bool:
    if value is None or value == []:
        return True
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) > len("2019-01-01") and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "staff_id": _is_id,
    "services": _are_services,
    "client": _is_client,
    "datetime": _is_moment,
    "seance_length": _is_length,
    "save_if_busy": lambda value: isinstance(value, bool),
    "send_sms": lambda value: isinstance(value, bool),
    "api_id": lambda value: isinstance(value, str),
    "comment": lambda value: isinstance(value, str),
}


def _on_wall_clock(text: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment


def decoded(body: bytes) -> object:
    """JSON. Raises msgspec.DecodeError."""
    decoded: object = msgspec.json.decode(body)
    return decoded


def _read_query(query: Mapping[str, str], zone: ZoneInfo) -> tuple[Wanted, int, int]:
    """The filters, the page (from 1) and its length. Raises ValueError."""
    days = {
        name: date.fromisoformat(query[name])
        for name in ("start_date", "end_date", "c_start_date", "c_end_date")
        if name in query
    }
    changed_after = datetime.fromisoformat(query["changed_after"]) if "changed_after" in query else None
    if changed_after is not None and changed_after.tzinfo is not None:
        changed_after = changed_after.astimezone(zone).replace(tzinfo=None)
    wanted = Wanted(
        **days,
        changed_after=changed_after,
        staff_id=int(query["staff_id"]) if "staff_id" in query else None,
        with_deleted=query.get("with_deleted", "0") in {"1", "true"},
    )
    page, count = int(query.get("page", "1")), int(query.get("count", _DEFAULT_PAGE))
    if page < 1 or count < 1:
        raise ValueError("pages are counted from 1")
    return wanted, page, count


def _good(data: object, *, status: int = 200, meta: Json | None = None) -> Response:
    # An empty `meta` is an array in the vendor's examples.
    return JSONResponse({"success": True, "data": data, "meta": meta or []}, status_code=status)


def refused(refusal: Refusal) -> Response:
    """A refusal in the CRM's envelope."""
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    body = {"success": False, "data": None, "meta": {"message": refusal.message}}
    return JSONResponse(body, status_code=refusal.status, headers=headers)


def _invalid(problems: Mapping[str, str]) -> Response:
    errors = [{field: problem} for field, problem in problems.items()]
    meta = {"message": "Произошла ошибка.", "errors": errors}
    return JSONResponse({"success": False, "data": None, "meta": meta}, status_code=422)


def _busy(new: NewEntry) -> Response:
    """The form the vendor documents for a neighbour of this call; outside teams have seen its status here."""
    meta = {"message": f"Мастер занят или не работает: {new.starts_at:%Y-%m-%d %H:%M}", "conflict": True}
    return JSONResponse({"success": False, "data": None, "meta": meta}, status_code=409)


async def _not_found(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    return refused(Refusal(404, "Не найдено"))
