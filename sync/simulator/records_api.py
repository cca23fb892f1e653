"""The calls about records: what comes in is checked and read, what goes out is in the CRM's envelope."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from sync.simulator.account import NO_RIGHT, Account, digits
from sync.simulator.bodies import InvalidFieldsError, decoded, read_new_entry, read_query
from sync.simulator.catalog import Catalog
from sync.simulator.diary import BusyDiaryError, Diary, NoSuchRecordError
from sync.simulator.entries import Entry, NewEntry
from sync.simulator.exchange import Answer, Asked, Json, Refusal, coded, good, invalid, not_found, refused
from sync.simulator.faults import Drawn

_SHOWN_AFTER_A_CHANGE = ("id", "services", "client", "staff", "date", "datetime", "seance_length", "comment", "api_id")
_SERVICE_GONE, _CLIENT_REFUSED, _SLOT_BUSY = 438, 434, 433  # the vendor's business codes of online booking
_MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
           "декабря")  # fmt: skip
Form = Literal["array", "object"]


class RecordsApi(msgspec.Struct, frozen=True):
    """The calls over one diary; `minds_own_time` says whether a record's own time refuses its move just now."""

    diary: Diary
    catalog: Catalog
    account: Account
    zone: ZoneInfo
    most_per_page: int
    answers_as: Form
    minds_own_time: Callable[[], bool]

    def list(self, asked: Asked, _: tuple[int, ...], drawn: Drawn) -> Answer:
        """`GET /api/v1/records/{company_id}`."""
        if not self.account.may("timetable_access"):
            return refused(NO_RIGHT)
        try:
            wanted, page, count = read_query(asked.first(), self.zone)
        except ValueError:
            return invalid({"query": "Неверное значение"})
        found = self.diary.entries(wanted)
        if found and drawn.takes("empty_listing"):
            found = []
        count = min(count, self.most_per_page)
        on_page = found[(page - 1) * count : page * count]
        return good([self.diary.shown(entry) for entry in on_page], meta={"page": page, "total_count": len(found)})

    def show(self, _: Asked, ids: tuple[int, ...], __: Drawn) -> Answer:
        """`GET /api/v1/record/{company_id}/{record_id}`."""
        if not self.account.may("timetable_access"):
            return refused(NO_RIGHT)
        record = self.diary.record(ids[1])
        return good(record) if record else not_found()

    def create(self, asked: Asked, _: tuple[int, ...], drawn: Drawn) -> Answer:
        """`POST /api/v1/records/{company_id}`; `data` is an array by the vendor's word, an object to running code."""
        if not self.account.may("create_records_access"):
            return refused(NO_RIGHT)
        new = self._read(asked)
        if isinstance(new, Answer):
            return new
        try:
            record = self.diary.add(new)
        except BusyDiaryError:
            return _busy(new, drawn)
        self._may_forget_api_id(record, drawn)
        is_array = (self.answers_as == "array") is not drawn.takes("created_otherwise")
        return good([record] if is_array else record, status=201)

    def change(self, asked: Asked, ids: tuple[int, ...], drawn: Drawn) -> Answer:
        """`PUT /api/v1/record/{company_id}/{record_id}`: a full replacement.

        The answer is the smaller record the vendor's OpenAPI shows, under 201.
        """
        if not self.account.may("edit_records_access"):
            return refused(NO_RIGHT)
        new = self._read(asked)
        if isinstance(new, Answer):
            return new
        before = self.diary.entry(ids[1])
        if before is None or before.deleted:
            return not_found()
        if _moves(before, new) and not self.account.may("timetable_transferring_record_access"):
            return refused(NO_RIGHT)
        try:
            record = self.diary.change(ids[1], new, minds_own_time=self._minds_own_time(before, new, drawn))
        except NoSuchRecordError:
            return not_found()
        except BusyDiaryError:
            return _busy(new, drawn)
        self._may_forget_api_id(record, drawn)
        return good({field: record[field] for field in _SHOWN_AFTER_A_CHANGE}, status=201)

    def delete(self, _: Asked, ids: tuple[int, ...], __: Drawn) -> Answer:
        """`DELETE /api/v1/record/{company_id}/{record_id}`."""
        if not self.account.may("delete_records_access"):
            return refused(NO_RIGHT)
        return Answer(204) if self.diary.remove(ids[1]) else not_found()

    def forget_client(self, _: Asked, ids: tuple[int, ...], __: Drawn) -> Answer:
        """`DELETE /api/v1/client/{company_id}/{id}`; what becomes of the client's records nobody has documented."""
        if not self.account.may("clients_delete_access"):
            return refused(NO_RIGHT)
        return Answer(204) if self.diary.forget_client(ids[1]) else not_found()

    def _read(self, asked: Asked) -> NewEntry | Answer:
        """The body, or why it is not acceptable."""
        try:
            new = read_new_entry(decoded(asked.body), self.zone)
        except msgspec.DecodeError:
            return refused(Refusal(400, "Недопустимый формат запроса"))
        except InvalidFieldsError as error:
            return invalid(error.problems)
        if digits(str(new.client.get("phone", ""))) in self.account.blacklist:
            return coded(403, _CLIENT_REFUSED, "Клиент находится в черном списке")
        if self.catalog.lacks_master(new.staff_id):
            return coded(422, _SERVICE_GONE, "Сотрудник не найден")
        if any(self.catalog.lacks_service(service_id) for service_id in _ids(new)):
            return coded(422, _SERVICE_GONE, "Услуга не найдена")
        return new

    def _minds_own_time(self, before: Entry, new: NewEntry, drawn: Drawn) -> bool:
        if self.minds_own_time():
            return True
        is_in_its_way = not new.save_if_busy and self.diary.minds_only_itself(before.record_id, new)
        return is_in_its_way and drawn.takes("own_time_busy")

    def _may_forget_api_id(self, record: Json, drawn: Drawn) -> None:
        record_id = record["id"]
        if record["api_id"] and isinstance(record_id, int) and drawn.takes("api_id_blanked"):
            a_uuid = str(uuid.uuid5(uuid.NAMESPACE_OID, str(record_id)))
            self.diary.forget_api_id(record_id, drawn.pick("api_id_blanked", ("", a_uuid)))


def _ids(new: NewEntry) -> list[int]:
    return [service_id for service in new.services if isinstance(service_id := service["id"], int)]


def _moves(before: Entry, new: NewEntry) -> bool:
    return (before.new.starts_at, before.new.staff_id) != (new.starts_at, new.staff_id)


def _busy(new: NewEntry, drawn: Drawn) -> Answer:
    """Nobody has documented it for these calls.

    409 has been seen, in the form the vendor documents for a neighbour of this call; 422 is that of online booking.
    """
    start = new.starts_at
    if drawn.takes("busy_as_422"):
        said = f"{start.day} {_MONTHS[start.month - 1]} {start.year} в {start:%H:%M}"
        return coded(
            422,
            _SLOT_BUSY,
            f"К сотруднику ({new.staff_id}) нельзя записаться на {said}. "
            "Выбранное время уже занято или является нерабочим.",
        )
    meta = {"message": f"Мастер занят или не работает: {start:%Y-%m-%d %H:%M}", "conflict": True}
    return Answer(409, {"success": False, "data": None, "meta": meta})
