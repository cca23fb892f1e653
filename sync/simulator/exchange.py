"""A request and its answer as the simulated CRM sees them, whichever way they travel: a socket, or none at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

Json = dict[str, object]


class Refusal(msgspec.Struct, frozen=True):
    """A no in one sentence; `retry_after` in seconds."""

    status: int
    message: str
    retry_after: int | None = None


class Asked(msgspec.Struct, frozen=True):
    """One request, read to its end; names of `headers` in small letters, the query in its order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def is_write(self) -> bool:
        """True when it may change something."""
        return self.method != "GET"

    def first(self) -> dict[str, str]:
        """The query without repeated names."""
        return dict(reversed(self.query))

    def all_of(self, name: str) -> list[str]:
        """Every value of `name[]`, in order."""
        return [value for key, value in self.query if key == f"{name}[]"]


class Answer(msgspec.Struct, frozen=True):
    """What is said: `content` as JSON, or `raw` where it is not JSON (a proxy's page, a broken body, nothing)."""

    status: int
    content: Json | None = None
    raw: bytes = b""
    headers: Mapping[str, str] = {}

    @property
    def body(self) -> bytes:
        """The bytes that leave."""
        return self.raw if self.content is None else msgspec.json.encode(self.content)

    @property
    def succeeded(self) -> bool:
        """True for a yes, by its status."""
        return self.status < 300

    def all_headers(self) -> dict[str, str]:
        """Those of the answer, its type and its length."""
        body = self.body
        kind = {"content-type": "application/json"} if body else {}
        length = {} if self.status == 204 else {"content-length": str(len(body))}
        return {**kind, **length, **self.headers}


class Lost(msgspec.Struct, frozen=True):
    """No whole answer: the connection breaks, at once or (`waits`, in seconds) long after anybody has given up.

    `sent` is False only if nothing ever left the caller. `begun` breaks off in the middle of its body.
    """

    reason: str
    sent: bool = True
    waits: float = 0.0
    begun: Answer | None = None


def good(data: object, *, status: int = 200, meta: Json | None = None) -> Answer:
    """A yes in the CRM's envelope; an empty `meta` is an array in the vendor's examples."""
    return Answer(status, {"success": True, "data": data, "meta": meta or []})


def refused(refusal: Refusal) -> Answer:
    """A refusal in the CRM's envelope."""
    headers = {} if refusal.retry_after is None else {"retry-after": str(refusal.retry_after)}
    return Answer(refusal.status, no(refusal.message), headers=headers)


def not_found() -> Answer:
    """No such call, or no such thing."""
    return refused(Refusal(404, "Не найдено"))


def invalid(problems: Mapping[str, str]) -> Answer:
    """What is wrong with which field."""
    return Answer(422, no("Произошла ошибка.", [{field: problem} for field, problem in problems.items()]))


def missing(*problems: str) -> Answer:
    """The vendor's 404 of the calls about services and staff: a list of what may be the matter."""
    return Answer(404, no("Сообщения о возможных ошибках", [{"message": problem} for problem in problems]))


def coded(status: int, code: int, message: str) -> Answer:
    """A refusal with one of the vendor's business codes; it documents them for online booking."""
    return Answer(status, no("Произошла ошибка", [{"code": code, "message": message}]))


def no(message: str, errors: Iterable[Json] = ()) -> Json:
    """The envelope of a no."""
    meta: Json = {"message": message}
    listed = list(errors)
    return {"success": False, "data": None, "meta": meta | {"errors": listed} if listed else meta}
