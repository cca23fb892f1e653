"""What faults do to an answer once the work is done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from sync.simulator.exchange import Answer, Asked, Json, Lost, Refusal, refused
from sync.simulator.faults import Drawn, Fault

_DATES = frozenset({"datetime", "create_date", "last_change_date"})
_OBJECTS = frozenset({"client", "comer"})
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")
_HOURS = ("+00", "+02", "+04", "+05", "+07", "+09", "-08")
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>"
_ERROR = Refusal(500, "Внутренняя ошибка сервера")
_NOT_JSON: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: body[: len(body) // 2],
    lambda body: b"<br />Warning: " + body,
    lambda _: b"",
    lambda _: b"[]",
    lambda _: b"null",
)


def before_work(drawn: Drawn) -> Answer | Lost | None:
    """What comes instead of any work, if something does."""
    if drawn.takes("unreachable"):
        return Lost("the connection was refused", sent=False)
    if drawn.takes("dropped_before"):
        return Lost("the connection was broken")
    if drawn.takes("slow_before"):
        return Lost("the deadline has passed", waits=drawn.faults.slow_seconds)
    if drawn.takes("error_before"):
        return refused(_ERROR)
    if drawn.takes("html_before"):
        return _bad_gateway()
    if drawn.takes("rate_limited"):
        return refused(Refusal(429, "Превышен лимит запросов", retry_after=drawn.faults.retry_after))
    if drawn.takes("rate_limited_silent"):
        return refused(Refusal(429, "Превышен лимит запросов"))
    return None


def after_work(asked: Asked, answer: Answer, drawn: Drawn) -> Answer | Lost:
    """The answer as it leaves, if it does."""
    if drawn.takes("dropped_after"):
        return Lost("the connection was broken")
    if drawn.takes("slow_after"):
        return Lost("the deadline has passed", waits=drawn.faults.slow_seconds)
    if drawn.takes("error_after"):
        return refused(_ERROR)
    if drawn.takes("html_after"):
        return _bad_gateway()
    answer = _in_other_forms(answer, drawn)
    if answer.body and drawn.takes("truncated"):
        return Lost("the answer broke off", begun=answer)
    if answer.body and answer.succeeded and drawn.takes("malformed"):
        broken = drawn.pick("malformed", _NOT_JSON)(answer.body)
        return Answer(answer.status, raw=broken, headers={"content-type": "application/json"})
    if asked.method in ("POST", "PUT") and answer.succeeded and drawn.takes("no_content"):
        return Answer(204)
    return answer


def _bad_gateway() -> Answer:
    return Answer(502, raw=_PAGE, headers={"content-type": "text/html"})


def _in_other_forms(answer: Answer, drawn: Drawn) -> Answer:
    """The same told in a form the vendor's examples have somewhere; counted only where it makes a difference."""
    if answer.content is None or not answer.succeeded:
        return answer
    for fault, told in _FORMS.items():
        if drawn.has(fault):
            otherwise = told(answer.content, drawn)
            if otherwise != answer.content and drawn.takes(fault):
                answer = msgspec.structs.replace(answer, content=otherwise)
    return answer


def _ids_as_strings(content: Json, _: Drawn) -> Json:
    return _rewritten(content, lambda name, value: str(value) if _is_id(name, value) else value)


def _is_id(name: str, value: object) -> bool:
    return (name == "id" or name.endswith("_id")) and isinstance(value, int) and not isinstance(value, bool)


def _empty_as_list(content: Json, _: Drawn) -> Json:
    return _rewritten(content, lambda name, value: [] if value == {} or (name in _OBJECTS and value is None) else value)


def _wrong_offset(content: Json, drawn: Drawn) -> Json:
    """The digits on the wall stay right."""
    hours = drawn.pick("wrong_offset", _HOURS)

    def elsewhere(name: str, value: object) -> object:
        if name not in _DATES or not isinstance(value, str):
            return value
        return _OFFSET.sub(f"{hours}:00" if value[-3:-2] == ":" else f"{hours}00", value)

    return _rewritten(content, elsewhere)


def _rewritten(content: Json, change: Callable[[str, object], object]) -> Json:
    return {name: _value(name, value, change) for name, value in content.items()}


def _value(name: str, value: object, change: Callable[[str, object], object]) -> object:
    value = change(name, value)
    if isinstance(value, dict):
        return _rewritten(value, change)
    if isinstance(value, list):
        return [_value("", item, change) for item in value]
    return value


_FORMS: Mapping[Fault, Callable[[Json, Drawn], Json]] = {
    "ids_as_strings": _ids_as_strings,
    "empty_as_list": _empty_as_list,
    "wrong_offset": _wrong_offset,
}
