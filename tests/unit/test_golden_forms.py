"""Every form in which an event stands in some log: old names, and optional fields present and absent."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ledger.codec import STORED_NAMES, decode, encode
from ledger.upcasters import UPCASTERS
from tests.builders import NOW
from tests.examples import CAUSE
from tests.forms import FORMS, Form

FOLDER = Path(__file__).parents[1] / "golden"
MORE = [json.loads(line) for line in FOLDER.joinpath("events_more.jsonl").read_text("utf-8").splitlines()]
ALL = [*(json.loads(line) for line in FOLDER.joinpath("events.jsonl").read_text("utf-8").splitlines()), *MORE]
PAIRS = [pytest.param(line, form, id=form.stored_name) for line, form in zip(MORE, FORMS, strict=False)]


def lines_of(name: str) -> list[dict[str, object]]:
    """The facts of each golden line under this name, as they stand."""
    return [json.loads(line["data"])["facts"] for line in ALL if line["type"] == name]


def optional_fields(name: str) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(STORED_NAMES[name]) if not field.required]


def test_each_form_has_its_line_and_each_line_its_form() -> None:
    missing = [encode(form.event, by=form.by, at=NOW, cause=CAUSE).decode() for form in FORMS[len(MORE) :]]

    assert [line["type"] for line in MORE] == [form.stored_name for form in FORMS], f"data of new lines: {missing}"


@pytest.mark.parametrize(("line", "form"), PAIRS)
def test_a_golden_line_of_any_form_says_for_ever_what_it_said(line: dict[str, str], form: Form) -> None:
    envelope = decode(line["type"], line["data"])

    assert envelope.facts == form.event
    assert (envelope.by, envelope.at, envelope.cause) == (form.by, NOW, CAUSE)


@pytest.mark.parametrize(("line", "form"), PAIRS)
def test_an_event_of_today_is_still_written_as_its_line(line: dict[str, str], form: Form) -> None:
    written = encode(form.event, by=form.by, at=NOW, cause=CAUSE).decode()

    assert (written == line["data"]) or form.is_old
    assert form.is_old == (line["type"] in UPCASTERS)


@pytest.mark.parametrize("name", UPCASTERS)
def test_every_old_name_has_a_golden_line(name: str) -> None:
    assert lines_of(name), f"add the stored text of a {name} to tests/golden/events_more.jsonl"


@pytest.mark.parametrize("name", STORED_NAMES)
def test_an_optional_field_is_present_in_one_golden_line_and_absent_in_another(name: str) -> None:
    for field in optional_fields(name):
        present = [field in facts for facts in lines_of(name)]
        assert set(present) == {True, False}, f"{name}.{field}: add the form that lacks to tests/forms.py"


def test_there_are_optional_fields() -> None:
    """Guards the test above."""
    assert optional_fields("sync_failed") == ["status", "retry_at", "parked"]
