"""The words of the simulator's page, for somebody who runs a salon and not a server."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sync.simulator.faults import Fault
from sync.simulator.gate import Mode

MODES: Mapping[Mode, str] = {
    "ok": "Работает",
    "off": "Не отвечает вовсе",
    "auth": "Не узнаёт нас (как 16 июля 2025 года)",
    "redirect": "Отсылает на чужой адрес",
    "not_found": "Говорит, что ничего не найдено",
    "drop_after_write": "Записывает, но ответы теряются",
}
FAULTS: Mapping[Fault, str] = {
    "unreachable": "Связи нет, запрос не ушёл",
    "dropped_before": "Связь оборвалась, ничего не сделано",
    "dropped_after": "Сделано, но ответ потерялся",
    "late": "Сделано позже, когда ответа уже не ждут",
    "slow_before": "Очень долго молчит, ничего не сделано",
    "slow_after": "Сделано, но отвечает слишком поздно",
    "error_before": "Ошибка 500, ничего не сделано",
    "error_after": "Сделано, но ответ: ошибка 500",
    "html_before": "Страница «502» вместо ответа, ничего не сделано",
    "html_after": "Сделано, но вместо ответа страница «502»",
    "truncated": "Сделано, ответ оборвался на середине",
    "malformed": "Сделано, но ответ испорчен",
    "rate_limited": "«Слишком много запросов», сказано, сколько ждать",
    "rate_limited_silent": "«Слишком много запросов», не сказано, сколько ждать",
    "no_content": "Сделано, ответ пустой (204)",
    "api_id_blanked": "Запись забывает наш номер",
    "wrong_offset": "Часовой пояс в ответе неверный",
    "own_time_busy": "Перенос мешает сам себе: «время занято»",
    "busy_as_422": "«Занято» другими словами (422 вместо 409)",
    "created_otherwise": "Новая запись в ответе в другой форме",
    "ids_as_strings": "Номера в ответе текстом",
    "empty_as_list": "Пустой список вместо пустого поля",
    "empty_listing": "Говорит, что записей нет, хотя они есть",
    "hook_lost": "Уведомление пропало",
    "hook_repeated": "Уведомление пришло четыре раза",
    "hook_overtaken": "Уведомления пришли не по порядку",
}
RIGHTS: Mapping[str, str] = {
    "timetable_access": "видеть журнал записей",
    "create_records_access": "создавать записи",
    "edit_records_access": "изменять записи",
    "timetable_transferring_record_access": "переносить записи",
    "delete_records_access": "удалять записи",
    "webhook_read_access": "настраивать уведомления",
}
STATUSES: Mapping[int | None, str] = {
    None: "связь оборвана",
    200: "ответил",
    201: "записал",
    204: "сделал",
    301: "отослал прочь",
    400: "не понял",
    401: "не узнал нас",
    402: "нет лицензии",
    403: "не разрешил",
    404: "не нашёл",
    409: "занято",
    422: "отказал",
    429: "слишком часто",
    500: "ошибка",
    502: "страница вместо ответа",
}
WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_CALLS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (method, re.compile(f"/api/v1/{path}"), words)
    for method, path, words in (
        ("GET", r"records/\d+", "Показать список записей"),
        ("POST", r"records/\d+", "Создать запись"),
        ("GET", r"record/\d+/(\d+)", "Показать запись {}"),
        ("PUT", r"record/\d+/(\d+)", "Изменить запись {}"),
        ("DELETE", r"record/\d+/(\d+)", "Удалить запись {}"),
        ("GET", r"company/\d+/?", "Показать филиал"),
        ("GET", r"companies", "Показать филиалы"),
        ("GET", r"user/permissions/\d+", "Показать наши права"),
        ("GET", r"(?:company/\d+/services|book_services).*", "Показать услуги"),
        ("GET", r"company/\d+/staff/schedule", "Показать смены"),
        ("GET", r"company/\d+/staff.*", "Показать мастеров"),
        ("GET", r"hooks_settings/\d+", "Показать уведомления"),
        ("POST", r"hooks_settings/\d+", "Настроить уведомления"),
    )
)


def call(method: str, path: str) -> str:
    """What a request asks for."""
    for its_method, its_path, words in _CALLS:
        if its_method == method and (found := its_path.fullmatch(path)):
            return words.format(*found.groups())
    return "Неизвестный запрос"


def status(code: int | None) -> str:
    """What was answered."""
    words = STATUSES.get(code, "")
    return words if code is None else f"{code} {words}".rstrip()


def weekday(number: int, day: int, month: int) -> str:
    """A day as in a diary: `ср 25.11`."""
    return f"{WEEKDAYS[number]} {day:02}.{month:02}"
