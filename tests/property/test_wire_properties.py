"""Whatever the CRM answers is read, or refused as malformed: nothing else may come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from sync.errors import MalformedAnswerError
from sync.failures import failure, read_envelope
from sync.wire import read_records, read_start, read_told_starts
from sync.wire_branch import (
    RIGHTS,
    read_branch,
    read_branch_ids,
    read_categories,
    read_hooks,
    read_rights,
    read_services,
    read_shifts,
    read_staff,
)

MOSCOW = ZoneInfo("Europe/Moscow")
Json = object
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=8)
HOSTILE = st.sampled_from(
    [
        "0000-00-00 00:00:00",
        "9999-12-31T23:59:59+99:99",
        "9999-12-31",
        "24:00",
        "99:99",
        "1E+999999",
        "-0.5",
        "nan",
        "9" * 18,
        10**17,
        float("inf"),
    ]
)
ANYTHING = st.recursive(
    HOSTILE | SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
RECORD: Mapping[str, Json] = {
    "id": 2,
    "staff_id": 9,
    "staff": {"id": 9},
    "services": [{"id": 1}],
    "client": {"phone": 7},
    "date": "2019-01-01 12:00:00",
    "datetime": "2019-01-01T12:00:00+09:00",
    "create_date": 1547654400,
    "seance_length": 3600,
    "length": 3600,
    "attendance": 1,
    "api_id": "777",
}
SERVICE: Mapping[str, Json] = {
    "id": 3,
    "title": "x",
    "category_id": 4,
    "price_min": "1000.00",
    "price_max": 1000,
    "active": 1,
    "staff": [{"id": "5905", "seance_length": "2700"}],
}
SHIFT: Mapping[str, Json] = {"staff_id": 5, "date": "2026-12-01", "slots": [{"from": "10:00", "to": "24:00"}]}
READERS: Mapping[str, tuple[Callable[[Json], object], Json]] = {
    "records": (lambda raw: read_records(raw, MOSCOW), [RECORD]),
    "start": (lambda raw: read_start(raw, MOSCOW), RECORD),
    "told_starts": (read_told_starts, [RECORD]),
    "branch": (read_branch, {"title": "x", "timezone_name": "Europe/Moscow", "timezone": 3}),
    "branches": (read_branch_ids, [{"id": 1}]),
    "rights": (read_rights, {"record_form": dict.fromkeys(RIGHTS.values(), True)}),
    "services": (read_services, [SERVICE]),
    "categories": (read_categories, {"category": [{"id": 1, "title": "x"}]}),
    "staff": (read_staff, [{"id": 1, "name": "x", "position": {"title": "y"}, "fired": 0}]),
    "shifts": (lambda raw: read_shifts(raw, MOSCOW), [SHIFT]),
    "hooks": (read_hooks, {"urls": ["https://x.example"], "active": 1, "record": 1}),
}


@st.composite
def spoilt(draw: st.DrawFn, whole: Json) -> Json:
    """A good answer in which one thing, at any depth, is something else or missing."""
    if isinstance(whole, dict) and whole and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(whole)))
        kept = {key: value for key, value in whole.items() if key != name}
        return kept if draw(st.booleans()) and draw(st.booleans()) else {**kept, name: draw(spoilt(whole[name]))}
    if isinstance(whole, list) and whole and draw(st.integers(0, 4)):
        return [draw(spoilt(whole[0])), *whole[1:]]
    return draw(ANYTHING)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_an_answer_is_read_or_malformed_and_nothing_else(name: str, data: st.DataObject) -> None:
    read, whole = READERS[name]
    read(whole)

    raw = data.draw(spoilt(whole))
    try:
        read(raw)
    except MalformedAnswerError:
        return


@given(
    st.integers(100, 599), st.binary(max_size=60) | st.sampled_from([b'{"success":false,"meta":{"errors":{"a":[1]}}}'])
)
def test_every_body_under_every_status_stands_for_some_error(status: int, body: bytes) -> None:
    error = failure(status, read_envelope(body), is_write=True)

    assert error.status == status
