"""What each answer of the CRM stands for, and whose words are repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest

from sync import errors
from sync.failures import failure, read_envelope, retry_after_seconds, scrubbed


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"success":false,"data":null,"meta":{"message":"Недостаточно прав"}}', "Недостаточно прав"),
        ('{"errors":{"code":404,"message":"Не найдено"},"meta":{"message":"Не найдено"}}', "Не найдено"),
        (
            '{"success":false,"meta":{"message":"Ошибка","errors":[{"code":433,"message":"Занято"}]}}',
            "Ошибка; Занято",
        ),
        (
            '{"success":false,"meta":{"message":"Ошибка","errors":[{"phone":"Неверный"}]}}',
            "Ошибка; Неверный",
        ),
        ('{"success":false,"errors":{"fields":["Нет такого поля","Совсем"]}}', "Нет такого поля; Совсем"),
        ('{"success":false,"data":null,"meta":[]}', ""),
        ('{"success":false,"message":"Сбой"}', "Сбой"),
    ],
)
def test_the_crm_s_words_are_found_in_every_documented_shape(body: str, words: str) -> None:
    envelope = read_envelope(body.encode())

    assert envelope is not None
    assert not envelope.succeeded
    assert failure(400, envelope, is_write=True).crm_message == words


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b'{"success": tr', b"[]", b"null", b"\xff\xfe", b"[" * 5000]
)
def test_what_is_not_an_envelope_is_none(body: bytes) -> None:
    assert read_envelope(body) is None


def test_an_envelope_may_begin_with_a_byte_order_mark() -> None:
    envelope = read_envelope(b'\xef\xbb\xbf{"success":true,"data":[],"meta":{"total_count":"10"}}')

    assert envelope is not None
    assert envelope.succeeded
    assert envelope.total_count == 10


BUSY = b'{"success":false,"meta":{"message":"x","errors":[{"code":433,"message":"y"}]}}'
LICENCE = '{"success":false,"meta":{"message":"Необходимо продлить лицензию в филиале с id: 1"}}'.encode()
PLAIN = b'{"success":false,"data":null,"meta":[]}'


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (301, b"", errors.UnknownOutcomeError),
        (400, PLAIN, errors.InvalidError),
        (401, PLAIN, errors.AuthError),
        (401, b"<html>", errors.AuthError),
        (402, PLAIN, errors.LicenceError),
        (403, PLAIN, errors.RightsError),
        (403, LICENCE, errors.LicenceError),
        (403, BUSY.replace(b"433", b"434"), errors.InvalidError),
        (404, PLAIN, errors.GoneError),
        (404, b"<html>nginx</html>", errors.UnknownOutcomeError),
        (408, PLAIN, errors.UnknownOutcomeError),
        (409, PLAIN, errors.BusyError),
        (422, PLAIN, errors.InvalidError),
        (422, BUSY, errors.BusyError),
        (422, BUSY.replace(b"433", b'"433"'), errors.BusyError),
        (429, b"", errors.RateLimitedError),
        (500, PLAIN, errors.UnknownOutcomeError),
        (502, b"<html>", errors.UnknownOutcomeError),
        (200, PLAIN, errors.UnknownOutcomeError),
        (200, BUSY, errors.BusyError),
        (200, b'{"errors":{"code":401,"message":"x"}}', errors.AuthError),
        (201, b"", errors.UnknownOutcomeError),
    ],
)
def test_each_answer_stands_for_one_error(status: int, body: bytes, kind: type[errors.SyncError]) -> None:
    error = failure(status, read_envelope(body), is_write=True)

    assert type(error) is kind
    assert error.status == status


def test_what_is_unknown_after_a_write_is_only_unavailable_after_a_read() -> None:
    assert type(failure(500, None, is_write=False)) is errors.UnavailableError


def test_every_error_has_its_stable_word() -> None:
    words = {kind.__name__: kind.kind for kind in errors.SyncError.__subclasses__()}

    assert words == {
        "NotSentError": "not_sent",
        "RateLimitedError": "rate",
        "AuthError": "auth",
        "LicenceError": "licence",
        "RightsError": "rights",
        "BusyError": "busy",
        "InvalidError": "invalid",
        "GoneError": "gone",
        "UnknownOutcomeError": "unknown",
        "UnavailableError": "unknown",
        "MalformedAnswerError": "unknown",
    }


def test_retry_after_is_read_in_both_of_its_forms_and_nonsense_is_none() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    assert retry_after_seconds("60") == 60
    assert 50 <= (retry_after_seconds(in_a_minute) or 0) <= 60
    assert retry_after_seconds("Mon, 01 Jan 2001 00:00:00 GMT") == 0
    for nonsense in (None, "", "soon", "-5", "nan", "inf"):
        assert retry_after_seconds(nonsense) is None


def test_private_texts_are_struck_out_of_the_crm_s_words_before_they_are_cut() -> None:
    words = "x" * 490 + "very-secret-token"
    envelope = read_envelope(msgspec.json.encode({"success": False, "meta": {"message": words}}))
    assert envelope is not None

    clean = msgspec.structs.replace(envelope, words=scrubbed(envelope.words, ["very-secret-token", "", "я"]))

    assert failure(400, clean, is_write=True).crm_message == "x" * 490 + "***"
