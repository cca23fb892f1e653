"""What the visitor narrowed the log to: read from the address, said by the field when it cannot be, kept in links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from console.web.texts.words import Words
from ledger.browsing import Wanted
from ledger.codec import names_meant
from ledger.errors import MalformedValueError
from ledger.tags import booking_tag, client_tag, staff_tag
from ledger.values import BookingId, ClientId, StaffId, booking_code, parse_booking_id

FIELDS = ("booking", "client", "staff", "tag", "since", "until")
LONGEST_TEXT = 200
LARGEST_NUMBER = 2**62


@dataclass(frozen=True)
class Filters:
    """What was given, field by field as it was typed; what it comes to; and a sentence for each field that is wrong."""

    given: dict[str, str]
    types: list[str]
    wanted: Wanted
    before: int | None
    after: int | None
    problems: dict[str, str]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.types) or any(self.given.values())

    def link(self, **place: int) -> str:
        """The log with the same filters at another place: `before=N`, `after=N`, or its newest page."""
        kept = [(name, self.given[name]) for name in FIELDS if self.given[name]]
        return "/?" + urlencode([*kept, *(("type", name) for name in self.types), *place.items()])


def read_filters(query: QueryParams, words: Words, zone: ZoneInfo) -> Filters:
    """Never raises: what cannot be understood is in `problems`."""
    reader = _Reader(query, words, zone)
    tags = reader.tags()
    since, until = reader.moment("since"), reader.moment("until")
    if since and until and since >= until:
        reader.problems["until"] = words.bad_order
    types = reader.types()
    return Filters(
        given=reader.given,
        types=types,
        wanted=Wanted(tuple(tags), tuple(stored for name in types for stored in names_meant(name)), since, until),
        before=reader.place("before"),
        after=reader.place("after"),
        problems=reader.problems,
    )


@dataclass
class _Reader:
    query: QueryParams
    words: Words
    zone: ZoneInfo
    problems: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.given = {name: self.query.get(name, "").strip()[:LONGEST_TEXT] for name in FIELDS}

    def tags(self) -> list[str]:
        """The most telling one first."""
        found = [
            self._tag("booking", lambda text: booking_tag(parse_booking_id(text)), self.words.bad_booking),
            self._tag("client", lambda text: client_tag(ClientId(_number(text))), self.words.bad_number),
            self._tag("tag", _plain, self.words.bad_tag),
            self._tag("staff", lambda text: staff_tag(StaffId(_number(text))), self.words.bad_number),
        ]
        return [tag for tag in found if tag]

    def types(self) -> list[str]:
        named = [name for name in dict.fromkeys(self.query.getlist("type")) if name]
        if unknown := [name for name in named if not names_meant(name)]:
            self.problems["type"] = self.words.bad_type.format(name=unknown[0][:LONGEST_TEXT])
        return [name for name in named if names_meant(name)]

    def moment(self, name: str) -> datetime | None:
        """ISO 8601; without an offset it is the salon's wall clock."""
        if not self.given[name]:
            return None
        try:
            moment = datetime.fromisoformat(self.given[name])
        except ValueError:
            self.problems[name] = self.words.bad_time
            return None
        # A year no log has would overflow when it is turned into another zone.
        if not 1970 <= moment.year <= 9000:
            self.problems[name] = self.words.bad_time
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def place(self, name: str) -> int | None:
        text = self.query.get(name, "").strip()
        if not text:
            return None
        try:
            return _number(text, least=0)
        except MalformedValueError:
            self.problems["place"] = self.words.bad_place
            return None

    def _tag(self, name: str, read: Callable[[str], str], problem: str) -> str | None:
        if not self.given[name]:
            return None
        try:
            return read(self.given[name])
        except MalformedValueError:
            self.problems[name] = problem
            return None


def by_booking(booking_id: BookingId) -> str:
    """The log of one booking."""
    return f"/?{urlencode({'booking': booking_code(booking_id)})}"


def by_tag(tag: str) -> str:
    """The log of one tag, by the filter that people know where there is one."""
    kind, _, value = tag.partition(":")
    if kind == "booking" and value.isdecimal():
        return by_booking(BookingId(int(value)))
    return f"/?{urlencode({kind: value} if kind in ('client', 'staff') else {'tag': tag})}"


def _number(text: str, least: int = 1) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= LARGEST_NUMBER:
        return int(text)
    raise MalformedValueError("number", "not a whole number")


def _plain(text: str) -> str:
    if not text.isprintable():
        raise MalformedValueError("tag", "a character that no tag has")
    return text
