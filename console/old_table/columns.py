"""The words of an older table, English and Russian: which column is what, and which status means what."""

from __future__ import annotations

import unicodedata
from typing import Literal, get_args

Column = Literal[
    "id",
    "name",
    "phone",
    "telegram_id",
    "service",
    "master",
    "start",
    "date",
    "time",
    "minutes",
    "price",
    "status",
    "cancelled",
]
COLUMNS: tuple[Column, ...] = get_args(Column)
REASON = "reason"
"""The column this program adds to rows it could not take; of no meaning when they come again."""

# Where a table has several columns for one thing, the first filled one in this order counts: a number before a name.
NAMES: dict[Column, tuple[str, ...]] = {
    "id": ("id", "booking id", "appointment id", "номер", "номер записи", "id записи"),
    "name": (
        "name", "client name", "client", "customer name", "customer", "full name", "first name",
        "имя", "имя клиента", "клиент", "фио", "фио клиента",
    ),
    "phone": (
        "phone", "client phone", "customer phone", "phone number", "mobile", "tel",
        "телефон", "телефон клиента", "номер телефона", "тел", "мобильный",
    ),
    "telegram_id": (
        "telegram id", "telegram user id", "telegram chat id", "client telegram id", "tg id", "user id", "chat id",
        "telegram", "tg", "id телеграм", "телеграм id", "id в телеграм", "id в telegram", "id пользователя", "телеграм",
    ),
    "service": (
        "service id", "service ids", "services", "service", "service title", "service name", "procedure",
        "id услуги", "услуги", "услуга", "название услуги", "процедура",
    ),
    "master": (
        "master id", "staff id", "specialist id", "employee id", "master", "staff", "specialist", "employee",
        "master name", "staff name", "id мастера", "мастер", "имя мастера", "специалист", "сотрудник",
    ),
    "start": (
        "start", "starts at", "start at", "datetime", "start datetime", "appointment datetime",
        "booking datetime", "visit at", "start time", "дата и время", "дата время", "начало", "дата и время записи",
    ),
    "date": (
        "date", "appointment date", "booking date", "visit date", "start date", "day",
        "дата", "дата записи", "дата визита", "день",
    ),
    "time": (
        "time", "appointment time", "booking time", "visit time",
        "время", "время записи", "время визита",
    ),
    "minutes": (
        "minutes", "duration minutes", "duration min", "duration", "length", "length minutes",
        "минут", "минуты", "длительность", "длительность мин", "продолжительность",
    ),
    "price": (
        "price", "price rub", "cost", "amount", "sum", "total",
        "цена", "цена руб", "стоимость", "сумма",
    ),
    "status": ("status", "state", "booking status", "статус", "состояние", "статус записи"),
    "cancelled": (
        "cancelled", "canceled", "is cancelled", "is canceled", "cancelled at", "canceled at",
        "deleted", "is deleted", "deleted at", "отменена", "отменено", "удалена", "удалено",
    ),
}  # fmt: skip
STANDING = (
    "active", "booked", "confirmed", "new", "pending", "created", "scheduled", "planned", "upcoming", "approved",
    "accepted", "open", "reserved", "done", "completed", "finished", "visited",
    "активна", "активная", "активно", "новая", "новый", "создана", "подтверждена", "подтверждено", "ожидает",
    "ожидает подтверждения", "запланирована", "записан", "записана", "забронирована", "забронировано",
    "выполнена", "выполнено", "завершена", "завершено", "состоялась",
)  # fmt: skip
"""The salon's promise stands, or was kept; no event says yet that a visit took place."""
CALLED_OFF = ("cancel", "отмен", "delete", "removed", "удален", "rejected", "declined", "отклонен")
"""How a status begins that takes the promise back."""
YES = ("1", "true", "t", "yes", "y", "да", "+")
NO = ("0", "false", "f", "no", "n", "нет", "-")
EMPTY = ("", "null", "none", "nan", "\\n", "<null>", "(null)")  # \\N is PostgreSQL's and MySQL's
ROUBLES = ("рублей", "руб.", "руб", "р.", "р", "rub", "₽")


def is_empty(text: str) -> bool:
    """True for what databases write for nothing."""
    return text.strip().casefold() in EMPTY


def folded(text: str) -> str:
    """Text by which titles and names are compared: no case, no whitespace, one letter for е and ё."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").split())


def squeezed(text: str) -> str:
    """A column's name or a status without case, blanks and signs: `Start_Time` and `start time` are one."""
    return "".join(letter for letter in folded(text) if letter.isalnum())


def column_of(name: str) -> Column | None:
    """What a column of this name holds; None for one of no meaning here."""
    return _BY_NAME.get(squeezed(name))


def rank(name: str) -> int:
    """Its place among the names for the same thing: the lower, the more it counts."""
    return _RANKS.get(squeezed(name), len(_RANKS))


def is_called_off(status: str) -> bool | None:
    """Whether a status takes the promise back; None for one this program does not know."""
    plain = squeezed(status)
    if plain in _STANDING:
        return False
    return True if plain.startswith(CALLED_OFF) else None


_BY_NAME = {squeezed(name): column for column, names in NAMES.items() for name in names}
_RANKS = {squeezed(name): place for names in NAMES.values() for place, name in enumerate(names)}
_STANDING = frozenset(squeezed(status) for status in STANDING)
