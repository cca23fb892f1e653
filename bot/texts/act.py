"""The act of destruction a salon keeps for three years, with the fields of Roskomnadzor's order 179 (28.10.2022)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from bot.texts.formats import phone_words
from ledger import events as e

_WIDTH = 78
BLANK = "________________________________"
CATEGORIES: Mapping[str, str] = {
    "name": "имя",
    "phone": "номер телефона",
    "telegram": "идентификатор в Telegram",
    "message": "слова CRM о записях клиента",
    "comment": "комментарии",
}
BASES: Mapping[e.Basis, str] = {
    "request": "требование субъекта персональных данных",
    "withdrawal": "отзыв согласия на обработку персональных данных",
    "purpose_reached": "достижение цели обработки персональных данных",
    "unlawful": "выявление неправомерной обработки персональных данных",
    "restored": "данные, уничтоженные ранее, вернулись при восстановлении из резервной копии",
}
IN_CRM: Mapping[str, str] = {
    "none": "записей клиента там не было.",
    "asked": "удаление клиента поручено программе, она выполнит его, когда CRM отвечает; исход останется в журнале "
    "(событие «Клиент удалён и в CRM» или «Удалите клиента в CRM вручную»).",
}


class ActFacts(msgspec.Struct, frozen=True):
    """What the act says that is known before the destruction; the person in clear, so it is personal data itself."""

    salon: str
    address: str
    ledger: str
    schema: str
    client_id: int
    name: str
    phone: str
    telegram: str
    by: str
    backups_until: date | None = None


class Destroyed(msgspec.Struct, frozen=True):
    """What is known only after it: the event with its place, and the file of the extract."""

    position: int
    hash: str
    at: datetime
    basis: e.Basis
    categories: tuple[str, ...]
    crm: Literal["none", "asked"]
    extract: str
    handles: bool = True


def act(facts: ActFacts, done: Destroyed) -> str:
    """The act as plain text, ready to be printed and signed."""
    parts = [
        "АКТ".center(_WIDTH).rstrip(),
        f"об уничтожении персональных данных № {facts.client_id}/{done.position}".center(_WIDTH).rstrip(),
        *(_paragraph(number, title, text) for number, (title, text) in enumerate(_fields(facts, done), 1)),
        _places(facts, done),
        _paragraph(12, "Хранение", "акт и выгрузка хранятся три года со дня уничтожения. Акт называет человека, "
                   "поэтому сам содержит персональные данные: храните его под замком."),
        f"Подпись лица, уничтожившего данные: {BLANK}",
        textwrap.fill(
            "Примечание. Считается ли уничтожение ключа шифрования уничтожением персональных данных, законом и "
            "судами не решено. Если нужна определённость, посоветуйтесь с юристом.", _WIDTH
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _fields(facts: ActFacts, done: Destroyed) -> Iterator[tuple[str, str]]:
    """Title and text, in the order of the act."""
    yield (
        "Оператор персональных данных",
        (
            f"{facts.salon or BLANK}, адрес: {facts.address or BLANK}. Полное наименование юридического лица или "
            f"фамилия, имя и отчество предпринимателя: {BLANK}"
        ),
    )
    yield "Лицо, обрабатывавшее данные по поручению оператора (если поручалось)", BLANK
    yield "Субъект персональных данных", _person(facts)
    yield "Перечень категорий уничтоженных данных", _categories(done)
    yield (
        "Информационная система",
        (f"Zapisnik, журнал записей салона (схема базы данных {facts.schema}, номер журнала {facts.ledger})"),
    )
    yield (
        "Способ уничтожения",
        (
            "уничтожен единственный ключ, которым данные клиента были зашифрованы (AES-256-GCM), и ключевые отпечатки, "
            "по которым клиента можно было найти. Без ключа зашифрованный текст в журнале восстановить нельзя."
        ),
    )
    yield "Причина уничтожения", BASES[done.basis]
    yield "Дата и время уничтожения", f"{done.at:%d.%m.%Y, %H:%M:%S} (UTC{done.at:%z})"
    yield "Кто уничтожил (фамилия, имя, отчество, должность)", facts.by
    yield (
        "Выгрузка из журнала",
        (
            f"файл «{done.extract}»; событие № {done.position}, хеш {done.hash}. Имени и телефона в журнале нет, "
            "поэтому сведения о человеке, которых нет в выгрузке, внесены в этот акт."
        ),
    )


def _person(facts: ActFacts) -> str:
    known = [facts.name, f"телефон {phone_words(facts.phone)}" if facts.phone else ""]
    if not facts.phone and facts.telegram:
        known.append(f"идентификатор в Telegram {facts.telegram}")
    said = ", ".join(filter(None, known)) or "имя и телефон неизвестны: клиент не оставил контакта"
    return f"{said}. Номер клиента в системе: {facts.client_id}"


def _categories(done: Destroyed) -> str:
    named = [CATEGORIES.get(one, one) for one in done.categories]
    handles = ["ключевые отпечатки, по которым клиента можно найти"] if done.handles else []
    return ", ".join([*named, *handles]) or "не хранились"


def _places(facts: ActFacts, done: Destroyed) -> str:
    """Where else the person may still be: what a program cannot reach a person has to."""
    until = f"до {facts.backups_until:%d.%m.%Y}" if facts.backups_until else f"до {BLANK}"
    places = [
        f"CRM Yclients: {IN_CRM[done.crm]}",
        "Telegram: переписка клиента с ботом; карточки в чате сотрудников. Удаляются вручную.",
        "Выгрузки, распечатки, таблицы прежних программ, в том числе файлы, из которых загружали записи.",
        f"Резервные копии базы данных и журнал самого сервера базы данных (WAL): {until}. Ключ клиента есть в копиях, "
        "сделанных раньше; программа не даст ему вернуться: номер клиента внесён в реестр уничтоженных.",
    ]
    head = _paragraph(11, "Где данные ещё могут оставаться", "")
    return "\n".join([head, *(textwrap.fill(f"— {one}", _WIDTH, subsequent_indent="  ") for one in places)])


def _paragraph(number: int, title: str, text: str) -> str:
    return textwrap.fill(f"{number}. {title}: {text}".rstrip(), _WIDTH, subsequent_indent="   ")
