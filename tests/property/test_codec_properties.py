"""Whatever an event holds, it is read back as it was written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ledger import events as e
from ledger.codec import STORED_NAMES, decode, encode
from ledger.errors import MalformedValueError, StoredFormError
from ledger.tags import tags_of
from ledger.values import ID_BITS, Actor, BookingId, booking_code, parse_booking_id, parse_phone
from tests.builders import NOW, SYSTEM
from tests.property.strategies import actors, any_event, instants, texts


@pytest.mark.parametrize("name", STORED_NAMES)
@given(data=st.data())
def test_every_event_is_read_back_as_it_was_written(name: str, data: st.DataObject) -> None:
    event = data.draw(any_event(name))

    text = encode(event, by=SYSTEM, at=NOW, cause="c")

    assert decode(name, text).facts == event
    assert decode(name, text.decode()).facts == event
    assert encode(decode(name, text).facts, by=SYSTEM, at=NOW, cause="c") == text
    assert tags_of(decode(name, text).facts) == tags_of(event)


@given(actors, instants, texts)
def test_the_envelope_is_read_back_as_it_was_written(by: Actor, at: datetime, cause: str) -> None:
    envelope = decode("integration_resumed", encode(e.IntegrationResumed(), by=by, at=at, cause=cause))

    assert (envelope.by, envelope.at, envelope.cause) == (by, at, cause)
    assert envelope.at.utcoffset() == at.utcoffset()


@given(st.text(st.characters(), max_size=12) | st.lists(st.sampled_from(["\\", "\x00", "u0000", '"'])).map("".join))
def test_text_is_refused_exactly_when_postgresql_could_not_give_it_back(text: str) -> None:
    event = e.IntegrationPaused("auth", text)
    is_bad = "\x00" in text or any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)

    if is_bad:
        with pytest.raises(StoredFormError):
            encode(event, by=SYSTEM, at=NOW, cause="c")
    else:
        stored = encode(event, by=SYSTEM, at=NOW, cause="c")
        assert json.loads(stored)["facts"].get("message", "") == text


json_values: st.SearchStrategy[Any] = st.recursive(  # Any: what a JSON text may hold
    st.none() | st.booleans() | st.integers() | st.floats() | texts, lambda inner: st.dictionaries(texts, inner)
)


@given(st.sampled_from(sorted(STORED_NAMES)), json_values.map(json.dumps) | texts | st.binary())
def test_a_stored_text_is_read_or_refused_but_never_breaks_the_reader(name: str, text: str | bytes) -> None:
    try:
        decode(name, text)
    except StoredFormError as error:
        if name not in str(error):
            pytest.fail(f"the reader does not say what could not be read: {error}")


@given(st.integers(1, (1 << ID_BITS) - 1))
def test_a_booking_code_is_read_back_as_its_number(number: int) -> None:
    code = booking_code(BookingId(number))

    assert parse_booking_id(code) == parse_booking_id(code.lower()) == parse_booking_id(str(number)) == number


@given(st.text(max_size=20) | st.from_regex(r"[0-9A-Za-z\- ]{1,20}"))
def test_any_text_is_a_booking_id_below_2_to_the_50_or_refused(text: str) -> None:
    try:
        number = parse_booking_id(text)
    except MalformedValueError:
        return
    assert 0 < number < 1 << ID_BITS


@given(st.text(max_size=20) | st.from_regex(r"\+?[0-9 ()\-]{5,20}"))
def test_any_text_is_an_e164_phone_or_refused(text: str) -> None:
    try:
        phone = parse_phone(text)
    except MalformedValueError:
        return
    assert phone.startswith("+")
    assert phone[1:].isdecimal()
    assert parse_phone(phone) == phone
