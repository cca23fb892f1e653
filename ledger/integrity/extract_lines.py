"""The lines of an extract, and how they are written: one struct a line, in exactly one spelling (`docs/extract.md`)."""

from __future__ import annotations

from typing import Literal

import msgspec

from ledger.values import ClientId


class Scope(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which events stand in the extract in full. `id` is the booking's or the client's.

    A client's are those tagged with the client and those of their bookings. A period's were recorded from `since` on
    and before `until` (ISO 8601).
    """

    of: Literal["log", "booking", "client", "period"]
    id: int | None = None
    since: str | None = None
    until: str | None = None


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line. `before` is the hash at `first - 1`, of position 0 the genesis; `key` is the signer's id."""

    zapisnik: Literal["extract 1"]
    genesis: str
    first: int
    last: int
    before: str
    scope: Scope
    made_at: str
    key: str | None
    annex: Literal["none", "personal data in clear"]


class FullEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event as it is stored; `recorded_at` in microseconds since 1970 UTC, as it is hashed."""

    position: int
    recorded_at: int
    type: str
    tags: tuple[str, ...]
    data: str


OtherEvent = tuple[int, str]
"""`recorded_at` and digest in hex of an event that is not shown; its position is the next one."""


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the annex: a sealed field of the event at position `annex`, opened; null when its key is gone."""

    annex: int
    client: ClientId | None
    field: str
    text: str | None


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: the SHA-256 of all bytes before it, and the signature over `signed_text` of that."""

    zapisnik: Literal["end of extract 1"]
    sha256: str
    signature: str | None


Line = Header | FullEvent | OtherEvent | Opened | Footer


def encoded(line: Line) -> bytes:
    """The one spelling of a line, with its newline."""
    return msgspec.json.encode(line) + b"\n"


def signed_text(sha256: str) -> bytes:
    """What an extract's signer signs."""
    return f"zapisnik extract 1\nsha256 {sha256}\n".encode()
