"""One booking's life in plain Russian, a sentence an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from babel import Locale

from bot.texts.formats import clock_words, day_words, moment_words, money_words
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.import_booking import IMPORT
from ledger.values import Actor, BookedService, ServiceId, Slot
from projections.catalog import Catalog

_LOCALE = "ru"

_HELD = "Время за клиентом до {until}: {what}. {awaits}"
_MADE = "Запись сделана: {what}, {price}."
_IMPORTED = "Перенесено из прежней программы. "
_MADE_OVERLAP = " Это время уже было занято, обе записи оставлены."
_MOVED = "{who}: запись перенесена: {what}. Прежнее время ({was}) снова свободно."
_CONFIRMED = "Клиент подтвердил, что придёт."
_CANCELLED = "{who}: запись отменена, время снова свободно."
_SEEN = "Запись увидели в CRM (№ {record}), её внесли там вручную: {what}.{overlap}"
_SEEN_OVERLAP = " Это время было уже занято, обе записи оставлены."
_ATTEMPTED = "Попытка {number}: {operation} (передаётся {covers})."
_SUCCEEDED = "Получилось: {operation}, № {record}{how}."
_SKIPPED = "В CRM не отправляли: {reason}."
_RETRY = " Следующая попытка не раньше {at}."
_PARKED = " Дальше решает человек."
_RECORDS = " Записи в CRM: {records}."

_AWAITS: Mapping[e.Awaits, str] = {
    "consent": "Ждём согласия на обработку данных.",
    "contact": "Ждём номера телефона.",
    "confirmation": "Ждём подтверждения.",
}
_LAPSES: Mapping[e.LapseReason, str] = {
    "expired": "Клиент не успел ответить: время снова свободно.",
    "replaced": "Клиент выбрал другое время, прежнее снова свободно.",
    "released": "Клиент передумал: время снова свободно.",
    "taken_in_crm": "На это время сделали запись в CRM, держать его за клиентом больше нельзя.",
    "taken_by_import": "На это время есть запись из прежней программы, держать его за клиентом больше нельзя.",
}
_ATTEMPTS: Mapping[e.Operation, str] = {
    "create": "создаём запись в CRM",
    "move": "переносим запись в CRM",
    "cancel": "удаляем запись из CRM",
}
_SUCCESSES: Mapping[e.Operation, str] = {
    "create": "запись есть в CRM",
    "move": "в CRM запись перенесена",
    "cancel": "записи в CRM больше нет",
}
_FOUND: Mapping[e.Operation, str] = {
    "create": " (нашли поиском)",
    "move": " (проверили поиском)",
    "cancel": " (проверили поиском)",
}
_REMINDERS: Mapping[e.ReminderKind, str] = {"day_before": "за день до визита", "hours_before": "за два часа до визита"}
_REMINDING = "Отправляем напоминание {kind}."
_REMINDED = "Напоминание {kind} доставлено."
_NOT_REMINDED = "Напоминание {kind} не доставлено: {reason}."
_UNDELIVERED: Mapping[e.UndeliveredReason, str] = {
    "blocked": "клиент заблокировал бота",
    "refused": "Telegram отказал",
    "unknown": "ответа не было, второй раз не отправляем",
}
_FAILURES: Mapping[str, str] = {
    "not_sent": "Не получилось: запрос до CRM не дошёл",
    "refused": "Не получилось: CRM отказала",
    "unknown": "Неизвестно, дошло ли до CRM: сначала ищем там запись, вслепую не повторяем",
    "absent": "Проверили в CRM: изменений там нет, отправим снова",
}
_KINDS: Mapping[str, str] = {
    "not_sent": "нет связи",
    "rate": "слишком много запросов",
    "auth": "ключ не принят",
    "licence": "лицензия закончилась",
    "rights": "не хватает прав",
    "busy": "время занято",
    "invalid": "запрос не принят",
    "gone": "такого нет",
    "unknown": "ответа нет",
    "unavailable": "CRM не отвечает",
}
_SKIPS: Mapping[e.SkipReason, str] = {
    "superseded": "пока CRM была недоступна, всё уже отменилось",
    "past": "визит уже прошёл, так решил оператор",
}
_CONFLICTS: Mapping[e.ConflictKind, str] = {
    "slot_busy": "Расхождение: в CRM это время занято другой записью.",
    "duplicate": "Расхождение: в CRM оказалось две такие записи.",
    "ambiguous": "Расхождение: в CRM нашлось несколько похожих записей, и непонятно, какая из них наша.",
    "overlap": "Расхождение: на это же время есть другая запись.",
    "moved_in_crm": "Расхождение: запись перенесли прямо в CRM.",
    "removed_in_crm": "Расхождение: запись удалили прямо в CRM.",
    "unsendable": "Запись нельзя передать в CRM: данные клиента не открываются или неполны.",
}
_WHO: Mapping[str, str] = {
    "client": "Клиент",
    "staff": "Сотрудник",
    "operator": "Администратор",
    "system": "Программа",
    "crm": "CRM",
}
_EVENTS: Mapping[str, str] = {"one": "{n} событие", "few": "{n} события", "many": "{n} событий", "other": "{n} события"}
_GONE_MASTER = "мастер № {number}"
_GONE_SERVICE = "услуга № {number}"


def story_lines(history: Sequence[Recorded], catalog: Catalog | None, zone: ZoneInfo) -> list[str]:
    """A line for every event of the booking and of its way to the CRM, oldest first, with the salon's times.

    Names come from the present catalogue; what is no longer in it is told by its number. Events that are about
    something else are left out.
    """
    teller = _Teller(catalog, zone)
    told = ((item, teller.tell(item)) for item in history)
    return [f"{moment_words(item.at, zone, _LOCALE)} — {sentence}" for item, sentence in told if sentence]


class _Teller:
    def __init__(self, catalog: Catalog | None, zone: ZoneInfo) -> None:
        self._catalog, self._zone = catalog, zone

    def tell(self, item: Recorded) -> str:
        """The event's sentence, '' for one that is not about a booking."""
        match item.event:
            case (
                e.SlotHeld()
                | e.HoldLapsed()
                | e.BookingMade()
                | e.BookingMoved()
                | e.BookingCancelled()
                | e.CrmBookingSeen() as event
            ):
                told = self._booking(event, item.by)
                is_imported = item.cause.startswith(IMPORT) and not isinstance(event, e.HoldLapsed)
                return _IMPORTED + told if is_imported else told
            case e.VisitConfirmed():
                return _CONFIRMED
            case e.ReminderAttempted() | e.ReminderSent() | e.ReminderFailed() as event:
                return _reminder(event)
            case e.SyncAttempted() | e.SyncSucceeded() | e.SyncFailed() | e.SyncSkipped() | e.ConflictFound() as event:
                return self._sync(event)
            case _:
                return ""  # catalogue, clients, notices and integration have stories of their own

    def _booking(self, event: e.BookingEvent, by: Actor) -> str:
        match event:
            case e.SlotHeld():
                return _HELD.format(
                    until=clock_words(event.expires_at, self._zone, _LOCALE),
                    what=self._what(event.slot, _ids(event.services)),
                    awaits=_AWAITS[event.awaits],
                )
            case e.HoldLapsed():
                return _LAPSES[event.reason]
            case e.BookingMade():
                price = self._money(sum(service.price for service in event.services))
                made = _MADE.format(what=self._what(event.slot, _ids(event.services)), price=price)
                return made + (_MADE_OVERLAP if event.overlap_allowed else "")
            case e.BookingMoved():
                what = self._what(event.slot, _ids(event.services))
                return _MOVED.format(who=_WHO[by.kind], what=what, was=self._what(event.from_slot, []))
            case e.BookingCancelled():
                return _CANCELLED.format(who=_WHO[by.kind])
            case e.CrmBookingSeen():
                overlap = _SEEN_OVERLAP if event.overlap_allowed else ""
                what = self._what(event.slot, event.service_ids)
                return _SEEN.format(record=event.record_id, what=what, overlap=overlap)

    def _sync(self, event: e.SyncEvent) -> str:
        match event:
            case e.SyncAttempted():
                covers = _count(_EVENTS, len(event.covers))
                return _ATTEMPTED.format(number=event.number, operation=_ATTEMPTS[event.operation], covers=covers)
            case e.SyncSucceeded():
                how = _FOUND[event.operation] if event.seen_by == "look_up" else ""
                return _SUCCEEDED.format(operation=_SUCCESSES[event.operation], record=event.record_id, how=how)
            case e.SyncFailed():
                return self._failed(event)
            case e.SyncSkipped():
                return _SKIPPED.format(reason=_SKIPS[event.reason])
            case e.ConflictFound():
                records = ", ".join(f"№ {record}" for record in event.record_ids)
                return _CONFLICTS[event.kind] + (_RECORDS.format(records=records) if records else "")

    def _failed(self, event: e.SyncFailed) -> str:
        why = [_KINDS.get(event.kind, event.kind), f"HTTP {event.status}" if event.status is not None else ""]
        said = f"{_FAILURES[event.outcome]} ({', '.join(filter(None, why))})."
        if event.parked:
            return said + _PARKED
        if event.retry_at is not None:
            return said + _RETRY.format(at=moment_words(event.retry_at, self._zone, _LOCALE))
        return said

    def _what(self, slot: Slot, service_ids: Sequence[ServiceId]) -> str:
        """`Стрижка, Анна, понедельник, 7 января, 10:00–11:00`"""
        titles = [self._title(service_id) for service_id in service_ids]
        member = self._catalog.member(slot.staff_id) if self._catalog else None
        master = member.name if member else _GONE_MASTER.format(number=slot.staff_id)
        day = day_words(slot.starts_at.astimezone(self._zone).date(), _LOCALE)
        starts, ends = (clock_words(at, self._zone, _LOCALE) for at in (slot.starts_at, slot.ends_at))
        return ", ".join([*titles, master, day, f"{starts}–{ends}"])

    def _title(self, service_id: ServiceId) -> str:
        offer = self._catalog.service(service_id) if self._catalog else None
        return offer.title if offer else _GONE_SERVICE.format(number=service_id)

    def _money(self, minor: int) -> str:
        return money_words(minor, self._catalog.facts.currency if self._catalog else "RUB", _LOCALE)


def _reminder(event: e.ReminderEvent) -> str:
    kind = _REMINDERS[event.kind]
    match event:
        case e.ReminderAttempted():
            return _REMINDING.format(kind=kind)
        case e.ReminderSent():
            return _REMINDED.format(kind=kind)
        case e.ReminderFailed():
            return _NOT_REMINDED.format(kind=kind, reason=_UNDELIVERED[event.reason])


def _ids(services: Sequence[BookedService]) -> list[ServiceId]:
    return [service.service_id for service in services]


def _count(forms: Mapping[str, str], n: int) -> str:
    return forms[Locale.parse(_LOCALE).plural_form(n)].format(n=n)
