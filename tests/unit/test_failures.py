"""What each answer of the CRM stands for, and whose words are repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest

from sync import errors, failures
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
    "body",
    [b"", b"<html>502</html>", b'{"success": tr', b"[]", b"null", b"\xff\xfe", b"[" * 5000, b'{"message":"no Route"}'],
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
        (404, b'{"detail":"Not Found"}', errors.UnknownOutcomeError),
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


def said(message: str, *codes: int) -> bytes:
    told = {"message": message, "errors": [{"code": code, "message": "y"} for code in codes]}
    return msgspec.json.encode({"success": False, "data": None, "meta": told if codes else {"message": message}})


IN_ERRORS = '{"errors":{"code":401,"message":"Необходима авторизация"},"meta":{"message":"Необходима авторизация"}}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (401, said("Не указан идентификатор партнера"), errors.AuthError, "partner"),
        (401, said("Не указаны авторизационные данные"), errors.AuthError, "no_token"),
        (401, said("Необходима авторизация"), errors.AuthError, "user"),
        (401, IN_ERRORS.encode(), errors.AuthError, "user"),
        (401, b"<html>", errors.AuthError, ""),
        (402, said("Необходимо продлить лицензию в филиале с id: 1"), errors.LicenceError, ""),
        (403, said("Необходимо продлить лицензию в филиале с id: 1"), errors.LicenceError, ""),
        (403, said("Нет прав на управление филиалом 1"), errors.RightsError, "branch"),
        (403, said("Нет прав на управление компанией"), errors.RightsError, "branch"),
        (403, said("Недостаточно прав"), errors.RightsError, ""),
        (403, said("Доступ запрещен."), errors.RightsError, ""),
        (403, said("Вы не можете управлять записью с id 77"), errors.InvalidError, "record_forbidden"),
        (400, said("Недопустимый формат запроса"), errors.InvalidError, "bad_format"),
        (400, b'{"success":false,"errors":{"fields":["x"]}}', errors.InvalidError, ""),
        (404, said("Не найдено"), errors.GoneError, ""),
        (404, b'{"success":false,"data":null,"meta":{}}', errors.GoneError, ""),
        (404, b'{"success":false,"data":null,"meta":[]}', errors.GoneError, ""),
        (404, b'{"errors":{"code":404,"message":"x"},"meta":{"message":"x"}}', errors.GoneError, ""),
        (409, said("Мастер занят или не работает: 2020-10-01 10:30"), errors.BusyError, ""),
        (422, said("x", 431), errors.InvalidError, "bad_phone"),
        (422, said("x", 432), errors.InvalidError, "wrong_sms_code"),
        (422, said("x", 433), errors.BusyError, ""),
        (403, said("x", 434), errors.InvalidError, "client_blacklisted"),
        (422, said("x", 435), errors.InvalidError, "no_client_name"),
        (422, said("x", 436), errors.InvalidError, "no_master"),
        (422, said("x", 437), errors.InvalidError, "overlaps_itself"),
        (422, said("x", 438), errors.InvalidError, "service_gone"),
        (200, said("x", 438), errors.InvalidError, "service_gone"),
        (422, said("Не заданы ни услуги ни акции", 422), errors.InvalidError, "no_services"),
        (422, said("Произошла ошибка"), errors.InvalidError, ""),
        (429, said("Превышен лимит запросов"), errors.RateLimitedError, ""),
        (503, said("Не указан идентификатор партнера"), errors.UnknownOutcomeError, ""),
    ],
)
def test_every_refusal_we_know_of_has_its_kind_and_its_reason(
    status: int, body: bytes, kind: type[errors.SyncError], reason: str
) -> None:
    error = failure(status, read_envelope(body), is_write=True)

    assert (type(error), error.reason) == (kind, reason)


def test_every_reason_is_in_the_docs_and_in_its_error_s_own_words() -> None:
    documented = Path(__file__).parents[2].joinpath("docs/sync.md").read_text("utf-8")
    by_kind = {kind: set(reasons.values()) for kind, reasons in failures._REASONS_BY_WORDS.items()}
    by_kind[errors.InvalidError] |= set(failures._REASONS_BY_CODE.values())

    for kind, reasons in by_kind.items():
        for reason in reasons:
            assert f"`{reason}`" in (kind.__doc__ or "")
            assert f"`{reason}`" in documented


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
